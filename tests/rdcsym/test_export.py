"""Exported NumPy source is `evaluate`: in every regime, at every boundary, without warnings; and what cannot be exported says so."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from export_samples import FORMS, assert_agrees, exportable, points

from rdcsym import Form, InputError, Parameter, Regime, theorem, theorems
from rdcsym.evaluate import Root
from rdcsym.export import LANGUAGES, export, to_c, to_numpy, to_torch
from rdcsym.form import UNIFORM, Definition
from rdcsym.information import binary_entropy

# Vectors have no source: these are the holes, by name.
NOT_EXPORTABLE = {n for n in theorems() if any(p.vector for p in theorem(n).parameters)}


def load(text):
    namespace = {}
    exec(compile(text, "exported", "exec"), namespace)
    return namespace["value"]


@pytest.mark.parametrize(("name", "which"), FORMS)
def test_numpy_source_is_evaluate(name, which):
    assert_agrees(name, which, load(to_numpy(getattr(theorem(name), which))))


def test_the_theorems_without_source_are_those_with_vectors():
    assert {n for n in theorems() if not exportable(n)} == NOT_EXPORTABLE
    assert len(FORMS) >= 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_vector_or_an_unknown_function_is_named(language):
    with pytest.raises(InputError, match="sigma_X: is a vector"):
        export(theorem("rd-gaussian-vector").certified, language)
    x = sp.Symbol("x", positive=True)
    with pytest.raises(InputError, match="zeta"):
        export(_toy(sp.zeta(x + 2)), language)


def test_another_language_is_bad_input():
    with pytest.raises(InputError, match="fortran"):
        export(theorem("rd-gaussian").certified, "fortran")


def _toy(value, definitions=()):
    x = sp.Symbol("x", positive=True)
    parameter = Parameter(symbol=x, low=0.0, high=10.0, meaning='a "number" */ of \\ things', draw=UNIFORM)
    return Form(
        value="D(x)", parameters=(parameter,), definitions=definitions, regimes=(Regime("only", sp.true, value),), source="a test"
    )


def test_awkward_names_and_words_are_safe():
    lam, x, e = sp.Symbol("lambda", positive=True), sp.Symbol("x", positive=True), sp.Symbol("e", positive=True)
    root = Definition(lam, Root(e, binary_entropy(e) - x / 10, sp.Integer(0), sp.Rational(1, 2)))
    form = _toy(lam * sp.pi, (root,))
    value = load(to_numpy(form))
    assert value(5.0) == pytest.approx(form.evaluate(x=5.0), rel=1e-12)
    assert "lambda_" in to_c(form)
    assert "lambda_" in to_torch(form)


def test_shapes_defaults_and_constants():
    value = load(to_numpy(theorem("drc-gaussian").certified))
    given = {"R": 1, "C": 3, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 1, "theta": 0.5}
    assert value(**given) == theorem("drc-gaussian").evaluate(**given)  # the means have defaults
    assert np.ndim(value(**given)) == 0
    assert value(**{**given, "R": np.ones((2, 1)), "theta": np.zeros(3)}).shape == (2, 3)
    assert value(**{**given, "R": np.empty(0)}).shape == (0,)
    assert load(to_numpy(_toy(sp.Rational(1, 3))))(np.ones(4)).tolist() == [1 / 3] * 4


def test_numpy_source_needs_numpy_alone(tmp_path):
    (tmp_path / "made.py").write_text(to_numpy(theorem("drpc-gaussian-kl").certified), encoding="utf-8")
    program = "import sys, made; print(made.value(1, .1, 3, 1, 1, .5)); print({'rdcsym', 'scipy', 'sympy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    value, modules = done.stdout.split("\n")[:2]
    assert modules == "set()"
    names = [p.name for p in theorem("drpc-gaussian-kl").parameters if p.default is None]
    assert float(value) == pytest.approx(
        theorem("drpc-gaussian-kl").evaluate(**dict(zip(names, (1, 0.1, 3, 1, 1, 0.5), strict=True))), rel=1e-12
    )


def test_the_samples_reach_every_regime():
    for name, which in FORMS:
        form = getattr(theorem(name), which)
        inner, edge = points(name, which)
        reached = set(form.regime(**inner)) | (set() if edge is None else set(form.regime(**edge)))
        assert which == "published" or reached == {r.name for r in form.regimes}
