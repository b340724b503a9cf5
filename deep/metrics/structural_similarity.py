"""SSIM, the structural similarity index (Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 2004; equation 13).

The authors' settings: Gaussian window of 11 x 11 pixels with standard deviation 1.5, K1 = .01, K2 = .03, moments divided by the
window's sum, and the mean over those sites whose window lies within the photograph. Computed in float64. Checked against
scikit-image 0.26 and, by its own convention, torchmetrics 1.9: that one averages over a border of mirrored pixels too, which
moves the mean by some thousandths, and takes some ten times as long.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import correlate1d

from deep.data.images import WHITE
from deep.metrics.pictures import Bytes, check_pair, luma
from rdcsym.problem import FloatArray

SIDE: Final = 11  # pixels of the window
DEVIATION: Final = 1.5
_C1, _C2 = (0.01 * WHITE) ** 2, (0.03 * WHITE) ** 2


def ssim(restored: Bytes, clean: Bytes, *, of_luma: bool = False) -> float:
    """Mean SSIM of two photographs, uint8 (H, W, 3), of each colour channel and then over the three; at most 1, larger is better.

    of_luma: of the luma Y of YCbCr (ITU-R BT.601, 16..235) instead, as super-resolution papers have it. Raises InputError where
    they are no pair or have a side below 11 pixels.
    """
    check_pair(restored, clean, SIDE)
    if of_luma:
        return _of_plane(luma(restored), luma(clean))
    pairs = zip(np.moveaxis(restored, 2, 0), np.moveaxis(clean, 2, 0), strict=True)
    return float(np.mean([_of_plane(x.astype(np.float64), y.astype(np.float64)) for x, y in pairs]))


def _of_plane(x: FloatArray, y: FloatArray) -> float:
    """Of two planes (H, W) of values 0..255. The variances occur only as their sum, which saves one filtering in five."""
    mx, my, mxy, squares = (_blurred(plane) for plane in (x, y, x * y, x * x + y * y))
    product, means = mx * my, mx * mx + my * my
    index = (2 * product + _C1) * (2 * (mxy - product) + _C2) / ((means + _C1) * (squares - means + _C2))
    return float(index.mean())


def _blurred(plane: FloatArray) -> FloatArray:
    """Weighted by the window, at those sites alone where it fits: (H - 10, W - 10)."""
    reach = SIDE // 2
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / DEVIATION) ** 2)
    window /= window.sum()
    down: FloatArray = correlate1d(plane, window, axis=0)[reach:-reach]
    across: FloatArray = correlate1d(down, window, axis=1)[:, reach:-reach]
    return across
