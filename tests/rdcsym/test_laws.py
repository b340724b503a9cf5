"""The laws: every certified form obeys them, a function that breaks one is found, and each is asked only where it is a theorem."""

from __future__ import annotations

import numpy as np
import pytest

from rdcsym import theorem, theorems
from rdcsym.laws import excess, laws_of, violations
from rdcsym.operating_points import boundary_points, join, random_points, valid

TIGHT = [n for n in theorems() if theorem(n).certified.kind == "tight"]
LAWS = [(n, law.name) for n in TIGHT for law in laws_of(theorem(n))]


def form_of(name):
    form = theorem(name).certified
    return lambda points: form.evaluate(**{p.name: points[p.name] for p in form.parameters})


def drawn(name, count, seed=0):
    form = theorem(name).certified
    return valid(form, random_points(form, count, np.random.default_rng(seed), components=3))


def is_vector(name):
    return any(p.vector for p in theorem(name).parameters)


def _slow_if_vector(name):
    return pytest.param(name, marks=pytest.mark.slow) if is_vector(name) else name


@pytest.mark.parametrize("name", [_slow_if_vector(n) for n in TIGHT])
def test_a_certified_form_obeys_every_law(name):
    points = drawn(name, 8 if is_vector(name) else 3000)
    assert violations(form_of(name), theorem(name), points, np.random.default_rng(1)) == []


@pytest.mark.parametrize("name", [n for n in TIGHT if not is_vector(n)])
def test_the_edges_of_the_regimes_break_no_law(name):
    """On a boundary and one ulp beside it rounding decides between a value and inf: no law may be called broken there."""
    points = join([part for _, part in boundary_points(theorem(name), 20, np.random.default_rng(2))])
    assert violations(form_of(name), theorem(name), points, np.random.default_rng(3)) == []


def breaker(name, law):
    """A function that breaks the law, as bluntly as possible."""
    sign = -1.0 if theorem(name).problem.value == "error probability" else 1.0
    kind, _, what = law.partition(" in ")
    count = lambda p: len(next(iter(p.values())))  # noqa: E731
    if kind == "monotone":
        return lambda p: sign * p[what]
    if kind == "convex":
        return lambda p: -sum(p[n] ** 2 for n in what.split(", "))
    if law == "noisier label":
        return lambda p: np.abs(p["q_S1"] - 0.5) if "q_S1" in p else 1 / (1 + p["sigma_S"])
    symmetry = {"symmetry: flip": "q_X", "symmetry: flip of the label": "q_S1", "symmetry: sign of the label": "theta"}
    if law in symmetry:
        return lambda p: p[symmetry[law]]
    if law == "symmetry: shift":
        return lambda p: p["mu_X"]
    constant = {"nonnegative": -1.0, "independent coupling": np.inf, "rate 0": -1.0, "entropy of the source": 2.0}
    return lambda p: np.full(count(p), constant.get(law, -1e9))


@pytest.mark.parametrize(("name", "law"), LAWS)
def test_a_broken_law_is_found(name, law):
    points = drawn(name, 400)
    generous = points | {n: points[n] + 3.0 * (1.0 + np.abs(points[n])) for n in ("D", "C") if n in points}
    points = join([points, valid(theorem(name).certified, generous)])
    found = violations(breaker(name, law), theorem(name), points, np.random.default_rng(0))
    broken = next(v for v in found if v.law == law)
    assert broken.lesser > broken.greater
    assert broken.excess > 0
    assert len(broken.points) == len(broken.values)


def test_each_law_is_asked_only_where_it_is_a_theorem():
    names = {n: {law.name for law in laws_of(theorem(n))} for n in TIGHT}
    assert "convex in R, C" in names["drc-bernoulli-oneshot"]
    assert "convex in R, C" in names["drc-gaussian"]
    assert not any(law.startswith("convex") for law in names["drc-bernoulli-oneshot-seed-blind"])  # H(S|Y) <= C is not convex
    assert "rate 0" not in names["drpc-gaussian-kl"]  # the output law is free
    assert names["fano"] == {"monotone in C"}


def test_a_bound_is_refuted_by_bounds_only():
    chosen = theorem("drc-bernoulli-oneshot")
    assert {law.name for law in laws_of(chosen, "lower")} == {"independent coupling"}
    assert {law.name for law in laws_of(chosen, "upper")} == {"unconstrained transport", "nonnegative", "data processing"}
    for name in set(theorems()) - set(TIGHT):
        assert laws_of(theorem(name)) == ()


def test_a_law_says_nothing_where_no_value_is_stated():
    chosen = theorem("rd-gaussian")
    points = drawn("rd-gaussian", 50)
    assert violations(lambda p: np.full(len(p["D"]), np.nan), chosen, points, np.random.default_rng(0)) == []


def test_an_excess_must_survive_the_rounding_of_the_budgets():
    """The value 0 up to D = 1 and inf beyond would break monotonicity; that D = 1 itself is inf by an ulp must not."""
    chosen = theorem("rd-gaussian")
    law = next(x for x in laws_of(chosen) if x.name == "monotone in D")
    base = {"D": np.array([0.5]), "mu_X": np.zeros(1), "sigma_X": np.ones(1), "step D": np.array([1 / 3])}  # compares with D = 1
    spike = excess(law, lambda p: np.where(p["D"] == 1.0, np.inf, 1.0), chosen, base)
    cliff = excess(law, lambda p: np.where(p["D"] > 0.9, np.inf, 1.0), chosen, base)
    assert spike[0] == 0.0
    assert cliff[0] == np.inf
