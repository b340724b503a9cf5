"""Plain transport: dual feasible, complementary, and unmoved by the units of the cost."""

from __future__ import annotations

import numpy as np
import pytest
from zoo import random_problem

from solvers.transport import transport


@pytest.mark.parametrize("seed", range(6))
def test_duality(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, int(rng.integers(1, 40)), int(rng.integers(1, 40)))
    p, q = problem.p_X, problem.p_Y
    for scale, shift in ((1.0, 0.0), (1e-9, 0.0), (1e9, 3e9)):
        cost = scale * problem.cost + shift
        found = transport(p, q, cost)
        f = (cost - found.g).min(axis=1)
        assert p @ f + q @ found.g == pytest.approx(found.cost, rel=1e-10)
        np.testing.assert_allclose(found.plan.sum(axis=0), q, atol=1e-13)
        np.testing.assert_allclose(found.plan.sum(axis=1), p, atol=1e-13)
        assert (found.plan >= 0).all()


def test_masses_that_disagree_by_rounding() -> None:
    p, q = np.full(3, 1 / 3), np.array([0.5, 0.5 + 1e-9])
    assert transport(p, q, np.arange(6.0).reshape(3, 2)).plan.sum() == pytest.approx(1.0, abs=1e-8)
