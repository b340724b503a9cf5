"""Outputs of the codec on images of the training split: what a judge of outputs learns from and is calibrated on.

Their dither and their degradation are drawn apart from those of the test file, and small sets pass through the codec several
times, each time with new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from deep.codec import BATCH
from deep.data import Split
from deep.dither import dither_rows
from deep.judges import drawn, part
from deep.run import Model
from deep.tasks import Task

MOST: Final = 30_000  # images to learn from, drawn from the whole set
FEWEST: Final = 10_000  # outputs to learn from: fewer images than that pass more than once
MOST_PASSES: Final = 8
MOST_HELD: Final = 10_000  # images to calibrate on
SUPERVISED_HELD: Final = 5  # where the codec was trained on all images, one in so many calibrates
SEED: Final = 0x4A554447  # of dither and degradation; the test file has another


@dataclass(frozen=True, eq=False)
class Reconstructions:
    """seen: outputs to learn from, held: outputs of other images, to calibrate on. images: distinct ones in `seen`."""

    seen: Split
    held: Split
    images: int
    passes: int


def reconstructions(model: Model, chosen: Task, split: Split, device: torch.device) -> Reconstructions:
    """Outputs for training images of a run, each set drawn at random from its part of the split.

    Unpaired: `seen` from the half that the codec was trained on, `held` from the other half. Supervised, where the codec saw all
    images: four in five, and the fifth.
    """
    number = np.arange(len(split))
    if model.config.pairing == "unpaired":
        in_seen = number < len(split) // 2
    else:
        in_seen = np.isin(number, drawn(number, len(split) // SUPERVISED_HELD, SEED), invert=True)
    seen, held = (drawn(number[which], most, SEED) for which, most in ((in_seen, MOST), (~in_seen, MOST_HELD)))
    varies = chosen.random or model.config.mode != "deterministic"
    passes = max(1, min(MOST_PASSES, FEWEST // len(seen))) if varies else 1
    parts = [_outputs(model, chosen, part(split, seen), SEED + 1 + k, device) for k in range(passes)]
    both = Split(np.concatenate([p.clean for p in parts]), np.concatenate([p.labels for p in parts]))
    return Reconstructions(both, _outputs(model, chosen, part(split, held), SEED, device), len(seen), passes)


@torch.no_grad()
def _outputs(model: Model, chosen: Task, clean: Split, seed: int, device: torch.device) -> Split:
    """8-bit outputs of the codec, as `forward` makes them: what a file would give, but for float32."""
    codec, generator = model.networks.codec, torch.Generator().manual_seed(seed)
    rows = torch.from_numpy(dither_rows(seed, 0, len(clean), codec.latent, codec.noise_levels))
    parts = []
    for i in range(0, len(clean), BATCH):
        x = chosen.degrade(torch.from_numpy(clean.clean[i : i + BATCH]).float() / 255.0, generator)
        y = codec((torch.round(x * 255.0) / 255.0).to(device), rows[i : i + BATCH].to(device)).y
        parts.append(torch.round(y * 255.0).to(torch.uint8).cpu())
    return Split(torch.cat(parts).numpy(), clean.labels)
