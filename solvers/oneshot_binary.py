"""The one-shot setting with two symbols a side and a classifier that does not see the seed: exact, by the covariance.

A plan is one number, delta = Cov(X, Y): the distortion is affine in it, the least rate convex with its minimum 0 at 0, and
H(S|Y) concave with its maximum at 0. So the feasible set is an interval less an open interval around 0, and
the optimum is at one of at most four ends, each enclosed by exact linear programs or by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from flint import fmpq

from solvers.certificate import Dual, MapDual, Primal, SeedBlindDual
from solvers.oneshot_lp import solve_maps
from solvers.oneshot_maps import Interval, MapProgram, Maps, Measure, conditional_entropy_of
from solvers.oneshot_witness import bits, fraction, full_output, mixture
from solvers.problem import OperatingPoint, Support

BISECTIONS: Final = 180


def two_by_two(where: Support, maps: Maps, point: OperatingPoint) -> tuple[list[Primal], list[Dual]]:
    """Plans at the ends of the feasible covariances, and the proof that between them there is none."""
    p, q = maps.p[1], maps.q[1]
    # The outermost covariances that any plan may have.
    least, greatest = -min(p * q, (1 - p) * (1 - q)), min(p * (1 - q), q * (1 - p))
    corner = {sign: _corner(sign) for sign in (1, -1)}
    budget = bits(point.classification, point.units)

    def exceeds(delta: fmpq) -> bool:
        return bool(_loss(maps, delta)[0] > budget[1])

    def meets(delta: fmpq) -> bool:
        return bool(_loss(maps, delta)[1] <= budget[0])

    excluded = None
    if exceeds(fmpq(0)):
        ends = [fraction(_last(exceeds, fmpq(0), end)) for end in (least, greatest)]
        excluded = (ends[0], ends[1])
    if point.minimises_rate:
        least, greatest = _within_distortion(maps, point, least, greatest)
        if least > greatest:
            return [], [SeedBlindDual(_no_bound(where), _no_bound(where), excluded)]
        candidates = [max(least, min(fmpq(0), greatest)), least, greatest]
        candidates += [_last(meets, end, fmpq(0)) for end in (least, greatest) if meets(end)]
    elif math.isinf(point.rate):
        candidates = [least, greatest, *(_last(meets, end, fmpq(0)) for end in (least, greatest) if meets(end))]
    else:
        rows = ((Measure(entropy=True), bits(point.rate, point.units)),)
        inner = {k: solve_maps(MapProgram(maps, corner[k], rows), "inner").value for k in (1, -1)}
        assert inner[1] is not None
        assert inner[-1] is not None
        candidates = [inner[1] - p * q, -inner[-1] - p * q]
        candidates += [_last(meets, end, fmpq(0)) for end in candidates if meets(end)]
    feasible = [delta for delta in candidates if meets(delta)]
    cheapest = [(delta, solve_maps(_at_covariance(maps, delta), "inner")) for delta in feasible]
    primals: list[Primal] = [mixture(where, found) for _, found in cheapest if found.feasible]
    bounds: list[MapDual] = []
    for k in (1, -1):
        if point.minimises_rate:
            # The rate is least where delta is nearest to 0 on its side: the slope there is the multiplier.
            side = [delta for delta in feasible if (delta <= 0 if k == 1 else delta >= 0)]
            if not side:
                bounds.append(_no_bound(where))
                continue
            at = solve_maps(_at_covariance(maps, min(side, key=abs)), "outer")
            price = fraction(at.prices[0 if k == 1 else 1])
            bounds.append(MapDual(price, full_output(where, at), Fraction(1), Fraction(0)))
        elif math.isinf(point.rate):
            bounds.append(_no_bound(where))
        else:
            outer = solve_maps(MapProgram(maps, corner[k], rows), "outer")
            bounds.append(MapDual(Fraction(1), full_output(where, outer), fraction(outer.prices[0]), Fraction(0)))
    return primals, [SeedBlindDual(bounds[0], bounds[1], excluded)]


def _corner(sign: int) -> Measure:
    """sign * P(X=1, Y=1) = sign * (delta + P(X=1) P(Y=1))."""
    return Measure(matrix=[[fmpq(0), fmpq(0)], [fmpq(0), fmpq(sign)]])


def _at_covariance(maps: Maps, delta: fmpq) -> MapProgram:
    """The least rate at one covariance."""
    fixed = delta + maps.p[1] * maps.q[1]
    rows = ((_corner(1), (fixed, fixed)), (_corner(-1), (-fixed, -fixed)))
    return MapProgram(maps, Measure(entropy=True), rows)


def _no_bound(where: Support) -> MapDual:
    """Multipliers that say nothing: all are 0."""
    return MapDual(Fraction(0), (Fraction(0),) * where.full_shape[1], Fraction(0), Fraction(0))


def _within_distortion(maps: Maps, point: OperatingPoint, least: fmpq, greatest: fmpq) -> tuple[fmpq, fmpq]:
    """The covariances that meet a distortion budget: the distortion is affine in delta."""
    c, p, q = maps.cost, maps.p, maps.q
    slope = c[0][0] + c[1][1] - c[0][1] - c[1][0]
    product = sum((p[x] * q[y] * c[x][y] for x in (0, 1) for y in (0, 1)), fmpq(0))
    room = fmpq(*point.distortion.as_integer_ratio()) - product
    if slope == 0:
        return (least, greatest) if room >= 0 else (fmpq(1), fmpq(0))
    return (max(least, room / slope), greatest) if slope < 0 else (least, min(greatest, room / slope))


def _last(holds: Callable[[fmpq], bool], start: fmpq, end: fmpq) -> fmpq:
    """The last point found, going from `start` (where `holds`) towards `end`, at which it still holds."""
    if holds(end):
        return end
    for _ in range(BISECTIONS):
        middle = (start + end) / 2
        if holds(middle):
            start = middle
        else:
            end = middle
    return start


def _loss(maps: Maps, delta: fmpq) -> Interval:
    """H(S|Y) in bits at a covariance."""
    p, q = maps.p, maps.q
    plan = [[p[x] * q[y] + (delta if x == y else -delta) for y in (0, 1)] for x in (0, 1)]
    shares = [[c / p[x] for x, c in enumerate(column)] for column in maps.joint]
    return conditional_entropy_of([[plan[0][y] * s[0] + plan[1][y] * s[1] for s in shares] for y in (0, 1)])
