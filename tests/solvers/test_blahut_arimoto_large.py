"""Rate and distortion of large alphabets: closed forms, the stopping rule, and the float64 checker against balls and forgeries."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rdcsym.problem import FloatArray, InputError
from solvers import CertificateError, RateDistortionCertificate, rate_distortion
from solvers import blahut_arimoto_blocks_checker as in_float
from solvers import blahut_arimoto_checker as in_balls

N = 260  # above 65,536 pairs


def gaussian(n: int) -> tuple[FloatArray, FloatArray]:
    x = np.linspace(-4, 4, n)
    p = np.exp(-(x**2) / 2)
    return p / p.sum(), np.subtract.outer(x, x) ** 2


def test_hamming_is_the_closed_form() -> None:
    for D in (0.0, 0.3):
        c = rate_distortion(np.full(N, 1 / N), 1 - np.eye(N), D)
        value = math.log2(N) - (0 if D == 0 else D * math.log2(N - 1) - D * math.log2(D) - (1 - D) * math.log2(1 - D))
        assert c.verify()
        assert c.status == "certified"
        assert c.lower <= value + 1e-12
        assert value <= c.upper + 1e-12


def test_a_gaussian_grid_comes_near_the_closed_form() -> None:
    p, cost = gaussian(N)
    c = rate_distortion(p, cost, 0.3)
    assert c.verify()
    assert c.relative_gap <= 1e-9
    assert c.upper == pytest.approx(0.5 * math.log2(1 / 0.3), abs=2e-3)


def test_random_costs_and_a_straight_piece() -> None:
    rng = np.random.default_rng(0)
    p, cost = rng.dirichlet(np.ones(N)), rng.random((N, 300))
    worst = float((p @ (cost - cost.min(axis=1, keepdims=True))).min())
    for share in (1e-6, 0.2, 0.9, 1.000001, math.inf):
        c = rate_distortion(p, cost, float(p @ cost.min(axis=1)) + share * worst)
        assert c.verify()
        assert c.status == "certified", share
    # Half of the letters erase at cost 1/2: R is a straight line in D.
    erasing = np.hstack([40 * (1 - np.eye(N)), np.full((N, 1), 0.5)])
    c = rate_distortion(np.full(N, 1 / N), erasing, 0.2)
    assert c.status == "certified"
    assert c.upper == pytest.approx(math.log2(N) * 0.6, rel=1e-6)


def test_it_stops_on_the_gap_that_is_asked_for() -> None:
    p, cost = gaussian(N)
    coarse, fine = (rate_distortion(p, cost, 0.5, gap=gap) for gap in (1e-3, 1e-10))
    assert coarse.status == fine.status == "certified"
    assert fine.relative_gap <= 1e-10
    assert coarse.relative_gap <= 1e-3
    assert coarse.lower <= fine.upper
    assert fine.lower <= coarse.upper
    assert replace(coarse, gap=1e-12, status="gap").verify()
    with pytest.raises(CertificateError, match="status"):
        replace(coarse, gap=1e-12).verify()
    for bad in (-1e-9, 1.0, math.nan, [0.1]):
        with pytest.raises(InputError, match="gap"):
            rate_distortion(p, cost, 0.5, gap=bad)  # type: ignore[arg-type]


def test_what_float64_proves_balls_prove() -> None:
    """The same witnesses, good, moved and scaled, of small problems: the float interval holds the exact one, and hardly more."""
    rng = np.random.default_rng(1)
    for k in range(40):
        n, m = rng.integers(1, 9, 2)
        p, cost = rng.dirichlet(np.ones(n)), rng.random((n, m)) * 10.0 ** rng.integers(-3, 4)
        if k % 4 == 0:
            cost = rng.integers(0, 3, (n, m)).astype(float)
        if k % 5 == 0:
            p[0] = 0.0
            p = p / p.sum() if p.sum() > 0 else np.ones(n) / n
        low, high = float(p @ cost.min(axis=1)), float((p @ cost).min())
        c = rate_distortion(p, cost, low + float(rng.random()) * (high - low), units="nats")
        w = c.witnesses
        assert w.channel is not None
        scaled = w.channel * 10.0 ** rng.integers(-200, 200, (n, 1)) + 1e-250
        for witnesses in (
            w,
            replace(w, log_lambda=w.log_lambda + rng.normal(size=n)),
            replace(w, channel=scaled),
            replace(w, slope=w.slope / 3),
            replace(w, slope=math.inf),
        ):
            for budget in (c.distortion, 1.1 * abs(c.distortion), math.inf):
                near = in_float.ends(c.p_X, c.cost, budget, "nats", witnesses)
                exact = in_balls.ends(c.p_X, c.cost, budget, "nats", witnesses)
                assert near[0] <= exact[0]
                assert near[1] >= exact[1]
                assert near[0] == exact[0] or near[0] >= exact[0] - 1e-12 * (1 + abs(exact[0]))
                if budget != c.distortion:  # there the float checker may not see that the budget is kept
                    assert near[1] == exact[1] or near[1] <= exact[1] + 1e-11 * (1 + abs(exact[1]))


@pytest.fixture(scope="module")
def good() -> RateDistortionCertificate:
    p, cost = gaussian(N)
    return rate_distortion(p, cost, 0.5)


def test_forgeries_are_refused(good: RateDistortionCertificate) -> None:
    w = good.witnesses
    assert w.channel is not None
    holed, negative, spoiled = (w.channel.copy() for _ in range(3))
    holed[3], negative[0, 0], spoiled[0, 0] = 0.0, -0.1, math.nan
    shifted = w.log_lambda.copy()
    shifted[N // 2] += 0.3
    better = 0.5 * w.channel + 0.5 * w.channel.mean(axis=0)
    for change in (
        {"lower": good.upper * 1.01, "upper": good.upper * 1.02},
        {"lower": math.nextafter(good.upper, math.inf)},
        {"upper": good.lower * 0.999, "lower": good.lower * 0.998},
        {"distortion": 0.49},
        {"distortion": 0.51},
        {"units": "nats"},
        {"witnesses": replace(w, channel=None)},
        *({"witnesses": replace(w, channel=channel)} for channel in (holed, negative, spoiled, better, w.channel[:, :-1])),
        *({"witnesses": replace(w, slope=slope)} for slope in (math.nan, -1.0, math.inf, 1.5 * w.slope)),
        *(
            {"witnesses": replace(w, log_lambda=a)}
            for a in (shifted, w.log_lambda[:-1], w.log_lambda * math.nan, shifted + 1e300)
        ),
    ):
        with pytest.raises(CertificateError):
            assert not replace(good, **change).verify(), change


def test_sums_that_overflow_prove_nothing(good: RateDistortionCertificate) -> None:
    """A channel of which every row sums to inf was once worth a rate of 0; a spread of inf hid what the channel spends."""
    w = good.witnesses
    with pytest.raises(CertificateError, match="above 1e"):
        replace(good, lower=0.0, upper=0.1, status="gap", witnesses=replace(w, channel=np.full((N, N), 1e308))).verify()
    cost = 1 - np.eye(N)
    cost[0] = 1.7e308
    cost[0, 0] = -1.7e308
    dear = np.zeros((N, N))
    dear[0, 0] = 1.0
    dear[1:, :2] = 0.5
    with np.errstate(all="ignore"):
        assert in_float.ends(np.full(N, 1 / N), cost, -1.7e308 / N + 1e292, "bits", replace(w, channel=dear))[1] == math.inf
