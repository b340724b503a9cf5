"""Branch and bound on the posteriors: closed intervals against brute force and local search, infeasibility, boundaries, the Lagrangian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from zoo import ORDERED, random_problem

from rdcsym.problem import FloatArray, InputError
from solvers import DiscreteProblem, solve
from solvers.branch_bound import greatest_kappa
from solvers.certificate import TreeDual
from solvers.sinkhorn import mutual_information


def entropy(masses: FloatArray) -> float:
    masses = masses[masses > 0]
    return -float(np.sum(masses * np.log(masses)))


def told(problem: DiscreteProblem, plan: FloatArray) -> float:
    """I(S;Y) in nats."""
    assert problem.p_S_given_X is not None
    return mutual_information(problem.p_S_given_X.T @ plan, problem.p_X @ problem.p_S_given_X, problem.p_Y)


def loss_for(problem: DiscreteProblem, wanted: float) -> float:
    assert problem.p_S_given_X is not None
    return entropy(problem.p_X @ problem.p_S_given_X) - wanted


def two_by_two(problem: DiscreteProblem, rate: float, wanted: float) -> float:
    """All of the one free mass: the cost is linear in it, so the optimum is at an end of an interval of feasible masses."""
    p, q = problem.p_X[0], problem.p_Y[0]

    def plan(x: float) -> FloatArray:
        return np.array([[x, p - x], [q - x, 1 - p - q + x]]).clip(0)

    def slack(x: float) -> float:
        here = plan(x)
        return min(rate - mutual_information(here, problem.p_X, problem.p_Y), told(problem, here) - wanted)

    grid = np.linspace(max(0.0, p + q - 1), min(p, q), 2001)
    values = [slack(x) for x in grid]
    ends = [x for x, s in zip(grid, values, strict=True) if s >= 0]
    for a, b, u, v in zip(grid, grid[1:], values, values[1:], strict=False):
        if (u >= 0) != (v >= 0):
            ends.append(float(brentq(slack, a, b, xtol=1e-15)))
    return min((float(np.sum(plan(x) * problem.cost)) for x in ends), default=math.inf)


@pytest.mark.parametrize("seed", range(5))
def test_two_symbols_against_all_of_the_one_parameter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 2, 2, labels=int(rng.integers(2, 4)))
    rate = float(rng.uniform(0.1, 0.9)) * min(entropy(problem.p_X), entropy(problem.p_Y))
    free = solve(problem, rate=rate, units="nats").plan
    assert free is not None
    for factor in (0.9, 1.02, 1.5):
        wanted = factor * told(problem, free)
        found = solve(problem, rate=rate, classification=max(0.0, loss_for(problem, wanted)), units="nats")
        assert found.verify()
        value = two_by_two(problem, rate, wanted)
        if found.status == "infeasible":
            assert value == math.inf
        else:
            assert found.status == "certified"
            assert found.lower - 1e-9 <= value <= found.upper + 1e-9


@pytest.mark.parametrize(("seed", "shape", "labels"), [(2, (4, 2), 2), (5, (4, 4), 2), (7, (3, 3), 2)])
def test_a_gap_of_the_relaxation_is_closed(seed: int, shape: tuple[int, int], labels: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, *shape, labels=labels)
    rate = 0.6 * min(entropy(problem.p_X), entropy(problem.p_Y))
    plan = solve(problem, rate=rate, units="nats").plan
    assert plan is not None
    loss = loss_for(problem, 1.05 * told(problem, plan))
    found = solve(problem, rate=rate, classification=loss, units="nats")
    assert found.verify()
    assert found.status == "certified"
    relaxed = solve(problem, rate=rate, classification=loss, units="nats", nodes=0)
    assert relaxed.lower <= found.upper
    assert found.lower <= relaxed.upper


def test_least_rate_meets_least_distortion() -> None:
    """R(D, C) at the optimum D(R, C): no more than the rate that was given."""
    loss = loss_for(ORDERED, 0.1107)
    there = solve(ORDERED, rate=0.75, classification=loss, units="nats")
    back = solve(ORDERED, distortion=there.upper, classification=loss, units="nats", tolerance=1e-4)
    assert there.status == back.status == "certified"
    assert back.verify()
    assert isinstance(back.dual, TreeDual)
    assert back.lower <= 0.75


@pytest.mark.parametrize("factor", [1.002, 1.05])
def test_infeasibility_beyond_data_processing_is_proved(factor: float) -> None:
    """More than any coupling with these marginals tells of S, though less than X does: only the tree can say so."""
    problem = random_problem(np.random.default_rng(31), 2, 3, labels=2)
    best = max(told(problem, plan) for plan in vertices(problem))
    found = solve(problem, rate=9.0, classification=loss_for(problem, factor * best), units="nats")
    assert loss_for(problem, factor * best) > loss_for(problem, capacity(problem))
    assert found.status == "infeasible"
    assert isinstance(found.dual, TreeDual)
    assert found.verify()


def capacity(problem: DiscreteProblem) -> float:
    """I(S;X) in nats."""
    assert problem.p_S_given_X is not None
    return loss_for(problem, 0.0) - sum(p * entropy(row) for p, row in zip(problem.p_X, problem.p_S_given_X, strict=True))


def vertices(problem: DiscreteProblem) -> list[FloatArray]:
    """Vertices of the couplings, where the convex I(S;Y) has its maximum: north-west corners in every order."""
    from itertools import permutations

    found = []
    for rows in permutations(range(problem.p_X.size)):
        for columns in permutations(range(problem.p_Y.size)):
            plan, p, q = np.zeros_like(problem.cost), problem.p_X.copy(), problem.p_Y.copy()
            i = j = 0
            while i < p.size and j < q.size:
                x, y = rows[i], columns[j]
                mass = min(p[x], q[y])
                plan[x, y] += mass
                p[x] -= mass
                q[y] -= mass
                i, j = (i + 1, j) if p[x] <= q[y] else (i, j + 1)
            found.append(plan)
    return found


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 0.0},
        {"rate": 1e-6},
        {"classification": 0.0},
        {"p_X": [1.0], "cost": [[0.0, 1.0]], "p_S_given_X": [[0.3, 0.7]]},
        {"p_S_given_X": [[0.5, 0.5, 0.0], [0.1, 0.9, 0.0]]},
        {"p_S_given_X": [[0.4, 0.6], [0.4, 0.6]]},
        {"p_S_given_X": [[1.0, 0.0], [0.0, 1.0]]},
        {"p_X": [0.0, 1.0]},
        {"cost": [[2.0, 2.0], [2.0, 2.0]]},
    ],
)
@pytest.mark.parametrize("loss", ["floor", "a hair above", "H(S)"])
def test_boundaries_are_answered(change: dict[str, Any], loss: str) -> None:
    data = {
        "p_X": [0.4, 0.6],
        "p_Y": [0.3, 0.7],
        "cost": [[0.0, 1.0], [0.8, 0.1]],
        "p_S_given_X": [[0.9, 0.1], [0.3, 0.7]],
    } | change
    rate, asked = data.pop("rate", 0.3), data.pop("classification", None)
    problem = DiscreteProblem(**{name: np.array(value) for name, value in data.items()})
    assert problem.p_S_given_X is not None
    least = loss_for(problem, capacity(problem))
    if asked is None:
        asked = {"floor": least, "a hair above": least * (1 + 1e-9), "H(S)": loss_for(problem, 0.0)}[loss]
    found = solve(problem, rate=rate, classification=max(0.0, asked), units="nats", nodes=200)
    assert found.verify()
    assert not math.isnan(found.lower)


@pytest.mark.parametrize("nodes", [-1, 1.5, True, "many"])
def test_nodes_that_are_no_number(nodes: Any) -> None:
    with pytest.raises(InputError, match="nodes"):
        solve(ORDERED, rate=0.5, classification=0.9, nodes=nodes)


def test_a_node_limit_leaves_an_honest_gap() -> None:
    problem = random_problem(np.random.default_rng(0), 4, 3, labels=3)
    plan = solve(problem, rate=0.7, units="nats").plan
    assert plan is not None
    loss = loss_for(problem, 1.1 * told(problem, plan))
    few, many = (solve(problem, rate=0.7, classification=loss, units="nats", nodes=n) for n in (10, 200))
    assert few.status == "gap"
    assert few.verify()
    assert few.lower <= many.upper
    assert few.relative_gap >= many.relative_gap


def test_kappa_of_a_symmetric_channel_is_the_contraction_it_is_known_to_have() -> None:
    """eta = (1 - 2 e)^2 for the binary symmetric channel (Ahlswede and Gacs 1976)."""
    for e in (0.05, 0.2, 0.4):
        assert greatest_kappa(np.array([[1 - e, e], [e, 1 - e]])) == pytest.approx((1 - 2 * e) ** -2, rel=1e-9)
