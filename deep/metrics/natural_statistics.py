"""NIQE, the natural image quality evaluator (Mittal, Soundararajan & Bovik, IEEE Signal Processing Letters 2013).

It needs no clean photograph: 36 statistics of locally normalised luma, of every block of 96 x 96 pixels at two scales, are
fitted by a Gaussian law, whose distance from that of 125 pristine photographs is the score. As the authors' MATLAB release and
BasicSR have it: luma rounded to 8 bits, 7 x 7 window of standard deviation 7/6, blocks side by side, all of them
used, half size by anti-aliased bicubic interpolation. Checked against pyiqa 0.1.16, with the same prior.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import correlate1d
from scipy.special import gamma

from deep.data.images import unusable
from deep.metrics.pictures import Bytes, NoValueError, check_picture, luma
from deep.metrics.weights import arrays, weights_file
from rdcsym.problem import FloatArray, InputError

PRIOR_FILE: Final = "niqe/niqe_pris_params.npz"
BLOCK: Final = 96  # pixels
STATISTICS: Final = 36
_FEW: Final = 2  # blocks that a covariance needs
_REACH, _DEVIATION = 3, 7 / 6  # of the window
_NEIGHBOURS: Final = ((0, 1), (1, 0), (1, 1), (1, -1))
_SHAPES: Final = np.arange(200, 10001) / 1000  # the shape parameters that are tried, in steps of .001


def niqe(picture: Bytes, *, full_range: bool = False) -> float:
    """NIQE of a photograph, uint8 (H, W, 3): smaller is more natural; pristine photographs have some 2 to 5.

    full_range: take the grey values 0..255 that the MATLAB release makes of colours, not the 16..235 of YCbCr that the PIRM
    challenge (and so the perceptual index) and BasicSR have. Raises InputError where there are not two whole blocks of 96 x 96
    pixels, NoValueError where the prior is not in RDCSYM_DATA or fewer than two blocks have any texture.
    """
    check_picture("picture", picture, BLOCK)
    rows, columns = picture.shape[0] // BLOCK, picture.shape[1] // BLOCK
    if rows * columns < _FEW:
        size = f"{picture.shape[1]} x {picture.shape[0]} pixels"
        raise InputError("picture", size, "is too small for NIQE", "give at least two blocks of 96 x 96 pixels")
    mean, covariance = _prior(weights_file(PRIOR_FILE))
    y = np.round(luma(picture[: rows * BLOCK, : columns * BLOCK], full_range=full_range))
    found = np.concatenate([_statistics(y, BLOCK), _statistics(_half(y), BLOCK // 2)], axis=1)
    usable = found[~np.isnan(found).any(axis=1)]
    if len(usable) < _FEW:
        raise NoValueError("picture", "flat blocks", "have no statistics for NIQE", "measure photographs with some texture")
    # Means are over the blocks where the statistic exists, the covariance over those where all do: MATLAB's nanmean, nancov.
    gap = mean - np.nanmean(found, axis=0)
    return float(np.sqrt(gap @ np.linalg.pinv((covariance + np.cov(usable, rowvar=False)) / 2) @ gap))


def _statistics(y: FloatArray, block: int) -> FloatArray:
    """(blocks, 18) of the luma at one scale, NaN where a block has none. One block is a column of pixels after another."""
    mu = _blurred(y)
    normalised = (y - mu) / (np.sqrt(np.abs(_blurred(y * y) - mu * mu)) + 1)
    rows, columns = y.shape[0] // block, y.shape[1] // block
    blocks = normalised.reshape(rows, block, columns, block).swapaxes(1, 2).reshape(-1, block, block)
    shape, left, right = _fit(blocks)
    found = [shape, (left + right) / 2]
    for neighbour in _NEIGHBOURS:
        shape, left, right = _fit(blocks * np.roll(blocks, neighbour, axis=(1, 2)))
        found += [shape, (right - left) * gamma(2 / shape) / gamma(1 / shape), left, right]
    return np.stack(found, axis=1)


def _fit(blocks: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shape, left and right scale of the asymmetric generalised Gaussian law of each block, (blocks,), by its moments
    (Lasmar, Stitou & Berthoumieu 2009); NaN where a block has no values on one side of zero.
    """
    flat = blocks.reshape(len(blocks), -1)
    squares = flat * flat
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = (np.sqrt((squares * side).sum(1) / side.sum(1)) for side in (flat < 0, flat > 0))
        ratio = left / right
        moments = np.abs(flat).mean(1) ** 2 / squares.mean(1)
        moments *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    table = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))
    shape = _SHAPES[np.abs(table - moments[:, None]).argmin(axis=1)]
    shape = np.where(np.isnan(moments), np.nan, shape)
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * scale, right * scale


def _blurred(y: FloatArray) -> FloatArray:
    window = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / _DEVIATION) ** 2)
    window /= window.sum()
    blurred: FloatArray = correlate1d(correlate1d(y, window, axis=0, mode="nearest"), window, axis=1, mode="nearest")
    return blurred


def _half(y: FloatArray) -> FloatArray:
    """Half the size by Keys's bicubic kernel stretched twofold, symmetric at the border: MATLAB's imresize(y, .5)."""
    distance = np.abs(np.arange(8) - 3.5) / 2
    inner, outer = 1.5 * distance**3 - 2.5 * distance**2 + 1, -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    kernel = np.where(distance <= 1, inner, outer) / 2
    for axis in (0, 1):
        width = [(3, 3) if a == axis else (0, 0) for a in (0, 1)]
        windows = sliding_window_view(np.pad(y, width, mode="symmetric"), 8, axis=axis)
        y = (windows[::2] if axis == 0 else windows[:, ::2]) @ kernel
    return y


@lru_cache(maxsize=1)
def _prior(path: Path) -> tuple[FloatArray, FloatArray]:
    """Mean (36,) and covariance (36, 36) of the statistics of pristine photographs."""
    held = arrays(path)
    try:
        mean, covariance = held["mu_pris_param"].reshape(STATISTICS), held["cov_pris_param"].reshape(STATISTICS, STATISTICS)
    except (KeyError, ValueError):
        raise unusable(path, "holds no prior of NIQE") from None
    return mean, covariance
