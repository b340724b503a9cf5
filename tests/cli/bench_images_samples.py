"""Peers, metrics and tiny photographs for the tests of `rdcsym bench images`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from deep.baselines.protocol import Restored
from deep.bench.images import Study
from deep.bench.images_rows import Metrics
from rdcsym.problem import InputError

SIDE = 12
STUDY = Study("set12", 25.0, limit=3)


def photographs(data):
    """A data folder with a `set12` of 12 grey photographs, 12 x 12 pixels each."""
    rng = np.random.default_rng(0)
    (data / "set12").mkdir(parents=True)
    for k in range(12):
        Image.fromarray(rng.integers(60, 200, (SIDE, SIDE), dtype=np.uint8)).save(data / f"set12/{k + 1:02d}.png")
    return data


@dataclass
class Halved:
    """A peer that writes a file of one bit a pixel, and counts what it is asked for; from picture `fails_at` on it fails."""

    name: str = "halved"
    version: str = "1"
    fails_at: int = 10**9
    error: Exception = field(default_factory=lambda: InputError("peer", "halved", "has no weights", "train some"))
    asked: int = 0

    def restore(self, noisy, sigma):
        self.asked += 1
        if self.asked > self.fails_at:
            raise self.error
        return Restored(noisy // 2 + 64, noisy.shape[0] * noisy.shape[1], 0.5, 0.25)

    def fingerprint(self):
        return f"{self.name} {self.version}"


class Judge:
    """Metrics that count."""

    def __init__(self, fingerprint="psnr", missing=False):
        self.asked = 0
        self.metrics = Metrics(("psnr", "dists"), fingerprint, self.measure, {"pi": "no model"})
        self.missing = missing

    def measure(self, restored, clean):
        self.asked += 1
        error = float(np.mean((restored.astype(float) - clean) ** 2))
        return {"psnr": 10 * math.log10(255**2 / error), "dists": None if self.missing and self.asked == 2 else error / 255**2}
