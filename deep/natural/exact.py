"""The context model in whole numbers: the same means and scales on every machine, whatever the order of its sums.

A network that picks the decoder's tables must give the encoder's very answer, and floating-point sums depend on their order. Here
weights and features are whole numbers, kept in float64: as long as every partial sum is below 2^53 in magnitude each of them is
exact, so the order does not matter (Ballé et al. 2019, "Integer networks for data compression with latent-variable models").

Units: latent values 1/32 of a quantizer step (k - u is a multiple of it), weights 2^-12, features 2^-10, means 1/16 of a step.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from deep.natural.context import BINS, HIDDEN, MOST_VALUE, Stage
from deep.natural.options import QUALITY_STEPS

FRACTIONS: Final = 16  # means are multiples of 1/16
UNIT: Final = 32  # latent values are multiples of 1/32
FEATURE: Final = 2**10  # features are multiples of 2^-10
WEIGHT_BITS: Final = 12
MOST_WEIGHT: Final = 2**17  # 32 in units of 2^-12: larger ones are clipped, in training none comes near
MOST_BIAS: Final = 2**30  # an eighth of what the largest features can add
MOST_FEATURE: Final = 2**20  # clip of features, in units of 2^-10
ROWS: Final = 64  # of sites at a time
_ONE: Final = 2**WEIGHT_BITS
_MOST_SUM: Final = 2.0**53


class ExactStage:
    """`Stage` in whole numbers, its weights and features rounded."""

    def __init__(self, stage: Stage) -> None:
        self.seen, self.channels = stage.seen, stage.channels
        self.first = _whole(stage.first.weight) if stage.first is not None else None
        self.quality = _whole(stage.quality.weight)
        self.second, self.second_bias = _whole(stage.second.weight), _bias(stage.second.bias)
        self.third, self.third_bias = _whole(stage.third.weight), _bias(stage.third.bias)
        largest = max(MOST_VALUE * UNIT * 9 * stage.seen, MOST_FEATURE * HIDDEN) * MOST_WEIGHT
        assert largest * 2 * BINS < _MOST_SUM, "partial sums must be exact in float64"

    def __call__(self, known: Tensor | None, quality: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """(means in 1/16 steps int64, bins uint8), each (channels, height, width), of what is known: whole float64 (seen, h, w)
        in units of 1/32, or None for a stage that knows nothing. quality: in units of 1/16.
        """
        if known is None or self.first is None:
            mean, scale = self._rows(None, quality, 1)
            return mean.expand(-1, height, width), scale.expand(-1, height, width)
        parts = [self._rows(_strip(known, top, min(height, top + ROWS)), quality, width) for top in range(0, height, ROWS)]
        return torch.cat([p[0] for p in parts], dim=1), torch.cat([p[1] for p in parts], dim=1)

    def _rows(self, padded: Tensor | None, quality: int, width: int) -> tuple[Tensor, Tensor]:
        low = min(quality // QUALITY_STEPS, self.quality.shape[1] - 2)
        part = quality - low * QUALITY_STEPS
        # Quality enters with weight UNIT, shared between two neighbours in sixteenths: exact, as UNIT is a multiple of 16.
        total = (self.quality[:, low] * (QUALITY_STEPS - part) + self.quality[:, low + 1] * part) * (UNIT // QUALITY_STEPS)
        h = total[:, None, None].expand(-1, 1, width) if padded is None else total[:, None, None] + _conv(padded, self.first)
        h = _mix(_feature(h, _ONE // FEATURE * UNIT), self.second, self.second_bias)
        out = _mix(_feature(h, _ONE), self.third, self.third_bias)
        mean = torch.floor(out[: self.channels] / (_ONE * FEATURE // FRACTIONS) + 0.5)
        scale = torch.floor(out[self.channels :] * BINS / (_ONE * FEATURE) + 0.5).clamp(0, BINS - 1)
        return mean.long(), scale.byte()


def _strip(known: Tensor, top: int, bottom: int) -> Tensor:
    """Rows top..bottom - 1, clipped, with one more on each side; zeros beyond the map."""
    first, last = max(0, top - 1), min(known.shape[1], bottom + 1)
    clipped = known[:, first:last].clamp(-MOST_VALUE * UNIT, MOST_VALUE * UNIT)
    return torch.nn.functional.pad(clipped, (1, 1, first - (top - 1), (bottom + 1) - last))


def _whole(weight: Tensor) -> Tensor:
    whole = torch.round(weight.detach().double().cpu() * _ONE).clamp(-MOST_WEIGHT, MOST_WEIGHT)
    return whole.flatten(1) if whole.shape[2:] == (1, 1) else whole


def _bias(bias: Tensor | None) -> Tensor:
    assert bias is not None
    return torch.round(bias.detach().double().cpu() * _ONE).clamp(-MOST_BIAS, MOST_BIAS) * FEATURE


def _feature(total: Tensor, divisor: int) -> Tensor:
    """Rectified features in units of 2^-10 of sums in units so many times finer; division by a power of two is exact."""
    return torch.floor(total / divisor).clamp(0, MOST_FEATURE)


def _mix(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.einsum("oi,ihw->ohw", weight, features) + bias[:, None, None]


def _conv(padded: Tensor, weight: Tensor | None) -> Tensor:
    """3 x 3, as nine products of matrices: a library's fast convolution may go through numbers that are not whole."""
    assert weight is not None
    height, width = padded.shape[1] - 2, padded.shape[2] - 2
    total = torch.zeros(len(weight), height, width, dtype=torch.float64)
    for down in range(3):
        for right in range(3):
            total += torch.einsum(
                "oi,ihw->ohw", weight[:, :, down, right], padded[:, down : down + height, right : right + width]
            )
    return total
