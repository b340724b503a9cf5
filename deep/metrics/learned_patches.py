"""LPIPS, the learned perceptual image patch similarity (Zhang, Isola, Efros, Shechtman & Wang, CVPR 2018), version 0.1.

Feature maps of a classifier are scaled to unit length at every site, their squared differences weighted by one learned
non-negative number a channel, averaged over the sites, and summed over the maps. Checked against the authors' `lpips` 0.1.4
with the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from deep.metrics.backbones import alexnet, squeezenet, vgg16
from deep.metrics.pictures import Bytes, check_pair, tensor
from deep.metrics.weights import part, weights, weights_file
from rdcsym.problem import InputError, nearest

Network = Literal["alex", "vgg", "squeeze"]

SQUEEZE_FILE: Final = "lpips_squeeze_v0.1_weights.npz"
VGG_FILE: Final = "vgg16_conv_lpips_v0.1_fp16.npz"
EPSILON: Final = 1e-10  # added to the length of a feature vector
_REMEMBERED: Final = 3  # features of clean photographs, one for each network; VGG's take some 480 bytes a pixel

# Each network: its features, their file, the names of the learned weights, and the least side in pixels.
_NETWORKS: Final[dict[str, tuple[Callable[[Tensor, Path], list[Tensor]], str, str, int]]] = {
    "alex": (alexnet, "lpips_alex_v0.1_weights.npz", "lin{}.weight", 31),
    "vgg": (vgg16, VGG_FILE, "lin{}.weight", 16),
    "squeeze": (squeezenet, SQUEEZE_FILE, "lins.{}.model.1.weight", 17),
}


@torch.inference_mode()
def lpips(restored: Bytes, clean: Bytes, *, network: Network = "alex") -> float:
    """LPIPS of two photographs, uint8 (H, W, 3): 0 where they are equal, smaller is better.

    network: whose features; "alex" is the one that the authors advise for comparisons. Raises InputError for photographs that
    are no pair or too small, and NoValueError where the weights are not in RDCSYM_DATA.
    """
    if network not in _NETWORKS:
        raise InputError("network", network, "is no network of LPIPS", nearest(str(network), get_args(Network)))
    _, name, head, least = _NETWORKS[network]
    check_pair(restored, clean, least)
    path = weights_file(name)
    ours, theirs = _features(restored, network, path), _of_clean(clean.tobytes(), clean.shape, network, path)
    held, total = weights(path), 0.0
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        each = (a - b).square_().mean((0, 2, 3))
        total += float(each.double() @ part(held, head.format(i), path).flatten().double())
    return total


def _features(picture: Bytes, network: str, path: Path) -> list[Tensor]:
    """The feature maps, each of unit length over the channels."""
    maps = _NETWORKS[network][0](tensor(picture), path)
    return [h / (h.square().sum(1, keepdim=True).sqrt_() + EPSILON) for h in maps]


@lru_cache(maxsize=_REMEMBERED)
def _of_clean(raw: bytes, shape: tuple[int, ...], network: str, path: Path) -> list[Tensor]:
    return _features(np.frombuffer(raw, dtype=np.uint8).reshape(shape), network, path)
