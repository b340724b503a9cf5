"""Information measures of two symbols: each node against 60 digits, near every cancellation, and its slope."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from rdcsym.evaluate import compile_expression
from rdcsym.information_binary import (
    binary_entropy_difference,
    binary_entropy_inverse,
    binary_information,
    crossover_of_loss,
)


def h(p: float) -> float:
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


X = sp.symbols("x y z", nonnegative=True)


def exact_entropy(p):
    return sum((-m * mpmath.log(m, 2) for m in (p, 1 - p) if m > 0), mpmath.mpf(0))


def evaluated(node, *arrays):
    return compile_expression(node(*X[: len(arrays)]))(dict(zip("xyz", map(np.asarray, arrays), strict=False)))


def test_entropy_differences_keep_their_digits():
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.uniform(0.01, 0.5, 200), 10 ** rng.uniform(-9, -1, 200)])
    d = p * (1 - 10 ** rng.uniform(-13, 0, 400))
    with mpmath.workdps(60):
        exact = [float(exact_entropy(mpmath.mpf(a)) - exact_entropy(mpmath.mpf(b))) for a, b in zip(p, d, strict=True)]
    assert evaluated(binary_entropy_difference, p, d) == pytest.approx(exact, rel=1e-14)
    assert evaluated(binary_entropy_difference, 1 - p[:200], d[:200]) == pytest.approx(exact[:200], rel=1e-6, abs=1e-15)


def test_information_keeps_its_digits():
    rng = np.random.default_rng(1)
    q, p = rng.uniform(0.01, 0.99, (2, 400))
    c = np.minimum(q * (1 - p), (1 - q) * p) * 10 ** rng.uniform(-12, -0.01, 400)
    with mpmath.workdps(60):
        exact = []
        for a, b, x in zip(map(mpmath.mpf, q), map(mpmath.mpf, p), map(mpmath.mpf, c), strict=True):
            cells = ((a * b, x), (a * (1 - b), -x), ((1 - a) * b, -x), ((1 - a) * (1 - b), x))
            exact.append(float(sum((m + e) * mpmath.log((m + e) / m, 2) for m, e in cells)))
    assert evaluated(binary_information, q, p, c) == pytest.approx(exact, rel=1e-14)
    assert evaluated(binary_information, [0.5, 0.5, 0.0], [0.5, 0.5, 0.3], [0.25, -0.25, 0.0]) == pytest.approx([1, 1, 0])


def test_the_inverse_entropy_near_both_ends():
    p = np.concatenate([10.0 ** np.arange(-30, 0), np.linspace(0.01, 0.49, 49)])
    with mpmath.workdps(80):
        entropies = np.array([float(exact_entropy(mpmath.mpf(x))) for x in p])
    # d log p / d log h is about 1 for small p, and large where the entropy is flat
    assert evaluated(binary_entropy_inverse, entropies) == pytest.approx(p, rel=1e-13)
    z = 10.0 ** np.arange(-7, -1)
    flat = 1 - (2 * z**2 + 4 / 3 * z**4) / math.log(2)
    assert 0.5 - evaluated(binary_entropy_inverse, flat) == pytest.approx(z, rel=2e-2)
    assert list(evaluated(binary_entropy_inverse, [0.0, 1.0])) == [0, 0.5]


def test_the_crossover_inverts_the_loss():
    rng = np.random.default_rng(2)
    n, c = rng.uniform(0, 0.45, 300), rng.uniform(0, 0.45, 300)
    loss = np.array([h(a + (1 - 2 * a) * b) for a, b in zip(n, c, strict=True)])
    assert evaluated(crossover_of_loss, loss, n) == pytest.approx(c, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("node", [binary_entropy_difference, binary_information])
def test_a_node_differentiates_like_its_expanded_text(node):
    arguments = X[: node.nargs.args[0]]
    point = dict(zip(arguments, (sp.Rational(3, 10), sp.Rational(2, 5), sp.Rational(1, 20)), strict=False))
    for symbol in arguments:
        slope = sp.diff(node(*arguments), symbol).rewrite(sp.log)
        expanded = sp.diff(node(*arguments).rewrite(sp.log), symbol)
        assert float(slope.subs(point).evalf(30)) == pytest.approx(float(expanded.subs(point).evalf(30)), rel=1e-14)


def test_the_slope_of_the_inverse_entropy():
    y = X[0]
    slope = compile_expression(sp.diff(binary_entropy_inverse(y), y))({"x": np.array([0.3])})
    a, b = evaluated(binary_entropy_inverse, [0.3 - 1e-6, 0.3 + 1e-6])
    assert slope == pytest.approx((b - a) / 2e-6, rel=1e-8)
