"""The checker of large rate-distortion certificates: the inequalities of `blahut_arimoto_checker` in float64, rounded outward.

NumPy computes, and each end is moved outward by a bound of its rounding (as in `checker_blocks`, whose constants are used: u =
2^-53, at most 8 u of error in an exp or a log, gamma_k for a sum of k terms in any order). Distortions d' = d - min_y d err by u,
relative to themselves; the masses p / fsum(p) by 2.1 u.

**Lower end.** Each exponent a_x - s d'_xy is raised by more than it can err, so the sums c_y are bounded from above. The budget
D' is compared and multiplied in rationals.

**Upper end.** Rows are divided by their computed sums, which moves the logarithm of an entry by at most gamma_m. For *any*
positive numbers v_y, I <= sum p W log(W / v) + log sum_y v_y (Topsoe), so what rounding does to the output law costs only what
it does to its sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError
from solvers.checker_blocks import BLOCK, FUNCTION, U, gamma
from solvers.exact import down, rational, up

if TYPE_CHECKING:
    from solvers.blahut_arimoto import RateDistortionWitnesses

MASS: Final = 2.1 * U
UNDERFLOW: Final = 800.0
HUGE: Final = 1e280  # entries of a channel beyond it are refused: their sums may overflow
LARGEST: Final = 600.0  # potentials beyond it prove nothing here: their exponentials may overflow
TINY: Final = 1e-300
"""Floor of what a logarithm is taken of, and what an underflowing exp may have lost."""


def ends(
    p_X: FloatArray, cost: FloatArray, distortion: float, units: str, witnesses: RateDistortionWitnesses
) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in `units`; (inf, inf) where the budget is below the least distortion.

    p_X: (n,) masses; cost: (n, m). Raises CertificateError where a witness has the wrong shape or range.
    """
    w = witnesses
    rows = np.flatnonzero(p_X > 0)
    a = np.asarray(w.log_lambda, dtype=float)
    if a.shape != p_X.shape or not np.isfinite(a).all():
        raise CertificateError(f"witness log_lambda: must be {p_X.size} finite numbers")
    if not w.slope >= 0:
        raise CertificateError(f"witness slope = {w.slope}: must be at least 0")
    low = cost[rows].min(axis=1)
    budget: fmpq | None = None
    if distortion < math.inf:
        exact = [rational(float(x)) for x in p_X[rows]]
        total = sum(exact, fmpq(0))
        least = sum((x * rational(float(d)) for x, d in zip(exact, low, strict=True)), fmpq(0)) / total
        budget = rational(distortion) - least
        if budget < 0:
            return math.inf, math.inf
    p = p_X[rows] / math.fsum(p_X[rows])
    spare = _Spare(cost, rows, low)
    lower = _lower(p, spare, budget, w.slope, a[rows])
    upper = math.inf if w.channel is None else _upper(p, spare, budget, p_X[rows], np.asarray(w.channel, dtype=float))
    if units == "bits":
        lower, upper = lower / math.log(2) * (1 - 4 * U), upper / math.log(2) * (1 + 4 * U)
    return max(0.0, lower), upper


@dataclass(frozen=True, eq=False)
class _Spare:
    """d' on the rows of positive mass. low: (kept rows,) their least costs."""

    cost: FloatArray
    rows: NDArray[np.intp]
    low: FloatArray

    @property
    def n(self) -> int:
        return int(self.rows.size)

    @property
    def m(self) -> int:
        return int(self.cost.shape[1])

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.intp], FloatArray]]:
        """Some rows at a time: where among the kept rows, where in the problem, and d'."""
        step = max(1, BLOCK // self.m)
        for start in range(0, self.n, step):
            some = self.rows[start : start + step]
            here = slice(start, start + some.size)
            yield here, some, self.cost[some] - self.low[here, None]


def _lower(p: FloatArray, spare: _Spare, budget: fmpq | None, slope: float, a: FloatArray) -> float:
    if budget is None or (math.isinf(slope) and budget != 0) or float(np.abs(a).max()) > LARGEST:
        return 0.0
    sums = np.zeros(spare.m)
    for here, _, d in spare.blocks():
        if math.isinf(slope):
            terms = np.where(d == 0, np.exp(a[here])[:, None], 0.0)
        else:
            # s d' errs by 2 u, its difference from a by u more of what is left: in all less than this.
            with np.errstate(over="ignore"):
                w = np.maximum(a[here, None] - slope * d, -UNDERFLOW)
            w += 4 * U * np.abs(w) + 3 * U * np.abs(a[here])[:, None]
            terms = np.exp(w)
        sums += p[here] @ terms
    worst = (float(sums.max()) + spare.n * TINY) * (1 + FUNCTION + MASS + gamma(2 * spare.n)) * (1 + 4 * U)
    if not 0 < worst < math.inf:
        return 0.0
    logarithm = math.log(worst)
    gain = math.fsum(p * a) - (MASS + 4 * U) * math.fsum(p * np.abs(a))
    paid = 0.0 if math.isinf(slope) else float(up(rational(slope) * budget))
    value = gain - logarithm - FUNCTION * abs(logarithm) - paid
    return value - 4 * U * (abs(gain) + abs(logarithm) + abs(paid))


def _upper(p: FloatArray, spare: _Spare, budget: fmpq | None, mass: FloatArray, channel: FloatArray) -> float:
    """An upper bound of I(X;Y) in nats; inf where the channel is not certainly within the budget."""
    if channel.shape != spare.cost.shape or not (np.isfinite(channel).all() and (channel >= 0).all()):
        raise CertificateError(f"witness channel: must be a {spare.cost.shape} array of finite numbers, at least 0")
    if not (channel[spare.rows] <= HUGE).all():
        raise CertificateError(f"witness channel: has an entry above {HUGE}")
    if not (channel[spare.rows].sum(axis=1) > TINY).all():
        raise CertificateError("witness channel: has a row without mass")
    first = channel[spare.rows[0]]
    if (
        np.count_nonzero(first) == 1
        and (channel[spare.rows] == first).all()
        and _constant(spare, budget, mass, int(first.argmax()))
    ):
        return 0.0
    output, spent, dearest, strays = np.zeros(spare.m), 0.0, 0.0, False
    for here, some, d in spare.blocks():
        part = channel[some] / channel[some].sum(axis=1)[:, None] * p[here, None]
        output += part.sum(axis=0)
        spent += _total(part, d)
        dearest = max(dearest, float(d.max()))
        strays = strays or bool(((d > 0) & (channel[some] > 0)).any())
    rounding = gamma(spare.n + 2 * spare.m) + 2 * MASS + 8 * U
    # Products may have underflowed; where nothing may be spent, nothing may stand on a dearer letter.
    lost = spare.n * spare.m * TINY * dearest
    if budget is not None and (strays if budget == 0 else not spent * (1 + rounding) + lost <= down(budget)):
        return math.inf
    output = np.maximum(output, TINY)
    log_v = np.log(output)
    value = moduli = scale = 0.0
    for here, some, _ in spare.blocks():
        totals = channel[some].sum(axis=1)
        part = channel[some] / totals[:, None] * p[here, None]
        logs = np.log(np.maximum(channel[some], TINY)) - np.log(totals)[:, None] - log_v
        scale = max(scale, float(np.abs(np.log(totals)).max()))
        value += _total(part, logs)
        moduli += _total(part, np.abs(logs))
    reach = float(np.abs(log_v).max()) + scale + 1
    error = moduli * rounding + (FUNCTION + 4 * U) * (moduli + 3 * reach) + gamma(spare.m) + spare.n * spare.m * TINY * 1e3
    bound = value + math.log(math.fsum(output)) + 4 * U + 1.01 * error
    return math.inf if math.isnan(bound) else max(0.0, bound)


def _constant(spare: _Spare, budget: fmpq | None, mass: FloatArray, y: int) -> bool:
    """Whether Y = y, which carries no information, is within the budget; in rationals."""
    if budget is None:
        return True
    spent = total = fmpq(0)
    for m, d, low in zip(mass, spare.cost[spare.rows, y], spare.low, strict=True):
        spent += rational(float(m)) * (rational(float(d)) - rational(float(low)))
        total += rational(float(m))
    return bool(spent <= budget * total)


def _total(part: FloatArray, other: FloatArray) -> float:
    """<part, other>, summed along rows first, so that no sum has more terms than a row or a column."""
    return math.fsum(np.einsum("xy,xy->x", part, other))
