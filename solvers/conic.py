"""The same programs by cvxpy and an exponential-cone solver: independent of `sinkhorn` and `classification`.

Only a plan and multipliers are taken from it, never a value or a status: both go through the kernel, so an inaccurate
answer that calls itself optimal widens the interval and does no more harm.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from rdcsym.problem import FloatArray


@dataclass(frozen=True, eq=False)
class ConicSolution:
    """plan: (n, m); g: (m,) in cost units; rate_multiplier, label_multiplier: cost units a nat. None: not solved."""

    plan: FloatArray
    g: FloatArray
    rate_multiplier: float
    label_multiplier: float


def least_distortion(
    p: FloatArray,
    q: FloatArray,
    cost: FloatArray,
    rate: float,
    label: FloatArray | None = None,
    label_rate: float = np.inf,
) -> ConicSolution | None:
    """min <P, c> subject to I(X;Y) <= rate and, with a label, I(X;Y|S) <= label_rate (nats)."""
    import cvxpy as cp

    centred, columns, scale = _centred(p, q, cost)
    plan = cp.Variable(cost.shape, nonneg=True)
    information = _information(cp, plan, p, q) <= rate if np.isfinite(rate) else None
    given_label = None
    if label is not None and np.isfinite(label_rate):
        given_label = _information_given_label(cp, plan, p, label) <= label_rate
    budgets = [k for k in (information, given_label) if k is not None]
    marginal = cp.sum(plan, axis=0) == q
    objective = cp.Minimize(cp.sum(cp.multiply(plan, centred / scale)))
    if not _solved(cp, cp.Problem(objective, [cp.sum(plan, axis=1) == p, marginal, *budgets])):
        return None
    multipliers = [0.0 if k is None else max(0.0, float(np.asarray(k.dual_value))) * scale for k in (information, given_label)]
    g = -np.asarray(marginal.dual_value, dtype=float) * scale + columns
    return ConicSolution(_nonnegative(plan.value), g, multipliers[0], multipliers[1])


def least_rate(p: FloatArray, q: FloatArray, cost: FloatArray, distortion: float) -> ConicSolution | None:
    """min I(X;Y) subject to <P, c> <= distortion; the multiplier returned is the temperature of the inverse problem."""
    import cvxpy as cp

    centred, columns, scale = _centred(p, q, cost)
    plan = cp.Variable(cost.shape, nonneg=True)
    offset = float(p @ cost @ q)
    budget = cp.sum(cp.multiply(plan, centred / scale)) <= (distortion - offset) / scale
    marginal = cp.sum(plan, axis=0) == q
    problem = cp.Problem(cp.Minimize(_information(cp, plan, p, q)), [cp.sum(plan, axis=1) == p, marginal, budget])
    if not _solved(cp, problem):
        return None
    price = float(np.asarray(budget.dual_value))
    if not price > 1e-14:
        return None
    temperature = scale / price
    g = -np.asarray(marginal.dual_value, dtype=float) * temperature + columns
    return ConicSolution(_nonnegative(plan.value), g, temperature, 0.0)


def _centred(p: FloatArray, q: FloatArray, cost: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    rows, columns = cost @ q, p @ cost
    centred = cost - rows[:, None] - columns[None, :] + float(p @ rows)
    return centred, columns, max(float(np.abs(centred).max()), np.finfo(float).tiny / np.finfo(float).eps)


def _information(cp: Any, plan: Any, p: FloatArray, q: FloatArray) -> Any:
    # cvxpy's kl_div has two more terms than the relative entropy and is not summed.
    return cp.sum(cp.rel_entr(plan, np.outer(p, q)))


def _information_given_label(cp: Any, plan: Any, p: FloatArray, label: FloatArray) -> Any:
    """I(X;Y|S): for each label the relative entropy of P(x, s, y) to P(x|s) P(s, y)."""
    terms = []
    for share in label.T:
        seen = np.flatnonzero(share > 0)
        joint = cp.multiply(plan[seen], np.repeat(share[seen, None], plan.shape[1], axis=1))
        mass = p[seen] * share[seen]
        column = cp.reshape(cp.sum(joint, axis=0), (1, plan.shape[1]), order="C")
        terms.append(cp.sum(cp.rel_entr(joint, (mass / mass.sum())[:, None] @ column)))
    return sum(terms)


def _solved(cp: Any, problem: Any) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.error.SolverError:
            return False
    return bool(problem.variables()[0].value is not None)


def _nonnegative(plan: Any) -> FloatArray:
    nonnegative: FloatArray = np.maximum(np.asarray(plan, dtype=float), 0.0)
    return nonnegative
