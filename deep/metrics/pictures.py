"""What every metric is given: photographs of eight bits, checked, and as tensors."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deep.data.images import WHITE
from rdcsym.problem import FloatArray, InputError

Bytes = NDArray[np.uint8]

CHANNELS: Final = 3
BT601: Final = (65.481, 128.553, 24.966)  # weights of red, green and blue in the luma Y of YCbCr, for channels in [0, 1]
BT601_BLACK, BT601_WHITE = 16.0, 235.0


class NoValueError(InputError):
    """A metric has no value here: its weights are missing, or it is undefined for this picture. A table shows a hole."""


def check_picture(name: str, picture: Any, least: int = 1) -> Bytes:
    """`picture` if it is uint8 (H, W, 3) with both sides at least `least` pixels long, else an InputError that names it."""
    shape = getattr(picture, "shape", None)
    if not isinstance(picture, np.ndarray) or picture.ndim != CHANNELS or picture.shape[2] != CHANNELS:
        said = type(picture).__name__ if shape is None else f"array of shape {shape}"
        raise InputError(name, said, "is no photograph", "give a NumPy array of shape (height, width, 3)")
    if picture.dtype != np.uint8:
        raise InputError(name, f"array of {picture.dtype}", "has no pixels of eight bits", "round to 0..255 and convert to uint8")
    if min(picture.shape[:2]) < least:
        size = f"{picture.shape[1]} x {picture.shape[0]} pixels"
        raise InputError(name, size, "is too small for this metric", f"give at least {least} x {least} pixels")
    return picture


def check_pair(restored: Any, clean: Any, least: int = 1) -> None:
    """InputError unless both are photographs of one size, uint8 (H, W, 3), with sides of at least `least` pixels."""
    check_picture("restored", restored, least)
    check_picture("clean", clean, least)
    if restored.shape != clean.shape:
        sizes = [f"{p.shape[1]} x {p.shape[0]}" for p in (restored, clean)]
        raise InputError("restored", f"{sizes[0]} pixels", f"is not of the clean photograph's size, {sizes[1]}", "give a pair")


def tensor(picture: Bytes) -> Tensor:
    """A photograph (H, W, 3) as float32 (1, 3, H, W) in [0, 1]."""
    planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
    return (planes.to(torch.float32) / WHITE)[None]


def luma(picture: Bytes, *, full_range: bool = False) -> FloatArray:
    """Y of YCbCr (ITU-R BT.601) of a photograph (H, W, 3): float64 (H, W), 16..235 or the full range 0..255, not rounded."""
    y: FloatArray = (picture / WHITE) @ np.array(BT601)
    return y * (WHITE / (BT601_WHITE - BT601_BLACK)) if full_range else y + BT601_BLACK
