"""The one-shot program: exact against the closed form, enumeration in floats, and a scan of the covariance."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from zoo import binary, binary_entropy, random_problem

from solvers import DiscreteProblem, solve
from solvers.oneshot import oneshot_exact

INF = math.inf


def entropy(masses: Any) -> float:
    masses = np.asarray(masses)
    masses = masses[masses > 0]
    return -float(np.sum(masses * np.log2(masses)))


def enumerated(problem: DiscreteProblem, *, rate: float = INF, distortion: float = INF, classification: float = INF) -> float:
    """The program over all maps, in floats by HiGHS: no code in common with the solver."""
    assert problem.p_S_given_X is not None
    n, m = problem.cost.shape
    laws, costs, rates, losses = [], [], [], []
    for phi in itertools.product(range(m), repeat=n):
        joint = np.zeros((problem.p_S_given_X.shape[1], m))
        for x, y in enumerate(phi):
            joint[:, y] += problem.p_X[x] * problem.p_S_given_X[x]
        laws.append(joint.sum(axis=0))
        costs.append(sum(problem.p_X[x] * problem.cost[x, y] for x, y in enumerate(phi)))
        rates.append(entropy(laws[-1]))
        losses.append(entropy(joint.ravel()) - rates[-1])
    rows = [(row, budget) for row, budget in ((rates, rate), (costs, distortion), (losses, classification)) if budget < INF]
    found = linprog(
        costs if distortion == INF else rates,
        A_ub=[row for row, _ in rows] or None,
        b_ub=[budget for _, budget in rows] or None,
        A_eq=np.array(laws).T,
        b_eq=problem.p_Y,
    )
    return float(found.fun) if found.status == 0 else INF


def closed_form(q_X: float, q_Y: float, q_S: float, rate: float, loss: float) -> float:
    """THEORY 2.1, for q_X, q_Y, q_S in (0, 1/2)."""
    label = q_X + q_S - 2 * q_X * q_S
    most = min(1.0, rate / binary_entropy(q_X))
    least = max(0.0, (binary_entropy(label) - loss) / (binary_entropy(label) - binary_entropy(q_S)))
    kappa = min(q_Y / q_X, (1 - q_Y) / (1 - q_X))
    alone, gain = q_X + q_Y - 2 * q_X * q_Y, 2 * q_X * (1 - q_X)
    if least > most:
        return INF
    if least <= min(kappa, most):
        return alone - gain * min(kappa, most)
    if q_Y < q_X:
        return INF
    flip = (least * (1 - q_X) - (1 - q_Y)) / (1 - 2 * q_X)
    return alone - gain * (least - 2 * flip)


@pytest.mark.parametrize("seed", range(4))
def test_exact_program_is_the_closed_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    regimes = set()
    for _ in range(150):
        q_X, q_Y, q_S = (float(x) for x in rng.uniform(0.001, 0.499, 3))
        label = q_X + q_S - 2 * q_X * q_S
        rate = float(rng.uniform(0, 1.2)) * binary_entropy(q_X)
        loss = binary_entropy(q_S) + float(rng.uniform(0, 1.2)) * (binary_entropy(label) - binary_entropy(q_S))
        value = closed_form(q_X, q_Y, q_S, rate, loss)
        found = solve(binary(q_X, q_Y, q_S), rate=rate, classification=loss, setting="oneshot")
        assert found.verify()
        regimes.add(found.status)
        if value == INF:
            assert found.status == "infeasible"
        else:
            assert found.upper - found.lower <= 4e-16
            assert found.lower == pytest.approx(value, rel=1e-12)
    assert regimes == {"certified", "infeasible"}


@pytest.mark.parametrize(("n", "m", "seed"), [(2, 3, 0), (3, 2, 1), (3, 3, 2), (4, 2, 3), (4, 3, 4), (5, 3, 5), (4, 4, 6)])
def test_against_enumeration(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = set()
    for _ in range(5):
        problem = random_problem(rng, n, m, labels=2)
        assert problem.p_S_given_X is not None
        top, floor = entropy(problem.p_X @ problem.p_S_given_X), float(problem.p_X @ [entropy(r) for r in problem.p_S_given_X])
        rate, loss = float(rng.random()) * entropy(problem.p_X), floor + float(rng.random()) * 1.1 * (top - floor)
        value = enumerated(problem, rate=rate, classification=loss)
        found = solve(problem, rate=rate, classification=loss, setting="oneshot")
        assert found.verify()
        seen.add(found.status)
        assert found.status == ("infeasible" if value == INF else "certified")
        if value < INF:
            assert found.lower == pytest.approx(value, rel=1e-8)
            back = solve(problem, distortion=value * 1.05, classification=loss, setting="oneshot")
            assert back.verify()
            assert back.upper == pytest.approx(
                enumerated(problem, distortion=value * 1.05, classification=loss), rel=1e-7, abs=1e-9
            )
    assert "certified" in seen


def test_column_generation_reaches_large_alphabets() -> None:
    rng = np.random.default_rng(3)
    problem = random_problem(rng, 8, 6, labels=3)
    found = solve(problem, rate=1.0, setting="oneshot")
    assert found.verify()
    assert found.status == "certified"
    assert found.relative_gap <= 1e-12
    assert found.lower >= solve(problem, rate=1.0).lower


def covariance_scan(problem: DiscreteProblem, rate: float, loss: float) -> tuple[float, float]:
    """Least distortion over 40,001 covariances (Hamming; classifier without the seed), and the step of the scan."""
    p, q = float(problem.p_X[1]), float(problem.p_Y[1])
    assert problem.p_S_given_X is not None
    deltas = np.linspace(-min(p * q, (1 - p) * (1 - q)), min(p * (1 - q), q * (1 - p)), 40001)
    scale = p * (1 - p)
    # delta > 0 uses the identity alone, delta < 0 the flip alone (THEORY 2.1), each of rate H(X) a unit of weight.
    weight = np.abs(deltas) / scale
    fits = np.where(deltas >= 0, weight <= min(q / p, (1 - q) / (1 - p)), weight <= min(q / (1 - p), (1 - q) / p))
    best = INF
    for delta in deltas[fits & (weight * binary_entropy(p) <= rate)]:
        plan = np.outer(problem.p_X, problem.p_Y) + delta * np.array([[1, -1], [-1, 1]])
        joint = problem.p_S_given_X.T @ plan
        if entropy(joint.ravel()) - entropy(problem.p_Y) <= loss:
            best = min(best, float(np.sum(plan * problem.cost)))
    return best, 2 * float(deltas[1] - deltas[0])


@pytest.mark.parametrize("seed", range(12))
def test_seed_blind_binary_is_exact(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    q_X, q_Y, q_S = (float(x) for x in rng.uniform(0.05, 0.49, 3))
    label = q_X + q_S - 2 * q_X * q_S
    problem = binary(q_X, q_Y, q_S)
    rate = float(rng.uniform(0.2, 1.1)) * binary_entropy(q_X)
    loss = binary_entropy(label) - float(rng.uniform(0, 0.6)) * (binary_entropy(label) - binary_entropy(q_S))
    value, step = covariance_scan(problem, rate, loss)
    found = solve(problem, rate=rate, classification=loss, setting="oneshot", classifier_sees_seed=False)
    assert found.verify()
    if value == INF:
        assert found.status == "infeasible"
        return
    assert found.status == "certified"
    assert found.lower <= value <= found.upper + step
    seeing = solve(problem, rate=rate, classification=loss, setting="oneshot")
    assert seeing.lower <= found.upper
    back = solve(problem, distortion=found.upper, classification=loss, setting="oneshot", classifier_sees_seed=False)
    assert back.verify()
    assert back.status == "certified"
    assert back.lower <= rate * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_seed_blind_larger_alphabets_give_intervals(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 3, 3, labels=2)
    assert problem.p_S_given_X is not None
    loss = 0.95 * entropy(problem.p_X @ problem.p_S_given_X)
    found = solve(problem, rate=1.0, classification=loss, setting="oneshot", classifier_sees_seed=False)
    assert found.verify()
    seeing = solve(problem, rate=1.0, classification=loss, setting="oneshot")
    assert seeing.lower <= found.lower <= found.upper


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(
    "q", [(0, 0.3, 0.1), (0.3, 0, 0.1), (1, 0.3, 0.2), (0.5, 0.5, 0.5), (0.5, 0.5, 0.0), (0.25, 0.25, 0.0), (0, 1, 0)]
)
def test_degenerate_laws_and_boundaries_are_certified_or_infeasible(q: tuple[float, float, float], seen: bool) -> None:
    q_X, q_Y, q_S = q
    label = q_X + q_S - 2 * q_X * q_S
    problem = binary(q_X, q_Y, q_S)
    for rate in (0.0, 0.5, binary_entropy(q_X), 1.0, INF):
        for loss in (binary_entropy(q_S), binary_entropy(label), 1.0, INF, 0.5):
            found = solve(problem, rate=rate, classification=loss, setting="oneshot", classifier_sees_seed=seen)
            assert found.verify()
            assert found.status in {"certified", "infeasible"}


def test_a_boundary_decided_by_an_irrational_is_an_honest_gap() -> None:
    """C = float(H(S|X)) may lie on either side of H(S|X): then there is a lower end, and perhaps no plan."""
    q_S = 0.3
    at = solve(binary(0.5, 0.5, q_S), rate=1.0, classification=binary_entropy(q_S), setting="oneshot")
    assert at.verify()
    below = math.nextafter(binary_entropy(q_S), 0)
    above = math.nextafter(binary_entropy(q_S), 1)
    assert solve(binary(0.5, 0.5, q_S), rate=1.0, classification=below, setting="oneshot").status == "infeasible"
    assert solve(binary(0.5, 0.5, q_S), rate=1.0, classification=above, setting="oneshot").status == "certified"


def test_exact_interval() -> None:
    low, high = oneshot_exact(binary(0.25, 0.125), rate=1.0)
    assert low == high == Fraction(1, 8)
    low, high = oneshot_exact(binary(0.2, 0.4, 0.1), rate=0.5, classification=0.7)
    assert isinstance(low, Fraction)
    assert isinstance(high, Fraction)
    assert 0 <= high - low < Fraction(1, 10**50)
    assert oneshot_exact(binary(0.2, 0.4, 0.1), rate=0.5, classification=0.3) == (INF, INF)
