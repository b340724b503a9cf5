"""The catalogue: the public contract, known values, edges, reductions between theorems, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rdcsym
from rdcsym import InputError

INF = math.inf


def h(p: float) -> float:
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def value(name: str, **point: float) -> float:
    return rdcsym.theorem(name).evaluate(**point)


def test_the_contract():
    names = rdcsym.theorems()
    assert isinstance(names, list)
    first = {"drc-bernoulli-oneshot", "rdc-bernoulli-oneshot", "drc-gaussian", "rdc-gaussian", "drpc-gaussian-kl"}
    assert first | {"drpc-gaussian-w2", "rd-bernoulli", "rd-gaussian", "fano"} <= set(names)
    t = rdcsym.theorem("drc-bernoulli-oneshot")
    assert isinstance(t.evaluate(R=0.5, C=0.6, q_X=0.3, q_Y=0.4, q_S1=0.1), float)
    assert isinstance(t.latex(), str)
    assert t.published is not None
    assert isinstance(t.published.latex(), str)
    assert all(step.check() is True for step in t.derivation)
    assert rdcsym.theorem("rd-bernoulli").published is None


def test_the_classification_tradeoff_of_the_bernoulli_source():
    at = {"R": h(0.2), "q_X": 0.2, "q_Y": 0.4, "q_S1": 0.1}
    assert value("drc-bernoulli-oneshot", C=0.7, **at) == pytest.approx(0.2)
    assert value("drc-bernoulli-oneshot", C=h(0.1), **at) == pytest.approx(1 / 3)  # C at its least: not inf for a missing ulp
    assert value("drc-bernoulli-oneshot", C=h(0.1) - 1e-9, **at) == INF
    at_C = [value("drc-bernoulli-oneshot", C=c, **at) for c in (0.56, 0.55, 0.52, 0.48)]
    assert at_C == sorted(at_C)


def test_the_published_faults():
    published = rdcsym.theorem("drc-bernoulli-oneshot").published
    point = {"R": h(0.25), "C": 1.0, "q_X": 0.25, "q_Y": 0.125, "q_S1": 0.1}
    assert published.evaluate(**point) == pytest.approx(-1 / 16)
    assert value("drc-bernoulli-oneshot", **point) == pytest.approx(1 / 8)
    gaussian = {"R": 0.0, "C": 1.3, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 1, "theta": 0.9}
    assert rdcsym.theorem("drc-gaussian").published.evaluate(**gaussian) < 1
    assert value("drc-gaussian", **gaussian) == INF
    small = {"R": 0.0, "C": 3.0, "sigma_X": 0.1, "sigma_Y": 1, "sigma_S": 1, "theta": 0.05}
    assert rdcsym.theorem("drc-gaussian").published.evaluate(**small) == 0
    assert value("drc-gaussian", **small) == pytest.approx(1.01)


def test_the_published_domain_is_kept():
    with pytest.raises(InputError, match="q_X <= 1/2"):
        rdcsym.theorem("drc-bernoulli-oneshot").published.evaluate(R=1, C=1, q_X=0.7, q_Y=0.1, q_S1=0.1)
    with pytest.raises(InputError, match="theta != 0"):
        rdcsym.theorem("drc-gaussian").published.evaluate(R=1, C=1, sigma_X=1, sigma_Y=1, sigma_S=1, theta=0)


@pytest.mark.parametrize("q_Y", [0, 0.3, 0.5, 1])
@pytest.mark.parametrize("q_S1", [0, 0.2, 0.5, 1])
@pytest.mark.parametrize(("q_X", "least"), [(0, None), (1, None)])
def test_a_trivial_source(q_X, least, q_S1, q_Y):
    expected = q_Y if q_X == 0 else 1 - q_Y
    for sees in (True, False):
        t = rdcsym.theorem("drc-bernoulli-oneshot")
        assert t.evaluate(R=0, C=1, q_X=q_X, q_Y=q_Y, q_S1=q_S1, classifier_sees_seed=sees) == pytest.approx(expected)
        t = rdcsym.theorem("rdc-bernoulli-oneshot")
        assert t.evaluate(D=expected, C=1, q_X=q_X, q_Y=q_Y, q_S1=q_S1, classifier_sees_seed=sees) == 0
    if h(q_S1) > 0:
        assert value("drc-bernoulli-oneshot", R=1, C=h(q_S1) - 1e-6, q_X=q_X, q_Y=q_Y, q_S1=q_S1) == INF


def test_flipping_both_sources_changes_nothing():
    rng = np.random.default_rng(0)
    x, y, s, R, C = rng.random((5, 500))
    for name, budget in (("drc-bernoulli-oneshot", "R"), ("rdc-bernoulli-oneshot", "D")):
        for sees in (True, False):
            t = rdcsym.theorem(name)
            one = t.evaluate(**{budget: R}, C=C, q_X=x, q_Y=y, q_S1=s, classifier_sees_seed=sees)
            two = t.evaluate(**{budget: R}, C=C, q_X=1 - x, q_Y=1 - y, q_S1=s, classifier_sees_seed=sees)
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def test_a_blind_classifier_asks_for_more():
    """H(S|Y,U) <= H(S|Y), so the seed-blind constraint is the stronger one."""
    rng = np.random.default_rng(1)
    x, y, s, R, C = rng.random((5, 4000))
    t = rdcsym.theorem("drc-bernoulli-oneshot")
    point = {"R": R, "C": C, "q_X": x, "q_Y": y, "q_S1": s}
    assert (t.evaluate(**point, classifier_sees_seed=False) >= t.evaluate(**point) - 1e-12).all()


@pytest.mark.parametrize("sees", [True, False])
def test_distortion_and_rate_functions_invert_each_other(sees):
    rng = np.random.default_rng(2)
    x, y, s, R, C = rng.random((5, 4000))
    at = {"C": C, "q_X": x, "q_Y": y, "q_S1": s}
    D = rdcsym.theorem("drc-bernoulli-oneshot").evaluate(R=R, **at, classifier_sees_seed=sees)
    ok = np.isfinite(D)
    at = {n: v[ok] for n, v in at.items()}
    back = rdcsym.theorem("rdc-bernoulli-oneshot").evaluate(D=D[ok], **at, classifier_sees_seed=sees)
    assert (back <= R[ok] + 1e-9).all()
    again = rdcsym.theorem("drc-bernoulli-oneshot").evaluate(R=back, **at, classifier_sees_seed=sees)
    np.testing.assert_allclose(again, D[ok], atol=1e-9)


def test_gaussian_functions_invert_each_other():
    at = {"C": 1.9, "mu_X": 0.3, "mu_Y": -0.2, "sigma_X": 1.2, "sigma_Y": 0.7, "sigma_S": 1.0, "theta": 0.9}
    R = np.linspace(0.2, 8, 60)
    D = rdcsym.theorem("drc-gaussian").evaluate(R=R, **at)
    np.testing.assert_allclose(rdcsym.theorem("rdc-gaussian").evaluate(D=D[D < INF], **at), R[D < INF], rtol=1e-9)


GAUSSIAN_EDGES = [
    ("drc-gaussian", {"R": 0, "C": INF, "sigma_X": 2, "sigma_Y": 1, "sigma_S": 1, "theta": 0}, 5.0),
    ("drc-gaussian", {"R": INF, "C": INF, "sigma_X": 2, "sigma_Y": 1, "sigma_S": 1, "theta": 0}, 1.0),
    ("drc-gaussian", {"R": INF, "C": INF, "mu_X": 3, "sigma_X": 2, "sigma_Y": 2, "sigma_S": 1, "theta": 2}, 9.0),
    ("drc-gaussian", {"R": INF, "C": -INF, "sigma_X": 2, "sigma_Y": 2, "sigma_S": 1, "theta": 2}, 0.0),
    ("drc-gaussian", {"R": 1, "C": -INF, "sigma_X": 2, "sigma_Y": 2, "sigma_S": 1, "theta": 2}, INF),
    ("drc-gaussian", {"R": 1, "C": INF, "sigma_X": 0, "sigma_Y": 3, "sigma_S": 1, "theta": 0}, 9.0),
    ("drc-gaussian", {"R": 1, "C": INF, "sigma_X": 0, "sigma_Y": 0, "sigma_S": 0, "theta": 0}, 0.0),
    ("drc-gaussian", {"R": 1, "C": -INF, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 0, "theta": 0}, 2 - math.sqrt(3)),
    ("drc-gaussian", {"R": 9, "C": 2.0, "sigma_X": 1, "sigma_Y": 0, "sigma_S": 1, "theta": 1}, INF),  # a constant Y tells nothing
    ("drc-gaussian", {"R": 9, "C": 2.1, "sigma_X": 1, "sigma_Y": 0, "sigma_S": 1, "theta": 1}, 1.0),
    ("rdc-gaussian", {"D": 5, "C": INF, "sigma_X": 2, "sigma_Y": 1, "sigma_S": 1, "theta": 0}, 0.0),
    ("rdc-gaussian", {"D": 1, "C": INF, "sigma_X": 2, "sigma_Y": 1, "sigma_S": 1, "theta": 0}, INF),
    ("rdc-gaussian", {"D": 0.9, "C": INF, "sigma_X": 2, "sigma_Y": 1, "sigma_S": 1, "theta": 0}, INF),
    ("rdc-gaussian", {"D": 9, "C": INF, "sigma_X": 0, "sigma_Y": 3, "sigma_S": 1, "theta": 0}, 0.0),
    ("rdc-gaussian", {"D": 9, "C": -INF, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 1, "theta": 1}, INF),
    ("drpc-gaussian-w2", {"R": 0, "P": 4, "C": INF, "sigma_X": 2, "sigma_S": 1, "theta": 0}, 4.0),
    ("drpc-gaussian-w2", {"R": 0, "P": 0, "C": INF, "sigma_X": 2, "sigma_S": 1, "theta": 0}, 8.0),
    ("drpc-gaussian-w2", {"R": INF, "P": 0, "C": INF, "sigma_X": 2, "sigma_S": 1, "theta": 0}, 0.0),
    ("drpc-gaussian-kl", {"R": 0, "P": INF, "C": INF, "sigma_X": 2, "sigma_S": 1, "theta": 0}, 4.0),
    ("drpc-gaussian-kl", {"R": 0, "P": 0, "C": INF, "sigma_X": 2, "sigma_S": 1, "theta": 0}, 8.0),
    ("drpc-gaussian-kl", {"R": 1, "P": 1, "C": INF, "sigma_X": 0, "sigma_S": 1, "theta": 0}, 0.0),
    ("rd-gaussian", {"D": 0, "sigma_X": 1}, INF),
    ("rd-gaussian", {"D": 0, "sigma_X": 0}, 0.0),
    ("rd-gaussian", {"D": 0.25, "sigma_X": 1}, 1.0),
    ("rd-bernoulli", {"D": 0, "q_X": 0.5}, 1.0),
    ("rd-bernoulli", {"D": 0, "q_X": 0}, 0.0),
    ("rd-bernoulli", {"D": 3, "q_X": 0.5}, 0.0),
    ("fano", {"C": 0, "M": 2}, 0.0),
    ("fano", {"C": 1, "M": 2}, 0.5),
    ("fano", {"C": math.log2(10), "M": 10}, 0.9),
    ("fano", {"C": 1.01, "M": 2}, INF),
]


@pytest.mark.parametrize(("name", "point", "expected"), GAUSSIAN_EDGES)
def test_edges_are_values(name, point, expected):
    assert value(name, **point) == pytest.approx(expected, rel=1e-12)


NEARLY = {"sigma_X": 1, "sigma_Y": 1, "sigma_S": 1, "theta": 1}
H_S = math.log2(2 * math.pi * math.e) / 2
HARD = [  # values that the text of the formula would lose to cancellation, overflow or an absolute tolerance
    ("drc-gaussian", {"R": 30, "C": H_S - 40, **NEARLY}, INF),
    ("rdc-gaussian", {"D": INF, "C": H_S - 30, **NEARLY}, 30.0),
    ("rdc-gaussian", {"D": INF, "C": H_S - 600, **NEARLY}, 600.0),
    ("rdc-gaussian", {"D": INF, "C": H_S - 1e-3, **NEARLY}, 1e-3),
    ("drc-gaussian", {"R": 0.5, "C": -398, "sigma_X": 1e-90, "sigma_Y": 1e-90, "sigma_S": 1e-90, "theta": 5e-181}, INF),
    ("drc-gaussian", {"R": 10, "C": -1000, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 1e-200, "theta": 0}, INF),
    ("rdc-gaussian", {"D": 0, "C": INF, "sigma_X": 1e-7, "sigma_Y": 0, "sigma_S": 1, "theta": 0}, INF),
    ("rd-gaussian", {"D": 0, "sigma_X": 1e-200}, INF),
    ("rdc-bernoulli-oneshot", {"D": 0, "C": 1, "q_X": 1e-13, "q_Y": 0, "q_S1": 0.1}, INF),
    ("rdc-gaussian", {"D": 2 - 2e-8, "C": INF, **NEARLY}, 7.2134752e-17),
]


@pytest.mark.parametrize(("name", "point", "expected"), HARD)
def test_hard_numbers(name, point, expected):
    assert value(name, **point) == pytest.approx(expected, rel=1e-7, abs=1e-30)


@pytest.mark.parametrize("scale", [1e-90, 1e80])
def test_scale_does_not_matter(scale):
    at = {"sigma_X": scale, "sigma_Y": scale, "sigma_S": scale, "theta": 0.999 * scale * scale}
    assert value("rdc-gaussian", D=INF, C=math.log2(scale) + H_S - 1, **at) == pytest.approx(1.00434766, rel=1e-7)


def test_reductions_between_theorems():
    R, free = np.linspace(0, 4, 30), {"C": INF, "sigma_S": 1.0, "theta": 0.5}
    shannon = rdcsym.theorem("rd-gaussian").evaluate(
        D=rdcsym.theorem("drpc-gaussian-w2").evaluate(R=R, P=9, sigma_X=1.5, **free), sigma_X=1.5
    )
    np.testing.assert_allclose(shannon, R, atol=1e-12)  # a slack ball: Shannon
    same_law = rdcsym.theorem("drc-gaussian").evaluate(R=R, sigma_X=1.5, sigma_Y=1.5, **free)
    for ball in ("w2", "kl"):  # P = 0: the output law is that of X
        np.testing.assert_allclose(
            rdcsym.theorem(f"drpc-gaussian-{ball}").evaluate(R=R, P=0, sigma_X=1.5, **free), same_law, rtol=1e-12
        )
    # Fano with two labels inverts H_b, as the published form does.
    C = np.linspace(0, 1, 20)
    fano = rdcsym.theorem("fano")
    np.testing.assert_allclose(fano.evaluate(C=C, M=2), fano.published.evaluate(C=C, M=2), atol=1e-12)


BAD = [
    ("drc-bernoulli-oneshot", {"q_X": 1.2}, "q_X = 1.2"),
    ("drc-bernoulli-oneshot", {"q_X": -0.1}, "q_X = -0.1"),
    ("drc-bernoulli-oneshot", {"R": -1}, "R = -1"),
    ("drc-bernoulli-oneshot", {"C": -0.5}, "C = -0.5"),
    ("drc-bernoulli-oneshot", {"C": float("nan")}, "C = nan"),
    ("drc-bernoulli-oneshot", {"q_Z": 0.3}, "q_Z"),
    ("drc-bernoulli-oneshot", {"R": "fast"}, "R = fast"),
    ("drc-bernoulli-oneshot", {"R": None}, "R = missing"),
    ("drc-bernoulli-oneshot", {"R": [1, 2], "C": [1, 2, 3]}, "shapes"),
    ("drc-gaussian", {"sigma_X": -1}, "sigma_X = -1"),
    ("drc-gaussian", {"theta": 1.5}, "theta = 1.5"),
    ("drc-gaussian", {"sigma_Y": INF}, "sigma_Y = inf"),
    ("drpc-gaussian-kl", {"P": -0.1}, "P = -0.1"),
    ("fano", {"M": 2.5}, "M = 2.5"),
    ("fano", {"M": 1}, "M = 1"),
]
GOOD = {
    "drc-bernoulli-oneshot": {"R": 0.5, "C": 0.6, "q_X": 0.3, "q_Y": 0.4, "q_S1": 0.1},
    "drc-gaussian": {"R": 1, "C": 3, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 1, "theta": 0.5},
    "drpc-gaussian-kl": {"R": 1, "P": 1, "C": 3, "sigma_X": 1, "sigma_S": 1, "theta": 0.5},
    "fano": {"C": 1, "M": 4},
}


@pytest.mark.parametrize(("name", "change", "named"), BAD)
def test_bad_input_is_one_clear_line(name, change, named):
    with pytest.raises(InputError) as caught:
        value(name, **{**GOOD[name], **change})
    text = str(caught.value)
    assert named in text
    assert "\n" not in text
    assert text.count(";") >= 1  # problem; fix


def test_unknown_theorem_suggests_the_nearest():
    with pytest.raises(InputError, match="drc-gaussian"):
        rdcsym.theorem("drc-gausian")


def test_one_shot_options_belong_to_one_shot():
    for sees in (True, False):
        with pytest.raises(InputError, match="classifier_sees_seed"):
            rdcsym.theorem("drc-gaussian").evaluate(**GOOD["drc-gaussian"], classifier_sees_seed=sees)
    blind, point = rdcsym.theorem("drc-bernoulli-oneshot-seed-blind"), GOOD["drc-bernoulli-oneshot"]
    assert blind.evaluate(**point) == blind.evaluate(**point, classifier_sees_seed=False)
    with pytest.raises(InputError, match="take the other theorem"):
        blind.evaluate(**point, classifier_sees_seed=True)
    with pytest.raises(InputError, match="no truth value"):
        rdcsym.theorem("drc-bernoulli-oneshot").evaluate(**point, classifier_sees_seed="no")


def test_a_theorem_says_what_it_is():
    assert repr(rdcsym.theorem("fano")).startswith("<Theorem fano: Fano's inequality")
    assert "sigma_S" in str(rdcsym.theorem("drc-gaussian"))
