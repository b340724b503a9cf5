"""Integer entropy tables: the learned probabilities rounded once, then the same on every machine.

A table's frequencies are whole numbers that sum to 2^24, the precision of the range coder; encoder and decoder never compute
a probability again. Each table has its own symbols lowest..lowest + size - 1, each with frequency at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from deep.dither import IntArray
from rdcsym.problem import FloatArray, InputError

PRECISION: Final = 24  # bits; that of constriction's default coder
TOTAL: Final = 1 << PRECISION
MOST_SYMBOLS: Final = 1 << 16  # of a table
FARTHEST: Final = 1 << 30  # of a symbol from zero


@dataclass(frozen=True, eq=False)
class Tables:
    """T tables over at most K symbols: symbol k of table t has probability frequencies[t, k - lowest[t]] / 2^24.

    frequencies: int64 (T, K), each row sums to 2^24 and is at least 1 up to its last symbol, then zero. lowest: int64 (T,), the
    first symbol of each. Both are kept as read-only copies and are all that need be stored: Tables(frequencies, lowest) again.
    Raises InputError where they are no tables.
    """

    frequencies: IntArray
    lowest: IntArray

    def __post_init__(self) -> None:
        frequencies, lowest = _whole("frequencies", self.frequencies, 2), _whole("lowest", self.lowest, 1)
        _check_shape("frequencies", frequencies.shape, lowest)
        if frequencies.min() < 0 or frequencies.max() > TOTAL or (frequencies.sum(axis=1) != TOTAL).any():
            raise InputError("frequencies", _row(frequencies.sum(axis=1) != TOTAL), "must be positive and sum to 2^24", _MEND)
        padded = np.diff((frequencies > 0).astype(np.int8), axis=1) > 0
        if padded.any() or (frequencies[:, 0] == 0).any():
            wrong = padded.any(axis=1) | (frequencies[:, 0] == 0)
            raise InputError("frequencies", _row(wrong), "has a symbol of frequency 0 before its last", _MEND)
        object.__setattr__(self, "frequencies", _frozen(frequencies))
        object.__setattr__(self, "lowest", _frozen(lowest))

    @cached_property
    def sizes(self) -> IntArray:
        """Number of symbols of each table: (T,), at least 1."""
        return _frozen((self.frequencies > 0).sum(axis=1))

    @cached_property
    def costs(self) -> FloatArray:
        """Exact cost -log2(frequency / 2^24) in bits: (T, K), infinite past a table's last symbol."""
        with np.errstate(divide="ignore"):
            costs: FloatArray = PRECISION - np.log2(self.frequencies)
        costs.flags.writeable = False
        return costs

    def __len__(self) -> int:
        return len(self.lowest)


def quantised_tables(pmf: Any, lowest: Any, sizes: Any = None) -> Tables:
    """Tables nearest to pmf (T, K), by largest remainders: a given `pmf` gives the same integers on every machine.

    Rows are normalised first. sizes: (T,), how many symbols each table has; by default up to its last positive entry. Every
    symbol up to there gets one unit of 2^-24, the rest is shared out in proportion; ties go to the lower symbol. lowest: (T,).
    Raises InputError where pmf has a negative, infinite or NaN entry, or a row without mass.
    """
    mass, first = np.asarray(pmf, dtype=np.float64), _whole("lowest", lowest, 1)
    _check_shape("pmf", mass.shape, first)
    if not np.isfinite(mass).all() or (mass < 0).any():
        raise InputError(
            "pmf", _row(~(np.isfinite(mass) & (mass >= 0)).all(axis=1)), "must be finite and >= 0", "check the model"
        )
    position = np.arange(mass.shape[1])
    ends = np.where(mass > 0, position + 1, 0).max(axis=1) if sizes is None else _whole("sizes", sizes, 1)
    if ends.shape != first.shape or ends.min() < 1 or ends.max() > mass.shape[1]:
        raise InputError("sizes", _row(ends < 1), f"must lie in 1..{mass.shape[1]}, one for each row of pmf", "check the model")
    real = position < ends[:, None]
    mass = np.where(real, mass, 0.0)
    with np.errstate(over="ignore"):
        total = mass.sum(axis=1, keepdims=True)
    if not (np.isfinite(total) & (total > 0)).all():
        raise InputError("pmf", _row(~(total > 0)[:, 0]), "has no mass to share out", "check the model")
    wanted = mass / total * (TOTAL - ends[:, None])
    whole = np.floor(wanted)
    frequencies = whole.astype(np.int64) + real
    left = TOTAL - frequencies.sum(axis=1)
    remainders = np.where(real, wanted - whole, -1.0)
    order = np.argsort(-remainders, axis=1, kind="stable")
    np.put_along_axis(frequencies, order, np.take_along_axis(frequencies, order, 1) + (position < left[:, None]), 1)
    return Tables(frequencies, first)


def offsets(tables: Tables, symbols: Any, index: Any) -> tuple[IntArray, IntArray]:
    """Positions of the symbols within their tables, and the tables' numbers: two int64 arrays of the shape of `index`.

    Raises InputError where shapes differ, a table is unknown or a symbol lies outside its table.
    """
    table = check_index(tables, index)
    values = _whole("symbols", symbols)
    if values.shape != table.shape:
        raise InputError("symbols", f"shape {values.shape}", f"must be index's shape {table.shape}", "give each symbol one table")
    places = values - tables.lowest[table]
    outside = (places < 0) | (places >= tables.sizes[table])  # a wrapped difference lies outside too
    if outside.any():
        value, at = int(values[outside].flat[0]), table[outside].flat[0]
        low, high = tables.lowest[at], tables.lowest[at] + tables.sizes[at] - 1
        raise InputError("symbols", value, f"table {at} holds {low}..{high} only", "clip the symbols to their tables")
    return places, table


def check_index(tables: Tables, index: Any) -> IntArray:
    """The tables' numbers as int64, each in 0..T-1, or an InputError."""
    table = _whole("index", index)
    if table.size and not (table.min() >= 0 and table.max() < len(tables)):
        span = f"{table.min()}..{table.max()}"
        raise InputError("index", span, f"there are {len(tables)} tables", f"give numbers in 0..{len(tables) - 1}")
    return table


def bits(tables: Tables, symbols: Any, index: Any) -> FloatArray:
    """Exact cost in bits of each symbol under its table, -log2(frequency / 2^24): float64, of the shape of `symbols`."""
    places, table = offsets(tables, symbols, index)
    cost: FloatArray = tables.costs[table, places]
    return cost


_MEND: Final = "make the tables with quantised_tables"


def _whole(name: str, value: Any, ndim: int | None = None) -> IntArray:
    array = np.asarray(value)
    if not array.size:
        array = array.astype(np.int64)  # an empty list has no kind of its own
    if not np.issubdtype(array.dtype, np.integer) or (ndim is not None and array.ndim != ndim):
        wanted = "whole numbers" if ndim is None else f"an array of whole numbers with {ndim} axes"
        raise InputError(name, f"array of {array.dtype}, shape {array.shape}", f"must be {wanted}", "convert it first")
    if array.dtype == np.uint64 and array.size and array.max() > np.uint64(FARTHEST):
        raise InputError(name, int(array.max()), "is too far from zero", "keep numbers within 2^30 of zero")
    return array.astype(np.int64)


def _check_shape(name: str, shape: tuple[int, ...], lowest: IntArray) -> None:
    if len(shape) != 2 or not shape[0] or not 1 <= shape[1] <= MOST_SYMBOLS or lowest.shape != shape[:1]:
        problem = f"must be (tables, symbols up to {MOST_SYMBOLS}) with one entry of lowest a table, here {lowest.shape}"
        raise InputError(name, f"shape {shape}", problem, "check the model")
    if np.abs(lowest).max() > FARTHEST:
        raise InputError("lowest", int(np.abs(lowest).max()), "is too far from zero", "keep symbols within 2^30 of zero")


def _row(wrong: Any) -> str:
    return f"row {int(np.argmax(wrong))}"


def _frozen(array: IntArray) -> IntArray:
    array.flags.writeable = False
    return array
