"""Plain optimal transport by POT's network simplex: the answer where the rate budget does not bind."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass

import numpy as np

from rdcsym.problem import FloatArray

_ITERATIONS = 10_000_000


@dataclass(frozen=True, eq=False)
class TransportPlan:
    """plan: (n, m), a vertex of the transport polytope; g: (m,) potential of the output symbols; cost: <P, c>."""

    plan: FloatArray
    g: FloatArray
    cost: float


def transport(p: FloatArray, q: FloatArray, cost: FloatArray) -> TransportPlan:
    """Least <P, c> over couplings of the positive laws p, q; masses need agree to rounding only."""
    # POT imports every tensor library that it finds, which can take seconds; none is used here.
    for backend in ("PYTORCH", "JAX", "CUPY", "TENSORFLOW"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{backend}", "1")
    import ot

    # Only differences of the cost matter; a common scale keeps the simplex's own tolerances meaningful.
    rows, columns = cost @ q, p @ cost
    centred = cost - rows[:, None] - columns[None, :] + float(p @ rows)
    scale = float(np.abs(centred).max())
    if scale == 0 or not np.isfinite(1 / scale):
        return TransportPlan(np.outer(p, q), columns, float(p @ rows))
    with warnings.catch_warnings():
        # A plan that missed its marginals, or stopped early, is the checker's to judge.
        warnings.simplefilter("ignore")
        plan, log = ot.emd(p, q * (p.sum() / q.sum()), centred / scale, numItermax=_ITERATIONS, log=True)
    plan = np.maximum(np.asarray(plan, dtype=float), 0.0)
    return TransportPlan(plan, np.asarray(log["v"], dtype=float) * scale + columns, float(np.sum(plan * cost)))
