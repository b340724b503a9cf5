"""The deviation of a picture's noise, seen from the picture alone."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from deep.data.images import Bytes

_LEAST: Final = 0.1  # peers refuse to be told that there is no noise at all


def estimated_sigma(image: Bytes) -> float:
    """Deviation of white noise in `image` (uint8 (H, W, 3), sides of at least 3), in grey values; the mean over the channels.

    Immerkaer (1996), Fast noise variance estimation: the mean size of what the difference of two Laplacians leaves, which is
    nearly free of the picture's own structure; at least 0.1. Texture raises it; noise that is correlated in space is underrated.
    """
    x = image.astype(np.float64)
    rows = x[:-2] - 2.0 * x[1:-1] + x[2:]
    left = rows[:, :-2] - 2.0 * rows[:, 1:-1] + rows[:, 2:]
    return max(_LEAST, float(math.sqrt(math.pi / 2.0) * np.abs(left).mean() / 6.0))
