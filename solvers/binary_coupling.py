"""Single-letter rate-distortion-classification with given output law, two symbols a side, certified.

Least E d(X,Y) at I(X;Y) <= R and H(S|Y) <= C, or least I(X;Y) at E d <= D and H(S|Y) <= C, over the joint laws with marginals
p_X and p_Y, for any label channel p_S_given_X. Not convex in general: the loss excludes an interval of Cov(X, Y), so that what
is left can be two. The search finds the edges in high precision; `binary_coupling_checker` proves both ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np
from flint import arb, fmpq

from rdcsym.problem import FloatArray, InputError, Units, check_array, check_interval, check_units
from solvers import binary_coupling_checker as checker
from solvers.certificate import CertificateError
from solvers.precision import working_precision

PRECISION: Final = 320  # bits
BISECTIONS: Final = 170
HAIRS: Final = (Fraction(0), Fraction(1, 2**160), Fraction(1, 2**120), Fraction(1, 2**80), Fraction(1, 2**55))
TOLERANCE: Final = 1e-9
MASS_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class BinaryCouplingCertificate:
    """lower <= value <= upper, with witnesses; lower = upper = inf where no joint law meets the budgets."""

    problem: checker.BinaryCoupling = field(repr=False)
    lower: float
    upper: float
    witnesses: checker.CouplingWitnesses = field(repr=False)

    @property
    def status(self) -> Literal["certified", "infeasible", "gap"]:
        if self.lower == math.inf:
            return "infeasible"
        return "certified" if self.upper - self.lower <= TOLERANCE * abs(self.upper) + 1e-15 else "gap"

    def verify(self) -> bool:
        """Prove both ends again from the witnesses; True, or raises CertificateError naming what failed."""
        lower, upper = checker.ends(self.problem, self.witnesses)
        if not self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the joint law proves {upper}")
        return True


def binary_coupling(
    p_X: Any,
    p_Y: Any,
    cost: Any,
    p_S_given_X: Any,
    *,
    rate: float | None = None,
    distortion: float | None = None,
    classification: float = math.inf,
    units: Units = "bits",
) -> BinaryCouplingCertificate:
    """Certified least distortion (give `rate`) or least rate (give `distortion`) at H(S|Y) <= classification; see the module.

    p_X, p_Y (2,); cost (2, 2), finite; p_S_given_X (2, k). Rates and losses in `units`. Raises InputError on bad input.
    """
    check_units(units)
    problem = _validated(p_X, p_Y, cost, p_S_given_X, rate, distortion, classification, units)
    witnesses = _witnesses(problem)
    lower, upper = checker.ends(problem, witnesses)
    return BinaryCouplingCertificate(problem=problem, lower=lower, upper=max(lower, upper), witnesses=witnesses)


def _validated(
    p_X: Any, p_Y: Any, cost: Any, labels: Any, rate: Any, distortion: Any, classification: Any, units: Units
) -> checker.BinaryCoupling:
    if (rate is None) == (distortion is None):
        raise InputError("rate", rate, "exactly one of rate and distortion is a budget", "give one; the other is minimised")
    laws = {"p_X": check_array("p_X", p_X, 1), "p_Y": check_array("p_Y", p_Y, 1)}
    channel, d = check_array("p_S_given_X", labels, 2), check_array("cost", cost, 2)
    if channel.shape[0] != 2 or channel.shape[1] == 0:
        raise InputError("p_S_given_X", f"array of shape {channel.shape}", "needs 2 rows", "give one law of S for each X")
    for name, law in (*laws.items(), ("p_S_given_X", channel[0]), ("p_S_given_X", channel[1])):
        if name != "p_S_given_X" and law.size != 2:
            raise InputError(name, f"{law.size} masses", "must have two", "give P(0) and P(1)")
        check_interval(name, law, 0.0, 1.0 + MASS_TOLERANCE)
        if abs(math.fsum(law) - 1) > MASS_TOLERANCE:
            raise InputError(name, f"masses of sum {math.fsum(law):.9g}", "must sum to 1", "divide them by their sum")
    if d.shape != (2, 2) or not np.isfinite(d).all():
        raise InputError("cost", f"array of shape {d.shape}", "must be (2, 2) and finite", "give one cost for each (x, y)")
    low = -math.inf if distortion is not None else 0.0
    budget = check_interval(
        "rate" if distortion is None else "distortion", rate if distortion is None else distortion, low, math.inf
    )
    loss = check_interval("classification", classification, 0.0, math.inf)
    if budget.ndim or loss.ndim:
        raise InputError("budgets", "an array", "must be numbers", "solve one point at a time")
    return checker.BinaryCoupling(
        p_X=_frozen(laws["p_X"]),
        p_Y=_frozen(laws["p_Y"]),
        cost=_frozen(d),
        p_S_given_X=_frozen(channel),
        rate=None if rate is None else float(budget),
        distortion=None if distortion is None else float(budget),
        classification=float(loss),
        units=units,
    )


def _frozen(array: FloatArray) -> FloatArray:
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def _witnesses(problem: checker.BinaryCoupling) -> checker.CouplingWitnesses:
    """Points just beyond each edge of the budgets, to exclude; the best that the checker accepts of those just within."""
    line = _Line(problem)
    rate: list[Fraction | None] = [None, None]
    candidates = {Fraction(0), line.low, line.high, *line.distortion_edge()}
    excluded: tuple[Fraction, Fraction] | None = None
    with working_precision(PRECISION):
        if problem.rate is not None and problem.rate < math.inf:
            budget = line.nat * problem.rate
            for i, end in enumerate((line.low, line.high)):
                edge = _edge(lambda d, b=budget: line.information(d) - b, end)  # type: ignore[misc]
                if edge is not None:
                    candidates.add(edge[0])
                    rate[i] = edge[1]
        if problem.classification < math.inf:
            heard = line.nat * problem.classification
            if line.loss(Fraction(0)) > heard:
                edges = [_edge(lambda d: heard - line.loss(d), end) or (end, end) for end in (line.low, line.high)]
                candidates |= {outer for _, outer in edges}
                excluded = edges[0][0], edges[1][0]
    shown_rate = tuple(
        _shown(problem, x, end, _as_rate(i)) for i, (x, end) in enumerate(zip(rate, (line.low, line.high), strict=True))
    )
    shown_loss = None
    if excluded is not None:
        a, b = (
            _shown(problem, x, Fraction(0), lambda y: checker.CouplingWitnesses(None, (None, None), (y, y))) for x in excluded
        )
        shown_loss = None if a is None or b is None else (a, b)
    value, attained = math.inf, None
    for candidate in candidates:
        for trial in line.beside(candidate):
            found = _value(problem, checker.CouplingWitnesses(trial))
            if found < value:
                value, attained = found, trial
    return checker.CouplingWitnesses(attained, (shown_rate[0], shown_rate[1]), shown_loss)


class _Line:
    """The problem along delta = Cov(X, Y): its range, and its functions in nats."""

    def __init__(self, problem: checker.BinaryCoupling) -> None:
        self.problem = problem
        (self.x0, self.x1), (self.y0, self.y1), *labels = (_law(m) for m in (problem.p_X, problem.p_Y, *problem.p_S_given_X))
        self.labels = list(zip(*labels, strict=True))
        self.low, self.high = (
            _fraction(max(-self.x1 * self.y1, -self.x0 * self.y0)),
            _fraction(min(self.x1 * self.y0, self.x0 * self.y1)),
        )
        with working_precision(PRECISION):
            self.nat = arb.const_log2() if problem.units == "bits" else arb(1)

    def information(self, delta: Fraction) -> Any:
        d, total = _exact(delta), arb(0)
        for product, sign in ((self.x0 * self.y0, 1), (self.x0 * self.y1, -1), (self.x1 * self.y0, -1), (self.x1 * self.y1, 1)):
            mass = product + sign * d
            if mass > 0:
                total += mass * arb(mass / product).log()
        return total

    def loss(self, delta: Fraction) -> Any:
        d, total = _exact(delta), arb(0)
        for y, sign in ((self.y0, 1), (self.y1, -1)):
            for a, b in self.labels:
                mass = self.x0 * y * a + self.x1 * y * b + sign * d * (a - b)
                if mass > 0:
                    total -= mass * arb(mass / y).log()
        return total

    def distortion_edge(self) -> Iterator[Fraction]:
        (c00, c01), (c10, c11) = ([_exact(float(c)) for c in row] for row in self.problem.cost)
        slope = c00 + c11 - c01 - c10
        if slope != 0 and self.problem.distortion is not None and self.problem.distortion < math.inf:
            base = self.x0 * (self.y0 * c00 + self.y1 * c01) + self.x1 * (self.y0 * c10 + self.y1 * c11)
            edge = _fraction((_exact(self.problem.distortion) - base) / slope)
            if self.low <= edge <= self.high:
                yield edge

    def beside(self, delta: Fraction) -> Iterator[Fraction]:
        """The point, then points ever farther to its sides; the one with the least move that is within all budgets is best."""
        for hair in HAIRS:
            for sign in (-1, 1) if hair else (1,):
                yield min(max(delta + sign * hair * (self.high - self.low), self.low), self.high)


def _edge(beyond: Callable[[Fraction], Any], end: Fraction) -> tuple[Fraction, Fraction] | None:
    """(inner, outer) around the one change of sign between 0, where `beyond` is at most 0, and `end`; None: there is none."""
    if end == 0 or beyond(end).mid() <= 0:
        return None
    inner, outer = Fraction(0), Fraction(1)
    for _ in range(BISECTIONS):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if beyond(middle * end).mid() <= 0 else (inner, middle)
    return inner * end, outer * end


def _shown(
    problem: checker.BinaryCoupling,
    point: Fraction | None,
    aim: Fraction,
    as_witness: Callable[[Fraction], checker.CouplingWitnesses],
) -> Fraction | None:
    """The point, or one a hair nearer to `aim`, that the checker accepts as the witness; None where there is none."""
    for hair in HAIRS if point is not None else ():
        moved = point + hair * (aim - point)  # type: ignore[operator]
        try:
            checker.ends(problem, as_witness(moved))
        except CertificateError:
            continue
        return moved
    return None


def _as_rate(side: int) -> Callable[[Fraction], checker.CouplingWitnesses]:
    return lambda x: checker.CouplingWitnesses(None, (x, None) if side == 0 else (None, x))


def _as_loss(x: Fraction) -> checker.CouplingWitnesses:
    return checker.CouplingWitnesses(None, (None, None), (x, x))


def _value(problem: checker.BinaryCoupling, witnesses: checker.CouplingWitnesses) -> float:
    try:
        return checker.ends(problem, witnesses)[1]
    except CertificateError:
        return math.inf


def _law(masses: FloatArray) -> list[Any]:
    exact = [_exact(float(m)) for m in masses]
    total = sum(exact, fmpq(0))
    return [m / total for m in exact]


def _exact(x: float | Fraction) -> Any:
    return fmpq(*x.as_integer_ratio())


def _fraction(x: Any) -> Fraction:
    return Fraction(int(x.p), int(x.q))
