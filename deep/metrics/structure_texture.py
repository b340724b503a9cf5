"""DISTS, deep image structure and texture similarity (Ding, Ma, Wang & Simoncelli, IEEE TPAMI 2020; equations 5 to 7).

Maps of VGG16 whose max pooling is replaced by an L2 pooling with a Hanning window, and the image itself, are compared by their
means (texture) and their covariance (structure), each channel with learned weights alpha and beta. Photographs are taken at
their own size unless `short_side` says otherwise: the authors' script shrinks the shorter side to 256 pixels first, most
published tables do not say. Checked against the authors' DISTS_pytorch 0.1 with the same weights.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from deep.data.images import pillow, reading
from deep.metrics.backbones import vgg16
from deep.metrics.learned_patches import VGG_FILE
from deep.metrics.pictures import Bytes, check_pair, tensor
from deep.metrics.weights import part, weights_file

WEIGHTS_FILE: Final = "dists/weights.pt"
LEAST: Final = 16  # pixels
STABILISER: Final = 1e-6  # c1 and c2
CHANNELS: Final = (3, 64, 128, 256, 512, 512)

Moments = tuple[Tensor, Tensor, Tensor]  # a map (C, h w), its channels' means (C,) and variances (C,)


@torch.inference_mode()
def dists(restored: Bytes, clean: Bytes, *, short_side: int | None = None) -> float:
    """DISTS of two photographs, uint8 (H, W, 3): 0 where they are equal, smaller is better.

    short_side: pixels that larger photographs are shrunk to first, as the authors' script does with 256. Raises InputError for
    photographs that are no pair or too small, and NoValueError where the weights are not in RDCSYM_DATA.
    """
    check_pair(restored, clean, LEAST)
    network, path = weights_file(VGG_FILE), weights_file(WEIGHTS_FILE)
    alpha, beta = _weights(path)
    if short_side is not None:
        restored, clean = _shrunk(restored, short_side), _shrunk(clean, short_side)
    ours, theirs = _moments(restored, network), _of_clean(clean.tobytes(), clean.shape, network)
    similarity = 0.0
    parts = zip(ours, theirs, torch.split(alpha, [*CHANNELS]), torch.split(beta, [*CHANNELS]), strict=True)
    for (x, x_mean, x_var), (y, y_mean, y_var), a, b in parts:
        covariance = (x * y).mean(1) - x_mean * y_mean
        texture = (2 * x_mean * y_mean + STABILISER) / (x_mean**2 + y_mean**2 + STABILISER)
        structure = (2 * covariance + STABILISER) / (x_var + y_var + STABILISER)
        similarity += float((a * texture).sum() + (b * structure).sum())
    return 1.0 - similarity


def l2_pool(h: Tensor) -> Tensor:
    """Root of the squares under a 3 x 3 Hanning window, at every second site."""
    window = torch.tensor([0.25, 0.5, 0.25])
    kernel = (window[:, None] * window[None, :]).expand(h.shape[1], 1, 3, 3)
    return (functional.conv2d(h.square(), kernel, stride=2, padding=1, groups=h.shape[1]) + 1e-12).sqrt_()


def _moments(picture: Bytes, network: Path) -> list[Moments]:
    x = tensor(picture)
    found = []
    for h in (x, *vgg16(x, network, l2_pool)):
        flat = h[0].flatten(1)
        mean = flat.mean(1)
        found.append((flat, mean, (flat - mean[:, None]).square_().mean(1)))
    return found


@lru_cache(maxsize=1)
def _of_clean(raw: bytes, shape: tuple[int, ...], network: Path) -> list[Moments]:
    return _moments(np.frombuffer(raw, dtype=np.uint8).reshape(shape), network)


@lru_cache(maxsize=1)
def _weights(path: Path) -> tuple[Tensor, Tensor]:
    """alpha and beta, (1475,) each, which sum to one together."""
    with reading(path, "file of DISTS's weights"):
        held = torch.load(path, map_location="cpu", weights_only=True)
        alpha, beta = (part(held, name, path).flatten().double() for name in ("alpha", "beta"))
        if alpha.numel() != sum(CHANNELS) or beta.numel() != sum(CHANNELS):
            raise ValueError(f"{alpha.numel()} and {beta.numel()} weights")
    total = alpha.sum() + beta.sum()
    return alpha / total, beta / total


def _shrunk(picture: Bytes, short_side: int) -> Bytes:
    """Bilinear, anti-aliased, rounded to eight bits, the ratio of the sides kept to a pixel; smaller photographs as they are."""
    height, width = picture.shape[:2]
    if min(height, width) <= short_side:
        return picture
    size = (int(short_side * width / min(height, width)), int(short_side * height / min(height, width)))
    image = pillow()
    return np.asarray(image.fromarray(picture).resize(size, image.Resampling.BILINEAR), dtype=np.uint8)
