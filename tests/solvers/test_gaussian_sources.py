"""Gaussian sources behind the door `solve`: the same certificates as from their own functions, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import (
    Ball,
    GaussianBall,
    GaussianSource,
    ParallelGaussianSource,
    VectorGaussianSource,
    solve,
    solve_gaussian,
    solve_gaussian_covariance,
    solve_gaussian_parallel,
)

SCALAR = {"sigma_X": 1.0, "sigma_Y": 1.2, "mu_X": 0.5, "mu_Y": 0.0, "sigma_S": 1.0, "theta": 0.6}
PARALLEL = {"sigma_X": [2.0, 1.0], "sigma_Y": [2.0, 1.0], "kappa": [0.1, 0.95]}
VECTOR = {
    "Sigma_X": [[2.0, 0.5], [0.5, 1.0]],
    "Sigma_Y": np.eye(2),
    "label_map": [[1.0, -1.0]],
    "label_noise": [[0.5]],
}


def ends(c: Any) -> tuple[float, float, str]:
    assert c.verify()
    return c.lower, c.upper, c.status


@pytest.mark.parametrize(
    "budgets",
    [
        {"rate": 0.7},
        {"rate": 0.7, "classification": 1.9},
        {"distortion": 1.0},
        {"rate": 1, "classification": -5, "units": "nats"},
    ],
)
def test_scalar(budgets: dict[str, Any]) -> None:
    for setting in ("single-letter", "asymptotic"):
        assert ends(solve(GaussianSource(**SCALAR), setting=setting, **budgets)) == ends(solve_gaussian(**SCALAR, **budgets))


@pytest.mark.parametrize("kind", ["kl", "w2"])
def test_scalar_in_a_ball(kind: Any) -> None:
    ours = solve(GaussianSource(sigma_X=1.0), rate=0.7, perception=GaussianBall(kind, 0.1))
    assert ends(ours) == ends(solve_gaussian(sigma_X=1.0, rate=0.7, perception=0.1, perception_kind=kind))
    free = solve(GaussianSource(sigma_X=1.0), rate=1.0)
    assert free.lower == pytest.approx(0.25)


def test_parallel() -> None:
    for budgets in ({"rate": 0.7, "units": "nats"}, {"distortion": 3.0}, {"rate": 1.0, "classification": 4.0}):
        assert ends(solve(ParallelGaussianSource(**PARALLEL), **budgets)) == ends(solve_gaussian_parallel(**PARALLEL, **budgets))
    free = solve(ParallelGaussianSource(sigma_X=[2.0, 1.0]), rate=1.0, perception=GaussianBall("w2", 0.2))
    assert ends(free) == ends(solve_gaussian_parallel(sigma_X=[2.0, 1.0], rate=1.0, perception=0.2))


def test_full_covariances() -> None:
    for budgets in ({"rate": 0.7}, {"rate": 0.7, "classification": 2.0}):
        assert ends(solve(VectorGaussianSource(**VECTOR), **budgets)) == ends(solve_gaussian_covariance(**VECTOR, **budgets))


def test_a_diagonal_covariance_is_a_parallel_source() -> None:
    parallel = solve(ParallelGaussianSource(sigma_X=[2.0, 1.0], sigma_Y=[1.5, 1.0]), rate=0.9)
    full = solve(VectorGaussianSource(Sigma_X=np.diag([4.0, 1.0]), Sigma_Y=np.diag([2.25, 1.0])), rate=0.9)
    assert full.lower <= parallel.upper
    assert parallel.lower <= full.upper
    assert full.upper == pytest.approx(parallel.upper, rel=1e-7)


X = GaussianSource(**SCALAR)
FREE = GaussianSource(sigma_X=1.0)
MANY = ParallelGaussianSource(sigma_X=[1.0, 2.0])
FULL = VectorGaussianSource(**VECTOR)


@pytest.mark.parametrize(
    ("argument", "source", "options"),
    [
        ("rate", X, {}),
        ("rate", X, {"rate": 1, "distortion": 1}),
        ("rate", X, {"rate": -1}),
        ("rate", FULL, {"rate": math.nan}),
        ("rate", FULL, {"rate": [1, 2]}),
        ("rate", FULL, {"rate": math.inf}),
        ("setting", X, {"rate": 1, "setting": "oneshot"}),
        ("setting", FULL, {"rate": 1, "classification": 2, "setting": "asymptotic"}),
        ("units", X, {"rate": 1, "units": "bytes"}),
        ("distortion", FULL, {"distortion": 1}),
        ("perception", FREE, {"rate": 1, "perception": Ball("kl", 0.1)}),
        ("perception", FREE, {"rate": 1, "perception": 0.1}),
        ("perception", X, {"rate": 1, "perception": GaussianBall("kl", 0.1)}),
        ("perception", FREE, {"rate": 1, "perception": GaussianBall("kl", -0.1)}),
        ("perception", MANY, {"rate": 1, "perception": GaussianBall("kl", 0.1)}),
        ("perception", FULL, {"rate": 1, "perception": GaussianBall("w2", 0.1)}),
        ("method", X, {"rate": 1, "method": "conic"}),
        ("tolerance", X, {"rate": 1, "tolerance": 1e-3}),
        ("nodes", X, {"rate": 1, "nodes": 10}),
        ("device", X, {"rate": 1, "device": "cuda"}),
        ("classifier_sees_seed", X, {"rate": 1, "classifier_sees_seed": True}),
        ("sigma_S", FREE, {"rate": 1, "classification": 1}),
        ("label_map", VectorGaussianSource(Sigma_X=np.eye(2), Sigma_Y=np.eye(2)), {"rate": 1, "classification": 1}),
    ],
)
def test_what_has_no_meaning_is_refused(argument: str, source: Any, options: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        solve(source, **options)
    assert error.value.argument == argument
    assert "\n" not in str(error.value)


def test_an_unknown_ball() -> None:
    with pytest.raises(InputError, match="perception"):
        GaussianBall("tv", 0.1)  # type: ignore[arg-type]
