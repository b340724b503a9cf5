"""The solver of two-symbol single-letter programs: every coupling on a grid beside it, the general solver, forgeries, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import rel_entr, xlogy

from rdcsym.problem import InputError
from solvers import CertificateError, DiscreteProblem, binary_coupling, solve
from solvers.binary_coupling_checker import CouplingWitnesses

INF = math.inf
HAMMING = 1.0 - np.eye(2)


def instances(count: int, seed: int):
    rng = np.random.default_rng(seed)
    for k in range(count):
        p_X, p_Y = rng.dirichlet([1, 1], 2)
        cost = rng.random((2, 2)) if k % 2 else HAMMING
        labels = rng.dirichlet(np.full(int(rng.integers(2, 4)), 0.5), 2)
        full = -float(xlogy(p_X @ labels, p_X @ labels).sum())
        yield p_X, p_Y, cost, labels, rng.uniform(0, 0.7), rng.uniform(0.7, 1.05) * full, rng.uniform(0.2, 1)


def on_a_grid(p_X, p_Y, cost, labels, rate, distortion, classification):
    """The best of 40,001 couplings, in nats and cost units."""
    low, high = -min(p_X[1] * p_Y[1], p_X[0] * p_Y[0]), min(p_X[1] * p_Y[0], p_X[0] * p_Y[1])
    delta = np.linspace(low, high, 40_001)
    joint = np.maximum(np.multiply.outer(p_X, p_Y)[:, :, None] + np.array([[1, -1], [-1, 1]])[:, :, None] * delta, 0)
    information = rel_entr(joint, np.multiply.outer(p_X, p_Y)[:, :, None]).sum((0, 1))
    pairs = np.einsum("xs,xyd->syd", labels, joint)
    loss = -(xlogy(pairs, pairs).sum((0, 1)) - xlogy(p_Y, p_Y).sum())
    spent = np.einsum("xyd,xy->d", joint, cost)
    fits = loss <= classification
    fits &= information <= rate if rate is not None else spent <= distortion
    return float(np.where(fits, spent if rate is not None else information, INF).min())


def test_every_coupling_on_a_grid():
    solved = 0
    for p_X, p_Y, cost, labels, R, C, share in instances(120, 0):
        D = float(cost.min() + share * (cost.max() - cost.min()))
        for budget in ({"rate": R, "distortion": None}, {"rate": None, "distortion": D}):
            best = on_a_grid(p_X, p_Y, cost, labels, classification=C, **budget)
            c = binary_coupling(p_X, p_Y, cost, labels, classification=C, units="nats", **budget)
            assert c.verify()
            assert c.status != "gap"
            assert c.lower <= best + 1e-12
            if best < INF:
                assert c.upper == pytest.approx(best, abs=2e-3)
                assert c.upper - c.lower <= 1e-15
                solved += 1
    assert solved > 60


def test_the_general_solver():
    for p_X, p_Y, cost, labels, R, C, _ in instances(6, 3):
        ours = binary_coupling(p_X, p_Y, cost, labels, rate=R, classification=C, units="nats")
        other = solve(DiscreteProblem(p_X=p_X, p_Y=p_Y, cost=cost, p_S_given_X=labels), rate=R, classification=C, units="nats")
        assert ours.lower <= other.upper + 1e-12
        assert other.lower <= ours.upper + 1e-12


def test_two_separated_intervals():
    """The positive side tells the classifier too little: the answer jumps to anticorrelation."""
    laws = [0.7, 0.3], [0.3, 0.7], HAMMING, [[0.9, 0.1], [0.1, 0.9]]
    near, far = binary_coupling(*laws, rate=1, classification=0.9), binary_coupling(*laws, rate=1, classification=0.6)
    assert near.upper < 0.5 < 0.9 < far.lower
    assert far.witnesses.attained is not None
    assert far.witnesses.attained < 0


def test_edges():
    laws = [0.7, 0.3], [0.6, 0.4], HAMMING, [[0.9, 0.1], [0.1, 0.9]]
    independent = 0.7 * 0.4 + 0.3 * 0.6
    assert binary_coupling(*laws, rate=0).upper == pytest.approx(independent, rel=1e-15)
    assert binary_coupling(*laws, rate=INF).upper == pytest.approx(0.1, rel=1e-14)
    assert binary_coupling(*laws, rate=1e-200).verify()
    assert binary_coupling(*laws, distortion=INF).upper == 0
    assert binary_coupling(*laws, distortion=0.1 - 1e-12).status == "infeasible"
    assert binary_coupling(*laws, rate=1, classification=0.4).status == "infeasible"
    assert binary_coupling(*laws, rate=0, classification=1).upper == pytest.approx(independent, rel=1e-15)
    assert binary_coupling([1, 0], [0.6, 0.4], HAMMING, [[0.5, 0.5], [1, 0]], rate=1, classification=1).upper == pytest.approx(
        0.4
    )
    assert binary_coupling([1, 0], [0.6, 0.4], HAMMING, [[0.5, 0.5], [1, 0]], rate=1, classification=0.9).status == "infeasible"
    same = binary_coupling([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2), rate=1, classification=0)
    assert same.verify()
    assert same.upper == 0
    flat = binary_coupling([0.5, 0.5], [0.5, 0.5], np.ones((2, 2)), np.eye(2), distortion=0.9)
    assert flat.status == "infeasible"


def test_forgeries_are_refused():
    good = binary_coupling([0.7, 0.3], [0.3, 0.7], HAMMING, [[0.9, 0.1], [0.1, 0.9]], rate=1, classification=0.6)
    w = good.witnesses
    low, high = w.loss
    for change in (
        {"upper": good.lower - 1e-9},
        {"lower": good.upper + 1e-9, "upper": 1.0},
        {"problem": replace(good.problem, classification=0.55)},
        {"problem": replace(good.problem, rate=0.1)},
        {"witnesses": replace(w, attained=Fraction(0))},
        {"witnesses": replace(w, attained=Fraction(1, 2))},
        {"witnesses": replace(w, attained=None)},
        {"witnesses": replace(w, loss=(low * Fraction(10001, 10000), high))},
        {"witnesses": replace(w, loss=(high, low))},
        {"witnesses": replace(w, loss=None)},
        {"witnesses": replace(w, rate=(Fraction(-1, 1000), None))},
        {"witnesses": replace(w, rate=(None, Fraction(0)))},
    ):
        with pytest.raises(CertificateError):
            replace(good, **change).verify()
    with pytest.raises(CertificateError):
        replace(binary_coupling([0.7, 0.3], [0.5, 0.5], HAMMING, np.eye(2), rate=0.1), witnesses=CouplingWitnesses(None)).verify()


@pytest.mark.parametrize(
    ("argument", "arguments", "budgets"),
    [
        ("rate", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2)), {}),
        ("rate", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2)), {"rate": 1, "distortion": 1}),
        ("rate", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2)), {"rate": -1}),
        ("classification", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2)), {"rate": 1, "classification": math.nan}),
        ("budgets", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2)), {"rate": [1, 2]}),
        ("p_X", ([0.5, 0.6], [0.5, 0.5], HAMMING, np.eye(2)), {"rate": 1}),
        ("p_Y", ([0.5, 0.5], [0.5, 0.3, 0.2], HAMMING, np.eye(2)), {"rate": 1}),
        ("cost", ([0.5, 0.5], [0.5, 0.5], np.ones((2, 3)), np.eye(2)), {"rate": 1}),
        ("p_S_given_X", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.ones((3, 2)) / 2), {"rate": 1}),
        ("p_S_given_X", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.ones((2, 2))), {"rate": 1}),
        ("units", ([0.5, 0.5], [0.5, 0.5], HAMMING, np.eye(2)), {"rate": 1, "units": "bytes"}),
    ],
)
def test_bad_input(argument, arguments, budgets):
    with pytest.raises(InputError, match=argument):
        binary_coupling(*arguments, **budgets)
