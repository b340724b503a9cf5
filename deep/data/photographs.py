"""Sets of photographs without labels: `photographs("kodak24")` gives one entry a picture, read when asked for.

A picture is uint8 (H, W, 3); grey sets have three equal channels. `nuclei` and `sidd` have published layouts and, where those are
not at hand, stand-ins (see their files); the others are the public sets themselves.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from deep.data import nuclei, photograph_folders, sidd
from deep.data.images import VARIABLE, Found, data_folder
from deep.data.originals import BY_HAND
from deep.data.photograph import Photograph
from deep.data.picture import read_photograph, write_photograph
from rdcsym.problem import InputError, nearest

__all__ = [
    "Photograph",
    "check_photograph_set",
    "find_photographs",
    "photograph_sets",
    "photographs",
    "read_photograph",
    "splits",
    "write_photograph",
]

_PAIRED: Final[dict[str, ModuleType]] = {"nuclei": nuclei, "sidd": sidd}


def photograph_sets() -> list[str]:
    """The names of the sets."""
    return [*photograph_folders.FOLDERS, *_PAIRED]


def check_photograph_set(name: str) -> None:
    """InputError for a name that no set of photographs has."""
    if name not in photograph_sets():
        raise InputError("data", name, "is no known set of photographs", nearest(name, photograph_sets()))


def find_photographs(name: str) -> Found | None:
    """Where the set lies and in which layout, or None. Raises InputError for an unknown name or a bad RDCSYM_DATA."""
    check_photograph_set(name)
    if name in _PAIRED:
        found: Found | None = _PAIRED[name].find(data_folder())
        return found
    return photograph_folders.find(data_folder(), name)


def splits(name: str) -> tuple[str, ...]:
    """The splits that a set has."""
    check_photograph_set(name)
    return ("train", "test") if name in _PAIRED else (photograph_folders.FOLDERS[name].split,)


def photographs(name: str, split: str = "test") -> list[Photograph]:
    """The photographs of one split ("train" or "test"), in the order of their names, none of them read yet.

    Raises InputError where the set is unknown, missing, incomplete, or has no such split: `kodak24`, `cbsd68` and `set12` are for
    testing only, `bsds-train200` for training only.
    """
    found = find_photographs(name)
    if split not in ("train", "test"):
        raise InputError("split", split, "is no split", "use 'train' or 'test'")
    if found is None:
        fix = BY_HAND.get(name) or f"fetch it: rdcsym data {name} --download"
        raise InputError("data", name, f"is not in {data_folder()}", f"{fix}; or set {VARIABLE} to the folder that has it")
    if name in _PAIRED:
        listed: list[Photograph] = _PAIRED[name].read(found, split)
        return listed
    return photograph_folders.read(found, name, split)
