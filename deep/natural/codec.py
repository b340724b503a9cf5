"""The codec of photographs: encoder, gains, quantizer, context model, decoder.

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
from deep.natural.exact import FRACTIONS
from deep.natural.networks import Decoder, Encoder
from deep.natural.options import Options, options_of
from rdcsym.problem import InputError

FULL_SIGMA: Final = 25.0  # of 255: a noise level of 1 in the encoder's condition
_FIRST_GAIN: Final = 2.0
_GAIN_RATIO: Final = 1.45  # of neighbouring qualities, at the start


@dataclass(frozen=True, eq=False)
class Coded:
    """y: outputs (N, 3, H, W), not clipped. bits_per_pixel: estimated rate of each photograph (N,)."""

    y: Tensor
    bits_per_pixel: Tensor


class NaturalCodec(nn.Module):
    """`config` gives mode, width and latent (channels of the latent map), `options` the number of qualities."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.options: Options = options_of(config)
        if config.mode == "private":
            raise InputError("mode", config.mode, "is not for photographs", "use common or deterministic")
        if config.mode == "common" and config.levels != FRACTIONS:  # the tables' grid: more would round the dither away
            raise InputError("levels", config.levels, f"of photographs are {FRACTIONS}", f"use levels={FRACTIONS}")
        self.mode, self.latent, self.levels = config.mode, config.latent, config.levels if config.mode == "common" else 1
        count = self.options.qualities
        self.encoder = Encoder(config.width, config.latent, count + 1)
        self.decoder = Decoder(config.width, config.latent, count + 1)
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

    def analyse(self, x: Tensor, quality: Tensor, sigma: Tensor) -> Tensor:
        """Latent maps (N, latent, H/8, W/8) in quantizer steps of x (N, 3, H, W); sigma (N,): noise level, of 255."""
        shares = self.shares(quality)
        condition = torch.cat((shares, (sigma / FULL_SIGMA)[:, None].to(shares.dtype)), dim=1)
        z: Tensor = self.encoder(x, condition) * self.gain(shares)
        return z

    def synthesise(self, values: Tensor, quality: Tensor, realism: Tensor) -> Tensor:
        """Photographs (N, 3, 8h, 8w), not clipped, of dequantized maps (N, latent, h, w); realism (N,) in [0, 1]."""
        shares = self.shares(quality)
        return self.decoder(values / self.gain(shares), torch.cat((shares, realism[:, None].to(shares.dtype)), dim=1))  # type: ignore[no-any-return]

    def forward(self, x: Tensor, quality: Tensor, sigma: Tensor, realism: Tensor, noise: Tensor, rated: int) -> Coded:
        """Outputs, and the rate of the first `rated` of them, at uniform noise (N, latent, h, w) in (-1/2, 1/2).

        z + noise has the law of the dequantized map with shared dither; without dither (mode "deterministic") it stands in for
        rounding in the rate, and the decoder gets rounded values, with the gradient of the identity.
        """
        z = self.analyse(x, quality, sigma)
        if self.options.rate_free:
            return Coded(self.synthesise(z, quality, realism), z.new_zeros(rated))
        noisy = z + noise
        smooth = self.mode == "common" or self.options.distortion == "sure"  # Stein's estimate needs a derivative
        heard = noisy if smooth else z + (torch.round(z) - z).detach()
        rate = self.context(noisy[:rated], self.shares(quality[:rated]))
        return Coded(self.synthesise(heard, quality, realism), rate / (x.shape[2] * x.shape[3]))
