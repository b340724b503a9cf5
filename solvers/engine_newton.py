"""Newton's method for potentials and temperature together, along the path of rising inverse temperature.

With rows exact, the columns of the plan are r(psi, beta) and its information is I(psi, beta). To first order

    dr = N dpsi - w dbeta,   N = diag(r) - P^T diag(1/p) P,   w = drift,
    dI = (q - r).psi - beta w.z      for dpsi = z, N z = q - r at the same beta,
    dI/dbeta = beta V,   V = Var(c | x) - w.N^{-1} w          along the path where columns stay right,

so one solve mends the columns and another gives the path's tangent. N is a graph Laplacian; conjugate gradients solve it where
they converge fast (hot plans, random costs); where they do not, a factorisation, kept as a preconditioner for later steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import LinAlgError

from rdcsym.problem import FloatArray
from solvers.engine_kernel import LEAST, Kernel

STEPS: Final = 80
DIRECT: Final = 96
"""Columns up to which N is factorised at once."""
CHEAP: Final = 30
"""Conjugate-gradient steps that cost about as much as a factorisation."""
PRECONDITIONED: Final = 12
"""Steps with a factorisation of an earlier plan after which it is made anew."""
LONGEST: Final = 1.0
"""Largest step of log beta."""
FAR: Final = 1.0
"""A Newton step that moves a potential by more than this (in units of the temperature) is cut, and beta waits."""
SWEEPS: Final = 3
COLDEST: Final = 1e9
"""Inverse temperature, over the one at the start, at which the rate is taken not to bind."""
TANGENT: Final = 1e-3
"""Relative residual of the path's tangent; the slope that it gives is about as accurate."""
LOOSEST: Final = 1e-2
"""Relative residual to which a step's system is solved at most."""
SQUARED: Final = 0.05
"""Share of the tolerance that what a step leaves, by its square and by the accuracy of its parts, may be."""
SATURATED: Final = 1e-6
"""Slope of log rate against log beta below which a rate that is not near is taken to be out of reach."""


@dataclass(frozen=True, eq=False)
class Path:
    """Where the path ended: potentials psi (m,), beta, the kernel built there; binds: whether the budget was met."""

    kernel: Kernel
    psi: FloatArray
    beta: float
    binds: bool
    steps: int


def follow(
    at: Kernel,
    beta: float,
    psi: FloatArray,
    *,
    rate: float | None,
    distortion: float | None,
    most: float,
    tolerance: float,
) -> Path:
    """From (beta, psi) to the plan of the given rate (nats), or cost.

    most: rate at which to stop in any case. The last step is taken when its own error, which is of second order, is below
    `tolerance` of the value.
    """
    solver = _Laplacian(at)
    tangent: FloatArray | None = None
    swept = False
    start, binds, step = beta, False, 0
    while step < STEPS:
        step += 1
        at.build(beta, psi)
        lacking = at.q - at.columns
        if not swept and float(np.abs(np.log(np.maximum(at.columns, LEAST) / at.q)).max()) > FAR:
            # Far from the path a few scalings do more than Newton's step.
            psi, swept = psi + _scaled(at), True
            continue
        swept = False
        # As exact as Newton's step itself, whose error is of second order, or as the tolerance asks for.
        missing = max(float(np.abs(lacking).sum()), LEAST)
        accuracy = min(LOOSEST, max(0.1 * missing, 0.01 * tolerance / missing))
        if solver.direct:
            mend, tangent = solver.both(lacking, at.drift)
        else:
            mend = solver.solve(lacking, accuracy)
            tangent = solver.solve(at.drift, TANGENT, tangent)
        variance = max(at.spread - float(at.drift @ tangent), 0.0)
        gap, slope, move = _move(at, psi, mend, variance, rate, distortion)
        mend -= float(at.q @ mend)
        longest = float(np.abs(mend).max())
        if longest > FAR:
            psi = psi + mend * min(1.0, 2 * FAR / longest)
            continue
        move = max(-LONGEST, min(LONGEST, move))
        new = beta * math.exp(move)
        psi = psi + mend + tangent * (new - beta)
        psi -= float(at.q @ psi)
        beta = new
        left = max(max(longest, abs(move)) ** 2, 20 * accuracy * missing, 4 * TANGENT * abs(move))
        binds = left < SQUARED * tolerance or (rate is not None and _cold_enough(at, gap, rate, tolerance))
        saturated = rate is not None and slope < SATURATED and gap > 1e3 * slope
        if binds or saturated or beta > COLDEST * start:
            break
        if distortion is not None and at.information > most:
            break
    at.build(beta, psi)
    return Path(at, psi, beta, binds, step)


def _move(
    at: Kernel, psi: FloatArray, mend: FloatArray, variance: float, rate: float | None, distortion: float | None
) -> tuple[float, float, float]:
    """How far log I (or the cost) will be from its target when the columns are mended, its slope in log beta, Newton's step."""
    if rate is not None:
        reached = max(at.information + float((at.q - at.columns) @ psi) - at.beta * float(mend @ at.drift), LEAST)
        gap, slope = math.log(rate / reached), at.beta**2 * variance / reached
        return gap, slope, gap / max(slope, 1e-3)
    assert distortion is not None
    gap, slope = at.cost + float(mend @ at.drift) - distortion, max(at.beta * variance, LEAST)
    # The cost is nearly linear in the temperature where that is low.
    return gap, slope, -math.log1p(-min(gap / slope, 0.9))


def _cold_enough(at: Kernel, gap: float, rate: float, tolerance: float) -> bool:
    """Whether the rate that is left unused is worth nothing any more."""
    return gap > 0 and 0 <= (rate - at.information) / at.beta < 0.1 * tolerance * abs(at.cost)


def _scaled(at: Kernel) -> FloatArray:
    rows = np.ones(at.p.size)
    columns = np.ones(at.q.size)
    for _ in range(SWEEPS):
        columns = at.q / np.maximum(at.transposed_times(rows), LEAST)
        rows = at.p / np.maximum(at.times(columns), LEAST)
    return np.log(columns)


class _Laplacian:
    """Solves N x = b to a relative L1 residual, by whatever is cheaper."""

    def __init__(self, at: Kernel) -> None:
        self._at = at
        self._factor: Callable[[FloatArray], FloatArray] | None = None
        self.direct = at.q.size <= DIRECT
        self._inverse = 1 / at.p

    def both(self, b: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Solutions for two right sides by one factorisation; conjugate gradients where there is none."""
        self._make()
        if self._factor is None:
            return self.solve(b, TANGENT), self.solve(c, TANGENT)
        mass = self._at.columns / float(self._at.columns.sum())
        answers = self._factor(np.stack([b - mass * float(b.sum()), c - mass * float(c.sum())], axis=1))
        return answers[:, 0], answers[:, 1]

    def solve(self, b: FloatArray, tolerance: float, start: FloatArray | None = None) -> FloatArray:
        at = self._at
        b = b - at.columns * (float(b.sum()) / float(at.columns.sum()))
        x, left = self._gradients(b, tolerance, PRECONDITIONED if self._factor else CHEAP, start)
        if left > tolerance:
            self._make()
            x, left = self._gradients(b, tolerance, CHEAP, x)
        return x

    def _make(self) -> None:
        try:
            self._factor = self._at.factor()
        except LinAlgError:
            # Too near to singular for its precision: conjugate gradients go on alone.
            self._factor = None

    def _gradients(self, b: FloatArray, tolerance: float, steps: int, start: FloatArray | None) -> tuple[FloatArray, float]:
        """Preconditioned conjugate gradients: (x, relative residual)."""
        at = self._at
        scale = 1 / np.maximum(at.columns, LEAST)
        precondition = self._factor or (lambda r: r * scale)
        size = max(float(np.abs(b).sum()), LEAST)
        x = np.zeros_like(b) if start is None else start
        r = b if start is None else b - self._times(x)
        z = precondition(r)
        d, energy = z, float(r @ z)
        for _ in range(steps):
            if float(np.abs(r).sum()) <= tolerance * size or energy <= 0:
                break
            image = self._times(d)
            curvature = float(d @ image)
            if curvature <= 0:
                break
            x = x + energy / curvature * d
            r = r - energy / curvature * image
            z = precondition(r)
            energy, last = float(r @ z), energy
            d = z + energy / last * d
        return x, float(np.abs(r).sum()) / size

    def _times(self, z: FloatArray) -> FloatArray:
        at = self._at
        return at.columns * z - at.transposed_times(at.times(z) * self._inverse)
