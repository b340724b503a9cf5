"""One thread a worker; Hypothesis without a deadline (a numeric test on a busy machine is not flaky), the same examples on
every CI run.
"""

from __future__ import annotations

import os

# Before NumPy or torch is loaded: xdist has a worker for each core, and threads that wait for each other on a busy core take minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
