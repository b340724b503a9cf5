"""The grain of a realistic output: noise that follows from a file's seed, the same on every machine and in every tile."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from deep.natural.networks import STRIDE

_STREAM: Final = 0x67_72_61_69_6E  # apart from the dither's stream, which has the same seed
_BYTES: Final = 4  # summed for a value: nearly normal, from whole numbers alone
_MEAN: Final = _BYTES * 255 / 2
_DEVIATION: Final = float(np.sqrt(_BYTES * (256**2 - 1) / 12))


def grain(seed: int, first: int, last: int, width: int) -> NDArray[np.float32]:
    """Standard noise float32 (3, 8 (last - first), width) of the rows of sites first..last - 1 of a photograph of this width,
    a multiple of 8. Each row of sites is drawn on its own.
    """
    words = -(-_BYTES * 3 * STRIDE * width // 8)
    rows = []
    for row in range(first, last):
        bits = np.random.Philox(key=np.array([seed, _STREAM], dtype=np.uint64), counter=np.array([0, 0, 0, row], dtype=np.uint64))
        drawn = bits.random_raw(words).astype("<u8").view(np.uint8)[: _BYTES * 3 * STRIDE * width]
        rows.append(drawn.reshape(3, STRIDE, width, _BYTES).sum(axis=3, dtype=np.int32))
    return ((np.concatenate(rows, axis=1) - _MEAN) / _DEVIATION).astype(np.float32)
