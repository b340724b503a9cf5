"""The rate-distortion-perception solver: its two ends against Shannon's function and given output laws, edges, forgeries, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import rel_entr

from rdcsym.problem import InputError
from solvers import CertificateError, DiscreteProblem, rate_distortion, rate_distortion_perception, solve
from solvers.rate_perception import RatePerceptionCertificate

HAMMING = 1.0 - np.eye(2)


def instances(count: int, seed: int):
    rng = np.random.default_rng(seed)
    for k in range(count):
        n = int(rng.integers(2, 6))
        p, cost = rng.dirichlet(np.ones(n)), rng.random((n, n))
        if k % 3 == 0:
            cost = np.subtract.outer(np.arange(n), np.arange(n)) ** 2.0
        np.fill_diagonal(cost, 0)
        yield p, cost, rng.uniform(0.01, 0.9) * float((p @ cost).min()), rng.uniform(0, 0.4)


def test_random_sources_close_to_rounding():
    for p, cost, D, P in instances(25, 0):
        c = rate_distortion_perception(p, cost, D, P)
        assert c.verify()
        assert c.status == "certified"
        assert c.upper - c.lower <= 1e-11 * c.upper + 1e-15


def test_the_widest_ball_is_shannons_function():
    for p, cost, D, _ in instances(15, 1):
        ours, shannon = rate_distortion_perception(p, cost, D, 1.0), rate_distortion(p, cost, D)
        assert ours.lower <= shannon.upper
        assert shannon.lower <= ours.upper
        assert ours.upper == pytest.approx(shannon.upper, rel=1e-9)


def test_the_narrowest_ball_is_the_given_law_of_the_source():
    for p, cost, D, _ in instances(8, 2):
        ours = rate_distortion_perception(p, cost, D, 0.0)
        given = solve(DiscreteProblem(p_X=p, p_Y=p, cost=cost), distortion=D)
        assert ours.lower <= given.upper
        assert given.lower <= ours.upper
        assert ours.upper == pytest.approx(given.upper, rel=1e-6)


def test_no_channel_on_a_grid_is_better():
    """All binary channels within both budgets, on a grid: none lies below the lower end, and the best comes near."""
    p, D, P = np.array([0.7, 0.3]), 0.25, 0.1
    a, b = np.meshgrid(np.linspace(0, 1, 1501), np.linspace(0, 1, 1501))  # P(Y=1|X=0), P(Y=0|X=1)
    r = p[0] * a + p[1] * (1 - b)
    fits = (p[0] * a + p[1] * b <= D) & (np.abs(r - p[1]) <= P)
    rate = sum(mass * (rel_entr(one, r) + rel_entr(1 - one, 1 - r)) for mass, one in ((p[0], a), (p[1], 1 - b)))
    best = rate[fits].min()
    c = rate_distortion_perception(p, HAMMING, D, P, units="nats")
    assert c.lower <= best
    assert best == pytest.approx(c.upper, abs=2e-3)


def test_falls_as_the_ball_widens():
    p, cost = np.array([0.5, 0.3, 0.2]), np.subtract.outer(np.arange(3), np.arange(3)) ** 2.0
    rates = [rate_distortion_perception(p, cost, 0.3, P) for P in (0, 0.02, 0.05, 0.1, 0.3)]
    assert all(tight.upper >= wide.lower for tight, wide in pairwise(rates))
    assert rates[0].lower > rates[2].upper


def test_edges():
    p = [0.2, 0.3, 0.5]
    lossless = rate_distortion_perception(p, 1 - np.eye(3), 0, 0.1)
    assert lossless.lower == pytest.approx(-sum(x * math.log2(x) for x in p), rel=1e-15)
    assert lossless.verify()
    assert rate_distortion_perception(p, 1 - np.eye(3), -1e-9, 0.1).status == "infeasible"
    for D in (1.0, math.inf):
        assert rate_distortion_perception(p, 1 - np.eye(3), D, 0.0).upper == 0
    assert rate_distortion_perception([1.0], [[0.0]], 0, 0).upper == 0
    assert rate_distortion_perception([0.0, 1.0], HAMMING, 0, 0).upper == 0
    for tiny in (1e-200, 1e-16, 1e-12):
        for D, P in ((tiny, 0.1), (0.1, tiny), (tiny, tiny)):
            c = rate_distortion_perception([0.7, 0.3], HAMMING, D, P)
            assert c.verify()
            assert c.upper - c.lower < 1e-10


def test_costs_count_from_the_diagonal():
    p, cost = np.array([0.5, 0.3, 0.2]), 1 - np.eye(3)
    shift = np.array([1.0, -2.0, 0.25])
    plain = rate_distortion_perception(p, cost, 0.25, 0.05)
    moved = rate_distortion_perception(p, cost + shift[:, None], 0.25 + float(p @ shift), 0.05)
    assert moved.upper == pytest.approx(plain.upper, rel=1e-12)
    assert moved.verify()


@pytest.fixture(scope="module")
def good() -> RatePerceptionCertificate:
    return rate_distortion_perception([0.7, 0.3], HAMMING, 0.25, 0.1)


def forged(c: RatePerceptionCertificate, **witness):
    return replace(c, witnesses=replace(c.witnesses, **witness))


def test_forgeries_are_refused(good):
    for change in (
        {"lower": good.upper * 1.01, "upper": good.upper * 1.02},
        {"upper": good.lower * 0.99},
        {"distortion": 0.2},
        {"perception": 0.05},
    ):
        with pytest.raises(CertificateError):
            replace(good, **change).verify()
    half = (Fraction(1, 2), Fraction(1, 2))
    for channel in ((half, half), (half,), ((Fraction(3, 2), Fraction(-1, 2)), half), ((Fraction(1, 2),) * 3, half)):
        with pytest.raises(CertificateError):
            forged(good, channel=channel).verify()
    for dual in ({"floor": math.nan}, {"slope": -1.0}, {"slope": math.inf}, {"slope": 0.0}, {"floor": good.witnesses.floor - 1}):
        with pytest.raises(CertificateError):
            forged(good, **dual).verify()
    with pytest.raises(CertificateError):
        forged(good, a=good.witnesses.a + np.array([0.1, -0.1])).verify()


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("p_X", ([0.5, 0.6], HAMMING, 0.1, 0.1)),
        ("p_X", ([-0.5, 1.5], HAMMING, 0.1, 0.1)),
        ("cost", ([0.5, 0.5], np.ones((2, 3)), 0.1, 0.1)),
        ("cost", ([0.5, 0.5], [[0, math.inf], [1, 0]], 0.1, 0.1)),
        ("cost", ([0.5, 0.5], [[1, 0], [0, 1]], 0.1, 0.1)),
        ("distortion", ([0.5, 0.5], HAMMING, [0.1, 0.2], 0.1)),
        ("distortion", ([0.5, 0.5], HAMMING, math.nan, 0.1)),
        ("perception", ([0.5, 0.5], HAMMING, 0.1, -0.1)),
        ("perception", ([0.5, 0.5], HAMMING, 0.1, [0.1, 0.2])),
        ("units", ([0.5, 0.5], HAMMING, 0.1, 0.1, "bytes")),
    ],
)
def test_bad_input(argument, arguments):
    with pytest.raises(InputError, match=argument):
        rate_distortion_perception(*arguments)
