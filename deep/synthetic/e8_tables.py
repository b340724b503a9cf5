"""Entropy tables for points of E8 given the dither: a Gaussian weight on the shifted lattice, in whole numbers.

The model is P(q | u) proportional to exp(-|q - u|^2 / 2v) over the points q of E8, with a learned spread v for each
component. E8 is D8 and D8 + 1/2, and D8 the integer vectors of even sum. For a coordinate at offset f in [0, 1) from the
integers below it let

    A(f) = sum_k w(k - f),   B(f) = sum_k (-1)^k w(k - f),   w(z) = exp(-z^2 / 2v),   T = B / A.

The weight of all integer vectors of one parity is prod A (1 +- prod T) / 2. So a coset is coded first, with the odds of two
such weights, then one coordinate after another, with w(k - f) (1 +- (-1)^k c), c the product of T over those that follow
(1 at the last: its parity is known). All that the two ends must agree on are log A and log |T| in whole 64ths of a nat, which
the model carries; the classes of c that pick a table are a look-up in whole numbers too. An encoder and a decoder on two
machines can therefore not part ways. The rounding to classes and rows costs up to about .002 bit a coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from deep.dither import IntArray
from deep.synthetic.scalar_tables import ROWS, reach
from deep.tables import Tables, quantised_tables
from rdcsym.problem import FloatArray

UNIT: Final = 64  # of the whole logarithms, a nat
FAR: Final = 10 * UNIT  # |c| below exp(-10) is 0
CLASSES: Final = 12  # of |c|, beside 0; evenly spaced in arcsin(c), where the price of a wrong c is even
SIGNED: Final = 2 * CLASSES + 1
CONTEXTS: Final = SIGNED + 2  # and the last coordinate's: only odd, only even
COSET_STEP: Final = 8  # 64ths of a nat
COSET_ENDS: Final = 128  # steps either side
LEAST_WEIGHT: Final = 1e-300


@dataclass(frozen=True, eq=False)
class E8Tables:
    """A components. mass, tilt, sign: int64 (A, ROWS), log A and -log|T| in 64ths of a nat and the sign of T, by row.

    classes: (FAR + 1,), class of |c| by -log|c|; balance: (SIGNED,), log(1 + c) in 64ths of a nat by signed class + CLASSES.
    cosets: table by log-odds of the coset (symbol 1: half-integers); coordinates: table (a * ROWS + row) * CONTEXTS + context.
    """

    mass: IntArray
    tilt: IntArray
    sign: IntArray
    classes: IntArray
    balance: IntArray
    cosets: Tables
    coordinates: Tables


def e8_tables(spreads: FloatArray, deviations: FloatArray) -> E8Tables:
    """Tables for components with spread v and deviation of gain X: two arrays (A,), positive."""
    offset = (np.arange(ROWS) + 0.5) / ROWS
    lowest = np.array([int(np.floor(-reach(s) - 1.5)) for s in deviations])
    width = int(-2 * lowest.min()) + 2
    k = lowest[:, None] + np.arange(width)  # (A, K)
    v = np.asarray(spreads)[:, None, None]
    exponent = -((k[:, None, :] - offset[:, None]) ** 2) / (2 * v)
    weight = np.maximum(np.exp(exponent - exponent.max(-1, keepdims=True)), LEAST_WEIGHT)  # (A, ROWS, K)
    parity = np.where(k % 2 == 0, 1.0, -1.0)[:, None, :]
    total = weight.sum(-1)
    T = (weight * parity).sum(-1) / total
    centres = _centres()
    signed = np.concatenate([-centres[:0:-1], centres, [-1.0, 1.0]])  # (CONTEXTS,)
    pmf = weight[:, :, None, :] * (1 + signed[:, None] * parity[:, :, None, :])
    sizes = np.repeat(-2 * lowest + 2, ROWS * CONTEXTS)
    pmf = np.where(np.arange(width) < sizes[:, None], pmf.reshape(-1, width), 0.0)
    with np.errstate(divide="ignore"):
        tilt = np.minimum(np.rint(-UNIT * np.log(np.abs(T))), FAR).astype(np.int64)
    angle = np.arcsin(np.exp(-np.arange(FAR + 1) / UNIT)) / (np.pi / 2)
    odds = np.arange(-COSET_ENDS, COSET_ENDS + 1) * COSET_STEP / UNIT
    half = 1 / (1 + np.exp(odds))
    return E8Tables(
        mass=np.rint(UNIT * (np.log(total) + exponent.max(-1))).astype(np.int64),
        tilt=tilt,
        sign=np.where(T < 0, -1, 1),
        classes=np.rint(CLASSES * angle).astype(np.int64),
        balance=np.rint(UNIT * np.log1p(signed[:SIGNED])).astype(np.int64),
        cosets=quantised_tables(np.stack([1 - half, half], 1), np.zeros(odds.size, dtype=np.int64)),
        coordinates=quantised_tables(pmf, np.repeat(lowest, ROWS * CONTEXTS), sizes),
    )


def _centres() -> FloatArray:
    """|c| of each class; the last stands for what is nearly 1 and must leave room for the other parity."""
    steps = np.arange(CLASSES + 1) / CLASSES
    steps[-1] -= 0.25 / CLASSES
    return np.sin(np.pi / 2 * steps)
