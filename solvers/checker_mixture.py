"""The trusted kernel's reading of time sharing: a few exact couplings, and whether their averages meet the budgets.

The asymptotic definition bounds averages over the letters of a block, so a share w_i of them, fixed beforehand, may use the
coupling P_i. Each P_i has the marginals of the problem; cost, I(X;Y) and H(S|Y) of the code are the averages of theirs with
weights w_i.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from flint import fmpq

from solvers.certificate import CertificateError, PlanMixture
from solvers.checker_plan import Coupling, broken_budget, readings, value_of
from solvers.exact import Enclosure, rational
from solvers.exact_problem import ExactPoint, ExactProblem

MOST_PLANS: Final = 3
"""Caratheodory: a point on the boundary of a convex set in the three dimensions (cost, rate, loss) mixes at most three points."""


def mixture_upper_end(data: ExactProblem, budgets: ExactPoint, mixture: PlanMixture) -> float:
    """The value of the first exact couplings that the plans stand for and whose averages are within the budgets."""
    plans = np.asarray(mixture.plans, dtype=float)
    if plans.ndim != 3 or not 1 <= len(plans) <= MOST_PLANS or len(plans) != len(mixture.weights):
        raise CertificateError(f"plans of shape {plans.shape} with {len(mixture.weights)} weights are no mixture of 1 to 3 plans")
    if not all(isinstance(w, Fraction) for w in mixture.weights):
        raise CertificateError("weights must be exact fractions")
    weights = [rational(w) for w in mixture.weights]
    if any(w < 0 for w in weights) or sum(weights, fmpq(0)) != 1:
        raise CertificateError("weights are no law: nonnegative and of sum exactly 1")
    failures: dict[str, None] = {}
    for choice in itertools.product(*(list(readings(data, budgets, plan)) for plan in plans)):
        average = _average(weights, [coupling for _, coupling in choice])
        failure = broken_budget(data, budgets, average)
        if not failure:
            return value_of(data, budgets, average)
        failures[failure] = None
    raise CertificateError("the mixture is not within the budgets: on average " + "; ".join(failures))


def _average(weights: Sequence[fmpq], couplings: Sequence[Coupling]) -> Coupling:
    def mean(parts: Sequence[Enclosure]) -> Enclosure:
        low = sum((w * part.low for w, part in zip(weights, parts, strict=True)), fmpq(0))
        return Enclosure(low, sum((w * part.high for w, part in zip(weights, parts, strict=True)), fmpq(0)))

    losses = [c.label_loss for c in couplings if c.label_loss is not None]
    return Coupling(
        cost=mean([c.cost for c in couplings]),
        information=mean([c.information for c in couplings]),
        label_loss=mean(losses) if losses else None,
    )
