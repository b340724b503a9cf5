"""Sets that are a folder of pictures, one file each, as they are published.

kodak24: the 24 photographs of the Kodak PhotoCD (PCD0992), `kodim01.png` to `kodim24.png`, 768 x 512 or upright.
bsds-train200, cbsd68: the 200 training images of BSDS500 (Arbelaez et al. 2011) and the 68 usual test images (Roth and Black
2009), 481 x 321 or upright; they have no image in common.
set12: 12 grey images, 256 x 256 and 512 x 512 (Zhang et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from deep.data.images import Found
from deep.data.photograph import Photograph
from deep.data.picture import read_photograph
from rdcsym.problem import InputError

_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Folder:
    """Where a set may lie below the data folder, the first that has pictures being taken; how many they are, and for what."""

    places: tuple[str, ...]
    count: int
    split: str


FOLDERS: Final = {
    "kodak24": Folder(("kodak24", "Kodak24", "kodak", "Kodak", "PhotoCD_PCD0992"), 24, "test"),
    "bsds-train200": Folder(
        ("bsds/train200", "BSDS500/data/images/train", "BSR/BSDS500/data/images/train", "bsds-train200"), 200, "train"
    ),
    "cbsd68": Folder(("bsds/cbsd68", "cbsd68", "CBSD68/original_png", "CBSD68/original", "CBSD68"), 68, "test"),
    "set12": Folder(("set12", "Set12", "testsets/Set12"), 12, "test"),
}


def find(folder: Path, name: str) -> Found | None:
    """The set's folder, if it has pictures at all; whether it has all of them is for `read` to say."""
    for place in FOLDERS[name].places:
        if (folder / place).is_dir() and _pictures(folder / place):
            return Found("folder", {"all": folder / place})
    return None


def read(found: Found, name: str, split: str) -> list[Photograph]:
    """The pictures by name; InputError for the split that the set has not, or where some are missing or too many."""
    wanted, place = FOLDERS[name], found.files["all"]
    if split != wanted.split:
        raise InputError("split", split, f"is not in {name}", f"use split={wanted.split!r}")
    files = _pictures(place)
    if len(files) != wanted.count:
        problem = f"has {len(files)} pictures in {place}, not {wanted.count}"
        raise InputError("data", name, problem, "complete the folder, and keep other pictures elsewhere")
    return [Photograph(file.stem, partial(read_photograph, file)) for file in files]


def _pictures(place: Path) -> list[Path]:
    return sorted(file for file in place.iterdir() if file.suffix.lower() in _SUFFIXES and not file.name.startswith("."))
