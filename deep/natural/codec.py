"""The codec of photographs: estimator, encoder, gains, quantizer, context model, decoder.

One model serves every rate: the latent map is multiplied by a gain for each channel that grows with the quality, quantized with
step 1, and divided by it again (Cui et al. 2021, "Asymmetric gained deep image compression"; here the two gains are inverse). It
serves every degree of realism too: the decoder is told how much of it is wanted (Agustsson et al. 2023, "Multi-realism image
compression with a conditional generator"); the file is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from deep.config import TrainConfig
from deep.natural.context import ContextModel
from deep.natural.estimator import Estimator
from deep.natural.exact import FRACTIONS
from deep.natural.networks import Decoder, Encoder
from deep.natural.options import Options, options_of
from rdcsym.problem import InputError

_FIRST_GAIN: Final = 2.0
_GAIN_RATIO: Final = 1.45  # of neighbouring qualities, at the start


@dataclass(frozen=True, eq=False)
class Coded:
    """y: outputs (N, 3, H, W), not clipped. bits_per_pixel: estimated rate of each photograph (N,)."""

    y: Tensor
    bits_per_pixel: Tensor


class NaturalCodec(nn.Module):
    """`config` gives mode, width and latent (channels of the latent map), `options` the number of qualities and the estimator."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.options: Options = options_of(config)
        if config.mode == "private":
            raise InputError("mode", config.mode, "is not for photographs", "use common or deterministic")
        if config.mode == "common" and config.levels != FRACTIONS:  # the tables' grid: more would round the dither away
            raise InputError("levels", config.levels, f"of photographs are {FRACTIONS}", f"use levels={FRACTIONS}")
        self.mode, self.latent, self.levels = config.mode, config.latent, config.levels if config.mode == "common" else 1
        count = self.options.qualities
        width = self.options.estimator_width
        self.estimator = Estimator(width, self.options.refiner_width) if width else None
        self.encoder = Encoder(config.width, config.latent, count)
        self.decoder = Decoder(config.width, config.latent, count + 1, grainy=True)
        self.context = ContextModel(config.latent, count)
        steps = torch.arange(count, dtype=torch.float32)[:, None] * torch.log(torch.tensor(_GAIN_RATIO))
        self.log_gain = nn.Parameter(torch.log(torch.tensor(_FIRST_GAIN)) + steps.repeat(1, config.latent))

    def shares(self, quality: Tensor) -> Tensor:
        """(N, qualities): how much each trained quality counts at real qualities (N,), linear between neighbours."""
        places = torch.arange(self.options.qualities, device=quality.device)
        return (1.0 - (quality[:, None] - places).abs()).clamp_min(0.0).to(self.log_gain.dtype)

    def gain(self, shares: Tensor) -> Tensor:
        """(N, latent, 1, 1), geometric between neighbouring qualities."""
        return torch.exp(shares @ self.log_gain)[:, :, None, None]

    def estimate(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimates of the clean photographs of x (N, 3, H, W), or x without an estimator. sigma (N,): noise level, of 255."""
        return x if self.estimator is None else self.estimator(x, sigma)

    def analyse(self, estimate: Tensor, quality: Tensor) -> Tensor:
        """Latent maps (N, latent, H/8, W/8) in quantizer steps of estimates (N, 3, H, W)."""
        shares = self.shares(quality)
        z: Tensor = self.encoder(estimate, shares) * self.gain(shares)
        return z

    def synthesise(self, values: Tensor, quality: Tensor, realism: Tensor, grain: Tensor) -> Tensor:
        """Photographs (N, 3, 8h, 8w), not clipped, of dequantized maps (N, latent, h, w); realism (N,) in [0, 1], grain (N, 3,
        8h, 8w) standard noise: a realistic output is a random one, by the randomness that encoder and decoder share.
        """
        shares = self.shares(quality)
        return self.decoder(values / self.gain(shares), torch.cat((shares, realism[:, None].to(shares.dtype)), dim=1), grain)  # type: ignore[no-any-return]

    def forward(self, estimate: Tensor, quality: Tensor, realism: Tensor, noise: Tensor, grain: Tensor) -> Coded:
        """Outputs and rates for estimates (N, 3, H, W), at uniform noise (N, latent, h, w) in (-1/2, 1/2) and grain (N, 3, H, W).

        z + noise has the law of the dequantized map with shared dither; without dither (mode "deterministic") it stands in for
        rounding in the rate, and the decoder gets rounded values, with the gradient of the identity.
        """
        z = self.analyse(estimate, quality)
        if self.options.rate_free:
            return Coded(self.synthesise(z, quality, realism, grain), z.new_zeros(len(z)))
        noisy = z + noise
        heard = noisy if self.mode == "common" else z + (torch.round(z) - z).detach()
        rate = self.context(noisy, self.shares(quality))
        return Coded(self.synthesise(heard, quality, realism, grain), rate / (estimate.shape[2] * estimate.shape[3]))
