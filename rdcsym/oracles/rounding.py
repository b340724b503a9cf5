"""What the rounding of a budget leaves open, where float64 cannot tell on which side of a regime boundary a point lies."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rdcsym.refute import Interval, Oracle

# From an ulp to twice the tolerance with which a closed form reads a budget (evaluate.BUDGET_TOLERANCE).
_BUDGET_STEPS = (2.3e-16, 1e-15, 1e-14, 1e-12, 2e-12)
_EDGE = 3.0  # a square root at the edge rises 2.4 times as much over the last step as over the one before


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
