"""Images to a whole `.rdc` file and back: the codec's symbols, its integer tables, the range coder and the container together.

One file holds one or many images. Image i is coded at dither rows i of the file's seed, and all symbols share one payload, so
that a rate of 4 bits an image is a rate that a file can have.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from deep.bitstream import Header, check_model, pack, unpack
from deep.dither import IntArray
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.run import Model
from rdcsym.problem import InputError

MOST_IMAGES: Final = 2**20  # in a file: a forged header must not make a reader fill the memory with symbols that cost nothing


def compress(model: Model, x: torch.Tensor, seed: int = 0) -> bytes:
    """The bytes of an `.rdc` file of images x: float (N, C, H, W) in [0, 1], N >= 1.

    seed: of the shared dither, 0..2^64-1; a model without one writes 0. Raises InputError for images that are not the model's,
    and where constriction is not installed.
    """
    return write_symbols(model, symbols_of(model, x, seed), seed)


def decompress(model: Model, data: bytes, name: str = "data") -> NDArray[np.uint8]:
    """The images (N, C, H, W) in a file's bytes; `name` is the file's, for errors.

    Raises InputError where they are no whole file of this model: see `deep.bitstream`. Never a wrong image.
    """
    return model.networks.codec.decode(*read_symbols(model, data, name))


def symbols_of(model: Model, x: torch.Tensor, seed: int) -> IntArray:
    """The symbols (N, latent) that `compress` writes of images x."""
    codec = model.networks.codec
    if x.ndim != 4 or tuple(x.shape[1:]) != codec.shape:
        problem = f"does not fit the model, whose images are {codec.shape}"
        raise InputError("images", f"shape {tuple(x.shape)}", problem, "use a model that was trained on images of this shape")
    if not 1 <= len(x) <= MOST_IMAGES:
        raise InputError("images", len(x), f"must be 1 to {MOST_IMAGES} in a file", "split them over several files")
    if not x.is_floating_point() or not bool(((x >= 0) & (x <= 1)).all()):  # NaN is neither
        raise InputError("images", str(x.dtype), "must be finite floats in [0, 1]", "divide grey values of eight bits by 255")
    return codec.encode(x.float(), codec.rows(_shared(model, seed), 0, len(x)), model.tables)


def write_symbols(model: Model, symbols: IntArray, seed: int) -> bytes:
    """The bytes of a file of these symbols (N, latent), made at the same seed."""
    _need_coder()
    codec, shared = model.networks.codec, _shared(model, seed)
    channels, height, width = codec.shape
    header = Header(
        mode=model.config.mode,  # type: ignore[arg-type]
        fingerprint=model.fingerprint,
        seed=shared,
        images=len(symbols),
        channels=channels,
        height=height,
        width=width,
    )
    writer = SymbolWriter()
    writer.write(symbols, model.tables, codec.table_index(codec.rows(shared, 0, len(symbols))))
    return pack(header, writer.finish())


def read_symbols(model: Model, data: bytes, name: str) -> tuple[IntArray, IntArray]:
    """Symbols and shared dither rows, each (N, latent), of a file's bytes. Raises InputError as `decompress` does."""
    _need_coder()
    header, payload = unpack(data, name)
    codec = model.networks.codec
    if header.shape != codec.shape:
        problem = f"holds images of shape {header.shape}, those of this model are {codec.shape}"
        raise InputError("file", name, problem, "decompress it with the run that compressed it")
    check_model(header, model.fingerprint, name)
    # The checksum finds accidents, not forgeries: what follows holds in every file that `compress` wrote.
    if header.mode != model.config.mode or header.images > MOST_IMAGES or header.seed != _shared(model, header.seed):
        raise _refused(name, "has a header that this model cannot have written")
    rows = codec.rows(header.seed, 0, header.images)
    try:
        reader = SymbolReader(payload)
        symbols = reader.read(model.tables, codec.table_index(rows))
        reader.finish()
    except InputError as error:
        raise _refused(name, f"has a payload that {error.problem}") from None
    return symbols, rows


def can_code() -> bool:
    """Whether the entropy coder is installed."""
    return find_spec("constriction") is not None


def _need_coder() -> None:
    if not can_code():
        raise InputError("constriction", "missing", "is needed to write and read .rdc files", "pip install 'rdcsym[deep]'")


def _shared(model: Model, seed: int) -> int:
    """The seed that stands in the header: 0 where encoder and decoder share no dither."""
    return seed if model.config.mode == "common" else 0


def _refused(name: str, problem: str) -> InputError:
    return InputError("file", name, problem, "compress the image again, or fetch the file again")
