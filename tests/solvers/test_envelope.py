"""The asymptotic setting: certified on both sides, below the single-letter function, convex in the budgets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from zoo import ORDERED, binary, random_problem

from solvers import Certificate, CertificateError, DiscreteProblem, checker, solve
from solvers.certificate import TreeDual

ORDERED_LABEL = ORDERED.p_X @ ORDERED.p_S_given_X  # type: ignore[operator]
LABEL_ENTROPY = -float(np.sum(ORDERED_LABEL * np.log(ORDERED_LABEL)))
PINCHED = binary(0.25, 2 / 3, 0.0)
"""The output law leaves room for little correlation and for much anticorrelation, which tells more about the label."""


def shared(problem: DiscreteProblem, **question: Any) -> Certificate:
    found = solve(problem, setting="asymptotic", **question)
    assert found.verify()
    return found


def test_theorys_witness_is_certified_on_both_sides() -> None:
    """THEORY 2.4: a single coupling needs 1.762, time sharing at most .61."""
    found = shared(ORDERED, rate=0.75, classification=LABEL_ENTROPY - 0.1107, units="nats")
    assert found.status == "certified"
    assert found.method == "time sharing"
    assert found.upper <= 0.61
    assert isinstance(found.dual, TreeDual)
    assert found.mixture is not None
    assert 2 <= len(found.mixture[1]) <= 3
    back = shared(ORDERED, distortion=found.upper, classification=LABEL_ENTROPY - 0.1107, units="nats")
    assert back.status == "certified"
    assert back.upper == pytest.approx(0.75, abs=1e-5)


@pytest.mark.parametrize(("rate", "loss"), [(0.3, 0.6), (0.6, 0.3), (0.9, 0.5)])
def test_two_symbols_share_the_time_between_two_couplings(rate: float, loss: float) -> None:
    """X decides the label; the extreme couplings of either sign are all that is mixed, so a line joins their points."""
    found = shared(PINCHED, rate=rate, classification=loss)
    single = solve(PINCHED, rate=rate, classification=loss)
    assert found.status == single.status == "certified"
    assert found.upper < single.lower - 0.01

    def least(rate: float) -> float:
        """A fine scan over pairs of covariances and the share of time that the budgets allow."""
        x, y = PINCHED.p_X[1], PINCHED.p_Y[1]
        deltas = np.linspace(-min(x * y, (1 - x) * (1 - y)), min(x * (1 - y), y * (1 - x)), 601)
        sign = np.array([[1.0, -1.0], [-1.0, 1.0]])
        plans = np.maximum(np.outer(PINCHED.p_X, PINCHED.p_Y) + deltas[:, None, None] * sign, 1e-300)
        cost, information = plans[:, 0, 1] + plans[:, 1, 0], -np.sum(plans * np.log2(plans), axis=(1, 2))
        law = np.array([-np.sum(p * np.log2(p)) for p in (PINCHED.p_X, PINCHED.p_Y)])
        information = law.sum() - information
        heard = law[0] - information
        best = math.inf
        for w in np.linspace(0, 1, 101):
            pair = [w * a[:, None] + (1 - w) * a for a in (cost, information, heard)]
            fits = (pair[1] <= rate + 1e-9) & (pair[2] <= loss + 1e-9)
            best = min(best, float(np.min(np.where(fits, pair[0], math.inf))))
        return best

    assert found.lower <= least(rate) + 1e-9
    assert least(rate) <= found.upper + 0.01


@pytest.mark.parametrize("seed", range(3))
def test_never_above_a_single_coupling_and_equal_where_that_is_convex(seed: int) -> None:
    problem = random_problem(np.random.default_rng(seed), 3, 3, labels=2)
    free = solve(problem, rate=0.5)
    assert free.plan is not None
    assert problem.p_S_given_X is not None
    joint = problem.p_S_given_X.T @ free.plan
    loss = -float(np.sum(joint * np.log2(joint / joint.sum(axis=0))))
    for share in (0.999, 0.97, 0.9):
        single, found = (
            solve(problem, rate=0.5, classification=share * loss),
            shared(problem, rate=0.5, classification=share * loss),
        )
        assert found.upper <= single.upper * (1 + 1e-6) or single.upper == math.inf
        assert found.lower <= single.upper


def test_values_are_convex_along_a_segment_of_budgets() -> None:
    ends = [(0.3, 0.7), (0.8, 0.3)]
    points = [tuple((1 - w) * a + w * b for a, b in zip(*ends, strict=True)) for w in (0.0, 0.25, 0.5, 0.75, 1.0)]
    found = [shared(PINCHED, rate=r, classification=c) for r, c in points]
    assert all(c.status == "certified" for c in found)
    for left, middle, right in zip(found, found[1:], found[2:], strict=False):
        assert middle.lower <= (left.upper + right.upper) / 2


def test_infeasible_on_average_is_proved() -> None:
    found = shared(binary(0.2, 0.4, 0.1), rate=0.3, classification=0.6)
    assert found.status == "infeasible"
    assert found.method == "time sharing"


def test_a_tree_of_constrained_leaves_bounds_no_averages() -> None:
    """The single-letter tree proves a higher end than the envelope has; the kernel must not take it there."""
    single = solve(PINCHED, rate=0.6, classification=0.5)
    envelope = shared(PINCHED, rate=0.6, classification=0.5)
    assert isinstance(single.dual, TreeDual)
    assert single.lower > envelope.upper
    with pytest.raises(CertificateError, match="do not share their multipliers"):
        checker.lower_end(PINCHED, envelope.point, single.dual)
    # The other way round is sound: a bound for averages holds for single couplings.
    assert checker.lower_end(PINCHED, single.point, envelope.dual) == pytest.approx(envelope.lower, rel=1e-9)
