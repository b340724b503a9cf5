"""One thread a worker; Hypothesis without a deadline (a numeric test on a busy machine is not flaky), the same examples on
every CI run.
"""

from __future__ import annotations

import os

# Before NumPy or torch is loaded: xdist has a worker for each core, and threads that wait for each other on a busy core take minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def _no_width_of_xdist(monkeypatch: pytest.MonkeyPatch) -> None:
    """xdist sets COLUMNS in its workers; a table that is printed to a pipe has no width to keep to."""
    monkeypatch.delenv("COLUMNS", raising=False)
