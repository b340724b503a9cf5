"""The checker of large problems: its float64 ends against the exact kernel's, and the rounding that it assumes."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import CertificateError, DiscreteProblem, checker, checker_blocks, checker_float, solve
from solvers.certificate import ChannelDual, JointPlan, PotentialPlan, SemiDual
from solvers.checker_blocks import FUNCTION
from solvers.engine import at_rate
from solvers.evidence import Evidence, best
from solvers.exact import conditional_entropy_bits, entropy_bits, precision, rational
from solvers.exact_problem import exact_problem
from solvers.problem import OperatingPoint, operating_point

ARITHMETICS: Any = ("exact", "float64")


def point_of(problem: DiscreteProblem, **question: Any) -> OperatingPoint:
    full = {
        "rate": None, "distortion": None, "classification": None, "perception": None, "setting": "single-letter",
        "units": "nats", "classifier_sees_seed": None, **question,
    }  # fmt: skip
    return operating_point(problem, **full)


def random_problem(rng: np.random.Generator, labels: int = 0) -> DiscreteProblem:
    n, m = (int(k) for k in rng.integers(1, 9, 2))
    scale = 10.0 ** rng.integers(-3, 4)
    cost = scale * (rng.random((n, m)) - 0.3 * rng.integers(0, 2))
    p, q = rng.dirichlet(np.full(n, 0.5)), rng.dirichlet(np.full(m, 0.5))
    if n > 2 and rng.random() < 0.3:
        p = np.where(np.arange(n) == 0, 0.0, p)
    label = rng.dirichlet(np.ones(labels), n) if labels else None
    return DiscreteProblem(p / p.sum(), q / q.sum(), cost, label)


@pytest.mark.parametrize("function", ["exp", "log"])
def test_the_rounding_of_numpys_functions_is_within_what_is_assumed(function: str) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([-np.exp(rng.uniform(-30, 6.5, 4000)), rng.uniform(-700, 0, 4000)])
    if function == "log":
        x = np.exp(-np.abs(x))
        x = x[x > 1e-300]
    values = getattr(np, function)(x)
    with ctx.workprec(120):
        for a, b in zip(x, values, strict=True):
            true = getattr(arb(fmpq(*float(a).as_integer_ratio())), function)()
            assert abs(arb(fmpq(*float(b).as_integer_ratio())) - true) <= abs(true) * arb(FUNCTION)


@settings(max_examples=150)
@given(st.integers(0, 10**6))
def test_both_arithmetics_give_the_same_ends_and_float64_is_outside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng)
    scale = float(np.ptp(problem.cost)) + 1e-3
    point = point_of(problem, rate=float(rng.uniform(0, 2)))
    for temperature in (0.0, scale * 10.0 ** rng.uniform(-2, 1)):
        g = scale * rng.normal(size=problem.p_Y.size)
        exact, loose = (checker.lower_end(problem, point, SemiDual(g, temperature), a) for a in ARITHMETICS)
        # What is lost is rounding of the costs, which may be far from 0 and near each other.
        assert exact - 1e-10 * (np.abs(problem.cost).max() + scale + temperature) <= loose <= exact
    plan = solve(problem, rate=point.rate, units="nats").plan
    exact, loose = (checker.upper_end(problem, point, JointPlan(plan), a) for a in ARITHMETICS)
    size = np.abs(problem.cost).max() + scale
    assert exact - 1e-9 * size <= loose <= exact + 1e-7 * size
    # No plan is cheaper than the exact lower end, so neither may be the float64 one.
    assert loose >= solve(problem, rate=point.rate, units="nats").lower


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_labels_in_both_arithmetics(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, labels=int(rng.integers(1, 4)))
    scale = float(np.ptp(problem.cost)) + 1e-3
    multipliers = scale * rng.random(3) * rng.integers(0, 2, 3)
    channel = rng.dirichlet(np.ones(problem.p_Y.size), problem.p_X.size) + 1e-9
    dual = ChannelDual(scale * rng.normal(size=problem.p_Y.size), channel, *map(float, multipliers))
    for question in ({"rate": float(rng.uniform(0, 2))}, {"distortion": float(rng.uniform(0, scale))}):
        point = point_of(problem, classification=float(rng.uniform(0, 1)), **question)
        exact, loose = (checker.lower_end(problem, point, dual, a) for a in ARITHMETICS)
        assert loose <= exact
        if math.isfinite(exact) and multipliers.max() > 0:
            weight = multipliers[0] if "rate" in question else max(multipliers[1] + multipliers[2], 1e-9 * scale)
            assert loose >= exact - 1e-9 * scale / max(weight / scale, 1e-9) or loose == 0.0
    plan = np.outer(problem.p_X, problem.p_Y) * rng.random(problem.cost.shape)
    made = DiscreteProblem(plan.sum(1) / plan.sum(), plan.sum(0) / plan.sum(), problem.cost, problem.p_S_given_X)
    plan = plan / plan.sum()
    loss = float(-np.sum((j := made.p_S_given_X.T @ plan) * np.log(np.maximum(j, 1e-300) / np.maximum(j.sum(0), 1e-300))))
    for room in (1e-7, -1e-7):
        point = point_of(made, rate=10.0, classification=max(loss + room, 0.0))
        accepted = room > 0 or np.count_nonzero(made.p_X @ made.p_S_given_X) == 1
        for arithmetic in ARITHMETICS:
            try:
                checker.upper_end(made, point, JointPlan(plan), arithmetic)
                assert accepted
            except CertificateError:
                assert not accepted


def test_a_plan_above_its_rate_is_mixed_with_the_product_and_stays_above_the_truth() -> None:
    rng = np.random.default_rng(3)
    problem = DiscreteProblem(np.full(40, 1 / 40), rng.dirichlet(np.ones(40)), rng.random((40, 40)))
    found = at_rate(problem.p_X, problem.p_Y, problem.cost, 1.0)
    exact = solve(problem, rate=1.0, units="nats")
    for rate, at_most in ((1.0, 1e-8), (0.99, 0.01), (0.5, 0.2)):
        limit = solve(problem, rate=rate, units="nats")
        upper = checker.upper_end(problem, point_of(problem, rate=rate), PotentialPlan(found.g, found.temperature), "float64")
        assert limit.lower <= upper <= limit.upper + at_most
    assert exact.lower <= upper


def test_large_certificates_verify_and_forged_ones_do_not() -> None:
    rng = np.random.default_rng(5)
    problem = DiscreteProblem(rng.dirichlet(np.ones(90)), rng.dirichlet(np.ones(70)), rng.random((90, 70)))
    good = solve(problem, rate=1.0, units="nats")
    assert (good.status, good.method, good.arithmetic) == ("certified", "newton", "float64")
    assert good.verify()
    plan = good.plan
    assert plan is not None
    assert np.abs(plan.sum(axis=1) - problem.p_X).max() < 1e-12
    assert isinstance(good.primal, PotentialPlan)
    forgeries = (
        {"lower": good.lower + 1e-6, "upper": good.upper + 1e-6},
        {"upper": math.nextafter(good.lower, -1), "lower": math.nextafter(good.lower, -1) - 1e-12},
        {"arithmetic": "rough"},
        {"primal": PotentialPlan(np.full(70, np.nan), 1.0)},
        {"primal": PotentialPlan(good.primal.g, 0.0)},
        {"primal": PotentialPlan(good.primal.g, 1e-30)},
        {"primal": JointPlan(-plan)},
        {"primal": JointPlan(0.5 * plan)},
        {"dual": SemiDual(np.zeros(69), 1.0)},
        {"dual": SemiDual(np.zeros(70), -1.0)},
    )
    for forged in forgeries:
        with pytest.raises(CertificateError):
            dataclasses.replace(good, **forged).verify()


def test_a_small_problem_can_be_checked_in_float64_as_well() -> None:
    rng = np.random.default_rng(7)
    problem = DiscreteProblem(rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(5)), rng.random((6, 5)))
    point = point_of(problem, rate=0.5)
    exact = solve(problem, rate=0.5, units="nats")
    assert exact.primal is not None
    loose = best(problem, point, Evidence("again", [[exact.primal]], [exact.dual]), 1e-6, "float64")
    assert loose.verify()
    assert loose.lower <= exact.lower <= exact.upper <= loose.upper
    assert loose.upper - loose.lower < 1e-9


def test_an_end_that_overflows_to_nan_proves_nothing() -> None:
    """inf - inf in the price of a label: every comparison with its result is false, and any lower end would have passed."""
    problem = DiscreteProblem(np.full(8, 1 / 8), [0.5, 0.5], np.zeros((8, 2)), np.eye(8))
    point = point_of(problem, rate=math.log(2), classification=0.5)
    dual = ChannelDual(np.zeros(2), np.full((8, 2), 0.5), 1.0, 0.0, 1.79e308)
    assert checker.lower_end(problem, point, dual, "float64") == -math.inf
    good = best(problem, point, Evidence("none", [], [SemiDual(np.zeros(2), 0.0)]), 1e-6, "float64")
    with pytest.raises(CertificateError, match="the most that the dual evidence proves"):
        dataclasses.replace(good, lower=7.0, dual=dual, primal=None, upper=math.inf, status="gap").verify()


def test_potentials_are_read_at_rate_0_too() -> None:
    problem = DiscreteProblem(np.ones(1), np.ones(1), np.ones((1, 1)))
    for arithmetic in ARITHMETICS:
        with pytest.raises(CertificateError, match="not a finite vector"):
            checker.lower_end(problem, point_of(problem, rate=0.0), SemiDual(np.array([math.inf]), math.inf), arithmetic)


def test_a_price_whose_products_underflow_proves_nothing() -> None:
    problem = DiscreteProblem([1.0], [1.0], [[0.6]], [[1.0]])
    point = point_of(problem, rate=1.0, classification=1.0)
    dual = ChannelDual(np.zeros(1), np.ones((1, 1)), 5e-324, 0.0, 0.0)
    assert checker.lower_end(problem, point, dual, "float64") <= 0.6


def test_a_label_whose_mass_underflows_still_is_uncertain() -> None:
    label = [[1.0, 0.0], [1.0, 1e-300]]
    problem = DiscreteProblem([1.0, 1e-300], [0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], label)
    point = point_of(problem, rate=5.0, classification=0.0)
    for arithmetic in ARITHMETICS:
        with pytest.raises(CertificateError, match="classification budget"):
            checker.upper_end(problem, point, JointPlan(np.outer(problem.p_X, problem.p_Y)), arithmetic)


def wild_masses(rng: np.random.Generator, size: int) -> Any:
    masses = rng.dirichlet(np.full(size, 0.5)) * 10.0 ** (rng.integers(-320, 1, size) * rng.integers(0, 2))
    masses[rng.integers(size)] += 1 - masses.sum()
    return np.abs(masses)


@settings(max_examples=150)
@given(st.integers(0, 10**6))
def test_the_coupling_made_of_any_weights_is_one_and_its_price_is_not_below_its_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, k = (int(size) for size in rng.integers(1, 5, 3))
    cost = rng.normal(size=(n, m)) * 10.0 ** (rng.integers(-320, 300, (n, m)) * rng.integers(0, 2))
    label = np.array([wild_masses(rng, k) for _ in range(n)])
    problem = DiscreteProblem(wild_masses(rng, n), wild_masses(rng, m), cost, label)
    weights = rng.random((n, m)) * 10.0 ** (rng.integers(-320, 20, (n, m)) * rng.integers(0, 2))
    float_data, data = checker_float._data(problem), exact_problem(problem)
    weights = weights[np.ix_(data.keep_x, data.keep_y)]
    made = checker_blocks.fit(float_data.laws, lambda: checker_blocks.blocks(weights))
    priced = checker_blocks.price_plan(float_data.laws, weights, float_data.label)
    alpha, s, kept = ([rational(x) for x in v.tolist()] for v in (made.alpha, made.s, weights.ravel()))
    scaled = [[a * kept[x * len(s) + y] * t for y, t in enumerate(s)] for x, a in enumerate(alpha)]
    short_x = [p - sum(row, fmpq(0)) for p, row in zip(data.p, scaled, strict=True)]
    short_y = [q - sum(column, fmpq(0)) for q, column in zip(data.q, zip(*scaled, strict=True), strict=True)]
    missing = sum(short_x, fmpq(0))
    assert min(short_x) >= 0
    assert min(short_y) >= 0
    assert 0 < missing <= rational(made.missing)
    plan = [[a + e * d / missing for a, d in zip(row, short_y, strict=True)] for row, e in zip(scaled, short_x, strict=True)]
    spent = sum((a * c for pair in zip(plan, data.cost, strict=True) for a, c in zip(*pair, strict=True)), fmpq(0))
    assert priced.cost == math.inf or rational(priced.cost) >= spent
    parts = [
        [sum((row[y] * c / p for row, c, p in zip(plan, column, data.p, strict=True)), fmpq(0)) for _, column in data.labels]
        for y in range(len(s))
    ]
    with precision():
        joint = entropy_bits(mass for row in plan for mass in row)
        nats = arb.const_log2()
        assert arb(priced.information) >= arb(entropy_bits(data.p).low + entropy_bits(data.q).low - joint.high) * nats
        assert arb(priced.label_loss) >= arb(conditional_entropy_bits(parts).low) * nats
