"""Scaling with an absorbed kernel (Schmitzer 2019, Chizat et al. 2018), NumPy: matrix-vector products, potentials in the kernel.

Plain, or over-relaxed with a factor found from the convergence seen (Thibault et al. 2021, Lehmann et al. 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from solvers.bench.driving import Sinkhorn, Solved
from solvers.bench.instances import Instance

LARGEST: Final = 1e50
"""Scalings beyond it are absorbed into the kernel."""
CHECKED: Final = 10
"""Sweeps between two looks at their size, and over which the convergence is measured."""
LARGEST_FACTOR: Final = 1.98
DIVERGED: Final = 10.0
"""An error above it, in L1, is of an over-relaxation that does not converge; plain sweeps never show it."""
SWEEPS: Final = 10**6


def make(relaxed: bool) -> Callable[[Instance], Sinkhorn]:
    """Kernel exp((f + g - c) / eps) with f the soft c-transform of g, so that no entry overflows; scalings u, v around 1."""

    def for_instance(instance: Instance) -> Sinkhorn:
        p, q, cost = instance.p, instance.q, instance.cost

        def solve(temperature: float, tolerance: float, state: Any = None) -> Solved:
            g, factor = (np.zeros_like(q), 1.0) if state is None else state
            gamma, scaled, sweeps, last, wary = g / temperature, cost / temperature, 0, np.inf, False
            while True:
                kernel = gamma - scaled
                top = kernel.max(axis=1)
                kernel -= top[:, None]
                np.exp(kernel, out=kernel)
                u, v = 1 / (kernel @ q), np.ones_like(q)
                while True:
                    sums = (p * u) @ kernel  # of the columns, over q v
                    sweeps += 1
                    error = float(q @ np.abs(v * sums - 1))
                    if not error < DIVERGED and factor > 1:
                        factor, wary = 1.0, True  # from the last absorbed potentials, without haste
                        break
                    if error <= tolerance or not np.isfinite(error) or sweeps > SWEEPS:
                        u = 1 / (kernel @ (q * v))
                        sums = (p * u) @ kernel
                        gamma = gamma + np.log(v)
                        spent = float((p * u) @ ((kernel * scaled) @ (q * v)))
                        found = float(p @ (np.log(u) - top)) + float((q * v * sums) @ gamma) - spent
                        return Solved(gamma * temperature, found, (gamma * temperature, factor))
                    v = v * (v * sums) ** -factor if factor > 1 else 1 / sums
                    rows = 1 / (kernel @ (q * v))
                    u = u * (rows / u) ** factor if factor > 1 else rows
                    if sweeps % CHECKED == 0:
                        if relaxed and not wary:
                            factor = _factor(factor, (error / last) ** (1 / CHECKED))
                            last = error
                        if not (v.max() < LARGEST and v.min() > 1 / LARGEST):
                            gamma = gamma + np.log(v)
                            break

        return solve

    return for_instance


def _factor(factor: float, convergence: float) -> float:
    """The best factor, 2 / (1 + sqrt(1 - r)), for the rate r that plain sweeps showed; back to plain ones where errors grow."""
    if convergence >= 1:
        return 1.0
    return factor if factor > 1 else min(2 / (1 + np.sqrt(1 - convergence)), LARGEST_FACTOR)
