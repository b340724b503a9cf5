"""Measured numbers with their 95 % confidence intervals, as `operating_point.json` holds them.

The interval says how far the mean over the test images may be from the mean of the law that they were drawn from, images being
independent, at the one seed of the test file. It says nothing of how trainings with other seeds differ.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

Quantity = dict[str, Any]

NORMAL_95: Final = 1.959963984540054  # of a standard normal variable, 95 % lie within this distance of 0


def quantity(value: float, low: float | None, high: float | None, *, unit: str, kind: str, what: str) -> Quantity:
    """One number as it is written: kind is measured, estimate, upper estimate, bound or nominal; what: one sentence."""
    return {"value": float(value), "low": low, "high": high, "unit": unit, "kind": kind, "what": what}


def mean_of(values: Any, *, unit: str, kind: str = "measured", what: str, value: float | None = None) -> Quantity:
    """Mean of values (N,), one for each image, with the normal approximation's interval; none for a single image.

    value: take this instead of the mean, where the whole is known more exactly than its parts; the interval moves along.
    """
    each = np.asarray(values, dtype=np.float64)
    centre = float(each.mean()) if value is None else float(value)
    if len(each) < 2:
        return quantity(centre, None, None, unit=unit, kind=kind, what=what)
    half = NORMAL_95 * float(each.std(ddof=1)) / math.sqrt(len(each))
    return quantity(centre, centre - half, centre + half, unit=unit, kind=kind, what=what)


def share_of(hits: Any, *, what: str) -> Quantity:
    """Share of true entries of hits (N,), N >= 1, with Wilson's interval (1927), which stays within [0, 1]."""
    each = np.asarray(hits, dtype=bool)
    n, share, z2 = len(each), float(each.mean()), NORMAL_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
    return quantity(share, low, high, unit="share of images", kind="measured", what=what)
