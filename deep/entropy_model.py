"""The learned entropy model: one density per latent variable, a mixture of logistics, and the integer tables made of it.

A latent variable z is quantized with subtractive dither u: k = round(z + u), decoded as k - u = z + noise, the noise uniform on a
cell and independent of z. The probability of k given u is then the density of z + noise at k - u,

    P(k | u) = F(k - u + 1/2) - F(k - u - 1/2),     F the distribution function of z,

so -log2 of it is at once the differentiable rate (Ziv 1985; Zamir and Feder 1992) and the entry of the table that the coder uses.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from deep.dither import dither_values
from deep.tables import Tables, quantised_tables

COMPONENTS: Final = 4
_LEAST_SCALE: Final = 1e-3  # of a logistic, in quantizer steps: a variable that carries nothing is almost a constant
_LEAST_MASS: Final = 1e-9  # of a symbol in the differentiable rate, where the density underflows
_TAIL: Final = 1e-7  # mass left outside a table on either side; symbols beyond its ends are clamped to them


class EntropyModel(nn.Module):
    """Mixture of COMPONENTS logistics for each of `latent` variables."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        spread = torch.linspace(-1.0, 1.0, COMPONENTS).repeat(latent, 1)
        self.means = nn.Parameter(spread)
        self.log_scales = nn.Parameter(torch.full((latent, COMPONENTS), -1.5))
        self.log_weights = nn.Parameter(torch.zeros(latent, COMPONENTS))

    def distribution(self, z: Tensor) -> Tensor:
        """F of each latent variable at z (..., latent)."""
        scales = torch.exp(self.log_scales) + _LEAST_SCALE
        weights = torch.softmax(self.log_weights, dim=-1)
        return (weights * torch.sigmoid((z.unsqueeze(-1) - self.means) / scales)).sum(-1)

    def forward(self, dequantized: Tensor) -> Tensor:
        """Bits (N,) of the dequantized latent variables k - u, each (N, latent)."""
        scales = torch.exp(self.log_scales) + _LEAST_SCALE
        weights = torch.softmax(self.log_weights, dim=-1)
        centred = dequantized.unsqueeze(-1) - self.means
        # On the side where both distribution functions are near 1 their difference cancels: mirror it.
        near = -centred.abs()
        upper, lower = torch.sigmoid((near + 0.5) / scales), torch.sigmoid((near - 0.5) / scales)
        mass = (weights * (upper - lower)).sum(-1)
        return -torch.log2(mass + _LEAST_MASS).sum(-1)

    @torch.no_grad()
    def tables(self, levels: int) -> Tables:
        """Integer tables of P(k | u): table i * levels + j belongs to variable i and dither row j. Computed once, in float64."""
        model = self.double_copy()
        u = torch.from_numpy(dither_values(np.arange(levels), levels) if levels > 1 else np.zeros(1))
        low, high = model._range()
        lowest = torch.floor(low.unsqueeze(1) + u + 0.5).long()  # (latent, levels)
        highest = torch.ceil(high.unsqueeze(1) + u - 0.5).long().maximum(lowest)
        count = int((highest - lowest).max()) + 1
        symbols = lowest.unsqueeze(-1) + torch.arange(count)  # (latent, levels, K)
        value = (symbols - u.unsqueeze(-1)).flatten(1).T  # (levels * K, latent)
        mass = (model.distribution(value + 0.5) - model.distribution(value - 0.5)).T.reshape(symbols.shape)
        mass = torch.where(symbols <= highest.unsqueeze(-1), mass.clamp_min(0.0), torch.zeros(()).double())
        sizes = (highest - lowest + 1).flatten().numpy()
        return quantised_tables(mass.flatten(0, 1).numpy(), lowest.flatten().numpy(), sizes)

    def double_copy(self) -> EntropyModel:
        """The same model in float64 on the CPU."""
        copy = EntropyModel(len(self.means)).double()
        copy.load_state_dict({name: value.detach().double().cpu() for name, value in self.state_dict().items()})
        return copy

    def _range(self) -> tuple[Tensor, Tensor]:
        """Where each variable's mass lies but for _TAIL on either side, by bisection."""
        reach = float(self.means.abs().max() + 40.0 * (torch.exp(self.log_scales).max() + _LEAST_SCALE))
        ends = []
        for target in (_TAIL, 1.0 - _TAIL):
            a = torch.full((len(self.means),), -reach, dtype=torch.float64)
            b = -a
            for _ in range(80):
                middle = 0.5 * (a + b)
                below = self.distribution(middle) < target
                a, b = torch.where(below, middle, a), torch.where(below, b, middle)
            ends.append(0.5 * (a + b))
        return ends[0], ends[1]
