"""Sets of real images with labels: `load("mnist")` gives its training and its test split as bytes.

Sets lie in the folder that RDCSYM_DATA names (or `rdcsym` in the user's cache), in their usual public formats; `rdcsym data`
lists what is found there and fetches the public originals. `digits` is part of the package.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from deep.data import arrays, cifar10, digits, mnist, svhn, tiny_imagenet
from deep.data.arrays import save
from deep.data.download import download
from deep.data.images import VARIABLE, Found, Images, Split, clean_tensor, data_folder
from rdcsym.problem import InputError, nearest

__all__ = ["Found", "Images", "Split", "clean_tensor", "data_folder", "data_sets", "download", "find", "load", "save"]

_SETS: Final[dict[str, ModuleType]] = {
    "digits": digits,
    "mnist": mnist,
    "svhn": svhn,
    "cifar10": cifar10,
    "tiny-imagenet": tiny_imagenet,
}


def data_sets() -> list[str]:
    """The names of the sets."""
    return list(_SETS)


def find(name: str) -> Found | None:
    """Where the set lies and in which format, or None. Raises InputError for an unknown name or a bad RDCSYM_DATA."""
    check_name(name)
    if name == "digits":  # needs no folder, so a wrong one is no hindrance
        return digits.find()
    folder = data_folder()
    found: Found | None = arrays.find(folder, name) or _SETS[name].find(folder)
    return found


def load(name: str) -> Images:
    """The set `name`; InputError where it is unknown, missing, truncated or not what its name says."""
    found = find(name)
    if found is None:
        fix = f"fetch it: rdcsym data {name} --download; or set {VARIABLE} to the folder that has it"
        raise InputError("data", name, f"is not in {data_folder()}", fix)
    images: Images = (arrays if found.format == "arrays" else _SETS[name]).read(found)
    return images


def check_name(name: str) -> None:
    """InputError for a name that no set has."""
    if name not in _SETS:
        raise InputError("data", name, "is no known data set", nearest(name, _SETS))
