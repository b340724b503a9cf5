"""Full-covariance Gaussian certificates: equal to parallel components where covariances commute, below every coupling."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import CertificateError, solve_gaussian, solve_gaussian_covariance, solve_gaussian_parallel

INF = math.inf
ENTROPY = math.log(2 * math.pi * math.e) / 2  # h of N(0, 1) in nats


def rotation(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def covariance(rng: np.random.Generator, n: int) -> np.ndarray:
    root = rng.normal(size=(n, n))
    return root @ root.T + 0.1 * np.eye(n)


def amounts(k: dict[str, Any], K: np.ndarray) -> tuple[float, float, float]:
    """(distortion, I(X;Y), h(S|Y)) of a cross-covariance, in nats."""
    X, Y, A, N = k["Sigma_X"], k["Sigma_Y"], k["label_map"], k["label_noise"]
    E = X - K @ np.linalg.solve(Y, K.T)
    rate = (np.linalg.slogdet(X)[1] - np.linalg.slogdet(E)[1]) / 2
    loss = A.shape[0] * ENTROPY + np.linalg.slogdet(A @ E @ A.T + N)[1] / 2
    return float(np.trace(X) + np.trace(Y) - 2 * np.trace(K)), float(rate), float(loss)


def test_scalar_rate_only_is_the_scalar_problem() -> None:
    one = solve_gaussian(rate=0.7, sigma_X=1.2, sigma_Y=0.8)
    c = solve_gaussian_covariance(rate=0.7, Sigma_X=[[1.44]], Sigma_Y=[[0.64]])
    assert c.verify()
    assert c.status == "certified"
    assert c.lower == pytest.approx(one.lower, rel=1e-13)
    assert c.upper == pytest.approx(one.upper, rel=1e-13)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("rotated", [False, True])
def test_commuting_covariances_are_parallel_components(n: int, rotated: bool) -> None:
    """Certified, and equal, where the label's price is at most the rate's; beyond that an interval that holds the value."""
    rng = np.random.default_rng(n)
    closed = open_ = 0
    for _ in range(6):
        s, t, kappa = np.exp(0.5 * rng.normal(size=n)), np.exp(0.5 * rng.normal(size=n)), rng.uniform(0.2, 0.95, n)
        rate, Q = rng.uniform(0.3, 2), rotation(rng, n) if rotated else np.eye(n)
        rates = np.array(solve_gaussian_parallel(rate=rate, sigma_X=s, sigma_Y=t, units="nats").witnesses.rates)
        told = -0.5 * np.log(1 - kappa**2 * -np.expm1(-2 * rates)).sum()
        budget: dict[str, Any] = {"rate": rate, "classification": n * ENTROPY - told * rng.uniform(0.9, 1.15), "units": "nats"}
        parallel = solve_gaussian_parallel(**budget, sigma_X=s, sigma_Y=t, kappa=kappa)
        c = solve_gaussian_covariance(
            **budget, Sigma_X=Q @ np.diag(s**2) @ Q.T, Sigma_Y=Q @ np.diag(t**2) @ Q.T,
            label_map=np.diag(kappa / s) @ Q.T, label_noise=np.diag(1 - kappa**2),
        )  # fmt: skip
        assert c.verify()
        assert c.lower <= parallel.upper + 1e-9 * c.problem.scale
        assert c.upper >= parallel.lower - 1e-9 * c.problem.scale
        dual = parallel.witnesses.dual
        if parallel.status == "certified" and dual is not None and dual.margin > 1e-3 * dual.rate:
            assert c.status == "certified"
            assert c.upper - c.lower <= 1e-12 * c.problem.scale
            closed += 1
        else:
            open_ += 1
    assert closed >= 2, open_


def problems(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {
        "Sigma_X": covariance(rng, n),
        "Sigma_Y": covariance(rng, n),
        "label_map": rng.normal(size=(1, n)),
        "label_noise": np.array([[0.5]]),
        "units": "nats",
    }


@pytest.mark.parametrize("n", [2, 3])
def test_distortion_rises_as_the_classification_budget_tightens(n: int) -> None:
    rng = np.random.default_rng(10 + n)
    certified = 0
    for _ in range(3):
        law, rate = problems(rng, n), rng.uniform(0.5, 1.5)
        plain = solve_gaussian_covariance(rate=rate, **law)
        assert plain.status == "certified"
        assert plain.upper - plain.lower <= 1e-12 * plain.problem.scale
        K = plain.witnesses.cross_covariance
        assert K is not None
        loss = amounts(law, K)[2]
        slack = solve_gaussian_covariance(rate=rate, classification=loss + 0.01, **law)
        assert slack.lower == pytest.approx(plain.lower, rel=1e-9)
        last = plain.upper
        for step in (0.005, 0.02, 0.04):
            c = solve_gaussian_covariance(rate=rate, classification=loss - step, **law)
            assert c.verify()
            assert c.lower > plain.upper
            if c.status == "certified":
                assert c.lower > last
                last = c.upper
                certified += 1
    assert certified >= 4


@pytest.mark.parametrize("n", [2, 3])
def test_no_random_coupling_is_below_the_lower_end(n: int) -> None:
    """Random couplings, with what they spend as the budgets; and random ones near the optimum."""
    rng = np.random.default_rng(20 + n)
    for _ in range(4):
        law = problems(rng, n)
        X, Y = np.linalg.cholesky(law["Sigma_X"]), np.linalg.cholesky(law["Sigma_Y"])
        M = rng.normal(size=(n, n))
        K = X @ (M * rng.uniform(0.2, 0.95) / np.linalg.norm(M, 2)) @ Y.T
        spent, rate, loss = amounts(law, K)
        c = solve_gaussian_covariance(rate=rate + 1e-9, classification=loss + 1e-9, **law)
        assert c.verify()
        assert c.lower <= spent + 1e-9 * c.problem.scale
        best = c.witnesses.cross_covariance
        if best is None:
            continue
        for _ in range(50):
            near = best + 0.05 * X @ rng.normal(size=(n, n)) @ Y.T
            if np.linalg.norm(np.linalg.solve(X, np.linalg.solve(Y, near.T).T), 2) < 1:
                spent, used, left = amounts(law, near)
                assert used > rate or left > loss or spent >= c.lower


def test_edges() -> None:
    law: dict[str, Any] = {
        "Sigma_X": np.diag([1.0, 4.0]),
        "Sigma_Y": np.eye(2),
        "label_map": [[1.0, 0.0]],
        "label_noise": [[1.0]],
    }
    at_zero = solve_gaussian_covariance(rate=0.0, **law)
    assert (at_zero.lower, at_zero.upper, at_zero.status) == (7.0, 7.0, "certified")
    assert at_zero.verify()
    own = (2 * ENTROPY + math.log(2)) / (2 * math.log(2))  # h(S) in bits, of variance 2
    for rate, loss in ((0.0, own - 0.1), (0.3, own - 0.4), (50.0, own - 0.51)):
        c = solve_gaussian_covariance(rate=rate, classification=loss, **law)
        assert c.verify()
        assert (c.status, c.lower, c.upper) == ("infeasible", INF, INF)
    assert solve_gaussian_covariance(rate=1.0, classification=INF, **law).status == "certified"
    assert solve_gaussian_covariance(rate=1.0, classification=own + 5, **law).status == "certified"


def test_forged_certificates_are_rejected() -> None:
    law = problems(np.random.default_rng(3), 2)
    plain = solve_gaussian_covariance(rate=0.8, **law)
    K = plain.witnesses.cross_covariance
    assert K is not None
    c = solve_gaussian_covariance(rate=0.8, classification=amounts(law, K)[2] - 0.02, **law)
    w = c.witnesses
    assert c.status == "certified"
    assert w.cross_covariance is not None
    assert w.tangent is not None
    assert min(w.rate_multiplier, w.label_multiplier) > 0
    bad = [
        replace(w, cross_covariance=w.cross_covariance * 1.001),
        replace(w, cross_covariance=w.cross_covariance * 0.999),
        replace(w, cross_covariance=K),  # the rate's optimum: cheaper, but it misses the classification budget
        replace(w, cross_covariance=np.full((2, 2), math.nan)),
        replace(w, cross_covariance=None),
        replace(w, tangent=w.tangent * 1.01),
        replace(w, tangent=w.tangent * 10),
        replace(w, tangent=w.tangent[:1]),
        replace(w, tangent=None),
        replace(w, rate_multiplier=-1.0),
        replace(w, rate_multiplier=w.rate_multiplier * 1.01),
        replace(w, label_multiplier=math.nan),
        replace(w, label_multiplier=INF),
    ]
    forged = [replace(c, witnesses=x) for x in bad]
    forged += [
        replace(c, lower=math.nextafter(c.lower, INF)),
        replace(c, upper=math.nextafter(c.upper, 0.0)),
        replace(c, lower=math.nan),
        replace(c, upper=math.nan),
        replace(c, status="gap"),
        replace(c, lower=INF, upper=INF, status="infeasible"),
        replace(c, problem=replace(c.problem, rate=0.7)),
    ]
    for i, one in enumerate(forged):
        with pytest.raises(CertificateError):
            assert not one.verify(), i


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("rate", {"rate": -1.0}),
        ("rate", {"rate": INF}),
        ("Sigma_X", {"Sigma_X": [[1.0, 2.0], [2.0, 1.0]]}),
        ("Sigma_X", {"Sigma_X": [[1.0, 0.5], [0.2, 1.0]]}),
        ("Sigma_X", {"Sigma_X": [[1.0, 0.5]]}),
        ("Sigma_X", {"Sigma_X": [[math.nan, 0.0], [0.0, 1.0]]}),
        ("Sigma_Y", {"Sigma_Y": [[1.0]]}),
        ("label_map", {"label_map": [[1.0, 0.0, 0.0]]}),
        ("label_map", {"label_map": None}),
        ("label_noise", {"label_noise": None}),
        ("label_noise", {"label_noise": [[0.0]]}),
        ("label_map", {"label_map": None, "label_noise": None}),
        ("classification", {"classification": -INF}),
        ("units", {"units": "bytes"}),
    ],
)
def test_bad_input(argument: str, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "rate": 1.0, "classification": 2.0, "Sigma_X": np.eye(2), "Sigma_Y": np.eye(2),
        "label_map": [[1.0, 0.0]], "label_noise": [[1.0]],
    }  # fmt: skip
    with pytest.raises(InputError) as error:
        solve_gaussian_covariance(**{**good, **change})
    assert error.value.argument == argument
