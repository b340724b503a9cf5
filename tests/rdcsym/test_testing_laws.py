"""The laws of rdcsym.testing: all true theorems pass, each law sees a planted fault by itself, the published forms fall."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

import rdcsym
from rdcsym import testing

QUICK = {"database": None, "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
FOUND = settings(max_examples=150, phases=[Phase.generate], **QUICK)  # no shrinking: only whether anything is found
VECTORS = [n for n in rdcsym.theorems() if "vector" in n]
# An implicit root a point, found by bisection in rationals or by Newton's method: slow one point at a time.
SLOW = {"drc-bernoulli-asymptotic", "rdc-bernoulli-asymptotic"}


def claim_of(theorem):
    return "exact" if theorem.certified.kind == "tight" else theorem.certified.kind


@pytest.mark.parametrize("name", [n for n in rdcsym.theorems() if n not in VECTORS])
def test_every_theorem_passes_its_own_laws(name):
    theorem = rdcsym.theorem(name)
    count = 4 if name in SLOW else 10
    testing.assert_bound(theorem.evaluate, name, claim_of(theorem), settings=settings(max_examples=count, **QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("name", rdcsym.theorems())
def test_every_theorem_passes_its_own_laws_at_many_points(name):
    theorem = rdcsym.theorem(name)
    testing.assert_bound(
        theorem.evaluate, name, claim_of(theorem), settings=settings(max_examples=40 if name in VECTORS else 400, **QUICK)
    )


def faults(theorem):
    """Functions that are wrong in one way each: below everything, above everything, never inf, wavy, smooth but turned round (concave)."""

    def wavy(**point):
        value = theorem.evaluate(**point)
        total = sum(x for x in map(float, point.values()) if math.isfinite(x))
        return value * (1 + 0.3 * math.sin(9 * total)) + 0.01 * (1 + math.sin(7 * total))

    def concave(**point):
        return 1e6 - sum(point[n] ** 2 for n in theorem.problem.constraints if math.isfinite(point[n]))

    yield wavy
    yield lambda **point: -1.0
    yield lambda **point: 1e3
    yield lambda **point: 0.0
    yield concave


SUBJECTS = ["drc-bernoulli-oneshot", "rdc-bernoulli-oneshot", "drc-gaussian", "rdp-gaussian-w2", "fano"]
LAWS = {law.name: name for name in reversed(SUBJECTS) for law in testing.laws_of(name)}


@pytest.mark.parametrize("law", LAWS)
def test_each_law_by_itself_sees_a_planted_fault(law):
    name = LAWS[law]

    def caught(fault):
        try:
            testing.assert_bound(fault, name, laws=[law], settings=FOUND)
        except AssertionError as error:
            return f"not {law}" in str(error)
        return False

    assert any(caught(fault) for fault in faults(rdcsym.theorem(name)))


def test_the_laws_of_the_whole_catalogue_are_those_that_were_tested():
    everywhere = {law.name.split(" in ")[0] for name in rdcsym.theorems() for law in testing.laws_of(name)}
    assert everywhere <= {law.split(" in ")[0] for law in LAWS} | {"entropy of the source"}


def small(text):
    value = Fraction(text)
    return value.denominator <= 10


@pytest.mark.parametrize("name", ["drc-bernoulli-oneshot", "drc-gaussian", "drpc-gaussian-kl", "drpc-gaussian-w2"])
@pytest.mark.parametrize("laws", [["agreement"], pytest.param(None, marks=pytest.mark.slow)])
def test_hypothesis_alone_refutes_each_published_form(name, laws):
    published = rdcsym.theorem(name).published
    with pytest.raises(AssertionError) as caught:
        testing.assert_bound(published.evaluate, name, laws=laws, settings=settings(max_examples=200, **QUICK))
    text = str(caught.value)
    assert "\n" not in text
    point = dict(part.split("=") for part in text.rsplit(" at ", 1)[1].split(", "))
    assert set(point) == {p.name for p in published.parameters}
    assert sum(not small(x) for x in point.values()) <= 1, point  # one may stand on a boundary


def test_the_published_gaussian_form_breaks_a_law_that_needs_no_certified_form():
    published = rdcsym.theorem("drc-gaussian").published
    with pytest.raises(AssertionError, match="not unconstrained transport"):
        testing.assert_bound(published.evaluate, "drc-gaussian", laws=["unconstrained transport"], settings=FOUND)


def test_a_valid_bound_passes_as_a_bound_and_not_as_the_value():
    fano = rdcsym.theorem("fano").published
    testing.assert_bound(fano.evaluate, "fano", "lower", settings=settings(max_examples=100, **QUICK))
    for claim in ("exact", "upper"):
        with pytest.raises(AssertionError, match=claim):
            testing.assert_bound(fano.evaluate, "fano", claim, settings=FOUND)


def test_a_certified_form_that_is_a_bound_refutes_only_what_it_excludes():
    upper = rdcsym.theorem("rd-bernoulli-oneshot-upper")
    exact = rdcsym.theorem("rdc-bernoulli-oneshot")

    def rate(D, q_X, q_Y):
        return exact.evaluate(D=D, C=math.inf, q_X=q_X, q_Y=q_Y, q_S1=0.5)

    testing.assert_bound(rate, upper, settings=settings(max_examples=50, **QUICK))
    with pytest.raises(AssertionError, match="above"):
        testing.assert_bound(lambda D, q_X, q_Y: rate(D, q_X, q_Y) + 1, upper, settings=FOUND)


BAD_VALUES = {"nan": math.nan, "complex": (-1.0) ** 0.5, "nothing": None, "two numbers": np.zeros(2)}


@pytest.mark.parametrize("value", BAD_VALUES)
def test_what_is_no_number_is_a_fault(value):
    with pytest.raises(AssertionError, match="no real number, at D="):
        testing.assert_bound(lambda D: BAD_VALUES[value], "rd-bernoulli", settings=FOUND)


def test_a_function_that_never_speaks_is_no_success():
    with pytest.raises(AssertionError, match="stated no value"):
        testing.assert_bound(lambda D: 0.0, "rd-bernoulli", where=lambda point: False, settings=FOUND)


def test_rounding_at_an_edge_is_no_fault():
    """The textbook formula, whose threshold is an ulp off here and there, and whose slope at D = 0 is infinite."""

    def entropy(p):
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p) if 0 < p < 1 else 0.0

    def rate(D, q_X):
        return max(0.0, entropy(q_X) - entropy(D)) if D < min(q_X, 1 - q_X) else 0.0

    testing.assert_bound(rate, "rd-bernoulli", settings=settings(max_examples=100, **QUICK))
    with pytest.raises(AssertionError, match="below the certified lower end"):
        testing.assert_bound(lambda D, q_X: rate(D * (1 + 1e-6), q_X), "rd-bernoulli", settings=FOUND)


MEASURES = {
    "entropy": lambda p: -sum(x * math.log2(x) for x in p if x > 0),
    "mutual information": lambda p: (
        MEASURES["entropy"](p.sum(1)) + MEASURES["entropy"](p.sum(0)) - MEASURES["entropy"](p.ravel())
    ),
    "equivocation": lambda p: MEASURES["entropy"](p.ravel()) - MEASURES["entropy"](p.sum(0)),
}
WRONG_MEASURES = {
    "no care for 0 log 0": ("entropy", lambda p: float(-(p * np.log2(p)).sum())),
    "nats": ("entropy", lambda p: MEASURES["entropy"](p) * math.log(2)),
    "not concave, not chained": ("entropy", lambda p: 2 * (1 - (p**2).sum())),
    "negative": ("entropy", lambda p: -MEASURES["entropy"](p)),
    "of the label given the wrong side": ("equivocation", lambda p: MEASURES["equivocation"](p.T)),
    "the joint entropy": ("equivocation", lambda p: MEASURES["entropy"](p.ravel())),
    "divides by a product that underflows": (
        "mutual information",
        lambda p: float(np.nansum(p * np.log2(p / np.outer(p.sum(1), p.sum(0))))),
    ),
    "an equivocation": ("mutual information", MEASURES["equivocation"]),
    "twice": ("mutual information", lambda p: 2 * MEASURES["mutual information"](p)),
}


@pytest.mark.parametrize("quantity", MEASURES)
def test_information_measures_pass_in_bits_and_in_nats(quantity):
    few = settings(max_examples=80, **QUICK)
    testing.assert_measure(MEASURES[quantity], quantity, settings=few)
    testing.assert_measure(lambda law: MEASURES[quantity](law) * math.log(2), quantity, unit=math.log(2), settings=few)


@pytest.mark.parametrize("fault", WRONG_MEASURES)
def test_wrong_measures_are_seen(fault):
    quantity, function = WRONG_MEASURES[fault]

    def quiet(law):
        with np.errstate(all="ignore"):
            return function(law)

    with pytest.raises(AssertionError):
        testing.assert_measure(quiet, quantity, settings=settings(max_examples=400, phases=[Phase.generate], **QUICK))


def test_the_edge_of_the_feasible_set_is_decided_a_billionth_away_from_it():
    form, point = rdcsym.theorem("drc-bernoulli-oneshot").certified, {"R": 0.5, "C": 1.0, "q_X": 0.3, "q_Y": 0.3, "q_S1": 0.1}
    edge = float(form.quantity(next(d.symbol for d in form.definitions if d.symbol.name == "C_min"), **point)[0])
    inside = form.evaluate(**{**point, "C": edge})
    for value, right, wrong in ((math.inf, edge + 1e-10, edge + 1e-6), (inside, edge - 1e-10, edge - 1e-6)):
        assert testing.assert_agreement(lambda v=value, **_: v, "drc-bernoulli-oneshot", {**point, "C": right})
        with pytest.raises(AssertionError, match="no code meets the budgets"):
            testing.assert_agreement(lambda v=value, **_: v, "drc-bernoulli-oneshot", {**point, "C": wrong})


def test_a_flip_is_not_asked_of_a_probability_that_has_no_complement():
    theorem, point = (
        rdcsym.theorem("rdc-bernoulli-oneshot-seed-blind"),
        {"D": 0.0, "C": 2.0, "q_X": 0.0, "q_Y": 1e-200, "q_S1": 0.5},
    )
    assert theorem.evaluate(**point) == math.inf
    testing.assert_law(theorem.evaluate, theorem, "symmetry: flip", point)
    with pytest.raises(AssertionError, match="not symmetry: flip"):
        testing.assert_law(lambda q_X: q_X, theorem, "symmetry: flip", {**point, "q_X": 0.25, "q_Y": 0.25})


def test_an_entropy_that_dips_is_not_concave():
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    with pytest.raises(AssertionError, match="not concave"):
        testing.assert_entropy(lambda law: 0.0 if law[0] == 0.375 else MEASURES["entropy"](law), p, q)


FAIR, NOISY = np.eye(2) / 2, np.array([[0.9, 0.1], [0.1, 0.9]])


def test_data_processing_sees_what_a_channel_cannot_do():
    testing.assert_data_processing(MEASURES["mutual information"], FAIR, NOISY)
    testing.assert_equivocation_grows(MEASURES["equivocation"], FAIR, NOISY)
    with pytest.raises(AssertionError, match=r"data processing: I\(X;Z\) <= I\(X;Y\)"):
        testing.assert_data_processing(lambda p: -MEASURES["mutual information"](p), FAIR, NOISY)
    with pytest.raises(AssertionError, match=r"data processing: H\(S\|Y\) <= H\(S\|Z\)"):
        testing.assert_equivocation_grows(lambda p: -MEASURES["equivocation"](p), FAIR, NOISY)


@pytest.mark.parametrize(
    ("law", "function"),
    [
        ("Fano", lambda p: 1.0 if p.shape == (2, 2) and p[0, 1] == 0 else MEASURES["equivocation"](p)),
        ("conditioning", lambda p: 0.2 + MEASURES["equivocation"](p) if p.shape == (2, 2) else MEASURES["equivocation"](p)),
    ],
)
def test_laws_of_equivocation_by_themselves(law, function):
    joint = FAIR if law == "Fano" else np.full((2, 2), 0.25)
    with pytest.raises(AssertionError, match=law if law != "Fano" else "chain rule|Fano|conditioning"):
        testing.assert_equivocation(function, joint)
