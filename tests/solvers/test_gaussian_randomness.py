"""Limited common randomness: certified intervals, codes that no lower end may exclude, forged certificates, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rdcsym import InputError
from solvers import (
    CertificateError,
    GaussianRandomnessCertificate,
    gaussian_randomness_checker,
    solve_gaussian,
    solve_gaussian_randomness,
)

INF = math.inf
H_S = math.log(2 * math.pi * math.e) / 2  # nats, at sigma_S = 1
UNIT: dict[str, Any] = {"sigma_X": 1.0, "sigma_Y": 1.0}

KNOWN = [
    ({"rate": 1, "common_randomness": 0, **UNIT}, 0.5),
    ({"rate": 1, "common_randomness": INF, **UNIT}, 2 - math.sqrt(3)),
    ({"rate": 1, "common_randomness": 1, **UNIT}, 2 - 2 * math.sqrt(45 / 64)),
    ({"rate": 0, "common_randomness": 7, **UNIT}, 2.0),
    ({"rate": INF, "common_randomness": 0, "sigma_X": 1, "sigma_Y": 3, "mu_X": 1, "mu_Y": 2}, 5.0),
    ({"rate": 50, "common_randomness": 0, **UNIT}, 2.0**-99),
    ({"rate": 1e-12, "common_randomness": 0, **UNIT}, 2 - 4e-12 * math.log(2)),
    ({"rate": 3, "common_randomness": 1, "sigma_X": 0, "sigma_Y": 2}, 4.0),
    ({"rate": 3, "common_randomness": 1, "sigma_X": 2, "sigma_Y": 0}, 4.0),
    ({"rate": 1e-300, "common_randomness": 1e-300, **UNIT}, 2.0),
    ({"rate": 1.7e308, "common_randomness": 1e308, **UNIT}, 0.0),
    ({"rate": 1, "common_randomness": 0, "sigma_X": 1e-90, "sigma_Y": 1e-90}, 0.5e-180),
]


@pytest.mark.parametrize(("point", "expected"), KNOWN)
def test_known_values(point: dict[str, Any], expected: float) -> None:
    c = solve_gaussian_randomness(**point)
    assert c.verify()
    assert c.status == "certified"
    assert c.lower <= c.upper == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert c.relative_gap <= 1e-14 or c.upper <= 5e-324


def test_intervals_are_narrow_and_bracketed_by_unlimited_randomness() -> None:
    rng = np.random.default_rng(0)
    for _ in range(150):
        laws = {"sigma_X": math.exp(rng.normal()), "sigma_Y": math.exp(rng.normal()), "mu_X": rng.normal(), "mu_Y": rng.normal()}
        rate = float(rng.exponential(2))
        ends = [solve_gaussian_randomness(rate=rate, common_randomness=c, **laws) for c in (0.0, 0.3, 2.0, INF)]
        assert all(c.status == "certified" and c.relative_gap <= 1e-13 and c.verify() for c in ends)
        assert all(more.lower <= less.upper for less, more in pairwise(ends))
        unlimited = solve_gaussian(rate=rate, **laws)
        assert max(ends[-1].lower, unlimited.lower) <= min(ends[-1].upper, unlimited.upper)


def test_units() -> None:
    bits = solve_gaussian_randomness(rate=1, common_randomness=0.5, classification=2, sigma_S=1, theta=0.5, **UNIT)
    nats = solve_gaussian_randomness(
        rate=math.log(2), common_randomness=math.log(2) / 2, classification=2 * math.log(2), sigma_S=1, theta=0.5, units="nats", **UNIT
    )  # fmt: skip
    assert bits.upper == pytest.approx(nats.upper, rel=1e-14)


def test_no_code_beats_the_lower_end() -> None:
    """Gaussian codes, and the sign of X seen by both sides (one bit, E XY = 2/pi): none lies below the lower end."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        s_X, s_Y, a, b = math.exp(rng.normal()), math.exp(rng.normal()), rng.uniform(0, 1), rng.uniform(0, 1)
        rate, total = -math.log1p(-a) / 2 + 1e-12, -math.log1p(-b) / 2 + 1e-12
        spent = s_X**2 + s_Y**2 - 2 * s_X * s_Y * math.sqrt(a * b)
        c = solve_gaussian_randomness(rate=rate, common_randomness=max(0.0, total - rate), sigma_X=s_X, sigma_Y=s_Y, units="nats")
        assert c.lower <= spent + 1e-9 * (s_X**2 + s_Y**2)
    at: dict[str, Any] = {"rate": 1, "common_randomness": 0, "sigma_S": 1, "theta": 1, **UNIT}
    tells_one_bit = solve_gaussian_randomness(classification=H_S / math.log(2) - 1 + 1e-9, **at)
    assert tells_one_bit.status == "gap"  # feasible, by the sign, though not by the Gaussian code
    assert tells_one_bit.lower <= 2 - 4 / math.pi
    assert tells_one_bit.upper == INF
    assert tells_one_bit.verify()


def test_the_dual_by_quadrature() -> None:
    """E_X exp((t x^2 - (x - z)^2)/(2 t)) = sqrt(t) for every z, sigma_X = 1."""
    node, weight = np.polynomial.hermite_e.hermegauss(200)
    for t in (0.3, 0.8, 1.0):
        for z in (0.0, 0.7, -1.1):
            found = (weight * np.exp((t * node**2 - (node - z) ** 2) / (2 * t))).sum() / math.sqrt(2 * math.pi)
            assert found == pytest.approx(math.sqrt(t), rel=1e-9)


def test_the_label() -> None:
    at: dict[str, Any] = {"rate": math.log(2), "common_randomness": 0.0, "sigma_S": 1, "theta": 1, "units": "nats", **UNIT}
    own = math.log(16 / 7) / 2
    for told, status in (
        (own - 1e-9, "certified"),
        (own + 1e-9, "gap"),
        (math.log(2) - 1e-9, "gap"),
        (math.log(2) + 1e-9, "infeasible"),
    ):
        c = solve_gaussian_randomness(classification=H_S - told, **at)
        assert c.status == status
        assert c.verify()
    unlimited = solve_gaussian_randomness(classification=H_S - math.log(2) + 1e-9, **{**at, "common_randomness": INF})
    assert unlimited.status == "certified"
    for classification, change, lower in (
        (-INF, {"sigma_S": 0.0, "theta": 0.0}, 0.5),  # a constant label: nothing is lost
        (-INF, {"rate": INF}, 0.0),  # S = X = Y
        (-INF, {}, INF),
        (H_S - 0.1, {"sigma_Y": 0.0}, INF),  # a constant output tells nothing
        (H_S - 0.1, {"theta": 0.0}, INF),
    ):
        c = solve_gaussian_randomness(classification=classification, **{**at, **change})
        assert c.lower == pytest.approx(lower)
        assert c.status == ("infeasible" if lower == INF else "certified")


def forgeries(c: GaussianRandomnessCertificate) -> list[GaussianRandomnessCertificate]:
    w = c.witnesses
    assert w.information_X is not None
    assert w.information_Y is not None
    return [
        replace(c, lower=math.nextafter(c.lower, INF)),
        replace(c, upper=math.nextafter(c.upper, -INF)),
        replace(c, upper=c.lower * 0.999),
        replace(c, lower=math.nan),
        replace(c, upper=math.nan, status="gap"),
        replace(c, lower=-1.0, status="gap"),
        replace(c, lower=INF, upper=INF, status="infeasible"),
        replace(c, status="infeasible"),
        replace(c, status="gap"),
        replace(c, lower=0.0, upper=INF),
        replace(c, common_randomness=c.common_randomness / 2),
        replace(c, common_randomness=c.common_randomness * 2),
        replace(c, problem=replace(c.problem, rate=(c.problem.rate or 0) / 2)),
        replace(c, problem=replace(c.problem, rate=None, distortion=1.0)),
        replace(c, problem=replace(c.problem, classification=1.5)),
        *(
            replace(c, witnesses=replace(w, **change))
            for change in (
                {"information_X": None},
                {"information_Y": None},
                {"information_X": w.information_X * 1.001},
                {"information_X": w.information_X * 0.999},
                {"information_Y": w.information_Y * 1.001},
                {"information_Y": w.information_Y * 0.999},
                {"information_X": INF},
                {"information_Y": INF},
                {"information_X": math.nan},
                {"information_X": -1.0},
                {"log_error_X": w.log_error_X * 1.01},
                {"log_error_Y": w.log_error_Y * 0.99},
                {"log_error_X": 0.1},
                {"log_error_Y": math.nan},
                {"log_error_X": -INF},
            )
        ),
    ]


def test_forged_certificates_are_rejected() -> None:
    c = solve_gaussian_randomness(
        rate=0.7, common_randomness=0.4, classification=1.95, sigma_X=1.2, sigma_Y=0.8, sigma_S=1.0, theta=0.8
    )  # fmt: skip
    assert c.verify()
    for i, forged in enumerate(forgeries(c)):
        with pytest.raises(CertificateError):
            assert not forged.verify(), i


def test_a_code_that_breaks_a_budget_by_an_ulp_is_no_code() -> None:
    c = solve_gaussian_randomness(rate=0.7, common_randomness=0.4, **UNIT)
    assert c.witnesses.information_Y is not None
    assert gaussian_randomness_checker.code_is_feasible(c.problem, 0.4, c.witnesses)
    for name in ("information_X", "information_Y"):
        more = replace(c.witnesses, **{name: math.nextafter(getattr(c.witnesses, name), INF)})
        assert not gaussian_randomness_checker.code_is_feasible(c.problem, 0.4, more)


@pytest.mark.parametrize("information", [-1.0, math.nan])
def test_without_a_budget_a_witness_is_still_held_to_its_range(information: float) -> None:
    c = solve_gaussian_randomness(rate=INF, common_randomness=0, **UNIT)
    for name in ("information_X", "information_Y"):
        with pytest.raises(CertificateError, match=name):
            replace(c, witnesses=replace(c.witnesses, **{name: information})).verify()


def test_a_constant_output_tells_nothing_whatever_the_code_says() -> None:
    c = solve_gaussian_randomness(rate=1, common_randomness=0, sigma_X=1.0, sigma_Y=1.0, sigma_S=1, theta=1, classification=1.5)
    for sigma_Y, feasible in ((1.0, True), (0.0, False)):
        problem = replace(c.problem, sigma_Y=sigma_Y)
        assert gaussian_randomness_checker.code_is_feasible(problem, 0.0, c.witnesses) is feasible


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rate": -1}, "rate = -1"),
        ({"rate": None}, "rate"),
        ({"common_randomness": -0.5}, "common_randomness = -0.5"),
        ({"common_randomness": math.nan}, "common_randomness"),
        ({"common_randomness": [1, 2]}, "common_randomness"),
        ({"sigma_X": INF}, "sigma_X = inf"),
        ({"theta": 2.0, "sigma_S": 1.0}, "theta = 2"),
        ({"classification": 1.0}, "sigma_S"),
        ({"units": "bytes"}, "units = bytes"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        solve_gaussian_randomness(**{"rate": 1, "common_randomness": 0, **UNIT, **change})
