"""The grain of a realistic output: noise that follows from a file's seed, the same on every machine and in every tile."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deep.natural.networks import STRIDE

BLOCK: Final = 16  # sites a side: what is drawn at once, whatever tile asks for it
_SIDE: Final = BLOCK * STRIDE
_COLOURS: Final = 3
_STREAM: Final = 0x67_72_61_69_6E  # apart from the dither's stream, which has the same seed
_PARTS: Final = 4  # uniform numbers summed for a value: nearly normal, from whole numbers alone
_MEAN: Final = _PARTS * 255 / 2
_DEVIATION: Final = float(np.sqrt(_PARTS * (256**2 - 1) / 12))


def grain(seed: int, rows: tuple[int, int], columns: tuple[int, int]) -> NDArray[np.float32]:
    """Standard noise float32 (3, 8 (b - a), 8 (d - c)) of the sites of rows a..b - 1 and columns c..d - 1, (a, b) and (c, d)."""
    (top, bottom), (left, right) = ((first // BLOCK, -(-last // BLOCK)) for first, last in (rows, columns))
    drawn = np.empty((_COLOURS, (bottom - top) * _SIDE, (right - left) * _SIDE), dtype=np.float32)
    for down in range(top, bottom):
        for across in range(left, right):
            y, x = (down - top) * _SIDE, (across - left) * _SIDE
            drawn[:, y : y + _SIDE, x : x + _SIDE] = _block(seed, down, across)
    y, x = (rows[0] - top * BLOCK) * STRIDE, (columns[0] - left * BLOCK) * STRIDE
    return drawn[:, y : y + (rows[1] - rows[0]) * STRIDE, x : x + (columns[1] - columns[0]) * STRIDE]


def _block(seed: int, down: int, across: int) -> NDArray[np.float32]:
    count = _COLOURS * _SIDE * _SIDE * _PARTS
    place = np.array([0, 0, across, down], dtype=np.uint64)
    bits = np.random.Philox(key=np.array([seed, _STREAM], dtype=np.uint64), counter=place).random_raw(count // 8)
    parts = bits.astype("<u8").view(np.uint8).reshape(_PARTS, _COLOURS, _SIDE, _SIDE)
    values: NDArray[np.float32] = ((parts.sum(axis=0, dtype=np.int16) - _MEAN) / _DEVIATION).astype(np.float32)
    return values


def drawn_grain(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Noise of the same law for a training, up to the steps of its values."""
    parts = torch.rand((_PARTS, *shape), generator=generator).sum(dim=0) - _PARTS / 2
    values: Tensor = parts * (12 / _PARTS) ** 0.5
    return values
