"""Roots of monotone functions, many at once: SciPy's bracketing search, with points told apart by their index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

from rdcsym.problem import FloatArray

_NO_BRACKET = -1  # find_root's status where both ends have one sign


def bracketed_root(
    function: Callable[[FloatArray, NDArray[np.intp]], FloatArray],
    low: FloatArray,
    high: FloatArray,
    otherwise: FloatArray | float,
    *,
    absolute: float = 0.0,
    relative: float = 0.0,
    limit: int = 100,
) -> FloatArray:
    """The root of each problem in [low, high], by Chandrupatla's method; `otherwise` where the ends have one sign.

    function: from values and the indices of their problems to what should vanish.
    """
    find: Any = elementwise.find_root  # its stubs know no args
    index = np.arange(len(low), dtype=np.float64)
    tolerances = {"xatol": absolute, "xrtol": relative, "fatol": 0.0, "frtol": 0.0}
    found = find(lambda x, i: function(x, i.astype(np.intp)), (low, high), args=(index,), tolerances=tolerances, maxiter=limit)
    return np.where(found.status == _NO_BRACKET, otherwise, found.x)
