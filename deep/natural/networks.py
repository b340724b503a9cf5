"""The transforms of a codec of photographs, and the critic. Convolutions only, so that any size goes through.

Pixels are folded into channels twice more on the way down (strides 2, 4 and 8), so that most of the work is done where there are
few sites. Quality, noise level and realism enter as a scale and a shift of each residual block's features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

BLOCKS: Final = (2, 3, 3)  # residual blocks at strides 2, 4 and 8
_SLOPE: Final = 0.1  # of the leaky rectifiers
_LEVELS: Final = 3


def widths(width: int) -> tuple[int, int, int]:
    """Channels at strides 2, 4 and 8 of a codec of this width."""
    return width, width * 5 // 3, width * 7 // 3


def reach() -> int:
    """Pixels beyond which nothing changes an encoder's site or a decoder's pixel: what a tile must see around itself.

    Each 3 x 3 convolution at stride s sees s pixels more on either side; the first and the last one of a transform count too.
    """
    per_stride = [2 * blocks << (i + 1) for i, blocks in enumerate(BLOCKS)]
    return sum(per_stride) + 2 + (1 << _LEVELS)


class Block(nn.Module):
    """Residual block of two 3 x 3 convolutions, modulated by a condition (N, conditions)."""

    def __init__(self, channels: int, conditions: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.modulation = nn.Linear(conditions, 2 * channels)
        with torch.no_grad():
            self.modulation.weight.mul_(0.1)
            self.modulation.bias.zero_()
            self.second.weight.mul_(0.3)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, dim=1)
        inner = nn.functional.leaky_relu(self.first(x) * (1.0 + scale) + shift, _SLOPE)
        return x + self.second(inner)  # type: ignore[no-any-return]


def _blocks(channels: int, count: int, conditions: int) -> nn.ModuleList:
    return nn.ModuleList(Block(channels, conditions) for _ in range(count))


class Encoder(nn.Module):
    """Photographs (N, 3, H, W), sides multiples of 8, and conditions (N, c) to latent variables (N, latent, H/8, W/8)."""

    def __init__(self, width: int, latent: int, conditions: int) -> None:
        super().__init__()
        a, b, c = widths(width)
        self.stems = nn.ModuleList((nn.Conv2d(12, a, 3, padding=1), nn.Conv2d(4 * a, b, 1), nn.Conv2d(4 * b, c, 1)))
        self.levels = nn.ModuleList(_blocks(n, count, conditions) for n, count in zip((a, b, c), BLOCKS, strict=True))
        self.head = nn.Conv2d(c, latent, 3, padding=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = x - 0.5
        for stem, blocks in zip(self.stems, self.levels, strict=True):
            h = stem(nn.functional.pixel_unshuffle(h, 2))
            h = _through(h, blocks, condition)
        return self.head(h)  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Latent variables (N, latent, h, w) and conditions (N, c) to photographs (N, 3, 8h, 8w), not clipped."""

    def __init__(self, width: int, latent: int, conditions: int) -> None:
        super().__init__()
        a, b, c = widths(width)
        self.stem = nn.Conv2d(latent, c, 3, padding=1)
        self.levels = nn.ModuleList(_blocks(n, count, conditions) for n, count in zip((c, b, a), BLOCKS[::-1], strict=True))
        self.heads = nn.ModuleList((nn.Conv2d(c, 4 * b, 1), nn.Conv2d(b, 4 * a, 1), nn.Conv2d(a, 12, 3, padding=1)))

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        h = self.stem(z)
        for blocks, head in zip(self.levels, self.heads, strict=True):
            h = nn.functional.pixel_shuffle(head(_through(h, blocks, condition)), 2)
        y: Tensor = h + 0.5
        return y


class Critic(nn.Module):
    """Patches (N, 3, H, W) to numbers (N,): the mean over places of a critic that sees some 30 pixels a side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: Sequence[nn.Module] = (
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 3 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(3 * width, 1, 1),
        )
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x - 0.5).mean(dim=(1, 2, 3))  # type: ignore[no-any-return]


def _through(h: Tensor, blocks: nn.Module, condition: Tensor) -> Tensor:
    for block in blocks.children():
        h = block(h, condition)
    return h
