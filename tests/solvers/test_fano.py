"""Fano's bound, certified: known values, random ones against an independent bisection, forged certificates, bad input."""

from __future__ import annotations

import dataclasses
import math

import mpmath
import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import CertificateError, least_error


def exact(loss_bits: float, labels: int) -> float:
    """The error by bisection in 60 digits, from the entropy of (1 - e, e/(M-1), ...)."""
    with mpmath.workdps(60):
        loss, m = mpmath.mpf(loss_bits) * mpmath.log(2), mpmath.mpf(labels)
        low, high = mpmath.mpf(0), 1 - 1 / m
        for _ in range(190):
            e = (low + high) / 2
            entropy = -(1 - e) * mpmath.log(1 - e) - e * mpmath.log(e / (m - 1))
            low, high = (e, high) if entropy < loss else (low, e)
        return float(low)


@pytest.mark.parametrize("seed", range(60))
def test_random_losses(seed):
    rng = np.random.default_rng(seed)
    labels = int(rng.integers(2, 60))
    loss = float(rng.choice([rng.random(), rng.random() * 1e-9, 1 - rng.random() * 1e-9]) * math.log2(labels))
    found = least_error(loss, labels)
    assert found.verify()
    assert found.status == "certified"
    assert found.lower * (1 - 1e-15) <= exact(loss, labels) <= found.upper * (1 + 1e-15)
    assert found.upper - found.lower <= 1e-9 * found.upper


@pytest.mark.parametrize(
    ("loss", "labels", "error"), [(0.0, 2, 0.0), (1.0, 2, 0.5), (2.0, 4, 0.75), (0.5, 2, 0.11002786443835955), (5e-324, 3, 0.0)]
)
def test_known_values(loss, labels, error):
    found = least_error(loss, labels)
    assert found.verify()
    assert found.lower - 1e-15 <= error <= found.upper + 1e-15


def test_units_and_infeasibility():
    assert least_error(1.0001, 2).status == "infeasible"
    assert least_error(1.0001, 2).verify()
    assert least_error(0.5, 2, units="nats").lower == pytest.approx(least_error(0.5 / math.log(2), 2).lower, rel=1e-14)
    assert least_error(math.nextafter(math.log(3), 9), 3, units="nats").lower == math.inf


@pytest.mark.parametrize(
    "change",
    [{"lower": 0.2}, {"upper": 0.1}, {"lower": math.inf, "upper": math.inf}, {"reference": 0.9}, {"upper": math.nan},
     {"lower": math.nan}, {"loss": 0.8}],
)  # fmt: skip
def test_forged_certificates_are_rejected(change):
    with pytest.raises(CertificateError, match=r"lower|upper"):
        dataclasses.replace(least_error(0.5, 2), **change).verify()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((-1, 2), "loss"), ((0.5, 1), "labels"), ((0.5, 2.5), "labels"), ((math.nan, 2), "loss"), ((0.5, 2, "bytes"), "units")],
)
def test_bad_input(arguments, named):
    with pytest.raises(InputError, match=named):
        least_error(*arguments)
