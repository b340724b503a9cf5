"""Small untrained codecs of photographs whose symbols and scales are as varied as those of trained ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch

from deep.config import TrainConfig
from deep.natural import tiles
from deep.natural.codec import NaturalCodec
from deep.natural.model import NaturalModel, load_model, save_model
from deep.natural.networks import Critic

OPTIONS = {"qualities": 3, "patch": 32, "estimator_width": 4, "refiner_width": 4, "estimator_share": 1e-3, "most_lambda": 0.08}


def config_of(mode: str = "common", **changes: object) -> TrainConfig:
    options = {**OPTIONS, **changes.pop("options", {})}  # type: ignore[dict-item]
    settings = {
        "mode": mode,
        "width": 6,
        "latent": 16,
        "levels": 16,
        "batch": 2,
        "steps": 4,
        "lambda_p": 0.03,
        "options": options,
    }
    return TrainConfig(task="natural-denoise", **{**settings, **changes})  # type: ignore[arg-type]


@cache
def run_of(mode: str = "common", seed: int = 0, refiner_width: int = 4) -> Path:
    """A run folder of an untrained model, made once in a process."""
    torch.manual_seed(seed)
    config = config_of(mode, options={"refiner_width": refiner_width})
    codec = NaturalCodec(config)
    with torch.no_grad():
        z = tiles.analyse(codec, photograph(64, 64), 1.0, 10.0)
        head = codec.encoder.head
        spread = torch.from_numpy(z.std(axis=(1, 2))) / 1.5
        head.bias.sub_(torch.from_numpy(z.mean(axis=(1, 2))) / codec.gain(codec.shares(torch.ones(1)))[0, :, 0, 0])
        for layer in (head, codec.encoder.linear):
            layer.weight.div_(spread[:, None, None, None])
            layer.bias.div_(spread)
        for stage in codec.context.stages:  # means and scales differ from place to place and suit values of some steps
            stage.third.weight.mul_(4.0)
            stage.third.bias[stage.channels :] = 0.5 + 0.06 * torch.randn(stage.channels)
    folder = Path(mkdtemp()) / "run"
    folder.mkdir()
    (folder / "config.json").write_text('{"task": "natural-denoise"}')
    save_model(folder, codec, Critic(4), config, 0)
    return folder


@cache
def model_of(mode: str = "common", seed: int = 0) -> NaturalModel:
    return load_model(run_of(mode, seed))


def photograph(height: int, width: int, seed: int = 0, grey: bool = False) -> np.ndarray:
    """Smooth shades with edges and grain: uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    planes = [np.sin(rows / (7 + c)) + np.cos(columns / (5 + 2 * c)) + (rows > columns) for c in range(3)]
    pixels = 90 + 50 * np.stack(planes, axis=2) + rng.normal(0, 8, (height, width, 3))
    pixels = np.clip(np.round(pixels), 0, 255).astype(np.uint8)
    return np.repeat(pixels[..., :1], 3, axis=2) if grey else pixels
