"""The transforms of a codec of photographs, and the critic. Convolutions only, so that any size goes through.

Each transform is a linear one of the 8 x 8 blocks, which starts as their principal components, and a network that adds what it
learns: a short training begins with a lawful transform code. Pixels are folded into channels on the way down (strides 2, 4 and
8), so that most of the work is done where there are few sites. Quality, noise level and realism enter as a scale and a shift of
each residual block's features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

BLOCKS: Final = (2, 3, 3)  # residual blocks at strides 2, 4 and 8
STRIDE: Final = 8  # pixels a side of one site of the latent map
VALUES: Final = 3 * STRIDE**2  # of a block
FIRST_SHARE: Final = 0.1  # of the networks' last layers at the start
FIRST_STRENGTH: Final = 0.008  # of the grain, in grey values of [0, 1]: two levels; from nothing no gradient would raise it
RESIDUE_GAIN: Final = 8.0  # what a blur takes away is some hundredths of the range of grey
_SLOPE: Final = 0.1  # of the leaky rectifiers
_LEVELS: Final = 3


def widths(width: int) -> tuple[int, int, int]:
    """Channels at strides 2, 4 and 8 of a codec of this width."""
    return width, width * 5 // 3, width * 7 // 3


def reach() -> int:
    """Pixels beyond which nothing changes an encoder's site or a decoder's pixel: what a tile must see around itself.

    Each 3 x 3 convolution at stride s sees s pixels more on either side; the first and the last one of a transform count too.
    What an encoder reads is an estimate, which sees further: see `estimator.reach`.
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


def residual_blocks(channels: int, count: int, conditions: int) -> nn.ModuleList:
    return nn.ModuleList(Block(channels, conditions) for _ in range(count))


class Encoder(nn.Module):
    """Photographs (N, 3, H, W), sides multiples of 8, and conditions (N, c) to latent variables (N, latent, H/8, W/8)."""

    def __init__(self, width: int, latent: int, conditions: int) -> None:
        super().__init__()
        a, b, c = widths(width)
        self.stems = nn.ModuleList((nn.Conv2d(12, a, 3, padding=1), nn.Conv2d(4 * a, b, 1), nn.Conv2d(4 * b, c, 1)))
        self.levels = nn.ModuleList(residual_blocks(n, count, conditions) for n, count in zip((a, b, c), BLOCKS, strict=True))
        self.head = nn.Conv2d(c, latent, 3, padding=1)
        self.linear = nn.Conv2d(VALUES, latent, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = x - 0.5
        straight = self.linear(nn.functional.pixel_unshuffle(h, STRIDE))
        for stem, blocks in zip(self.stems, self.levels, strict=True):
            h = stem(nn.functional.pixel_unshuffle(h, 2))
            h = through(h, blocks, condition)
        z: Tensor = straight + self.head(h)
        return z


class Decoder(nn.Module):
    """Latent variables (N, latent, h, w) and conditions (N, c) to photographs (N, 3, 8h, 8w), not clipped.

    grainy: the last condition is the realism, and grain (N, 3, 8h, 8w), standard noise, is added with the strength that suits the
    place, times the realism.
    """

    def __init__(self, width: int, latent: int, conditions: int, *, grainy: bool) -> None:
        super().__init__()
        a, b, c = widths(width)
        self.stem = nn.Conv2d(latent, c, 3, padding=1)
        self.levels = nn.ModuleList(
            residual_blocks(n, count, conditions) for n, count in zip((c, b, a), BLOCKS[::-1], strict=True)
        )
        self.heads = nn.ModuleList((nn.Conv2d(c, 4 * b, 1), nn.Conv2d(b, 4 * a, 1), nn.Conv2d(a, 12, 3, padding=1)))
        self.linear = nn.Conv2d(latent, VALUES, 1)
        self.strength = nn.Conv2d(a, 12, 1) if grainy else None
        if self.strength is not None:
            with torch.no_grad():
                self.strength.weight.mul_(FIRST_STRENGTH)
                assert self.strength.bias is not None
                self.strength.bias.fill_(FIRST_STRENGTH)

    def forward(self, z: Tensor, condition: Tensor, grain: Tensor | None = None) -> Tensor:
        straight = nn.functional.pixel_shuffle(self.linear(z), STRIDE)
        h = self.stem(z)
        for blocks, head in zip(self.levels, self.heads, strict=True):
            last = through(h, blocks, condition)
            h = nn.functional.pixel_shuffle(head(last), 2)
        y: Tensor = straight + h + 0.5
        if self.strength is not None and grain is not None:
            y = y + condition[:, -1, None, None, None] * nn.functional.pixel_shuffle(self.strength(last), 2) * grain
        return y


def start_linear(encoder: Encoder, decoder: Decoder, blocks: Tensor) -> None:
    """Make the linear parts the principal components of blocks (N, 3, 8, 8), largest first, and all else small."""
    with torch.no_grad():
        flat = nn.functional.pixel_unshuffle(blocks - 0.5, STRIDE).flatten(1).double()
        _, vectors = torch.linalg.eigh(flat.T @ flat)
        count = min(VALUES, encoder.linear.weight.shape[0])
        basis = vectors.flip(1)[:, :count].T.float()
        for layer, weight in ((encoder.linear, basis), (decoder.linear, basis.T)):
            layer.weight.zero_()
            layer.weight[: weight.shape[0], : weight.shape[1], 0, 0] = weight
            assert layer.bias is not None
            layer.bias.zero_()
        for small in (encoder.head, decoder.heads[-1]):
            for value in small.parameters():
                value.mul_(FIRST_SHARE)


class Critic(nn.Module):
    """Patches (N, 3, H, W) to numbers (N,): the mean over places of a critic that sees some 30 pixels a side.

    It sees what a blur takes away, and nothing else: the scenes of the two domains differ, and colour and light would drown the
    grain that tells outputs from photographs. What it estimates is the distance of the laws of that residue, at most W1 itself
    up to the filter's norm.
    """

    blur: Tensor

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
        row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
        self.register_buffer("blur", torch.outer(row, row).expand(3, 1, 5, 5).contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        smooth = nn.functional.conv2d(nn.functional.pad(x, (2, 2, 2, 2), mode="reflect"), self.blur, groups=x.shape[1])
        return self.layers(RESIDUE_GAIN * (x - smooth)).mean(dim=(1, 2, 3))  # type: ignore[no-any-return]


def through(h: Tensor, blocks: nn.Module, condition: Tensor) -> Tensor:
    for block in blocks.children():
        h = block(h, condition)
    return h
