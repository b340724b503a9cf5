"""Gaussian certificates: inside they hold the closed forms, at the edges they stay honest, and forged ones are rejected."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers.gaussian import solve_gaussian

INF = math.inf
ROOT_TWO_PI_E = math.log(2 * math.pi * math.e) / 2  # h of N(0, 1) in nats


def closed_form(**k: Any) -> Any:
    """The theory's value at 60 digits (THEORY 2.2 and 2.3), an mpmath number."""
    with mp.workdps(60):
        unit = mp.log(2) if k.get("units", "bits") == "bits" else mp.mpf(1)
        s_X = mp.mpf(k["sigma_X"])
        squared = mp.mpf(0)
        if k.get("theta"):
            squared = min((mp.mpf(k["theta"]) / (s_X * mp.mpf(k["sigma_S"]))) ** 2, mp.mpf(1))
        budget = None
        if k.get("classification") is not None:
            budget = mp.exp(2 * mp.mpf(k["classification"]) * unit) / (2 * mp.pi * mp.e * mp.mpf(k["sigma_S"]) ** 2)
        gap = mp.mpf(k.get("mu_X", 0.0)) - mp.mpf(k.get("mu_Y", k.get("mu_X", 0.0)))
        s_Y = mp.mpf(k["sigma_Y"]) if "sigma_Y" in k else None
        least = least_sigma(k, s_X, unit)
        if "rate" in k:
            rho2 = 1 - mp.exp(-2 * mp.mpf(k["rate"]) * unit)
            if budget is not None and 1 - squared * rho2 > budget:
                return mp.inf
            s = s_Y if s_Y is not None else max(least, s_X * mp.sqrt(rho2))
            return gap**2 + s_X**2 + s**2 - 2 * s_X * s * mp.sqrt(rho2)
        for_label = mp.mpf(0)
        if budget is not None and budget < 1:
            if 1 - squared >= budget:
                return mp.inf
            for_label = -mp.log(1 - (1 - budget) / squared) / 2
        distortion = mp.mpf(k["distortion"])
        if s_Y is None:
            s_Y = max(least, mp.sqrt(max(mp.mpf(0), s_X**2 - distortion)))
            if s_Y == 0:
                return for_label / unit
        rho = (gap**2 + s_X**2 + s_Y**2 - distortion) / (2 * s_X * s_Y)
        if rho >= 1:
            return mp.inf
        return max(for_label, -mp.log(1 - rho**2) / 2 if rho > 0 else mp.mpf(0)) / unit


def least_sigma(k: dict[str, Any], s_X: Any, unit: Any) -> Any:
    if k.get("perception") is None:
        return mp.mpf(0)
    radius = mp.mpf(k["perception"])
    if k["perception_kind"] == "w2":
        return max(mp.mpf(0), s_X - mp.sqrt(radius))
    return s_X * mp.sqrt(-mp.lambertw(-mp.exp(-2 * radius * unit - 1)).real)


def random_point(rng: np.random.Generator, law: str) -> dict[str, Any]:
    k: dict[str, Any] = {
        "mu_X": rng.normal(),
        "sigma_X": math.exp(rng.normal()),
        "units": str(rng.choice(["bits", "nats"])),
    }
    least, span = 0.0, k["sigma_X"] ** 2
    if law == "given":
        k["mu_Y"], k["sigma_Y"] = k["mu_X"] + rng.normal() * rng.integers(2), k["sigma_X"]
        if rng.integers(2):
            k["sigma_Y"] = math.exp(rng.normal())
        least = (k["mu_X"] - k["mu_Y"]) ** 2 + (k["sigma_X"] - k["sigma_Y"]) ** 2
        span = 2 * k["sigma_X"] * k["sigma_Y"]
    elif law != "free":
        k["perception"], k["perception_kind"] = 10 ** rng.uniform(-6, 1), law
    if rng.integers(2):
        k["sigma_S"], r = math.exp(rng.normal()), rng.uniform(-1, 1)
        k["theta"] = r * k["sigma_S"] * k["sigma_X"]
        loss = ROOT_TWO_PI_E + math.log(k["sigma_S"]) + math.log1p(-min(0.999, r * r * rng.uniform(0, 1.2))) / 2
        k["classification"] = loss / (math.log(2) if k["units"] == "bits" else 1)
    if rng.integers(2):
        return k | {"rate": 10 ** rng.uniform(-6, 1.5)}
    return k | {"distortion": least + span * min(1.9, 10 ** rng.uniform(-5, 0.3))}


@pytest.mark.parametrize("law", ["given", "free", "w2", "kl"])
def test_interval_holds_the_closed_form_and_is_narrow(law: str) -> None:
    rng = np.random.default_rng(7)
    feasible = 0
    for _ in range(250):
        point = random_point(rng, law)
        c = solve_gaussian(**point)
        assert c.verify()
        value = closed_form(**point)
        assert c.lower <= value <= c.upper, point
        assert math.isinf(c.lower) == mp.isinf(value)
        assert c.status == ("infeasible" if mp.isinf(value) else "certified")
        assert c.relative_gap <= 1e-12
        feasible += c.status == "certified"
    assert 100 <= feasible < 250


@pytest.mark.parametrize(
    ("point", "value"),
    [
        ({"rate": 0.0, "sigma_X": 1.0, "sigma_Y": 2.0, "mu_Y": 3.0}, 14.0),
        ({"rate": INF, "sigma_X": 1.0, "sigma_Y": 2.0, "mu_Y": 3.0}, 10.0),
        ({"rate": 1.0, "sigma_X": 2.0}, 1.0),
        ({"rate": 0.0, "sigma_X": 2.0}, 4.0),
        ({"rate": INF, "sigma_X": 2.0}, 0.0),
        ({"rate": 1e6, "sigma_X": 2.0}, 0.0),
        ({"rate": 1.0, "sigma_X": 0.0}, 0.0),
        ({"rate": 1.0, "sigma_X": 0.0, "sigma_Y": 0.0}, 0.0),
        ({"rate": 1.0, "sigma_X": 0.0, "sigma_Y": 2.0, "mu_Y": 1.0}, 5.0),
        ({"rate": 1.0, "sigma_X": 2.0, "sigma_Y": 0.0, "mu_Y": 1.0}, 5.0),
        ({"rate": 0.0, "sigma_X": 1.0, "perception": 0.0, "perception_kind": "w2"}, 2.0),
        ({"rate": 0.0, "sigma_X": 1.0, "perception": 0.0, "perception_kind": "kl"}, 2.0),
        ({"rate": 0.0, "sigma_X": 1.0, "perception": 0.25, "perception_kind": "w2"}, 1.25),
        ({"rate": 1.0, "sigma_X": 1.0, "perception": INF, "perception_kind": "kl"}, 0.25),
        ({"rate": 1.0, "sigma_X": 1.0, "perception": 4.0, "perception_kind": "w2"}, 0.25),
        ({"rate": 1.0, "sigma_X": 1.0, "perception": 1e3, "perception_kind": "kl"}, 0.25),
        ({"rate": 1.0, "sigma_X": 0.0, "perception": 1.0, "perception_kind": "kl"}, 0.0),
        ({"rate": 1.0, "sigma_X": 0.0, "perception": 1.0, "perception_kind": "w2"}, 0.0),
        ({"distortion": 0.0, "sigma_X": 1.0}, INF),
        ({"distortion": 0.0, "sigma_X": 0.0}, 0.0),
        ({"distortion": INF, "sigma_X": 1.0}, 0.0),
        ({"distortion": 1.0, "sigma_X": 1.0}, 0.0),
        ({"distortion": 0.25, "sigma_X": 1.0}, 1.0),
        ({"distortion": 0.25, "sigma_X": 1.0, "perception": 0.0, "perception_kind": "w2"}, -math.log2(1 - 0.875**2) / 2),
        ({"distortion": 2.0, "sigma_X": 1.0, "perception": 0.0, "perception_kind": "w2"}, 0.0),
        ({"distortion": 1.0, "sigma_X": 1.0, "sigma_Y": 2.0}, INF),  # plain transport: only an infinite rate
        ({"distortion": 0.99, "sigma_X": 1.0, "sigma_Y": 2.0}, INF),
        ({"distortion": 5.0, "sigma_X": 1.0, "sigma_Y": 2.0}, 0.0),
        ({"distortion": 4.0, "sigma_X": 2.0, "sigma_Y": 0.0}, 0.0),
        ({"distortion": 3.9, "sigma_X": 2.0, "sigma_Y": 0.0}, INF),
    ],
)
def test_edges_are_values(point: dict[str, Any], value: float) -> None:
    c = solve_gaussian(**point)
    assert c.verify()
    assert c.status == ("infeasible" if value == INF else "certified")
    assert c.lower == pytest.approx(value, rel=1e-9, abs=1e-290)
    assert c.upper == pytest.approx(value, rel=1e-9, abs=1e-290)


@pytest.mark.parametrize(
    ("point", "status"),
    [
        ({"sigma_S": 0.0, "classification": -INF}, "certified"),  # h(S|Y) = -inf already
        ({"sigma_S": 1.0, "theta": 0.0, "classification": 1.41}, "infeasible"),  # h(S) = 1.4189 nats
        ({"sigma_S": 1.0, "theta": 0.0, "classification": 1.42}, "certified"),
        ({"sigma_S": 1.0, "theta": 1.0, "classification": -50.0}, "infeasible"),
        ({"sigma_S": 1.0, "theta": 1.0, "classification": -50.0, "rate": INF}, "certified"),
        ({"sigma_S": 1.0, "theta": -1.0, "classification": -INF, "rate": INF}, "certified"),
        ({"sigma_S": 1.0, "theta": 0.9, "classification": -INF, "rate": INF}, "infeasible"),
        ({"sigma_S": 1.0, "theta": 0.9, "classification": 0.5, "rate": INF}, "infeasible"),  # below h(S|X)
        ({"sigma_S": 1.0, "theta": 0.9, "classification": 0.6, "rate": INF}, "certified"),
        ({"sigma_S": 1.0, "theta": 1.0, "classification": -50.0, "rate": INF, "sigma_Y": 0.0}, "infeasible"),
        ({"sigma_S": 1.0, "theta": 0.9, "classification": 1.4, "rate": 0.0}, "infeasible"),
        ({"sigma_S": 1.0, "theta": 0.9, "classification": 1.4, "rate": None, "distortion": 9.0}, "certified"),
        ({"sigma_S": 1.0, "theta": 0.9, "classification": 0.5, "rate": None, "distortion": 9.0}, "infeasible"),
        ({"sigma_S": 1.0, "theta": 1.0, "classification": -INF, "rate": None, "distortion": 9.0}, "infeasible"),
        ({"sigma_S": 0.1, "theta": 0.3 * 0.1, "sigma_X": 0.3, "classification": -0.95}, "certified"),  # corr 1 + 1 ulp
    ],
)
def test_classification_edges(point: dict[str, Any], status: str) -> None:
    point = {"sigma_X": 1.0, "rate": 2.0, "units": "nats"} | point
    c = solve_gaussian(**point)
    assert c.verify()
    assert c.status == status
    assert (c.lower == INF) == (status == "infeasible")


def test_rate_for_the_label_and_rate_for_the_distortion_each_take_over() -> None:
    base: dict[str, Any] = {"sigma_X": 1.0, "sigma_S": 1.0, "theta": 0.9, "units": "nats"}
    for point in ({"classification": 0.7, "distortion": 0.9}, {"classification": 1.3, "distortion": 0.01}):
        both, alone = solve_gaussian(**base, **point), solve_gaussian(sigma_X=1.0, units="nats", distortion=point["distortion"])
        assert both.lower <= closed_form(**base, **point) <= both.upper
        assert (both.lower > alone.upper) == (point["distortion"] == 0.9)


def test_on_the_boundary_of_the_budget_the_interval_is_honest() -> None:
    """C within an ulp of C_min(R): what is claimed must hold, and where nothing is provable it is "gap", [finite, inf]."""
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(60):
        r, rate = rng.uniform(0.1, 1), rng.uniform(0.1, 3)
        edge = ROOT_TWO_PI_E + math.log1p(r * r * math.expm1(-2 * rate)) / 2
        for classification in (math.nextafter(edge, -INF), edge, math.nextafter(edge, INF)):
            point = {"rate": rate, "sigma_X": 1.0, "sigma_S": 1.0, "theta": r, "classification": classification, "units": "nats"}
            c = solve_gaussian(**point)
            assert c.verify()
            assert c.lower <= closed_form(**point) <= c.upper
            assert c.status != "gap" or (0 < c.lower < INF == c.upper)
            seen.add(c.status)
    assert seen == {"certified", "infeasible", "gap"}


def test_extreme_budgets_keep_relative_accuracy() -> None:
    laws: list[dict[str, Any]] = [{}, {"sigma_Y": 1.0}, {"sigma_Y": 3.0}]
    laws += [{"perception": P, "perception_kind": kind} for kind in ("kl", "w2") for P in (0.0, 1e-300, 1e-20, 1.0, 1e3)]
    for law in laws:
        for budget in (1e-300, 1e-30, 1e-16, 1e-8, 1.0, 2 - 1e-9, 50.0, 300.0, 500.0):
            for key in ("rate", "distortion"):
                for scale in (1.0, 2.0**-300, 2.0**300) if key == "rate" and "perception" not in law else (1.0,):
                    sizes = {name: law[name] * scale for name in ("sigma_Y",) if name in law}
                    c = solve_gaussian(**(law | sizes), **{key: budget}, sigma_X=scale)
                    assert c.verify()
                    assert c.status != "gap", (law, key, budget, scale)


def test_a_correlation_that_rounds_above_one_is_one() -> None:
    """theta = float(sigma_S sigma_X) may exceed the exact product; then S = X up to scale, and h(S|Y) needs every nat of rate."""
    rng = np.random.default_rng(2)
    pairs = [(float(a), float(b)) for a, b in rng.uniform(0.1, 3, (20, 2))]
    above = [(a, b) for a, b in pairs if Fraction(a * b) > Fraction(a) * Fraction(b)]
    assert above
    for sigma_X, sigma_S in above:
        label = {"sigma_X": sigma_X, "sigma_S": sigma_S, "theta": sigma_X * sigma_S, "classification": -40.0, "units": "nats"}
        for rate, status in ((30.0, "infeasible"), (60.0, "certified")):
            c = solve_gaussian(rate=rate, **label)  # type: ignore[arg-type]
            assert c.verify()
            assert c.status == status


BAD: list[tuple[str, dict[str, Any]]] = [
    ("rate, distortion", {}),
    ("rate, distortion", {"rate": 1.0, "distortion": 1.0}),
    ("rate", {"rate": -1.0}),
    ("rate", {"rate": math.nan}),
    ("rate", {"rate": "fast"}),
    ("rate", {"rate": [1.0, 2.0]}),
    ("distortion", {"distortion": -1e-9}),
    ("sigma_X", {"rate": 1.0, "sigma_X": -1.0}),
    ("sigma_X", {"rate": 1.0, "sigma_X": INF}),
    ("sigma_X", {"rate": 1.0, "sigma_X": 1e200}),
    ("sigma_Y", {"rate": 1.0, "sigma_Y": -0.1}),
    ("mu_X", {"rate": 1.0, "mu_X": INF}),
    ("mu_Y", {"rate": 1.0, "mu_Y": 1.0}),
    ("mu_Y", {"rate": 1.0, "mu_Y": math.nan, "sigma_Y": 1.0}),
    ("sigma_S", {"rate": 1.0, "classification": 1.0}),
    ("sigma_S", {"rate": 1.0, "theta": 0.5}),
    ("sigma_S", {"rate": 1.0, "sigma_S": -1.0}),
    ("theta", {"rate": 1.0, "theta": 1.1, "sigma_S": 1.0}),
    ("theta", {"rate": 1.0, "theta": -1.1, "sigma_S": 1.0}),
    ("theta", {"rate": 1.0, "theta": INF, "sigma_S": 1.0}),
    ("theta", {"rate": 1.0, "theta": 0.1, "sigma_S": 1.0, "sigma_X": 0.0}),
    ("classification", {"rate": 1.0, "classification": math.nan, "sigma_S": 1.0}),
    ("perception", {"rate": 1.0, "perception": -1.0, "perception_kind": "kl"}),
    ("perception", {"rate": 1.0, "perception": 1.0, "perception_kind": "kl", "sigma_Y": 1.0}),
    ("perception", {"rate": 1.0, "perception_kind": "kl"}),
    ("perception_kind", {"rate": 1.0, "perception": 1.0}),
    ("perception_kind", {"rate": 1.0, "perception": 1.0, "perception_kind": "tv"}),
    ("units", {"rate": 1.0, "units": "bytes"}),
]


@pytest.mark.parametrize(("argument", "point"), BAD)
def test_bad_input_is_one_line_naming_the_argument(argument: str, point: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        solve_gaussian(**({"sigma_X": 1.0} | point))
    assert error.value.argument == argument
    assert "\n" not in str(error.value)
