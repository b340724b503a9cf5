"""The denoiser and the critic of OTDenoising, small enough for one thread of a CPU."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH: Final = 64
BLOCKS: Final = 4  # of two convolutions each
FACTOR: Final = 2  # of pixel-unshuffle: the convolutions run at half the size


class Block(nn.Module):
    """x + conv(relu(conv(x))), 3 x 3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, h, w) to the same shape."""
        out: Tensor = x + self.second(torch.relu(self.first(x)))
        return out


class Denoiser(nn.Module):
    """Noisy to restored, (N, 3, H, W) each, any H, W >= 2: ten convolutions, 77 kMAC a pixel, receptive field 42 pixels."""

    def __init__(self, width: int = WIDTH, blocks: int = BLOCKS) -> None:
        super().__init__()
        inner = 3 * FACTOR**2
        self.head = nn.Conv2d(inner, width, 3, padding=1)
        self.body = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.tail = nn.Conv2d(width, inner, 3, padding=1)
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)  # it starts as the identity

    def forward(self, noisy: Tensor) -> Tensor:
        """Restored images, not clipped."""
        height, width = noisy.shape[-2:]
        padded = functional.pad(noisy, (0, width % FACTOR, 0, height % FACTOR), mode="replicate")
        small = functional.pixel_unshuffle(padded, FACTOR) - 0.5
        change = self.tail(torch.relu(self.body(torch.relu(self.head(small)))))
        restored = padded + functional.pixel_shuffle(change, FACTOR)
        return restored[..., :height, :width]


class PatchCritic(nn.Module):
    """Patches (N, 3, S, S), S divisible by 4, to scores (N,): fully convolutional, about 24 kMAC a pixel.

    The score is the sum of local scores over the root of their number, so that its gradient's norm does not depend on S.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(FACTOR),
            nn.Conv2d(3 * FACTOR**2, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width * 3 // 2, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width * 3 // 2, width * 2, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width * 2, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The scores (N,); high for clean patches."""
        local: Tensor = self.layers(x - 0.5).flatten(1)
        scores: Tensor = local.sum(1) / float(local.shape[1]) ** 0.5
        return scores
