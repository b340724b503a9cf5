"""PSNR, the peak signal-to-noise ratio. Checked against hand-made values."""

from __future__ import annotations

import math

import numpy as np

from deep.data.images import WHITE
from deep.metrics.pictures import Bytes, check_pair


def psnr(restored: Bytes, clean: Bytes) -> float:
    """10 log10(255^2 / MSE) in dB, the mean squared error being over all pixels and the three channels; larger is better.

    restored, clean: uint8 (H, W, 3). Infinite where they are equal. Raises InputError where they are no pair.
    """
    check_pair(restored, clean)
    error = float(np.square(restored.astype(np.float64) - clean).mean())
    return 10.0 * math.log10(WHITE**2 / error) if error else math.inf
