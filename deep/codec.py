"""The codec: encoder, quantizer, entropy model, decoder.

`forward` gives an output and an estimated rate, with gradients; `encode` and `decode` give and take the integer symbols that a
file holds. Decoding runs in float64 on the CPU and rounds to 8 bits, so a file decodes to the same pixels whatever the number
of threads: a pixel could differ only where its value is within float64 rounding (about 1e-13 of a grey level) of a rounding
boundary.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deep.config import TrainConfig
from deep.dither import dither_rows
from deep.entropy_model import EntropyModel
from deep.networks import Decoder, Encoder
from deep.quantize import dither, pass_through, quantize
from deep.tables import Tables

BATCH: Final = 256  # images at a time when files are written and read
PRIVATE_SEED: Final = 0x5EED  # of the decoder's own noise: the encoder does not use it, and the same file gives the same image


@dataclass(frozen=True, eq=False)
class Coded:
    """y: outputs (N, C, H, W) in [0, 1]. bits: estimated rate of each image (N,)."""

    y: Tensor
    bits: Tensor


class Codec(nn.Module):
    """Encoder, entropy model and decoder for images of `shape` (C, H, W); `config` gives mode, latent, width, levels."""

    def __init__(self, shape: tuple[int, int, int], config: TrainConfig) -> None:
        super().__init__()
        self.shape, self.mode, self.latent = shape, config.mode, config.latent
        self.levels = config.levels if config.mode == "common" else 1
        self.noise_levels = config.levels
        self.encoder = Encoder(shape, config.latent, config.width)
        self.decoder = Decoder(shape, config.latent, config.width)
        self.entropy_model = EntropyModel(config.latent)

    def forward(self, x: Tensor, rows: Tensor, relaxation: Tensor | None = None) -> Coded:
        """Output and estimated rate of images x (N, C, H, W) at dither rows (N, latent), integers below the grid's size.

        relaxation: uniform noise (N, latent) in (-1/2, 1/2). In training the rate of a quantizer without shared dither has no
        useful gradient at the rounded values, so there it is taken at z + noise; None takes the real one (and in mode "common"
        both are the same).
        """
        z = self.encoder(x)
        noise = dither(rows, self.noise_levels).to(z.dtype)
        shared = noise if self.mode == "common" else torch.zeros_like(noise)
        dequantized = pass_through(quantize(z, shared) - shared, z)
        rated = dequantized if self.mode == "common" or relaxation is None else z + relaxation
        heard = dequantized + noise if self.mode == "private" else dequantized
        return Coded(self.decoder(heard), self.entropy_model(rated))

    @torch.no_grad()
    def encode(self, x: Tensor, rows: NDArray[np.int64], tables: Tables) -> NDArray[np.int64]:
        """Symbols (N, latent) of images x (N, C, H, W) at shared dither rows (N, latent), clamped to the ends of their tables."""
        u = dither(torch.from_numpy(rows), self.levels) if self.levels > 1 else torch.zeros(rows.shape, dtype=torch.float64)
        device = next(self.parameters()).device
        parts = [self.encoder(x[i : i + BATCH].to(device)).double().cpu() for i in range(0, len(x), BATCH)]
        symbols = quantize(torch.cat(parts), u).numpy().astype(np.int64)
        index = self.table_index(rows)
        lowest = tables.lowest[index]
        return np.asarray(np.clip(symbols, lowest, lowest + tables.sizes[index] - 1))

    @torch.no_grad()
    def decode(self, symbols: NDArray[np.int64], rows: NDArray[np.int64], noise_seed: int = PRIVATE_SEED) -> NDArray[np.uint8]:
        """Images (N, C, H, W), 8 bits, of symbols and shared dither rows, each (N, latent); deterministic.

        noise_seed: of the decoder's own noise in mode "private"; the other modes have none.
        """
        decoder = copy.deepcopy(self.decoder).double().cpu()
        if self.mode == "private":
            rows = dither_rows(noise_seed, 0, len(symbols), self.latent, self.noise_levels)
        added = dither(torch.from_numpy(rows), self.noise_levels) if self.mode != "deterministic" else torch.zeros(rows.shape)
        heard = torch.from_numpy(symbols).double() + (added if self.mode == "private" else -added)
        parts = [torch.round(decoder(heard[i : i + BATCH]) * 255.0).to(torch.uint8) for i in range(0, len(heard), BATCH)]
        return torch.cat(parts).numpy() if parts else np.zeros((0, *self.shape), dtype=np.uint8)

    def rows(self, seed: int, first: int, count: int) -> NDArray[np.int64]:
        """Shared dither rows (count, latent) of images first, first + 1, ...; zeros where nothing is shared."""
        return dither_rows(seed, first, count, self.latent, self.levels)

    def table_index(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The table of each symbol, as `EntropyModel.tables` numbers them."""
        return np.asarray(np.arange(self.latent) * self.levels + rows)
