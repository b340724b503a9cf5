"""POT (Python Optimal Transport): `ot.sinkhorn` by its three methods."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from solvers.bench.driving import Sinkhorn, Solved, information
from solvers.bench.instances import Instance

DEFAULT_TAU: Final = 1e3
LARGE_TAU: Final = 1e50
"""With POT's own threshold the stabilised method absorbs in every sweep from some 1000 symbols on."""
_NAMES: Final = {"sinkhorn": ("u", "v"), "sinkhorn_stabilized": ("logu", "logv"), "sinkhorn_log": ("log_u", "log_v")}
"""Where POT's log keeps the scalings or their logarithms."""
ITERATIONS: Final = 10**7
"""No limit but the clock's."""


def make(method: str, tau: float) -> Callable[[Instance], Sinkhorn]:
    """POT's solver of that name; tau is of the stabilised one. POT's tolerance is on the error in L2, hence the root of n."""
    for other in ("JAX", "PYTORCH", "TENSORFLOW", "CUPY"):  # or POT imports what it finds, for seconds
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{other}", "1")
    import ot

    def for_instance(instance: Instance) -> Sinkhorn:
        p, q, cost = instance.p, instance.q, instance.cost

        def solve(temperature: float, tolerance: float, state: Any = None) -> Solved:
            start = None if state is None else _start(method, state, temperature, q)
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # "did not converge" and the like: the certified gap says it
                plan, log = ot.sinkhorn(
                    p, q, cost, temperature, method=method, numItermax=ITERATIONS, stopThr=tolerance / np.sqrt(q.size),
                    log=True, warn=False, warmstart=start, tau=tau,
                )  # fmt: skip
                u, v = (np.log(log[name]) if method == "sinkhorn" else log[name] for name in _NAMES[method])
                g = temperature * (v - np.log(q))  # POT's plan is u exp(-c / eps) v; ours has p q before the exponential
                return Solved(g, information(plan, p, q), (temperature * u, temperature * v))

        return solve

    return for_instance


def _start(method: str, state: Any, temperature: float, q: Any) -> Any:
    alpha, beta = state
    return (alpha, beta) if method == "sinkhorn_stabilized" else (alpha / temperature, beta / temperature)
