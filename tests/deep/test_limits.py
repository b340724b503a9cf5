"""Limits of sources: against the theorems and each other."""

from __future__ import annotations

import math

import pytest

from deep.limits import at_measured_law, limit
from rdcsym import theorem
from rdcsym.problem import InputError

GAUSS = {"kind": "gauss-vector", "sigma_X": [2.0, 1.0], "sigma_Y": [1.8, 1.1], "kappa": [0.2, 0.9]}
BLOCK = {"kind": "bernoulli-block", "q_X": 0.5, "q_Y": 0.5, "q_S1": 0.1, "block": 15}


def entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def test_images_have_none():
    assert limit({"kind": "images"}, rate=4.0) is None


@pytest.mark.parametrize("loss", [None, 3.4, 3.2])
def test_gaussian_vectors_are_the_theorem(loss):
    named = {name: tuple(GAUSS[name]) for name in ("sigma_X", "sigma_Y", "kappa")}
    value = theorem("drc-gaussian-vector").evaluate(R=2.0, C=1e3 if loss is None else loss, **named)
    found = limit(GAUSS, rate=2.0, classification=loss)
    assert found.kind == "certified limit"
    assert found.lower == pytest.approx(float(value) / 2, rel=1e-6)
    back = limit(GAUSS, distortion=found.upper, classification=loss)
    assert back.lower == pytest.approx(2.0, abs=1e-5)


def test_a_scalar_source_is_a_vector_of_one():
    source = {"kind": "gaussian", "sigma_X": 1.0, "sigma_Y": 1.0}
    assert limit(source, rate=1.0).lower == pytest.approx(2 - 2 * math.sqrt(0.75), rel=1e-9)


def test_blocks_are_rate_distortion_of_the_uniform_source():
    d = 0.11
    assert limit(BLOCK, distortion=d).lower == pytest.approx(15 * (1 - entropy(d)), rel=1e-7)
    assert limit(BLOCK, rate=15 * (1 - entropy(d))).lower == pytest.approx(d, rel=1e-7)


def test_a_label_forbids_below_mrs_gerbers_lemma_and_asks_for_rate():
    d = 0.11
    least = 15 * entropy(d * 0.9 + 0.1 * (1 - d))
    rate = 15 * (1 - entropy(d))
    assert limit(BLOCK, rate=rate, classification=least + 1e-5).lower == pytest.approx(d, rel=1e-7)
    assert limit(BLOCK, rate=rate, classification=least - 1e-3).lower == math.inf
    assert limit(BLOCK, distortion=0.4, classification=least).lower == pytest.approx(rate, rel=1e-5)
    assert limit(BLOCK, distortion=0.4, classification=15 * entropy(0.1) - 0.01).lower == math.inf
    assert limit(BLOCK, distortion=0.4, classification=-1.0).lower == math.inf
    assert limit(BLOCK, distortion=0.4, classification=99.0).lower == limit(BLOCK, distortion=0.4).lower


def test_the_short_way_for_uniform_laws_is_the_general_one(monkeypatch):
    """The same point by the envelope's solver, from a law that is uniform up to 1e-9."""
    nearly = {**BLOCK, "q_Y": 0.5 + 1e-9}
    for budgets in ({"rate": 7.0, "classification": 12.0}, {"distortion": 0.2, "classification": 11.0}):
        short, general = limit(BLOCK, **budgets), limit(nearly, **budgets)
        assert general.lower <= short.upper * (1 + 1e-6)
        assert short.lower <= general.upper * (1 + 1e-6)


def test_other_laws_go_through_the_solver():
    source = {**BLOCK, "q_Y": 0.3}
    assert limit(source, rate=14.0).lower == pytest.approx(0.2, abs=1e-9)
    assert limit(source, rate=14.0, classification=14.0).lower == pytest.approx(0.2, abs=1e-6)


def test_the_measured_law_stands_in_for_the_given_one():
    source = {**GAUSS, "output_sigma": [1.7, 1.2]}
    assert limit(source, rate=2.0) == limit(GAUSS, rate=2.0)
    assert limit(at_measured_law(source), rate=2.0).lower != limit(GAUSS, rate=2.0).lower
    assert at_measured_law(BLOCK) == BLOCK


@pytest.mark.parametrize(
    ("source", "budgets", "text"),
    [
        (GAUSS, {}, "exactly one"),
        (GAUSS, {"rate": 1.0, "distortion": 1.0}, "exactly one"),
        ({"kind": "poisson"}, {"rate": 1.0}, "source.kind"),
        ({**GAUSS, "sigma_Y": [1.0, 1.0, 1.0]}, {"rate": 1.0}, "source.sigma_Y"),
        ({**GAUSS, "sigma_X": None}, {"rate": 1.0}, "source.sigma_X"),
        ({**GAUSS, "kappa": None}, {"rate": 1.0, "classification": 3.0}, "source.kappa"),
        ({**BLOCK, "block": 0}, {"rate": 1.0}, "source.block"),
        ({**BLOCK, "q_X": 1.5}, {"rate": 1.0}, "source.q_X"),
        ({**BLOCK, "q_S1": None}, {"rate": 1.0, "classification": 3.0}, "source.q_S1"),
    ],
)
def test_bad_sources(source, budgets, text):
    with pytest.raises(InputError, match=text):
        limit(source, **budgets)
