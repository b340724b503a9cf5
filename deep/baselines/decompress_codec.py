"""The codec of DeCompress: an autoencoder of 8 x 8 patches with a factorised entropy model, and its real bitstream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deep.baselines.patches import Bytes
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.entropy_model import EntropyModel
from deep.tables import Tables
from rdcsym.problem import InputError

SIDE: Final = 8  # of a patch
VALUES: Final = 3 * SIDE**2
LATENT: Final = 48
WIDTH: Final = 256
_HEADER: Final = 8  # bytes: height and width
_WHITE: Final = 255.0
_MIDDLE: Final = 127.5


class PatchTransform(nn.Module):
    """A linear map plus a correction by two hidden layers, (N, inputs) to (N, outputs): it starts as the linear map alone."""

    def __init__(self, inputs: int, outputs: int, width: int = WIDTH) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        last = nn.Linear(width, outputs)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.hidden = nn.Sequential(nn.Linear(inputs, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), last)

    def forward(self, x: Tensor) -> Tensor:
        """(N, outputs)."""
        out: Tensor = self.linear(x) + self.hidden(x)
        return out


class PatchCodec(nn.Module):
    """Patches (N, 192) around 0, in units of 255, to latents in quantiser steps and back."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = PatchTransform(VALUES, LATENT), PatchTransform(LATENT, VALUES)
        self.entropy_model = EntropyModel(LATENT)

    def forward(self, patches: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstructions (N, 192) and bits (N,) with uniform noise (N, 48) in place of rounding (Balle et al. 2017)."""
        quantised = self.encoder(patches) + noise
        return self.decoder(quantised), self.entropy_model(quantised)

    @torch.no_grad()
    def start_from(self, patches: Tensor, step: float) -> None:
        """Start as the Karhunen-Loeve transform of `patches`, quantised with this step: the best linear codec of such patches."""
        mean = patches.mean(0)
        centred = (patches - mean).double()
        basis = torch.linalg.eigh(centred.T @ centred)[1].flip(1)[:, :LATENT].float()
        self.encoder.linear.weight.copy_(basis.T / step)
        self.encoder.linear.bias.copy_(-(basis.T @ mean) / step)
        self.decoder.linear.weight.copy_(basis * step)
        self.decoder.linear.bias.copy_(mean)
        spread = ((centred.float() @ basis) / step).std(0)
        self.entropy_model.means.mul_(spread.unsqueeze(1))
        self.entropy_model.log_scales.copy_(torch.log(0.5 * spread).unsqueeze(1).expand_as(self.entropy_model.log_scales))


def compress(codec: PatchCodec, tables: Tables, image: Bytes, stride: int) -> bytes:
    """The file of uint8 (H, W, 3): every tiling's patches, a tiling for each shift by a multiple of `stride`."""
    writer = SymbolWriter()
    last = tables.lowest + tables.sizes - 1
    for tiles, *_ in _tilings(image.shape[0], image.shape[1], stride, image):
        latents = codec.encoder(torch.from_numpy(tiles))
        symbols = np.clip(np.rint(latents.numpy()), tables.lowest, last).astype(np.int64)
        writer.write(symbols, tables, np.broadcast_to(np.arange(LATENT), symbols.shape))
    header = b"".join(int(size).to_bytes(_HEADER // 2, "big") for size in image.shape[:2])
    return header + writer.finish()


def decompress(codec: PatchCodec, tables: Tables, file: bytes, stride: int) -> Bytes:
    """The image of such a file: the mean of all tilings' reconstructions. Raises InputError where the file is damaged."""
    if len(file) < _HEADER:
        raise InputError("file", f"{len(file)} bytes", "is no file of this codec", "compress again")
    height, width = (int.from_bytes(file[i : i + _HEADER // 2], "big") for i in (0, _HEADER // 2))
    reader = SymbolReader(file[_HEADER:])
    total = np.zeros((height + 2 * SIDE, width + 2 * SIDE, 3), dtype=np.float32)
    count = 0
    for _, rows, columns, top, left in _tilings(height, width, stride):
        index = np.broadcast_to(np.arange(LATENT), (rows * columns, LATENT))
        symbols = torch.from_numpy(reader.read(tables, index)).float()
        tiles = codec.decoder(symbols).numpy().reshape(rows, columns, SIDE, SIDE, 3)
        place = total[top : top + rows * SIDE, left : left + columns * SIDE]
        place += tiles.transpose(0, 2, 1, 3, 4).reshape(place.shape)
        count += 1
    reader.finish()
    mean = total[SIDE : SIDE + height, SIDE : SIDE + width] / count * _WHITE + _MIDDLE
    return np.rint(np.clip(mean, 0.0, _WHITE)).astype(np.uint8)


def scaled(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Grey values 0..255 as the codec takes them."""
    return ((pixels - _MIDDLE) / _WHITE).astype(np.float32)


def _tilings(height: int, width: int, stride: int, image: Bytes | None = None) -> Iterator[tuple[Any, int, int, int, int]]:
    """(patches (rows * columns, 192) or None, rows, columns, top, left) of each shift, in the image padded by one patch around.

    Each tiling covers the image, so that each pixel is in exactly one patch of every tiling.
    """
    padded = None
    if image is not None:
        padded = scaled(
            np.pad(image, ((SIDE, SIDE), (SIDE, SIDE), (0, 0)), mode="symmetric" if min(height, width) >= SIDE else "edge")
        )
    for top in range(SIDE, 0, -stride):
        for left in range(SIDE, 0, -stride):
            rows, columns = -(-(SIDE - top + height) // SIDE), -(-(SIDE - left + width) // SIDE)
            tiles = None
            if padded is not None:
                part = padded[top : top + rows * SIDE, left : left + columns * SIDE]
                tiles = part.reshape(rows, SIDE, columns, SIDE, 3).transpose(0, 2, 1, 3, 4).reshape(-1, VALUES)
            yield tiles, rows, columns, top, left
