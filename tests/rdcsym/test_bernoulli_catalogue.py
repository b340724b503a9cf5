"""The asymptotic Bernoulli rows of the catalogue: known values, edges, reductions to other theorems."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rdcsym
from rdcsym import InputError
from rdcsym.operating_points import each, random_points
from rdcsym.oracles import oracle
from rdcsym.refute import distance

INF = math.inf
NAMES = ("rdp-bernoulli-tv", "rdc-bernoulli-single-domain", "drc-bernoulli-asymptotic", "rdc-bernoulli-asymptotic")


def h(p: float) -> float:
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def value(name: str, **point):
    return rdcsym.theorem(name).evaluate(**point)


def points(name: str, count: int, seed: int = 0):
    return random_points(rdcsym.theorem(name).certified, count, np.random.default_rng(seed))


# What others have printed, and the edges.


def test_the_ternary_entropies_of_blau_and_michaeli():
    q, P, D = 0.3, 0.1, 0.25

    def ternary(a, b):
        return -sum(x * math.log2(x) for x in (a, b, 1 - a - b))

    assert P / (1 - 2 * (q - P)) < D < 2 * q * (1 - q) - (1 - 2 * q) * P
    theirs = 2 * h(q) + h(q - P) - ternary((D - P) / 2, q) - ternary((D + P) / 2, 1 - q)
    assert value("rdp-bernoulli-tv", D=D, P=P, q_X=q) == pytest.approx(theirs, rel=1e-13)
    assert value("rdp-bernoulli-tv", D=0.16, P=P, q_X=q) == pytest.approx(h(q) - h(0.16), rel=1e-13)
    assert value("rdp-bernoulli-tv", D=0.39, P=P, q_X=q) == 0


def test_perception_costs_rate_only_beyond_its_threshold():
    q, P = 0.3, 0.1
    at = [value("rdp-bernoulli-tv", D=D, P=P, q_X=q) - value("rd-bernoulli", D=D, q_X=q) for D in (0.1, 0.1666, 0.17, 0.25, 0.3)]
    assert at[:2] == [0, 0]
    assert 0 < at[2] < at[3] < at[4]


def test_perfect_realism_doubles_the_distortion_at_most():
    """R(2D, P=0) <= R(D): drawing X anew from its posterior given the code at most doubles P(X != Y), and its law is p_X."""
    q = np.linspace(0.01, 0.99, 25)[:, None]
    D = np.linspace(0, 0.25, 26)
    assert (value("rdp-bernoulli-tv", D=2 * D, P=0, q_X=q) <= value("rd-bernoulli", D=D, q_X=q) + 1e-15).all()


@pytest.mark.parametrize("q_X", [0.0, 1.0])
def test_a_trivial_source_needs_no_rate(q_X):
    assert value("rdp-bernoulli-tv", D=0, P=0, q_X=q_X) == 0
    assert value("rdc-bernoulli-single-domain", D=0, C=h(0.1), q_X=q_X, q_S1=0.1) == 0
    assert value("drc-bernoulli-asymptotic", R=0, C=h(0.1), q_X=q_X, q_Y=0.3, q_S1=0.1) == pytest.approx(abs(q_X - 0.3))


def test_the_label_that_is_pure_noise():
    for q_X in (0.0, 0.2, 0.5, 1.0):
        for name, extra in (("rdc-bernoulli-single-domain", {}), ("rdc-bernoulli-asymptotic", {"q_Y": q_X})):
            assert value(name, D=1, C=1 - 1e-9, q_X=q_X, q_S1=0.5, **extra) == INF
            assert value(name, D=1, C=1, q_X=q_X, q_S1=0.5, **extra) == 0
        assert value("rdc-bernoulli-single-domain", D=0.1, C=1, q_X=q_X, q_S1=0.5) == value("rd-bernoulli", D=0.1, q_X=q_X)


@pytest.mark.parametrize("q_S1", [0.0, 0.1, 0.3, 0.9])
def test_no_channel_hears_more_of_the_label_than_the_source_does(q_S1):
    at = {"q_X": 0.4, "q_S1": q_S1}
    least = h(q_S1)
    assert value("rdc-bernoulli-single-domain", D=1, C=least, **at) == pytest.approx(h(0.4), rel=1e-6)
    if least:
        assert value("rdc-bernoulli-single-domain", D=1, C=least - 1e-9, **at) == INF
        assert value("drc-bernoulli-asymptotic", R=INF, C=least - 1e-9, q_Y=0.4, **at) == INF


def test_what_no_budget_binds():
    at = {"q_X": 0.3, "q_Y": 0.45, "q_S1": 0.1}
    assert value("drc-bernoulli-asymptotic", R=INF, C=INF, **at) == pytest.approx(0.15, rel=1e-14)
    assert value("drc-bernoulli-asymptotic", R=0, C=1, **at) == pytest.approx(0.3 + 0.45 - 2 * 0.3 * 0.45, rel=1e-14)
    assert value("drc-bernoulli-asymptotic", R=0, C=0.9, **at) == INF
    assert value("rdc-bernoulli-asymptotic", D=INF, C=INF, **at) == 0
    assert value("rdc-bernoulli-asymptotic", D=0.14, C=1, **at) == INF


def test_a_classifier_may_want_anticorrelation():
    """q_X + q_Y = 1: Y = 1 - X tells all of X, which no positive covariance does."""
    at = {"q_X": 0.3, "q_Y": 0.7, "q_S1": 0.1}
    assert value("drc-bernoulli-asymptotic", R=1, C=h(0.1) + 1e-9, **at) == pytest.approx(1, abs=1e-6)
    assert rdcsym.theorem("drc-bernoulli-asymptotic").regime(R=1, C=0.6, **at) == "anticorrelated"
    assert rdcsym.theorem("rdc-bernoulli-asymptotic").regime(D=1, C=h(0.1) + 1e-9, **at) == "anticorrelated"


@pytest.mark.parametrize("name", NAMES)
def test_bad_input_names_the_argument(name):
    at = {n: x[0] for n, x in points(name, 1).items()}
    for argument, bad in (("q_X", 1.5), ("q_X", math.nan), (next(iter(at)), -0.1)):
        with pytest.raises(InputError, match=argument):
            value(name, **{**at, argument: bad})
    with pytest.raises(InputError, match="q_X"):
        value(name, **{n: x for n, x in at.items() if n != "q_X"})


@pytest.mark.parametrize("name", NAMES)
def test_arrays_and_scalars_agree_to_the_bit(name):
    p = points(name, 100_000)
    array = value(name, **p)
    assert not np.isnan(array).any()
    assert (array >= 0).all()
    few = {n: x[:40] for n, x in p.items()}
    assert [value(name, **q) for q in each(few)] == list(array[:40])


@pytest.mark.parametrize("name", NAMES)
def test_the_solvers_agree(name):
    theorem = rdcsym.theorem(name)
    ask = oracle(theorem)
    p = points(name, 25, seed=3)
    for point, claimed in zip(each(p), theorem.evaluate(**p), strict=True):
        assert distance(claimed, ask(point)) < 1e-12, point


@pytest.mark.parametrize("name", NAMES)
def test_each_step_of_the_proof(name):
    theorem = rdcsym.theorem(name)
    assert theorem.derivation.check() > 15
    assert theorem.derivation.proved_regimes() >= {r.name for r in theorem.certified.regimes}


# Reductions between theorems.


def test_without_perception_it_is_shannons_function():
    p = points("rdp-bernoulli-tv", 5000)
    expected = value("rd-bernoulli", D=p["D"], q_X=p["q_X"])
    assert value("rdp-bernoulli-tv", **{**p, "P": 1.0}) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_a_fair_source_looks_like_itself_at_no_cost():
    D = np.linspace(0, 0.6, 61)
    assert value("rdp-bernoulli-tv", D=D, P=0, q_X=0.5) == pytest.approx(value("rd-bernoulli", D=D, q_X=0.5), abs=1e-15)


def test_perfect_perception_is_the_given_law_of_the_source():
    p = points("rdp-bernoulli-tv", 5000)
    given = value("rdc-bernoulli-asymptotic", D=p["D"], C=1, q_X=p["q_X"], q_Y=p["q_X"], q_S1=0.2)
    assert value("rdp-bernoulli-tv", **{**p, "P": 0.0}) == pytest.approx(given, rel=1e-11, abs=1e-14)


def test_a_ball_of_laws_is_the_best_law_in_it():
    p = {n: x[:, None] for n, x in points("rdp-bernoulli-tv", 200).items()}
    inside = p["q_X"] + p["P"] * np.linspace(-1, 1, 801)
    inside = np.clip(inside, 0, 1)
    best = value("rdc-bernoulli-asymptotic", D=p["D"], C=1, q_X=p["q_X"], q_Y=inside, q_S1=0).min(axis=1)
    ours = value("rdp-bernoulli-tv", **p)[:, 0]
    assert (ours <= best + 1e-14).all()
    assert ours == pytest.approx(best, abs=2e-4)


def test_the_best_given_law_is_shannons():
    p = points("rd-bernoulli", 5000)
    q, D = np.minimum(p["q_X"], 1 - p["q_X"]), p["D"]
    q_Y = np.where(D < q, (q - D) / np.where(D < q, 1 - 2 * D, 1.0), 0.0)
    free = value("rd-bernoulli", D=D, q_X=q)
    assert value("rdc-bernoulli-asymptotic", D=D, C=1, q_X=q, q_Y=q_Y, q_S1=0.3) == pytest.approx(free, rel=1e-9, abs=1e-13)
    other = value("rdc-bernoulli-asymptotic", D=D, C=1, q_X=q, q_Y=p["q_X"][::-1], q_S1=0.3)
    assert (other >= free - 1e-14).all()


def test_a_deaf_classifier_leaves_shannons_function():
    p = points("rdc-bernoulli-single-domain", 5000)
    expected = value("rd-bernoulli", D=p["D"], q_X=p["q_X"])
    assert value("rdc-bernoulli-single-domain", **{**p, "C": 1.0}) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_a_label_that_is_the_source_itself():
    """q_S1 = 0: H(X|Y) <= C costs H(X) - C, whatever else is asked."""
    p = points("rdc-bernoulli-single-domain", 5000)
    C = p["C"]
    expected = np.maximum(
        value("rd-bernoulli", D=p["D"], q_X=p["q_X"]), [max(0, h(q) - c) for q, c in zip(p["q_X"], C, strict=True)]
    )
    assert value("rdc-bernoulli-single-domain", **{**p, "q_S1": 0.0}) == pytest.approx(expected, rel=1e-11, abs=1e-14)


def test_a_given_law_costs_rate_over_a_free_one():
    p = points("rdc-bernoulli-single-domain", 5000)
    free = value("rdc-bernoulli-single-domain", **p)
    for q_Y in (0.2, 0.5, 0.9):
        assert (value("rdc-bernoulli-asymptotic", **p, q_Y=q_Y) >= free - 1e-9).all()


def test_the_backward_channels_law_loses_nothing_to_a_free_one():
    q, s, c = 0.4, 0.1, 0.15
    C = h(s + (1 - 2 * s) * c)
    given = value("rdc-bernoulli-asymptotic", D=1, C=C, q_X=q, q_Y=(q - c) / (1 - 2 * c), q_S1=s)
    assert value("rdc-bernoulli-single-domain", D=1, C=C, q_X=q, q_S1=s) == pytest.approx(given, rel=1e-12)
    assert given == pytest.approx(h(q) - h(c), rel=1e-12)


def test_long_codes_beat_one_shot_codes():
    """A one-shot code whose classifier does not see the seed has I(X;Y) <= H(Y|U) <= R, and the same loss."""
    p = points("drc-bernoulli-asymptotic", 20_000)
    oneshot = rdcsym.theorem("drc-bernoulli-oneshot").evaluate(**p, classifier_sees_seed=False)
    ours = value("drc-bernoulli-asymptotic", **p)
    assert (ours <= oneshot + 1e-12).all()
    assert (ours < oneshot - 1e-3).mean() > 0.05
    slack = {**p, "C": np.ones(20_000)}
    seen = value("drc-bernoulli-oneshot", **slack)
    assert (value("drc-bernoulli-asymptotic", **slack) <= seen + 1e-12).all()


def test_rate_and_distortion_are_inverse_to_each_other():
    p = points("drc-bernoulli-asymptotic", 20_000)
    D = value("drc-bernoulli-asymptotic", **p)
    at = {n: x[np.isfinite(D)] for n, x in p.items()}
    R = at.pop("R")
    needed = value("rdc-bernoulli-asymptotic", D=D[np.isfinite(D)] * (1 + 1e-12), **at)
    assert (needed <= R + 1e-6).all()


def test_convex_where_the_classifier_asks_nothing():
    R = np.linspace(0, 1, 201)
    for q_X, q_Y in ((0.3, 0.4), (0.1, 0.8), (0.5, 0.5)):
        D = value("drc-bernoulli-asymptotic", R=R, C=1, q_X=q_X, q_Y=q_Y, q_S1=0.1)
        assert (np.diff(D, 2) >= -1e-14).all()
        assert (np.diff(D) <= 0).all()


def test_flipping_all_bits_changes_nothing():
    for name in NAMES:
        p = points(name, 2000)
        flipped = {n: 1 - x if n in ("q_X", "q_Y") else x for n, x in p.items()}
        a, b = value(name, **p), value(name, **flipped)
        finite = np.isfinite(a) & np.isfinite(b)
        assert a[finite] == pytest.approx(b[finite], rel=1e-7, abs=1e-9)
        assert finite.sum() > 300
        assert (finite == (np.isfinite(a) | np.isfinite(b))).mean() > 0.999  # within rounding of the edge both are right
