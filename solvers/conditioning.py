"""Costs that floats do not hold well: their scale and a great offset are taken out before a problem is solved, and put back.

Solvers divide by temperatures and square costs, which at the ends of the floats' range overflows; and under a great offset
potentials lose the digits that tell pairs apart. With c = 2^k c' + o the problem of c' has the same plans, and every dual
inequality of it is one of c after its multipliers of information, its potentials and its facets are multiplied by 2^k. What the
evidence is worth for c itself is priced by the kernel anew, so nothing rests on this file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers import checker, perception_checker, perception_plan_checker
from solvers.certificate import (
    Certificate,
    CertificateError,
    ChannelDual,
    Dual,
    JointPlan,
    PotentialPlan,
    PriceDual,
    Primal,
    SemiDual,
    TreeDual,
)
from solvers.perception_ball import PerceptionCertificate
from solvers.problem import DiscreteProblem, OperatingPoint

EASY: Final = 200
"""Power of 2 up to which (or down to minus which) the spread of the costs may be left as it is."""
OFFSET: Final = 1024.0
"""Size of the least cost, in units of the spread, from which it is taken out."""
EXACT_PAIRS: Final = 1 << 16
"""Pairs of symbols of positive mass up to which exact arithmetic (seconds) is tried where float64 leaves a gap."""
SHARES: Final = (0.0, 1e-15, 1e-12, 1e-9, 1e-6)
"""Shares of the product of the marginals that are mixed into a plan, in turn, until it is within the budgets again."""


@dataclass(frozen=True, eq=False)
class Conditioned:
    """The problem of c' and its distortion budget (inf where the rate is the budget); power: k."""

    problem: DiscreteProblem
    distortion: float
    power: int
    offset: float


def conditioned(problem: DiscreteProblem, point: OperatingPoint) -> Conditioned | None:
    """An easier form of the problem; None where it is easy as it is, or is asked at one shot, in exact arithmetic."""
    if point.setting == "oneshot":
        return None
    low, high = float(problem.cost.min()), float(problem.cost.max())
    spread = high - low if max(-low, high) < 2.0**1022 else math.inf
    offset = low if abs(low) > OFFSET * spread and _exact(problem.cost, low) else 0.0
    size = spread if offset or spread < math.inf else max(-low, high)
    power = 0 if size == 0 else math.frexp(size)[1]
    power = power if abs(power) > EASY else 0
    if power == 0 and offset == 0:
        return None
    cost = np.ldexp(problem.cost - offset, -power)
    distortion = math.inf
    if point.minimises_rate:
        exact = (Fraction(point.distortion) - Fraction(offset)) / Fraction(2) ** power
        if exact < 0:
            return None
        # No plan costs more than the dearest pair; and a budget is rounded down, so that what meets it meets the one given.
        distortion = max(0.0, float(cost.max())) if exact >= Fraction(float(cost.max())) else float(exact)
        if Fraction(distortion) > exact:
            distortion = math.nextafter(distortion, 0.0)
    easy = copy(problem)  # not built anew: masses that are read again may be rounded again
    cost.setflags(write=False)
    object.__setattr__(easy, "cost", cost)
    return Conditioned(easy, distortion, power, offset)


def restated(easy: Conditioned, found: Certificate, problem: DiscreteProblem, point: OperatingPoint) -> Certificate:
    """The certificate of `problem` that the evidence for its easier form makes, priced by the kernel."""
    made = _priced(easy, found, problem, point)
    if made.status != "gap" or found.status == "gap" or found.arithmetic == "exact" or found.plan is None:
        return made
    if np.count_nonzero(problem.p_X) * np.count_nonzero(problem.p_Y) > EXACT_PAIRS:
        return made
    # What the rounding of such costs hides is decided exactly, with the masses in place of potentials.
    return _priced(easy, replace(found, arithmetic="exact", primal=JointPlan(found.plan)), problem, point)


def _priced(easy: Conditioned, found: Certificate, problem: DiscreteProblem, point: OperatingPoint) -> Certificate:
    lower, dual = -math.inf, _cheapest(found, problem)
    for candidate in (_dual(found.dual, easy), dual):
        try:
            lower, dual = _lower_end(found, problem, point, candidate), candidate
        except CertificateError:
            continue
        break
    upper, primal = math.inf, None
    for plan in _plans(found.primal, easy, problem) if lower < math.inf else ():
        try:
            upper, primal = _upper_end(found, problem, point, plan), plan
        except CertificateError:
            continue
        break
    status = checker.status_of(problem, point, lower, upper, found.tolerance)
    return replace(found, problem=problem, point=point, lower=lower, upper=upper, status=status, primal=primal, dual=dual)


def _exact(cost: FloatArray, offset: float) -> bool:
    """Whether no difference cost - offset is rounded (Knuth's two-sum)."""
    total = cost - offset
    part = total - cost
    return not ((cost - (total - part)) + (-offset - part)).any()


def _dual(dual: Dual, easy: Conditioned) -> Dual:
    """The same inequality times 2^k, for the costs themselves."""

    def scaled(x: float) -> float:
        return float(np.ldexp(x, easy.power))

    def all_scaled(x: FloatArray) -> FloatArray:
        return np.asarray(np.ldexp(np.asarray(x, dtype=float), easy.power))

    with np.errstate(over="ignore"):  # what overflows is refused by the kernel
        if isinstance(dual, SemiDual):
            return SemiDual(all_scaled(dual.g), scaled(dual.temperature))
        if isinstance(dual, ChannelDual) and dual.cost_multiplier > 0:
            rate, label = scaled(dual.rate_multiplier), scaled(dual.label_multiplier)
            return replace(dual, g=all_scaled(dual.g), rate_multiplier=rate, label_multiplier=label)
        if isinstance(dual, TreeDual):
            paid = np.asarray(dual.multipliers)[:, 0] > 0
            multipliers, g, facets = (np.array(x, dtype=float) for x in (dual.multipliers, dual.g, dual.facets))
            multipliers[paid, 1:] = all_scaled(multipliers[paid, 1:])
            g[paid], facets[paid] = all_scaled(g[paid]), all_scaled(facets[paid])
            return replace(dual, multipliers=multipliers, g=g, facets=facets)
        if isinstance(dual, PriceDual) and 0 < dual.cost_multiplier < math.inf:
            return PriceDual(
                f=all_scaled(dual.f) + dual.cost_multiplier * easy.offset,
                cost_multiplier=dual.cost_multiplier,
                rate_multiplier=scaled(dual.rate_multiplier),
                label_multiplier=scaled(dual.label_multiplier),
                ball_multiplier=scaled(dual.ball_multiplier),
                channel=dual.channel,
            )
    return dual


def _plans(primal: Primal | None, easy: Conditioned, problem: DiscreteProblem) -> Iterable[Primal]:
    if isinstance(primal, PotentialPlan):
        yield PotentialPlan(np.ldexp(np.asarray(primal.g), easy.power), float(np.ldexp(primal.temperature, easy.power)))
    elif type(primal) is JointPlan:
        for share in SHARES:
            yield JointPlan((1 - share) * np.asarray(primal.plan) + share * np.outer(problem.p_X, problem.p_Y))
    elif primal is not None:
        yield primal


def _cheapest(found: Certificate, problem: DiscreteProblem) -> Dual:
    """Each x to its cheapest y: evidence that is never refused."""
    if _free(found):
        return PriceDual(problem.cost.min(axis=1), 1.0, 0.0, 0.0, 0.0, None)
    return SemiDual(np.zeros_like(problem.p_Y), 0.0)


def _free(found: Certificate) -> bool:
    return isinstance(found, PerceptionCertificate) and not found.ball.is_given_law(found.problem.p_Y)


def _lower_end(found: Certificate, problem: DiscreteProblem, point: OperatingPoint, dual: Dual) -> float:
    if isinstance(found, PerceptionCertificate) and _free(found):
        return perception_checker.lower_end(problem, point, found.ball, dual)
    return checker.lower_end(problem, point, dual, found.arithmetic)


def _upper_end(found: Certificate, problem: DiscreteProblem, point: OperatingPoint, primal: Primal) -> float:
    if isinstance(found, PerceptionCertificate) and _free(found):
        return perception_plan_checker.upper_end(problem, point, found.ball, primal)
    return checker.upper_end(problem, point, primal, found.arithmetic)
