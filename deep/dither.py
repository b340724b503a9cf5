"""The shared dither as an integer grid: encoder and decoder draw the same rows from the seed in the file's header.

Row j of `levels` stands for the shift (j + 1/2) / levels - 1/2 of a quantiser with unit step, so a finite number of entropy
tables, one for each row, describes the codec exactly and no floating-point number is compared between two machines. The rows
are low bits of raw words of Philox, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
2011) whose words are fixed by its definition: the same on every machine and, unlike the methods of `numpy.random.Generator`,
in every version of NumPy.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray, InputError

IntArray = NDArray[np.int64]

MOST_LEVELS: Final = 256  # a row is the low bits of one byte
MOST_SEED: Final = 2**64 - 1
BYTES: Final = 8  # of a word
WORDS: Final = 4  # of Philox for each value of its counter
STREAM: Final = 0x72646373796D0001  # the key's second half: keeps the dither apart from other uses of the same seed


def dither_rows(seed: int, first: int, count: int, symbols: int, levels: int) -> IntArray:
    """Rows 0..levels-1 of `count` samples of `symbols` quantised values each: (count, symbols), uniform and independent.

    Sample number first + i gets the same rows whatever batch it comes in; they depend on seed, symbols and that number alone,
    and with fewer levels they are the same rows modulo the levels. seed: 0..2^64-1. levels: a power of two up to 256; 1 is no
    dither, all zeros. Raises InputError on anything else.
    """
    check_seed(seed)
    check_levels(levels)
    for name, value in (("first", first), ("count", count), ("symbols", symbols)):
        _whole(name, value)
    if levels == 1 or not count * symbols:
        return np.zeros((count, symbols), dtype=np.int64)
    words = -(-int(symbols) // BYTES)  # of each sample, so that each begins at a word of its own
    block, skip = divmod(int(first) * words, WORDS)
    generator = np.random.Philox(key=np.array([seed, STREAM], dtype=np.uint64), counter=block)
    raw = generator.random_raw(skip + int(count) * words)[skip:]
    # Little-endian by decree: the order of bytes within a word must not be the machine's.
    rows = raw.astype("<u8").view(np.uint8).reshape(count, words * BYTES)[:, :symbols]
    return (rows & np.uint8(levels - 1)).astype(np.int64)


def dither_values(rows: Any, levels: int) -> FloatArray:
    """Shifts (rows + 1/2) / levels - 1/2 in units of the quantiser's step, of the shape of `rows`; exact in binary.

    They lie in (-1/2, 1/2) with mean zero; levels = 1 gives zeros. Raises InputError for a row outside 0..levels-1.
    """
    check_levels(levels)
    array = np.asarray(rows)
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError("rows", f"array of {array.dtype}", "must be whole numbers", "give the rows of dither_rows")
    if array.size and not (array.min() >= 0 and array.max() < levels):
        raise InputError(
            "rows", f"{array.min()}..{array.max()}", f"must lie in 0..{levels - 1}", "use the levels they were drawn with"
        )
    values: FloatArray = (array.astype(np.float64) + 0.5) / levels - 0.5
    return values


def check_seed(seed: int) -> int:
    """The seed, if it fits the header's 64 bits, or an InputError."""
    _whole("seed", seed)
    if seed > MOST_SEED:
        raise InputError("seed", seed, "does not fit 64 bits", "give a whole number from 0 to 2^64 - 1")
    return int(seed)


def check_levels(levels: int) -> int:
    """The number of levels, if it is a power of two up to 256, or an InputError."""
    _whole("levels", levels)
    if not 1 <= levels <= MOST_LEVELS or levels & (levels - 1):
        raise InputError("levels", levels, f"must be a power of two up to {MOST_LEVELS}", "give 1, 2, 4, ..., 256")
    return int(levels)


def _whole(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise InputError(name, value, "must be a whole number, at least 0", f"give {name} as a whole number")
