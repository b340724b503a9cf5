"""The fast engine for rate-constrained transport: min <P,c> over couplings with I(X;Y) <= R, from 16 to 10,000 symbols a side.

The optimal plan is p q exp((f + g - c) / eps). Potentials and inverse temperature beta = 1 / eps are found together, by
Newton's method on the semi-dual (`engine_newton`), along the path of rising beta. The hot part of that path is followed on coarse
problems, whose symbols stand for blocks of neighbours in the given order: a hot plan is smooth where the order means something,
and where it does not (random or shuffled symbols) the blocks are a random sample, and a few more steps mend what the sample
missed. Potentials pass from level to level by a soft c-transform, which needs only the costs between coarse and fine symbols.

What is returned is a guess of high accuracy: its certificate is computed elsewhere, from the cost, by code that shares nothing.
Memory: one (n, m) array beside the cost (two where a Newton matrix of a large problem is factorised, in single precision).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.engine_kernel import Kernel, kernel
from solvers.engine_newton import Path, follow

Device = Literal["cpu", "torch", "cuda"]
Indices = NDArray[np.intp]

COARSEST: Final = 96
"""Symbols of the larger side up to which a problem is solved without coarser levels."""
RATIO: Final = 4
"""Symbols of a level over those of the next coarser one."""
HEADROOM: Final = 2.0
"""Nats by which log(symbols of a level) must exceed the rate that the level is solved for: above, its plan is one of points."""
COARSE_TOLERANCE: Final = 1e-4
FLAT: Final = 1e-15
"""Deviation from a(x) + b(y), over the largest cost, that is rounding."""
START: Final = 1.0
"""Rate in nats at whose temperature, known to second order, the path begins."""


@dataclass(frozen=True, eq=False)
class EntropicPotentials:
    """g: (m,) potential in cost units; temperature: eps in cost units a nat; rate (nats) and cost of its plan.

    binds: whether the rate asked for was reached; if not, the plan is as cold as the engine goes and plain transport is nearer.
    steps: Newton steps on the finest level.
    """

    g: FloatArray
    temperature: float
    rate: float
    cost: float
    binds: bool
    steps: int


def at_rate(
    p: FloatArray, q: FloatArray, cost: FloatArray, rate: float, *, tolerance: float = 1e-8, device: Device = "cpu"
) -> EntropicPotentials:
    """Potentials and temperature whose plan has I(X;Y) = rate (nats, > 0), to about `tolerance` of the value.

    p (n,), q (m,): positive laws; cost (n, m) finite. device: "cpu" is NumPy; "torch" (its CPU) and "cuda" need torch.
    """
    return _solve(p, q, cost, rate, None, tolerance, device)


def at_distortion(
    p: FloatArray, q: FloatArray, cost: FloatArray, distortion: float, *, tolerance: float = 1e-8, device: Device = "cpu"
) -> EntropicPotentials:
    """The same for the plan whose cost is `distortion`: the least rate for that distortion, below that of the product."""
    return _solve(p, q, cost, None, distortion, tolerance, device)


def _solve(
    p: FloatArray, q: FloatArray, cost: FloatArray, rate: float | None, distortion: float | None, tolerance: float, device: Device
) -> EntropicPotentials:
    if _is_flat(cost):
        # A cost a(x) + b(y): every plan costs the same, and its columns' means are the potentials of plain transport.
        columns = p @ cost
        return EntropicPotentials(columns, 0.0, 0.0, float(q @ columns), False, 0)
    if cost.shape[1] > cost.shape[0]:
        # Newton's matrix is of the second side, so that is the smaller one.
        turned = _levels(q, p, cost.T, rate, distortion, tolerance, device)
        return _result(turned, np.array(turned.kernel.phi))
    path = _levels(p, q, cost, rate, distortion, tolerance, device)
    return _result(path, path.psi)


def _result(path: Path, potential: FloatArray) -> EntropicPotentials:
    at = path.kernel
    return EntropicPotentials(potential / path.beta, 1 / path.beta, at.information, at.cost, path.binds, path.steps)


def _levels(
    p: FloatArray, q: FloatArray, cost: FloatArray, rate: float | None, distortion: float | None, tolerance: float, device: Device
) -> Path:
    coarser: tuple[Path, Indices, FloatArray] | None = None
    beta, psi = 0.0, np.zeros(0)
    for size in _sizes(max(cost.shape)):
        finest = size == max(cost.shape)
        rows, a = _blocks(p, size)
        columns, b = _blocks(q, size)
        part = cost if finest else np.ascontiguousarray(cost[np.ix_(rows, columns)])
        here = kernel(a, b, part, device if finest else "cpu")
        if coarser is None:
            # A coarse problem may be flat where the fine one is not.
            beta = _hot(a, b, part, rate) or _hot(p, q, cost, rate)
            psi = np.zeros(b.size)
        else:
            path, from_rows, mass = coarser
            beta, psi = path.beta, _extended(cost, from_rows, mass, path, columns)
        # A coarse level need not know the last part of the path; for a distortion it stops by its own saturation.
        most = math.inf if finest else math.log(size) - HEADROOM
        wanted = None if rate is None else min(rate, most)
        path = follow(here, beta, psi, rate=wanted, distortion=distortion, most=most,
                      tolerance=tolerance if finest else COARSE_TOLERANCE)  # fmt: skip
        coarser = (path, rows, a)
    return path


def _sizes(largest: int) -> list[int]:
    """Symbols of the larger side, level by level, the coarsest first."""
    sizes = [largest]
    while sizes[-1] > COARSEST:
        sizes.append(max(sizes[-1] // RATIO, COARSEST // 2))
    return sizes[::-1]


def _blocks(mass: FloatArray, size: int) -> tuple[Indices, FloatArray]:
    """Indices of the middle symbols of `size` blocks of neighbours, and the blocks' masses, of sum 1."""
    n = mass.size
    if n <= size:
        return np.arange(n, dtype=np.intp), mass / mass.sum()
    edges = np.linspace(0, n, size + 1).round().astype(np.intp)
    masses = np.add.reduceat(mass, edges[:-1])
    middles: Indices = (edges[:-1] + edges[1:]) // 2
    return middles, masses / masses.sum()


def _hot(p: FloatArray, q: FloatArray, cost: FloatArray, rate: float | None) -> float:
    """An inverse temperature to begin at: I = beta^2 Var(centred cost) / 2 to second order in beta."""
    rows, columns = cost @ q, p @ cost
    variance = float(p @ (cost - rows[:, None] - columns[None, :] + float(p @ rows)) ** 2 @ q)
    low = START if rate is None else min(rate, START)
    largest = float(np.abs(cost).max())
    return math.sqrt(2 * low / variance) if variance > (FLAT * largest) ** 2 else 0.0


def _is_flat(cost: FloatArray) -> bool:
    """Whether the cost is a(x) + b(y) up to rounding, found without a copy of it."""
    reach = FLAT * float(max(cost.max(), -cost.min()))
    return all(float(np.abs(row - cost[0] - (row[0] - cost[0, 0])).max()) <= reach for row in cost)


def _extended(cost: FloatArray, rows: Indices, mass: FloatArray, path: Path, columns: Indices) -> FloatArray:
    """The coarser level's row potentials carried over to this level's columns: -log sum_x p_x exp(phi_x - beta c_xy)."""
    exponent = cost[np.ix_(rows, columns)] * -path.beta
    exponent += (path.kernel.phi + np.log(mass))[:, None]
    top = exponent.max(axis=0)
    exponent -= top
    np.exp(exponent, out=exponent)
    return np.asarray(-(top + np.log(exponent.sum(axis=0))))


__all__ = ["EntropicPotentials", "Kernel", "at_distortion", "at_rate"]
