"""Anyone's formula against certified intervals and laws: planted faults are found, true formulas are left alone."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from refutation_samples import FAULTS, GAUSSIAN, NORMAL, TRUTHS

from rdcsym import InputError, theorem
from rdcsym.conjecture import claim
from rdcsym.conjecture_search import search
from rdcsym.oracles import certified_interval, refute, within_rounding
from rdcsym.refute import Interval, simplest_point

QUICK_FAULTS = [
    "wrong sign", "D_min ignored", "jump at the wrong C", "q_Y for q_X", "nats for bits", "dropped regime", "wrong base of the logarithm",
    "floor at 0 dropped", "a lower bound too high", "Theorem 2 as published",
]  # fmt: skip
QUICK_TRUTHS = [
    "Bernoulli in the paper's words",
    "the same as LaTeX",
    "Bernoulli rate",
    "Shannon, binary",
    "Shannon, Gaussian",
    "Fano's bound",
]


def run(sample, points):
    return refute(sample.theorem, sample.formula, sample.claim, points=points, where=sample.where)


def check_fault(name, points):
    sample = FAULTS[name]
    found = run(sample, points)
    assert found.refuted
    assert found.witnesses
    for witness in found.witnesses:
        assert all(Fraction(x).denominator <= 10 for x in witness.point.values()), witness
        numbers = {n: float(Fraction(x)) for n, x in witness.point.items()}
        again = certified_interval(sample.theorem, **numbers)
        assert (again.lower, again.upper) == (witness.truth.lower, witness.truth.upper)
        assert sample.claim == "upper" or not witness.claimed <= again.upper or sample.claim == "exact"
        assert not again.lower <= witness.claimed <= again.upper


def test_enough_samples():
    assert len(FAULTS) >= 20
    assert len(TRUTHS) >= 20
    assert len({s.theorem for s in FAULTS.values()}) >= 8


@pytest.mark.parametrize("name", QUICK_FAULTS)
def test_a_planted_fault_has_a_witness_in_small_rationals(name):
    check_fault(name, 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(FAULTS) - set(QUICK_FAULTS)))
def test_every_planted_fault_has_a_witness(name):
    check_fault(name, 400)


@pytest.mark.parametrize("name", QUICK_TRUTHS)
def test_a_true_formula_is_not_refuted(name):
    found = run(TRUTHS[name], 60)
    assert not found.refuted, str(found)
    assert found.points >= 40
    assert str(found) == f"not refuted in {found.points} points"


@pytest.mark.slow
@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_true_formula_is_refuted(name, seed):
    sample = TRUTHS[name]
    found = refute(sample.theorem, sample.formula, sample.claim, where=sample.where, seed=seed)
    assert not found.refuted, str(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drc-bernoulli-oneshot", "rdc-bernoulli-oneshot", "drc-gaussian", "rdc-gaussian", "drpc-gaussian-kl", "drpc-gaussian-w2", "rd-bernoulli", "rd-gaussian"])  # fmt: skip
def test_the_catalogue_s_latex_is_not_refuted(name):
    found = refute(name, theorem(name).latex(), points=200)
    assert not found.refuted, str(found)


@pytest.mark.parametrize("name", ["drc-bernoulli-oneshot", "rd-bernoulli"])
def test_an_ulp_beside_a_jump_refutes_nobody(name):
    """The certified form reads a budget with a tolerance, the oracle does not: beside an edge one says inf where the other does not."""
    found = refute(name, theorem(name).evaluate, points=240)
    assert not found.refuted, str(found)


def test_a_law_is_reported_with_its_points_and_numbers():
    found = refute("rd-bernoulli", "H_b(q_X)*D", points=5, where="0 < D < 1/4", fixed={"q_X": 0.5})
    law = next(b for b in found.broken_laws if b.law == "monotone in D")
    assert "does not rise" in law.statement
    first, second = (Fraction(p["D"]) for p in law.points)
    assert first < second
    assert law.values == pytest.approx([float(first), float(second)])
    assert (law.lesser, law.greater) == (law.values[1], law.values[0])


def test_laws_refute_no_bound():
    """A lower bound that rises with D, is not convex and below the value: nothing is wrong with it."""
    found = refute("rd-bernoulli", "-1 + D^2/9", "lower", points=30, where="D < 1/4")
    assert not found.refuted


def test_where_and_fixed_narrow_the_claim():
    wrong_elsewhere = "log2(sigma_X^2/D)/2"
    assert refute("rd-gaussian", wrong_elsewhere, points=30).refuted
    assert not refute("rd-gaussian", wrong_elsewhere, points=30, where="D <= sigma_X^2").refuted
    assert not refute("rd-gaussian", "Max(0, -log2(D)/2)", points=30, fixed={"sigma_X": 1}).refuted
    found = refute("rd-gaussian", "Max(0, -log2(D)/2)", points=30, fixed={"sigma_X": Fraction(2)})
    assert found.witnesses[0].point["sigma_X"] == "2"


def test_a_formula_without_a_value_is_refuted_inside_the_domain_only():
    inside = refute("rd-gaussian", f"{NORMAL} if D < 1/2 else sqrt(-D)", points=30)
    assert "states no value" in inside.witnesses[0].reason
    assert math.isnan(inside.witnesses[0].claimed)
    edge = refute("rd-bernoulli", "Piecewise((Max(0, H_b(q_X) - H_b(Min(D, 1/2))), 0 < q_X < 1))", points=100)
    assert not edge.refuted
    assert edge.undefined > 0
    assert edge.undefined_at["q_X"] in ("0", "1")
    bound = refute("rd-gaussian", f"{NORMAL} if D < 1/2 else sqrt(-D)", "lower", points=30)
    assert not bound.refuted


def test_a_python_function():
    def numbers(D, sigma_X, **others):
        if D == 0:
            return math.inf
        return max(0.0, math.log2(sigma_X / math.sqrt(D))) if sigma_X > 0 else 0.0

    def arrays(D, sigma_X, mu_X):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(sigma_X > np.sqrt(D), np.log2(sigma_X) - np.log2(D) / 2, 0.0)

    assert not refute("rd-gaussian", numbers, points=40).refuted
    assert not refute("rd-gaussian", arrays, points=40).refuted
    assert claim(theorem("rd-gaussian"), arrays).broadcasts
    assert not claim(theorem("rd-gaussian"), numbers).broadcasts
    found = refute("rd-gaussian", lambda **p: 2 * arrays(**p), points=40)
    assert found.refuted
    assert all(Fraction(x).denominator <= 10 for x in found.witnesses[0].point.values())


def raising(D, **others):
    raise KeyError("no such rate")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (raising, r"D = .*KeyError.*no such rate"),
        (lambda D, **others: "much", r"D = .*'much'"),
        (lambda D, **others: None, "None"),
        (lambda D, P: 0.0, "P"),
        (lambda D, /, **others: 0.0, "D"),
    ],
)
def test_a_python_function_that_fails_names_the_point(function, words):
    with pytest.raises(InputError, match=words):
        refute("rd-gaussian", function, points=10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "rd-gausian"}, "rd-gaussian"),
        ({"formula": 3}, "neither"),
        ({"claim": "tight"}, "claim"),
        ({"points": 0}, "points"),
        ({"points": 1.5}, "points"),
        ({"seed": -1}, "seed"),
        ({"where": "D"}, "condition"),
        ({"where": "D < 0"}, "where = D < 0: holds at no operating point"),
        ({"fixed": {"sigma": 1}}, "sigma_X"),
        ({"fixed": {"sigma_X": -1}}, "domain"),
        ({"fixed": {"sigma_X": [1, 2]}}, "domain"),
        ({"fixed": {"sigma_X": "wide"}}, "number"),
    ],
)
def test_bad_input_is_named(change, words):
    with pytest.raises(InputError, match=words):
        refute(**{"name": "rd-gaussian", "formula": "R(D) = 0", "points": 5, **change})


def test_only_the_oracle_refutes():
    """A guide that is wrong finds suspects; none of them counts. A guide that is right about nothing hides no fault either."""
    chosen = theorem("rd-gaussian")

    def point_interval(offset):
        def ask(point):
            value = chosen.evaluate(**point) + offset
            return Interval(lower=value, upper=value, method="by hand")

        return ask

    rng, tick = np.random.default_rng(0), lambda what: None
    shifted = claim(chosen, f"{NORMAL} + 1", where="D > 0")
    assert search(shifted, point_interval(1.0), within_rounding, 40, rng, tick).witnesses == []
    blind = claim(chosen, NORMAL, where="D > 0")  # the guide agrees, the oracle does not
    found = search(blind, point_interval(1.0), within_rounding, 40, rng, tick).witnesses
    assert len(found) == 1
    assert all(len(x) < 6 for x in found[0].point.values())


def test_without_an_oracle_only_laws_count():
    found = search(claim(theorem("rd-gaussian"), "-D"), None, within_rounding, 40, np.random.default_rng(0), lambda what: None)
    assert found.witnesses == []
    assert found.asked == 0
    assert {b.law for b in found.broken} == {"nonnegative"}


def test_the_same_seed_finds_the_same():
    assert refute("rd-gaussian", "sigma_X - D", seed=3) == refute("rd-gaussian", "sigma_X - D", seed=3)


def test_vectors_lose_components_and_become_simple():
    form = theorem("drc-gaussian-vector").certified
    start = {
        "sigma_X": np.array([1.37, 2.7, 0.9]),
        "sigma_Y": np.array([0.3, 1.1, 2.2]),
        "kappa": np.array([0.31, -0.2, 0.77]),
        "R": 1.234,
        "C": 9.9,
    }
    found = simplest_point(form, start, lambda p: p["sigma_X"].sum(axis=-1) > 3.0)
    assert len(found["sigma_X"]) == len(found["kappa"]) <= 2
    assert float(sum(found["sigma_X"])) > 3.0
    assert all(isinstance(x, Fraction) for x in [*found["sigma_X"], *found["kappa"], found["R"]])


@pytest.mark.slow
def test_a_vector_theorem_takes_text_with_sums_and_functions():
    name, cost = "drc-gaussian-vector", "sum((sigma_X - sigma_Y)^2)"
    assert not refute(name, cost, "lower", points=10).refuted
    found = refute(name, cost, points=10)
    assert found.refuted
    assert found.witnesses[0].point["sigma_X"].startswith("[")
    assert not refute(name, lambda **p: theorem(name).evaluate(**p), points=10).refuted
    with pytest.raises(InputError, match="vector"):
        refute(name, "(sigma_X - sigma_Y)^2", points=10)


def test_the_dropped_infeasible_regime_is_named_as_such():
    found = refute("drc-gaussian", GAUSSIAN.partition("else ")[2], points=10)
    assert "no code meets the budgets" in found.witnesses[0].reason
    assert found.witnesses[0].truth.lower == math.inf
