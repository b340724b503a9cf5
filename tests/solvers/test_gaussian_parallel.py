"""Parallel Gaussian certificates: narrow everywhere, equal to a general-purpose optimiser, and forged ones are rejected."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from rdcsym.oracles.gaussian_vector import ORACLES
from rdcsym.problem import InputError
from solvers import CertificateError, solve_gaussian, solve_gaussian_parallel
from solvers.gaussian_parallel_problem import GaussianParallelProblem

INF = math.inf
ENTROPY = math.log(2 * math.pi * math.e) / 2  # h of N(0, 1) in nats


def random_point(rng: np.random.Generator, least: int = 1) -> dict[str, Any]:
    n = int(rng.integers(least, 7))
    s = np.exp(rng.normal(size=n))
    k: dict[str, Any] = {"sigma_X": s, "units": "nats"}
    low, span = 0.0, float((s**2).sum())
    law = rng.choice(["given", "free", "ball"])
    if law == "given":
        k["sigma_Y"] = np.exp(rng.normal(size=n)) if rng.integers(2) else s
        low, span = float(((s - k["sigma_Y"]) ** 2).sum()), 2 * float((s * k["sigma_Y"]).sum())
    elif law == "ball":
        k["perception"] = 10 ** rng.uniform(-4, 1)
    rate = 10 ** rng.uniform(-2, 1)
    if rng.integers(2):
        k["kappa"] = rng.uniform(-1, 1, n)
        told = -0.5 * np.log(1 - k["kappa"] ** 2 * (1 - math.exp(-2 * rate / n))).sum()
        k["classification"] = n * ENTROPY - told * rng.uniform(0, 1.6)
    return k | ({"rate": rate} if rng.integers(2) else {"distortion": low + span * 10 ** rng.uniform(-3, 0)})


def test_intervals_are_narrow_at_random_points() -> None:
    rng, seen = np.random.default_rng(1), {"certified": 0, "infeasible": 0}
    for _ in range(250):
        point = random_point(rng)
        c = solve_gaussian_parallel(**point)
        assert c.verify()
        assert c.status in seen, (c.lower, c.upper, point)
        seen[c.status] += 1
        if c.status == "certified":
            assert c.upper - c.lower <= 1e-12 * (c.problem.scale if "rate" in point else max(1.0, c.upper)), point
    assert min(seen.values()) >= 10


# ------------------------------------------------------------------------------------ against a general-purpose optimiser


def general_purpose(k: dict[str, Any], rng: np.random.Generator) -> float:
    """SLSQP in the square roots of the rates, from several starts; inf where none met the budgets."""
    s, n = k["sigma_X"], k["sigma_X"].size
    kappa, needed = k.get("kappa", np.zeros(n)), n * ENTROPY - k.get("classification", INF)

    def cost(rates: np.ndarray) -> float:
        rho = np.sqrt(-np.expm1(-2 * rates))
        if "sigma_Y" in k:
            return float((s**2 + k["sigma_Y"] ** 2 - 2 * s * k["sigma_Y"] * rho).sum())
        # the best deviations in the ball: s rho, moved towards s onto its surface
        reach = math.sqrt(float((s**2 * (1 - rho) ** 2).sum()))
        return float((s**2 * (1 - rho**2)).sum()) + max(0.0, reach - math.sqrt(k.get("perception", INF))) ** 2

    def told(rates: np.ndarray) -> float:
        return float(-0.5 * np.log(1 - kappa**2 + kappa**2 * np.exp(-2 * rates)).sum())

    if "rate" in k:
        goal, spare = cost, lambda r: k["rate"] - r.sum()
        scale = float((s**2).sum())
        starts = [rng.dirichlet(np.ones(n)) * k["rate"] for _ in range(4)]
    else:
        goal, spare, scale = lambda r: float(r.sum()), lambda r: k["distortion"] - cost(r), 1.0
        starts = [rng.uniform(0.1, 3, n) for _ in range(4)]
    limits = [{"type": "ineq", "fun": lambda z: spare(z**2)}]
    if needed > 0:
        limits.append({"type": "ineq", "fun": lambda z: told(z**2) - needed})
    best = INF
    for start in starts:
        with np.errstate(all="ignore"):
            found = minimize(
                lambda z: goal(z**2) / scale, np.sqrt(start), method="SLSQP", constraints=limits,
                bounds=[(1e-9, 30)] * n, options={"ftol": 1e-15, "maxiter": 500},
            )  # fmt: skip
        r = found.x**2
        if spare(r) >= -1e-10 and (needed <= 0 or told(r) >= needed - 1e-10):
            best = min(best, goal(r))
    return best


def agreement(count: int, seed: int) -> int:
    rng, compared = np.random.default_rng(seed), 0
    for _ in range(count):
        point = random_point(rng, least=2)
        c = solve_gaussian_parallel(**point)
        found = general_purpose(point, rng)
        if found == INF:
            continue
        unit = 1e-7 * (c.problem.scale if "rate" in point else max(1.0, found))
        assert c.status == "certified", point
        assert c.lower - unit <= found, point
        assert c.upper <= found + unit, point
        compared += found <= c.upper + unit
    return compared


def test_a_general_purpose_optimiser_agrees() -> None:
    assert agreement(40, seed=2) >= 30


@pytest.mark.slow
def test_a_general_purpose_optimiser_agrees_at_300_points() -> None:
    assert agreement(340, seed=3) >= 300


def test_no_gaussian_channel_beats_the_lower_end() -> None:
    """Random correlations, whatever their quality, as their own budgets."""
    rng = np.random.default_rng(4)
    for _ in range(60):
        n = int(rng.integers(1, 5))
        s, t, rho, kappa = np.exp(rng.normal(size=n)), np.exp(rng.normal(size=n)), rng.uniform(-1, 1, n), rng.uniform(-1, 1, n)
        rate = float(-np.log1p(-(rho**2)).sum() / 2) + 1e-9
        loss = float(n * ENTROPY + np.log1p(-((kappa * rho) ** 2)).sum() / 2) + 1e-9
        spent = float((s**2 + t**2 - 2 * s * t * rho).sum())
        ball = float(((s - t) ** 2).sum()) + 1e-9
        label = {"kappa": kappa, "classification": loss, "sigma_X": s, "units": "nats"}
        assert solve_gaussian_parallel(rate=rate, sigma_Y=t, **label).lower <= spent * (1 + 1e-9)
        assert solve_gaussian_parallel(rate=rate, perception=ball, **label).lower <= spent * (1 + 1e-9)
        assert solve_gaussian_parallel(distortion=spent + 1e-9, sigma_Y=t, **label).lower <= rate


# ------------------------------------------------------------------------------------------------- limits and known values


@pytest.mark.parametrize("law", [{"sigma_Y": 0.8}, {}, {"perception": 0.01, "perception_kind": "w2"}])
@pytest.mark.parametrize("budget", [{"rate": 0.7}, {"distortion": 0.4}])
@pytest.mark.parametrize("loss", [INF, 1.9])
def test_one_component_is_the_scalar_problem(law: dict[str, Any], budget: dict[str, float], loss: float) -> None:
    one = solve_gaussian(**budget, **law, classification=loss, sigma_X=1.2, sigma_S=1.0, theta=0.7 * 1.2)
    law = {name: value for name, value in law.items() if name != "perception_kind"}
    many = solve_gaussian_parallel(**budget, **law, classification=loss, sigma_X=1.2, kappa=0.7)
    assert max(one.lower, many.lower) <= min(one.upper, many.upper) * (1 + 1e-14)
    assert many.relative_gap <= 1e-12


def test_reverse_water_filling() -> None:
    """Water level 1/4 over variances 4, 1, 1/16: D = 1/4 + 1/4 + 1/16 at R = 1/2 log2(16) + 1/2 log2(4) = 3 bits."""
    c = solve_gaussian_parallel(rate=3.0, sigma_X=(2.0, 1.0, 0.25))
    assert c.lower <= 0.5625 <= c.upper
    back = solve_gaussian_parallel(distortion=0.5625, sigma_X=(2.0, 1.0, 0.25))
    assert back.lower <= 3.0 <= back.upper
    assert max(c.relative_gap, back.relative_gap) <= 1e-13


def test_distortion_rises_as_the_classification_budget_tightens() -> None:
    """At R = .7 nat from 2.44 to the 8.26 of all the rate at the second component: classification trades with distortion, it does not only forbid."""
    law: dict[str, Any] = {"rate": 0.7, "units": "nats", "sigma_X": (2.0, 1.0), "sigma_Y": (2.0, 1.0), "kappa": (0.1, 0.95)}
    budgets = [INF, 2.6, 2.5, 2.4, 2.35, 2.31]
    found = [solve_gaussian_parallel(**law, classification=c) for c in budgets]
    assert all(b.lower > a.upper + 0.1 for a, b in pairwise(found))
    assert found[0].upper == pytest.approx(2.444887718860, rel=1e-12)
    most = -0.5 * math.log(1 - 0.95**2 * (1 - math.exp(-1.4)))  # all the rate to the second component
    edge = solve_gaussian_parallel(**law, classification=2 * ENTROPY - most + 1e-12)
    assert edge.lower == pytest.approx(8 + 2 * (1 - math.sqrt(1 - math.exp(-1.4))), abs=1e-4)
    assert solve_gaussian_parallel(**law, classification=2.25).status == "infeasible"


def test_a_ball_of_radius_0_is_the_given_law_and_a_large_one_is_free() -> None:
    s = (1.5, 0.4, 0.9)
    same, point = (solve_gaussian_parallel(rate=1.0, sigma_X=s, **law) for law in ({"sigma_Y": s}, {"perception": 0.0}))
    assert (same.lower, same.upper) == (point.lower, point.upper)
    free, wide = (solve_gaussian_parallel(rate=1.0, sigma_X=s, **law) for law in ({}, {"perception": 10.0}))
    assert max(free.lower, wide.lower) <= min(free.upper, wide.upper)
    tight = solve_gaussian_parallel(rate=1.0, sigma_X=s, perception=0.05)
    assert free.upper < tight.lower < tight.upper < same.lower


@pytest.mark.parametrize(
    ("point", "value"),
    [
        ({"rate": 0.0, "sigma_X": (1.0, 2.0), "sigma_Y": (2.0, 1.0), "mean_gap": 3.0}, 19.0),
        ({"rate": INF, "sigma_X": (1.0, 2.0), "sigma_Y": (2.0, 1.0), "mean_gap": 3.0}, 11.0),
        ({"rate": INF, "sigma_X": (1.0, 2.0)}, 0.0),
        ({"rate": 0.0, "sigma_X": (3.0, 4.0), "perception": 4.0}, 34.0),
        ({"rate": 1.0, "sigma_X": (0.0, 2.0), "sigma_Y": (1.0, 0.0)}, 5.0),
        ({"distortion": 5.0, "sigma_X": (0.0, 2.0), "sigma_Y": (1.0, 0.0)}, 0.0),
        ({"distortion": 4.9, "sigma_X": (0.0, 2.0), "sigma_Y": (1.0, 0.0)}, INF),
        ({"distortion": 2.0, "sigma_X": (1.0, 2.0), "sigma_Y": (2.0, 1.0)}, INF),  # the transport cost itself: no finite rate
        ({"distortion": 0.0, "sigma_X": (1.0, 2.0)}, INF),
        ({"distortion": 5.0, "sigma_X": (1.0, 2.0)}, 0.0),
        ({"distortion": INF, "sigma_X": (1.0, 2.0)}, 0.0),
        ({"rate": 0.0, "sigma_X": (1.0, 2.0), "kappa": (1.0, 1.0), "classification": 4.0}, INF),
        ({"rate": INF, "sigma_X": (1.0, 2.0), "kappa": (1.0, 0.0), "classification": -INF}, 0.0),
        ({"rate": INF, "sigma_X": (1.0, 2.0), "kappa": (0.9, 0.0), "classification": -INF}, INF),
        ({"rate": 5.0, "sigma_X": (0.0, 2.0), "kappa": (1.0, 0.0), "classification": 4.0}, INF),  # the informed one is dead
        ({"distortion": INF, "sigma_X": (0.5, 2.0), "kappa": (-1.0, 0.5), "classification": 2 * ENTROPY - 2, "units": "nats"}, 2.0),
    ],
)  # fmt: skip
def test_edges(point: dict[str, Any], value: float) -> None:
    c = solve_gaussian_parallel(**point)
    assert c.verify()
    assert c.lower <= value * (1 + 1e-15)
    assert c.upper >= value * (1 - 1e-15)
    assert c.status == ("infeasible" if value == INF else "certified")


def test_a_component_that_shows_its_label_fully_is_filled_for_it() -> None:
    """kappa = 1, a low classification budget and a distortion budget: only the difference of two prices counts there."""
    c = solve_gaussian_parallel(
        distortion=1e-6, classification=3 * ENTROPY - 50, units="nats", sigma_X=(1.0, 1.0, 1.0), kappa=(-1.0, 0.9, 0.2)
    )
    assert c.status == "certified"
    assert c.witnesses.dual is not None
    assert 0 < c.witnesses.dual.margin < 1e-20


def test_on_the_edge_of_the_feasible_budgets_the_lower_end_stays_finite() -> None:
    known = np.array([0.9, 0.5, 0.2]) ** 2
    most = float(-0.5 * np.log(1 - known[0] * (1 - math.exp(-1.0))))  # all of .5 nat to the first component
    for step in (-1e-15, 0.0, 1e-15):
        c = solve_gaussian_parallel(
            rate=0.5, classification=3 * ENTROPY - most + step, units="nats", sigma_X=(1.0,) * 3, sigma_Y=(1.0,) * 3, kappa=(0.9, 0.5, 0.2)
        )  # fmt: skip
        assert c.verify()
        assert c.status in ("gap", "certified") if step > 0 else c.lower >= 4.4
        assert c.lower >= 4.4


# ------------------------------------------------------------------------------------------------------ forged and bad input


def forgeries(c: Any) -> list[Any]:
    w, d = c.witnesses, c.witnesses.dual
    looser = {"rate": c.problem.rate / 2} if c.problem.rate is not None else {"distortion": c.problem.distortion / 2}
    duals = [
        replace(d, distortion=d.distortion * 1.01),
        replace(d, distortion=-1.0),
        replace(d, distortion=math.nan),
        replace(d, rate=-1.0),
        replace(d, rate=INF),
        replace(d, margin=d.rate * 1.5),
        replace(d, margin=-INF),
        replace(d, perception=-1.0),
        replace(d, perception=d.perception * 1.01 + 0.01),
        replace(d, tangents=tuple(r * 0.999 for r in d.tangents)),
        replace(d, tangents=tuple(r * 1.001 for r in d.tangents)),
        replace(d, tangents=d.tangents[:-1]),
        replace(d, tangents=(math.nan,) * len(d.tangents)),
        replace(d, tangents=(INF,) * len(d.tangents)),
        replace(d, tangents=(-1.0,) * len(d.tangents)),
    ]
    forged = [replace(c, witnesses=replace(w, dual=dual)) for dual in duals]
    rates = [tuple(r * f for r in w.rates) for f in (1.001, 1 / 1.001, -1.0, math.nan, INF)] + [w.rates[:-1], None]
    forged += [replace(c, witnesses=replace(w, rates=r)) for r in rates]
    if w.shrinks is not None:
        forged += [replace(c, witnesses=replace(w, shrinks=x)) for x in (None, tuple(2.0 for _ in w.shrinks), w.shrinks[:-1])]
    return [
        *forged,
        replace(c, lower=math.nextafter(c.lower, INF)),
        replace(c, upper=math.nextafter(c.upper, 0.0)),
        replace(c, lower=math.nan),
        replace(c, upper=math.nan),
        replace(c, lower=-1.0, status="gap"),
        replace(c, lower=INF, upper=INF, status="infeasible"),
        replace(c, status="infeasible"),
        replace(c, status="gap"),
        replace(c, problem=replace(c.problem, **looser)),
    ]


@pytest.mark.parametrize("budget", [{"rate": 1.5}, {"distortion": 1.0}])
@pytest.mark.parametrize("law", [{}, {"sigma_Y": (1.2, 0.5, 0.4)}, {"perception": 0.05}])
def test_forged_certificates_are_rejected(budget: dict[str, float], law: dict[str, Any]) -> None:
    c = solve_gaussian_parallel(**budget, **law, sigma_X=(1.0, 0.7, 0.4), kappa=(0.1, 0.9, 0.8), classification=5.6)
    assert c.verify()
    assert c.status == "certified"
    for i, forged in enumerate(forgeries(c)):
        with pytest.raises(CertificateError):
            assert not forged.verify(), i


def test_channels_outside_the_ball_or_with_too_little_information_are_no_upper_end() -> None:
    c = solve_gaussian_parallel(rate=1.5, perception=0.02, sigma_X=(1.0, 0.7), kappa=(0.1, 0.9), classification=3.7)
    w = c.witnesses
    assert w.rates is not None
    assert w.shrinks is not None
    for outside in (
        replace(w, shrinks=tuple(x * 1.0001 for x in w.shrinks)),
        replace(w, rates=(w.rates[0] + w.rates[1] * 0.01, w.rates[1] * 0.99)),
    ):
        with pytest.raises(CertificateError, match="upper end"):
            replace(c, witnesses=outside, upper=c.upper * 2, status="gap").verify()


def test_a_negative_price_of_label_information_is_rejected() -> None:
    """Beside a slack classification budget it would raise the bound at no cost elsewhere."""
    c = solve_gaussian_parallel(rate=1.5, sigma_X=(1.0, 0.7), sigma_Y=(1.0, 0.7), kappa=(0.1, 0.9), classification=50.0)
    d = c.witnesses.dual
    assert d is not None
    assert d.margin == d.rate
    forged = replace(c.witnesses, dual=replace(d, margin=d.rate * 1.1))
    with pytest.raises(CertificateError, match="margin"):
        replace(c, witnesses=forged).verify()


def test_an_infeasible_point_needs_its_proof() -> None:
    law: dict[str, Any] = {"rate": 1.0, "sigma_X": (1.0, 1.0), "kappa": (0.9, 0.3), "classification": 3.3}
    c = solve_gaussian_parallel(**law)
    assert (c.status, c.lower, c.upper) == ("infeasible", INF, INF)
    assert c.verify()
    with pytest.raises(CertificateError):
        replace(c, witnesses=replace(c.witnesses, dual=None)).verify()
    with pytest.raises(CertificateError):
        replace(c, problem=replace(c.problem, classification=3.9)).verify()


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("rate, distortion", {"distortion": 1.0}),
        ("rate, distortion", {"rate": None}),
        ("rate", {"rate": -1.0}),
        ("rate", {"rate": (1.0, 2.0)}),
        ("sigma_X", {"sigma_X": (-1.0, 1.0)}),
        ("sigma_X", {"sigma_X": ()}),
        ("sigma_X", {"sigma_X": ((1.0, 1.0),)}),
        ("sigma_X", {"sigma_X": (math.nan, 1.0)}),
        ("sigma_X", {"sigma_X": (INF, 1.0)}),
        ("sigma_Y", {"sigma_Y": (1.0,)}),
        ("kappa", {"kappa": (1.5, 0.0)}),
        ("kappa", {"kappa": (0.5,)}),
        ("kappa", {"classification": 2.0, "kappa": None}),
        ("perception", {"perception": 1.0}),
        ("perception", {"perception": -1.0, "sigma_Y": None}),
        ("mean_gap", {"mean_gap": 1.0, "sigma_Y": None}),
        ("units", {"units": "bytes"}),
    ],
)
def test_bad_input(argument: str, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"rate": 1.0, "sigma_X": (1.0, 2.0), "sigma_Y": (1.0, 1.0), "kappa": (0.5, 0.5)}
    with pytest.raises(InputError) as error:
        GaussianParallelProblem(**{**good, **change})
    assert error.value.argument == argument


def test_oracles_take_arrays_and_bits() -> None:
    s, t, kappa = np.array([2.0, 1.0]), np.array([1.0, 1.0]), np.array([0.1, 0.95])
    assert ORACLES["rd-gaussian-vector"]({"D": 0.5, "sigma_X": s}).lower == pytest.approx(3.0, rel=1e-12)
    for name, point in (
        ("drc-gaussian-vector", {"R": 1.0, "C": 3.8, "sigma_X": s, "sigma_Y": t, "kappa": kappa}),
        ("rdc-gaussian-vector", {"D": 3.0, "C": 3.8, "sigma_X": s, "sigma_Y": t, "kappa": kappa}),
        ("drpc-gaussian-vector-w2", {"R": 1.0, "P": 0.1, "C": 3.8, "sigma_X": s, "kappa": kappa}),
    ):
        interval = ORACLES[name](point)
        assert 0 < interval.lower <= interval.upper <= interval.lower * (1 + 1e-12), name
