"""Three classifiers of ImageNet as sources of features, in plain torch: AlexNet, SqueezeNet 1.1 and VGG16.

The layers are those of torchvision's models of these names; only convolutions are left. An image is float32 (1, 3, H, W) in
[0, 1]; every function gives the feature maps after the rectifiers where LPIPS and DISTS tap them, (1, C, h, w) each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from deep.metrics.weights import part, weights

# Mean and standard deviation of ImageNet. LPIPS states them for inputs in [-1, 1], as shift (-.030, -.088, -.188) and scale
# (.458, .448, .450): the same map.
MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)

_ALEX: Final = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))  # stride and padding of its five convolutions
_ALEX_POOLED: Final = (1, 2)  # the convolutions that pooling precedes
_SQUEEZE: Final = (("2.3", "2.4"), ("3.6", "3.7"), ("4.9",), ("5.10",), ("6.11",), ("7.12",))  # Fire modules between the taps
_SQUEEZE_POOLED: Final = 3  # slices that begin with pooling
_VGG: Final = ((0, 1), (2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12))  # convolutions between the taps


def normalised(x: Tensor) -> Tensor:
    """The image as the classifiers were trained to see it."""
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    return (x - mean) / deviation


def alexnet(x: Tensor, path: Path) -> list[Tensor]:
    """Five maps of 64, 192, 384, 256 and 256 channels (Krizhevsky, "One weird trick", 2014); sides of at least 31 pixels."""
    held, h, taps = weights(path), normalised(x), []
    for i, (stride, padding) in enumerate(_ALEX):
        if i in _ALEX_POOLED:
            h = functional.max_pool2d(h, 3, 2)
        kernel, bias = part(held, f"conv{i}.weight", path), part(held, f"conv{i}.bias", path)
        h = functional.relu(functional.conv2d(h, kernel, bias, stride=stride, padding=padding))
        taps.append(h)
    return taps


def squeezenet(x: Tensor, path: Path) -> list[Tensor]:
    """Seven maps of 64, 128, 256, 384, 384, 512 and 512 channels (Iandola et al. 2016, version 1.1); sides of at least 17."""
    held = weights(path)

    def convolved(h: Tensor, name: str, *, stride: int = 1, padding: int = 0) -> Tensor:
        kernel, bias = part(held, f"net.slice{name}.weight", path), part(held, f"net.slice{name}.bias", path)
        return functional.relu(functional.conv2d(h, kernel, bias, stride=stride, padding=padding))

    h = convolved(normalised(x), "1.0", stride=2)
    taps = [h]
    for i, fires in enumerate(_SQUEEZE):
        if i < _SQUEEZE_POOLED:
            h = functional.max_pool2d(h, 3, 2, ceil_mode=True)
        for fire in fires:
            h = convolved(h, f"{fire}.squeeze")
            h = torch.cat([convolved(h, f"{fire}.expand1x1"), convolved(h, f"{fire}.expand3x3", padding=1)], 1)
        taps.append(h)
    return taps


def vgg16(x: Tensor, path: Path, pool: Callable[[Tensor], Tensor] = lambda h: functional.max_pool2d(h, 2)) -> list[Tensor]:
    """Five maps of 64, 128, 256, 512 and 512 channels (Simonyan & Zisserman 2015); sides of at least 16 pixels.

    pool: what stands between the stages, halving the sides; DISTS has a pooling of its own.
    """
    # Channels last in memory: a third less time on a CPU.
    held, h, taps = weights(path), normalised(x).contiguous(memory_format=torch.channels_last), []
    for stage, layers in enumerate(_VGG):
        h = pool(h) if stage else h
        for i in layers:
            kernel, bias = part(held, f"conv{i}.weight", path), part(held, f"conv{i}.bias", path)
            h = functional.conv2d(h, kernel.contiguous(memory_format=torch.channels_last), bias, padding=1).relu_()
        taps.append(h)
    return taps
