"""The trusted kernel's ends for large problems, in float64 with outward rounding: see `checker_blocks` for the arithmetic.

Same data, inequalities and conclusions as `checker`, whose docstring has the proofs. A plan without label that asks for too much
rate is mixed with the product until it does not.

*ChannelDual.* G = t c + (a + b) log W - a log q0 - b sum_s p(s|x) log r0(.|s), with the row sums, q0 and r0 computed from W; the
error of each logarithm is that of its argument (gamma) and its own, |log W| being at most 700.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError, ChannelDual, Dual, JointPlan, LabelBound, PotentialPlan, Primal, SemiDual
from solvers.checker_blocks import (
    FUNCTION,
    TINY,
    Laws,
    U,
    blocks,
    dual_value,
    gamma,
    laws,
    price_plan,
    price_potentials,
    product_cost,
    total,
    with_error,
)
from solvers.problem import DiscreteProblem, OperatingPoint

MARGINAL_TOLERANCE = 1e-9
"""Total mass by which a given plan may miss its marginals before it is rejected instead of repaired (as in `checker_plan`)."""


@dataclass(frozen=True, eq=False)
class _Data:
    """A problem on its symbols of positive mass (the arrays themselves where all are), and entropies as (low, high), nats."""

    laws: Laws
    label: FloatArray | None
    keep: tuple[NDArray[np.intp], NDArray[np.intp]] | None
    shape: tuple[int, int]
    ceiling: float

    def vector(self, g: FloatArray) -> FloatArray:
        array = np.asarray(g, dtype=float)
        if array.shape != (self.shape[1],) or not np.isfinite(array).all():
            raise CertificateError(f"the potential is not a finite vector of length {self.shape[1]}")
        return array if self.keep is None else array[self.keep[1]]

    def matrix(self, name: str, values: FloatArray) -> FloatArray:
        array = np.asarray(values, dtype=float)
        if array.shape != self.shape or not np.isfinite(array).all() or (array < 0).any():
            raise CertificateError(f"the {name} is not a finite nonnegative matrix of the cost's shape {self.shape}")
        return array if self.keep is None else array[np.ix_(*self.keep)]

    def label_entropy(self) -> tuple[float, float]:
        """H(S)."""
        assert self.label is not None
        if self.label.shape[1] == 1:
            return 0.0, 0.0
        return _entropy(self.laws.p @ self.label, self.laws.mass_error + gamma(self.shape[0]) + 4 * U)


@np.errstate(all="ignore")
def lower_end(problem: DiscreteProblem, point: OperatingPoint, dual: Dual) -> float:
    """The greatest lower end that `dual` proves here; inf where it proves the point infeasible."""
    data = _data(problem)
    rate, label = min(_up(point.rate_nats), data.ceiling), _up(point.classification_nats)
    if isinstance(dual, LabelBound):
        return _label_bound(data, point)
    if isinstance(dual, SemiDual):
        g, eps = data.vector(dual.g), float(dual.temperature)
        if not eps >= 0:
            raise CertificateError(f"temperature {eps!r} is negative or not a number")
        if math.isinf(eps):
            if point.rate > 0 or point.minimises_rate:
                raise CertificateError("an infinite temperature needs a rate budget of 0")
            return product_cost(data.laws)[0]
        bound = dual_value(data.laws, g, eps)
        return _conclude(data, point, bound, (1.0, eps, 0.0), rate, 0.0)
    if isinstance(dual, ChannelDual):
        if not point.has_classification and dual.label_multiplier > 0:
            raise CertificateError("a label multiplier needs a classification constraint")
        bound = _channel_value(data, dual)
        room = 0.0
        if dual.label_multiplier > 0:
            low, high = data.label_entropy()
            room = label - low + 4 * U * (label + high)
        weights = (dual.cost_multiplier, dual.rate_multiplier, dual.label_multiplier)
        return _conclude(data, point, bound, weights, rate, room)
    raise CertificateError(f"{type(dual).__name__} is no evidence for a problem of this size")


@np.errstate(all="ignore")
def upper_end(problem: DiscreteProblem, point: OperatingPoint, primal: Primal) -> float:
    """The least upper end that `primal` proves here; raises where the plan breaks a constraint."""
    data = _data(problem)
    label = data.label if point.has_classification else None
    if isinstance(primal, PotentialPlan):
        priced = price_potentials(data.laws, data.vector(primal.g), float(primal.temperature), label)
    elif isinstance(primal, JointPlan):
        plan = data.matrix("plan", primal.plan)
        missed = float(np.abs(plan.sum(axis=1) - data.laws.p).sum() + np.abs(plan.sum(axis=0) - data.laws.q).sum())
        if not missed <= MARGINAL_TOLERANCE:
            raise CertificateError(f"the plan misses its marginals by {missed:.3g}")
        priced = price_plan(data.laws, plan, label)
    else:
        raise CertificateError(f"{type(primal).__name__} is no plan for a problem of this size")
    outside = "the plan is not within the budgets"
    information = min(priced.information, data.ceiling)
    if label is not None:
        _, high = data.label_entropy()
        if not min(priced.label_loss, high) <= _down(point.classification_nats):
            raise CertificateError(
                "the plan is not within the budgets; its H(S|Y) is not certainly within the classification budget"
            )
    if point.minimises_rate:
        if not priced.cost <= point.distortion:
            raise CertificateError(f"{outside}; its cost is not certainly within the distortion budget")
        return _in_units(information, point, math.inf)
    rate = _down(point.rate_nats)
    if information <= rate:
        return priced.cost
    if label is not None:
        raise CertificateError(f"{outside}; its I(X;Y) is not certainly within the rate budget")
    return priced.within(rate)


def _data(problem: DiscreteProblem) -> _Data:
    p, q, cost, label = problem.p_X, problem.p_Y, problem.cost, problem.p_S_given_X
    keep = None
    if not ((p > 0).all() and (q > 0).all()):
        keep = (np.flatnonzero(p > 0), np.flatnonzero(q > 0))
        p, q, cost = p[keep[0]], q[keep[1]], cost[np.ix_(*keep)]
        label = None if label is None else label[keep[0]]
    masses = laws(p, q, cost)
    if label is not None:
        # Not p @ label > 0: the mass of a label may underflow, yet what has such a label is not certain.
        label = label[:, (label > 0).any(axis=0)]
        off = float(np.abs(label.sum(axis=1) - 1).max()) + gamma(label.shape[1])
        masses = with_error(masses, masses.mass_error + off)
    ceiling = min(_entropy(p, masses.mass_error)[1], _entropy(q, masses.mass_error)[1])
    return _Data(masses, label, keep, problem.cost.shape, ceiling)


def _entropy(masses: FloatArray, error: float) -> tuple[float, float]:
    """Bounds of -sum x log x, each mass known to a relative error."""
    masses = masses[masses > 0]
    value = math.fsum(-masses * np.log(masses))
    room = 1.01 * (2 * error * (value + 2) + (FUNCTION + 4 * U) * (value + 1)) + TINY
    return value - room, value + room


def _label_bound(data: _Data, point: OperatingPoint) -> float:
    if not point.has_classification or data.label is None:
        raise CertificateError("a label bound needs a classification constraint")
    terms = np.where(data.label > 0, -data.label * np.log(np.maximum(data.label, TINY)), 0.0)
    least = math.fsum(data.laws.p * terms.sum(axis=1))
    least -= 1.01 * (2 * data.laws.mass_error + gamma(data.label.shape[1]) + FUNCTION) * (least + 2)
    if least > _up(point.classification_nats):
        return math.inf
    return 0.0 if point.minimises_rate else -math.inf


def _channel_value(data: _Data, dual: ChannelDual) -> float:
    """A number at most <q,g> + sum_x p_x min_y (G - g)."""
    t, a, b = (float(x) for x in (dual.cost_multiplier, dual.rate_multiplier, dual.label_multiplier))
    if not all(0 <= x < math.inf for x in (t, a, b)):
        raise CertificateError(f"multipliers {(t, a, b)} are not all finite and at least 0")
    known, g = data.laws, data.vector(dual.g)
    channel = data.matrix("reference channel", dual.channel)
    channel = channel / channel.sum(axis=1, keepdims=True)
    if not (channel >= TINY).all():
        raise CertificateError("the reference channel has an entry below 1e-290 of its row")
    fixed = a * np.log(known.p @ channel)
    labels = np.zeros((0, known.q.size))
    if b > 0:
        assert data.label is not None
        joint = known.p[:, None] * data.label
        labels = np.log(joint.T @ channel / joint.sum(axis=0)[:, None])
    least = np.empty(known.p.size)
    for rows, cost in blocks(known.cost):
        part = np.log(channel[rows])
        part *= a + b
        part -= fixed + g
        if t > 0:
            part += t * cost
        if b > 0:
            part -= b * (data.label[rows] @ labels)  # type: ignore[index]
        least[rows] = part.min(axis=1)
    value = total(known.q * g) + total(known.p * least)
    moduli = total(known.q * np.abs(g)) + total(known.p * np.abs(least))
    logs = max(float(np.abs(labels).max(initial=0.0)), -math.log(float(channel.min())))
    arguments = 3 * (gamma(sum(data.shape)) + 2 * known.mass_error)
    # The label laws p(s|x) err by mass_error, their products with k logarithms by gamma_k.
    each = FUNCTION + 8 * U + known.mass_error + gamma(len(labels))
    entry = (a + b) * (arguments + each * 2 * logs) + 8 * U * (t * known.largest + float(np.abs(g).max()))
    proved = value - 1.01 * (2 * entry + (known.mass_error + 4 * U) * moduli) - TINY
    return proved if math.isfinite(proved) else -math.inf


def _conclude(
    data: _Data, point: OperatingPoint, bound: float, weights: tuple[float, float, float], rate: float, room: float
) -> float:
    """What t <P,c> + a I(X;Y) + b I(X;Y|S) >= bound says of the point; `room` is C - H(S), at least."""
    t, a, b = weights
    if point.minimises_rate:
        left = bound - t * point.distortion - b * room - 8 * U * (abs(bound) + t * abs(point.distortion) + b * abs(room))
        if not a + b > 0:
            return math.inf if left > 0 else 0.0
        needed = left / (a + b)
        if needed > data.ceiling * (1 + 8 * U):
            return math.inf
        return max(0.0, _in_units(needed, point, -math.inf))
    spent = (a + b) * rate + b * room if a + b > 0 else 0.0
    left = bound - spent - 8 * U * (abs(bound) + (a + b) * rate + b * abs(room) if a + b > 0 else abs(bound))
    if t > 0:
        value = left / t
        value -= 4 * U * abs(value)
        return -math.inf if math.isnan(value) else value
    return math.inf if left > 0 else -math.inf


def _in_units(nats: float, point: OperatingPoint, towards: float) -> float:
    value = nats if point.units == "nats" else nats / math.log(2)
    return value + math.copysign(4 * U * abs(value), towards)


def _up(x: float) -> float:
    return x * (1 + 4 * U)


def _down(x: float) -> float:
    return x * (1 - 4 * U)
