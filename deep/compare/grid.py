"""The two-dimensional grid of sample images: the weight of the classification loss down, the rate across."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deep.compare.points import Point

Bytes = NDArray[np.uint8]

FILE: Final = "samples.npz"
IMAGES: Final = 8
"""Images shown of each run."""
GREY: Final = 160
"""Of the columns between images."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Images (K, C, H, W) of one run: what the codec was given, what came out, and the clean originals."""

    input: Bytes
    output: Bytes
    clean: Bytes


@dataclass(frozen=True, eq=False)
class SampleGrid:
    """rows: (mode, lambda_c) with lambda_c None where it is not known; columns: rates in bits that were asked for.

    cells: by (row, column), the run and its output images (K, C, H, W). input, clean: of the same K test images.
    """

    task: str
    rows: tuple[tuple[str, float | None], ...]
    columns: tuple[float, ...]
    cells: dict[tuple[int, int], tuple[Point, Bytes]]
    input: Bytes
    clean: Bytes


def read_samples(folder: Path) -> Samples | str:
    """The samples that a run's folder holds, or in a few words why there are none."""
    path = folder / FILE
    if not path.is_file():
        return f"has no {FILE}"
    try:
        # Opened here, since numpy leaves a truncated archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = [found[name] for name in ("input", "output", "clean")]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return f"{FILE} cannot be read, or lacks input, output or clean"
    shapes = {a.shape for a in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 4 or not arrays[0].size or arrays[0].shape[1] not in (1, 3):
        return f"{FILE} holds no three arrays of one shape (K, C, H, W)"
    if any(a.dtype != np.uint8 for a in arrays):
        return f"{FILE} holds other values than bytes"
    return Samples(*arrays)


def sample_grid(points: Sequence[Point], images: int = IMAGES) -> tuple[SampleGrid | None, list[str]]:
    """The grid of the runs among `points` (of one task), and a line on each run that is left out.

    Of runs in one cell, seeds of one setting for instance, the first is shown. None where no run has samples.
    """
    found: list[tuple[Point, Samples]] = []
    notes: list[str] = []
    for point in points:
        if point.folder is None:
            continue
        samples = read_samples(point.folder)
        if isinstance(samples, str):
            notes.append(f"no sample images of {point.name}: {samples}")
        elif found and not same_images(samples, found[0][1]):
            notes.append(
                f"no sample images of {point.name}: its samples are of other test images than those of {found[0][0].name}"
            )
        else:
            found.append((point, samples))
    if not found:
        return None, notes
    rows = sorted({_row(p) for p, _ in found}, key=lambda r: (r[0], -math.inf if r[1] is None else r[1]))
    columns = sorted({_column(p) for p, _ in found})
    cells: dict[tuple[int, int], tuple[Point, Bytes]] = {}
    for point, samples in found:
        cells.setdefault((rows.index(_row(point)), columns.index(_column(point))), (point, samples.output[:images]))
    first = found[0][1]
    return SampleGrid(found[0][0].task, tuple(rows), tuple(columns), cells, first.input[:images], first.clean[:images]), notes


def same_images(a: Samples, b: Samples) -> bool:
    """Whether two runs show the same clean test images."""
    return a.clean.shape == b.clean.shape and bool((a.clean == b.clean).all())


def strip(images: Bytes) -> Bytes:
    """Images (K, C, H, W) side by side with a grey column after each, (H, K (W + 1), 3)."""
    colour = np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images
    apart = np.pad(colour, ((0, 0), (0, 0), (0, 0), (0, 1)), constant_values=GREY)
    return np.concatenate([image.transpose(1, 2, 0) for image in apart], axis=1)


def _row(point: Point) -> tuple[str, float | None]:
    weight = point.config.get("lambda_c")
    return point.mode, float(weight) if isinstance(weight, int | float) else None


def _column(point: Point) -> float:
    """The rate asked for where the training had one, else the measured one to the nearest half bit."""
    asked = point.config.get("rate")
    return float(asked) if isinstance(asked, int | float) else round(2 * point.rate.value) / 2
