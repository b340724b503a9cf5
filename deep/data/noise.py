"""Noise as a real file has it: eight bits, clipped, drawn once and given to every method alike."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from deep.data.images import WHITE, Bytes
from rdcsym.problem import InputError

NOISE_SEED: Final = 1


def noisy(clean: Bytes, sigma: float, seed: int = NOISE_SEED, index: int = 0) -> Bytes:
    """`clean` (uint8, any shape) plus white Gaussian noise of deviation `sigma` (grey values of 255), clipped, rounded to uint8.

    The noise depends on (seed, index, shape) alone: photograph `index` of a set has the same noise whatever else is measured. It
    is drawn in float64 from NumPy's default generator seeded with [seed, index]. Raises InputError for an image that is not uint8
    or for a negative or non-finite sigma, seed or index.
    """
    if clean.dtype != np.uint8:
        raise InputError("image", f"{clean.dtype} array", "is not of eight bits", "give a uint8 array")
    if not 0.0 <= sigma < math.inf:
        raise InputError("sigma", sigma, "is no deviation", "give a finite number of at least 0, in grey values of 255")
    for name, value in (("seed", seed), ("index", index)):
        if value < 0:
            raise InputError(name, value, "is negative", "give a whole number of at least 0")
    drawn = np.random.default_rng([seed, index]).standard_normal(clean.shape)
    made: Bytes = np.rint(np.clip(clean + sigma * drawn, 0.0, WHITE)).astype(np.uint8)
    return made
