"""Degradations: from clean images to what the encoder sees. All take and give float32 (N, C, H, W) in [0, 1].

The random ones draw from a torch.Generator, on the generator's own device: the same generator state gives the same images.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from rdcsym.problem import InputError

WHITE: Final = 255.0  # sigma is given in grey values of eight bits
HOLE_SHARE: Final = 3 / 8  # side of the hole, over the image's
HOLE_MARGIN: Final = 1 / 8  # rim, over the image's side, that no hole touches
HOLE_GREY: Final = 0.5


def bicubic(x: Tensor, factor: int) -> Tensor:
    """Bicubic down by `factor` and up again, antialiased as image libraries do it (Keys' kernel, a = -1/2), clipped to [0, 1].

    Both sides must be multiples of the factor.
    """
    height, width = _divided(x, factor)
    small = functional.interpolate(x, size=(height, width), mode="bicubic", antialias=True)
    # antialias on the way up blurs nothing; in torch it selects Keys' kernel with a = -1/2 instead of -3/4.
    return functional.interpolate(small, size=x.shape[-2:], mode="bicubic", antialias=True).clamp(0.0, 1.0)


def average_blocks(x: Tensor, side: int = 2) -> Tensor:
    """Each block of side x side pixels replaced by its mean, as `solvers.codebook.digits` does. No clipping is needed."""
    _divided(x, side)
    small = functional.avg_pool2d(x, side)
    return small.repeat_interleave(side, dim=-2).repeat_interleave(side, dim=-1)


def gaussian_noise(x: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """White Gaussian noise of deviation `sigma` (in grey values of 255), then clipped to [0, 1].

    Clipped because an encoder is given images of eight bits, which cannot hold more; near black and white the noise is
    therefore neither Gaussian nor of mean 0.
    """
    if not 0.0 <= sigma < float("inf"):
        raise InputError("sigma", sigma, "is no deviation", "give a finite number of at least 0, in grey values of 255")
    noise = torch.randn(x.shape, generator=generator, device=generator.device, dtype=x.dtype)
    return (x + noise.to(x.device) * (sigma / WHITE)).clamp(0.0, 1.0)


def inpaint(x: Tensor, generator: torch.Generator) -> Tensor:
    """A grey (1/2) square hole in each image, 3/8 of its side wide, anywhere in the image less a rim of 1/8 of its side.

    Our choice, as the mask of the paper's experiments is not published: large enough to hide a part of the object that is
    wanted, small enough that it can be guessed, and at a place that the codec has to find.
    """
    if x.shape[-1] != x.shape[-2]:
        raise InputError("images", f"{tuple(x.shape)}", "are not square", "crop them to squares")
    side = x.shape[-1]
    hole, rim = round(HOLE_SHARE * side), round(HOLE_MARGIN * side)
    places = side - hole - 2 * rim + 1
    corner = torch.randint(places, (2, len(x)), generator=generator, device=generator.device).to(x.device) + rim
    at = torch.arange(side, device=x.device)
    down, across = ((at >= c[:, None]) & (at < c[:, None] + hole) for c in corner)  # each (N, side)
    inside = down[:, None, :, None] & across[:, None, None, :]
    return x.masked_fill(inside, HOLE_GREY)


def _divided(x: Tensor, factor: int) -> tuple[int, int]:
    height, width = x.shape[-2:]
    if factor < 1 or height % factor or width % factor:
        raise InputError("factor", factor, f"does not divide images of {height} x {width}", "choose a divisor of both sides")
    return height // factor, width // factor
