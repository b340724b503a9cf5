"""Hypothesis strategies for Gaussian sources: covariance matrices, ordinary, near singular, singular, tiny and huge."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from rdcsym.problem import FloatArray
from rdcsym.testing.strategies_discrete import Draw, Size, sized

LARGEST_ENTRY = 4  # of the integer factors: a Gram matrix of these and a part 2^-42 fit one float64 exactly up to 100 components
LARGEST_SCALE = 60
_LEAST_RIDGE, _MOST_RIDGE = 40, 42  # condition number at least 2^40 > 1e12


@st.composite
def covariances(draw: Draw, n: Size = None, *, singular: bool = True) -> FloatArray:
    """Covariance matrices: float64, shape (n, n), exactly symmetric, and positive semidefinite *exactly*, read as rationals.

    Identity, diagonal, F F^T with integer factors F; each times a power of two from 2^-60 to 2^60 (exact).
    singular: also exactly singular ones (factors of rank below n, a zero on the diagonal, the zero matrix) and near singular
    ones (condition number above 1e12; of one component, a tiny variance). Without it every matrix is positive definite with a
    condition number of at most 1 + 16 n^2.
    """
    size = draw(sized(n))
    scale = 2.0 ** draw(st.sampled_from([0, 0, 0, 1, -1, LARGEST_SCALE, -LARGEST_SCALE]))
    kinds = ["identity", "diagonal", "full", *["singular", "near singular"] * singular]
    kind = draw(st.sampled_from(kinds))
    if kind == "identity":
        return scale * np.eye(size)
    if kind == "diagonal":
        least = 0 if singular else 1
        variances = draw(st.lists(st.integers(least, 16), min_size=size, max_size=size))
        return scale * np.diag(np.array(variances, dtype=np.float64))
    if kind == "full":
        return scale * (_gram(draw, size, size) + np.eye(size))
    gram = _gram(draw, size, size - 1)
    if kind == "singular":
        return scale * gram
    if size > 1 and not gram.any():
        gram[0, 0] = 1.0  # never the zero matrix: with the ridge alone it is well conditioned
    return scale * (gram + 2.0 ** -draw(st.integers(_LEAST_RIDGE, _MOST_RIDGE)) * np.eye(size))


def _gram(draw: Draw, size: int, rank: int) -> FloatArray:
    """F F^T of an integer (size, rank) factor: exact in float64."""
    entry = st.integers(-LARGEST_ENTRY, LARGEST_ENTRY)
    factor = draw(st.lists(entry, min_size=size * rank, max_size=size * rank))
    matrix = np.array(factor, dtype=np.float64).reshape(size, rank)
    return np.asarray(matrix @ matrix.T)
