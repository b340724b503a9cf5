"""Bounds about codes and the coupling through a bottleneck: known values, edges, laws, reductions to other theorems, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rdcsym
from rdcsym import InputError
from rdcsym.oracles import certified_interval

INF = math.inf
NAMES = ("rd-bernoulli-oneshot-lower", "rd-bernoulli-oneshot-upper", "rd-gaussian-dithered", "mec-bernoulli")


def h(p: float) -> float:
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def value(name: str, **point):
    return rdcsym.theorem(name).evaluate(**point)


def bits(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.random(count), rng.random(count)


# ------------------------------------------------------------------------------------------------------------ one-shot rates


def feasible(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    q_X, q_Y = bits(rng, count)
    low, high = np.abs(q_X - q_Y), q_X + q_Y - 2 * q_X * q_Y
    return {"D": low + (high - low) * 1.1 * rng.random(count), "q_X": q_X, "q_Y": q_Y}


def test_the_one_shot_rate_lies_between_its_bounds():
    """Reduction: rdc-bernoulli-oneshot with the classification budget slack is what the two rows bound."""
    at = feasible(np.random.default_rng(0), 2000)
    exact = value("rdc-bernoulli-oneshot", C=1.0, q_S1=0.1, **at)
    lower, upper = value("rd-bernoulli-oneshot-lower", **at), value("rd-bernoulli-oneshot-upper", **at)
    published = rdcsym.theorem("rd-bernoulli-oneshot-upper").published.evaluate(**at)
    assert np.isfinite(exact).all()
    assert (lower <= exact + 1e-13).all()
    assert (exact <= upper + 1e-13).all()
    assert (upper <= published).all()
    assert (exact - lower)[exact > 0.01].max() > 0.1  # the two settings differ
    np.testing.assert_array_equal(lower == 0, upper == 0)


def test_the_lower_bound_is_the_asymptotic_rate():
    """Reduction: rdc-bernoulli-asymptotic with the classification budget slack."""
    at = feasible(np.random.default_rng(1), 500)
    asymptotic = value("rdc-bernoulli-asymptotic", C=1.0, q_S1=0.1, **at)
    np.testing.assert_allclose(value("rd-bernoulli-oneshot-lower", **at), asymptotic, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_a_lossless_copy_needs_the_entropy_in_both_settings(q):
    for side in ("lower", "upper"):
        assert value(f"rd-bernoulli-oneshot-{side}", D=0, q_X=q, q_Y=q) == pytest.approx(h(q), rel=1e-14)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_edges_of_the_one_shot_bounds(side):
    name = f"rd-bernoulli-oneshot-{side}"
    assert value(name, D=0.19, q_X=0.2, q_Y=0.4) == INF
    assert math.isfinite(value(name, D=0.2, q_X=0.2, q_Y=0.4))
    assert value(name, D=0.44, q_X=0.2, q_Y=0.4) == 0
    assert value(name, D=INF, q_X=0.2, q_Y=0.4) == 0
    for q in (0, 1):
        assert value(name, D=abs(q - 0.3), q_X=q, q_Y=0.3) == 0
        assert value(name, D=abs(q - 0.3) - 1e-6, q_X=q, q_Y=0.3) == INF


def test_the_published_lemma():
    """I + log2(I + 1) + 4 at the doubly symmetric pair: I = 1 - H_b(D)."""
    published = rdcsym.theorem("rd-bernoulli-oneshot-upper").published
    i = 1 - h(0.1)
    assert published.evaluate(D=0.1, q_X=0.5, q_Y=0.5) == pytest.approx(i + math.log2(1 + i) + 4, rel=1e-13)
    assert value("rd-bernoulli-oneshot-lower", D=0.1, q_X=0.5, q_Y=0.5) == pytest.approx(i, rel=1e-13)


# --------------------------------------------------------------------------------------------------- dithered quantization

SHANNON_GAP = math.log2(2 * math.pi * math.e / 12) / 2


@pytest.mark.parametrize("G", [1 / 12, 929 / 12960, 0.0658, 0.05854983152431917])
def test_the_redundancy_over_shannon(G):
    """Reduction: rd-gaussian plus 1/2 log2(2 pi e G), which is .2546 for the interval and 0 for the ball in many dimensions."""
    sigma = np.exp(np.random.default_rng(2).normal(size=300))
    D = sigma**2 * np.random.default_rng(3).random(300)
    gap = value("rd-gaussian-dithered", D=D, sigma_X=sigma, G=G) - value("rd-gaussian", D=D, sigma_X=sigma)
    np.testing.assert_allclose(gap, max(0.0, math.log2(2 * math.pi * math.e * G) / 2), atol=1e-13)


def test_the_numbers_that_the_literature_gives():
    def gap(G):
        return value("rd-gaussian-dithered", D=0.5, sigma_X=1, G=G) - 0.5

    assert gap(1 / 12) == pytest.approx(0.2546, abs=1e-4)
    assert gap(929 / 12960) == pytest.approx(0.146, abs=1e-3)  # E8
    assert gap(0.0658) == pytest.approx(0.084, abs=1e-3)  # Leech
    assert abs(gap(1 / (2 * math.pi * math.e) * (1 + 1e-15))) < 1e-14
    assert value("rd-gaussian-dithered", D=0.5, sigma_X=1) == pytest.approx(0.5 + SHANNON_GAP, rel=1e-14)  # scalar by default


@pytest.mark.parametrize(("D", "sigma", "expected"), [(1, 1, 0), (2, 1, 0), (INF, 1, 0), (0, 1, INF), (0, 0, 0), (1, 0, 0)])
def test_edges_of_the_dithered_rate(D, sigma, expected):
    assert value("rd-gaussian-dithered", D=D, sigma_X=sigma) == expected
    assert value("rd-gaussian-dithered", D=D, sigma_X=sigma, mu_X=5) == expected


def test_the_bound_is_tight_at_a_small_distortion_and_not_at_a_large_one():
    def slack(D):
        return value("rd-gaussian-dithered", D=D, sigma_X=1) - certified_interval("rd-gaussian-dithered", D=D, sigma_X=1).upper

    assert abs(slack(1e-4)) < 1e-12
    assert 0 < slack(0.1) < slack(0.5) < slack(0.999) < SHANNON_GAP


# -------------------------------------------------------------------------------------------- coupling through a bottleneck


def test_without_a_budget_it_is_the_minimum_entropy_coupling():
    """The better of the two extreme couplings, priced from their tables."""
    rng = np.random.default_rng(4)
    for q_X, q_Y in zip(*bits(rng, 100), strict=True):
        ends = []
        for c in (min(q_X * (1 - q_Y), (1 - q_X) * q_Y), -min(q_X * q_Y, (1 - q_X) * (1 - q_Y))):
            cells = [q_X * q_Y + c, q_X * (1 - q_Y) - c, (1 - q_X) * q_Y - c, (1 - q_X) * (1 - q_Y) + c]
            ends.append(h(q_X) + h(q_Y) + sum(m * math.log2(m) for m in cells if m > 1e-15))
        assert value("mec-bernoulli", R=INF, q_X=q_X, q_Y=q_Y) == pytest.approx(max(ends), abs=1e-12)


@pytest.mark.parametrize("q", [0, 0.1, 0.5, 0.8, 1])
def test_equal_laws(q):
    """Reduction: without a budget Y = X tells all of it, as a lossless copy does in rd-bernoulli."""
    assert value("mec-bernoulli", R=INF, q_X=q, q_Y=q) == pytest.approx(h(q), abs=1e-15)
    assert value("mec-bernoulli", R=INF, q_X=q, q_Y=1 - q) == pytest.approx(h(q), abs=1e-13)
    assert value("mec-bernoulli", R=INF, q_X=q, q_Y=q) == pytest.approx(value("rd-bernoulli", D=0, q_X=q), abs=1e-15)
    assert value("mec-bernoulli", R=h(q), q_X=q, q_Y=q) == pytest.approx(h(q), abs=1e-12)


def test_laws_of_the_bottleneck():
    rng = np.random.default_rng(5)
    q_X, q_Y = bits(rng, 4000)
    R = rng.random(4000)
    at = {"q_X": q_X, "q_Y": q_Y}
    found = value("mec-bernoulli", R=R, **at)
    entropy = rdcsym.theorem("rd-bernoulli").evaluate
    assert (found <= np.minimum(R, np.minimum(entropy(D=0, q_X=q_X), entropy(D=0, q_X=q_Y))) + 1e-13).all()  # data processing
    assert (value("mec-bernoulli", R=0, **at) == 0).all()
    assert (found <= value("mec-bernoulli", R=R + 0.1 * rng.random(4000), **at) + 1e-14).all()
    np.testing.assert_allclose(value("mec-bernoulli", R=R, q_X=q_Y, q_Y=q_X), found, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(value("mec-bernoulli", R=R, q_X=1 - q_X, q_Y=q_Y), found, rtol=1e-9, atol=1e-13)
    assert (found > 0).all()


def test_it_grows_without_a_jump_into_the_marginal_limit():
    for q_X, q_Y in ((0.3, 0.4), (0.5, 0.5), (0.8, 0.1)):
        edge = min(h(q_X), h(q_Y))
        below, at = (value("mec-bernoulli", R=edge - gap, q_X=q_X, q_Y=q_Y) for gap in (1e-13, 0.0))
        assert 0 <= at - below < 2e-5  # fair bits: a crossover of the gap's root, whose entropy this is
        assert rdcsym.theorem("mec-bernoulli").regime(R=edge - 1e-13, q_X=q_X, q_Y=q_Y) == "rate-limited"


def test_a_channel_code_at_low_rate():
    """For q_X = q_Y = 1/2 and H_b(t) = R the coupling is a binary symmetric channel with crossover (1 - 2t)/(2 - 2t)."""
    t = 0.2
    assert value("mec-bernoulli", R=h(t), q_X=0.5, q_Y=0.5) == pytest.approx(1 - h((1 - 2 * t) / (2 - 2 * t)), rel=1e-12)


# ------------------------------------------------------------------------------------------------------------------- all four


@pytest.mark.parametrize("name", NAMES)
def test_the_proof_and_its_regimes(name):
    t = rdcsym.theorem(name)
    assert t.derivation.check() >= 9
    assert t.derivation.proved_regimes() >= {r.name for r in t.certified.regimes}
    assert "begin{aligned}" in t.latex()
    assert (
        t.certified.kind == {"lower": "lower", "upper": "upper", "dithered": "upper", "bernoulli": "tight"}[name.split("-")[-1]]
    )


@pytest.mark.parametrize(
    ("name", "point", "argument"),
    [
        ("mec-bernoulli", {"R": -1, "q_X": 0.3, "q_Y": 0.3}, "R"),
        ("mec-bernoulli", {"R": 1, "q_X": 1.3, "q_Y": 0.3}, "q_X"),
        ("mec-bernoulli", {"R": 1, "q_X": 0.3}, "q_Y"),
        ("rd-gaussian-dithered", {"D": 1, "sigma_X": 1, "G": 0.05}, "G"),
        ("rd-gaussian-dithered", {"D": 1, "sigma_X": 1, "G": 0.09}, "G"),
        ("rd-gaussian-dithered", {"D": 1, "sigma_X": -1}, "sigma_X"),
        ("rd-bernoulli-oneshot-lower", {"D": -1, "q_X": 0.3, "q_Y": 0.3}, "D"),
        ("rd-bernoulli-oneshot-upper", {"D": 1, "q_X": 0.3, "q_Y": 0.3, "C": 1}, "C"),
    ],
)
def test_bad_input(name, point, argument):
    with pytest.raises(InputError, match=argument):
        value(name, **point)
