"""Information measures: each single node against its expanded text, and the identities of the field."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from rdcsym import information as info
from rdcsym.evaluate import compile_expression

x = sp.Symbol("x", positive=True)
NODES = [
    (info.binary_entropy, sp.log, np.linspace(0.01, 0.99, 25)),
    (info.squared_correlation, sp.exp, np.linspace(0.01, 6, 25)),
    (info.gaussian_information, sp.log, np.linspace(0.01, 0.99, 25)),
    (info.least_variance_ratio, sp.LambertW, np.concatenate([np.geomspace(1e-9, 1e-3, 9), np.linspace(0.01, 6, 9)])),
]


@pytest.mark.parametrize(("node", "target", "points"), NODES, ids=[n.__name__ for n, _, _ in NODES])
def test_a_node_equals_its_expanded_text(node, target, points):
    fast = compile_expression(node(x))({"x": points})
    exact = [float(node(x).rewrite(target).subs(x, sp.Rational(float(p))).evalf(40)) for p in points]
    assert fast == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize(("node", "target", "points"), NODES[:3], ids=[n.__name__ for n, _, _ in NODES[:3]])
def test_a_node_differentiates_like_its_expanded_text(node, target, points):
    assert sp.simplify(sp.diff(node(x), x) - sp.diff(node(x).rewrite(target), x)) == 0


def test_special_values_are_exact():
    assert [info.binary_entropy(v) for v in (0, 1, sp.Rational(1, 2))] == [0, 0, 1]
    assert info.squared_correlation(sp.Integer(0)) == 0
    assert info.squared_correlation(sp.oo) == 1
    assert info.gaussian_information(sp.Integer(1)) == sp.oo
    assert info.least_variance_ratio(sp.Integer(0)) == 1
    assert info.least_variance_ratio(sp.oo) == 0
    assert info.binary_entropy(sp.Rational(1, 4)).evalf() == pytest.approx(0.8112781244591328)


def test_equivocation_of_two_bits():
    joint = sp.Matrix([[sp.Rational(3, 10), sp.Rational(2, 10)], [sp.Rational(1, 10), sp.Rational(4, 10)]])  # rows S, columns Y
    p, s = joint[0, 1] + joint[1, 1], joint[1, 0] + joint[1, 1]
    node = info.binary_equivocation(p, s, joint[1, 1] - p * s)
    assert float(node.evalf()) == pytest.approx(float(info.conditional_entropy(joint).evalf()), rel=1e-14)


def test_mutual_information_of_a_table():
    joint = sp.Matrix([[sp.Rational(1, 2), 0], [0, sp.Rational(1, 2)]])
    assert sp.simplify(info.mutual_information(joint)) == 1
    assert sp.simplify(info.entropy([sp.Rational(1, 4)] * 4)) == 2
    assert info.relative_entropy([1, 0], [0, 1]) == sp.oo
    with pytest.raises(ValueError, match="same length"):
        info.relative_entropy([1], [1, 0])


def test_gaussian_relative_entropy_vanishes_at_equal_laws():
    m, s = sp.symbols("m s", positive=True)
    assert sp.simplify(info.gaussian_relative_entropy(m, s, m, s)) == 0
    value = float(info.gaussian_relative_entropy(1, 2, 0, 1).evalf())
    assert value == pytest.approx((4 + 1 - 1 - np.log(4)) / 2 / np.log(2))
