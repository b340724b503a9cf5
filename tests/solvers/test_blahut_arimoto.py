"""Shannon's rate-distortion function: closed forms, a plain Blahut-Arimoto iteration beside it, edges, forgeries, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import rel_entr

from rdcsym.problem import FloatArray, InputError
from solvers import CertificateError
from solvers.blahut_arimoto import RateDistortionCertificate, rate_distortion

HAMMING = 1.0 - np.eye(2)


def binary_entropy(p: float) -> float:
    return 0.0 if p in (0.0, 1.0) else -p * math.log2(p) - (1 - p) * math.log1p(-p) / math.log(2)


@pytest.mark.parametrize("q", [1e-6, 0.01, 0.1, 0.3, 0.5, 0.7, 0.999])
def test_bernoulli_with_hamming_distortion(q: float) -> None:
    for D in (0.0, 1e-12, 1e-6, 0.01, 0.1, 0.2, 0.3, 0.49, 0.5, 0.6, 1.0, math.inf):
        c = rate_distortion([1 - q, q], HAMMING, D)
        assert c.verify()
        assert c.status == "certified"
        value = binary_entropy(q) - binary_entropy(D) if min(q, 1 - q) > D else 0.0
        assert c.lower - 1e-14 <= value <= c.upper + 1e-14  # the closed form itself is rounded
        assert c.upper - c.lower <= 1e-9 * c.upper + 1e-15  # D = q is the edge: the exact value is 0 or a few 1e-17


def test_uniform_source_of_many_letters_in_nats() -> None:
    for n in (3, 10, 40):
        for D in (0.05, 0.5):
            c = rate_distortion(np.full(n, 1 / n), 1 - np.eye(n), D, units="nats")
            value = math.log(n) + D * math.log(D) + (1 - D) * math.log(1 - D) - D * math.log(n - 1)
            assert c.verify()
            assert c.lower == pytest.approx(value, rel=1e-12)
            assert c.relative_gap <= 1e-9


def test_a_straight_piece_needs_time_sharing_and_gets_it() -> None:
    """Binary source with an erasure letter of cost 1/2 and Hamming otherwise infinite-like: R = 1 - 2 D, straight."""
    cost = np.array([[0.0, 40.0, 0.5], [40.0, 0.0, 0.5]])
    for D in (0.05, 0.1, 0.25, 0.4, 0.45):
        c = rate_distortion([0.5, 0.5], cost, D)
        assert c.verify()
        assert c.relative_gap <= 1e-9
        assert c.lower == pytest.approx(1 - 2 * D, abs=1e-9)


def plain_blahut_arimoto(p: FloatArray, cost: FloatArray, slope: float, steps: int) -> tuple[float, float]:
    """(distortion, rate in nats) at a slope by the textbook fixed point."""
    q = np.full(cost.shape[1], 1 / cost.shape[1])
    kernel = np.exp(-slope * cost)
    for _ in range(steps):
        q = q * (kernel.T @ (p / (kernel @ q)))
    q[q < 1e-200] = 0.0  # letters on their way to underflow
    channel = kernel * q / (kernel @ q)[:, None]
    rate = float((p[:, None] * rel_entr(channel, p @ channel)).sum())
    return float((p[:, None] * channel * cost).sum()), rate


def test_random_sources_beside_the_textbook_iteration() -> None:
    rng = np.random.default_rng(5)
    for _ in range(25):
        n, m = rng.integers(2, 8, 2)
        p, cost = rng.dirichlet(np.ones(n)), rng.random((n, m))
        D, rate = plain_blahut_arimoto(p, cost, rng.uniform(0.5, 8), 4000)
        c = rate_distortion(p, cost, D, units="nats")
        assert c.verify()
        assert c.status == "certified"
        # any channel is at or above R(D); the iteration's slow tail keeps it a little above
        assert c.lower <= rate + 1e-12
        assert c.upper >= rate - 1e-4


@pytest.mark.parametrize("integer", [False, True])
def test_random_sources_are_certified_at_every_level(integer: bool) -> None:
    rng = np.random.default_rng(6)
    for _ in range(40):
        n, m = rng.integers(1, 12, 2)
        p = rng.dirichlet(np.ones(n))
        cost = rng.integers(0, 4, (n, m)).astype(float) if integer else rng.random((n, m))
        least, most = float(p @ cost.min(axis=1)), float((p @ cost).min())
        D = least + rng.choice([1e-9, 1e-3, rng.random()]) * (most - least) + 1e-15
        c = rate_distortion(p, cost, D)
        assert c.verify()
        assert c.status == "certified", (n, m, D - least, c.lower, c.upper)


def test_the_curve_falls_and_is_convex() -> None:
    rng = np.random.default_rng(8)
    p, cost = rng.dirichlet(np.ones(5)), rng.random((5, 4))
    grid = np.linspace(float(p @ cost.min(axis=1)) + 1e-6, float((p @ cost).min()), 25)
    values = np.array([rate_distortion(p, cost, float(D)).upper for D in grid])
    assert (np.diff(values) <= 1e-12).all()
    assert (np.diff(values, 2) >= -1e-9).all()
    assert values[-1] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("p_X", "cost", "D", "value"),
    [
        ([1.0], [[0.0]], 0.0, 0.0),
        ([1.0], [[2.0, 3.0]], 2.0, 0.0),
        ([1.0], [[2.0, 3.0]], 1.9, math.inf),
        ([0.5, 0.5], HAMMING, 0.0, 1.0),
        ([0.5, 0.5], HAMMING, -1e-9, math.inf),
        ([0.5, 0.5], HAMMING, 0.5, 0.0),
        ([1.0, 0.0], HAMMING, 0.0, 0.0),  # a letter without mass costs nothing
        ([0.5, 0.5, 0.0], [[0, 1], [1, 0], [9, 9]], 0.0, 1.0),
        ([0.5, 0.5], [[1.0, 1.0], [1.0, 1.0]], 1.0, 0.0),
        ([0.5, 0.5], [[-1.0, 0.0], [0.0, -1.0]], -1.0, 1.0),  # a cost may be negative
        ([0.25, 0.25, 0.25, 0.25], [[0, 1], [0, 1], [1, 0], [1, 0]], 0.0, 1.0),
        ([0.5, 0.5], [[0, 0, 1], [1, 0, 0]], 0.0, 0.0),  # the middle letter serves both
    ],
)
def test_edges_are_values(p_X: Any, cost: Any, D: float, value: float) -> None:
    c = rate_distortion(p_X, cost, D)
    assert c.verify()
    assert c.status == ("infeasible" if value == math.inf else "certified")
    assert c.lower == pytest.approx(value, rel=1e-12, abs=1e-15)
    assert c.upper == pytest.approx(value, rel=1e-12, abs=1e-15)


def forgeries(c: RateDistortionCertificate) -> list[RateDistortionCertificate]:
    w = c.witnesses
    assert w.channel is not None
    holed, negative, spoiled, endless = (w.channel.copy() for _ in range(4))
    holed[0], negative[0, 0], spoiled[0, 0], endless[0, 0] = 0.0, -0.1, math.nan, math.inf
    better = 0.5 * w.channel + 0.5 * w.channel.mean(axis=0)  # less information, more distortion
    shifted = w.log_lambda.copy()
    shifted[0] += 0.3
    return [
        replace(c, lower=math.nextafter(c.lower, math.inf)),
        replace(c, lower=c.upper * 1.01, upper=c.upper * 1.02),
        replace(c, upper=math.nextafter(c.upper, -math.inf)),
        replace(c, lower=math.nan),
        replace(c, upper=math.nan),
        replace(c, lower=math.nan, status="gap"),
        replace(c, upper=math.nan, status="gap"),
        replace(c, lower=-0.1),
        replace(c, lower=math.inf, upper=math.inf, status="infeasible"),
        replace(c, status="infeasible"),
        replace(c, status="gap"),
        replace(c, distortion=c.distortion / 2),
        replace(c, distortion=c.distortion * 1.5),
        replace(c, units="nats" if c.units == "bits" else "bits"),
        replace(c, cost=c.cost * 2),
        replace(c, witnesses=replace(w, channel=None)),
        replace(c, witnesses=replace(w, channel=better), upper=c.upper * 0.99, lower=c.lower * 0.99),
        replace(c, witnesses=replace(w, channel=holed)),
        replace(c, witnesses=replace(w, channel=negative)),
        replace(c, witnesses=replace(w, channel=spoiled)),
        replace(c, witnesses=replace(w, channel=endless)),
        replace(c, witnesses=replace(w, channel=w.channel[:, :-1])),
        replace(c, witnesses=replace(w, channel=w.channel[:-1])),
        replace(c, witnesses=replace(w, slope=math.nan)),
        replace(c, witnesses=replace(w, slope=-1.0)),
        replace(c, witnesses=replace(w, slope=math.inf)),
        replace(c, witnesses=replace(w, slope=w.slope * 1.5)),
        replace(c, witnesses=replace(w, log_lambda=shifted)),
        replace(c, witnesses=replace(w, log_lambda=w.log_lambda[:-1])),
        replace(c, witnesses=replace(w, log_lambda=w.log_lambda * math.nan)),
    ]


def test_forged_certificates_are_rejected() -> None:
    rng = np.random.default_rng(9)
    for _ in range(8):
        p, cost = rng.dirichlet(np.full(4, 5.0)), np.eye(4, 3) * -0.5 + rng.random((4, 3))
        least, most = float(p @ cost.min(axis=1)), float((p @ cost).min())
        assert most - least > 0.01
        c = rate_distortion(p, cost, least + 0.5 * (most - least))
        assert c.verify()
        for i, forged in enumerate(forgeries(c)):
            with pytest.raises(CertificateError):
                assert not forged.verify(), i


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("p_X", ([0.5, 0.6], HAMMING, 0.1)),
        ("p_X", ([-0.1, 1.1], HAMMING, 0.1)),
        ("p_X", ([math.nan, 1.0], HAMMING, 0.1)),
        ("p_X", ([[0.5, 0.5]], HAMMING, 0.1)),
        ("p_X", ("ab", HAMMING, 0.1)),
        ("cost", ([], np.zeros((0, 2)), 0.1)),
        ("cost", ([1.0], np.zeros((1, 0)), 0.1)),
        ("cost", ([0.5, 0.5], np.zeros((3, 2)), 0.1)),
        ("cost", ([0.5, 0.5], [[0.0, math.inf], [1.0, 0.0]], 0.1)),
        ("cost", ([0.5, 0.5], [[0.0, math.nan], [1.0, 0.0]], 0.1)),
        ("cost", ([0.5, 0.5], [0.0, 1.0], 0.1)),
        ("distortion", ([0.5, 0.5], HAMMING, math.nan)),
        ("distortion", ([0.5, 0.5], HAMMING, [0.1, 0.2])),
        ("distortion", ([0.5, 0.5], HAMMING, -math.inf)),
        ("distortion", ([0.5, 0.5], HAMMING, "low")),
        ("units", ([0.5, 0.5], HAMMING, 0.1, "hartleys")),
    ],
)
def test_bad_input(argument: str, arguments: Any) -> None:
    with pytest.raises(InputError) as error:
        rate_distortion(*arguments)
    assert error.value.argument == argument
    assert "\n" not in str(error.value)
