"""What the checker of Gaussian certificates proves is true, and 270 forged certificates are rejected."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solvers import CertificateError, gaussian_checker
from solvers.gaussian import GaussianCertificate, solve_gaussian

INF = math.inf


def test_no_channel_beats_the_lower_end() -> None:
    """Any Gaussian channel meeting the budgets, evaluated apart in floating point, spends at least the lower end."""
    rng = np.random.default_rng(11)
    for _ in range(200):
        s_X, s_Y, rho = math.exp(rng.normal()), math.exp(rng.normal()), rng.uniform(-1, 1)
        rate = -math.log1p(-rho * rho) / 2 + 1e-12
        spent = s_X**2 + s_Y**2 - 2 * s_X * s_Y * rho
        ratio = (s_Y / s_X) ** 2
        slack = 1e-9 * (s_X**2 + s_Y**2)
        for law in (
            {"sigma_Y": s_Y},
            {},
            {"perception": (s_X - s_Y) ** 2 + 1e-12, "perception_kind": "w2"},
            {"perception": (ratio - 1 - math.log(ratio)) / 2 + 1e-12, "perception_kind": "kl"},
        ):
            assert solve_gaussian(sigma_X=s_X, rate=rate, units="nats", **law).lower <= spent + slack


def test_a_discrete_output_is_above_the_lower_end_too() -> None:
    """One-bit quantisation of N(0, 1): rate 1 bit, D = 1 - 2/pi. The free-law bound is for every law of Y."""
    c = solve_gaussian(rate=1.0, sigma_X=1.0)
    assert c.upper < 1 - 2 / math.pi
    shift = math.sqrt(2 / math.pi)  # Y = +- shift has W2^2 = 1 - 2/pi to X: the ball of that radius contains it
    ball = solve_gaussian(rate=1.0, sigma_X=1.0, perception=1 - 2 / math.pi + 1e-12, perception_kind="w2")
    assert ball.lower <= 1 + shift**2 - 2 * shift * math.sqrt(2 / math.pi)


def test_the_closed_gaussian_integral_of_the_dual_by_quadrature() -> None:
    """The checker's eps log E exp((f + g - d)/eps) against Gauss-Hermite quadrature in two dimensions."""
    c = solve_gaussian(rate=0.6, units="nats", sigma_X=1.3, sigma_Y=0.8)
    w, s_X, s_Y = c.witnesses, 1.3, 0.8
    cross = 2 * s_X * s_Y
    eps, u = cross * w.temperature, (1 + w.excess - w.temperature) / 2
    a, b = 1 - cross * u / s_X**2, 1 - cross * u / s_Y**2
    node, weight = np.polynomial.hermite_e.hermegauss(120)
    x, y = s_X * node[:, None], s_Y * node[None, :]
    weights = weight[:, None] * weight[None, :] / (2 * math.pi)
    partition = float((weights * np.exp((a * x**2 + b * y**2 - (x - y) ** 2) / eps)).sum())
    bound = a * s_X**2 + b * s_Y**2 - eps * math.log(partition) - eps * 0.6
    assert bound == pytest.approx(c.lower, rel=1e-9)


def forgeries(c: GaussianCertificate) -> list[GaussianCertificate]:
    w = c.witnesses
    assert w.snr is not None
    looser = {"rate": c.problem.rate / 2} if c.problem.rate is not None else {"distortion": (c.problem.distortion or 0) / 2}
    return [
        replace(c, lower=c.upper * (1 + 1e-9)),
        replace(c, lower=math.nextafter(c.lower, INF)),
        replace(c, upper=math.nextafter(c.upper, -INF)),
        replace(c, upper=c.lower * 0.999),
        replace(c, lower=math.nan),
        replace(c, upper=math.nan),
        replace(c, lower=math.nan, status="gap"),
        replace(c, upper=math.nan, status="gap"),
        replace(c, lower=-1.0),
        replace(c, lower=-1.0, status="gap"),
        replace(c, lower=INF, upper=INF, status="infeasible"),
        replace(c, status="infeasible"),
        replace(c, status="gap"),
        replace(c, lower=0.0, upper=INF),
        replace(c, problem=replace(c.problem, **looser)),
        replace(c, witnesses=replace(w, snr=None)),
        replace(c, witnesses=replace(w, snr=math.nan)),
        replace(c, witnesses=replace(w, snr=-w.snr)),
        replace(c, witnesses=replace(w, snr=w.snr * 1.001)),
        replace(c, witnesses=replace(w, snr=w.snr / 1.001)),
        replace(c, witnesses=replace(w, snr=INF)),
        replace(c, witnesses=replace(w, temperature=w.temperature * 1.01)),
        replace(c, witnesses=replace(w, temperature=math.nan)),
        replace(c, witnesses=replace(w, temperature=-1.0)),
        replace(c, witnesses=replace(w, temperature=0.0)),
        replace(c, witnesses=replace(w, excess=-1.0)),
        replace(c, witnesses=replace(w, excess=math.nan)),
        replace(c, witnesses=replace(w, excess=INF)),
        replace(c, witnesses=replace(w, excess=w.excess * 1.01 + 0.01)),
        replace(c, witnesses=replace(w, shrink=math.nan)),
        replace(c, witnesses=replace(w, shrink=2.0)),
        replace(c, witnesses=replace(w, log_ball=math.nan)),
        replace(c, witnesses=replace(w, log_ball=0.1)),
    ]


@pytest.mark.parametrize("budget", [{"rate": 0.7}, {"distortion": 0.6}])
@pytest.mark.parametrize(
    "law", [{}, {"sigma_Y": 1.2}, {"perception": 0.01, "perception_kind": "w2"}, {"perception": 0.01, "perception_kind": "kl"}]
)
def test_forged_certificates_are_rejected(budget: dict[str, float], law: dict[str, Any]) -> None:
    c = solve_gaussian(**budget, **law, sigma_X=1.0, sigma_S=1.0, theta=0.5, classification=3.0)
    assert c.verify()
    for i, forged in enumerate(forgeries(c)):
        with pytest.raises(CertificateError):
            assert not forged.verify(), i


def test_forged_balls_are_rejected() -> None:
    kl = solve_gaussian(rate=1.0, sigma_X=1.0, perception=0.01, perception_kind="kl")
    w2 = solve_gaussian(rate=1.0, sigma_X=1.0, perception=0.01, perception_kind="w2")
    higher = replace(kl.witnesses, log_ball=kl.witnesses.log_ball * (1 - 1e-9))  # claims a smaller ball: a higher lower end
    with pytest.raises(CertificateError, match="log_ball"):
        replace(kl, witnesses=higher).verify()
    for c in (kl, w2):
        outside = replace(c.witnesses, shrink=c.witnesses.shrink * (1 + 1e-9))  # leaves the ball: a lower upper end
        with pytest.raises(CertificateError, match="upper end"):
            replace(c, witnesses=outside).verify()


def test_a_label_budget_that_is_missed_is_no_upper_end() -> None:
    c = solve_gaussian(rate=1.0, units="nats", sigma_X=1.0, sigma_S=1.0, theta=0.9, classification=1.0)
    assert c.status == "certified"
    weaker = replace(c.witnesses, snr=0.5)
    with pytest.raises(CertificateError, match="upper end"):
        replace(c, witnesses=weaker, upper=2.0, status="gap").verify()
    assert not gaussian_checker.channel_is_feasible(c.problem, weaker)


def test_a_constant_output_carries_no_information_whatever_the_channel_says() -> None:
    """shrink = 1 makes Y constant: the forged channel's ratio would satisfy a label budget that a constant cannot."""
    c = solve_gaussian(rate=1.0, units="nats", sigma_X=1.0, sigma_S=1.0, theta=0.9, classification=1.0)
    constant = replace(c.witnesses, shrink=1.0)
    with pytest.raises(CertificateError, match="upper end"):
        replace(c, witnesses=constant, upper=1.0, status="gap").verify()


def test_a_dual_that_diverges_is_rejected() -> None:
    c = solve_gaussian(rate=1.0, sigma_X=1.0, sigma_Y=1.0)
    with pytest.raises(CertificateError, match="converge"):
        replace(c, witnesses=replace(c.witnesses, excess=0.0)).verify()
