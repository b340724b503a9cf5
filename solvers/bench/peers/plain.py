"""Plain Sinkhorn in the log domain, NumPy and nothing else: what a careful reader of a textbook writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rdcsym.problem import FloatArray
from solvers.bench.driving import Sinkhorn, Solved
from solvers.bench.instances import Instance


def make(instance: Instance) -> Sinkhorn:
    """Soft c-transforms in turn, f then g; after the last f the rows are exact, and the columns are looked at."""
    p, q, cost = instance.p, instance.q, instance.cost
    log_p, log_q = np.log(p), np.log(q)

    def solve(temperature: float, tolerance: float, state: Any = None) -> Solved:
        scaled = cost / temperature
        gamma = np.zeros_like(q) if state is None else state / temperature
        sweeps = 0
        while True:
            phi = -_log_sums(gamma + log_q - scaled)
            shift = _log_sums((phi + log_p)[:, None] - scaled, 0)  # log of the columns' sums is gamma + shift + log q
            sweeps += 1
            error = float(q @ np.abs(np.expm1(gamma + shift)))
            if error <= tolerance or not np.isfinite(error) or sweeps > 10**6:
                plan = np.exp((phi + log_p)[:, None] + gamma + log_q - scaled)
                found = float((p * phi).sum() + plan.sum(axis=0) @ gamma - (plan * scaled).sum())
                return Solved(gamma * temperature, found, gamma * temperature)
            gamma = -shift

    return solve


def _log_sums(exponent: FloatArray, axis: int = 1) -> FloatArray:
    top = exponent.max(axis=axis, keepdims=True)
    sums: FloatArray = np.squeeze(top, axis) + np.log(np.exp(exponent - top).sum(axis=axis))
    return sums
