"""E8: nearest points against a search over all near ones, the cell's second moment, the law of one coordinate of the error."""

from __future__ import annotations

import itertools

import numpy as np

from deep.synthetic.lattice import E8_SECOND_MOMENT, error_law, nearest_e8


def near_points() -> np.ndarray:
    """All points of E8 with coordinates within 1 of 0 (whole) or 1/2 (half): the nearest to any v in [-1/2, 1/2]^8 is one."""
    whole = np.array([p for p in itertools.product((-1, 0, 1), repeat=8) if sum(p) % 2 == 0], dtype=float)
    half = np.array([p for p in itertools.product((-0.5, 0.5), repeat=8) if sum(p) % 2 == 0])
    return np.vstack([whole, half])


def test_nearest_point_is_the_nearest():
    v = np.random.default_rng(0).uniform(-0.5, 0.5, (300, 8))
    points = near_points()
    least = ((v[:, None] - points) ** 2).sum(-1).min(1)
    np.testing.assert_allclose(((v - nearest_e8(v)) ** 2).sum(-1), least, atol=1e-12)


def test_points_lie_on_the_lattice_and_move_with_it():
    v = np.random.default_rng(1).normal(0, 3, (200, 8))
    q = nearest_e8(v)
    doubled = np.rint(2 * q)
    np.testing.assert_array_equal(doubled, 2 * q)
    assert (doubled % 2 == doubled[:, :1] % 2).all()
    assert (q.sum(1) % 2 == 0).all()
    step = np.array([1.5, 0.5, -0.5, 0.5, 0.5, 0.5, 0.5, -1.5])
    np.testing.assert_array_equal(nearest_e8(v + step), q + step)


def test_second_moment_of_the_cell():
    u = np.random.default_rng(2).uniform(-1, 1, (100_000, 8))
    squares = ((u - nearest_e8(u)) ** 2).mean(1)
    assert abs(squares.mean() - E8_SECOND_MOMENT) < 5 * squares.std() / np.sqrt(len(u))


def test_law_of_one_coordinate():
    law = error_law("e8")
    widths = np.diff(law.edges)
    assert abs(law.weights.sum() - 1) < 1e-12
    np.testing.assert_array_equal(law.weights, law.weights[::-1])
    assert abs((law.weights * np.diff(law.edges**3) / (3 * widths)).sum() - E8_SECOND_MOMENT) < 1e-12
    u = np.random.default_rng(3).uniform(-1, 1, (60_000, 8))
    errors = np.sort((u - nearest_e8(u)).ravel())
    expected = np.interp(errors, law.edges, np.concatenate([[0.0], np.cumsum(law.weights)]))
    assert np.abs(expected - (np.arange(errors.size) + 0.5) / errors.size).max() < 3 / np.sqrt(errors.size)
    uniform = error_law("scalar")
    assert (uniform.edges.tolist(), uniform.weights.tolist()) == ([-0.5, 0.5], [1.0])
