"""The witness search: it finds planted faults, never a fault in a true form, and shrinks to small rationals."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from rdcsym import theorem
from rdcsym.form import Regime
from rdcsym.refute import Interval, confirm, distance, find_witnesses, reason

INF = math.inf


def interval(lower: float, upper: float) -> Interval:
    return Interval(lower=lower, upper=upper, method="by hand")


@pytest.mark.parametrize(
    ("value", "lower", "upper", "kind", "expected"),
    [
        (1.0, 0.5, 1.0, "tight", 0.0),
        (2.0, 0.5, 1.0, "tight", 0.5),
        (0.25, 0.5, 1.0, "tight", 0.5),
        (0.25, 0.5, 1.0, "lower", 0.0),
        (2.0, 0.5, 1.0, "upper", 0.0),
        (2.0, 0.5, 1.0, "lower", 0.5),
        (INF, INF, INF, "tight", 0.0),
        (1.0, INF, INF, "tight", INF),
        (INF, 0.5, 1.0, "tight", INF),
        (INF, 0.5, INF, "tight", 0.0),
        (-INF, 0.5, 1.0, "lower", 0.0),
    ],
)
def test_distance_from_an_interval(value, lower, upper, kind, expected):
    assert distance(value, interval(lower, upper), kind) == expected


def test_reasons_say_which_way():
    assert "no code meets" in reason(1.0, interval(INF, INF))
    assert "where one does" in reason(INF, interval(0, 1))
    assert "negative" in reason(-1.0, interval(0, 1))
    assert "above" in reason(2.0, interval(0, 1))


def self_oracle(name: str):
    true = theorem(name)
    return lambda p: interval(true.evaluate(**p), true.evaluate(**p)), lambda points: true.evaluate(**points)


def planted(name: str, change):
    form = theorem(name).certified
    return dataclasses.replace(form, regimes=tuple(change(r) for r in form.regimes))


FAULTS = {
    "wrong factor": ("rd-bernoulli", lambda r: dataclasses.replace(r, value=r.value * sp.Rational(11, 10))),
    "wrong sign": ("rd-gaussian", lambda r: dataclasses.replace(r, value=-r.value)),
    "dropped regime": (
        "drc-gaussian",
        lambda r: Regime(r.name, sp.false, r.value) if r.name == "infeasible" else r,
    ),
    "shifted": ("fano", lambda r: dataclasses.replace(r, value=r.value + sp.Rational(1, 20))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_in_small_rationals(fault):
    name, change = FAULTS[fault]
    oracle, guide = self_oracle(name)
    witnesses = find_witnesses(planted(name, change), oracle, guide, np.random.default_rng(0))
    assert witnesses
    for witness in witnesses:
        assert all(Fraction(text).denominator <= 10 for text in witness.point.values())


@pytest.mark.parametrize("name", ["drc-bernoulli-oneshot", "rdc-gaussian", "drpc-gaussian-kl", "fano"])
def test_a_true_form_has_no_witness(name):
    oracle, guide = self_oracle(name)
    assert find_witnesses(theorem(name).certified, oracle, guide, np.random.default_rng(0)) == []


def test_the_guide_alone_refutes_nothing():
    """A guide that is wrong suggests witnesses; the oracle turns them down."""
    oracle, guide = self_oracle("rd-bernoulli")
    form = theorem("rd-bernoulli").certified
    assert find_witnesses(form, oracle, lambda points: guide(points) + 1, np.random.default_rng(0)) == []


def test_a_weaker_bound_is_not_refuted_but_a_too_high_one_is():
    oracle, guide = self_oracle("fano")
    published = theorem("fano").published
    assert published.kind == "lower"
    assert find_witnesses(published, oracle, guide, np.random.default_rng(0)) == []
    raised = dataclasses.replace(
        published, regimes=tuple(dataclasses.replace(r, value=r.value + sp.Rational(1, 2)) for r in published.regimes)
    )
    assert find_witnesses(raised, oracle, guide, np.random.default_rng(0))


def test_a_claim_within_the_margin_is_not_confirmed():
    form = theorem("rd-bernoulli").certified
    point = {"D": Fraction(1, 10), "q_X": Fraction(1, 2)}
    value = form.evaluate(D=0.1, q_X=0.5)
    assert confirm(form, lambda p: interval(value * 0.999, value * 0.9995), point, 1e-2) is None
    found = confirm(form, lambda p: interval(0.1, 0.2), point, 1e-2)
    assert found is not None
    assert found.point == {"D": "1/10", "q_X": "1/2"}
