"""CIFAR-10 (Krizhevsky 2009): 50000 + 10000 photographs of ten kinds of thing, 32 x 32 RGB.

Three formats: the official "python version", as `cifar-10-python.tar.gz` or unpacked; or a class-balanced part of it, 10000 +
2000 images, as PNG strips with .npz labels.

The official batches are pickles, and a pickle may run any program. They are read by an unpickler that knows no class at all: what
NumPy's arrays ask for is answered by inert stand-ins that only keep the bytes.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.data.images import Found, Images, Split, checked, first_file, reading, strip

CLASSES: Final = 10
_SIDE: Final = 32
_FOLDER: Final = "cifar-10-batches-py"
_ARCHIVE: Final = "cifar-10-python.tar.gz"
_TRAIN: Final = tuple(f"data_batch_{k}" for k in range(1, 6))
_TEST: Final = "test_batch"
_LARGEST_BATCH: Final = 64 << 20  # bytes; the official ones have 31 million
_STRIPS: Final = {
    "train": "cifar10_train_10000.png",
    "train labels": "cifar10_train_10000_labels.npz",
    "test": "cifar10_test_2000.png",
    "test labels": "cifar10_test_2000_labels.npz",
}


def find(folder: Path) -> Found | None:
    """The official batches, then their archive, then the strips: in the folder, its `cifar10` or `CIFAR10`."""
    folders = [folder / "cifar10", folder / "CIFAR10", folder]
    for form, names in (
        ("python batches", {name: f"{_FOLDER}/{name}" for name in (*_TRAIN, _TEST)}),
        ("archive of python batches", {"all": _ARCHIVE}),
        ("PNG strips", _STRIPS),
    ):
        files = {role: path for role, name in names.items() if (path := first_file(folders, [name]))}
        if len(files) == len(names):
            return Found(form, files)
    return None


def read(found: Found) -> Images:
    """Both splits, of shape (3, 32, 32)."""
    if found.format == "PNG strips":
        train, test = (_strip(found.files[part], found.files[f"{part} labels"]) for part in ("train", "test"))
        return Images(train, test, CLASSES, f"a class-balanced part, {len(train)} + {len(test)} images")
    if found.format == "python batches":
        batches = {name: _batch(path, path.read_bytes) for name, path in found.files.items()}
    else:
        batches = _archive(found.files["all"])
    parts = [batches[name] for name in _TRAIN]
    train = Split(np.concatenate([p.clean for p in parts]), np.concatenate([p.labels for p in parts]))
    test = batches[_TEST]
    return Images(train, test, CLASSES, f"official python batches, {len(train)} + {len(test)} images")


def _strip(pictures: Path, labels: Path) -> Split:
    with reading(labels, "file of labels"), np.load(labels) as kept:
        values = kept["y"]
    return checked(strip(pictures, _SIDE), values, CLASSES, labels)


def _archive(path: Path) -> dict[str, Split]:
    with reading(path, "archive of CIFAR-10"), tarfile.open(path) as archive:
        batches = {}
        for member in archive:
            name = member.name.removeprefix(f"{_FOLDER}/")
            if name in (*_TRAIN, _TEST) and member.isfile() and member.size <= _LARGEST_BATCH:
                stream = archive.extractfile(member)
                assert stream is not None, "a regular file has contents"
                batches[name] = _batch(path, stream.read)
        if missing := {*_TRAIN, _TEST} - set(batches):
            raise ValueError(f"it has no {min(missing)}")
        return batches


def _batch(path: Path, read_all: Callable[[], bytes]) -> Split:
    """One batch: data (N, 3072) with the red, green and blue planes of each image one after another, and N labels."""
    with reading(path, "batch of CIFAR-10"):
        held = _Inert(io.BytesIO(read_all()), encoding="bytes").load()
        held = {key.decode() if isinstance(key, bytes) else key: value for key, value in held.items()}
        clean = held["data"].bytes().reshape(-1, 3, _SIDE, _SIDE)
        labels = np.array([int(v) for v in held["labels"]], dtype=np.int64)
    return checked(clean, labels, CLASSES, path)


class _Array:
    """Stands in for a NumPy array of bytes while unpickling."""

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def bytes(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        _, shape, dtype, fortran, raw = self.state
        if not isinstance(dtype, _DType) or dtype.name not in ("u1", b"u1") or fortran or len(shape) != 2:
            raise ValueError("its data are no rows of bytes")
        return np.frombuffer(raw, dtype=np.uint8).reshape(shape).copy()


class _DType:
    """Stands in for a NumPy dtype while unpickling."""

    def __init__(self, name: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        pass


class _Inert(pickle.Unpickler):
    """Answers the few names that a pickled NumPy array needs, each time with a new function, and refuses all others."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return lambda *arguments: _Array()
        if (module, name) == ("numpy", "dtype"):
            return lambda kind, *arguments: _DType(kind)
        if (module, name) == ("numpy", "ndarray"):
            return None  # only handed on to _reconstruct
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes in old protocols
            return lambda text, encoding: text.encode("latin1")
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch of CIFAR-10 needs")
