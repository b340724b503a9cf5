"""Universal quantization of latent variables, in three modes of randomness.

common         k = round(z + u), decoded as k - u: the dither u comes from a seed that encoder and decoder share
private        k = round(z), decoded as k + v: the noise v is the decoder's own, the encoder never sees it
deterministic  k = round(z), decoded as k

The dither is uniform on a grid of `levels` points in (-1/2, 1/2), never clipped, and the latent variables have no range that
could clip k - u: the error k - u - z is independent of z, up to the grid. Gradients pass through the rounding as if it were the
identity, which in mode "common" is exact, since k - u = z + noise.
"""

from __future__ import annotations

import torch
from torch import Tensor


def dither(rows: Tensor, levels: int) -> Tensor:
    """Dither values of integer rows 0..levels-1, float64: the centres of `levels` equal cells of (-1/2, 1/2)."""
    return (rows.double() + 0.5) / levels - 0.5


def quantize(z: Tensor, u: Tensor) -> Tensor:
    """Integer symbols round(z + u), as float; no gradient."""
    return torch.round(z.detach() + u)


def pass_through(hard: Tensor, soft: Tensor) -> Tensor:
    """The value of `hard` with the gradient of `soft`."""
    return soft + (hard - soft).detach()
