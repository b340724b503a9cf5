"""The encoder's first half: an estimate of the clean photograph, its conditional mean given the noisy one.

Under squared error nothing is lost by estimating first and coding the estimate (Dobrushin and Tsybakov 1962; Wolf and Ziv 1970):
for every output Y that is made of the noisy X and of randomness of its own,

    E|X0 - Y|^2 = E|X0 - E[X0|X]|^2 + E|E[X0|X] - Y|^2.

So this half is trained alone, by Stein's estimate, and the codec behind it needs no noise at all.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from deep.natural import networks
from deep.natural.networks import Decoder, Encoder

BOTTLENECK: Final = 64  # channels a block of 8 x 8 x 3 values: a linear denoiser from the first step
FULL_SIGMA: Final = 25.0  # of 255: a noise level of 1 in the condition
LEAST_SIGMA: Final = 5.0  # of 255: below, the photograph itself has a share in the estimate


def reach() -> int:
    """Pixels beyond which nothing changes an estimated pixel."""
    return 2 * networks.reach() + networks.STRIDE


class Estimator(nn.Module):
    """Photographs (N, 3, H, W), sides multiples of 8, and noise levels (N,), of 255, to estimates of the same shape.

    An autoencoder of the codec's own networks that is told the noise level. Without noise the estimate is the photograph.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = Encoder(width, BOTTLENECK, 1)
        self.decoder = Decoder(width, BOTTLENECK, 1, grainy=False)

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        condition = (sigma / FULL_SIGMA)[:, None].to(x.dtype)
        share = torch.clamp(sigma / LEAST_SIGMA, max=1.0).to(x.dtype)[:, None, None, None]
        y: Tensor = x + share * (self.decoder(self.encoder(x, condition), condition) - x)
        return y
