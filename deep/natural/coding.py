"""Photographs to whole `.rdc` files and back: transforms, symbols and the container together.

The payload of a photograph begins with one byte, its quality in sixteenths; the entropy coder's bytes follow. A grey photograph
is coded as three equal channels and marked as grey; decoded, the three are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deep.bitstream import Header, check_model, pack, unpack
from deep.coding import can_code
from deep.data.picture import LARGEST
from deep.natural.model import NaturalModel
from deep.natural.noise_level import MOST_SIGMA
from deep.natural.options import QUALITY_STEPS
from deep.natural.symbols import MapCoder
from deep.natural.tiles import Tick, analyse, sites, synthesise
from rdcsym.problem import InputError

Pixels = NDArray[np.uint8]

FREE_PIXELS: Final = 2**24  # of a file however short; to hold them while decoding takes some 2 GB
BITS_PER_PIXEL: Final = 1 / 64  # of a larger one at least: a black picture at the lowest quality has some 0.2
_COLOURS: Final = 3


@dataclass(frozen=True, eq=False)
class File:
    """data: the bytes of an `.rdc` file. restored: what decompressing it gives, where it was asked for."""

    data: bytes
    restored: Pixels | None


def compress_photograph(
    model: NaturalModel,
    photograph: Pixels,
    *,
    quality: float,
    sigma: float,
    seed: int = 0,
    realism: float | None = None,
    tick: Tick | None = None,
) -> File:
    """A file of a photograph uint8 (H, W, 3), three equal channels where it is grey.

    quality: 0 to qualities - 1 (the nearest multiple of 1/16 is taken); sigma: its noise level, of 255, 0 to 75; seed: of the
    shared dither, 0..2^64-1. realism: gives `restored` too, without reading the file again. Raises InputError for anything else.
    """
    _need_coder()
    if photograph.dtype != np.uint8 or photograph.ndim != 3 or photograph.shape[2] != _COLOURS or not photograph.size:
        problem = "is no photograph of 8 bits with three channels"
        raise InputError("photograph", f"{photograph.dtype} {photograph.shape}", problem, "give uint8 (H, W, 3)")
    height, width = photograph.shape[:2]
    if height * width > LARGEST:
        raise InputError("photograph", f"{width} x {height}", f"has more than {LARGEST} pixels", "cut it into smaller ones")
    steps = checked_quality(model, quality)
    if not 0.0 <= sigma <= MOST_SIGMA:
        raise InputError(
            "sigma", sigma, f"must lie in 0..{MOST_SIGMA:g}, of 255", "give the noise level of grey values of 8 bits"
        )
    grey = bool((photograph == photograph[..., :1]).all())
    shared = seed if model.codec.levels > 1 else 0
    header = Header(
        mode=model.codec.mode,  # type: ignore[arg-type]
        fingerprint=model.fingerprint,
        seed=shared,
        images=1,
        channels=1 if grey else _COLOURS,
        height=height,
        width=width,
    )
    coder = MapCoder(model, *sites(height, width), steps, shared)
    # The map is held by nobody but the coder: of a large photograph it takes six bytes a pixel.
    payload, values = coder.encode(analyse(model.codec, photograph, steps / QUALITY_STEPS, sigma, tick=tick))
    if not _plausible(header, payload):  # no file that would be refused is written
        fix = "cut it into pieces of 16 million pixels"
        raise InputError("photograph", f"{width} x {height}", "is so large and empty that its file would look forged", fix)
    data = pack(header, bytes([steps]) + payload)
    if realism is None:
        return File(data, None)
    return File(data, _restored(model, values, header, steps, checked_realism(realism), tick))


def decompress_photograph(
    model: NaturalModel, data: bytes, name: str = "data", *, realism: float = 0.0, tick: Tick | None = None
) -> Pixels:
    """The photograph in a file's bytes: uint8 (H, W, 3); `name` is the file's, for errors. realism in [0, 1].

    The same file gives the same symbols on every machine, and the same pixels up to float32's rounding (a grey level here and
    there). Raises InputError where the bytes are no whole file of this model.
    """
    _need_coder()
    checked_realism(realism)
    header, payload = unpack(data, name)
    check_model(header, model.fingerprint, name)
    most = QUALITY_STEPS * (model.codec.options.qualities - 1)
    lawful = header.mode == model.codec.mode and header.images == 1 and header.channels in (1, _COLOURS)
    if not lawful or not payload or payload[0] > most:
        raise _refused(name, "has a header that this model cannot have written")
    if not _plausible(header, payload[1:]):
        raise _refused(name, f"claims {header.width} x {header.height} pixels, too many for {len(data)} bytes or for any file")
    try:
        coder = MapCoder(model, *sites(header.height, header.width), payload[0], header.seed)
        values = coder.decode(payload[1:])
    except InputError as error:
        raise _refused(name, f"has a payload that {error.problem}") from None
    return _restored(model, values, header, payload[0], realism, tick)


def checked_quality(model: NaturalModel, quality: float) -> int:
    """A quality in sixteenths, or an InputError."""
    most = model.codec.options.qualities - 1
    if not 0.0 <= quality <= most:
        raise InputError("quality", quality, f"must lie in 0..{most}", "give a higher one for more bits per pixel")
    return round(quality * QUALITY_STEPS)


def checked_realism(realism: float) -> float:
    """The realism, if it lies in [0, 1], or an InputError."""
    if not 0.0 <= realism <= 1.0:
        raise InputError("realism", realism, "must lie in 0..1", "0 is most faithful, 1 most realistic")
    return realism


def _restored(
    model: NaturalModel, values: NDArray[np.float32], header: Header, steps: int, realism: float, tick: Tick | None
) -> Pixels:
    shape = header.height, header.width
    pixels = synthesise(model.codec, values, shape, steps / QUALITY_STEPS, realism, seed=header.seed, tick=tick)
    if header.channels == _COLOURS:
        return pixels
    grey = (pixels.astype(np.uint16).sum(axis=2) + 1) // _COLOURS
    return np.repeat(grey.astype(np.uint8)[..., None], _COLOURS, axis=2)


def _plausible(header: Header, payload: bytes) -> bool:
    """Whether so short a payload may ask for so much memory: anybody can write a header."""
    pixels = header.height * header.width
    return pixels <= FREE_PIXELS or (pixels <= LARGEST and 8 * len(payload) >= BITS_PER_PIXEL * pixels)


def _need_coder() -> None:
    if not can_code():
        raise InputError("constriction", "missing", "is needed to write and read .rdc files", "pip install 'rdcsym[deep]'")


def _refused(name: str, problem: str) -> InputError:
    return InputError("file", name, problem, "compress the photograph again, or fetch the file again")
