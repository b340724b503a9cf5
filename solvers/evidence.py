"""Evidence for a certificate: what solvers propose, and the choice of what the kernel accepts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from solvers import checker
from solvers.certificate import Arithmetic, Certificate, CertificateError, Dual, Primal
from solvers.problem import DiscreteProblem, OperatingPoint

EXACT_ENTRIES: Final = 4096
"""Pairs (x, y) up to which the kernel works in exact arithmetic; above, in float64 with bounded rounding."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """ladders: of each, the first plan that the kernel accepts counts. duals: the best counts."""

    method: str
    ladders: Sequence[Iterable[Primal]]
    duals: Sequence[Dual]


def arithmetic_for(problem: DiscreteProblem, point: OperatingPoint) -> Arithmetic:
    """The kernel's arithmetic for a problem of this size."""
    return "float64" if problem.cost.size > EXACT_ENTRIES and point.setting != "oneshot" else "exact"


def best(
    problem: DiscreteProblem,
    point: OperatingPoint,
    evidence: Evidence,
    tolerance: float,
    arithmetic: Arithmetic | None = None,
) -> Certificate:
    """The certificate with the best ends among the evidence; plans that the kernel rejects are passed over.

    arithmetic: the kernel's; None: that of the problem's size.
    """
    chosen = arithmetic or arithmetic_for(problem, point)
    priced = [(checker.lower_end(problem, point, dual, chosen), dual) for dual in evidence.duals]
    lower, dual = max(priced, key=lambda pair: pair[0])
    upper, primal = math.inf, None
    for ladder in evidence.ladders if lower < math.inf else ():
        for candidate in ladder:
            try:
                value = checker.upper_end(problem, point, candidate, chosen)
            except CertificateError:
                continue
            if value < upper:
                upper, primal = value, candidate
            break
    return Certificate(
        problem=problem,
        point=point,
        lower=lower,
        upper=upper,
        status=checker.status_of(problem, point, lower, upper, tolerance),
        method=evidence.method,
        tolerance=tolerance,
        primal=primal,
        dual=dual,
        arithmetic=chosen,
    )
