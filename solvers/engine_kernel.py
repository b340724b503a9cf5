"""The plan of given column potentials, and what Newton's method needs of it, in blocks of rows that stay in the cache.

P_xy = p_x q_y exp(psi_y - beta c_xy) / sum_y' q_y' exp(psi_y' - beta c_xy'): rows are exact, columns are to be mended. One (n, m)
array is held beside the cost; blocks are worked on by as many threads as BLAS would use.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, Protocol

import numpy as np
from scipy.linalg import LinAlgError
from scipy.linalg.lapack import dpotrf, dpotrs, spotrf, spotrs

from rdcsym.problem import FloatArray

BLOCK: Final = 1 << 15
"""Entries of a block of rows: with its temporaries it stays in a core's second-level cache."""
ALONE: Final = 1 << 13
"""Entries below which BLAS uses one thread."""
THREADED: Final = 1 << 18
"""Entries from which threads pay."""
SINGLE: Final = 512
"""Columns from which Newton's matrix is factorised in single precision: it is a preconditioner there."""
RIDGE: Final = 1e-6
LEAST: Final = 1e-300


class Kernel(Protocol):
    """What `follow` asks of a plan, whatever machine holds it. Vectors are NumPy arrays of doubles."""

    p: FloatArray
    q: FloatArray
    beta: float
    phi: FloatArray  # (n,) log of the row scaling
    columns: FloatArray  # (m,) column sums of the plan
    drift: FloatArray  # (m,) sum_x P_xy (c_xy - E[c | x]): how columns fall as beta rises
    cost: float  # <P, c>
    spread: float  # sum_x p_x Var(c | x)
    information: float  # KL(P || p q), nats

    def build(self, beta: float, psi: FloatArray) -> None: ...
    def times(self, z: FloatArray) -> FloatArray: ...
    def transposed_times(self, z: FloatArray) -> FloatArray: ...
    def factor(self) -> Callable[[FloatArray], FloatArray]: ...


def kernel(p: FloatArray, q: FloatArray, cost: FloatArray, device: str) -> Kernel:
    """A kernel on the CPU (NumPy) or on a GPU (torch)."""
    if device == "cpu":
        return NumpyKernel(p, q, cost)
    from solvers.engine_torch import TorchKernel

    return TorchKernel(p, q, cost, device)


@cache
def _pool() -> ThreadPoolExecutor | None:
    threads = int(os.environ.get("OMP_NUM_THREADS") or 0) or len(os.sched_getaffinity(0))
    return ThreadPoolExecutor(threads) if threads > 1 else None


class NumpyKernel:
    """See `Kernel`."""

    def __init__(self, p: FloatArray, q: FloatArray, cost: FloatArray) -> None:
        self.p, self.q = p, q
        self._c = cost
        self._plan = np.empty(cost.shape)
        self._log_q = np.log(q)
        rows = max(1, BLOCK // q.size)
        self._blocks = [slice(i, min(i + rows, p.size)) for i in range(0, p.size, rows)]
        self._ones = np.ones(q.size)
        self.beta = 0.0
        self.phi = np.zeros(p.size)
        self.columns = q
        self.drift = np.zeros(q.size)
        self.cost = self.spread = self.information = 0.0

    def build(self, beta: float, psi: FloatArray) -> None:
        """The plan at (beta, psi) and its moments."""
        n, m = self.p.size, self.q.size
        top, sums, mean, spread = np.empty(n), np.empty(n), np.empty(n), np.empty(len(self._blocks))
        shift = psi + self._log_q
        parts = np.empty((len(self._blocks), 2, m))

        def work(k: int) -> None:
            rows = self._blocks[k]
            plan, c, p = self._plan[rows], self._c[rows], self.p[rows]
            np.multiply(c, -beta, out=plan)
            plan += shift
            largest = plan.max(axis=1)
            plan -= largest[:, None]
            np.exp(plan, out=plan)
            total = self._row_sums(plan)
            plan *= (p / total)[:, None]
            weighted = plan * c
            top[rows], sums[rows], mean[rows] = largest, total, self._row_sums(weighted) / p
            plan.sum(axis=0, out=parts[k, 0])
            weighted.sum(axis=0, out=parts[k, 1])
            weighted *= c
            spread[k] = weighted.sum()

        self._each(work)
        self.beta = beta
        self.phi = -(top + np.log(sums))
        self.columns, costs = parts[:, 0].sum(axis=0), parts[:, 1].sum(axis=0)
        self.drift = costs - self.transposed_times(mean)
        self.cost = float(costs.sum())
        self.spread = float(spread.sum() - self.p @ (mean * mean))
        self.information = float(self.p @ self.phi + self.columns @ psi - beta * self.cost)

    def _row_sums(self, block: FloatArray) -> FloatArray:
        # BLAS is faster on a few rows; on many it would start threads of its own inside ours.
        return np.asarray(block @ self._ones if block.size < ALONE else block.sum(axis=1))

    def times(self, z: FloatArray) -> FloatArray:
        return np.asarray(self._plan @ z)

    def transposed_times(self, z: FloatArray) -> FloatArray:
        return np.asarray(z @ self._plan)

    def factor(self) -> Callable[[FloatArray], FloatArray]:
        """A solver, of right sides (m,) or (m, k), of diag(columns) - P^T diag(1/p) P, made definite on the constants; single
        precision where large."""
        kind: Any = np.float32 if self.q.size > SINGLE else np.float64
        scale = np.sqrt(np.maximum(self.columns, LEAST))
        gram = self._gram(scale, kind)
        constant = (scale / np.sqrt(self.columns.sum())).astype(kind)
        np.subtract(np.outer(constant, constant), gram, out=gram)
        gram[np.diag_indices(self.q.size)] += kind(1 + (RIDGE if kind is np.float32 else 1e-13))
        # LAPACK at once: for some tens of columns SciPy's wrappers cost more than the factorisation.
        potrf, potrs = (spotrf, spotrs) if kind is np.float32 else (dpotrf, dpotrs)
        lower, failed = potrf(gram.T, lower=1, overwrite_a=1, clean=0)
        if failed:
            raise LinAlgError("Newton's matrix is too near to singular for its precision")

        def solve(r: FloatArray) -> FloatArray:
            x, _ = potrs(lower, (r.T / scale).T.astype(kind), lower=1, overwrite_b=1)
            return np.asarray((x.T / scale).T, dtype=float)

        return solve

    def _gram(self, scale: FloatArray, kind: Any) -> Any:
        """Q^T Q for the plan Q scaled to unit row and column sums of squares, roughly; its one copy is gone on return."""
        left = 1 / np.sqrt(self.p)
        scaled = np.empty(self._plan.shape, kind)

        def work(k: int) -> None:
            rows = self._blocks[k]
            np.multiply(self._plan[rows], left[rows, None] / scale, out=scaled[rows], casting="same_kind")

        self._each(work)
        return scaled.T @ scaled

    def _each(self, work: Callable[[int], None]) -> None:
        pool = _pool() if self._plan.size >= THREADED else None
        if pool is None:
            for k in range(len(self._blocks)):
                work(k)
        else:
            list(pool.map(work, range(len(self._blocks))))
