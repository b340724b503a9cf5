"""The one door: known answers, random problems, properties that hold for every problem, and the two methods against each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo import ZOO, Known, binary, random_problem

from solvers import DiscreteProblem, solve
from solvers.sinkhorn import mutual_information
from solvers.transport import transport


@pytest.mark.parametrize("known", ZOO, ids=lambda k: k.name)
def test_known_answers(known: Known) -> None:
    found = solve(known.problem, **known.question)
    assert found.verify() is True
    if math.isinf(known.value):
        assert (found.status, found.lower, found.upper, found.plan) == ("infeasible", math.inf, math.inf, None)
        return
    rounding = 4e-15 * max(1.0, abs(known.value), float(np.abs(known.problem.cost).max()))
    assert found.lower - rounding <= known.value <= found.upper + rounding
    assert found.status == "certified"
    assert found.upper - found.lower <= 1e-9 * max(abs(known.value), 1e-3)


def shape_and_rate(rng: np.random.Generator, k: int) -> tuple[DiscreteProblem, float]:
    """A problem of 3 to 64 symbols and a rate between almost 0 and almost that of the unconstrained plan."""
    n, m = (int(x) for x in rng.integers(3, 65, size=2))
    problem = random_problem(rng, n, m, power=float(rng.choice([0.5, 1.0, 2.0])))
    free = mutual_information(transport(problem.p_X, problem.p_Y, problem.cost).plan, problem.p_X, problem.p_Y)
    share = (1e-12, 1e-6, 1e-3, 0.05, 0.2, 0.5, 0.8, 0.95, 0.999, 0.999999)[k % 10]
    return problem, free * share


@pytest.mark.parametrize("block", range(10))
def test_200_random_problems_are_certified(block: int) -> None:
    rng = np.random.default_rng(1000 + block)
    for k in range(20):
        problem, rate = shape_and_rate(rng, k)
        found = solve(problem, rate=rate, units="nats")
        assert found.verify() is True
        assert found.status == "certified"
        assert found.relative_gap <= 1e-10


@pytest.mark.parametrize("seed", range(12))
def test_the_two_methods_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, *(int(x) for x in rng.integers(3, 17, size=2)))
    rate = float(rng.uniform(0.02, 1.2))
    first, second = solve(problem, rate=rate), solve(problem, rate=rate, method="conic")
    assert first.verify()
    assert second.verify()
    assert first.lower <= second.upper
    assert second.lower <= first.upper
    assert second.relative_gap <= 1e-5


@pytest.mark.parametrize("seed", range(6))
def test_the_two_methods_agree_on_the_rate(seed: int) -> None:
    rng = np.random.default_rng(40 + seed)
    problem = random_problem(rng, 7, 6)
    product = float(problem.p_X @ problem.cost @ problem.p_Y)
    plain = transport(problem.p_X, problem.p_Y, problem.cost).cost
    budget = plain + float(rng.uniform(0.1, 0.9)) * (product - plain)
    first, second = solve(problem, distortion=budget), solve(problem, distortion=budget, method="conic")
    assert first.verify()
    assert second.verify()
    assert first.lower <= second.upper
    assert second.lower <= first.upper
    assert first.relative_gap <= 1e-10
    assert second.relative_gap <= 1e-4


@pytest.mark.parametrize("seed", range(8))
def test_rate_and_distortion_are_inverse_to_each_other(seed: int) -> None:
    rng = np.random.default_rng(70 + seed)
    problem = random_problem(rng, 9, 12)
    rate = float(rng.uniform(0.05, 1.0))
    there = solve(problem, rate=rate)
    back = solve(problem, distortion=there.upper)
    assert back.verify()
    assert back.lower <= rate * (1 + 1e-12)
    assert back.upper == pytest.approx(rate, rel=1e-9)


problems = st.integers(0, 10**6).map(
    lambda seed: random_problem(np.random.default_rng(seed), 2 + seed % 5, 2 + seed // 5 % 4, labels=2 + seed % 2)
)
rates = st.floats(0.0, 2.0)


@settings(max_examples=40)
@given(problems, rates, rates)
def test_distortion_falls_with_the_rate_and_stays_between_product_and_transport(
    problem: DiscreteProblem, first: float, second: float
) -> None:
    low, high = sorted((first, second))
    little, much = solve(problem, rate=low), solve(problem, rate=high)
    rounding = 1e-12
    assert much.lower <= little.upper + rounding
    assert little.upper <= float(problem.p_X @ problem.cost @ problem.p_Y) + rounding
    assert much.upper >= transport(problem.p_X, problem.p_Y, problem.cost).cost - rounding
    assert little.lower <= little.upper
    assert little.relative_gap <= 1e-6


@settings(max_examples=8)
@given(problems, st.floats(0.05, 1.5), st.floats(0.0, 1.2))
def test_a_label_constraint_never_helps_and_settings_are_ordered(problem: DiscreteProblem, rate: float, share: float) -> None:
    """D(R) <= envelope <= single letter <= one-shot (rate H(Y|U) >= I(X;Y)), where the classifier does not see the seed.

    One that does has a loss H(S|Y,U) below H(S|Y), and can meet a budget that no plan meets.
    """
    label = problem.p_S_given_X
    assert label is not None
    mass = problem.p_X @ label
    loss = share * -float(np.sum(mass * np.log2(mass)))
    free = solve(problem, rate=rate)
    envelope = solve(problem, rate=rate, classification=loss, setting="asymptotic", nodes=20)
    single = solve(problem, rate=rate, classification=loss, nodes=20)
    shot = solve(problem, rate=rate, classification=loss, setting="oneshot", classifier_sees_seed=False)
    for found in (free, envelope, single, shot):
        assert found.verify()
    assert free.lower <= envelope.upper * (1 + 1e-12)
    assert envelope.lower <= single.upper * (1 + 1e-12)
    assert single.lower <= shot.upper * (1 + 1e-9)


@settings(max_examples=30)
@given(problems, st.floats(0.1, 1.0), st.floats(0.1, 5.0), st.floats(-2.0, 2.0))
def test_scaling_and_shifting_the_cost(problem: DiscreteProblem, rate: float, factor: float, shift: float) -> None:
    moved = DiscreteProblem(problem.p_X, problem.p_Y, factor * problem.cost + shift)
    one, two = solve(problem, rate=rate), solve(moved, rate=rate)
    slack = 1e-11 * (1 + abs(shift) + factor)
    assert two.lower - slack <= factor * one.upper + shift
    assert two.upper + slack >= factor * one.lower + shift


@pytest.mark.parametrize("method", ["auto", "conic", "sinkhorn", "transport"])
@pytest.mark.parametrize("question", [{"rate": 0.4}, {"rate": 0.0}, {"rate": math.inf}, {"distortion": 0.3}, {"distortion": 0.0}])
def test_every_method_answers_every_question_truly(method: str, question: dict[str, Any]) -> None:
    problem = binary(0.3, 0.45)
    found, reference = solve(problem, method=method, **question), solve(problem, **question)
    assert found.verify()
    assert found.lower <= reference.upper
    assert found.upper >= reference.lower


def test_several_optimal_plans_one_of_them_within_the_rate() -> None:
    """All couplings of this cost are optimal, the vertices need a bit, the product none."""
    problem = DiscreteProblem(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([[0.0, 1.0], [1.0, 2.0]]))
    for rate in (0.0, 1e-9, 0.5, 1.0):
        found = solve(problem, rate=rate)
        assert found.verify()
        assert found.status == "certified"
        assert found.lower == pytest.approx(1.0, abs=1e-12)


def test_ties_with_a_face_of_optimal_plans() -> None:
    """Two pairs of equal symbols: the optimal face holds plans of one bit, and its vertices need more."""
    cost = 1 - np.kron(np.eye(2), np.ones((2, 2)))
    problem = DiscreteProblem(np.full(4, 0.25), np.full(4, 0.25), cost)
    assert solve(problem, rate=1.0).upper <= 1e-9
    below = solve(problem, rate=0.9)
    assert below.verify()
    assert below.relative_gap <= 1e-6
    assert below.lower > 0.01


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e150])
def test_extreme_cost_units(scale: float) -> None:
    found = solve(DiscreteProblem([0.3, 0.7], [0.4, 0.6], scale * np.array([[0.0, 1.0], [1.0, 0.0]])), rate=0.3)
    reference = solve(binary(0.7, 0.6), rate=0.3)
    assert found.verify()
    assert found.status == "certified"
    assert found.upper == pytest.approx(scale * reference.upper, rel=1e-9)


@pytest.mark.parametrize("mass", [1e-300, 1e-30, 1e-12])
def test_tiny_masses(mass: float) -> None:
    found = solve(DiscreteProblem([mass, 1 - mass], [0.4, 0.6], [[0.0, 1.0], [1.0, 0.0]]), rate=0.3)
    assert found.verify()
    assert found.status == "certified"


def test_negative_zero_and_denormals() -> None:
    problem = DiscreteProblem([-0.0, 1.0], [5e-324, 1.0], [[-0.0, 1.0], [1.0, 5e-324]])
    for rate in (-0.0, 5e-324, 1e-30):
        assert solve(problem, rate=rate).verify()


def test_plan_potentials_and_temperature_belong_together() -> None:
    problem = binary(0.3, 0.45)
    found = solve(problem, rate=0.4)
    plan, potentials, temperature = found.plan, found.potentials, found.temperature
    assert plan is not None
    assert potentials is not None
    assert temperature is not None
    f, g = potentials
    gibbs = np.outer(problem.p_X, problem.p_Y) * np.exp((f[:, None] + g[None, :] - problem.cost) / temperature)
    np.testing.assert_allclose(plan, gibbs, atol=1e-12)
    nats = 0.4 * math.log(2)
    assert problem.p_X @ f + problem.p_Y @ g - temperature * nats == pytest.approx(found.lower, rel=1e-13)
