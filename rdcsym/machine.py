"""What a number was measured on, in words, and how much memory it took: every row of a report says it."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1e6


def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def peak_memory() -> float:
    """The most memory that this process has held so far, in megabytes; nan where the system does not say."""
    try:  # of this program alone; getrusage counts what the parent held when it started us
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return next(float(line.split()[1]) * 1024 / MEGABYTE for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / MEGABYTE
