"""The working precision of python-flint's balls, for one thread at a time: see `rdcsym.precision`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import flint

from rdcsym.precision import PRECISION_LOCK


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Compute with balls of so many bits; other threads wait for their turn."""
    with PRECISION_LOCK, flint.ctx.workprec(bits):
        yield
