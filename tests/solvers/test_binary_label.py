"""The binary single-domain solver: a grid of posteriors beside it, edges, forgeries, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from rdcsym.problem import InputError
from solvers import CertificateError, binary_label, rate_distortion
from solvers.binary_label_checker import LabelWitnesses

INF = math.inf
HAMMING = 1.0 - np.eye(2)


def h(p):
    p = np.clip(p, 1e-300, 1 - 1e-16)
    return -p * np.log2(p) - (1 - p) * np.log1p(-p) / math.log(2)


def test_intervals_of_one_ulp():
    rng = np.random.default_rng(0)
    for k in range(60):
        q, n, D = rng.random(), rng.random(), rng.uniform(0, 0.5) if k % 3 else INF
        C = float(h(n) + (h(q + n - 2 * q * n) - h(n)) * rng.uniform(0.01, 1.1))
        c = binary_label(q, n, D, C)
        assert c.verify()
        assert c.status == "certified"
        assert c.upper - c.lower <= 4e-16 * c.upper


@pytest.mark.parametrize("q", [0.5, 0.3, 0.9])
@pytest.mark.parametrize(("D", "C"), [(0.2, 0.9), (0.2, 0.7), (INF, 0.8), (0.05, 1.0), (0.4, 0.55)])
def test_a_linear_program_over_posteriors(q, D, C):
    """Laws of t = P(X=1|Y) on a grid, mean q: the least h(q) - E h(t) within both budgets, from above."""
    n = 0.1
    t = np.unique(np.concatenate([np.linspace(0, 1, 1201), [q]]))
    loss, error = h(n + (1 - 2 * n) * t), np.minimum(t, 1 - t)
    budgets = [(loss, C)] + ([(error, D)] if D < INF else [])
    found = linprog(
        -h(t),
        A_ub=np.array([row for row, _ in budgets]),
        b_ub=[b for _, b in budgets],
        A_eq=np.array([np.ones(t.size), t]),
        b_eq=[1, q],
    )
    best = float(h(q)) + found.fun
    c = binary_label(q, n, D, C)
    assert c.lower <= best + 1e-9
    assert c.upper == pytest.approx(best, abs=2e-4)


def test_a_deaf_classifier_leaves_shannons_function():
    for q in (0.2, 0.5, 0.95):
        for D in (0.01, 0.1, 0.3):
            ours, shannon = binary_label(q, 0.2, D, INF), rate_distortion([1 - q, q], HAMMING, D)
            assert ours.lower <= shannon.upper
            assert shannon.lower <= ours.upper
            assert ours.upper == pytest.approx(shannon.upper, rel=1e-9)


def test_edges():
    assert binary_label(0.3, 0.5, 0.0, 1 - 1e-12).status == "infeasible"
    assert binary_label(0.3, 0.5, 1.0, 1.0).upper == 0
    assert binary_label(0.3, 0.1, 1.0, float(h(0.1)) - 1e-12).status == "infeasible"
    assert binary_label(0.5, 0.1, 1.0, 1.0).upper == 0
    entropy = float(h(0.3))
    for at in ((0.3, 0.1, 0.0, INF), (0.3, 0.0, INF, 0.0), (0.7, 1.0, 1.0, 0.0)):
        c = binary_label(*at)
        assert c.verify()
        assert c.lower == pytest.approx(entropy, rel=1e-15)
    for tiny in (1e-300, 1e-200, 1e-16):
        for at in ((tiny, 0.1, 0.0, INF), (0.3, tiny, 0.1, 0.5), (0.3, 0.0, INF, tiny), (0.3, 0.1, tiny, INF)):
            c = binary_label(*at)
            assert c.verify()
            assert c.upper - c.lower <= 1e-15 * c.upper


def test_nats():
    bits, nats = binary_label(0.3, 0.1, 0.1, 0.6), binary_label(0.3, 0.1, 0.1, 0.6 * math.log(2), units="nats")
    assert nats.upper == pytest.approx(bits.upper * math.log(2), rel=1e-13)


def test_forgeries_are_refused():
    good = binary_label(0.4, 0.1, 0.3, 0.7)
    beta, slope, tangent = good.witnesses.dual
    for change in (
        {"upper": good.lower * 0.99},
        {"lower": good.upper * 1.001, "upper": good.upper * 1.01},
        {"classification": 0.6},
        {"distortion": 0.01},
        {"q_S1": 0.2},
        {"witnesses": LabelWitnesses(good.witnesses.crossover * Fraction(101, 100), good.witnesses.dual)},
        {"witnesses": LabelWitnesses(Fraction(-1, 10), good.witnesses.dual)},
        {"witnesses": LabelWitnesses(None, good.witnesses.dual)},
        {"witnesses": LabelWitnesses(good.witnesses.crossover, (beta * Fraction(101, 100), slope, tangent))},
        {"witnesses": LabelWitnesses(good.witnesses.crossover, (-beta, slope, tangent))},
        {"witnesses": LabelWitnesses(good.witnesses.crossover, (beta, slope, Fraction(49, 100)))},
        {"witnesses": LabelWitnesses(good.witnesses.crossover, (beta, slope, Fraction(0)))},
        {"witnesses": LabelWitnesses(good.witnesses.crossover, None)},
    ):
        with pytest.raises(CertificateError):
            replace(good, **change).verify()


def test_a_tangent_on_the_concave_part_proves_nothing():
    """beta so large that phi is concave at the tangent's point: its tangent lies above phi there."""
    good = binary_label(0.4, 0.01, INF, 0.6)
    steep = LabelWitnesses(good.witnesses.crossover, (Fraction(3), Fraction(0), Fraction(2, 5)))
    with pytest.raises(CertificateError, match="prove 0"):
        replace(good, witnesses=steep).verify()


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("q_X", (1.5, 0.1, 0.1, 0.5)),
        ("q_S1", (0.5, -0.1, 0.1, 0.5)),
        ("distortion", (0.5, 0.1, -0.1, 0.5)),
        ("classification", (0.5, 0.1, 0.1, math.nan)),
        ("distortion", (0.5, 0.1, [0.1, 0.2], 0.5)),
        ("units", (0.5, 0.1, 0.1, 0.5, "bytes")),
    ],
)
def test_bad_input(argument, arguments):
    with pytest.raises(InputError, match=argument):
        binary_label(*arguments)
