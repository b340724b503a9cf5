"""Hypothesis strategies for finite laws: simplices, couplings, channels, labels, costs and whole discrete problems.

All arrays are float64 and writeable. Sizes are a number, a strategy of numbers, or None (drawn, 1 to 5). Examples shrink towards
few symbols, uniform laws, independent couplings and small integers.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from rdcsym.problem import FloatArray, InputError, check_array

Draw = st.DrawFn
Strategy: TypeAlias = st.SearchStrategy
Size = int | Strategy[int] | None

MOST_SYMBOLS = 5
_LEAST_DENORMAL, _DENORMAL_BITS = 2.0**-1074, 51  # the powers of two among the denormals
_ULP = 2.0**-52


def sized(size: Size) -> Strategy[int]:
    """A strategy for a number of symbols. Raises InputError for a number below 1."""
    if size is None:
        return st.integers(1, MOST_SYMBOLS)
    if not isinstance(size, int):
        return size
    if size < 1:
        raise InputError("size", size, "is no number of symbols", "give a whole number of at least 1")
    return st.just(size)


def _weights(zeros: bool) -> Strategy[float]:
    """Unnormalised masses: ones, zeros, ones that differ by an ulp, small integers, and anything down to 2^-200."""
    near_ties = st.sampled_from([1.0 + _ULP, 1.0 - _ULP / 2, 1.0 + 4 * _ULP])
    parts = [st.just(1.0), st.integers(1, 16).map(float), near_ties, st.integers(1, 200).map(lambda k: 2.0**-k)]
    parts.append(st.floats(2.0**-20, 1.0))
    return st.one_of(*parts, *[st.just(0.0)] * zeros)


@st.composite
def simplices(draw: Draw, n: Size = None, *, zeros: bool = True, denormals: bool = True) -> FloatArray:
    """Probability vectors: float64, shape (n,), entries in [0, 1], `math.fsum` within an ulp (2^-52) of 1.

    zeros: atoms of mass 0 may occur (never all). denormals: atoms of mass below 2^-1022 may occur. Exact ties, and atoms
    that differ by an ulp, always may.
    """
    count = draw(sized(n))
    weights = np.array(draw(st.lists(_weights(zeros), min_size=count, max_size=count)))
    if not weights.any():
        weights[draw(st.integers(0, count - 1))] = 1.0
    masses: FloatArray = weights / math.fsum(weights)
    if denormals and count > 1 and draw(st.integers(0, 3)) == 3:
        # Set after the normalisation, which would round them away; the largest atom stays.
        where = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=count - 1, unique=True))
        small = [i for i in where if i != int(np.argmax(masses))]
        masses[small] = [_LEAST_DENORMAL * 2.0 ** draw(st.integers(0, _DENORMAL_BITS)) for _ in small]
    return _sum_to_one(masses)


def _sum_to_one(masses: FloatArray) -> FloatArray:
    """The rounding of the sum goes to the largest atom; ties stay exact where the sum is 1 already."""
    total = math.fsum(masses)
    if total != 1.0:
        masses[int(np.argmax(masses))] += 1.0 - total
    return masses


@st.composite
def channels(draw: Draw, n: Size = None, m: Size = None, *, zeros: bool = True, denormals: bool = True) -> FloatArray:
    """Row-stochastic matrices P(Y = y | X = x): float64, shape (n, m), each row a `simplices(m)`.

    General rows, all rows equal (Y independent of X), or, with zeros, deterministic rows (Y a function of X, each row one 1).
    """
    rows, columns = draw(sized(n)), draw(sized(m))
    row = simplices(columns, zeros=zeros, denormals=denormals)
    kind = draw(st.sampled_from(["equal rows", "general", *["deterministic"] * zeros]))
    if kind == "equal rows":
        return np.tile(draw(row), (rows, 1))
    if kind == "general":
        return np.vstack([draw(row) for _ in range(rows)])
    images = draw(st.lists(st.integers(0, columns - 1), min_size=rows, max_size=rows))
    return np.eye(columns)[images]


@st.composite
def labels(draw: Draw, n: Size = None, k: Size = None) -> FloatArray:
    """Label laws P(S = s | X = x): float64, shape (n, k), rows as in `simplices`.

    A class for each symbol, the same with a part of uniform noise, or any channel (among them labels that X tells nothing about).
    """
    rows, classes = draw(sized(n)), draw(sized(k))
    kind = draw(st.sampled_from(["classes", "noisy classes", "channel"]))
    if kind == "channel":
        return draw(channels(rows, classes))
    sharp = np.eye(classes)[draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))]
    if kind == "classes":
        return sharp
    noise = draw(st.sampled_from([0.5, 0.25, 0.125, 2.0**-30]))
    return np.vstack([_sum_to_one((1 - noise) * row + noise / classes) for row in sharp])


@st.composite
def couplings(draw: Draw, p_X: Any = None, p_Y: Any = None, *, n: Size = None, m: Size = None) -> FloatArray:
    """Plans: joint laws float64 of shape (n, m), entries >= 0, whose marginals are p_X (n,) and p_Y (m,) within 4 ulps of 1.

    Marginals that are not given are drawn (`plan.sum(axis=1)` and `plan.sum(axis=0)` then). Independent, comonotone (north-west
    corner), another sparse vertex (the same corner with the symbols permuted, at most n + m - 1 positive entries), or a mixture.
    """
    rows = draw(simplices(n)) if p_X is None else check_array("p_X", p_X, 1)
    columns = draw(simplices(m)) if p_Y is None else check_array("p_Y", p_Y, 1)
    kind = draw(st.sampled_from(["independent", "comonotone", "vertex", "mixture"]))
    if kind == "independent":
        return np.outer(rows, columns)
    if kind == "comonotone":
        return north_west_corner(rows, columns)
    first = _permuted_corner(draw, rows, columns)
    if kind == "vertex":
        return first
    other = np.outer(rows, columns) if draw(st.booleans()) else _permuted_corner(draw, rows, columns)
    weight = draw(st.sampled_from([0.5, 0.25, 0.75, 2.0**-40, 1 - 2.0**-40]))
    return weight * first + (1 - weight) * other


def _permuted_corner(draw: Draw, p: FloatArray, q: FloatArray) -> FloatArray:
    order_x, order_y = (np.array(draw(st.permutations(range(x.size)))) for x in (p, q))
    plan = np.zeros((p.size, q.size))
    plan[np.ix_(order_x, order_y)] = north_west_corner(p[order_x], q[order_y])
    return plan


def north_west_corner(p_X: FloatArray, p_Y: FloatArray) -> FloatArray:
    """The comonotone plan, shape (n, m), of laws p_X (n,) and p_Y (m,) on ordered symbols."""
    plan = np.zeros((p_X.size, p_Y.size))
    left_x, left_y = p_X.copy(), p_Y.copy()
    i = j = 0
    while i < p_X.size and j < p_Y.size:
        mass = min(left_x[i], left_y[j])
        plan[i, j] = mass
        left_x[i] -= mass
        left_y[j] -= mass
        if (left_x[i] <= left_y[j] and i < p_X.size - 1) or j == p_Y.size - 1:
            i += 1
        else:
            j += 1
    return plan


@st.composite
def costs(draw: Draw, n: Size = None, m: Size = None, *, ties: bool = True) -> FloatArray:
    """Cost matrices d(x, y): float64, shape (n, m), finite and at least 0.

    With ties: Hamming, all zero or constant, small integers, squared distances of points on a line, any floats in [0, 1];
    each at a scale from 2^-60 to 2^60. Without: all entries differ.
    """
    rows, columns = draw(sized(n)), draw(sized(m))
    shape = (rows, columns)
    scale = 2.0 ** draw(st.sampled_from([0, 0, 0, 1, -1, 60, -60]))
    if not ties:
        order = draw(st.permutations(range(rows * columns)))
        return scale * (1.0 + np.array(order, dtype=np.float64)).reshape(shape)
    kind = draw(st.sampled_from(["hamming", "constant", "integers", "squared distances", "floats"]))
    if kind == "hamming":
        return scale * (1.0 - np.eye(rows, columns))
    if kind == "constant":
        return np.full(shape, scale * draw(st.sampled_from([0.0, 1.0])))
    if kind == "squared distances":
        place = st.integers(-8, 8)
        x, y = (np.array(draw(st.lists(place, min_size=k, max_size=k)), dtype=np.float64) for k in shape)
        return scale * (x[:, None] - y[None, :]) ** 2
    entry: Strategy[float] = st.integers(0, 3).map(float) if kind == "integers" else st.floats(0.0, 1.0)
    entries = draw(st.lists(entry, min_size=rows * columns, max_size=rows * columns))
    return scale * np.array(entries).reshape(shape)


@st.composite
def discrete_problems(draw: Draw, n: Size = None, m: Size = None, k: Size = None) -> dict[str, FloatArray]:
    """Cross-domain problems, as the keywords of `solvers.DiscreteProblem`: a dict of float64 arrays

    p_X (n,), p_Y (m,), cost (n, m), p_S_given_X (n, k).
    """
    rows, columns = draw(sized(n)), draw(sized(m))
    return {
        "p_X": draw(simplices(rows)),
        "p_Y": draw(simplices(columns)),
        "cost": draw(costs(rows, columns)),
        "p_S_given_X": draw(labels(rows, k)),
    }
