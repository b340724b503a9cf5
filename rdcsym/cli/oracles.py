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
# Twice the tolerance with which a closed form reads a budget (evaluate.BUDGET_TOLERANCE), to cover its own rounding.
_BUDGET_ROUNDING = 2e-12


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


def around(ask: Oracle, point: Mapping[str, float], budgets: tuple[str, ...]) -> Interval:
    """The interval that covers the point and its neighbours within the rounding of the budgets.

    At an edge of the feasible set the value jumps to inf, and a budget given in floating point does not say on which side it is.
    """
    neighbours = [ask(point)]
    for sign in (1, -1):
        moved = {n: point[n] + sign * _BUDGET_ROUNDING * max(1.0, abs(point[n])) for n in budgets if math.isfinite(point[n])}
        moved = {n: max(0.0, x) if n != "C" or point[n] >= 0 else x for n, x in moved.items()}
        neighbours.append(ask({**point, **moved}))
    return Interval(
        lower=min(i.lower for i in neighbours),
        upper=max(i.upper for i in neighbours),
        method=neighbours[0].method + ", budgets within rounding",
    )


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
