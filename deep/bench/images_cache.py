"""What a row made of a photograph, kept as two files: what was measured (JSON) and the restored picture (PNG)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.data.images import Bytes
from deep.data.picture import read_photograph, write_photograph
from rdcsym.files import write_atomically
from rdcsym.problem import InputError

FORMAT: Final = "rdcsym bench images cell 1"
_KEY_SHOWN: Final = 16  # characters of the key in a file's name

Files = tuple[Path, Path]  # JSON, PNG


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One photograph restored by one row.

    key: of everything that the restored picture depends on. bits: of the file, None where the method makes none. seconds: as the
    peer itself timed encoding and decoding, and of its whole call, on `machine`, which may not be where the table is made.
    metrics: by name; None where one is a hole.
    """

    key: str
    data: str
    row: str
    image: str
    pixels: int
    sigma: float
    bits: int | None
    encode_seconds: float
    decode_seconds: float | None
    restore_seconds: float
    threads: int
    machine: str
    restored: str
    metric_set: str
    metrics: dict[str, float | None]

    @property
    def bits_per_pixel(self) -> float | None:
        return None if self.bits is None else self.bits / self.pixels

    def measured(self, metric_set: str, metrics: Mapping[str, float | None]) -> Cell:
        """The same restored picture, by other metrics."""
        return replace(self, metric_set=metric_set, metrics=dict(metrics))


def cell_files(cache: Path, data: str, row: str, image: str, key: str) -> Files:
    """Where a cell is kept."""
    stem = cache / data / _plain(row) / f"{_plain(image)}-{key[:_KEY_SHOWN]}"
    return stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".png")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") or "row"


def read_cell(files: Files, key: str) -> tuple[Cell, Bytes] | None:
    """The cell and its picture, or None where they are missing, broken or of another key: then they are made again."""
    try:
        held: dict[str, Any] = json.loads(files[0].read_text(encoding="utf-8"))
        if held.pop("format") != FORMAT or held["key"] != key:
            return None
        digest = held.pop("picture")
        cell = Cell(**(held | {"restored": str(files[1])}))  # the cache may have been moved
        if not all(value is None or isinstance(value, float) for value in cell.metrics.values()):
            return None
        image = read_photograph(files[1])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, InputError):
        return None
    return (cell, image) if _digest(image) == digest else None


def write_cell(files: Files, cell: Cell, image: Bytes) -> None:
    """Keep a cell: the picture first, so that a JSON file always has one."""
    write_photograph(files[1], image)
    held = {"format": FORMAT, "picture": _digest(image), **asdict(cell)}
    write_atomically(files[0], json.dumps(held, indent=1, allow_nan=False) + "\n")


def _digest(image: Bytes) -> str:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
