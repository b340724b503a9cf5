"""Symbols to bytes and back with a range coder, exactly as the integer tables say.

The coder is constriction's (Bamler, "Understanding entropy coding with asymmetric numeral systems", 2022; range coding after
Martin, 1979), with words of 32 bits and frequencies of 24. Within one write the symbols are coded table by table, in an order
that the reader finds from `index` alone. The payload is the shortest string of bytes in the coder's last interval, big-endian
so that trailing zero bytes can be left out: it exceeds the exact cost by less than 16 bits, plus about 0.0002 bits a symbol
that the coder's finite precision costs.
"""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from deep.dither import IntArray
from deep.tables import Tables, check_index, offsets
from rdcsym.problem import InputError

WORD: Final = 32  # bits
WORD_BYTES: Final = 4
STATE: Final = 64  # bits; the coder's interval is given by two numbers of so many
STATE_BYTES: Final = 8

# Building a table's model takes longer than coding an image, so models are kept as long as their tables.
_models: WeakKeyDictionary[Tables, dict[int, Any]] = WeakKeyDictionary()


class SymbolWriter:
    """Codes symbols, in as many writes as the codec has stages; a later write may use tables picked by earlier symbols."""

    def __init__(self) -> None:
        from constriction import stream

        self._encoder: Any = stream.queue.RangeEncoder()

    def write(self, symbols: Any, tables: Tables, index: Any) -> None:
        """Append symbols, each under the table that `index` names: whole numbers, both of one shape.

        Raises InputError, before anything is written, where a symbol lies outside its table.
        """
        places, table = offsets(tables, symbols, index)
        order, groups = _grouped(table)
        flat = places.ravel()[order]
        for number, start, stop in groups:
            model = _model(tables, number)
            if model is not None:
                self._encoder.encode(flat[start:stop].astype(np.int32), model)

    def finish(self) -> bytes:
        """The payload, read as if zeros followed it: no shorter string of bytes says the same. Writing may go on afterwards."""
        words = np.asarray(self._encoder.get_compressed(), dtype=">u4")
        position, lower, width = self._state()
        digits = WORD * position + STATE  # bits of the unit interval that the coder's state is known to
        # The sealed words lie somewhere in the interval; the state says where modulo 2^64, carries included.
        sealed = int.from_bytes(words.tobytes(), "big") << (digits - WORD * len(words))
        low = sealed - (sealed - lower) % (1 << STATE)
        return _roundest(low, width).to_bytes(digits // 8, "big").rstrip(b"\0")

    def _state(self) -> tuple[int, int, int]:
        """Words before the coder's interval, the interval's lower end modulo 2^64 and its width, in units of its last bit."""
        position, (lower, width) = self._encoder.pos()
        return int(position), int(lower), int(width)


class SymbolReader:
    """Reads back what a SymbolWriter wrote, given the same tables and indices in the same order.

    Anything else is an InputError, at the latest in `finish`: never a crash, an endless loop or silently wrong symbols.
    """

    def __init__(self, payload: bytes) -> None:
        from constriction import stream

        self._payload = bytes(payload)
        padding = -len(self._payload) % WORD_BYTES + STATE_BYTES
        words = np.frombuffer(self._payload + b"\0" * padding, dtype=">u4").astype(np.uint32)
        self._decoder: Any = stream.queue.RangeDecoder(words)
        self._again = SymbolWriter()

    def read(self, tables: Tables, index: Any) -> IntArray:
        """The next symbols, one for each entry of `index`: int64, of its shape. Raises InputError on a damaged payload."""
        table = check_index(tables, index)
        order, groups = _grouped(table)
        flat = np.zeros(table.size, dtype=np.int64)
        for number, start, stop in groups:
            model = _model(tables, number)
            if model is not None:
                flat[start:stop] = self._decode(model, stop - start)
        places = np.empty_like(flat)
        places[order] = flat
        symbols: IntArray = places.reshape(table.shape) + tables.lowest[table]
        self._again.write(symbols, tables, table)
        return symbols

    def finish(self) -> None:
        """Check that the payload is exactly the code of what was read, by coding it again; an InputError if it is not."""
        if self._again.finish() != self._payload:
            raise self._damaged("does not end where its symbols end")

    def _decode(self, model: Any, count: int) -> Any:
        try:
            return self._decoder.decode(model, count)
        except (AssertionError, ValueError):
            raise self._damaged("holds no symbol of this table where one is due") from None

    def _damaged(self, problem: str) -> InputError:
        size = f"{len(self._payload)} bytes"
        return InputError("payload", size, problem, "it is damaged or of another model: compress again, with this model")


def _roundest(low: int, width: int) -> int:
    """The number in [low, low + width), width < 2^64, that ends in the most zero bytes."""
    found = low
    for shift in range(8, STATE + 1, 8):
        rounded = -(-low >> shift) << shift
        if rounded >= low + width:
            break
        found = rounded
    return found


def _grouped(table: IntArray) -> tuple[IntArray, list[tuple[int, int, int]]]:
    """The stable order that brings equal tables together, and (table, start, stop) of each run in that order."""
    flat = table.ravel()
    order = np.argsort(flat, kind="stable")
    used, starts = np.unique(flat[order], return_index=True)
    stops = np.append(starts, flat.size)[1:]
    return order, list(zip(used.tolist(), starts.tolist(), stops.tolist(), strict=True))


def _model(tables: Tables, number: int) -> Any:
    """The coder's model of one table; None for a table of one symbol, which costs nothing and which constriction refuses."""
    known = _models.setdefault(tables, {})
    if number not in known:
        known[number] = _built(tables, number)
    return known[number]


def _built(tables: Tables, number: int) -> Any:
    from constriction import stream

    size = int(tables.sizes[number])
    if size == 1:
        return None
    # constriction gives every symbol one unit first and shares out the rest in proportion to what it is told: told one unit
    # less than each frequency, it scales by exactly 1 and has our integers.
    return stream.model.Categorical((tables.frequencies[number, :size] - 1).astype(np.float64), perfect=False)
