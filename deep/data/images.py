"""What a set of images is, where sets are looked for, and how a broken file is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import InputError

if TYPE_CHECKING:
    import torch

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int64]

VARIABLE: Final = "RDCSYM_DATA"
WHITE: Final = 255  # the brightest grey value of eight bits


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels. clean: uint8 (N, C, H, W), values 0..255; labels: int64 (N,), from 0."""

    clean: Bytes
    labels: Labels

    def __len__(self) -> int:
        return len(self.clean)


@dataclass(frozen=True, eq=False)
class Images:
    """A set of images with classes: two disjoint splits, the number of classes, and one line on which files they came from."""

    train: Split
    test: Split
    classes: int
    origin: str


@dataclass(frozen=True)
class Found:
    """Files of a set, by role ("train", "test labels", ...), and which public format they have."""

    format: str
    files: dict[str, Path]


def data_folder() -> Path:
    """The folder of data sets: RDCSYM_DATA where it is set, else `rdcsym` in the user's cache. It may not exist yet."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        cache = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(cache) if cache else Path.home() / ".cache") / "rdcsym"
    folder = Path(named)
    if not folder.is_dir():
        raise InputError(VARIABLE, named, "is not a folder", "name the folder of your data sets, or unset it")
    return folder


def first_file(folders: list[Path], names: list[str]) -> Path | None:
    """The first of these files that exists."""
    return next((f / n for f in folders for n in names if (f / n).is_file()), None)


@contextmanager
def reading(path: Path, wanted: str) -> Iterator[None]:
    """Whatever goes wrong in the block, short of a fault of the machine, is one InputError: `path` is not what was wanted."""
    try:
        yield
    except InputError:
        raise
    except PermissionError:
        raise InputError("data", path.name, "may not be read", f"change the permissions of {path}") from None
    except Exception as error:  # a broken file breaks each format's reader in ways of its own
        said = " ".join(str(error).split()) or type(error).__name__
        raise unusable(path, f"is no whole {wanted} ({said[:90]})") from None


def unusable(path: Path, problem: str) -> InputError:
    """The error for a truncated or foreign file."""
    return InputError("data", path.name, problem, f"remove {path} and fetch it again: rdcsym data NAME --download")


def pillow() -> Any:
    """The module PIL.Image; only sets that are kept as pictures need it."""
    try:
        from PIL import Image
    except ImportError:
        raise InputError("data", "pictures", "need Pillow to be read", "pip install 'rdcsym[deep]'") from None
    return Image


def strip(path: Path, side: int) -> Bytes:
    """The tiles of a PNG strip, equal RGB squares stacked vertically: uint8 (N, 3, side, side)."""
    with reading(path, f"PNG strip of RGB tiles {side} pixels wide"), pillow().open(path) as picture:
        if picture.format != "PNG" or picture.mode != "RGB":
            raise ValueError(f"it is {picture.format} {picture.mode}")
        pixels = np.asarray(picture)
        if pixels.shape[1] != side or pixels.shape[0] % side:
            raise ValueError(f"its size is {pixels.shape[1]} x {pixels.shape[0]}")
        return np.ascontiguousarray(pixels.reshape(-1, side, side, 3).transpose(0, 3, 1, 2))


def checked(clean: Any, labels: Any, classes: int, path: Path) -> Split:
    """A split, once its images have their bytes and one label each in 0..classes-1; `path` is the file to blame."""
    clean, labels = np.asarray(clean), np.asarray(labels)
    if clean.dtype != np.uint8 or clean.ndim != 4 or len(clean) == 0:
        raise unusable(path, f"holds no images of eight bits, but {clean.dtype} of shape {clean.shape}")
    if labels.shape != (len(clean),) or labels.dtype.kind not in "iu":
        raise unusable(path, f"has labels of shape {labels.shape} and type {labels.dtype} for {len(clean)} images")
    if labels.min() < 0 or labels.max() >= classes:
        raise unusable(path, f"has labels from {labels.min()} to {labels.max()}, outside 0..{classes - 1}")
    return Split(clean, labels.astype(np.int64))


def clean_tensor(split: Split) -> torch.Tensor:
    """The clean images as float32 in [0, 1], of shape (N, C, H, W), on the CPU."""
    import torch

    return torch.from_numpy(split.clean).to(torch.float32) / WHITE
