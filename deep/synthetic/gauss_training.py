"""Learning the gains of the Gaussian codec, and E8's spreads, by Adam on

    MSE + lambda_r R + lambda_c C

MSE: mean over components and vectors of (X - Y)^2. R: bits a vector, the exact code length of the coder (up to the rounding of
its tables), differentiable because the quantiser with its dither is the addition of N. C: sum over components of
1/2 log2(2 pi e var(S_i - a Y_i)), in bits, an upper estimate of the sum of h(S_i|Y_i), since a Gaussian has the largest entropy
of its variance. With a target rate, lambda_r is the multiplier of R <= rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from deep.config import TrainConfig
from deep.synthetic.gauss_codec import GaussCodec, gauss_codec
from deep.synthetic.lattice import E8_SECOND_MOMENT, SIDE, error_law, nearest_e8
from deep.synthetic.source import GaussSource

LN2: Final = math.log(2.0)
MULTIPLIER_STEP: Final = 0.08  # relative change of lambda_r in a step at which the rate misses its target by its whole size
LEAST_MULTIPLIER_SHARE: Final = 0.2
LEAST_SHARE: Final = 0.02  # of the learning rate, at the end
FINAL_BATCHES: Final = 8
SILENT: Final = 0.02  # bits; what a component with a lower rate saves is lost in the noise of the estimate
LEAST_DEVIATION: Final = 1e-4
LEAST_SPREAD: Final = 0.03  # of the weight on E8; a narrower one would notice that tables are made at the rows' centres only
DUAL_FROM: Final = 0.3  # spread from which the theta sums are taken over frequencies
MERGED: Final = 8  # bins of the error's law taken together: enough for gradients, the finished codec uses all
NEIGHBOURS: Final = 6
FREQUENCIES: Final = 4
TINY: Final = 1e-300


class GaussTraining:
    """The state of a training; `step(k)` is a function of it, of k and of the seed. Double precision on the CPU."""

    def __init__(self, config: TrainConfig, source: GaussSource) -> None:
        self.config, self.source, self.lambda_r = config, source, config.lambda_r
        self.sigma_X = torch.tensor(source.sigma_X, dtype=torch.float64)
        self.sigma_Y = torch.tensor(source.sigma_Y, dtype=torch.float64)
        self.kappa = torch.tensor(source.kappa, dtype=torch.float64)
        law = error_law(source.lattice)
        merged = 1 if source.lattice == "scalar" else MERGED
        self.edges = torch.from_numpy(law.edges[::merged].copy())
        self.weights = torch.from_numpy(law.weights.reshape(-1, merged).sum(1))
        self.scale = torch.ones_like(self.sigma_X).requires_grad_()
        self.log_spread = torch.full_like(self.sigma_X, math.log(1.1)).requires_grad_()
        self.optimizer = torch.optim.Adam([self.scale, self.log_spread], lr=config.learning_rate)

    def step(self, k: int) -> dict[str, float]:
        """One step on fresh samples; the terms of the loss."""
        share = LEAST_SHARE + (1 - LEAST_SHARE) * 0.5 * (1 + math.cos(math.pi * k / self.config.steps))
        self.optimizer.param_groups[0]["lr"] = self.config.learning_rate * share
        errors, rates, losses = self._terms(k)
        mse, rate, loss_of_label = errors.mean(), rates.sum(), losses.sum()
        loss = mse + self.lambda_r * rate + self.config.lambda_c * loss_of_label
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.config.rate is not None:
            miss = max(-1.0, min(1.0, rate.item() / self.config.rate - 1.0))
            self.lambda_r *= math.exp(MULTIPLIER_STEP * max(LEAST_MULTIPLIER_SHARE, share) * miss)
        terms = {"distortion": mse, "rate": rate, "classification_loss": loss_of_label}
        return {name: value.item() for name, value in terms.items()} | {"lambda_r": self.lambda_r}

    def codec(self) -> GaussCodec:
        """The codec as it stands, components switched off that raise the loss: some rate is left at the smallest gains."""
        with torch.no_grad():
            batches = [self._terms(self.config.steps + k) for k in range(FINAL_BATCHES)]
            errors, rates, losses = (torch.stack(terms).mean(0) for terms in zip(*batches, strict=True))
            saved = (self.sigma_X**2 + self.sigma_Y**2 - errors) / len(errors)
            told = 0.5 * math.log2(2 * math.pi * math.e) - losses
            on = (rates > SILENT) & (saved + self.config.lambda_c * told > self.lambda_r * rates)
            gains = torch.where(on, self._deviations() / self.sigma_X, 0.0).numpy()
        spreads = self._spread().detach().numpy()
        return gauss_codec(self.source.lattice, self.sigma_X.numpy(), self.sigma_Y.numpy(), gains, spreads)

    def state(self) -> dict[str, Any]:
        """What the steps to come depend on: tensors and plain data."""
        return {
            "scale": self.scale.detach(),
            "log_spread": self.log_spread.detach(),
            "optimizer": self.optimizer.state_dict(),
            "lambda_r": self.lambda_r,
        }

    def restore(self, found: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        with torch.no_grad():
            self.scale.copy_(found["scale"])
            self.log_spread.copy_(found["log_spread"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.lambda_r = float(found["lambda_r"])

    def _terms(self, k: int) -> tuple[Tensor, Tensor, Tensor]:
        """Squared error, bits and label loss of each component, (n,) each, of batch number k."""
        generator = torch.Generator().manual_seed((self.config.seed << 24) + k)
        count = -(-self.config.batch // SIDE) * SIDE
        shape = (count, len(self.sigma_X))
        normal = torch.randn(shape, generator=generator, dtype=torch.float64)
        extra = torch.randn(shape, generator=generator, dtype=torch.float64)
        label = self.kappa * normal + (1 - self.kappa**2).sqrt() * extra
        deviations = self._deviations()
        z = deviations * normal + self._error(shape, generator)
        y = _output(z, deviations, self.sigma_Y, self.edges, self.weights)
        errors = ((self.sigma_X * normal - y) ** 2).mean(0)
        correlated = (label * y).mean(0) ** 2 / (label.square().mean(0) * y.square().mean(0))
        losses = 0.5 * torch.log2(2 * math.pi * math.e * (1 - correlated))
        rates = self._e8_rates(z) if self.source.lattice == "e8" else _scalar_rates(z, deviations)
        return errors, rates, losses

    def _error(self, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
        uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
        if self.source.lattice == "scalar":
            return uniform - 0.5
        # Eight successive vectors make a block.
        shift = (2 * uniform - 1).numpy().reshape(-1, SIDE, shape[1]).swapaxes(1, 2)
        return torch.from_numpy((shift - nearest_e8(shift)).swapaxes(1, 2).reshape(shape))

    def _deviations(self) -> Tensor:
        """Of gain X; learned directly, since rate and distortion are linear in them near 0: a silent component can come back."""
        deviations: Tensor = self.scale.abs() + LEAST_DEVIATION
        return deviations

    def _spread(self) -> Tensor:
        """v, as a multiple of the variance of z."""
        variance = self._deviations() ** 2 + E8_SECOND_MOMENT
        return (self.log_spread.exp() * variance).clamp_min(LEAST_SPREAD)

    def _e8_rates(self, z: Tensor) -> Tensor:
        v = self._spread()
        blocks = z.reshape(-1, SIDE, z.shape[1])
        log_weight: Tensor = (blocks.square().sum(1) / (2 * v) + _log_partition(blocks, v)).mean(0)
        bits: Tensor = log_weight / (SIDE * LN2)
        return bits


def _scalar_rates(z: Tensor, deviations: Tensor) -> Tensor:
    low = -z.abs()
    mass = torch.special.ndtr((low + 0.5) / deviations) - torch.special.ndtr((low - 0.5) / deviations)
    return -torch.log2(mass.clamp_min(TINY)).mean(0)


def _output(z: Tensor, deviations: Tensor, sigma_Y: Tensor, edges: Tensor, weights: Tensor) -> Tensor:
    """As `gauss_codec.output`, with gradients."""
    density = weights / (edges[1:] - edges[:-1])
    slopes = torch.diff(density, prepend=torch.zeros(1, dtype=z.dtype), append=torch.zeros(1, dtype=z.dtype))
    low = -z.abs()
    lower = torch.zeros_like(z)
    for edge, slope in zip(edges, slopes, strict=True):
        a = (low - edge) / deviations
        ramp = a * torch.special.ndtr(a) + torch.exp(-(a**2) / 2) / math.sqrt(2 * math.pi)
        lower = lower + slope * deviations * ramp
    y: Tensor = -torch.sign(z) * sigma_Y * torch.special.ndtri(lower.clamp(1e-15, 0.5))
    return y


def _log_partition(z: Tensor, v: Tensor) -> Tensor:
    """log of the sum over E8 of exp(-|z + q|^2 / 2v): z (B, 8, n), v (n,); (B, n)."""
    return torch.logaddexp(_log_d8(z, v), _log_d8(z + 0.5, v))


def _log_d8(z: Tensor, v: Tensor) -> Tensor:
    nearest = torch.round(z.detach())
    rest = z - nearest
    even = 1 - 2 * (nearest.sum(1).abs() % 2)
    plain, alternating = _theta(rest, v)
    return torch.log((0.5 * (plain.prod(1) + even * alternating.prod(1))).clamp_min(TINY))


def _theta(z: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """sum_k exp(-(z + k)^2 / 2v) and the same with (-1)^k: over neighbours for small v, over frequencies (Poisson) for large."""
    small, large = v.clamp_max(DUAL_FROM), v.clamp_min(DUAL_FROM)
    k = torch.arange(-NEIGHBOURS, NEIGHBOURS + 1, dtype=z.dtype)
    parity = 1 - 2 * (k.abs() % 2)
    terms = torch.exp(-((z[..., None] + k) ** 2) / (2 * small[:, None]))
    m = torch.arange(1, FREQUENCIES + 1, dtype=z.dtype)
    height = (2 * math.pi * large).sqrt()
    waves = 2 * torch.exp(-2 * (math.pi * m) ** 2 * large[:, None]) * torch.cos(2 * math.pi * m * z[..., None])
    odd = m - 0.5
    slow = 2 * torch.exp(-2 * (math.pi * odd) ** 2 * large[:, None]) * torch.cos(2 * math.pi * odd * z[..., None])
    direct = v < DUAL_FROM
    plain = torch.where(direct, terms.sum(-1), height * (1 + waves.sum(-1)))
    alternating = torch.where(direct, (parity * terms).sum(-1), height * slow.sum(-1))
    return plain, alternating
