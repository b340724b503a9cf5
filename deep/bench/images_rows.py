"""The rows of the table: what restores the photographs, and the metrics that judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from deep.baselines.protocol import Peer, Restored
from deep.data.images import Bytes
from rdcsym.problem import InputError, nearest

__all__ = ["KINDS", "Metrics", "Noisy", "Peer", "Restored", "Row", "Setting", "chosen", "listed", "one"]

Kind = Literal["input", "peer", "ablation", "ours"]
KINDS: Final = ("input", "peer", "ablation", "ours")


@dataclass(frozen=True, eq=False)
class Metrics:
    """What is measured: `measure(restored, clean)`, both uint8 (H, W, 3), gives a number a name, or None where it is a hole.

    fingerprint: changes with everything that the numbers depend on. holes: why a metric is one, by name.
    """

    names: tuple[str, ...]
    fingerprint: str
    measure: Callable[[Bytes, Bytes], Mapping[str, float | None]]
    holes: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Row:
    """A line of the table. make: gives the peer, or raises InputError or ImportError where it cannot be had.

    line: rows of one kind that share it are settings of one method, and are joined to a curve in their order.
    """

    name: str
    kind: Kind
    make: Callable[[], Peer]
    line: str


@dataclass(frozen=True)
class Noisy:
    """The input itself, as a row: what the metrics say where nothing is done."""

    name: str = "noisy"

    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """The same picture; no file."""
        return Restored(np.array(noisy), None, 0.0, None)

    def fingerprint(self) -> str:
        """Of nothing but the name."""
        return self.name


@dataclass(frozen=True)
class Setting:
    """A peer under a name of its own: one of several settings of a method."""

    name: str
    peer: Peer
    line: str

    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """The peer's."""
        return self.peer.restore(noisy, sigma)

    def fingerprint(self) -> str:
        """The peer's."""
        return self.peer.fingerprint()


def one(name: str, kind: Kind, make: Callable[[], Peer]) -> list[Row]:
    """A method with one setting; it is made when it is its turn."""
    return [Row(name, kind, make, name)]


def listed(name: str, kind: Kind, make: Callable[[], Sequence[Peer]]) -> list[Row]:
    """A method with a row a setting; one row `name`, which raises the same, where its settings cannot be had.

    A peer may have an attribute `line`, the part of its name that its settings share.
    """
    try:
        peers = list(make())
    except (InputError, ImportError) as error:
        return [Row(name, kind, _raiser(error), name)]
    return [Row(peer.name, kind, _giver(peer), str(getattr(peer, "line", name))) for peer in peers]


def chosen(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """The rows of these names, in the table's order; all where none is named. A name that no row has may be that of a line, and
    stands for all its rows. InputError for one that is neither.
    """
    known = dict.fromkeys(name for row in rows for name in (row.line, row.name))
    for name in names:
        if name not in known:
            raise InputError("--row", name, "is no row of the table", nearest(name, known))
    of_rows = {row.name for row in rows}
    return [row for row in rows if not names or row.name in names or (row.line in names and row.line not in of_rows)]


def _giver(peer: Peer) -> Callable[[], Peer]:
    return lambda: peer


def _raiser(error: Exception) -> Callable[[], Peer]:
    def make() -> Peer:
        raise error

    return make
