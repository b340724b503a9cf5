"""Classification constraints: the relaxation against the cone, tight where the rate binds, honest where it does not."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from zoo import ORDERED, binary, binary_entropy, random_problem

from solvers import DiscreteProblem, solve
from solvers.certificate import ChannelDual
from solvers.conic import least_distortion
from solvers.relaxation import LabelledSource, minimise_lagrangian, solve_relaxation

LABEL_ENTROPY = 0.25 * math.log(4) + 0.75 * math.log(4 / 3)  # H(S) of ORDERED, nats


def source_of(problem: DiscreteProblem) -> LabelledSource:
    assert problem.p_S_given_X is not None
    return LabelledSource(problem.p_X, problem.p_Y, problem.cost, problem.p_S_given_X)


@pytest.mark.parametrize("seed", range(6))
def test_relaxation_agrees_with_the_cone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, int(rng.integers(3, 9)), int(rng.integers(3, 9)), labels=int(rng.integers(2, 4)))
    source = source_of(problem)
    rate, wanted = 0.4, float(rng.uniform(0.02, 0.2))

    def hotter(k: Any) -> float:
        both, given = source.information(k.plan)
        return (1 - k.share) * (both - rate) + k.share * (given - rate + wanted)

    mine = solve_relaxation(source, hotter, lambda k: wanted - source.label_information(k.plan))
    cone = least_distortion(source.p, source.q, source.cost, rate, source.label, rate - wanted)
    assert cone is not None
    assert float(np.sum(mine.plan * source.cost)) == pytest.approx(float(np.sum(cone.plan * source.cost)), abs=2e-7)
    both, given = source.information(mine.plan)
    assert both <= rate + 1e-9
    assert given <= rate - wanted + 1e-9


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_lagrangian_is_stationary(share: float) -> None:
    """No nearby coupling has a lesser Lagrangian: the gap of the linearised problem vanishes."""
    source = source_of(random_problem(np.random.default_rng(1), 6, 5, labels=3))
    tau = 0.2
    found = minimise_lagrangian(source, tau, share)
    conditional = found.plan / source.p[:, None]
    r = source.output_given_label(found.plan)
    gradient = source.cost + tau * (1 - share) * np.log(conditional / source.q)
    gradient += tau * share * (np.log(conditional) - source.label @ np.log(r))
    reduced = gradient - found.g
    np.testing.assert_allclose(reduced - reduced.min(axis=1, keepdims=True), 0.0, atol=1e-9)


def test_theorys_witness_of_a_function_that_is_not_convex() -> None:
    """THEORY 2.4: wanting a little more information about S makes the single-letter optimum jump."""
    before = solve(ORDERED, rate=0.75, classification=LABEL_ENTROPY - 0.1049, units="nats")
    after = solve(ORDERED, rate=0.75, classification=LABEL_ENTROPY - 0.1107, units="nats")
    assert before.verify()
    assert after.verify()
    assert before.status == "certified"
    assert before.upper == pytest.approx(0.1718, abs=5e-4)
    assert after.status == "certified"
    assert after.upper == pytest.approx(1.762, abs=2e-3)
    envelope = solve(ORDERED, rate=0.75, classification=LABEL_ENTROPY - 0.1107, units="nats", setting="asymptotic")
    assert envelope.verify()
    assert envelope.lower <= 0.61


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("setting", ["single-letter", "asymptotic"])
def test_a_label_that_asks_a_little_more_is_paid_in_distortion_and_certified(seed: int, setting: str) -> None:
    """Where rate and label both bind, the relaxation is exact: a true tradeoff, with both multipliers positive."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, int(rng.integers(3, 9)), int(rng.integers(3, 9)), labels=2)
    source = source_of(problem)
    mass = problem.p_X @ source.label
    free = solve(problem, rate=0.4)
    assert free.plan is not None
    loss = (-float(np.sum(mass * np.log(mass))) - 1.05 * source.label_information(free.plan)) / math.log(2)
    found = solve(problem, rate=0.4, classification=loss, setting=setting)
    assert found.verify()
    assert found.status == "certified"
    assert found.lower > free.upper
    assert isinstance(found.dual, ChannelDual)
    assert min(found.dual.rate_multiplier, found.dual.label_multiplier) > 0


@pytest.mark.parametrize(("rate", "loss"), [(0.3, 0.85), (0.5, 0.8), (0.7, 0.75)])
def test_binary_symmetric_source_is_certified_wherever_feasible(rate: float, loss: float) -> None:
    """Uniform X and Y: one crossover d settles rate and loss, so the constraint either holds at D(R) or nowhere."""
    problem = binary(0.5, 0.5, 0.1)
    d = solve(problem, rate=rate).upper
    reached = binary_entropy(0.9 * d + 0.1 * (1 - d))
    found = solve(problem, rate=rate, classification=loss)
    assert found.verify()
    if reached <= loss:
        assert found.status == "certified"
        assert found.upper == pytest.approx(d, rel=1e-9)
    else:
        assert found.upper == math.inf


def grid_optimum(problem: DiscreteProblem, rate: float, wanted: float, steps: int) -> float:
    """Two symbols of X, three of Y: the polytope has two dimensions, so a grid sees all of it."""
    p, q = problem.p_X, problem.p_Y
    assert problem.p_S_given_X is not None
    label_mass = p @ problem.p_S_given_X
    best = math.inf
    for a, b in itertools.product(np.linspace(0, 1, steps), repeat=2):
        row = np.array([a * q[0], b * q[1], 0.0])
        row[2] = p[0] - row.sum()
        plan = np.vstack([row, q - row])
        if (plan < 0).any():
            continue
        joint = problem.p_S_given_X.T @ plan

        def information(table: Any, left: Any) -> float:
            with np.errstate(divide="ignore", invalid="ignore"):
                terms = np.where(table > 0, table * np.log(table / np.outer(left, q)), 0.0)
            return float(terms.sum())

        if information(plan, p) <= rate and information(joint, label_mass) >= wanted:
            best = min(best, float(np.sum(plan * problem.cost)))
    return best


@pytest.mark.parametrize("seed", range(5))
def test_interval_holds_the_optimum_of_a_grid(seed: int) -> None:
    rng = np.random.default_rng(30 + seed)
    problem = random_problem(rng, 2, 3, labels=2)
    source = source_of(problem)
    mass = problem.p_X @ source.label
    entropy = -float(np.sum(mass * np.log(mass)))
    rate = 0.3
    free = solve(problem, rate=rate, units="nats")
    assert free.plan is not None
    most = source.label_information(free.plan)
    for factor in (0.9, 1.1, 1.4):
        found = solve(problem, rate=rate, classification=max(0.0, entropy - factor * most), units="nats")
        assert found.verify()
        value = grid_optimum(problem, rate, factor * most, 151)
        assert found.lower <= value + 1e-9
        if value < math.inf:
            assert found.upper <= value + 1e-4 or found.status == "gap"


def test_rate_of_a_label_alone() -> None:
    """With a generous distortion the least rate is what the label asks: at least H(S) - C, and a plan exists."""
    problem = binary(0.5, 0.5, 0.1)
    found = solve(problem, distortion=1.0, classification=0.8)
    assert found.verify()
    d = next(x for x in np.linspace(0.5, 0, 500001) if binary_entropy(0.9 * x + 0.1 * (1 - x)) <= 0.8)
    assert found.lower <= 1 - binary_entropy(float(d)) + 1e-5
    assert found.lower >= 0.2 - 1e-12
    assert found.upper >= 1 - binary_entropy(float(d)) - 1e-5


@pytest.mark.parametrize(("symbols", "labels"), [(24, 6), pytest.param(64, 10, marks=pytest.mark.slow)])
def test_many_symbols_and_labels(symbols: int, labels: int) -> None:
    problem = random_problem(np.random.default_rng(2), symbols, symbols, labels=labels)
    assert problem.p_S_given_X is not None
    mass = problem.p_X @ problem.p_S_given_X
    loss = -float(np.sum(mass * np.log2(mass))) - 0.05
    found = solve(problem, rate=0.5, classification=loss)
    assert found.verify()
    assert found.lower <= found.upper < math.inf


def test_method_conic_gives_the_same_lower_end() -> None:
    problem = random_problem(np.random.default_rng(4), 5, 5, labels=3)
    assert problem.p_S_given_X is not None
    mass = problem.p_X @ problem.p_S_given_X
    question = {"rate": 0.5, "classification": 0.8 * -float(np.sum(mass * np.log2(mass)))}
    mine, cone = solve(problem, nodes=0, **question), solve(problem, method="conic", **question)
    assert mine.verify()
    assert cone.verify()
    assert cone.lower == pytest.approx(mine.lower, rel=1e-5)
