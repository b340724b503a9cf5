"""The least rates for a gain and for what is told, both met exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from rdcsym.roots import bracketed_root
from rdcsym.water_filling.budgets import for_gain, rates_for_gain, rates_for_rate_and_label
from rdcsym.water_filling.components import Components, gain_above, label_information
from rdcsym.water_filling.labels import least_telling
from rdcsym.water_filling.levels import weighted

_TRUSTED = 1e-5  # what a weight must tell before the polish, relative to what is asked


def rates_for_gain_and_label(c: Components, left: FloatArray, told: FloatArray) -> FloatArray:
    """The least rates whose gain is `left` below the largest and that tell `told` nats in all, both met exactly."""

    def solve(part: Components, w: FloatArray, i: NDArray[np.intp]) -> FloatArray:
        return for_gain(part, w, left[i], None)

    w = weighted(c, solve, told)
    r = for_gain(c, w, left, told)
    # Where one component has nearly all the gain and another nearly all the label, w has too few digits to say what is told.
    lost = np.abs(label_information(c, for_gain(c, w, left, None)) - told) > _TRUSTED * (1.0 + told)
    if lost.any():
        at = np.flatnonzero(lost)
        r[at] = _by_total(c.take(at), left[at], told[at], rates_for_gain(c.take(at), left[at]))
    return r


def _by_total(c: Components, left: FloatArray, told: FloatArray, least: FloatArray) -> FloatArray:
    """The same by search over the total rate: the gain of the best rates that tell enough rises with it."""
    tells = least_telling(c, told)
    low = np.maximum(least.sum(axis=-1), tells.sum(axis=-1))
    high = np.maximum(least, tells).sum(axis=-1) * (1.0 + 1e-12)

    def miss(rate: FloatArray, i: NDArray[np.intp]) -> FloatArray:
        part = c.take(i)
        return gain_above(part, rates_for_rate_and_label(part, rate, told[i]), left[i])

    return rates_for_rate_and_label(c, bracketed_root(miss, low, high, high, relative=1e-15), told)
