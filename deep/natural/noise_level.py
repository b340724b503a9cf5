"""How noisy a photograph is, from the photograph alone: an estimate."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from scipy.special import ndtri

# High-pass filter of Daubechies' wavelet with two vanishing moments: smooth gradients leave nothing in it.
_ROOT: Final = 3.0**0.5
_HIGH_PASS: Final = np.array([1.0 - _ROOT, _ROOT - 3.0, 3.0 + _ROOT, -1.0 - _ROOT]) / (4.0 * 2.0**0.5)
MOST_SIGMA: Final = 75.0  # of 255, three times what most models are for: what an encoder may be told
_MEDIAN: Final = float(ndtri(0.75))  # median of |N(0, 1)|
_LEAST_SIDE: Final = 8


def estimated_sigma(photograph: NDArray[np.uint8]) -> float:
    """Standard deviation, of 255, of white Gaussian noise in uint8 (H, W, 3): the median size of the finest diagonal wavelet
    coefficients (Donoho and Johnstone 1994), mean over the channels, at most 75; 0 for pictures under 8 pixels a side.

    Fine texture counts as noise: clean photographs get 1 to 6.
    """
    if min(photograph.shape[:2]) < _LEAST_SIDE:
        return 0.0
    estimates = []
    for channel in range(photograph.shape[2]):
        plane = photograph[..., channel].astype(np.float32)
        details = correlate1d(correlate1d(plane, _HIGH_PASS, axis=0), _HIGH_PASS, axis=1)[::2, ::2]
        estimates.append(float(np.median(np.abs(details))) / _MEDIAN)
    return min(MOST_SIGMA, float(np.mean(estimates)))
