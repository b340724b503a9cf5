"""The working precision of mpmath, for one thread at a time.

mpmath and python-flint each keep one precision for the whole process, so two threads that both set it would compute at each
other's. An enclosure is valid at any precision, but the same question would not have the same answer twice, and a value that is
said to have so many digits could have fewer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import mpmath

PRECISION_LOCK: Final = threading.RLock()
"""Held while a precision is set, for mpmath and (in `solvers.precision`) for python-flint alike: two locks could deadlock.

SymPy sets mpmath's precision on its own, and knows no lock: whoever evaluates its expressions in several threads should hold this
one, as proofs do. A process that is forked while another thread holds it inherits it so; the package's own processes are spawned.
"""


@contextmanager
def working_digits(digits: int) -> Iterator[None]:
    """Compute with so many decimal digits in mpmath; other threads wait for their turn."""
    with PRECISION_LOCK, mpmath.workdps(digits):
        yield
