"""The checker of binary coupling certificates: single-letter programs over the joint laws of two bits with given marginals.

A joint law of X and Y is one number, delta = Cov(X, Y), in [-least, most]: P(X=1, Y=1) = q p + delta. Along it the distortion is
linear, I(X;Y) is convex with its least value 0 at delta = 0, and H(S|Y) is concave, as S depends on X alone and
P(S=s, Y=y) is linear in delta. So, each shown at single points in ball arithmetic:

- I(delta) > R at a delta > 0 excludes all that are larger, and at a delta < 0 all that are smaller (`rate`);
- H(S|Y) > C at two points excludes all between (`loss`), the two points with them;
- the distortion budget cuts at one rational number, exactly.

What is left are at most two intervals. The distortion, being linear, is least at one of their ends, and so is I unless 0 lies
inside, where I is 0. That least value is the lower end; no interval left means that no joint law meets the budgets. The upper
end is the value at one delta (`attained`) at which every budget is shown to hold.

The exact data are the floats read as rationals, laws divided by their sums. Used too: H(S|Y) <= log(number of
labels) and I(X;Y) <= log 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from flint import arb, fmpq

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError
from solvers.precision import working_precision

PRECISION: Final = 320  # bits


@dataclass(frozen=True, eq=False, kw_only=True)
class BinaryCoupling:
    """Two bits and a label. p_X, p_Y (2,), cost (2, 2), p_S_given_X (2, k); one of the two budgets is the minimised one, None.

    rate and classification in `units`, distortion in cost units; classification inf for no constraint.
    """

    p_X: FloatArray
    p_Y: FloatArray
    cost: FloatArray
    p_S_given_X: FloatArray
    rate: float | None
    distortion: float | None
    classification: float
    units: Literal["bits", "nats"]


@dataclass(frozen=True)
class CouplingWitnesses:
    """Covariances: `attained` (upper end), the two of `rate` and of `loss` (see the module); None: nothing is shown."""

    attained: Fraction | None
    rate: tuple[Fraction | None, Fraction | None] = (None, None)
    loss: tuple[Fraction, Fraction] | None = None


def ends(problem: BinaryCoupling, witnesses: CouplingWitnesses) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in cost units or `units`; lower = inf: infeasible; upper inf: nothing attained.

    Raises CertificateError where a witness does not show what it should.
    """
    with working_precision(PRECISION):
        return _Exact(problem).ends(witnesses)


class _Exact:
    """The problem in rationals, and its functions of delta as balls in nats."""

    def __init__(self, problem: BinaryCoupling) -> None:
        self.p_X, self.p_Y = _law(problem.p_X), _law(problem.p_Y)
        self.labels = [_law(row) for row in problem.p_S_given_X]
        (c00, c01), (c10, c11) = ([_rational(c) for c in row] for row in problem.cost)
        q, p = self.p_X[1], self.p_Y[1]
        self.slope = c00 + c11 - c01 - c10
        self.base = (1 - q) * ((1 - p) * c00 + p * c01) + q * ((1 - p) * c10 + p * c11)
        self.low, self.high = max(-q * p, -(1 - q) * (1 - p)), min(q * (1 - p), (1 - q) * p)
        self.nat = arb.const_log2() if problem.units == "bits" else arb(1)
        self.problem = problem

    def joint(self, delta: Any) -> list[list[Any]]:
        (x0, x1), (y0, y1) = self.p_X, self.p_Y
        return [[x0 * y0 + delta, x0 * y1 - delta], [x1 * y0 - delta, x1 * y1 + delta]]

    def information(self, delta: Any) -> Any:
        pairs = (
            (m, x * y) for row, x in zip(self.joint(delta), self.p_X, strict=True) for m, y in zip(row, self.p_Y, strict=True)
        )
        return sum((arb(m) * arb(m / product).log() for m, product in pairs if m != 0 and m != product), arb(0))

    def loss(self, delta: Any) -> Any:
        total, joint = arb(0), self.joint(delta)
        for y in (0, 1):
            for s in range(len(self.labels[0])):
                mass = joint[0][y] * self.labels[0][s] + joint[1][y] * self.labels[1][s]
                if mass != 0 and mass != self.p_Y[y]:
                    total -= arb(mass) * arb(mass / self.p_Y[y]).log()
        return total

    def inside(self, fraction: Fraction) -> Any:
        delta = fmpq(fraction.numerator, fraction.denominator)
        if not self.low <= delta <= self.high:
            raise CertificateError(f"covariance {float(fraction)}: lies outside [{float(self.low)}, {float(self.high)}]")
        return delta

    def ends(self, w: CouplingWitnesses) -> tuple[float, float]:
        upper = math.inf if w.attained is None else self.attained(self.inside(w.attained))
        pieces = self.left(w)
        if not pieces:
            return math.inf, math.inf
        if self.problem.rate is None:
            if any(a <= 0 <= b for a, b in pieces):
                return 0.0, upper
            lower = arb(math.inf)
            for piece in pieces:
                for delta in piece:
                    lower = lower.min(self.information(delta))
            return max(0.0, -_up(-lower / self.nat)), upper
        least = min(self.base + self.slope * x for piece in pieces for x in piece)
        return -_up(-arb(least)) + 0.0, upper  # no negative zero

    def attained(self, delta: Any) -> float:
        """The value at delta, rounded up; every budget must hold there."""
        about = self.problem
        rate = math.inf if about.rate is None or delta == 0 or (about.units == "bits" and about.rate >= 1) else about.rate
        if rate < math.inf and not self.information(delta) <= self.nat * _rational(rate):
            raise CertificateError("attained: the rate is not shown to be within its budget")
        distortion = math.inf if about.distortion is None else about.distortion
        if distortion < math.inf and self.base + self.slope * delta > _rational(distortion):
            raise CertificateError("attained: the distortion exceeds its budget")
        if not self.any_loss() and not self.within_loss(delta):
            raise CertificateError("attained: the classification loss is not shown to be within its budget")
        return _up(arb(self.base + self.slope * delta) if about.rate is not None else self.information(delta) / self.nat)

    def any_loss(self) -> bool:
        """Whether the loss budget is log k or more, so that every joint law meets it."""
        budget, k = self.problem.classification, len(self.labels[0])
        if budget == math.inf:
            return True
        whole = self.problem.units == "bits" and budget.is_integer() and budget < PRECISION and 2 ** int(budget) >= k
        return whole or bool(self.nat * _rational(budget) >= arb(k).log())

    def within_loss(self, delta: Any) -> bool:
        heard, budget = self.loss(delta), _rational(self.problem.classification)
        return bool(heard <= self.nat * budget) or bool(heard == 0 and budget == 0)

    def left(self, w: CouplingWitnesses) -> list[tuple[Any, Any]]:
        """Closed intervals that hold every delta within the budgets."""
        about, low, high = self.problem, self.low, self.high
        if about.rate is not None and about.rate < math.inf:
            for point, side in zip(w.rate, (-1, 1), strict=True):
                if point is None:
                    continue
                delta = self.inside(point)
                if not (delta * side > 0 and self.information(delta) > self.nat * _rational(about.rate)):
                    raise CertificateError("rate: a covariance is not shown to exceed the rate")
                low, high = (max(low, delta), high) if side < 0 else (low, min(high, delta))
        if about.distortion is not None and about.distortion < math.inf:
            room = _rational(about.distortion) - self.base
            if self.slope == 0:
                high = high if room >= 0 else low - 1
            elif self.slope < 0:
                low = max(low, room / self.slope)
            else:
                high = min(high, room / self.slope)
        if low > high:
            return []
        if w.loss is None:
            return [(low, high)]
        a, b = map(self.inside, w.loss)
        budget = self.nat * _rational(about.classification)
        if not (a <= b and self.loss(a) > budget and self.loss(b) > budget):
            raise CertificateError("loss: two covariances are not shown to exceed the classification budget")
        # a and b themselves are excluded; what is left is closed only to be on the safe side
        return [piece for piece, some in (((low, min(a, high)), low < a), ((max(b, low), high), b < high)) if some]


def _law(masses: Any) -> list[Any]:
    exact = [_rational(m) for m in masses]
    total = sum(exact, fmpq(0))
    return [m / total for m in exact]


def _rational(x: Any) -> Any:
    return fmpq(*float(x).as_integer_ratio())


def _up(x: Any) -> float:
    """A double at least as large as the ball's upper end; inf for a ball that is not finite."""
    if not x.is_finite():
        return math.inf
    high = float(x.upper())
    return high if math.isinf(high) or arb(_rational(high)) >= x else math.nextafter(high, math.inf)
