"""The proof checker: every step of the catalogue holds, and a broken step of each kind is caught."""

from __future__ import annotations

import dataclasses

import pytest
import sympy as sp

from rdcsym import theorem, theorems
from rdcsym.information import binary_entropy
from rdcsym.linear_program import LinearProgram, farkas_steps, linear_program_steps
from rdcsym.proof import BoxSign, Case, Derivation, Identity, Lemma, ProofError, Sign, Step, is_zero

x = sp.Symbol("x", positive=True)
y = sp.Symbol("y", real=True)


@pytest.mark.parametrize("name", theorems())
def test_every_step_of_every_derivation_holds(name):
    derivation = theorem(name).derivation
    assert all(step.check() is True for step in derivation)
    assert derivation.check() == len(derivation) - len(derivation.lemmas) - len(derivation.cases) > 0


@pytest.mark.parametrize("name", theorems())
def test_every_regime_has_a_proved_step_of_its_own(name):
    found = theorem(name)
    assert {r.name for r in found.certified.regimes} <= found.derivation.proved_regimes()


@pytest.mark.parametrize("name", theorems())
def test_a_shifted_step_fails(name):
    """Mutation: move one side of each identity, or the expression of each sign, and the check must notice."""
    for step in theorem(name).derivation:
        if isinstance(step, Identity):
            with pytest.raises(ProofError):
                dataclasses.replace(step, lhs=step.lhs + sp.Rational(1, 1000)).check()
        if isinstance(step, Sign):
            with pytest.raises(ProofError):
                dataclasses.replace(step, expression=step.expression - sp.Rational(1, 1000)).check()


def test_an_identity_names_the_failing_equality():
    with pytest.raises(ProofError, match="squares"):
        Identity("", "squares", x**2, x).check()
    assert Identity("", "sum", (x + y) ** 2, x**2 + 2 * x * y + y**2).check()


def test_a_sign_needs_known_factors_and_the_right_sum():
    assert Sign("", "a square", y**2 - 2 * y + 1, (((y - 1) ** 2,),)).check()
    assert Sign("", "given", y, ((y,),), given=(y,)).check()
    with pytest.raises(ProofError, match="not known to be nonnegative"):
        Sign("", "unknown sign", y, ((y,),)).check()
    with pytest.raises(ProofError, match="not the sum"):
        Sign("", "wrong sum", x + 1, ((x,),)).check()
    with pytest.raises(ProofError, match="positive"):
        Sign("", "not strict", y, ((y,),), given=(y,), strict=True).check()
    assert Sign("", "inverse of a positive", 1 / (1 - y), ((1 / (1 - y),),), positive=(1 - y,), strict=True).check()
    with pytest.raises(ProofError, match="not known"):
        Sign("", "inverse of a given is no sign", 1 / y, ((1 / y,),), given=(y,)).check()


def test_a_sign_on_a_box_is_decided_by_intervals():
    t = sp.Symbol("t", real=True)
    box = ((t, sp.Rational(1, 10), sp.Rational(9, 10)),)
    assert BoxSign("", "a parabola", t * (1 - t) - sp.Rational(8, 100), box).check()
    with pytest.raises(ProofError):
        BoxSign("", "not there", t * (1 - t) - sp.Rational(1, 10), box).check()
    assert BoxSign("", "a logarithm", -sp.log(t), box).check()


def test_a_box_encloses_its_constants():
    """A rational that float64 would round must not be decided by that rounding."""
    t = sp.Symbol("t", real=True)
    tiny = t / 3 - sp.Rational(1, 3) * sp.Rational(10**19 + 1, 10**19)
    with pytest.raises(ProofError):
        BoxSign("", "below zero by 3e-20", tiny, ((t, 1, 1),), depth=2).check()
    with pytest.raises(ProofError, match="no enclosure"):
        BoxSign("", "an unknown function", sp.gamma(t), ((t, 1, 2),)).check()
    half = (t, sp.Rational(1, 4), sp.Rational(1, 2))
    assert BoxSign("", "entropy", binary_entropy(t) - t, (half,)).check()


def test_contradictory_assumptions_are_refused():
    for given, positive in (((sp.Integer(-1),), ()), ((), (sp.Integer(0),))):
        with pytest.raises(ProofError, match="assumed"):
            Case("", "assume", sp.Integer(0), given, positive).check()
        with pytest.raises(ProofError, match="assumed"):
            Sign("", "from nonsense", sp.Integer(-1), ((-1,),), given, positive).check()


def test_a_lemma_is_cited_and_not_counted():
    derivation = Derivation([Lemma("", "a theorem of others", "its source"), Identity("", "trivial", x, x)])
    assert derivation.check() == 1
    assert [lemma.source for lemma in derivation.lemmas] == ["its source"]
    with pytest.raises(TypeError):
        Step("", "abstract").check()


def test_is_zero_is_not_fooled_by_small_numbers():
    assert is_zero(sp.sqrt(2) ** 2 - 2)
    assert not is_zero(sp.Rational(1, 10**30))
    assert not is_zero(x * sp.Rational(1, 10**30))


def _program() -> LinearProgram:
    return LinearProgram(("a", "b"), (("total", (1, 1), sp.S.One),), (("R", (1, 0), x),), (0, 1))


def test_a_linear_program_is_proved_and_a_wrong_multiplier_is_caught():
    arguments = {
        "value": 1 - x, "primal": (x, 1 - x), "dual": (1,), "given": (1 - x,),
        "signs": {"w_a": ((x,),), "w_b": ((1 - x,),), "multiplier of R": ((1,),)},
    }  # fmt: skip
    assert all(s.check() for s in linear_program_steps("r", _program(), multipliers=(1,), **arguments))
    with pytest.raises(ProofError):
        Derivation(linear_program_steps("r", _program(), multipliers=(2,), **arguments)).check()


def test_farkas_needs_a_strict_gap():
    program = LinearProgram(("a",), (("total", (1,), sp.S.One),), (("R", (1,), 1 - x),))
    signs = {"multiplier of R": ((1,),), "gap": ((x,),)}
    assert all(s.check() for s in farkas_steps("r", program, dual=(1,), multipliers=(1,), signs=signs))
    with pytest.raises(ProofError):
        Derivation(farkas_steps("r", program, dual=(1,), multipliers=(0,), signs=signs)).check()
