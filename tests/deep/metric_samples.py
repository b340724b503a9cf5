"""Photographs for metrics, made by a formula, and what independent programs make of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

DATA = os.environ.get("RDCSYM_DATA", "")


def pair(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A restored and a clean photograph, uint8 (height, width, 3): waves, edges and noise."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    rng = np.random.Generator(np.random.PCG64(seed))
    waves = [np.sin(x / (5 + 3 * c) + 0.3 * y / (c + 1)) * np.cos(y / (11 - 2 * c)) for c in range(3)]
    base = 120 + 60 * np.stack(waves, -1) + 30 * ((x // 24 + y // 16) % 2)[..., None]
    clean = np.clip(np.floor(base + 8 * rng.standard_normal(base.shape) + 0.5), 0, 255).astype(np.uint8)
    restored = np.clip(np.floor(0.9 * base + 15 + 16 * rng.standard_normal(base.shape) + 0.5), 0, 255).astype(np.uint8)
    return restored, clean


def needs_weights(*names: str) -> pytest.MarkDecorator:
    """Skips where a file of the folder `metrics` is not in RDCSYM_DATA."""
    missing = [name for name in names if not DATA or not (Path(DATA) / "metrics" / name).is_file()]
    return pytest.mark.skipif(bool(missing), reason=f"metrics/{missing[0] if missing else ''} is not in RDCSYM_DATA")


ALEX, VGG, SQUEEZE = "lpips_alex_v0.1_weights.npz", "vgg16_conv_lpips_v0.1_fp16.npz", "lpips_squeeze_v0.1_weights.npz"
DISTS, NIQE = "dists/weights.pt", "niqe/niqe_pris_params.npz"
