"""Evaluation: branches stay inside their conditions, arrays equal scalars, a million points in a breath."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from rdcsym import theorem, theorems
from rdcsym.evaluate import Root, compile_condition, compile_expression
from rdcsym.operating_points import join, random_points, regime_points, valid

x, y = sp.symbols("x y", real=True)


def test_a_branch_is_evaluated_only_where_its_condition_holds():
    expression = sp.Piecewise((1 / x, sp.Ne(x, 0)), (sp.Integer(7), True))
    assert compile_expression(expression)({"x": np.array([0.0, 2.0, 0.0])}).tolist() == [7.0, 0.5, 7.0]


def test_a_nested_piecewise_is_refused():
    with pytest.raises(TypeError, match="name of its own"):
        compile_expression(1 + sp.Piecewise((x, x > 0), (-x, True)))


@pytest.mark.parametrize(
    ("relation", "strict"),
    [(x < y, True), (x <= y, False), (x > y, True), (x >= y, False), (sp.Eq(x, y), None), (sp.Ne(x, y), None)],
)
def test_relations_and_slack(relation, strict):
    a, b = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])
    expected = [bool(relation.subs({x: p, y: q})) for p, q in zip(a, b, strict=True)]
    assert compile_condition(relation)({"x": a, "y": b}).tolist() == expected
    if strict is not None:
        near = {"x": np.array([1.0]), "y": np.array([1.0])}
        assert not compile_condition(relation, slack=1e-12)(near)[0]  # equality is within the slack: not beyond it


def test_slack_is_absolute_near_zero_and_relative_above():
    beyond = compile_condition(x < y, slack=1e-12)
    assert not beyond({"x": np.array([0.0]), "y": np.array([5e-13])})[0]
    assert beyond({"x": np.array([0.0]), "y": np.array([2e-12])})[0]
    assert not beyond({"x": np.array([1e6]), "y": np.array([1e6 + 5e-7])})[0]
    assert beyond({"x": np.array([-np.inf]), "y": np.array([0.0])})[0]


def test_roots_bracketed_and_not():
    root = compile_expression(Root(x, x**3 - y, sp.Integer(0), sp.Integer(2)))
    found = root({"y": np.array([0.0, 1.0, 8.0, 27.0, -1.0, 0.3])})
    assert found == pytest.approx([0.0, 1.0, 2.0, 2.0, 0.0, 0.3 ** (1 / 3)], abs=1e-15)  # no root: the nearer end


# A point of a vector theorem is a convex program: test_gaussian_vector.py holds arrays against scalars there, at fewer points.
SCALAR = [n for n in theorems() if not any(p.vector for p in theorem(n).parameters)]


@pytest.mark.parametrize("name", SCALAR)
def test_arrays_give_the_values_of_scalars(name):
    form = theorem(name).certified
    points = valid(form, random_points(form, 300, np.random.default_rng(3)))
    together = form.evaluate(**points)
    for i in range(together.size):
        assert form.evaluate(**{n: v[i] for n, v in points.items()}) == together[i]
    assert not np.isnan(together).any()


@pytest.mark.parametrize("name", SCALAR)
def test_large_arrays_are_cut_into_parts_without_a_seam(name):
    form = theorem(name).certified
    points = valid(form, random_points(form, 70_000, np.random.default_rng(4)))
    together = form.evaluate(**points)
    for at in (0, 32_767, 32_768, 32_769, together.size - 1):
        assert form.evaluate(**{n: v[at] for n, v in points.items()}) == together[at]


def test_broadcasting_keeps_the_shape():
    value = theorem("rd-bernoulli").evaluate(D=np.linspace(0, 0.5, 4)[:, None], q_X=np.array([0.2, 0.5, 0.9]))
    assert value.shape == (4, 3)
    assert isinstance(theorem("rd-bernoulli").evaluate(D=0.1, q_X=0.5), float)
    assert theorem("rd-bernoulli").evaluate(D=np.array([]), q_X=0.5).shape == (0,)
    assert theorem("rd-bernoulli").evaluate(D=np.array([0.1]), q_X=0.5).shape == (1,)


@pytest.mark.parametrize("name", theorems())
def test_every_regime_of_every_form_is_met_and_finite_values_are_not_negative(name):
    found = theorem(name)
    for form in filter(None, (found.certified, found.published)):
        each = 3 if any(p.vector for p in form.parameters) else 20  # of vectors a point is a whole convex program
        found_in = regime_points(form, each, np.random.default_rng(5))
        groups = {r: p for r, p in found_in.items() if p[form.parameters[0].name].size}
        measure_zero = name == "fano" or any(r.name == "lossless" for r in form.regimes)  # D = 0 alone
        assert len(groups) >= len({r.name for r in form.regimes}) - measure_zero
        points = join(list(groups.values()))
        values = form.evaluate(**points)
        assert not np.isnan(values).any()
        if form is found.certified:
            assert (values >= 0).all()
            assert not np.signbit(values).any()
