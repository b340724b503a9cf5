"""The integer tables of all latent variables of photographs: one for each scale and each place of the mean within a step.

A latent variable with mean m and dither u is coded as k = round(z + u); its density belongs to k - u - m. Write -u - m = j + f
with j whole and f in [-1/2, 1/2): then k + j has the law of the table of f, whatever the mean. m is a multiple of 1/16, u an odd
multiple of 1/32 (or zero), so f takes 16 values, and every network's output picks one of BINS x 16 tables that never change.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from deep.natural.context import BINS, LEAST_SCALE, LOG_STEP
from deep.natural.exact import FRACTIONS
from deep.tables import Tables, quantised_tables

TAIL: Final = 1e-7  # mass beyond this lies outside a table, but for
# Symbols more on either side, at up to 24 bits each: where a mean is far off (a checkerboard of 8 pixels misses by 150 steps),
# clamping to the table's end would ruin the picture. All together take 2^-15 of a table's mass, 0.00005 bits a symbol.
SPARE: Final = 256


def scale_tables(mode: str) -> Tables:
    """Table bin * 16 + c, of the logistic density of that bin around minus the c-th fraction. Saved with each model: another
    machine's exponential function may round otherwise.
    """
    scales = LEAST_SCALE * np.exp(LOG_STEP * np.arange(BINS))
    fractions = -0.5 + (2.0 * np.arange(FRACTIONS) + (1.0 if mode == "common" else 0.0)) / (2.0 * FRACTIONS)
    reach = np.ceil(scales * -np.log(TAIL)).astype(np.int64) + SPARE
    lowest = np.repeat(-reach, FRACTIONS)
    sizes = np.repeat(2 * reach + 1, FRACTIONS)
    width = int(sizes.max())
    pmf = np.zeros((len(lowest), width))
    for row in range(len(lowest)):
        scale, fraction = scales[row // FRACTIONS], fractions[row % FRACTIONS]
        near = -np.abs(lowest[row] + np.arange(sizes[row]) + fraction)
        pmf[row, : sizes[row]] = _logistic((near + 0.5) / scale) - _logistic((near - 0.5) / scale)
    return quantised_tables(pmf, lowest, sizes)


def _logistic(t: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-t)))
