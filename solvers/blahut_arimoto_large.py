"""Blahut and Arimoto's iteration for large alphabets, stopped on the certified gap and not on the change.

At a slope s, with K = exp(-s d'), a sweep multiplies the output law q by c = K^T (p / K q). Every few sweeps the dual bound is
evaluated: log max_y c_y - sum_y q_y c_y log c_y is how far the value at q is from the optimum at that slope (Blahut 1972). Sweeps
are extrapolated (SQUAREM; Varadhan and Roland, Scand. J. Statist. 35, 2008), and letters whose mass vanishes leave the sweeps but
not the bound. Where that crawls, Newton's method settles the letters that are left. The slope is a bracketed root of
E d' = D'; the search ends when the two ends of the bracket, as one channel and one dual, are as close as is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray

CHECK: Final = 5  # extrapolated sweeps between two evaluations of the dual bound
CHECKS: Final = 8  # after which Newton's method takes over
SLOPES: Final = 80
SKEW: Final = 1e-3
NEGLIGIBLE: Final = 1e-12  # mass, beside the largest, below which a letter leaves the sweeps
LEAST: Final = 1e-300  # floor of what is divided by or whose logarithm is taken
FIRST: Final = 200  # letters that Newton's method begins with, and
MORE: Final = 60  # how many of those that the dual bound asks for are taken in at a time
ROUNDS: Final = 25
GROWTH: Final = 4.0  # factor between slopes until the root is bracketed
UNDERFLOW: Final = 745.0

Newton = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class SlopePoint:
    """The output law (m,) that is optimal at a slope, E d', and log lambda (n,) = -log K q."""

    slope: float
    output: FloatArray
    distortion: float
    log_lambda: FloatArray
    worst: float

    def dual(self, p: FloatArray, budget: float) -> float:
        """Berger's bound at the budget, in nats, in floats."""
        return float(p @ self.log_lambda) - math.log(self.worst) - self.slope * budget


def large(p: FloatArray, spare: FloatArray, budget: float, gap: float, newton: Newton) -> tuple[FloatArray, float, FloatArray]:
    """A channel (n, m) that spends the budget D' >= 0, a slope and log lambda (n,) whose bound is within `gap` of it."""
    if budget == 0:
        flat = np.full(spare.shape[1], 1.0 / spare.shape[1])
        exact = at_slope(p, spare, math.inf, flat, gap, newton)
        return channel_of(spare, exact), exact.slope, exact.log_lambda
    low, high = bracketed(p, spare, budget, gap, newton)
    best = max((low, high), key=lambda point: point.dual(p, budget))
    return mixture(spare, low, high, budget), best.slope, best.log_lambda


def bracketed(p: FloatArray, spare: FloatArray, budget: float, gap: float, newton: Newton) -> tuple[SlopePoint, SlopePoint]:
    """Optima at two slopes, the first spending at least the budget and the second at most, their relative gap at most `gap`.

    p (n,) positive, sum 1; spare (n, m) costs less each row's least; 0 < budget < min_y E d'. newton: the exact method, from p
    and a kernel to the best output law.
    """
    low: SlopePoint | None = None
    high: SlopePoint | None = None
    slope = 1.0 / budget
    output = np.full(spare.shape[1], 1.0 / spare.shape[1])
    for step in range(SLOPES):
        point = at_slope(p, spare, slope, output, 0.1 * gap, newton)
        # The dual of one slope is off by the square of the slope's error: sharp ends need no sharp root.
        output = np.maximum(point.output, NEGLIGIBLE / spare.shape[1])
        if point.distortion >= budget:
            low = point
        else:
            high = point
        if low is None:
            assert high is not None
            slope = high.slope / GROWTH
        elif high is None:
            slope = low.slope * GROWTH
        else:
            upper = information(p, mixture(spare, low, high, budget))
            if (
                upper - max(low.dual(p, budget), high.dual(p, budget)) <= gap * upper
                or high.slope - low.slope <= 1e-15 * high.slope
            ):
                break
            slope = _between(p, low, high, budget, step)
    if low is None or high is None:
        known = low or high
        assert known is not None
        return known, known
    return low, high


def _between(p: FloatArray, low: SlopePoint, high: SlopePoint, budget: float, step: int) -> float:
    """A slope between, in turns by a secant of log E d' over the log slope, by the chord of R(D), and halfway.

    Where R(D) is straight between the two points its slope is the chord's, and no secant finds it.
    """
    a, b = math.log(low.slope), math.log(high.slope)
    if step % 3 == 1:
        chord = (high.dual(p, high.distortion) - low.dual(p, low.distortion)) / (low.distortion - high.distortion)
        if low.slope < chord < high.slope:
            return chord
    excess, lack = math.log(low.distortion / budget), math.log(max(high.distortion, LEAST) / budget)
    share = excess / (excess - lack) if excess > lack else 0.5
    if step % 3 == 2 or not SKEW <= share <= 1 - SKEW:
        share = 0.5
    return math.exp(a + share * (b - a))


def at_slope(p: FloatArray, spare: FloatArray, slope: float, output: FloatArray, gap: float, newton: Newton) -> SlopePoint:
    """The optimum at a slope, inf for D' = 0, to a relative gap (of the rate there), from a positive start."""
    kernel = _kernel(spare, slope)
    q = output / output.sum()
    found = _measured(p, spare, kernel, slope, q, gap)
    for _ in range(CHECKS):
        if found[1]:
            return found[0]
        keep = np.flatnonzero(q >= NEGLIGIBLE * q.max())
        if keep.size < q.size / 2:
            part = np.ascontiguousarray(kernel[:, keep])
        else:
            keep, part = np.arange(q.size), kernel
        law = np.maximum(q[keep], LEAST)
        for _ in range(CHECK):
            law = _extrapolated(p, part, law)
        # A letter that was left out and is wanted again comes back with a little mass.
        q = np.where(found[2] > 1, NEGLIGIBLE, 0.0)
        q[keep] = law
        q /= q.sum()
        found = _measured(p, spare, kernel, slope, q, gap)
    return _settled(p, spare, kernel, slope, found[0], gap, newton)


def _extrapolated(p: FloatArray, kernel: FloatArray, q: FloatArray) -> FloatArray:
    """Two sweeps, their squared extrapolation, and one more sweep; the plain sweeps where that is worse."""

    def sweep(law: FloatArray) -> tuple[FloatArray, float]:
        mixed = np.maximum(kernel @ law, LEAST)
        return np.maximum(law * (kernel.T @ (p / mixed)), LEAST), -float(p @ np.log(mixed))

    first, _ = sweep(q)
    second, _ = sweep(first)
    change = np.log(first) - np.log(q)
    bend = np.log(second) - np.log(first) - change
    length = math.sqrt(float(q @ change**2) / max(float(q @ bend**2), LEAST))
    if length <= 1:
        return np.asarray(second / second.sum())
    log_q = np.log(q) + 2 * length * change + length**2 * bend
    guess = np.exp(log_q - log_q.max())
    guess = np.maximum(guess / guess.sum(), LEAST)
    third, value = sweep(guess)
    plain, other = sweep(second)
    better = third if value <= other else plain
    return np.asarray(better / better.sum())


def _measured(
    p: FloatArray, spare: FloatArray, kernel: FloatArray, slope: float, q: FloatArray, gap: float
) -> tuple[SlopePoint, bool, FloatArray]:
    """The point of an output law, whether its gap is small enough, and c (m,)."""
    mixed = kernel @ q
    c = kernel.T @ (p / mixed)
    used = q > 0
    excess = math.log(float(c.max())) - float((q[used] * c[used]) @ np.log(np.maximum(c[used], LEAST)))
    distortion = _spent(p, spare, kernel, q, mixed)
    rate = -float(p @ np.log(mixed)) - (slope * distortion if distortion > 0 else 0.0)
    point = SlopePoint(slope, q, distortion, -np.log(mixed), float(c.max()))
    return point, excess <= gap * max(rate, 0.0), c


def _kernel(spare: FloatArray, slope: float) -> FloatArray:
    if slope == math.inf:
        return np.asarray(spare == 0, dtype=float)
    return np.asarray(np.exp(-np.minimum(slope * spare, UNDERFLOW + 5)))


def _spent(p: FloatArray, spare: FloatArray, kernel: FloatArray, q: FloatArray, mixed: FloatArray) -> float:
    return float((p / mixed) @ np.einsum("xy,xy,y->x", kernel, spare, q))


def _settled(
    p: FloatArray, spare: FloatArray, kernel: FloatArray, slope: float, near: SlopePoint, gap: float, newton: Newton
) -> SlopePoint:
    """Newton's method on the letters that matter, taking in those that the dual bound asks for."""
    q, best = near.output, near
    keep = np.zeros(q.size, dtype=bool)
    keep[np.argsort(-q)[:FIRST]] = True
    keep &= q > 1e-4 * q.max()
    for _ in range(ROUNDS):
        where = np.flatnonzero(keep)
        law = np.zeros(q.size)
        law[where] = newton(p, kernel[:, where])
        point, done, c = _measured(p, spare, kernel, slope, law, gap)
        if point.worst < best.worst:
            best = point
        if done:
            return point
        asked = np.where(keep, 0.0, c)
        if not (asked > 1).any():
            break
        keep = law > NEGLIGIBLE * law.max()
        wanted = np.argsort(-asked)[:MORE]
        keep[wanted[asked[wanted] > 1]] = True
    return best


def channel_of(spare: FloatArray, point: SlopePoint) -> FloatArray:
    """The channel (n, m) of a point."""
    kernel = _kernel(spare, point.slope)
    kernel *= point.output
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def mixture(spare: FloatArray, low: SlopePoint, high: SlopePoint, budget: float) -> FloatArray:
    """The two channels mixed so that the budget is spent."""
    if low.distortion <= high.distortion:
        return channel_of(spare, high)
    share = min(max((low.distortion - budget) / (low.distortion - high.distortion), 0.0), 1.0)
    mixed = channel_of(spare, high)
    mixed *= share
    mixed += (1 - share) * channel_of(spare, low)
    return mixed


def information(p: FloatArray, channel: FloatArray) -> float:
    """I(X;Y) in nats."""
    output = np.maximum(p @ channel, LEAST)
    ratio = np.log(np.maximum(channel, LEAST) / output)
    return float(p @ np.einsum("xy,xy->x", channel, ratio))
