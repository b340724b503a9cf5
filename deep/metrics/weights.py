"""Reading the weights of learned metrics: files of the folder `metrics` in RDCSYM_DATA, none of which the package brings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from deep.data.images import VARIABLE, data_folder, reading, unusable
from deep.metrics.pictures import NoValueError
from rdcsym.problem import FloatArray

FOLDER: Final = "metrics"
KEPT: Final = 4  # files whose tensors stay in memory; the largest, VGG16, takes 59 MB


def weights_file(name: str) -> Path:
    """The path of a file of weights; NoValueError where it is missing, InputError where RDCSYM_DATA is no folder."""
    path = data_folder() / FOLDER / name
    if not path.is_file():
        raise NoValueError("weights", f"{FOLDER}/{name}", f"is not in {VARIABLE}", "put it there to measure by this metric")
    return path


@lru_cache(maxsize=KEPT)
def weights(path: Path) -> dict[str, Tensor]:
    """The arrays of an npz as float32 tensors, by name."""
    return {name: torch.from_numpy(values.astype(np.float32)) for name, values in arrays(path).items()}


def arrays(path: Path) -> dict[str, FloatArray]:
    """The arrays of an npz as they lie in the file, by name; InputError where it is damaged."""
    with reading(path, "npz of weights"), path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def part(held: dict[str, Tensor], name: str, path: Path) -> Tensor:
    """One array of a file of weights, or an InputError that names it."""
    if name not in held:
        raise unusable(path, f"lacks the array {name}")
    return held[name]
