"""What a photograph of a set is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deep.data.images import Bytes


@dataclass(frozen=True, eq=False)
class Photograph:
    """A picture that is read when asked for.

    name: unique in its set; read: gives the clean picture, uint8 (H, W, 3); noisy: where the set has real noise, gives the noisy
    picture of the same size, else None. Both raise InputError for a broken file.
    """

    name: str
    read: Callable[[], Bytes]
    noisy: Callable[[], Bytes] | None = None
