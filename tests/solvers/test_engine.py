"""The fast engine: against the slow one, on random, structured and hard problems, on NumPy and torch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdcsym.problem import InputError
from solvers import DiscreteProblem, solve
from solvers.engine import at_distortion, at_rate
from solvers.sinkhorn import at_rate as slow_at_rate


def gaussian_grid(n: int) -> tuple[Any, Any, Any]:
    x = np.linspace(-4, 4, n)
    p, q = np.exp(-(x**2) / 2), np.exp(-(x**2) / 1.28)
    return p / p.sum(), q / q.sum(), (x[:, None] - x[None, :]) ** 2


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_it_meets_the_slow_engine_and_the_certificate_closes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = (int(k) for k in rng.integers(4, 40, 2))
    p, q = rng.dirichlet(np.full(n, 0.7)) + 1e-6, rng.dirichlet(np.full(m, 0.7)) + 1e-6
    p, q = p / p.sum(), q / q.sum()
    cost = rng.random((n, m)) * 10.0 ** rng.integers(-3, 4)
    rate = float(rng.uniform(0.05, 0.6)) * math.log(min(n, m))
    fast, slow = at_rate(p, q, cost, rate), slow_at_rate(p, q, cost, rate)
    if fast.binds and slow.binds:
        assert fast.rate == pytest.approx(rate, abs=1e-7)
        assert fast.temperature == pytest.approx(slow.temperature, rel=1e-4)
    found = solve(DiscreteProblem(p, q, cost), rate=rate, units="nats", method="newton", tolerance=1e-6)
    assert found.verify()
    assert found.status == "certified"


@pytest.mark.parametrize("rate", [0.1, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("n", [100, 400])
def test_gaussian_grids_at_low_and_high_rates(n: int, rate: float) -> None:
    p, q, cost = gaussian_grid(n)
    found = solve(DiscreteProblem(p, q, cost), rate=rate, units="nats", tolerance=1e-7)
    assert found.status == "certified"
    assert found.verify()
    back = solve(DiscreteProblem(p, q, cost), distortion=found.upper, units="nats", tolerance=1e-5)
    assert back.status == "certified"
    assert back.lower <= rate + 1e-6
    assert back.upper >= rate - 1e-5


def test_the_order_of_the_symbols_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    p, q, cost = gaussian_grid(300)
    rows, columns = rng.permutation(300), rng.permutation(300)
    plain = at_rate(p, q, cost, 2.0)
    mixed = at_rate(p[rows], q[columns], cost[np.ix_(rows, columns)], 2.0)
    assert mixed.cost == pytest.approx(plain.cost, rel=1e-8)
    assert mixed.temperature == pytest.approx(plain.temperature, rel=1e-6)


@pytest.mark.parametrize("shape", [(400, 30), (30, 400)])
def test_sides_of_different_sizes(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    n, m = shape
    problem = DiscreteProblem(rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)), rng.random(shape))
    found = solve(problem, rate=1.0, units="nats")
    assert (found.status, found.method) == ("certified", "newton")
    assert found.verify()


def test_a_rate_that_does_not_bind_ends_in_plain_transport() -> None:
    rng = np.random.default_rng(2)
    problem = DiscreteProblem(rng.dirichlet(np.ones(80)), rng.dirichlet(np.ones(80)), rng.random((80, 80)))
    free, tight = (solve(problem, rate=rate, units="nats") for rate in (math.inf, 4.3))
    assert free.status == tight.status == "certified"
    assert tight.lower <= free.upper * (1 + 1e-6)


def test_ties_zero_masses_and_huge_costs() -> None:
    rng = np.random.default_rng(4)
    p, q = rng.dirichlet(np.ones(70)), rng.dirichlet(np.ones(90))
    p[:10], q[:20] = 0.0, 1e-280
    for cost in (
        rng.integers(0, 3, (70, 90)).astype(float),
        1e12 * rng.random((70, 90)),
        np.ones((70, 90)),
        rng.random((70, 1)) + rng.random(90),
    ):
        problem = DiscreteProblem(p / p.sum(), q / q.sum(), cost)
        for rate in (0.0, 1e-9, 0.7, 2.5):
            found = solve(problem, rate=rate, units="nats")
            assert found.verify()
            assert found.status == "certified", (rate, found)


def test_torch_gives_the_same_potentials() -> None:
    p, q, cost = gaussian_grid(150)
    for solver, budget in ((at_rate, 1.5), (at_distortion, 0.1)):
        plain, there = solver(p, q, cost, budget), solver(p, q, cost, budget, device="torch")
        assert there.temperature == pytest.approx(plain.temperature, rel=1e-9)
        assert np.allclose(there.g, plain.g, atol=1e-9)


def test_unknown_and_absent_devices_are_named() -> None:
    import torch

    p, q, cost = gaussian_grid(70)
    problem = DiscreteProblem(p, q, cost)
    with pytest.raises(InputError, match="device = gpu"):
        solve(problem, rate=1.0, device="gpu")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device = cuda"):
            solve(problem, rate=1.0, device="cuda")
