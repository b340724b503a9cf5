"""Entropy tables of the scalar dithered quantiser: one for each component and dither row.

Given the dither u, P(symbol = k) is the density of gain X + U at k - u: Gaussian mass of the unit cell around it. The tables
are made at the rows' centres; the dither itself is finer, so its law is exact and only the code is longer, by less than
1e-3 bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

from deep.tables import Tables, quantised_tables
from rdcsym.problem import FloatArray

ROWS: Final = 64  # of the dither, that pick a table
RANGE: Final = 6.5  # deviations of gain X that the symbols cover; what lies beyond is moved there before it is quantised


def reach(deviation: float) -> float:
    """The largest |gain X| that is coded as it is."""
    return RANGE * deviation


def scalar_tables(deviations: FloatArray) -> Tables:
    """Table number a * ROWS + row for component a; deviations (A,) of gain X, positive."""
    lowest = np.array([int(np.floor(-reach(s) - 1)) for s in deviations])
    width = int(-2 * lowest.min()) + 1
    centre = (np.arange(ROWS) + 0.5) / ROWS - 0.5
    symbols = lowest[:, None, None] + np.arange(width)  # (A, 1, K)
    z = -np.abs(symbols - centre[:, None])  # from below, where the difference of two tails keeps its digits
    s = np.asarray(deviations)[:, None, None]
    pmf = ndtr((z + 0.5) / s) - ndtr((z - 0.5) / s)
    sizes = np.repeat(-2 * lowest + 1, ROWS)
    return quantised_tables(_within(pmf.reshape(-1, width), sizes), np.repeat(lowest, ROWS), sizes)


def _within(pmf: FloatArray, sizes: FloatArray) -> FloatArray:
    return np.where(np.arange(pmf.shape[1]) < sizes[:, None], pmf, 0.0)
