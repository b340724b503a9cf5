"""The trusted kernel for large problems: both ends in float64, block by block, with all rounding bounded beforehand.

The exact data, inequalities and conclusions are those of `checker`; the arithmetic differs. The exact kernel takes each entry as
a rational or a ball; here NumPy computes, and each end is moved outward by a bound of its rounding errors (Higham, Accuracy and
Stability of Numerical Algorithms, 2002, sections 3.1 and 4.2): with u = 2^-53 a sum of k terms, in any order, errs by at most
gamma_k = k u / (1 - k u) of the sum of the moduli. **Trusted beside IEEE arithmetic**: NumPy's exp and log err by at most four
units in the last place, 8 u (the tests hold them against exact balls). Nothing larger than some blocks of rows is allocated.

**Lower end.** f_x = -eps (M_x + log sum_y exp(w_xy)), w = log q + g/eps - c/eps - M, holds for any M; M is the computed
maximum, so the sum is at least 1. The computed w errs by at most 12 u times (|g| + |c|)/eps + |log q|, each at its largest.

**Upper end.** Of the computed numbers W = exp(w), whatever they are, an exact coupling is made: P = A + e d^T / E with
A = alpha_x W_xy s_y, the factors so small that A certainly exceeds no marginal, e and d what is missing, E its mass. As e <= p
and d <= q, the log-sum inequality bounds its information by

    I(P) <= sum A log(A / (p q)) - (1 - E) log(1 - E) + 2 E log(1/E),

and its label loss, entropy being concave, by that of A, plus E log k, plus the entropy of the share E. Where the information
exceeds the budget R, and there is no label, P is mixed with the product: information is convex, so a share 1 - R/I is enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError

U: Final = 2.0**-53
FUNCTION: Final = 8 * U
"""Relative error of NumPy's exp and log."""
BLOCK: Final = 1 << 16
"""Entries of a block of rows."""
KEPT: Final = 1 << 25
"""Entries up to which the blocks of a plan are kept between passes instead of computed again."""
TINY: Final = 1e-290
"""Added where an underflow could have lost something; below it a mass counts as none."""

Rows = tuple[slice, FloatArray]


@dataclass(frozen=True, eq=False)
class Laws:
    """Positive masses p (n,), q (m,), the cost between them; mass_error: relative distance of a mass from its exact value."""

    p: FloatArray
    q: FloatArray
    cost: FloatArray
    mass_error: float
    lowest: float
    largest: float

    def moduli(self, value: float) -> float:
        """Upper bound of an expected |cost| whose expected cost is about `value`."""
        return value if self.lowest >= 0 else abs(value) + 2 * abs(self.lowest)


def laws(p: FloatArray, q: FloatArray, cost: FloatArray) -> Laws:
    """The data of a problem on its symbols of positive mass; sums may be off 1 by rounding."""
    off = max(abs(math.fsum(p) - 1), abs(math.fsum(q) - 1))
    if not off <= 1e-6:
        raise CertificateError(f"the masses are off 1 by {off:.3g}, so they are not known well enough in float64")
    lowest, highest = float(cost.min()), float(cost.max())
    return Laws(p, q, cost, 2 * off + 4 * U, lowest, max(abs(lowest), abs(highest)))


def with_error(data: Laws, mass_error: float) -> Laws:
    """The same data with masses that are less well known."""
    return replace(data, mass_error=mass_error)


def gamma(terms: int) -> float:
    """Rounding of a sum, relative to the sum of the moduli, with room for the rounding of its own use."""
    return 1.01 * (terms + 4) * U


def total(values: FloatArray) -> float:
    """The sum, rounded once; nan where it leaves the floats' range."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan


def dual_value(data: Laws, g: FloatArray, temperature: float) -> float:
    """A number at most <p,f> + <q,g>, f the soft c-transform of g at the temperature (plain where it is 0)."""
    f, error = np.empty(data.p.size), np.empty(data.p.size)
    if temperature == 0:
        for rows, cost in blocks(data.cost):
            f[rows] = (cost - g).min(axis=1)
        error[:] = 2 * U * (float(np.abs(g).max()) + data.largest)
    else:
        exponents = _Exponents(data, g, temperature)
        for rows, w, top in exponents.blocks():
            logs = np.log(np.exp(w, out=w).sum(axis=1))
            f[rows] = -temperature * (top + logs)
            relative = exponents.error + data.mass_error + FUNCTION + gamma(data.q.size)
            error[rows] = 1.01 * temperature * (relative + (FUNCTION + 4 * U) * (np.abs(top) + np.abs(logs)))
    value = total(data.p * f) + total(data.q * g)
    moduli = total(data.p * np.abs(f)) + total(data.q * np.abs(g))
    least = value - 1.01 * (total(data.p * error) + moduli * (data.mass_error + 4 * U)) - TINY
    return least if math.isfinite(least) else -math.inf


def product_cost(data: Laws) -> tuple[float, float]:
    """Bounds (low, high) of E d(X, Y) for independent X and Y."""
    rows = np.empty(data.p.size)
    for part, cost in blocks(data.cost):
        rows[part] = cost @ data.q
    value = total(data.p * rows)
    error = (gamma(data.q.size) + 3 * data.mass_error) * 1.01 * data.moduli(value) + TINY
    return (value - error, value + error) if math.isfinite(value) and math.isfinite(error) else (-math.inf, math.inf)


@dataclass(frozen=True, eq=False)
class PricedPlan:
    """Upper bounds for an exact coupling: cost, information and label loss H(S|Y) (nats); product_cost: of the product's cost."""

    cost: float
    information: float
    product_cost: float
    label_loss: float

    def within(self, rate: float) -> float:
        """Upper bound of the cost once the plan is mixed with the product until its information is at most `rate`."""
        if self.information <= rate:
            return self.cost
        share = min(1.0, math.nextafter(1 - rate / self.information * (1 - 4 * U), math.inf))
        mixed = (1 - share) * self.cost + share * self.product_cost
        return mixed + 8 * U * (abs(self.cost) + abs(self.product_cost))


def price_potentials(data: Laws, g: FloatArray, temperature: float, label: FloatArray | None = None) -> PricedPlan:
    """The coupling made of p q exp((f + g - c) / temperature). label: (n, k) rows P(s|x), or None."""
    if not 0 < temperature < math.inf:
        raise CertificateError(f"temperature {temperature!r} of a plan must be positive and finite")
    exponents = _Exponents(data, g, temperature)

    def weights() -> Iterator[Rows]:
        for rows, w, _ in exponents.blocks():
            yield rows, np.exp(w, out=w)

    return _price(data, weights, label)


def price_plan(data: Laws, plan: FloatArray, label: FloatArray | None = None) -> PricedPlan:
    """The coupling made of a plan given entry by entry, (n, m) nonnegative."""
    return _price(data, lambda: blocks(plan), label)


def blocks(matrix: FloatArray) -> Iterator[Rows]:
    """Views of some rows at a time."""
    rows = max(1, BLOCK // matrix.shape[1])
    for start in range(0, matrix.shape[0], rows):
        part = slice(start, start + rows)
        yield part, matrix[part]


class _Exponents:
    """The exponents w, and the bound of their error."""

    def __init__(self, data: Laws, g: FloatArray, temperature: float) -> None:
        self._data = data
        self._temperature = temperature
        log_q = np.log(data.q)
        self._shift = log_q + g / temperature
        reach = (float(np.abs(g).max()) + data.largest) / temperature + float(np.abs(log_q).max())
        self.error = 12.2 * U * reach
        if not self.error < 0.01:
            raise CertificateError(f"temperature {temperature!r} is too low for the potentials in float64")

    def blocks(self) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """(rows, w, M), in fresh arrays."""
        for rows, cost in blocks(self._data.cost):
            w = cost / -self._temperature
            w += self._shift
            top = w.max(axis=1)
            w -= top[:, None]
            yield rows, w, top


@dataclass(frozen=True, eq=False)
class Fitted:
    """The exact coupling near given weights: A = alpha_x W s_y, and upper bounds of what is missing, e (n,), d (m,), E."""

    alpha: FloatArray
    s: FloatArray
    short_x: FloatArray
    short_y: FloatArray
    missing: float


def fit(data: Laws, weights: Callable[[], Iterator[Rows]]) -> Fitted:
    """Factors that keep A below both marginals, whatever the rounding."""
    n, m = data.cost.shape
    slack = 2 * gamma(n + m) + 2 * data.mass_error
    alpha, columns, rows_of_a = np.empty(n), np.zeros(m), np.empty(n)
    for rows, w in weights():
        sums = w.sum(axis=1)
        # Quotients of masses near the end of the floats' range lose digits, so such rows and columns stay empty.
        full = (sums > TINY) & (data.p[rows] > TINY)
        alpha[rows] = np.where(full, data.p[rows] / np.where(full, sums, 1.0), 0.0) * (1 - slack)
        columns += alpha[rows] @ w
    s = np.minimum(1.0, data.q / (columns * (1 + gamma(n + m)) + TINY)) * (1 - slack)
    s[data.q <= TINY] = 0.0
    for rows, w in weights():
        rows_of_a[rows] = alpha[rows] * (w @ s)
    short_x = np.maximum(data.p - rows_of_a, 0.0) + slack * data.p
    short_y = np.maximum(data.q - columns * s, 0.0) + slack * data.q
    missing = min(1.0, min(math.fsum(short_x), math.fsum(short_y)) * (1 + 4 * U) + TINY)
    return Fitted(alpha, s, short_x, short_y, missing)


def _price(data: Laws, weights: Callable[[], Iterator[Rows]], label: FloatArray | None) -> PricedPlan:
    if data.cost.size <= KEPT:
        kept = list(weights())
        weights = lambda: iter(kept)  # noqa: E731
    made = fit(data, weights)
    log_p, log_q = np.log(data.p), np.log(data.q)
    cost = entropy = 0.0
    parts = np.zeros((0 if label is None else label.shape[1], data.q.size))
    for rows, w in weights():
        # alpha first: it may be large, and would magnify what an underflow of the other product had lost.
        part = w * made.alpha[rows, None]
        part *= made.s
        cost += float(np.vdot(part, data.cost[rows]))
        ratio = np.log(np.maximum(part, TINY))
        ratio -= log_p[rows, None] + log_q
        part[part <= TINY] = 0.0
        entropy += float(np.vdot(part, ratio))
        if label is not None:
            parts += label[rows].T @ part
    size = gamma(min(BLOCK, data.cost.size) + data.cost.shape[0] + data.cost.shape[1])
    logs = float(np.abs(log_p).max()) + float(np.abs(log_q).max())
    spent = size * (abs(entropy) + 2) + 2 * data.mass_error + (FUNCTION + 4 * U) * (abs(entropy) + 2 + 3 * logs)
    lost = made.missing
    surprise = -lost * math.log(lost) if lost < 1 / math.e else 1 / math.e
    loss = 0.0
    if len(parts) > 1:
        posterior = parts / np.maximum(parts.sum(axis=0), TINY)
        loss = -float(np.vdot(parts, np.log(np.maximum(posterior, TINY))))
        wide = size + gamma(parts.size) + FUNCTION
        loss += 4 * (wide + data.mass_error) * (loss + 2) + lost * (1 + math.log(len(parts))) + surprise
    _, product = product_cost(data)
    return PricedPlan(
        cost=cost + size * data.moduli(abs(cost)) * 1.01 + _filled(data, made) + TINY * (1 + data.largest),
        information=max(entropy + 1.02 * spent + lost + 2 * surprise, 0.0),
        product_cost=product,
        label_loss=loss,
    )


def _filled(data: Laws, made: Fitted) -> float:
    """Upper bound of sum e_x d_y c_xy / E: by the largest cost, or by the mean where what is missing is more than rounding."""
    crude = made.missing * max(data.largest, 0.0) * (1 + 4 * U)
    slack = 2 * (2 * gamma(sum(data.cost.shape)) + 2 * data.mass_error)
    least = made.missing - 2 * slack
    if least <= 0.5 * made.missing:
        return crude
    total = 0.0
    for rows, cost in blocks(data.cost):
        total += float(made.short_x[rows] @ ((cost - data.lowest) @ made.short_y))
    mean = total * (1 + 3 * gamma(sum(data.cost.shape))) / least
    return min(crude, mean + max(data.lowest * least, data.lowest * made.missing) + 8 * U * crude)
