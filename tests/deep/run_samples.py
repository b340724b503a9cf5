"""Trained and untrained models of the embedded digits for tests of files and of operating points."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch

from deep.config import TrainConfig
from deep.data import load
from deep.run import Model, build, fingerprint
from deep.tasks import task
from deep.train import train

STEPS = 60


@cache
def digits_run(folder: Path) -> Path:
    """A short training, done once in a process: about 9 bits an image, its densities settled."""
    config = TrainConfig(task="digits-sr", steps=STEPS, batch=64, width=16, latent=8, lambda_r=2e-3, device="cpu")
    return train(config, Path(mkdtemp(dir=folder)) / "run")


def inputs(count: int, split: str = "test") -> torch.Tensor:
    """What an encoder of digits-sr is given: (count, 1, 8, 8), grey values of eight bits over 255."""
    clean = torch.from_numpy(getattr(load("digits"), split).clean[:count]).float() / 255.0
    return torch.round(task("digits-sr").degrade_test(clean) * 255.0) / 255.0


def model_of(mode: str, shape: tuple[int, int, int] = (1, 8, 8), seed: int = 0) -> Model:
    """An untrained model whose latent variables fill its densities, as those of a trained one do."""
    config = TrainConfig(task="digits-sr", mode=mode, latent=6, width=8, seed=seed)
    networks = build(shape, 10, config)
    with torch.no_grad():
        last, z = networks.codec.encoder.head[-1], networks.codec.encoder(torch.rand(256, *shape))
        last.weight /= z.std(0).unsqueeze(1)
        last.bias.copy_((last.bias - z.mean(0)) / z.std(0))
    networks.codec.eval()
    tables = networks.codec.entropy_model.tables(networks.codec.levels)
    return Model(config, networks, tables, fingerprint(networks.codec, tables), 0, "")


def mutated(rng: np.random.Generator, data: bytes) -> bytes:
    """One accident to a file: bits flipped, bytes replaced, cut, added, exchanged, repeated, or a range wiped."""
    kind, at, end = rng.integers(7), *sorted(rng.integers(0, len(data) + 1, 2))
    if kind == 0:
        changed = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            changed[place] ^= 1 << rng.integers(8)
        return bytes(changed)
    junk = rng.bytes(int(rng.integers(1, 9)))
    return {
        1: data[:at] + junk + data[at + len(junk) :],
        2: data[:at],
        3: data[:at] + junk + data[at:],
        4: data[at:] + data[:at],
        5: data[:at] + data[at:end] * 2 + data[end:],
        6: data[:at] + bytes(end - at) + data[end:],
    }[int(kind)]
