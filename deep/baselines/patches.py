"""Random crops of photographs, turned and mirrored; each batch is a function of (seed, step)."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rdcsym.problem import InputError

Bytes = NDArray[np.uint8]

WHITE: Final = 255
# The noise of the training files; another seed than deep.data.noise.NOISE_SEED, so that no test image's noise is ever trained on.
TRAINING_NOISE_SEED: Final = 2


def crops(photographs: list[Bytes], count: int, side: int, *, seed: int, step: int) -> Tensor:
    """`count` crops of `side` x `side` pixels: float32 (count, 3, side, side) in [0, 1].

    photographs: uint8 (H, W, 3) each, sizes may differ. The photograph, the place and one of the eight turns and mirror images
    are drawn uniformly from (seed, step). Raises InputError where a photograph is smaller than a crop.
    """
    least = min((min(p.shape[:2]) for p in photographs), default=0)
    if least < side:
        raise InputError("side", side, f"the smallest photograph has {least} pixels across", "take smaller patches")
    rng = np.random.default_rng([seed, step])
    out = np.empty((count, side, side, 3), dtype=np.uint8)
    for i in range(count):
        photograph = photographs[int(rng.integers(len(photographs)))]
        top, left = (int(rng.integers(size - side + 1)) for size in photograph.shape[:2])
        crop = np.rot90(photograph[top : top + side, left : left + side], int(rng.integers(4)))
        out[i] = crop[:, ::-1] if rng.integers(2) else crop
    return torch.from_numpy(out.transpose(0, 3, 1, 2).copy()).to(torch.float32) / WHITE


def to_tensor(photograph: Bytes) -> Tensor:
    """uint8 (H, W, 3) as float32 (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(photograph.transpose(2, 0, 1).copy()).unsqueeze(0).to(torch.float32) / WHITE


def to_bytes(image: Tensor) -> Bytes:
    """float32 (1, 3, H, W), clipped to [0, 1] and rounded: uint8 (H, W, 3)."""
    scaled = torch.round(image[0].detach().clamp(0.0, 1.0) * WHITE).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())
