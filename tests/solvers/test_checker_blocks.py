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

from solvers import CertificateError, DiscreteProblem, checker, solve
from solvers.certificate import ChannelDual, JointPlan, PotentialPlan, SemiDual
from solvers.checker_blocks import FUNCTION
from solvers.engine import at_rate
from solvers.evidence import Evidence, best
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
        assert exact - 1e-10 * scale * (1 + abs(temperature) / scale) <= loose <= exact
    plan = solve(problem, rate=point.rate, units="nats").plan
    exact, loose = (checker.upper_end(problem, point, JointPlan(plan), a) for a in ARITHMETICS)
    assert exact - 1e-9 * scale <= loose <= exact + 1e-7 * scale
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
