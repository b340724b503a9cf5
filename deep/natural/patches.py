"""What a training step sees: patches of photographs as a function of (seed, step) alone, noisy ones and clean ones apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rdcsym.problem import InputError

Photograph = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Source:
    """Photographs (H, W, 3) that the encoder sees, and their clean counterparts, the same where noise is added by us."""

    seen: Sequence[Photograph]
    clean: Sequence[Photograph]


def crops(source: Source, count: int, side: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """`count` random crops of side x side pixels, turned and mirrored at random: (seen, clean), float32 (N, 3, side, side)."""
    seen: list[Photograph] = []
    clean: list[Photograph] = []
    for _ in range(count):
        at = int(rng.integers(len(source.seen)))
        height, width = source.seen[at].shape[:2]
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        for pictures, out in ((source.seen, seen), (source.clean, clean)):
            piece = np.rot90(pictures[at][top : top + side, left : left + side], turns)
            out.append((piece[:, ::-1] if mirrored else piece).transpose(2, 0, 1))
    return _tensor(seen), _tensor(clean)


def halves(source: Source) -> tuple[Source, Source]:
    """Every other photograph each: one half is seen with noise, the other is the clean domain, so that no pair takes part."""
    return Source(source.seen[::2], source.clean[::2]), Source(source.seen[1::2], source.clean[1::2])


def check_sizes(source: Source, side: int) -> None:
    """InputError where a photograph is smaller than a patch, or there are too few of them."""
    if len(source.seen) < 2:
        raise InputError("photographs", len(source.seen), "are too few to train on", "give at least two")
    smallest = min(min(picture.shape[:2]) for picture in source.seen)
    if smallest < side:
        raise InputError("options.patch", side, f"is larger than a photograph of {smallest} pixels", "use smaller patches")


def _tensor(pieces: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.stack(pieces))).float() / 255.0
