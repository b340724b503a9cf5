"""Transforms of photographs of any size, tile by tile, with the result of the whole photograph at once.

A decoder's pixel and an encoder's site depend on what lies within `networks.reach()` pixels, an estimated pixel on what lies
within `estimator.reach()`. So a tile that is read with such a margin gives, but for the rounding of float32, what the whole
photograph would: there are no seams to hide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deep.natural import estimator, networks
from deep.natural.codec import NaturalCodec
from deep.natural.grain import grain
from deep.natural.networks import STRIDE

WHITE: Final = 255.0
TILE: Final = 768  # pixels a side of what a tile adds
MARGIN: Final = -(-networks.reach() // STRIDE) * STRIDE  # around a tile of an encoder or decoder
WIDE: Final = -(-estimator.reach() // STRIDE) * STRIDE  # around one of an estimator

Tick = Callable[[], None]
Map = NDArray[np.float32]
Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """One side of a tile, in sites: [start, stop) is what it adds, [first, last) what it reads."""

    first: int
    start: int
    stop: int
    last: int


def spans(sites: int, tile: int = TILE, margin: int = MARGIN) -> list[Span]:
    """Tiles of one side of a map."""
    step, rim = tile // STRIDE, margin // STRIDE
    return [Span(max(0, i - rim), i, min(sites, i + step), min(sites, i + step + rim)) for i in range(0, sites, step)]


def sites(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the latent map of a photograph."""
    return -(-height // STRIDE), -(-width // STRIDE)


def tile_count(height: int, width: int, tile: int = TILE, *, estimates: bool = False) -> int:
    """How often a transform's `tick` is called; estimates: that of `analyse` where it estimates first, which is as many again."""
    rows, columns = sites(height, width)
    return len(spans(rows, tile)) * len(spans(columns, tile)) * (2 if estimates else 1)


def estimates(codec: NaturalCodec, sigma: float) -> bool:
    """Whether `analyse` estimates first: where there is noise, and an estimator."""
    return codec.estimator is not None and sigma > 0


@torch.inference_mode()
def analyse(
    codec: NaturalCodec,
    photograph: NDArray[np.uint8],
    quality: float,
    sigma: float,
    *,
    tile: int = TILE,
    tick: Tick | None = None,
) -> Map:
    """Latent map float32 (latent, h, w) of uint8 (H, W, 3), in quantizer steps. sigma: noise level, of 255."""
    rows, columns = sites(*photograph.shape[:2])
    whole = np.empty((codec.latent, rows, columns), dtype=np.float32)
    clean = _estimated(codec, _padded(photograph, rows, columns), sigma, tile, tick)
    for down, right in _tiles(rows, columns, tile):
        z = codec.analyse(_piece(clean, down, right), _one(quality))[0]
        inner = z[:, down.start - down.first : down.stop - down.first, right.start - right.first : right.stop - right.first]
        whole[:, down.start : down.stop, right.start : right.stop] = inner.numpy()
        if tick:
            tick()
    return whole


def _estimated(codec: NaturalCodec, padded: NDArray[np.uint8], sigma: float, tile: int, tick: Tick | None) -> Picture:
    """Estimates float32 (H, W, 3) of a photograph of whole sites, in [0, 1]: a pass of its own, as it sees further."""
    whole = np.empty(padded.shape, dtype=np.float32)
    if not estimates(codec, sigma):
        return np.divide(padded, np.float32(WHITE), out=whole)
    for down, right in _tiles(padded.shape[0] // STRIDE, padded.shape[1] // STRIDE, tile, WIDE):
        y = codec.estimate(_piece(padded, down, right) / WHITE, _one(sigma))[0].permute(1, 2, 0).numpy()
        inner = y[
            (down.start - down.first) * STRIDE : (down.stop - down.first) * STRIDE,
            (right.start - right.first) * STRIDE : (right.stop - right.first) * STRIDE,
        ]
        whole[down.start * STRIDE : down.stop * STRIDE, right.start * STRIDE : right.stop * STRIDE] = inner
        if tick:
            tick()
    return whole


def _piece(picture: NDArray[Any], down: Span, right: Span) -> Tensor:
    """What a tile reads, float32 (1, 3, h, w)."""
    piece = picture[down.first * STRIDE : down.last * STRIDE, right.first * STRIDE : right.last * STRIDE]
    tensor = torch.from_numpy(np.ascontiguousarray(piece)).permute(2, 0, 1)[None].float()
    return tensor.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def synthesise(
    codec: NaturalCodec,
    values: Map,
    shape: tuple[int, int],
    quality: float,
    realism: float,
    *,
    seed: int = 0,
    tile: int = TILE,
    tick: Tick | None = None,
) -> NDArray[np.uint8]:
    """Photograph uint8 (H, W, 3), of shape (H, W), of dequantized latent values float32 (latent, h, w); seed: of its grain."""
    rows, columns = sites(*shape)
    whole = np.empty((rows * STRIDE, columns * STRIDE, 3), dtype=np.uint8)
    for down, right in _tiles(rows, columns, tile):
        piece = np.ascontiguousarray(values[:, down.first : down.last, right.first : right.last])
        z = torch.from_numpy(piece)[None].contiguous(memory_format=torch.channels_last)
        noise = torch.zeros(1, 3, 1, 1)
        if realism:
            noise = torch.from_numpy(grain(seed, (down.first, down.last), (right.first, right.last)))[None]
        y = codec.synthesise(z, _one(quality), _one(realism), noise)[0]
        pixels = torch.round(y.clamp(0.0, 1.0) * WHITE).to(torch.uint8).permute(1, 2, 0).numpy()
        inner: Any = pixels[
            (down.start - down.first) * STRIDE : (down.stop - down.first) * STRIDE,
            (right.start - right.first) * STRIDE : (right.stop - right.first) * STRIDE,
        ]
        whole[down.start * STRIDE : down.stop * STRIDE, right.start * STRIDE : right.stop * STRIDE] = inner
        if tick:
            tick()
    return np.ascontiguousarray(whole[: shape[0], : shape[1]])


def _tiles(rows: int, columns: int, tile: int, margin: int = MARGIN) -> Iterator[tuple[Span, Span]]:
    for down in spans(rows, tile, margin):
        for right in spans(columns, tile, margin):
            yield down, right


def _padded(photograph: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The photograph, its last row and column repeated up to whole sites."""
    height, width = photograph.shape[:2]
    below, beside = rows * STRIDE - height, columns * STRIDE - width
    return np.pad(photograph, ((0, below), (0, beside), (0, 0)), mode="edge") if below or beside else photograph


def _one(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float32)
