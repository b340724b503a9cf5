"""What rdcsym.testing draws: every object keeps its contract, and every documented edge really occurs."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import rdcsym
from rdcsym import testing
from rdcsym.problem import InputError
from rdcsym.testing.bank import Bank, Cell

ULP = 2.0**-52
SEARCH = settings(max_examples=2500, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=60, deadline=None)


def is_law(p):
    assert p.dtype == np.float64
    assert (p >= 0).all()
    assert (p <= 1).all()
    assert abs(math.fsum(p) - 1) <= ULP


@given(testing.simplices())
def test_simplices_are_laws(p):
    assert p.ndim == 1
    is_law(p)


@given(st.data())
def test_simplices_keep_their_options(data):
    n = data.draw(st.integers(1, 7))
    p = data.draw(testing.simplices(n, zeros=False, denormals=False))
    assert p.shape == (n,)
    assert (p >= 2.0**-1022).all()


@given(testing.channels(3, 4), testing.labels(4, 2), st.data())
def test_channels_and_labels_are_laws_in_every_row(channel, labels, data):
    assert channel.shape == (3, 4)
    assert labels.shape == (4, 2)
    for row in (*channel, *labels):
        is_law(row)


@given(st.data())
def test_couplings_have_the_marginals_that_are_given(data):
    p, q = data.draw(testing.simplices()), data.draw(testing.simplices())
    plan = data.draw(testing.couplings(p, q))
    assert plan.shape == (p.size, q.size)
    assert (plan >= 0).all()
    np.testing.assert_allclose(plan.sum(axis=1), p, rtol=0, atol=4 * ULP)
    np.testing.assert_allclose(plan.sum(axis=0), q, rtol=0, atol=4 * ULP)


@given(testing.couplings(n=2, m=3))
def test_couplings_draw_marginals_that_are_not_given(plan):
    assert plan.shape == (2, 3)
    assert abs(plan.sum() - 1) <= 8 * ULP


@given(testing.costs(2, 3), testing.costs(3, 2, ties=False))
def test_costs(cost, untied):
    assert cost.shape == (2, 3)
    assert np.isfinite(cost).all()
    assert (cost >= 0).all()
    assert len(set(untied.ravel())) == 6


@given(testing.discrete_problems(n=3, m=2, k=2))
def test_problems_are_accepted_by_the_solvers(problem):
    from solvers import DiscreteProblem

    assert DiscreteProblem(**problem).cost.shape == (3, 2)


def leading_minors(matrix):
    """All principal minors, in exact rationals: no one of them negative is what positive semidefinite means."""
    import itertools

    exact = [[Fraction(x) for x in row] for row in matrix.tolist()]
    for size in range(1, len(exact) + 1):
        for rows in itertools.combinations(range(len(exact)), size):
            yield determinant([[exact[i][j] for j in rows] for i in rows])


def determinant(m):
    if len(m) == 1:
        return m[0][0]
    return sum((-1) ** j * m[0][j] * determinant([row[:j] + row[j + 1 :] for row in m[1:]]) for j in range(len(m)))


@FEW
@given(testing.covariances(st.integers(1, 4)))
def test_covariances_are_exactly_symmetric_and_semidefinite(matrix):
    assert matrix.dtype == np.float64
    assert (matrix == matrix.T).all()
    assert min(leading_minors(matrix)) >= 0


@FEW
@given(testing.covariances(st.integers(1, 4), singular=False))
def test_covariances_without_singular_ones_are_well_conditioned(matrix):
    assert np.linalg.cond(matrix) <= 1 + 16 * len(matrix) ** 2 + 1e-6


def near_singular(matrix):
    """Condition number above 1e12, and not singular."""
    if len(matrix) < 2 or not matrix.any():
        return False
    size = np.trace(matrix)
    return (
        0 < determinant([[Fraction(x) for x in row] for row in matrix.tolist()]) < Fraction(1e-12) * Fraction(size) ** len(matrix)
    )


EDGES = {
    "an atom of mass 0": (testing.simplices(), lambda p: (p == 0).any()),
    "a point mass": (testing.simplices(), lambda p: p.size > 1 and p.max() == 1 and (p == 0).sum() == p.size - 1),
    "a denormal atom": (testing.simplices(), lambda p: ((p > 0) & (p < 2.0**-1022)).any()),
    "atoms that tie": (testing.simplices(), lambda p: p.size > len(set(p[p > 0])) == (p > 0).sum() - 1 > 0),
    "atoms an ulp apart": (testing.simplices(), lambda p: any(0 < b - a <= 2 * np.spacing(a) for a in p for b in p if a > 0.01)),
    "a tiny atom": (testing.simplices(denormals=False), lambda p: ((p > 0) & (p < 1e-30)).any()),
    "a deterministic channel": (testing.channels(3, 3), lambda w: (w.max(axis=1) == 1).all() and len({tuple(r) for r in w}) == 3),
    "a channel of equal rows": (testing.channels(3, 3), lambda w: (w == w[0]).all() and (w[0] > 0).all()),
    "labels of which X tells nothing": (testing.labels(3, 2), lambda w: (w == w[0]).all() and (w > 0).all()),
    "noisy classes": (testing.labels(3, 2), lambda w: (w > 0).all() and not (w == w[0]).all()),
    "an independent plan": (testing.couplings(n=3, m=3), lambda p: (p > 0.01).all() and np.linalg.matrix_rank(p, 1e-12) == 1),
    "a sparse vertex that is not comonotone": (
        testing.couplings([0.5, 0.25, 0.25], [0.5, 0.25, 0.25]), lambda p: (p > 0).sum() <= 5 and p[0, 0] == 0,
    ),
    "a plan inside": (testing.couplings([0.5, 0.5], [0.5, 0.5]), lambda p: (p > 0).all() and np.linalg.matrix_rank(p) == 2),
    "a constant cost": (testing.costs(2, 2), lambda c: (c == c[0, 0]).all() and c[0, 0] > 0),
    "a zero cost": (testing.costs(2, 2), lambda c: not c.any()),
    "a huge cost": (testing.costs(2, 2), lambda c: c.max() >= 2.0**59),
    "a tiny cost": (testing.costs(2, 2), lambda c: 0 < c.max() <= 2.0**-59),
    "ties in a cost": (testing.costs(3, 3), lambda c: 1 < len(set(c.ravel())) < 6),
    "squared distances": (testing.costs(2, 2), lambda c: {1.0, 4.0, 9.0} <= set(c.ravel())),
    "a singular covariance": (testing.covariances(3), lambda a: a.all() and min(leading_minors(a)) == 0),
    "a zero covariance": (testing.covariances(2), lambda a: not a.any()),
    "a nearly singular covariance": (testing.covariances(2), near_singular),
    "a diagonal covariance": (testing.covariances(3), lambda a: (a == np.diag(np.diag(a))).all() and len(set(np.diag(a))) == 3),
    "a tiny covariance": (testing.covariances(2), lambda a: 0 < a.max() < 2.0**-50),
    "a huge covariance": (testing.covariances(2), lambda a: a.max() >= 2.0**60),
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_every_documented_edge_occurs(edge):
    strategy, occurs = EDGES[edge]
    assert occurs(find(strategy, lambda x: bool(occurs(x)), settings=SEARCH))


def test_examples_shrink_to_the_simplest():
    assert find(testing.simplices(3), lambda p: True, settings=SEARCH).tolist() == [1 / 3] * 3
    assert find(testing.covariances(2), lambda a: True, settings=SEARCH).tolist() == [[1, 0], [0, 1]]
    assert find(testing.costs(2, 2), lambda c: True, settings=SEARCH).tolist() == [[0, 1], [1, 0]]
    point = find(testing.operating_points("rd-bernoulli"), lambda p: p["D"] < p["q_X"], settings=SEARCH)
    assert all(float(Fraction(x).limit_denominator(10)) == x for x in point.values()), point


@pytest.mark.parametrize("name", ["rdc-bernoulli-oneshot", "fano"])
def test_every_regime_occurs_and_a_wanted_one_is_kept(name):
    theorem = rdcsym.theorem(name)
    for regime in (r.name for r in theorem.certified.regimes):
        point = find(testing.operating_points(name), lambda p, r=regime: theorem.regime(**p) == r, settings=SEARCH)
        assert theorem.regime(**point) == regime

        seen = set()

        @settings(max_examples=25, deadline=None)
        @given(point=testing.operating_points(name, regime=regime))
        def collect(point, seen):
            seen.add(theorem.regime(**point))

        collect(seen=seen)
        assert seen == {regime}


@pytest.mark.parametrize("name", ["drc-bernoulli-oneshot", "drc-gaussian", "rd-gaussian-vector"])
def test_every_boundary_has_points_on_it_and_an_ulp_to_either_side(name):
    """To the sides on which the domain goes on."""
    theorem = rdcsym.theorem(name)
    bank = Bank(theorem, 1)
    _, edges = bank.cells(None, boundary=True, ulp=True)
    for index, (symbol, expression) in enumerate(theorem.boundaries):
        assert Cell(None, index, 0) in edges, (symbol, expression)
        parameter = next(p for p in theorem.parameters if p.symbol == symbol)
        for side in (0, 1, -1):
            for point in bank.points(Cell(None, index, side)):
                surface = np.ravel(theorem.certified.quantity(expression, **point))[0]
                value = np.ravel(point[symbol.name])[0]
                if math.isinf(surface):
                    assert value == surface
                else:
                    assert np.sign(value - surface) == side
                    assert abs(value - surface) <= max(2 * np.spacing(abs(surface)), 1e-200)
            ends = {float(x) for x in (parameter.low, parameter.high)}
            # Another requirement may forbid a side: |theta| <= sigma_S sigma_X.
            if symbol.name not in ("theta", "sigma_S", "kappa") and not (expression.is_number and float(expression) in ends):
                assert Cell(None, index, side) in edges, (symbol, expression, side)


def test_boundaries_are_drawn():
    beside = find(testing.operating_points("rd-bernoulli"), lambda p: 0 < abs(p["D"] - p["q_X"]) < 1e-15, settings=SEARCH)
    assert beside["D"] != beside["q_X"]


def test_points_without_boundaries_and_ulps():
    theorem = rdcsym.theorem("rd-bernoulli")
    on = find(testing.operating_points("rd-bernoulli", ulp=False), lambda p: p["D"] == p["q_X"] == 0.5, settings=SEARCH)
    assert theorem.regime(**on) == "zero-rate"
    with pytest.raises(InputError, match="no interior"):
        testing.operating_points("fano", "uniform label", boundary=False)


def test_vectors_are_arrays_of_one_to_three_components():
    theorem = rdcsym.theorem("rd-gaussian-vector")
    for size in (1, 3):
        point = find(testing.operating_points(theorem), lambda p, k=size: p["sigma_X"].shape == (k,), settings=SEARCH)
        assert isinstance(point["D"], float)
        assert np.ndim(theorem.evaluate(**point)) == 0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: testing.operating_points("drc-gausian"), "drc-gaussian"),
        (lambda: testing.operating_points("drc-gaussian", "rate limited"), "rate-limited"),
        (lambda: testing.simplices(0).example(), "whole number"),
        (lambda: testing.couplings([[0.5, 0.5]]).example(), "p_X"),
        (lambda: testing.laws_of("drc-gaussian", "precise"), "claim"),
        (lambda: testing.assert_bound(abs, "drc-gaussian", laws=["monotone in Q"]), "monotone in"),
        (lambda: testing.assert_measure(abs, "entropie"), "entropy"),
    ],
)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_bad_input_is_one_clear_line(call, named):
    with pytest.raises(InputError, match=named) as caught:
        call()
    assert "\n" not in str(caught.value)
