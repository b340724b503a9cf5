"""Entropic transport: stationarity, the two searches against each other, and the corners."""

from __future__ import annotations

import math

import numpy as np
import pytest
from zoo import random_problem

from solvers.sinkhorn import at_distortion, at_rate, climb, mutual_information
from solvers.transport import transport


@pytest.mark.parametrize("seed", range(8))
def test_marginals_rate_and_gibbs_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, int(rng.integers(2, 30)), int(rng.integers(2, 30)))
    p, q, cost = problem.p_X, problem.p_Y, problem.cost
    free = mutual_information(transport(p, q, cost).plan, p, q)
    for share in (1e-9, 1e-3, 0.5, 0.99, 0.99999):
        found = at_rate(p, q, cost, share * free)
        np.testing.assert_allclose(found.plan.sum(axis=1), p, atol=1e-13)
        np.testing.assert_allclose(found.plan.sum(axis=0), q, atol=1e-13)
        assert found.binds
        assert mutual_information(found.plan, p, q) == pytest.approx(share * free, rel=1e-9)
        back = at_distortion(p, q, cost, float(np.sum(found.plan * cost)))
        assert mutual_information(back.plan, p, q) == pytest.approx(share * free, rel=1e-5)
        if share > 0.01:
            exponent = (found.g[None, :] - cost) / found.temperature
            kernel = np.outer(p, q) * np.exp(exponent - exponent.max(axis=1, keepdims=True))
            np.testing.assert_allclose(found.plan, kernel / kernel.sum(axis=1, keepdims=True) * p[:, None], atol=1e-9)


@pytest.mark.parametrize("rate", [1e-20, 1e-14, 1e-8])
def test_information_of_small_rates_keeps_its_digits(rate: float) -> None:
    """P = pq (1 + t z) with z of unit variance has I = t^2 / 2 + O(t^4) where z is a product of symmetric signs."""
    t = math.sqrt(2 * rate)
    plan = 0.25 * (1 + t * np.array([[1, -1], [-1, 1]]))
    half = np.array([0.5, 0.5])
    assert mutual_information(plan, half, half) == pytest.approx(rate, rel=3e-16 / t + 1e-6)


def test_information_of_a_permutation() -> None:
    p = np.array([0.2, 0.3, 0.5])
    assert mutual_information(np.diag(p), p, p) == pytest.approx(-float(np.sum(p * np.log(p))), rel=1e-14)


def test_rates_at_the_ends() -> None:
    p, q = np.array([0.3, 0.7]), np.array([0.6, 0.4])
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    none, all_ = at_rate(p, q, cost, 0.0), at_rate(p, q, cost, math.inf)
    np.testing.assert_array_equal(none.plan, np.outer(p, q))
    assert none.temperature == math.inf
    assert not all_.binds
    assert float(np.sum(all_.plan * cost)) == pytest.approx(transport(p, q, cost).cost, abs=1e-12)
    assert at_distortion(p, q, cost, 5.0).temperature == math.inf


def test_newton_follows_weakly_joined_parts() -> None:
    """Two far pairs whose masses do not match: potentials of the parts move by hundreds of temperatures."""
    p, q = np.array([0.3, 0.2, 0.5]), np.array([0.25, 0.25, 0.5])
    cost = np.array([[0.0, 0.3, 1.0], [0.3, 0.0, 1.0], [1.0, 1.0, 0.0]])
    found = climb(p, q, cost, 2000.0, np.array([300.0, 0.0, -200.0]))
    np.testing.assert_allclose(found.plan.sum(axis=0), q, atol=1e-11)


def test_separable_cost_needs_no_rate() -> None:
    p, q = np.array([0.3, 0.7]), np.array([0.6, 0.4])
    found = at_rate(p, q, np.add.outer(np.array([1.0, 5.0]), np.array([0.1, 0.2])), 0.3)
    np.testing.assert_allclose(found.plan, np.outer(p, q), atol=1e-15)
