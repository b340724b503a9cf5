"""The one-shot setting: a seed U picks a map of X, the rate is H(Y|U), the classifier sees the seed or does not.

With the seed known, everything is linear in the law of the map and the answer is an exact linear program.
Without it, H(S|Y) is concave in the plan. For two symbols a side the plan is one number, the covariance delta, and the
feasible set is an interval less an open interval around 0, so the answer is exact again; for larger alphabets the linear
program is the lower end, and a sequence of linear programs (H(S|Y) replaced by its tangent from above) the upper end.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np
from flint import fmpq

from rdcsym.problem import FloatArray, InputError
from solvers.certificate import Dual, LabelBound, MapDual, Primal
from solvers.oneshot_binary import two_by_two
from solvers.oneshot_lp import MapSolution, solve_maps
from solvers.oneshot_maps import Interval, MapProgram, Maps, Measure
from solvers.oneshot_witness import bits, fraction, full_output, mixture
from solvers.problem import DiscreteProblem, OperatingPoint, Support, operating_point, support

LARGEST_SEARCH: Final = 200_000
"""Bound on |Y| 3^|X|, the work of finding the best map for given multipliers."""
TANGENT_ROUNDS: Final = 12


def oneshot_evidence(problem: DiscreteProblem, point: OperatingPoint) -> tuple[str, list[Primal], list[Dual]]:
    """Method name, plans and dual witnesses for the one-shot setting."""
    where = _checked_support(problem)
    maps = Maps(where)
    duals: list[Dual] = [LabelBound()] if point.has_classification else []
    outer = solve_maps(_program(maps, point), "outer")
    duals.append(_map_dual(where, point, outer))
    if point.has_classification:
        # Should rounding at a boundary spoil the witness above, this one still gives a finite end.
        duals.append(_map_dual(where, point, solve_maps(_program(maps, point, classified=False), "outer"), False))
    inner = solve_maps(_program(maps, point), "inner")
    primals: list[Primal] = [mixture(where, inner)] if inner.feasible else []
    if point.has_classification and not point.classifier_sees_seed:
        if (maps.n, maps.m) == (2, 2):
            more, bound = two_by_two(where, maps, point)
            return "covariance range", primals + more, [*duals, *bound]
        return "linear program and tangents", primals + _by_tangents(where, maps, point, inner), duals
    return "linear program", primals, duals


def oneshot_exact(
    problem: DiscreteProblem,
    *,
    rate: float | None = None,
    distortion: float | None = None,
    classification: float | None = None,
    units: str = "bits",
) -> tuple[Fraction | float, Fraction | float]:
    """Exact ends (rationals, or math.inf) of the program over maps, for a classifier that sees the seed.

    The two differ only through the enclosures of entropies, some 1e-55 wide unless the point is at a boundary of the
    feasible set. A rate is in bits whatever `units` says of the budgets. Arguments and errors as in `solve`.
    """
    point = operating_point(
        problem,
        rate=rate,
        distortion=distortion,
        classification=classification,
        perception=None,
        setting="oneshot",
        units=units,
        classifier_sees_seed=True,
    )
    maps = Maps(_checked_support(problem))
    outer, inner = (solve_maps(_program(maps, point), end) for end in ("outer", "inner"))
    low, high = (math.inf if s.value is None else fraction(s.value) for s in (outer, inner))
    return low, high


def _checked_support(problem: DiscreteProblem) -> Support:
    where = support(problem)
    n, m = where.p.size, where.q.size
    if m * 3**n > LARGEST_SEARCH:
        text = f"has {m}^{n} = {m**n:.3g} maps, too many for the one-shot setting"
        raise InputError("problem", f"{n} x {m} symbols", text, "merge symbols, or use setting='single-letter'")
    return where


def _program(maps: Maps, point: OperatingPoint, *, classified: bool = True) -> MapProgram:
    distortion, rate = Measure(matrix=maps.cost), Measure(entropy=True)
    budgets: list[tuple[Measure, Interval]] = []
    if point.minimises_rate:
        exact = fmpq(*point.distortion.as_integer_ratio())
        budgets.append((distortion, (exact, exact)))
    elif not math.isinf(point.rate):
        budgets.append((rate, bits(point.rate, point.units)))
    if point.has_classification and classified:
        budgets.append((Measure(label=True), bits(point.classification, point.units)))
    return MapProgram(maps, rate if point.minimises_rate else distortion, tuple(budgets))


def _map_dual(where: Support, point: OperatingPoint, solution: MapSolution, classified: bool = True) -> MapDual:
    prices = [fraction(x) for x in solution.prices]
    own = Fraction(int(solution.feasible))
    label = prices.pop() if point.has_classification and classified else Fraction(0)
    other = prices.pop() if prices else Fraction(0)
    cost, rate = (other, own) if point.minimises_rate else (own, other)
    return MapDual(cost, full_output(where, solution), rate, label)


def _by_tangents(where: Support, maps: Maps, point: OperatingPoint, first: MapSolution) -> list[Primal]:
    """Feasible mixtures. H(S|Y) is concave in the plan, so below its tangent's budget it is below its own.

    Each round solves the program with the tangent at the last plan; a feasible last plan stays feasible, so the value
    falls. Starts: the plan of the relaxation, and the most informative plan that tangents reach.
    """
    found: list[Primal] = []
    for start in (first, _most_informative(maps, point)):
        last = start
        for _ in range(TANGENT_ROUNDS):
            if not last.feasible:
                break
            budget = (_tangent(where, maps, last), bits(point.classification, point.units))
            program = _program(maps, point, classified=False)
            step = solve_maps(MapProgram(maps, program.objective, (*program.budgets, budget)), "inner")
            if not step.feasible:
                break
            found.append(mixture(where, step))
            if last.value is not None and step.value == last.value:
                break
            last = step
    return found


def _most_informative(maps: Maps, point: OperatingPoint) -> MapSolution:
    """The mixture of least H(S|Y,U) within the other budgets: a start whose plan tells much about the label."""
    program = _program(maps, point, classified=False)
    return solve_maps(MapProgram(maps, Measure(label=True), program.budgets), "inner")


def _tangent(where: Support, maps: Maps, at: MapSolution) -> Measure:
    """The tangent of H(S|Y) at a plan, in bits: sum_xy P(x,y) L(x,y), L = -sum_s p(s|x) log2 r(s|y), r the posterior.

    It bounds H(S|Y) from above for any r whatever (cross entropy), so r may be rounded; a floor keeps L finite.
    """
    plan = np.zeros((maps.n, maps.m))
    for phi, weight in zip(at.assignments, at.weights, strict=True):
        plan[np.arange(maps.n), phi] += float(fraction(weight)) * where.p
    assert where.label is not None
    posterior: FloatArray = where.label.T @ plan + 1e-12
    posterior = posterior / posterior.sum(axis=0)
    tangent = -(where.label @ np.log2(posterior))
    return Measure(matrix=[[fmpq(*float(x).as_integer_ratio()) for x in row] for row in tangent])
