"""Least error probability of a classifier that is left with a given classification loss, certified.

Over all laws of a label S with M values and an observation Y with H(S|Y) >= C, minimise the error of the best guess.

- Upper end: a posterior (1 - e, e/(M-1), ...) whose entropy is at least C.
- Lower end, by Gibbs' inequality against t = (t_1, t_2, ..., t_2) with t_1 + (M-1) t_2 = 1 and t_1 >= t_2: a posterior whose
  largest mass is 1 - e has entropy at most -log t_1 + e log(t_1/t_2), linear in e, so the same holds on average over Y; hence
  P_e >= (C + log t_1) / log(t_1/t_2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx
from scipy.optimize import brentq

from rdcsym.problem import InputError, Units, check_interval, check_units

_BITS = 160
_TINY, _HAIR = 1e-300, 1e-12
_MARGIN = 1e-15  # relative step outward from the float root, so that rounding cannot make the witness fail


@dataclass(frozen=True, kw_only=True)
class FanoCertificate:
    """An interval for the least error probability; `error` attains the upper end, `reference` (t_2) proves the lower end."""

    loss: float
    units: Units
    labels: int
    lower: float
    upper: float
    error: float
    reference: float

    @property
    def status(self) -> str:
        return "infeasible" if self.lower == math.inf else "certified"

    def verify(self) -> bool:
        """Evaluate both ends again in ball arithmetic; True, or raises ValueError with the end that fails."""
        ctx.prec = _BITS
        loss, m = _in_nats(self.loss, self.units), arb(self.labels)
        if self.lower == math.inf:
            if not loss > m.log():
                raise ValueError(f"lower = inf: H(S|Y) >= {self.loss} {self.units} is possible with {self.labels} labels")
            return True
        e = arb(self.error)
        # The uniform posterior has entropy log M.
        uniform = arb(self.upper) >= 1 - 1 / m and (_is_log(self.loss, self.units, self.labels) or loss <= m.log())
        if not uniform and not (0 <= self.error <= self.upper and e <= 1 - 1 / m and _entropy(e, m) >= loss):
            raise ValueError(f"upper = {self.upper}: the posterior with error {self.error} does not attain it")
        if self.lower > 0 and not arb(self.lower) <= _bound(loss, m, arb(self.reference)):
            raise ValueError(f"lower = {self.lower}: the reference law with t_2 = {self.reference} does not prove it")
        return True


def least_error(loss: float, labels: int, units: Units = "bits") -> FanoCertificate:
    """The least error probability at classification loss H(S|Y) = `loss` with `labels` values of S.

    Raises InputError for a negative loss, fewer than two labels or an unknown unit. A loss above log M is infeasible: inf.
    """
    check_units(units)
    check_interval("loss", loss, 0, math.inf, unit=units)
    if not (float(labels).is_integer() and labels >= 2):
        raise InputError("labels", labels, "is no number of labels", "give a whole number of at least 2")
    labels = int(labels)
    ctx.prec = _BITS
    m, exact = arb(labels), _in_nats(float(loss), units)
    about: dict[str, Any] = {"loss": float(loss), "units": units, "labels": labels}
    if exact > m.log():
        return FanoCertificate(**about, lower=math.inf, upper=math.inf, error=1.0, reference=0.0)
    top = 1 - 1 / labels
    gap = _gap(m, exact)
    root = 0.0 if loss == 0 else top if gap(top) <= 0 else brentq(gap, 0.0, top, xtol=_TINY, rtol=4 * 2.0**-52)
    error, step = root, max(_MARGIN * root, _TINY)
    while error < top and not _entropy(arb(error), m) >= exact:
        error, step = error + step, 4 * step
    if error >= top:
        error = math.nextafter(top, 1.0)  # the uniform posterior, whose entropy log M is at least C
    # At the uniform law the tangent says nothing; a hair below it, it says all but that hair.
    reference = min(max(root, _TINY), top * (1 - _HAIR)) / (labels - 1)
    bound = _bound(exact, m, arb(reference))
    lower = max(0.0, _below(bound)) if bound.is_finite() else 0.0
    return FanoCertificate(**about, lower=min(lower, error), upper=error, error=error, reference=reference)


def _entropy(e: arb, m: arb) -> arb:
    """Entropy in nats of (1 - e, e/(m-1), ..., e/(m-1))."""
    if e == 0:
        return arb(0)
    return -(1 - e) * (1 - e).log() - e * (e / (m - 1)).log()


def _bound(loss: arb, m: arb, t2: arb) -> arb:
    """(C + log t_1)/log(t_1/t_2): a lower bound on the error where t_1 > t_2; 0 otherwise (no information)."""
    t1 = 1 - (m - 1) * t2
    if not (t2 > 0 and t1 > t2):
        return arb(0)
    return (loss + t1.log()) / (t1 / t2).log()


def _in_nats(loss: float, units: Units) -> arb:
    return arb(loss) * arb(2).log() if units == "bits" else arb(loss)


def _is_log(loss: float, units: Units, labels: int) -> bool:
    """Whether the loss is log M exactly: a rational is so only in bits, with M a power of two."""
    return units == "bits" and loss.is_integer() and loss < _BITS and 2 ** int(loss) == labels


def _below(x: arb) -> float:
    return math.nextafter(float(x.lower()), -math.inf)


def _gap(labels: arb, loss: arb) -> Callable[[float], float]:
    """Entropy less loss at an error, in balls: near log M a float would lose half the digits of the root."""
    return lambda e: float((_entropy(arb(e), labels) - loss).mid())
