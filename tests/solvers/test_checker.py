"""The kernel is sound: whatever multipliers it is given, no plan beats the bound; and exact where it says exact."""

from __future__ import annotations

import ast
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from zoo import binary, random_problem

import solvers
from solvers import CertificateError, DiscreteProblem, checker
from solvers.certificate import ChannelDual, JointPlan, MapDual, MapMixture, SemiDual
from solvers.exact import conditional_entropy_bits, down, entropy_bits, in_bits, log2_of, precision, rational, up
from solvers.problem import OperatingPoint, operating_point

KERNEL = (
    "checker", "checker_blocks", "checker_float", "checker_maps", "checker_mixture", "checker_plan", "checker_tree", "exact", "exact_problem", "precision",
)  # fmt: skip
MAY_IMPORT = {*KERNEL, "certificate", "problem"}


def point_of(problem: DiscreteProblem, **question: Any) -> OperatingPoint:
    full = {
        "rate": None, "distortion": None, "classification": None, "perception": None, "setting": "single-letter",
        "units": "nats", "classifier_sees_seed": None, **question,
    }  # fmt: skip
    return operating_point(problem, **full)


def some_plan(rng: np.random.Generator, labels: int) -> tuple[DiscreteProblem, Any]:
    """A random plan, and a problem with its marginals."""
    problem = random_problem(rng, int(rng.integers(2, 6)), int(rng.integers(2, 6)), labels=labels)
    plan = np.outer(problem.p_X, problem.p_Y) * rng.random(problem.cost.shape) ** rng.integers(1, 30)
    plan /= plan.sum()
    return DiscreteProblem(plan.sum(axis=1), plan.sum(axis=0), problem.cost, problem.p_S_given_X), plan


def informations(problem: DiscreteProblem, plan: Any) -> tuple[float, float]:
    """I(X;Y) and H(S|Y) in nats, by the plainest formulas."""
    label = problem.p_S_given_X
    assert label is not None
    joint = label.T @ plan
    both = float(np.sum(plan * np.log(plan / np.outer(problem.p_X, problem.p_Y))))
    return both, -float(np.sum(joint * np.log(joint / joint.sum(axis=0))))


def test_the_kernel_imports_no_solver() -> None:
    folder = Path(next(iter(solvers.__path__)))
    for name in KERNEL:
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("solvers"):
                assert node.module.removeprefix("solvers.") in MAY_IMPORT, (name, node.module)
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] not in {"scipy", "cvxpy", "ot", "solvers"} for alias in node.names)


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_no_plan_beats_a_bound_whatever_the_multipliers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem, plan = some_plan(rng, labels=int(rng.integers(2, 4)))
    rate, loss = informations(problem, plan)
    cost = float(np.sum(plan * problem.cost))
    slack = 1e-9
    shape = problem.cost.shape
    near = plan / plan.sum(axis=1, keepdims=True) * np.exp(0.1 * rng.normal(size=shape))
    duals = [
        SemiDual(rng.normal(size=shape[1]), 0.0),
        SemiDual(rng.normal(size=shape[1]), float(rng.exponential())),
        ChannelDual(rng.normal(size=shape[1]), rng.random(shape) + 1e-3, 1.0, *rng.exponential(size=2)),
        ChannelDual(0.1 * rng.normal(size=shape[1]), near, float(rng.random()), *rng.exponential(size=2)),
        ChannelDual(np.zeros(shape[1]), near, 0.0, 0.0, 1.0),
        ChannelDual(np.zeros(shape[1]), near, 0.0, 1.0, 0.0),
    ]
    for dual in duals:
        by_rate = point_of(problem, rate=rate + slack, classification=loss + slack)
        assert checker.lower_end(problem, by_rate, dual) <= cost + slack
        by_cost = point_of(problem, distortion=cost + slack, classification=loss + slack)
        assert checker.lower_end(problem, by_cost, dual) <= rate + slack


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_no_mixture_of_maps_beats_a_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    first = random_problem(rng, n, m, labels=2)
    maps, weights = rng.integers(0, m, size=(5, n)), rng.dirichlet(np.ones(5))
    law, rate, loss = np.zeros(m), 0.0, 0.0
    assert first.p_S_given_X is not None
    for phi, w in zip(maps, weights, strict=True):
        joint = np.zeros((2, m))
        for x, y in enumerate(phi):
            joint[:, y] += first.p_X[x] * first.p_S_given_X[x]
        masses = joint.sum(axis=0)
        law += w * masses
        own = -sum(v * math.log2(v) for v in masses if v > 0)
        rate += w * own
        loss += w * (-sum(v * math.log2(v) for v in joint.ravel() if v > 0) - own)
    problem = DiscreteProblem(first.p_X, law, first.cost, first.p_S_given_X)
    cost = sum(w * sum(first.p_X[x] * first.cost[x, y] for x, y in enumerate(phi)) for phi, w in zip(maps, weights, strict=True))

    def some() -> Fraction:
        return Fraction(float(rng.normal()))

    for t in (Fraction(1), Fraction(0), abs(some())):
        dual = MapDual(t, tuple(some() for _ in range(m)), abs(some()), abs(some()))
        budgets = {"classification": loss + 1e-9, "setting": "oneshot", "units": "bits"}
        assert checker.lower_end(problem, point_of(problem, rate=rate + 1e-9, **budgets), dual) <= cost + 1e-9
        assert checker.lower_end(problem, point_of(problem, distortion=cost + 1e-9, **budgets), dual) <= rate + 1e-9


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_a_plan_is_valued_as_plain_formulas_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem, plan = some_plan(rng, labels=2)
    rate, loss = informations(problem, plan)
    assume(rate > 1e-6)  # nearer to the product law, the kernel may let that law stand for the plan, at rate 0
    cost = float(np.sum(plan * problem.cost))
    inside = point_of(problem, rate=rate + 1e-9, classification=loss + 1e-9)
    assert checker.upper_end(problem, inside, JointPlan(plan)) == pytest.approx(cost, abs=1e-9)
    by_cost = point_of(problem, distortion=cost + 1e-9, classification=loss + 1e-9)
    assert checker.upper_end(problem, by_cost, JointPlan(plan)) == pytest.approx(rate, abs=1e-9)
    assume(min(rate, loss) > 1e-6)
    for outside in ({"rate": rate - 1e-7, "classification": 9.0}, {"rate": 9.0, "classification": loss - 1e-7}):
        with pytest.raises(CertificateError):
            checker.upper_end(problem, point_of(problem, **outside), JointPlan(plan))


def test_a_vertex_is_solved_exactly() -> None:
    """Marginals of thirds have no exact floats; the coupling on a support without cycle is exact all the same."""
    third = 1 / 3
    problem = DiscreteProblem([third] * 3, [third] * 3, 1 - np.eye(3))
    plan = JointPlan(np.eye(3) * 0.33333333333)
    assert checker.upper_end(problem, point_of(problem, rate=math.inf), plan) == 0.0
    assert checker.upper_end(problem, point_of(problem, distortion=0.0), plan) == pytest.approx(math.log(3), rel=1e-15)


@pytest.mark.parametrize("plan", [[[0.5, 1e-12], [0.0, 0.5 - 1e-12]], [[0.5, 0.0], [0.0, 0.5]]])
def test_a_support_that_cannot_carry_the_marginals_is_left(plan: Any) -> None:
    """Marginals that differ by 1e-10 cost 1e-10 under Hamming distortion, however free the given plan looks."""
    problem = DiscreteProblem([0.5, 0.5], [0.5 + 1e-10, 0.5 - 1e-10], [[0.0, 1.0], [1.0, 0.0]])
    assert checker.upper_end(problem, point_of(problem, rate=math.inf), JointPlan(np.array(plan))) >= 0.99e-10


def test_a_plan_near_the_product_is_not_the_product() -> None:
    """Only within 1e-9: here the product would make a rate of 0 of a plan that has some."""
    problem = binary(0.5, 0.5)
    plan = JointPlan(0.25 + 1e-6 * np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert checker.upper_end(problem, point_of(problem, distortion=0.5), plan) > 1e-12
    with pytest.raises(CertificateError):
        checker.upper_end(problem, point_of(problem, rate=0.0), plan)


def test_bounds_are_directed_and_tight() -> None:
    problem = binary(0.5, 0.5)
    temperature = 1 / math.log(9)  # crossover 1/10
    dual = SemiDual(np.array([0.0, 0.0]), temperature)
    rate = math.log(2) + 0.1 * math.log(0.1) + 0.9 * math.log(0.9)
    lower = checker.lower_end(problem, point_of(problem, rate=rate), dual)
    assert lower == pytest.approx(0.1, abs=1e-15)
    plan = JointPlan(np.array([[0.45, 0.05], [0.05, 0.45]]))
    upper = checker.upper_end(problem, point_of(problem, rate=rate + 1e-15), plan)
    assert lower <= upper == pytest.approx(0.1, abs=1e-15)


def test_rounding_is_outward() -> None:
    third = fmpq(1, 3)
    assert rational(down(third)) < third < rational(up(third))
    assert down(fmpq(3, 8)) == up(fmpq(3, 8)) == 0.375
    assert up(fmpq(1, 2**1100)) == 5e-324
    assert down(-fmpq(1, 2**1100)) == -5e-324
    assert (up(fmpq(2) ** 2000), down(-(fmpq(2) ** 2000))) == (math.inf, -math.inf)
    assert down(fmpq(2) ** 2000) == 1.7976931348623157e308
    assert (down(arb("nan")), up(arb("nan"))) == (-math.inf, math.inf)
    with precision():
        root = arb(2).sqrt()
        assert rational(down(root)) ** 2 < 2 < rational(up(root)) ** 2


def test_entropies_are_enclosed_and_exact_where_dyadic() -> None:
    with precision():
        assert entropy_bits([fmpq(1, 2), fmpq(1, 4), fmpq(1, 4), fmpq(0)]).low == fmpq(3, 2)
        half = entropy_bits([fmpq(1, 3), fmpq(2, 3)])
        with mpmath.workdps(90):
            truth = Fraction(mpmath.nstr(mpmath.log(3, 2) - mpmath.mpf(2) / 3, 85))
        assert half.low < rational(truth) < half.high
        assert half.high - half.low < fmpq(1, 10**70)
        assert conditional_entropy_bits([[fmpq(1, 3), fmpq(0)], [fmpq(0), fmpq(2, 3)]]).high == 0
        assert conditional_entropy_bits([[fmpq(1, 6), fmpq(1, 6)], [fmpq(1, 3), fmpq(1, 3)]]).low == 1
        assert log2_of(fmpq(1, 1024)).low == log2_of(fmpq(1, 1024)).high == -10
        bits = in_bits(math.log(2), "nats")
        assert bits.low < 1 < bits.high + fmpq(1, 10**15)
        assert bits.low < bits.high


def test_a_mixture_is_valued_exactly() -> None:
    problem = binary(0.5, 0.5)
    maps, weights = np.array([[0.0, 1.0], [1.0, 0.0]]), (Fraction(1, 3), Fraction(2, 3))
    point = point_of(problem, rate=1.0, setting="oneshot", units="bits")
    assert checker.upper_end(problem, point, MapMixture(maps, weights)) == up(fmpq(2, 3))
    short = point_of(problem, rate=math.nextafter(1.0, 0.0), setting="oneshot", units="bits")
    with pytest.raises(CertificateError, match="rate"):
        checker.upper_end(problem, short, MapMixture(maps, weights))


def test_a_mixture_of_another_output_law_is_no_plan() -> None:
    problem = binary(0.3, 0.45)
    point = point_of(problem, rate=math.inf, setting="oneshot", units="bits")
    with pytest.raises(CertificateError, match="output law"):
        checker.upper_end(problem, point, MapMixture(np.array([[0.0, 1.0]]), (Fraction(1),)))
