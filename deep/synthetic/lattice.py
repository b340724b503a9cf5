"""Nearest points of the lattices Z and E8, and the law of one coordinate of their dithered quantisation error.

With a dither U uniform on a cell of the lattice, shared by both ends and not clipped, quantisation of v is v + N: the error N is
independent of v and uniform on the Voronoi cell (Zamir and Feder 1992). Z has cells of second moment 1/12 a dimension, E8
929/12960 = .0717 (both of volume 1): that difference is worth .109 bit a dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from rdcsym.problem import FloatArray

Lattice = Literal["scalar", "e8"]

SIDE: Final = 8  # coordinates of a point of E8
E8_SECOND_MOMENT: Final = 929 / 12960  # Conway and Sloane, Sphere Packings, Lattices and Groups, chapter 21

E8_COUNTS: Final = (
    2916224, 2907441, 2890721, 2866923, 2832616, 2791181, 2747242, 2693457, 2633051, 2572137, 2501256, 2433290, 2358474,
    2283951, 2201644, 2122646, 2038663, 1953142, 1866955, 1772325, 1682934, 1586685, 1490831, 1395199, 1300225, 1202436,
    1109350, 1016293, 926009, 842057, 758173, 678301, 599233, 527836, 462332, 400680, 344694, 292246, 245563, 202065, 164869,
    132165, 103163, 78851, 58597, 42342, 29557, 20022, 13325, 8250, 5044, 2930, 1623, 859, 461, 205, 74, 34, 10, 2,
)  # fmt: skip
"""How many of 2^26 coordinates of errors of E8 fell into bin b of |N_t|, [b/64, (b + 1)/64): 2^23 points, Philox with key 8."""
E8_BINS: Final = 64


@dataclass(frozen=True, eq=False)
class ErrorLaw:
    """Law of one coordinate of N, symmetric, flat on each bin: edges (B + 1,), weights (B,)."""

    edges: FloatArray
    weights: FloatArray


def nearest_e8(v: FloatArray) -> FloatArray:
    """The nearest points of E8 to v (..., 8): the nearest of D8, and of D8 + 1/2 (Conway and Sloane 1982)."""
    whole, half = _nearest_d8(v), _nearest_d8(v - 0.5) + 0.5
    closer = ((v - half) ** 2).sum(-1) < ((v - whole) ** 2).sum(-1)
    return np.where(closer[..., None], half, whole)


def _nearest_d8(v: FloatArray) -> FloatArray:
    """Nearest integer vectors of even sum: where rounding gives an odd one, the worst coordinate is rounded the other way."""
    rounded: FloatArray = np.rint(v)
    error = v - rounded
    odd = rounded.sum(-1) % 2 != 0
    worst = np.abs(error).argmax(-1)[..., None]
    other = np.where(np.take_along_axis(error, worst, -1) >= 0, 1.0, -1.0) * odd[..., None]
    np.put_along_axis(rounded, worst, np.take_along_axis(rounded, worst, -1) + other, -1)
    return rounded


def error_law(lattice: Lattice) -> ErrorLaw:
    """The law of one coordinate of the error: exact for Z; for E8 its distribution within 3e-4, its second moment exact."""
    if lattice == "scalar":
        return ErrorLaw(np.array([-0.5, 0.5]), np.array([1.0]))
    half = np.array(E8_COUNTS) / (2 * sum(E8_COUNTS))
    edges = np.arange(-len(half), len(half) + 1) / E8_BINS
    weights = np.concatenate([half[::-1], half])
    # The density falls within a bin, so flat bins reach too far out, by 3e-4.
    moment = (weights * (edges[1:] ** 3 - edges[:-1] ** 3)).sum() / (3 / E8_BINS)
    return ErrorLaw(edges * np.sqrt(E8_SECOND_MOMENT / moment), weights)
