"""Evidence for a certificate: what solvers propose, and the choice of what the kernel accepts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from solvers import checker
from solvers.certificate import Arithmetic, Certificate, CertificateError, Dual, Primal, SemiDual
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
    """The certificate with the best ends among the evidence; what the kernel rejects is passed over.

    arithmetic: the kernel's; None: that of the problem's size.
    """
    chosen = arithmetic or arithmetic_for(problem, point)
    lower, dual = max((_priced(problem, point, dual, chosen) for dual in evidence.duals), key=lambda pair: pair[0])
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


def _priced(problem: DiscreteProblem, point: OperatingPoint, dual: Dual, arithmetic: Arithmetic) -> tuple[float, Dual]:
    """The lower end of a dual, and the dual; of the cheapest pairs, which are evidence anywhere, where the kernel rejects it."""
    try:
        return checker.lower_end(problem, point, dual, arithmetic), dual
    except CertificateError:
        if point.setting == "oneshot":
            raise
        cheapest = SemiDual(np.zeros_like(problem.p_Y), 0.0)
        return checker.lower_end(problem, point, cheapest, arithmetic), cheapest
