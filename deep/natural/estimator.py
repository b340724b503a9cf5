"""The encoder's first half: an estimate of the clean photograph, its conditional mean given the noisy one.

Under squared error nothing is lost by estimating first and coding the estimate (Dobrushin and Tsybakov 1962; Wolf and Ziv 1970):
for every output Y that is made of the noisy X and of randomness of its own,

    E|X0 - Y|^2 = E|X0 - E[X0|X]|^2 + E|E[X0|X] - Y|^2.

So this half is trained alone, by Stein's estimate or on clean photographs with noise added, and the codec behind it needs no
noise at all.

It is an autoencoder at stride 8 and, where it has one, a refiner at stride 2 behind it (as FFDNet's layers are, Zhang, Zuo and
Zhang 2018), which sees the photograph beside the estimate and gives back the detail that 64 numbers a block do not carry.
"""

from __future__ import annotations

import itertools
from typing import Final

import torch
from torch import Tensor, nn

from deep.natural import networks
from deep.natural.networks import Decoder, Encoder

BOTTLENECK: Final = 64  # channels a block of 8 x 8 x 3 values: a linear denoiser from the first step
FULL_SIGMA: Final = 25.0  # of 255: a noise level of 1 in the condition
LEAST_SIGMA: Final = 5.0  # of 255: below, the photograph itself has a share in the estimate
REFINER_LAYERS: Final = 8
_FOLD: Final = 2  # pixels a side of a site of the refiner
_SLOPE: Final = 0.1  # of the leaky rectifiers


def reach() -> int:
    """Pixels beyond which nothing changes an estimated pixel."""
    return 2 * networks.reach() + networks.STRIDE + _FOLD * (REFINER_LAYERS + 1)


class Refiner(nn.Module):
    """Photographs and first estimates (N, 3, H, W), noise levels in units of FULL_SIGMA (N, 1), to what the estimates lack."""

    def __init__(self, width: int) -> None:
        super().__init__()
        values = 3 * _FOLD**2
        channels = [2 * values + 1, *[width] * (REFINER_LAYERS - 1), values]
        layers: list[nn.Module] = [nn.Conv2d(channels[0], channels[1], 3, padding=1)]
        for before, after in itertools.pairwise(channels[1:]):
            layers += [nn.LeakyReLU(_SLOPE), nn.Conv2d(before, after, 3, padding=1)]
        self.layers = nn.Sequential(*layers)
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.weight)  # at the start the first estimate stands
        nn.init.zeros_(last.bias)

    def forward(self, x: Tensor, first: Tensor, condition: Tensor) -> Tensor:
        folded = [nn.functional.pixel_unshuffle(part, _FOLD) for part in (x - first, first - 0.5)]
        level = condition[:, :, None, None].expand(-1, -1, *folded[0].shape[2:])
        return nn.functional.pixel_shuffle(self.layers(torch.cat((*folded, level), dim=1)), _FOLD)


class Estimator(nn.Module):
    """Photographs (N, 3, H, W), sides multiples of 8, and noise levels (N,), of 255, to estimates of the same shape.

    An autoencoder of the codec's own networks that is told the noise level, and a refiner of `refiner_width` channels (0: none).
    Without noise the estimate is the photograph.
    """

    def __init__(self, width: int, refiner_width: int = 0) -> None:
        super().__init__()
        self.refiner = Refiner(refiner_width) if refiner_width else None
        self.encoder = Encoder(width, BOTTLENECK, 1)
        self.decoder = Decoder(width, BOTTLENECK, 1, grainy=False)

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        condition = (sigma / FULL_SIGMA)[:, None].to(x.dtype)
        share = torch.clamp(sigma / LEAST_SIGMA, max=1.0).to(x.dtype)[:, None, None, None]
        first = self.decoder(self.encoder(x, condition), condition)
        if self.refiner is not None:
            first = first + self.refiner(x, first, condition)
        y: Tensor = x + share * (first - x)
        return y
