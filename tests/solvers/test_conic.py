"""The conic programs: relative entropy is the right one, and the multipliers are those of the temperature search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from zoo import random_problem, symmetric_distortion

from solvers.conic import least_distortion, least_rate
from solvers.sinkhorn import at_rate

HALF = np.array([0.5, 0.5])
COST = np.array([[0.0, 1.0], [1.0, 0.0]])


def test_binary_symmetric_source() -> None:
    found = least_distortion(HALF, HALF, COST, 0.3 * math.log(2))
    assert found is not None
    d = symmetric_distortion(2, 0.3)
    assert float(np.sum(found.plan * COST)) == pytest.approx(d, abs=1e-7)
    assert found.rate_multiplier == pytest.approx(1 / math.log((1 - d) / d), rel=1e-3)  # Clarabel stops at 1e-8 of the value
    back = least_rate(HALF, HALF, COST, d)
    assert back is not None
    assert back.rate_multiplier == pytest.approx(found.rate_multiplier, rel=1e-3)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_multipliers_are_those_of_the_temperature_search(scale: float) -> None:
    problem = random_problem(np.random.default_rng(3), 6, 7)
    p, q, cost = problem.p_X, problem.p_Y, problem.cost * scale
    cone, mine = least_distortion(p, q, cost, 0.4), at_rate(p, q, cost, 0.4)
    assert cone is not None
    assert cone.rate_multiplier == pytest.approx(mine.temperature, rel=1e-3)
    np.testing.assert_allclose(cone.g - cone.g @ q, mine.g - mine.g @ q, atol=1e-3 * scale)


def test_no_constraint_is_plain_transport() -> None:
    found = least_distortion(HALF, HALF, COST, math.inf)
    assert found is not None
    assert found.rate_multiplier == 0.0
    assert float(np.sum(found.plan * COST)) == pytest.approx(0.0, abs=1e-7)
