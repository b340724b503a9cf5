"""The rate-distortion-perception function of a discrete source, total variation, with a certificate.

R(D, P) = min I(X;Y) over channels with E d(X,Y) <= D and TV(p_Y, p_X) <= P, the output law free within that ball (Blau and
Michaeli, ICML 2019). A convex program in the joint law: solved by an interior-point method, its plan moved onto the budgets in
exact rationals, and both ends proved by `rate_perception_checker`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np

from rdcsym.problem import FloatArray, InputError, Units, check_array, check_interval, check_units
from solvers import rate_perception_checker as checker
from solvers.certificate import CertificateError
from solvers.interior_point import LinearConstraints, least_information

TOLERANCE: Final = 1e-9  # relative gap up to which an interval is "certified"
FLOOR: Final = 1e-14  # an absolute gap (one unit of rate) that is rounding
MASS_TOLERANCE: Final = 1e-6
NEGLIGIBLE: Final = 1e-13  # a budget below this is solved as 0; the bounds are still evaluated at the budget itself

Channel = list[list[Fraction]]


@dataclass(frozen=True, eq=False, kw_only=True)
class RatePerceptionCertificate:
    """lower <= R(D, P) <= upper in `units`, with its witnesses; lower = upper = inf below the least distortion.

    status: "certified" (relative gap at most 1e-9), "infeasible" or "gap".
    """

    p_X: FloatArray
    cost: FloatArray
    distortion: float
    perception: float
    units: Units
    lower: float
    upper: float
    witnesses: checker.PerceptionWitnesses = field(repr=False)

    @property
    def status(self) -> Literal["certified", "infeasible", "gap"]:
        if self.lower == math.inf:
            return "infeasible"
        return "certified" if self.upper - self.lower <= TOLERANCE * self.upper + FLOOR else "gap"

    def verify(self) -> bool:
        """Prove both ends again from the witnesses; True, or raises CertificateError naming what failed."""
        lower, upper = checker.ends(self.p_X, self.cost, self.distortion, self.perception, self.units, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the dual witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the channel proves {upper}")
        return True


def rate_distortion_perception(
    p_X: Any, cost: Any, distortion: float, perception: float, units: Units = "bits"
) -> RatePerceptionCertificate:
    """Certified R(D, P) of a source p_X (n,) with cost d(x, y) (n, n), E d <= distortion and TV(p_Y, p_X) <= perception.

    X and Y share one alphabet, so that their laws can be compared, and d(x, x) must be the least of its row. The rate is in
    `units`; perception at least 0 (1 and more: no constraint). Below the least possible distortion the answer is inf.
    Raises InputError on bad input.
    """
    check_units(units)
    p, d, budget, ball = _validated(p_X, cost, distortion, perception)
    witnesses = _witnesses(p, d, budget, ball)
    lower, upper = checker.ends(p, d, budget, ball, units, witnesses)
    return RatePerceptionCertificate(
        p_X=p, cost=d, distortion=budget, perception=ball, units=units, lower=lower, upper=max(lower, upper), witnesses=witnesses
    )


def _validated(p_X: Any, cost: Any, distortion: Any, perception: Any) -> tuple[FloatArray, FloatArray, float, float]:
    p, d = check_array("p_X", p_X, 1).copy(), check_array("cost", cost, 2).copy()
    if p.size == 0 or d.shape != (p.size, p.size):
        shape = f"array of shape {d.shape}"
        raise InputError("cost", shape, "must be square, one row for each letter of p_X", "X and Y share one alphabet here")
    check_interval("p_X", p, 0.0, 1.0 + MASS_TOLERANCE)
    if abs(math.fsum(p) - 1) > MASS_TOLERANCE:
        raise InputError("p_X", f"masses of sum {math.fsum(p):.9g}", "must sum to 1", "divide p_X by its sum")
    if not np.isfinite(d).all():
        raise InputError("cost", "an infinite entry", "must be finite", "use a large cost for a forbidden pair")
    if (d < d.diagonal()[:, None]).any():
        raise InputError(
            "cost", "an entry below its row's d(x, x)", "d(x, x) must be the least of its row", "relabel the letters"
        )
    budget = check_array("distortion", distortion)
    if budget.ndim or budget == -math.inf:
        raise InputError("distortion", distortion, "must be one number", "solve one budget at a time")
    ball = check_interval("perception", perception, 0.0, math.inf)
    if ball.ndim:
        raise InputError("perception", perception, "must be one number", "solve one budget at a time")
    p.setflags(write=False)
    d.setflags(write=False)
    return p, d, float(budget), float(ball)


def _witnesses(p_X: FloatArray, cost: FloatArray, distortion: float, perception: float) -> checker.PerceptionWitnesses:
    n = p_X.size
    total = sum(map(Fraction, p_X.tolist()), Fraction(0))
    p = [Fraction(m) / total for m in p_X.tolist()]
    spare = [[Fraction(c) - Fraction(row[x]) for c in row] for x, row in enumerate(cost.tolist())]
    ball = Fraction(1) if perception >= 1 else Fraction(perception)
    nothing = np.zeros(n)
    constant = _cheapest_constant(p, spare, ball)
    mean = [sum((m * row[y] for m, row in zip(p, spare, strict=True)), Fraction(0)) for y in range(n)]
    if distortion == math.inf:
        return checker.PerceptionWitnesses(tuple(constant for _ in p), 0.0, nothing, 0.0)
    budget = Fraction(distortion) - sum((m * Fraction(float(c)) for m, c in zip(p, cost.diagonal(), strict=True)), Fraction(0))
    if budget < 0 or sum(r * c for r, c in zip(constant, mean, strict=True)) <= budget:
        return checker.PerceptionWitnesses(tuple(constant for _ in p), 0.0, nothing, 0.0)
    channel, slope, prices = _optimum(np.array(list(map(float, p))), np.array([list(map(float, r)) for r in spare]), budget, ball)
    exact = _repaired(channel, p, spare, budget, ball)
    return checker.PerceptionWitnesses(tuple(map(tuple, exact)), *_dual(p, spare, exact, slope, prices, float(ball)))


def _cheapest_constant(p: list[Fraction], spare: Channel, ball: Fraction) -> tuple[Fraction, ...]:
    """The output law in the ball of least E d' when Y ignores X: mass moves from the dearest letters to the cheapest."""
    mean = [sum((m * row[y] for m, row in zip(p, spare, strict=True)), Fraction(0)) for y in range(len(p))]
    law, left, best = list(p), ball, min(range(len(p)), key=lambda y: mean[y])
    for y in sorted(range(len(p)), key=lambda y: -mean[y]):
        moved = min(left, law[y]) if mean[y] > mean[best] else Fraction(0)
        law[y] -= moved
        law[best] += moved
        left -= moved
    return tuple(law)


def _optimum(p: FloatArray, spare: FloatArray, budget: Fraction, ball: Fraction) -> tuple[FloatArray, float, FloatArray]:
    """A nearly optimal channel (n, n), the slope of the distortion and the prices t (n,) of the output letters."""
    n, scale = p.size, float(spare.max())
    tight, still = budget <= NEGLIGIBLE * scale, ball <= NEGLIGIBLE
    if tight and (spare + np.eye(n) > 0).all():
        return np.eye(n), _steepest(spare, budget), np.zeros(n)
    x, y = np.nonzero((p > 0)[:, None] & ((spare == 0) | (not tight)) & ((p > 0) | (not still)))
    entries = x.size
    columns = (y == np.arange(n)[:, None]).astype(float)
    rows = (x == np.arange(n)[:, None]).astype(float)[p > 0]
    extra = 0 if still else n
    pad = np.zeros
    A, b = np.hstack([rows, pad((rows.shape[0], extra))]), p[p > 0]
    G, h = [-np.eye(entries + extra)], [pad(entries + extra)]
    if still:
        kept = np.flatnonzero(p)[1:]
        A, b = np.vstack([A, columns[kept]]), np.concatenate([b, p[kept]])
    else:
        G.append(np.hstack([columns, -np.eye(n)]))
        G.append(np.concatenate([pad(entries), np.ones(n)])[None])
        h += [p, np.array([float(ball)])]
    if not tight:
        G.append(np.concatenate([spare[x, y] / scale, pad(extra)])[None])
        h.append(np.array([float(budget) / scale]))
    # Keeping most letters meets all budgets strictly.
    law = p if still else (p + 1 / n) / 2
    lost = min(0.5, 1.0 if tight else float(budget) / (2 * float(p @ spare @ law)), 1.0 if still else float(ball) / 4)
    pi = p[x] * ((1 - lost) * (x == y) + lost * law[y])
    pi *= (p / np.maximum(np.bincount(x, pi, n), NEGLIGIBLE))[x]
    rise = np.zeros(0) if still else np.maximum(columns @ pi - p, 0.0) + float(ball) / (4 * n)
    start = np.concatenate([pi, rise])
    smallest = min(1.0, math.inf if tight else float(budget) / scale, math.inf if still else float(ball))
    reached = columns[columns.any(axis=1)]
    found = least_information(p[x], reached, start, LinearConstraints(A, b, np.vstack(G), np.concatenate(h)), smallest)
    channel = np.eye(n)
    channel[p > 0] = 0
    channel[x, y] = found.v[:entries] / p[x]
    if still:
        prices = np.zeros(n)
        prices[kept] = found.equalities[rows.shape[0] :]
    else:
        prices = found.inequalities[entries + extra : entries + extra + n]
    return channel, _steepest(spare, budget) if tight else float(found.inequalities[-1]) / scale, prices


def _steepest(spare: FloatArray, budget: Fraction) -> float:
    """A slope at which a negligible distortion budget costs nothing that counts."""
    return math.inf if budget == 0 else -math.log(float(budget) / float(spare.max())) / float(spare[spare > 0].min())


def _repaired(channel: FloatArray, p: list[Fraction], spare: Channel, budget: Fraction, ball: Fraction) -> Channel:
    """The channel in rationals, within both budgets: first the output law is moved into the ball, then letters are kept.

    Moving Y to another law by a map of Y alone cannot raise I(X;Y), and keeping X as it is costs nothing and has output law p.
    """
    n = len(p)
    rows = [[Fraction(max(0.0, float(w))) for w in row] for row in channel]
    rows = [[w / total for w in row] for row in rows for total in [sum(row, Fraction(0))]]
    output = _output(p, rows)
    distance = sum((max(r - m, Fraction(0)) for r, m in zip(output, p, strict=True)), Fraction(0))
    if distance > ball:
        wanted = [m + (r - m) * ball / distance for r, m in zip(output, p, strict=True)]
        lacking = [max(w - r, Fraction(0)) for w, r in zip(wanted, output, strict=True)]
        total = sum(lacking, Fraction(0))
        moved = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        for i in range(n):
            if output[i] > wanted[i]:
                share = wanted[i] / output[i]
                moved[i] = [(1 - share) * need / total + (share if i == j else 0) for j, need in enumerate(lacking)]
        rows = [[sum((row[i] * moved[i][j] for i in range(n)), Fraction(0)) for j in range(n)] for row in rows]
    spent = sum((p[i] * rows[i][j] * spare[i][j] for i in range(n) for j in range(n)), Fraction(0))
    if spent > budget:
        kept = 1 - budget / spent
        rows = [[(1 - kept) * w + (kept if i == j else 0) for j, w in enumerate(row)] for i, row in enumerate(rows)]
    return rows


def _output(p: list[Fraction], rows: Channel) -> list[Fraction]:
    return [sum((m * row[y] for m, row in zip(p, rows, strict=True)), Fraction(0)) for y in range(len(p))]


def _dual(
    p: list[Fraction], spare: Channel, rows: Channel, slope: float, prices: FloatArray, ball: float
) -> tuple[float, FloatArray, float]:
    """(slope, a, floor): the potentials that fit the channel's output law, and the best floor of the prices."""
    mass, d = np.array(list(map(float, p))), np.array([list(map(float, row)) for row in spare])
    kernel = (d == 0).astype(float) if slope == math.inf else np.exp(-np.minimum(slope * d, 700.0))
    output = np.array(list(map(float, _output(p, rows))))
    a = -np.log(kernel @ (output * np.exp(-prices)))
    with np.errstate(divide="ignore"):  # a letter that no row reaches has price -inf
        least = np.log((mass * np.exp(a)) @ kernel)
    floors = least[np.isfinite(least)]
    loss = [float(mass @ np.maximum(least, f)) + ball * float(floors.max() - f) for f in floors]
    return slope, a, float(floors[int(np.argmin(loss))])
