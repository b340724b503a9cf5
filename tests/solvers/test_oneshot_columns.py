"""Column generation over maps, with three labels and a classifier that sees the seed, against the program over every map."""

from __future__ import annotations

import numpy as np
import pytest
from test_oneshot import INF, entropy, enumerated
from zoo import random_problem

from solvers import DiscreteProblem, solve


def tension(problem: DiscreteProblem, share: float) -> float:
    """A loss budget between H(S) (share 0) and H(S|X) (share 1), bits."""
    assert problem.p_S_given_X is not None
    floor = float(problem.p_X @ [entropy(row) for row in problem.p_S_given_X])
    return (1 - share) * entropy(problem.p_X @ problem.p_S_given_X) + share * floor


@pytest.mark.parametrize(("n", "m", "seed"), [(3, 3, 0), (4, 4, 1), (5, 4, 2), (6, 5, 3)])
@pytest.mark.parametrize(("share", "rate"), [(0.2, 0.8), (0.45, 0.8), (0.9, 0.3)])
def test_generated_columns_are_as_good_as_all_of_them(n: int, m: int, seed: int, share: float, rate: float) -> None:
    problem = random_problem(np.random.default_rng(seed), n, m, labels=3)
    loss = tension(problem, share)
    value = enumerated(problem, rate=rate, classification=loss)
    found = solve(problem, rate=rate, classification=loss, setting="oneshot")
    assert found.verify()
    assert found.status == ("infeasible" if value == INF else "certified")
    assert (value == INF) == (share == 0.9)
    if value < INF:
        assert found.relative_gap <= 1e-12
        assert found.lower == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_least_rate_over_generated_columns(seed: int) -> None:
    problem = random_problem(np.random.default_rng(seed), 4, 4, labels=3)
    loss = tension(problem, 0.2)
    cost = 0.85 * float(problem.p_X @ problem.cost @ problem.p_Y)
    found = solve(problem, distortion=cost, classification=loss, setting="oneshot")
    assert found.verify()
    assert found.status == "certified"
    assert found.lower == pytest.approx(enumerated(problem, distortion=cost, classification=loss), rel=1e-8)


def test_symbols_without_mass_and_labels_that_x_decides() -> None:
    rng = np.random.default_rng(7)
    p = np.array([0.3, 0.0, 0.2, 0.1, 0.4])
    q = np.array([0.25, 0.35, 0.0, 0.4])
    label = np.eye(3)[[0, 0, 1, 2, 1]]
    problem = DiscreteProblem(p, q, rng.random((5, 4)), label)
    small = DiscreteProblem(p[p > 0], q[q > 0], problem.cost[np.ix_(p > 0, q > 0)], label[p > 0])
    loss = tension(small, 0.7)
    found = solve(problem, rate=1.3, classification=loss, setting="oneshot")
    assert found.verify()
    assert found.status == "certified"
    assert found.lower == pytest.approx(enumerated(small, rate=1.3, classification=loss), rel=1e-8)
