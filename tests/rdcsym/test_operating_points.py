"""Operating points: inside the domain, in the regime they are drawn for, exactly on the boundary and one ulp beside it."""

from __future__ import annotations

import numpy as np
import pytest

from rdcsym import theorem, theorems
from rdcsym.operating_points import boundary_points, each, join, random_points, regime_points, valid


def _count(name, many):
    """Points of a regime or boundary: few of a vector theorem, each of which is a convex program."""
    return 2 if any(p.vector for p in theorem(name).parameters) else many


@pytest.mark.parametrize("name", theorems())
def test_points_lie_in_the_domain_and_in_their_regime(name):
    form = theorem(name).certified
    for regime, points in regime_points(form, _count(name, 10), np.random.default_rng(0)).items():
        if points[form.parameters[0].name].size:
            assert set(form.regime(**points)) == {regime}


@pytest.mark.parametrize("name", theorems())
def test_every_boundary_is_met_and_evaluates_without_nan(name):
    found = theorem(name)
    names, count = [], _count(name, 5)
    for boundary, points in boundary_points(found, count, np.random.default_rng(0)):
        names.append(boundary)
        assert points[found.parameters[0].name].size >= count, boundary
        assert not np.isnan(found.evaluate(**points)).any()
    assert len(names) == len(found.boundaries) >= 3


def test_boundary_points_have_neighbours_one_ulp_away():
    found = theorem("rd-bernoulli")
    boundary, points = next(boundary_points(found, 4, np.random.default_rng(0)))
    assert boundary == "D = q_X"
    D, q = points["D"], points["q_X"]
    assert set(D[:4] == q[:4]) == {True}
    assert (D[4:8] == q[4:8] - np.spacing(q[4:8])).all()
    assert (D[8:] == q[8:] + np.spacing(q[8:])).all()


def test_the_same_seed_gives_the_same_points():
    form = theorem("drc-gaussian").certified
    one, two = (random_points(form, 7, np.random.default_rng(5)) for _ in range(2))
    assert all((one[n] == two[n]).all() for n in one)


def test_valid_join_and_each():
    form = theorem("rd-bernoulli").certified
    points = {"D": np.array([0.1, -1.0]), "q_X": np.array([0.5, 0.5])}
    kept = valid(form, points)
    assert list(each(join([kept, kept]))) == [{"D": 0.1, "q_X": 0.5}] * 2
