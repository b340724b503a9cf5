"""The exact simplex method: optimal and infeasible programs carry their own proofs, and HiGHS agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import fmpq
from scipy.optimize import linprog

from solvers.simplex import minimise


def exact(values: Any) -> list[fmpq]:
    return [fmpq(*float(x).as_integer_ratio()) for x in values]


@pytest.mark.parametrize("seed", range(30))
def test_solutions_prove_themselves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(3, 9))
    a = rng.integers(-4, 5, size=(rows, columns)).astype(float)
    a = np.vstack([a, np.ones(columns)])  # bounded
    b = a @ rng.integers(0, 3, size=columns) if seed % 2 else rng.integers(-6, 7, size=rows + 1).astype(float)
    if seed % 3 == 0:
        a, b = np.vstack([a, a[0] + a[-1]]), np.append(b, b[0] + b[-1])  # a redundant row
    c = rng.integers(-5, 6, size=columns).astype(float)
    found = minimise([exact(column) for column in a.T], exact(b), exact(c))
    reference = linprog(c, A_eq=a, b_eq=b)
    assert found.feasible == (reference.status == 0)
    products = [sum((x * y for x, y in zip(found.y, exact(column), strict=True)), fmpq(0)) for column in a.T]
    value = sum((x * y for x, y in zip(found.y, exact(b), strict=True)), fmpq(0))
    assert value == found.value
    if not found.feasible:
        assert value > 0
        assert all(p <= 0 for p in products)
        return
    assert all(x >= 0 for x in found.x)
    for row, wanted in zip(a, exact(b), strict=True):
        assert sum((x * y for x, y in zip(exact(row), found.x, strict=True)), fmpq(0)) == wanted
    assert all(p <= price for p, price in zip(products, exact(c), strict=True))
    assert float(int(value.p) / int(value.q)) == pytest.approx(reference.fun, abs=1e-9)
