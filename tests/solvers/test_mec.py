"""Couplings through a bottleneck, certified: against random and optimised bottlenecks, edges, forged certificates, bad input."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from scipy.special import xlogy

from rdcsym.problem import InputError
from solvers import CertificateError, coupling_with_bottleneck, mec_checker


def information(plan) -> float:
    """I(X;Y) in bits of a table."""
    plan = np.asarray(plan)
    product = plan.sum(axis=1, keepdims=True) * plan.sum(axis=0)
    return float((xlogy(plan, plan) - xlogy(plan, np.where(plan > 0, product, 1.0))).sum() / math.log(2))


def filled(masses, mean: float, order) -> np.ndarray:
    """P(bit = 1 | T): the atoms of T filled in the given order up to the mean."""
    row, left = np.zeros(len(masses)), mean
    for t in order:
        row[t] = min(1.0, left / masses[t])
        left -= row[t] * masses[t]
    return row


def best_for(masses, q_X: float, q_Y: float) -> float:
    """The most information through a bottleneck of the given law: every pair of vertices of the two polytopes."""
    rows = [[filled(masses, q, order) for order in permutations(range(len(masses)))] for q in (q_X, q_Y)]
    best = 0.0
    for x in rows[0]:
        for y in rows[1]:
            c = float(masses @ (x * y))
            best = max(best, information(np.maximum([[1 - q_X - q_Y + c, q_Y - c], [q_X - c, c]], 0)))
    return best


def entropy(masses) -> float:
    return float(-xlogy(masses, masses).sum() / math.log(2))


@pytest.mark.parametrize("seed", range(12))
def test_no_bottleneck_does_better(seed):
    """Random laws of T with 2 to 4 atoms, the rate being their own entropy: no vertex of encoders and decoders tells more."""
    rng = np.random.default_rng(seed)
    for _ in range(25):
        q_X, q_Y = rng.random(2)
        masses = rng.dirichlet(np.full(int(rng.integers(2, 5)), rng.choice([0.1, 0.4, 1.0])))
        masses = np.maximum(masses, 1e-9) / np.maximum(masses, 1e-9).sum()
        found = coupling_with_bottleneck(q_X, q_Y, entropy(masses))
        assert found.verify()
        assert found.status == "certified"
        assert found.upper - found.lower <= 1e-14
        assert best_for(masses, q_X, q_Y) <= found.upper + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_stochastic_encoders_and_decoders_do_not_help(seed):
    rng = np.random.default_rng(100 + seed)
    q_X, q_Y = rng.random(2)
    masses = rng.dirichlet([3.0, 0.5, 0.5])
    found = coupling_with_bottleneck(q_X, q_Y, entropy(masses))
    vertices = [[filled(masses, q, order) for order in permutations(range(3))] for q in (q_X, q_Y)]
    for _ in range(100):
        x, y = (rng.dirichlet(np.ones(6)) @ np.array(v) for v in vertices)  # any point of the polytope
        c = float(masses @ (x * y))
        assert information([[1 - q_X - q_Y + c, q_Y - c], [q_X - c, c]]) <= found.upper + 1e-12


def test_known_values():
    h = entropy(np.array([0.3, 0.7]))
    assert coupling_with_bottleneck(0.3, 0.3, math.inf).lower == pytest.approx(h, rel=1e-15)
    assert coupling_with_bottleneck(0.3, 0.7, 5.0).upper == pytest.approx(h, rel=1e-15)
    assert coupling_with_bottleneck(0.5, 0.5, 1.0).lower == pytest.approx(1, rel=1e-15)
    # T = 1 with probability 1/4 pins both fair bits to 1: masses 1/3, 1/6, 1/6, 1/3.
    found = coupling_with_bottleneck(0.5, 0.5, entropy(np.array([0.25, 0.75])))
    assert found.lower == pytest.approx(information([[1 / 3, 1 / 6], [1 / 6, 1 / 3]]), rel=1e-13)
    assert coupling_with_bottleneck(0.5, 0.5, 0.7, units="nats").upper == pytest.approx(math.log(2), rel=1e-15)
    bits, nats = coupling_with_bottleneck(0.3, 0.4, 0.5), coupling_with_bottleneck(0.3, 0.4, 0.5 * math.log(2), units="nats")
    assert nats.lower == pytest.approx(bits.lower * math.log(2), rel=1e-13)


@pytest.mark.parametrize("q_Y", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize(("q_X", "rate"), [(0.0, 1.0), (1.0, 1.0), (0.3, 0.0), (5e-324, 0.5), (0.3, 5e-324), (0.3, 1e-200)])
def test_edges(q_X, q_Y, rate):
    found = coupling_with_bottleneck(q_X, q_Y, rate)
    assert found.verify()
    assert 0 <= found.lower <= found.upper <= 1e-3


@pytest.mark.parametrize("gap", [2.0**-k for k in (1, 10, 30, 52)])
def test_near_one_bit(gap):
    """H_b is flat at 1/2: the rarer atom moves with the root of the missing rate."""
    found = coupling_with_bottleneck(0.5, 0.5, 1 - gap)
    assert found.verify()
    assert found.upper - found.lower <= 1e-15
    assert found.lower < 1


def three_atoms(**change):
    """A valid certificate of another shape: T of three atoms."""
    third = Fraction(1, 3)
    given = dataclasses.replace(
        coupling_with_bottleneck(0.5, 0.5, 2.0),
        masses=(third, third, third), source=(Fraction(1), Fraction(1, 2), Fraction(0)), output=(Fraction(1), Fraction(1, 2), Fraction(0)),
    )  # fmt: skip
    return dataclasses.replace(given, lower=0.05, **change)


def test_a_weaker_bottleneck_is_a_wider_interval():
    assert three_atoms().verify()


@pytest.mark.parametrize(
    "change",
    [
        {"lower": 1.0},
        {"lower": -0.1},
        {"lower": math.nan},
        {"upper": math.nan},
        {"upper": 0.5},
        {"rate": 1.58},  # log2 3 = 1.585
        {"q_X": 0.4},
        {"q_Y": 0.25},
        {"masses": (Fraction(1, 2), Fraction(1, 2))},
        {"masses": (Fraction(1, 3), Fraction(1, 3), Fraction(1, 4))},
        {"masses": (Fraction(0), Fraction(1, 2), Fraction(1, 2))},
        {"source": (Fraction(3, 2), Fraction(0), Fraction(0))},
        {"largest": Fraction(2, 3)},
        {"largest": Fraction(-1, 3)},
        {"largest": Fraction(1, 3)},
    ],
)
def test_forged_certificates(change):
    with pytest.raises(CertificateError):
        dataclasses.replace(three_atoms(), **change).verify()


def test_a_forged_root_proves_nothing():
    found = coupling_with_bottleneck(0.3, 0.4, 0.5)
    with pytest.raises(CertificateError, match="largest"):
        dataclasses.replace(found, largest=found.largest * Fraction(999_999, 1_000_000)).verify()
    with pytest.raises(CertificateError, match="H\\(T\\)"):
        dataclasses.replace(found, rate=found.rate * (1 - 1e-9)).verify()


@pytest.mark.parametrize("row", ["source", "output"])
def test_a_bottleneck_of_other_marginals_is_none(row):
    forged = three_atoms(**{row: (Fraction(1), Fraction(3, 4), Fraction(0))})
    with pytest.raises(CertificateError, match=f"{row}: its mean"):
        forged.verify()


@pytest.mark.parametrize("largest", [Fraction(1, 2), Fraction(2, 5)])
@pytest.mark.parametrize(("q_X", "q_Y"), [(0.3, 0.4), (0.6, 0.9), (0.2, 0.95)])
def test_the_bound_holds_for_any_valid_root(q_X, q_Y, largest):
    assert mec_checker.bound(q_X, q_Y, 0.5, "bits", largest) >= coupling_with_bottleneck(q_X, q_Y, 0.5).upper


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((-0.1, 0.5, 1.0), "q_X"), ((0.1, 1.5, 1.0), "q_Y"), ((0.1, 0.5, -1.0), "rate"), ((0.1, 0.5, math.nan), "rate"),
     ((0.1, 0.5, 1.0, "hartleys"), "units")],
)  # fmt: skip
def test_bad_input(arguments, name):
    with pytest.raises(InputError, match=name):
        coupling_with_bottleneck(*arguments)
