"""What the learned peers are trained on: noisy files of BSDS500, made once, and clean photographs of other scenes."""

from __future__ import annotations

from typing import Final

from deep.baselines.patches import TRAINING_NOISE_SEED, Bytes
from deep.data.noise import noisy
from deep.data.photographs import photographs

SET: Final = "bsds-train200"
HELD_OUT: Final = 10  # the last of the first half: never trained on, for choosing settings


def noisy_half(sigma: float) -> list[Bytes]:
    """The noisy files of the set's first half but the held-out ones, each with one fixed draw of the noise."""
    listed = photographs(SET, "train")
    return [noisy(p.read(), sigma, TRAINING_NOISE_SEED, i) for i, p in enumerate(listed[: len(listed) // 2 - HELD_OUT])]


def clean_half() -> list[Bytes]:
    """The clean photographs of the second half, of other scenes."""
    listed = photographs(SET, "train")
    return [p.read() for p in listed[len(listed) // 2 :]]


def noisy_all(sigma: float) -> list[Bytes]:
    """The noisy files of both halves but the held-out ones."""
    listed = photographs(SET, "train")
    half = len(listed) // 2
    kept = [i for i in range(len(listed)) if not half - HELD_OUT <= i < half]
    return [noisy(listed[i].read(), sigma, TRAINING_NOISE_SEED, i) for i in kept]


def held_out(sigma: float) -> list[tuple[Bytes, Bytes]]:
    """(clean, noisy) of the held-out photographs, on which settings are compared."""
    listed = photographs(SET, "train")
    half = len(listed) // 2
    pairs = []
    for i in range(half - HELD_OUT, half):
        clean = listed[i].read()
        pairs.append((clean, noisy(clean, sigma, TRAINING_NOISE_SEED, i)))
    return pairs
