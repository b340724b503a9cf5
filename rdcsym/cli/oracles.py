"""Certified intervals for a theorem's function at an operating point, by the solvers alone: no formula of the theory is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from rdcsym.refute import Interval, Oracle
from rdcsym.theorem import Theorem

_HAMMING = np.array([[0.0, 1.0], [1.0, 0.0]])
_BUDGETS = {"R": "rate", "D": "distortion", "C": "classification", "P": "perception"}
# From an ulp to twice the tolerance with which a closed form reads a budget (evaluate.BUDGET_TOLERANCE).
_BUDGET_STEPS = (2.3e-16, 1e-15, 1e-14, 1e-12, 2e-12)
_EDGE = 3.0  # a square root at the edge rises 2.4 times as much over the last step as over the one before


def oracle(theorem: Theorem) -> Oracle:
    """The oracle of a theorem: from an operating point (parameter -> number, bits) to a certified, verified interval."""
    problem = theorem.problem
    if theorem.name == "fano":
        return _fano
    if problem.source == "gaussian":
        return partial(_gaussian, problem.perception)
    if problem.output == "free":
        return _rate_distortion
    return partial(_oneshot, problem.classification == "H(S|Y,U)")


def within_rounding(
    ask: Oracle, point: Mapping[str, float], sizes: Mapping[str, float], widest: float = math.inf
) -> tuple[Interval | None, bool]:
    """What the budgets' rounding leaves open at a point: the interval of its finite answers, and whether inf is one of them.

    All budgets are moved together, looser and tighter. At an edge of the feasible set, where the value jumps to inf, the finite
    answers are those of one side only; the value at the edge itself may lie beyond them, by _EDGE times their spread at most.
    sizes: the natural size of each budget, to which its rounding is compared. widest: answers of a larger width decide nothing
    and are left out.
    """
    answers = [ask(point)]
    for step in (s * sign for s in _BUDGET_STEPS for sign in (-1, 1)):
        finite = {n: size for n, size in sizes.items() if math.isfinite(point[n])}
        moved = {n: point[n] + step * max(size, abs(point[n])) for n, size in finite.items()}
        moved = {n: max(0.0, x) if n != "C" or point[n] >= 0 else x for n, x in moved.items()}
        answers.append(ask({**point, **moved}))
    reached = [a for a in answers if math.isfinite(a.upper) and a.upper - a.lower <= widest]
    infinite = any(a.lower == math.inf for a in answers)
    if not reached:
        return None, infinite
    low, high = min(a.lower for a in reached), max(a.upper for a in reached)
    margin = _EDGE * (high - low) if infinite else 0.0
    return Interval(lower=low - margin, upper=high + margin, method=answers[0].method), infinite


def _interval(certificate: Any, method: str) -> Interval:
    certificate.verify()
    return Interval(lower=certificate.lower, upper=certificate.upper, method=method)


def _oneshot(sees_seed: bool, point: Mapping[str, float]) -> Interval:
    from solvers import DiscreteProblem, solve

    x, y, s = point["q_X"], point["q_Y"], point["q_S1"]
    problem = DiscreteProblem(
        p_X=np.array([1 - x, x]), p_Y=np.array([1 - y, y]), cost=_HAMMING, p_S_given_X=np.array([[1 - s, s], [s, 1 - s]])
    )
    found = solve(
        problem,
        rate=point.get("R"),
        distortion=point.get("D"),
        classification=point["C"],
        setting="oneshot",
        classifier_sees_seed=sees_seed,
    )
    return _interval(found, "linear program in exact rationals" if sees_seed else "linear programs in exact rationals, one root")


def _gaussian(perception: str | None, point: Mapping[str, float]) -> Interval:
    from solvers import solve_gaussian

    budgets = {_BUDGETS[n]: point[n] for n in ("R", "D", "C", "P") if n in point}
    laws = {n: point[n] for n in ("mu_X", "sigma_X", "mu_Y", "sigma_Y", "sigma_S", "theta") if n in point}
    found = solve_gaussian(**budgets, **laws, perception_kind=perception)  # type: ignore[arg-type]
    return _interval(found, "Gaussian channel and quadratic potentials, in ball arithmetic")


def _rate_distortion(point: Mapping[str, float]) -> Interval:
    from solvers import rate_distortion

    found = rate_distortion(np.array([1 - point["q_X"], point["q_X"]]), _HAMMING, point["D"])
    return _interval(found, "Berger's dual and a channel, in ball arithmetic")


def _fano(point: Mapping[str, float]) -> Interval:
    from solvers import least_error

    return _interval(least_error(point["C"], int(point["M"])), "Gibbs' inequality and a posterior, in ball arithmetic")
