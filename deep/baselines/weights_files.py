"""The trained peers' weights: float16 files in the package, each with the settings that made it and checked by its sha256."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from deep.run import load_tensors, save_tensors
from rdcsym.files import shown, write_atomically
from rdcsym.problem import InputError

FOLDER: Final = Path(__file__).parent / "weights"
_INDEX: Final = "weights.json"


@dataclass(frozen=True, eq=False)
class Weights:
    """tensors: float32, by name; settings: those of the training; sha256: of the file."""

    tensors: dict[str, Tensor]
    settings: dict[str, Any]
    sha256: str


def save_weights(name: str, tensors: dict[str, Tensor], record: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Write `name`.pt with the tensors as float16 and enter it in weights.json with `record` (its settings, the machine)."""
    path = folder / f"{name}.pt"
    halves = {key: value.detach().half() if value.is_floating_point() else value.detach() for key, value in tensors.items()}
    save_tensors(path, halves)
    index = _read_index(folder) if (folder / _INDEX).exists() else {}
    data = path.read_bytes()
    index[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **record}
    write_atomically(folder / _INDEX, json.dumps(index, indent=1, sort_keys=True) + "\n")
    return path


def weights_names(folder: Path = FOLDER) -> list[str]:
    """The weights that weights.json lists."""
    return sorted(_read_index(folder)) if (folder / _INDEX).exists() else []


@cache
def load_weights(name: str, folder: Path = FOLDER) -> Weights:
    """The weights of that name. Raises InputError where they are missing or are not the file that weights.json names."""
    index = _read_index(folder)
    path = folder / f"{name}.pt"
    if name not in index:
        raise InputError("weights", name, "are not among the package's", f"have {', '.join(sorted(index)) or 'none'}")
    try:
        held = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise InputError("weights", shown(path), "cannot be read", "install the package again") from None
    if held != index[name]["sha256"]:
        raise InputError("weights", shown(path), "have another sha256 than weights.json says", "install the package again")
    tensors = load_tensors(path, "weights", "install the package again")
    whole = {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
    return Weights(whole, index[name]["settings"], held)


def _read_index(folder: Path) -> dict[str, Any]:
    path = folder / _INDEX
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError("weights", shown(path), "cannot be read", "install the package again") from None
    return found
