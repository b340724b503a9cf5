"""The checker of Fano certificates: both ends in ball arithmetic. Shares no code with the search.

- Upper end: the posterior (1 - e, e/(M-1), ...) has entropy at least C, or e >= 1 - 1/M, where the uniform posterior has log M.
- Lower end: by Gibbs' inequality against t = (t_1, t_2, ..., t_2), t_1 = 1 - (M-1) t_2 > t_2, a posterior whose largest mass is
  1 - e has entropy at most -log t_1 + e log(t_1/t_2). That is linear in e, so it holds on average over Y, and
  P_e >= (C + log t_1) / log(t_1/t_2).
"""

from __future__ import annotations

import math

from flint import arb

from rdcsym.problem import Units
from solvers.precision import working_precision

PRECISION = 160  # bits


def infeasible(loss: float, units: Units, labels: int) -> bool:
    """Whether C > log M, so that no label has such a loss."""
    with working_precision(PRECISION):
        return bool(_nats(loss, units) > arb(labels).log())


def attains(loss: float, units: Units, labels: int, error: float) -> bool:
    """Whether an error probability of `error` is possible at this loss."""
    if not 0 <= error <= 1:
        return False
    with working_precision(PRECISION):
        e, m = arb(error), arb(labels)
        if e >= 1 - 1 / m:
            return _is_log(loss, units, labels) or bool(_nats(loss, units) <= m.log())
        entropy = arb(0) if error == 0 else -(1 - e) * (1 - e).log() - e * (e / (m - 1)).log()
        return bool(entropy >= _nats(loss, units))


def bound(loss: float, units: Units, labels: int, reference: float) -> float:
    """The lower bound on the error that t_2 = `reference` proves, rounded down; 0 where it proves nothing."""
    with working_precision(PRECISION):
        t2 = arb(reference)
        t1 = 1 - (labels - 1) * t2
        if not (t2 > 0 and t1 > t2):
            return 0.0
        proved = (_nats(loss, units) + t1.log()) / (t1 / t2).log()
        return max(0.0, math.nextafter(float(proved.lower()), -math.inf)) if proved.is_finite() else 0.0


def _nats(loss: float, units: Units) -> arb:
    return arb(loss) * arb(2).log() if units == "bits" else arb(loss)


def _is_log(loss: float, units: Units, labels: int) -> bool:
    """Whether the loss is log M exactly: a rational is so only in bits, with M a power of two."""
    return units == "bits" and loss.is_integer() and loss < PRECISION and 2 ** int(loss) == labels
