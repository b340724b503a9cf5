"""`rdcsym bench images`: every method restores the same noisy photographs, and every metric is taken of what it gives.

study = Study("kodak24", sigma=25.0)
cells, holes = measure(study, rows, metrics, cache, threads=1)

A cell is one photograph restored by one row. Cells are kept in a cache as they are made, so that a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from deep.bench.images_cache import Cell, cell_files, read_cell, write_cell
from deep.bench.images_rows import Metrics, Peer, Row
from deep.data.images import Bytes
from deep.data.noise import NOISE_SEED, noisy
from deep.data.photograph import Photograph
from deep.data.photographs import find_photographs, photographs
from deep.machine import machine
from deep.natural.noise_level import estimated_sigma
from rdcsym.problem import InputError

FRAME: Final = 512  # side, in pixels: of larger frames with real noise (12 million pixels) the central square is taken
LEAST_SIGMA: Final = 0.1  # peers refuse to be told that there is no noise at all


@dataclass(frozen=True)
class Study:
    """What is restored: the test photographs of a set, the first `limit` of them or all.

    sigma: of the Gaussian noise, in grey values of 255; None for a set that has real noise. A peer that must be told a sigma is
    then given one estimated from the noisy picture alone. seed: of the noise.
    """

    data: str
    sigma: float | None
    limit: int | None = None
    seed: int = NOISE_SEED

    @property
    def title(self) -> str:
        """For instance "kodak24, sigma = 25"."""
        return f"{self.data}, " + ("real noise" if self.sigma is None else f"sigma = {self.sigma:g}")

    @property
    def origin(self) -> str:
        """The layout in which the set was found; it says so where that is a stand-in."""
        found = find_photographs(self.data)
        return "" if found is None else found.format

    def photographs(self) -> list[Photograph]:
        """Those that are restored; InputError where the set is missing or the kind of noise is not its own."""
        listed = photographs(self.data)
        paired = listed[0].noisy is not None
        if paired != (self.sigma is None):
            problem = "has real noise" if paired else "has no noise of its own"
            raise InputError(
                "--sigma", self.sigma, f"does not fit: {self.data} {problem}", "leave it out" if paired else "give one"
            )
        return listed[: self.limit]


@dataclass(frozen=True)
class Hole:
    """A row that could not be measured, and why, in one line."""

    row: str
    why: str


@dataclass(frozen=True, eq=False)
class _Pair:
    name: str
    clean: Bytes
    noisy: Bytes
    sigma: float


def measure(
    study: Study,
    rows: Sequence[Row],
    metrics: Metrics,
    cache: Path,
    *,
    threads: int = 1,
    tick: Callable[[str], None] = lambda what: None,
) -> tuple[list[Cell], list[Hole]]:
    """The cells of every row, and the rows that have a hole instead; `tick` once a photograph and row.

    One photograph after another, so that metrics need look at a clean one only once. A row is a hole, whole, where its peer
    raises InputError or ImportError on any photograph: a mean over some of them would not be comparable. `threads` is torch's,
    and OpenMP's for libraries that are loaded later.
    """
    _use_threads(threads)
    peers: dict[str, Peer] = {}
    cells: list[Cell] = []
    why: dict[str, str] = {}
    for index, photograph in enumerate(study.photographs()):
        pair = _pair(study, photograph, index)
        for row in rows:
            if row.name not in why:
                try:
                    peer = peers[row.name] if row.name in peers else peers.setdefault(row.name, row.make())
                    cells.append(_cell(study, row, peer, pair, metrics, cache, threads))
                except (InputError, ImportError) as error:
                    why[row.name] = " ".join(str(error).split())
            tick(f"{photograph.name}: {row.name}")
    return [cell for cell in cells if cell.row not in why], [Hole(row.name, why[row.name]) for row in rows if row.name in why]


def _use_threads(threads: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    torch.set_num_threads(threads)


def _pair(study: Study, photograph: Photograph, index: int) -> _Pair:
    clean = photograph.read()
    if photograph.noisy is None:
        assert study.sigma is not None  # `Study.photographs` has seen to it
        return _Pair(photograph.name, clean, noisy(clean, study.sigma, study.seed, index), study.sigma)
    degraded = photograph.noisy()
    if degraded.shape != clean.shape:
        raise InputError("data", photograph.name, "has a noisy and a clean picture of two sizes", "fetch the set again")
    clean, degraded = central(clean), central(degraded)
    return _Pair(photograph.name, clean, degraded, max(LEAST_SIGMA, estimated_sigma(degraded)))


def central(image: Bytes) -> Bytes:
    """The square of 512 pixels in the middle of a frame with real noise, or all of a smaller one."""
    top, left = (max(0, (side - FRAME) // 2) for side in image.shape[:2])
    return np.ascontiguousarray(image[top : top + FRAME, left : left + FRAME])


def _cell(study: Study, row: Row, peer: Peer, pair: _Pair, metrics: Metrics, cache: Path, threads: int) -> Cell:
    """The kept cell, measured anew where only the metrics have changed; else the picture restored, measured and kept."""
    told = (peer.fingerprint(), _digest(pair.clean), _digest(pair.noisy), f"{pair.sigma:.9g}", str(threads))
    key = hashlib.sha256("\n".join(told).encode()).hexdigest()
    files = cell_files(cache, study.data, row.name, pair.name, key)
    kept = read_cell(files, key)
    if kept is not None and kept[0].metric_set == metrics.fingerprint:
        return kept[0]
    if kept is not None:
        cell, image = kept
        cell = cell.measured(metrics.fingerprint, _judged(metrics, image, pair.clean))
    else:
        start = time.perf_counter()
        restored = peer.restore(pair.noisy, pair.sigma)
        seconds = time.perf_counter() - start
        image = restored.image
        if image.dtype != np.uint8 or image.shape != pair.clean.shape:
            raise InputError("row", row.name, f"gave {image.dtype} of shape {image.shape}", f"it should be {pair.clean.shape}")
        cell = Cell(
            key=key,
            data=study.data,
            row=row.name,
            image=pair.name,
            pixels=image.shape[0] * image.shape[1],
            sigma=pair.sigma,
            bits=restored.bits,
            encode_seconds=restored.encode_seconds,
            decode_seconds=restored.decode_seconds,
            restore_seconds=seconds,
            threads=threads,
            machine=machine(torch.device("cpu")),
            restored=str(files[1]),
            metric_set=metrics.fingerprint,
            metrics=_judged(metrics, image, pair.clean),
        )
    write_cell(files, cell, image)
    return cell


def _judged(metrics: Metrics, image: Bytes, clean: Bytes) -> dict[str, float | None]:
    """The metrics; None for one that is no number, such as the PSNR of a perfect copy."""
    found = metrics.measure(image, clean)
    return {name: None if value is None or not math.isfinite(value) else float(value) for name, value in found.items()}


def _digest(image: Bytes) -> str:
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()
