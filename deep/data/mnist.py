"""MNIST (LeCun, Cortes and Burges 1998): 60000 + 10000 handwritten digits, 28 x 28 grey, in the four idx files, gzipped or not.

idx: magic 0, 0, 8 (bytes), number of dimensions; each dimension as a big-endian uint32; then the values.
"""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.data.images import Found, Images, Split, checked, first_file, reading, unusable

CLASSES: Final = 10
_BYTES: Final = 8  # idx's code for unsigned bytes
_FILES: Final = {
    "train": "train-images-idx3-ubyte",
    "train labels": "train-labels-idx1-ubyte",
    "test": "t10k-images-idx3-ubyte",
    "test labels": "t10k-labels-idx1-ubyte",
}


def find(folder: Path) -> Found | None:
    """The idx files in the folder, its `mnist`, or torchvision's `MNIST/raw`; also with a dot before "idx", as some name them."""
    folders = [folder / "mnist", folder / "MNIST" / "raw", folder]
    files = {}
    for role, name in _FILES.items():
        path = first_file(folders, [n + end for end in ("", ".gz") for n in (name, name.replace("-idx", ".idx"))])
        if path is None:
            return None
        files[role] = path
    return Found("idx", files)


def read(found: Found) -> Images:
    """Both splits, of shape (1, 28, 28)."""
    train, test = (_split(found.files[part], found.files[f"{part} labels"]) for part in ("train", "test"))
    return Images(train, test, CLASSES, f"idx files, {len(train)} + {len(test)} images")


def _split(images: Path, labels: Path) -> Split:
    return checked(read_idx(images, 3)[:, None], read_idx(labels, 1), CLASSES, images)


def read_idx(path: Path, dimensions: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bytes of an idx file with so many dimensions; gzip is known by its first two bytes, not by the file's name."""
    with reading(path, f"idx file of {dimensions} dimensions"):
        with path.open("rb") as peeked:
            packed = peeked.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            head = stream.read(4 + 4 * dimensions)
            if head[:4] != bytes((0, 0, _BYTES, dimensions)):
                raise ValueError(f"it begins with {head[:4].hex(' ') or 'nothing'}")
            shape = struct.unpack(f">{dimensions}I", head[4:])
            values = np.frombuffer(stream.read(math.prod(shape) + 1), dtype=np.uint8)
    if values.size != math.prod(shape):
        raise unusable(
            path, f"has {'more than' if values.size > math.prod(shape) else 'fewer than'} its {math.prod(shape)} values"
        )
    return values.reshape(shape).copy()
