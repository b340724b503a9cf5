"""Latent maps to a payload and back, stage by stage of the context model, exactly as the integer tables say."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from deep.dither import dither_rows
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.natural.context import PARITIES, parity, slices
from deep.natural.exact import FRACTIONS, UNIT, ExactStage
from deep.natural.model import NaturalModel

IntMap = NDArray[np.int64]

MOST_SYMBOL: Final = 2**20  # far beyond any table; what is no number becomes 0
_HALF_UNITS: Final = UNIT // 2


class MapCoder:
    """Codes the latent map of one photograph: h x w sites, at a quality in sixteenths and a seed of the dither."""

    def __init__(self, model: NaturalModel, height: int, width: int, quality: int, seed: int) -> None:
        self.model, self.shape, self.quality = model, (model.codec.latent, height, width), quality
        self.stages = exact_stages(model)
        self.odd = parity(height, width).numpy()
        levels = model.codec.levels
        if levels > 1:
            rows = dither_rows(seed, 0, 1, model.codec.latent * height * width, levels)[0].astype(np.int16).reshape(self.shape)
            # u in units of 1/32: (2 row + 1) / (2 levels) - 1/2, levels = 16. Small numbers: a map may have hundreds of millions.
            self.dither = (2 * rows + np.int16(1)) * np.int16(_HALF_UNITS // levels) - np.int16(_HALF_UNITS)
        else:
            self.dither = np.zeros(self.shape, dtype=np.int16)

    def encode(self, z: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
        """(payload, dequantized map) of latent values float32 (latent, h, w): hand them over, and their memory is used again."""
        wanted = self._quantized(z)
        del z
        writer = SymbolWriter()
        tables = self.model.tables

        def write(index: IntMap, shift: IntMap, places: tuple[slice, NDArray[np.bool_]]) -> IntMap:
            lowest = tables.lowest[index]
            coded = np.clip(wanted[places[0]][:, places[1]] + shift, lowest, lowest + tables.sizes[index] - 1)
            writer.write(coded, tables, index)
            return np.asarray(coded - shift)

        values = self._stage_by_stage(write)
        return writer.finish(), values

    def _quantized(self, z: NDArray[np.float32]) -> NDArray[np.int32]:
        wanted = np.empty(self.shape, dtype=np.int32)
        for channel, (plane, dither) in enumerate(zip(z, self.dither, strict=True)):
            whole = np.floor(plane.astype(np.float64) + dither / UNIT + 0.5)
            wanted[channel] = np.nan_to_num(np.clip(whole, -MOST_SYMBOL, MOST_SYMBOL))
        return wanted

    def decode(self, payload: bytes) -> NDArray[np.float32]:
        """The dequantized map of a payload; InputError where it is none of this model, size, quality and seed."""
        reader = SymbolReader(payload)
        tables = self.model.tables
        values = self._stage_by_stage(lambda index, shift, places: reader.read(tables, index) - shift)
        reader.finish()
        return values

    def _stage_by_stage(self, code: object) -> NDArray[np.float32]:
        """Runs the context model; `code` gets, for each stage, tables and shifts of its symbols (channels, sites) and gives
        the symbols.
        """
        _, height, width = self.shape
        known = torch.zeros(self.shape, dtype=torch.float64)  # k - u, in units of 1/32
        told = known.numpy()
        for number, (first, last) in enumerate(slices(self.shape[0])):
            for half, here in enumerate((~self.odd, self.odd)):
                stage = self.stages[PARITIES * number + half]
                mean, scale = stage(known[: stage.seen] if stage.seen else None, self.quality, height, width)
                dither = self.dither[first:last][:, here].astype(np.int64)
                # -u - m = j + f, in units of 1/32: j whole steps, f in [-1/2, 1/2), one of 16.
                offset = -dither - mean.numpy()[:, here] * (UNIT // FRACTIONS)
                shift = (offset + _HALF_UNITS) // UNIT
                fraction = (offset - shift * UNIT + _HALF_UNITS) // (UNIT // FRACTIONS)
                index = scale.numpy()[:, here].astype(np.int64) * FRACTIONS + fraction
                symbols = code(index, shift, (slice(first, last), here))  # type: ignore[operator]
                told[first:last, here] = symbols * UNIT - dither
        known /= UNIT
        return known.float().numpy()


_stages: dict[bytes, list[ExactStage]] = {}


def exact_stages(model: NaturalModel) -> list[ExactStage]:
    """The context model's stages in whole numbers; made once for each model."""
    if model.fingerprint not in _stages:
        _stages[model.fingerprint] = [ExactStage(stage) for stage in model.codec.context.stages]  # type: ignore[arg-type]
    return _stages[model.fingerprint]
