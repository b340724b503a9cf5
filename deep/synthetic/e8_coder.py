"""Codes blocks of eight coordinates on E8: which coset, then the coordinates one after another. See `e8_tables` for the model.

A block holds the same component of eight successive vectors, so every coordinate of a block has the same deviation and a
component that carries no information costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from deep.dither import IntArray
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.synthetic.e8_tables import CLASSES, CONTEXTS, COSET_ENDS, COSET_STEP, FAR, SIGNED, E8Tables
from deep.synthetic.lattice import SIDE
from deep.synthetic.scalar_tables import ROWS
from deep.tables import Tables, bits
from rdcsym.problem import FloatArray

HALF_ROWS: Final = ROWS // 2

Stage = Callable[[Tables, IntArray, int], IntArray]
"""Symbols of a stage (-1: the coset, 0..7: a coordinate) under tables and index: a reader's next, or a writer's own."""


def write_e8(writer: SymbolWriter, tables: E8Tables, doubled: IntArray, rows: IntArray, floors: IntArray) -> FloatArray:
    """Write the points `doubled` / 2 (B, 8, A); exact bits of each block, (B, A).

    The dither is floors + (rows + fraction) / ROWS: rows 0..ROWS-1 and whole floors, both (B, 8, A).
    """
    half = doubled[:, 0] % 2
    cost = np.zeros(half.shape)

    def stage(table: Tables, index: IntArray, number: int) -> IntArray:
        nonlocal cost
        symbols = half if number < 0 else (doubled[:, number] - half) // 2 - _shifted(rows, floors, half)[1][:, number]
        writer.write(symbols, table, index)
        cost = cost + bits(table, symbols, index)
        return symbols

    _run(tables, rows, floors, stage)
    return cost


def read_e8(reader: SymbolReader, tables: E8Tables, rows: IntArray, floors: IntArray) -> IntArray:
    """Twice the points (B, 8, A) that `write_e8` wrote."""
    return _run(tables, rows, floors, lambda table, index, number: reader.read(table, index))


def _run(tables: E8Tables, rows: IntArray, floors: IntArray, stage: Stage) -> IntArray:
    """Go through the stages; twice the points that their symbols say."""
    components = np.arange(rows.shape[2])
    half = stage(tables.cosets, _coset_index(tables, rows, floors), -1)
    shifted, whole = _shifted(rows, floors, half)
    tilt = tables.tilt[components, shifted]
    sign = tables.sign[components, shifted]
    rest, facing = tilt.sum(1), sign.prod(1) * _parity(whole.sum(1))
    doubled = np.zeros_like(rows)
    for t in range(SIDE):
        rest, facing = rest - tilt[:, t], facing * sign[:, t]
        # The sum of all coordinates is even: `facing` is what the parity of this one is drawn to by the others.
        context = facing * tables.classes[np.minimum(rest, FAR)] + CLASSES if t < SIDE - 1 else SIGNED + (facing > 0)
        k = stage(tables.coordinates, (components * ROWS + shifted[:, t]) * CONTEXTS + context, t)
        facing = facing * _parity(k)
        doubled[:, t] = 2 * (k + whole[:, t]) + half
    return doubled


def _coset_index(tables: E8Tables, rows: IntArray, floors: IntArray) -> IntArray:
    components = np.arange(rows.shape[2])
    weights = []
    for half in (0, 1):
        shifted, whole = _shifted(rows, floors, np.full((rows.shape[0], rows.shape[2]), half))
        tilt = np.minimum(tables.tilt[components, shifted].sum(1), FAR)
        facing = tables.sign[components, shifted].prod(1) * _parity(whole.sum(1))
        weights.append(tables.mass[components, shifted].sum(1) + tables.balance[facing * tables.classes[tilt] + CLASSES])
    steps = (weights[0] - weights[1] + COSET_STEP // 2) // COSET_STEP
    index: IntArray = np.clip(steps, -COSET_ENDS, COSET_ENDS) + COSET_ENDS
    return index


def _shifted(rows: IntArray, floors: IntArray, half: IntArray) -> tuple[IntArray, IntArray]:
    """Row and floor of the dither less half/2, the offset of a coset from the integers."""
    moved = rows - HALF_ROWS * half[:, None, :]
    return moved % ROWS, floors + moved // ROWS


def _parity(k: IntArray) -> IntArray:
    """+1 for even, -1 for odd."""
    return 1 - 2 * (k % 2)
