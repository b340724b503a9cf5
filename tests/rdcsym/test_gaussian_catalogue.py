"""Scalar Gaussian rows of the catalogue: rdp-gaussian-*, rdc-gaussian-single-domain, drc-gaussian-limited-randomness.

Known values, edges, bad input, and reductions to other theorems.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import rdcsym
from rdcsym import InputError
from rdcsym.cli.confirm import Effort, confirm_certified
from rdcsym.operating_points import random_points, valid
from rdcsym.oracles import certified_interval

INF = math.inf
H_S = math.log2(2 * math.pi * math.e) / 2  # h(S) in bits at sigma_S = 1
NAMES = ("rdp-gaussian-w2", "rdp-gaussian-kl", "rdc-gaussian-single-domain", "drc-gaussian-limited-randomness")
FREE = {"C": INF, "sigma_S": 1.0, "theta": 0.5}
LABEL = {"sigma_X": 1.0, "sigma_S": 1.0}


def value(name: str, **point):
    return rdcsym.theorem(name).evaluate(**point)


@pytest.mark.parametrize("name", NAMES)
def test_certified(name):
    result = confirm_certified(rdcsym.theorem(name), Effort(per_regime=20, per_boundary=1), np.random.default_rng(5))
    assert result.verdict == "certified", result.failure
    assert result.worst_distance <= 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_numbers_everywhere_and_one_by_one(name):
    t = rdcsym.theorem(name)
    points = valid(t.certified, random_points(t.certified, 20000, np.random.default_rng(6)))
    many = t.evaluate(**points)
    assert (many >= 0).all()  # no NaN either
    one = [t.evaluate(**{n: float(x[i]) for n, x in points.items()}) for i in range(200)]
    assert (np.array(one) == many[:200]).all()
    assert t.published is None


T = math.exp(-2) * 1.1  # a variance ratio
EDGES = [
    ("rdp-gaussian-w2", {"D": 0, "P": 1, "sigma_X": 1}, INF),
    ("rdp-gaussian-w2", {"D": 0, "P": INF, "sigma_X": 1e-200}, INF),
    ("rdp-gaussian-w2", {"D": 0, "P": 0, "sigma_X": 0}, 0.0),
    ("rdp-gaussian-w2", {"D": INF, "P": 0, "sigma_X": 1}, 0.0),
    ("rdp-gaussian-w2", {"D": 2, "P": 0, "sigma_X": 1}, 0.0),
    ("rdp-gaussian-w2", {"D": 1, "P": 0, "sigma_X": 1}, -math.log2(3 / 4) / 2),  # rho = 1/2
    ("rdp-gaussian-w2", {"D": 1, "P": 1, "sigma_X": 1}, 0.0),
    ("rdp-gaussian-w2", {"D": 4, "P": 1, "sigma_X": 2}, -math.log2(1 - 1 / 16) / 2),  # s = 1, rho = 1/4
    ("rdp-gaussian-w2", {"D": 0.25, "P": 1, "sigma_X": 1}, 1.0),
    ("rdp-gaussian-w2", {"D": 2e-20, "P": 0, "sigma_X": 1}, -math.log2(2e-20) / 2),  # 1 - rho^2 without cancellation
    ("rdp-gaussian-w2", {"D": 2 - 2e-8, "P": 0, "sigma_X": 1}, 1e-16 / math.log(4)),
    ("rdp-gaussian-kl", {"D": 2, "P": 0, "sigma_X": 1}, 0.0),
    ("rdp-gaussian-kl", {"D": 1, "P": 0, "sigma_X": 1}, -math.log2(3 / 4) / 2),
    ("rdp-gaussian-kl", {"D": 1, "P": INF, "sigma_X": 1}, 0.0),
    ("rdp-gaussian-kl", {"D": 1, "P": 5000, "sigma_X": 1}, 0.0),
    ("rdp-gaussian-kl", {"D": 0, "P": INF, "sigma_X": 1}, INF),
    ("rdp-gaussian-kl", {"D": 1, "P": (T - 1 - math.log(T)) / math.log(4), "sigma_X": 1}, -math.log2(1 - T / 4) / 2),  # P in bits
    ("rdc-gaussian-single-domain", {"D": 0.25, "C": INF, "theta": 0, **LABEL}, 1.0),
    ("rdc-gaussian-single-domain", {"D": 0.25, "C": H_S - 2, "theta": 1, **LABEL}, 2.0),
    ("rdc-gaussian-single-domain", {"D": INF, "C": H_S, "theta": 1, **LABEL}, 0.0),
    ("rdc-gaussian-single-domain", {"D": INF, "C": -INF, "theta": 1, **LABEL}, INF),
    ("rdc-gaussian-single-domain", {"D": INF, "C": -INF, "theta": 0, "sigma_X": 1, "sigma_S": 0}, 0.0),
    ("rdc-gaussian-single-domain", {"D": 1, "C": 0, "theta": 0.8, **LABEL}, INF),
    ("rdc-gaussian-single-domain", {"D": 0, "C": INF, "theta": 0.8, **LABEL}, INF),
    ("rdc-gaussian-single-domain", {"D": 0, "C": H_S, "theta": 0, "sigma_X": 0, "sigma_S": 1}, 0.0),
    ("rdc-gaussian-single-domain", {"D": 0, "C": H_S - 1, "theta": 0, "sigma_X": 0, "sigma_S": 1}, INF),
]
LIMITED = [
    ({"R": 0, "Rc": 5, "sigma_Y": 2}, 5.0),
    ({"R": INF, "Rc": 0, "sigma_Y": 2}, 1.0),
    ({"R": 1, "Rc": 0, "sigma_Y": 1}, 0.5),
    ({"R": 1, "Rc": 0, "sigma_Y": 1, "mu_X": 1, "mu_Y": -1}, 4.5),
    ({"R": 1, "Rc": 1, "sigma_Y": 1}, 2 - 2 * math.sqrt(45 / 64)),
    ({"R": 1, "Rc": INF, "sigma_Y": 1}, 2 - math.sqrt(3)),
    ({"R": 9, "Rc": 0, "sigma_Y": 0}, 1.0),
    ({"R": 9, "Rc": 0, "sigma_Y": 3, "sigma_X": 0, "theta": 0}, 9.0),
    ({"R": 50, "Rc": 0, "sigma_Y": 1}, 2.0**-99),  # 1 - rho without cancellation
    ({"R": 0.5, "Rc": 0, "sigma_Y": 1, "C": -INF, "sigma_S": 0, "theta": 0}, 1.0),
    ({"R": 1, "Rc": 0, "sigma_Y": 1, "C": H_S - 1.01, "theta": 1}, INF),
    ({"R": 700, "Rc": 0, "sigma_Y": 1, "C": H_S - 701, "theta": 1}, INF),
    ({"R": INF, "Rc": 0, "sigma_Y": 1, "C": -INF, "theta": 1}, 0.0),
    ({"R": 9, "Rc": 0, "sigma_Y": 0, "C": H_S - 0.01}, INF),  # a constant Y tells nothing
]


@pytest.mark.parametrize(
    ("name", "point", "expected"),
    EDGES + [("drc-gaussian-limited-randomness", {"sigma_X": 1, **FREE, **point}, at) for point, at in LIMITED],
)
def test_known_values_and_edges(name, point, expected):
    assert value(name, **point) == pytest.approx(expected, rel=1e-7 if 0 < expected < 1e-12 else 1e-12, abs=1e-300)


def points(seed: int, count: int = 2000) -> tuple[np.random.Generator, dict]:
    rng = np.random.default_rng(seed)
    sigma_X, sigma_S, corr = np.exp(rng.normal(size=count)), np.exp(rng.normal(size=count)), rng.uniform(-1, 1, count)
    return rng, {"sigma_X": sigma_X, "sigma_S": sigma_S, "theta": corr * sigma_X * sigma_S}


@pytest.mark.parametrize("ball", ["w2", "kl"])
def test_rdp_without_a_ball_is_shannons(ball):
    rng, at = points(10)
    D = at["sigma_X"] ** 2 * rng.uniform(0, 1.3, 2000)
    np.testing.assert_array_equal(
        value(f"rdp-gaussian-{ball}", D=D, P=INF, sigma_X=at["sigma_X"]), value("rd-gaussian", D=D, sigma_X=at["sigma_X"])
    )


@pytest.mark.parametrize("ball", ["w2", "kl"])
def test_rdp_with_a_perfect_output_is_rdc_with_the_law_of_x(ball):
    rng, at = points(11)
    D = at["sigma_X"] ** 2 * rng.uniform(0, 2.3, 2000)
    same = value("rdc-gaussian", D=D, C=INF, sigma_Y=at["sigma_X"], **at)
    np.testing.assert_allclose(value(f"rdp-gaussian-{ball}", D=D, P=0, sigma_X=at["sigma_X"]), same, rtol=1e-12)


@pytest.mark.parametrize("ball", ["w2", "kl"])
def test_rdp_inverts_drpc(ball):
    rng, at = points(12)
    R, P = rng.uniform(0.01, 6, 2000), (1.2 * rng.random(2000) * (at["sigma_X"] if ball == "w2" else 1)) ** 2
    D = value(f"drpc-gaussian-{ball}", R=R, P=P, C=INF, **at)
    np.testing.assert_allclose(value(f"rdp-gaussian-{ball}", D=D, P=P, sigma_X=at["sigma_X"]), R, rtol=1e-9)


def test_balls_with_the_same_least_deviation_agree():
    rng, at = points(13)
    sigma, ratio = at["sigma_X"], rng.uniform(0.05, 1, 2000)
    D = sigma**2 * rng.uniform(0, 2.3, 2000)
    w2 = value("rdp-gaussian-w2", D=D, P=(sigma * (1 - ratio)) ** 2, sigma_X=sigma)
    kl = value("rdp-gaussian-kl", D=D, P=(ratio**2 - 1 - 2 * np.log(ratio)) / math.log(4), sigma_X=sigma)
    np.testing.assert_allclose(w2, kl, rtol=1e-6, atol=1e-12)
    assert (np.abs(w2 - kl) <= 1e-9 * w2 + 1e-12).mean() > 0.99  # but where P rounds near 0


def test_the_w2_form_as_zhang_et_al_write_it():
    rng, at = points(14, 20000)
    s = at["sigma_X"]
    D, P = s**2 * rng.uniform(0.01, 2.3, s.size), (1.2 * rng.random(s.size) * s) ** 2
    active = np.sqrt(P) <= s - np.sqrt(np.abs(s**2 - D))
    product = s * (s - np.sqrt(P))
    correlated = np.where(active, product**2 - ((s**2 + (s - np.sqrt(P)) ** 2 - D) / 2) ** 2, 1.0)
    written = np.where(active, np.log2(np.where(active, product**2, 1.0) / correlated) / 2, np.maximum(0, np.log2(s**2 / D) / 2))
    np.testing.assert_allclose(value("rdp-gaussian-w2", D=D, P=P, sigma_X=s), written, rtol=1e-6, atol=1e-12)


def test_more_budget_never_costs_rate():
    for ball, P in (("w2", [0, 0.01, 0.1, 0.5, 1, INF]), ("kl", [0, 0.01, 0.1, 1, 5, INF])):
        rates = value(f"rdp-gaussian-{ball}", D=np.linspace(0.01, 2.2, 40)[:, None], P=np.array(P), sigma_X=1)
        assert (np.diff(rates, axis=0) <= 1e-15).all()
        assert (np.diff(rates, axis=1) <= 1e-15).all()
        assert (rates[:, 0] > rates[:, -1]).any()


def test_single_domain_with_a_slack_budget_is_known():
    rng, at = points(15)
    D = at["sigma_X"] ** 2 * rng.uniform(0, 1.3, 2000)
    loss = np.log2(at["sigma_S"]) + H_S - rng.uniform(-0.1, 1, 2000)
    name = "rdc-gaussian-single-domain"
    shannon = value("rd-gaussian", D=D, sigma_X=at["sigma_X"])
    np.testing.assert_array_equal(value(name, D=D, C=INF, **at), shannon)
    np.testing.assert_array_equal(value(name, D=D, C=np.log2(at["sigma_S"]) + H_S + 1e-9, **at), shannon)
    label = value("rdc-gaussian", D=INF, C=loss, sigma_Y=1.0, **at)  # any output law tells as much of the label
    np.testing.assert_array_equal(value(name, D=INF, C=loss, **at), label)
    np.testing.assert_array_equal(value(name, D=D, C=loss, **at), np.maximum(shannon, label))
    for sigma_Y in (0.3, 1.0, 2.0):  # a given output law only restricts
        assert (value("rdc-gaussian", D=D, C=loss, sigma_Y=sigma_Y, **at) >= value(name, D=D, C=loss, **at) - 1e-9).all()


def test_single_domain_inverts_drpc_without_a_ball():
    rng, at = points(16)
    R = rng.uniform(0.01, 6, 2000)
    C = np.log2(at["sigma_S"]) + H_S - rng.uniform(-0.1, 0.6, 2000)
    D = value("drpc-gaussian-w2", R=R, P=INF, C=C, **at)
    ok = D < INF
    assert 200 < ok.sum() < 1990
    at = {n: x[ok] for n, x in at.items()}
    np.testing.assert_allclose(value("rdc-gaussian-single-domain", D=D[ok], C=C[ok], **at), R[ok], rtol=1e-9)


def randomness_points(seed: int):
    rng, at = points(seed)
    at |= {"sigma_Y": np.exp(rng.normal(size=2000)), "mu_X": rng.normal(size=2000), "mu_Y": rng.normal(size=2000)}
    return rng, at, rng.uniform(0, 5, 2000), np.log2(at["sigma_S"]) + H_S - rng.uniform(-0.2, 0.6, 2000)


def test_unlimited_common_randomness_is_drc_gaussian():
    _, at, R, C = randomness_points(17)
    limited, known = value("drc-gaussian-limited-randomness", R=R, Rc=INF, C=C, **at), value("drc-gaussian", R=R, C=C, **at)
    assert 100 < (known < INF).sum() < 1990
    np.testing.assert_allclose(limited, known, rtol=1e-12)
    regimes = rdcsym.theorem("drc-gaussian-limited-randomness").regime(R=R, Rc=INF, C=C, **at)
    assert set(regimes) == {"infeasible", "rate-limited"}


def test_no_common_randomness():
    _, at, R, _ = randomness_points(18)
    x, y = at["sigma_X"], at["sigma_Y"]
    written = (at["mu_X"] - at["mu_Y"]) ** 2 + x**2 + y**2 - 2 * x * y * (1 - 2 ** (-2 * R))
    np.testing.assert_allclose(value("drc-gaussian-limited-randomness", R=R, Rc=0, **{**at, "C": INF}), written, rtol=1e-9)
    same = {**at, "C": INF, "sigma_Y": x, "mu_Y": at["mu_X"]}  # a perfect output costs twice Shannon's distortion
    twice = value("drc-gaussian-limited-randomness", R=R, Rc=0, **same)
    np.testing.assert_allclose(value("rd-gaussian", D=twice / 2, sigma_X=x), R, atol=1e-12)


def test_common_randomness_never_hurts():
    _, at, R, C = randomness_points(19)
    known = value("drc-gaussian", R=R, C=C, **at)
    least = [value("drc-gaussian-limited-randomness", R=R, Rc=Rc, C=C, **at) for Rc in (0, 0.1, 1, 4, INF)]
    for more, less in zip(least[1:], least, strict=False):
        assert (less >= more * (1 - 1e-12)).all()
        assert ((less == INF) == (known == INF)).all()
    assert (least[0] > 1.01 * known)[known < INF].any()


def test_it_is_drc_gaussian_at_the_gaussian_codes_own_rate():
    """A pair of correlation rho costs what drc-gaussian costs at I(X;Y) = -1/2 log2(1 - rho^2)."""
    _, at, R, _ = randomness_points(20)
    t = rdcsym.theorem("drc-gaussian-limited-randomness")
    point = {"R": R, "Rc": 0.4, **at, "C": INF}
    own = t.certified.quantity(next(d.symbol for d in t.certified.definitions if d.symbol.name == "I_XY"), **point)
    assert (own <= R).all()
    np.testing.assert_allclose(t.evaluate(**point), value("drc-gaussian", R=own, **at, C=INF), rtol=1e-11)


def test_below_the_gaussian_codes_loss_the_value_is_a_lower_bound_only():
    """The sign of X, one bit that both sides see: I(X;Y) = 1 bit, so h(S|Y) = h(S) - 1 where S = X; D = 2 (1 - 2/pi)."""
    t, at = (
        rdcsym.theorem("drc-gaussian-limited-randomness"),
        {"R": 1, "Rc": 0, "sigma_X": 1, "sigma_Y": 1, "sigma_S": 1, "theta": 1},
    )
    own = math.log2(16 / 7) / 2  # I(X;Y) of the Gaussian code
    assert own == pytest.approx(0.596, abs=1e-3)
    assert t.regime(C=H_S - own + 1e-9, **at) == "rate-limited"
    for C in (H_S - own - 1e-9, H_S - 1):
        assert t.regime(C=C, **at) == "below the Gaussian code's loss"
        assert t.evaluate(C=C, **at) == pytest.approx(0.5)
        assert t.evaluate(C=C, **at) <= 2 * (1 - 2 / math.pi)
    assert t.regime(C=H_S - 1 - 1e-9, **at) == "infeasible"
    kinds = {r.name: r.kind for r in t.certified.regimes}
    assert kinds["below the Gaussian code's loss"] == "lower"
    assert kinds["rate-limited"] is None
    interval = certified_interval(t.name, C=H_S - 0.8, **at)
    assert (interval.lower, interval.upper) == (pytest.approx(0.5), INF)


BAD = [
    ("rdp-gaussian-w2", {"D": -1, "P": 1, "sigma_X": 1}, "D = -1"),
    ("rdp-gaussian-w2", {"D": 1, "P": -1, "sigma_X": 1}, "P = -1"),
    ("rdp-gaussian-kl", {"D": 1, "P": 1, "sigma_X": INF}, "sigma_X = inf"),
    ("rdp-gaussian-kl", {"D": 1, "P": 1, "sigma_X": 1, "C": 1}, "C = 1"),
    ("rdc-gaussian-single-domain", {"D": 1, "C": 1, "theta": 1.1, **LABEL}, "theta = 1.1"),
    ("rdc-gaussian-single-domain", {"D": 1, "C": 1, "theta": 0.1, "sigma_Y": 1, **LABEL}, "sigma_Y = 1"),
    ("drc-gaussian-limited-randomness", {"R": 1, "Rc": -1, "sigma_X": 1, "sigma_Y": 1, **FREE}, "Rc = -1"),
    ("drc-gaussian-limited-randomness", {"R": 1, "sigma_X": 1, "sigma_Y": 1, **FREE}, "Rc = missing"),
]


@pytest.mark.parametrize(("name", "point", "named"), BAD)
def test_bad_input_is_named(name, point, named):
    with pytest.raises(InputError, match=named):
        value(name, **point)
