"""The entropy model of latent maps: logistic densities whose mean and scale follow from what was coded before.

The channels are coded in slices, each slice in two halves of a checkerboard: first its even sites, given the slices before; then
its odd sites, given those and the even ones (He et al. 2021; Minnen and Singh 2020). Each of these stages has a small network.
During training it runs in floating point; files are coded with `exact`, the same network in whole numbers.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

BINS: Final = 48  # scales of a logistic density, in equal ratios
LEAST_SCALE: Final = 0.03  # in quantizer steps
MOST_SCALE: Final = 24.0
LOG_STEP: Final = math.log(MOST_SCALE / LEAST_SCALE) / (BINS - 1)
HIDDEN: Final = 64
PARITIES: Final = 2
MOST_VALUE: Final = 128.0  # what a network is told of a latent variable is clipped to this
_LEAST_MASS: Final = 1e-9
_FIRST_BIN: Final = 24.0  # scale about 1


def slices(latent: int) -> list[tuple[int, int]]:
    """(first, last + 1) channel of each slice: an eighth, a quarter, the rest."""
    ends = [min(latent, end) for end in (0, max(1, latent // 8), max(2, 3 * latent // 8), latent)]
    return [(a, b) for a, b in pairwise(ends) if b > a]


def parity(height: int, width: int) -> Tensor:
    """The checkerboard (height, width): True where row plus column is odd."""
    return ((torch.arange(height)[:, None] + torch.arange(width)[None, :]) % PARITIES).bool()


class Stage(nn.Module):
    """Network of one stage: what is known (N, seen, h, w) and the quality's shares (N, qualities) to (mean, bin), each
    (N, channels, h, w). `bin` numbers the scales LEAST_SCALE exp(LOG_STEP bin), here a real number in 0..BINS - 1.
    """

    def __init__(self, seen: int, channels: int, qualities: int) -> None:
        super().__init__()
        self.seen, self.channels = seen, channels
        self.first = nn.Conv2d(seen, HIDDEN, 3, padding=1, bias=False) if seen else None
        self.quality = nn.Linear(qualities, HIDDEN, bias=False)
        self.second = nn.Conv2d(HIDDEN, HIDDEN, 1)
        self.third = nn.Conv2d(HIDDEN, 2 * channels, 1)
        with torch.no_grad():
            self.third.weight.mul_(0.1)
            assert self.third.bias is not None
            self.third.bias[:channels] = 0.0
            self.third.bias[channels:] = _FIRST_BIN / BINS

    def forward(self, known: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
        h = self.quality(shares)[:, :, None, None]
        h = h + self.first(known) if self.first is not None else h.expand(-1, -1, *known.shape[2:])
        h = torch.relu(self.second(torch.relu(h)))
        mean, scale = self.third(h).chunk(2, dim=1)
        return mean, (BINS * scale).clamp(0.0, BINS - 1.0)


class ContextModel(nn.Module):
    """The stages in their order: slice by slice, even sites before odd ones."""

    def __init__(self, latent: int, qualities: int) -> None:
        super().__init__()
        self.latent, self.qualities = latent, qualities
        stages = []
        for first, last in slices(latent):
            stages += [Stage(first, last - first, qualities), Stage(last, last - first, qualities)]
        self.stages = nn.ModuleList(stages)

    def forward(self, values: Tensor, shares: Tensor) -> Tensor:
        """Bits (N,) of dequantized latent maps (N, latent, h, w), each variable one quantizer step wide."""
        odd = parity(*values.shape[2:]).to(values.device)
        told = values.clamp(-MOST_VALUE, MOST_VALUE)
        total = values.new_zeros(len(values))
        for (first, last), (of_even, of_odd) in zip(slices(self.latent), self._pairs(), strict=True):
            before, here = told[:, :first], told[:, first:last]
            even = of_even(before if first else told[:, :1], shares)
            odds = of_odd(torch.cat((before, here.masked_fill(odd, 0.0)), dim=1), shares)
            mean, scale = (torch.where(odd, b, a) for a, b in zip(even, odds, strict=True))
            total = total + bits(values[:, first:last] - mean, scale).sum(dim=(1, 2, 3))
        return total

    def _pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        stages = list(self.stages)
        return list(zip(stages[::PARITIES], stages[1::PARITIES], strict=True))


def bits(centred: Tensor, scale_bin: Tensor) -> Tensor:
    """Bits of values one quantizer step wide around `centred`, under logistic densities of these scales."""
    scale = LEAST_SCALE * torch.exp(LOG_STEP * scale_bin)
    near = -centred.abs()  # the side on which the difference does not cancel
    mass = torch.sigmoid((near + 0.5) / scale) - torch.sigmoid((near - 0.5) / scale)
    return -torch.log2(mass + _LEAST_MASS)
