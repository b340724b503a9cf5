"""From solutions over the symbols of positive mass to evidence about the whole problem, and budgets as exact bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, fmpq

from solvers.certificate import MapMixture
from solvers.oneshot_lp import MapSolution
from solvers.oneshot_maps import ENCLOSURE_BITS, Interval
from solvers.precision import working_precision
from solvers.problem import Support


def full_output(where: Support, solution: MapSolution) -> tuple[Fraction, ...]:
    output = [Fraction(0)] * where.full_shape[1]
    for y, value in zip(where.keep_y, solution.output, strict=True):
        output[y] = fraction(value)
    return tuple(output)


def mixture(where: Support, solution: MapSolution) -> MapMixture:
    maps = np.full((len(solution.assignments), where.full_shape[0]), where.keep_y[0], dtype=float)
    maps[:, where.keep_x] = where.keep_y[np.array(solution.assignments, dtype=int)]
    return MapMixture(maps, tuple(fraction(w) for w in solution.weights))


def bits(budget: float, units: str) -> Interval:
    exact = fmpq(*budget.as_integer_ratio())
    if units == "bits":
        return exact, exact
    with working_precision(ENCLOSURE_BITS):
        ball = arb(exact) / arb(2).log()
        ends = [end.mid().man_exp() for end in (ball.lower(), ball.upper())]
    low, high = (fmpq(mantissa) * fmpq(2) ** int(exponent) for mantissa, exponent in ends)
    return low, high


def fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))
