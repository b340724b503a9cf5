"""The checker of binary rate-distortion-classification certificates, output law free: both ends in ball arithmetic.

X ~ Bern(q), S = X xor S1, S1 ~ Bern(n) independent of X. By symmetry n <= 1/2. Let t = P(X=1 | Y=y), a random number of mean q.

**Upper end.** The channel X = Y xor Bern(c) (c <= min(q, 1-q)), with information h(q) - h(c), distortion c and loss
H(S|Y) = h(n * c), n * c = n + (1-2n) c; or a constant Y, with distortion min(q, 1-q), loss h(n * q) and information 0.

**Lower end**, from multipliers. I = h(q) - E h(t), H(S|Y) = E h(n * t), and no guess of X from Y errs less than min(t, 1-t). So
for beta, lambda >= 0 every channel within the budgets has

    I >= h(q) + min_t phi(t) - beta C - lambda D,   phi(t) = beta h(n * t) - h(t) + lambda t,   0 <= t <= 1/2,

since phi is the same at 1-t once min(t, 1-t) stands for t. The minimum: phi'' has the sign of
n(1-n) + (1-2n)^2 (1-beta) t(1-t), which is linear in t(1-t) and at least 0 at t = 0, so phi is convex up to some t_0 and concave
from there to 1/2. On the concave part phi' falls to phi'(1/2) = lambda >= 0, so phi rises there, and its minimum lies on the
convex part; that part lies above the tangent at any `tangent` point of it, and so phi >= phi(tangent) - |phi'(tangent)| / 2.
Nothing is used of Mrs. Gerber's lemma: this proves what is needed of it.

Lossless: D = 0 makes X a function of Y, and so does C = 0 where S determines X; then I = h(q). Infeasible: C < h(n) = H(S|X).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from solvers.certificate import CertificateError
from solvers.precision import working_precision

PRECISION: Final = 320  # bits


@dataclass(frozen=True)
class LabelWitnesses:
    """crossover: of the upper end's channel, None for a constant Y. beta, slope (lambda, nats), tangent: None proves 0."""

    crossover: Fraction | None
    dual: tuple[Fraction, Fraction, Fraction] | None


def infeasible(q_S1: float, classification: float, units: str) -> bool:
    """Whether C < H(S|X), so that no channel has such a loss."""
    with working_precision(PRECISION):
        return classification < math.inf and bool(_entropy(_rational(q_S1)) > _nats(classification, units))


def ends(
    q_X: float, q_S1: float, distortion: float, classification: float, units: str, witnesses: LabelWitnesses
) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in `units`; (inf, inf) where infeasible; upper inf where the channel is not."""
    if distortion < 0 or infeasible(q_S1, classification, units):
        return math.inf, math.inf
    q, n = _rational(q_X), _rational(q_S1)
    q, n = min(q, 1 - q), min(n, 1 - n)
    with working_precision(PRECISION):
        scale = arb.const_log2() if units == "bits" else arb(1)
        loss = _nats(classification, units) if classification < math.inf else None
        lower = _lower(q, n, distortion, loss, witnesses.dual)
        upper = _upper(q, n, distortion, loss, units == "bits" and classification >= 1, witnesses.crossover)
        return max(0.0, -_up(-lower / scale)), math.inf if upper is None else _up(upper / scale)


def _upper(q: Any, n: Any, distortion: float, loss: Any, slack: bool, crossover: Fraction | None) -> Any:
    c = q if crossover is None else fmpq(crossover.numerator, crossover.denominator)
    if not 0 <= c <= q:
        raise CertificateError("channel: the crossover must lie between 0 and min(q_X, 1 - q_X)")
    if distortion < math.inf and c > _rational(distortion):
        return None
    heard = _entropy(n + (1 - 2 * n) * c)
    if loss is not None and not slack and not heard <= loss and not (heard == 0 and loss == 0):
        return None
    return arb(0) if c == q else _entropy(q) - _entropy(c)


def _lower(q: Any, n: Any, distortion: float, loss: Any, dual: tuple[Fraction, Fraction, Fraction] | None) -> Any:
    if distortion == 0 or (n == 0 and loss is not None and loss == 0):
        return _entropy(q)
    if dual is None:
        return arb(0)
    beta, slope, tangent = (fmpq(x.numerator, x.denominator) for x in dual)
    if beta < 0 or slope < 0 or not 0 < tangent <= fmpq(1, 2):
        raise CertificateError("dual witness: needs multipliers of at least 0 and a point of (0, 1/2]")
    if (beta > 0 and loss is None) or (slope > 0 and distortion == math.inf):
        return arb(0)
    gain = 1 - 2 * n
    if n * (1 - n) + gain * gain * (1 - beta) * tangent * (1 - tangent) < 0:
        return arb(0)
    heard = n + gain * tangent
    value = beta * _entropy(heard) - _entropy(tangent) + slope * tangent
    steep = beta * gain * _log_odds(heard) - _log_odds(tangent) + slope
    paid = (beta * loss if beta > 0 else arb(0)) + (slope * _rational(distortion) if slope > 0 else arb(0))
    return _entropy(q) + value - abs(steep) / 2 - paid


def _entropy(x: Any) -> Any:
    """-x log x - (1-x) log(1-x), a ball, of a rational x in [0, 1]."""
    return (-x * arb(x).log() if x > 0 else arb(0)) - ((1 - x) * arb(-x).log1p() if x < 1 else arb(0))


def _log_odds(x: Any) -> Any:
    return (arb(1 - x) / arb(x)).log()


def _nats(amount: float, units: str) -> Any:
    return _rational(amount) * arb.const_log2() if units == "bits" else arb(_rational(amount))


def _rational(x: float) -> Any:
    return fmpq(*float(x).as_integer_ratio())


def _up(x: Any) -> float:
    """A double at least as large as the ball's upper end; inf for a ball that is not finite."""
    if not x.is_finite():
        return math.inf
    high = float(x.upper())
    return high if math.isinf(high) or arb(_rational(high)) >= x else math.nextafter(high, math.inf)
