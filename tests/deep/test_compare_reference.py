"""The reference between sample sets, and the grid of sample images."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from compare_samples import operating_point, write_run

from deep.compare import Point, cached_transport, empirical_transport, read_run, read_samples, sample_grid
from deep.compare.grid import GREY, strip
from deep.compare.reference import content_hash, default_rates
from rdcsym import InputError

RNG = np.random.default_rng(0)
X, Y = RNG.random((8, 1, 2, 2)), RNG.random((8, 1, 2, 2))


def test_reference_at_its_ends() -> None:
    """No bit: the mean of all pairs. log2 N bits: the best matching."""
    from scipy.optimize import linear_sum_assignment

    ticks: list[str] = []
    found = empirical_transport(X, Y, tick=ticks.append)
    cost = ((X.reshape(8, 1, 4) - Y.reshape(1, 8, 4)) ** 2).mean(axis=2)
    rows, columns = linear_sum_assignment(cost)
    assert found.rates == (0.0, 1.0, 2.0, 3.0)
    assert len(ticks) == 4
    assert found.upper[0] == pytest.approx(cost.mean())
    assert found.upper[-1] == pytest.approx(cost[rows, columns].mean(), rel=1e-5)
    assert all(a > b for a, b in zip(found.upper, found.upper[1:], strict=False))
    for low, high in zip(found.lower, found.upper, strict=True):
        assert low <= high <= low * (1 + 1e-5)


def test_rates_of_sets_that_are_no_power_of_two() -> None:
    assert default_rates(6, 100) == (0.0, 1.0, 2.0, math.log2(6))
    assert empirical_transport(X[:2], Y[:2]).rates == (0.0, 1.0)


@pytest.mark.parametrize("bad", [X[:, :, :1], np.full_like(X, np.nan), X.reshape(-1), np.zeros((0, 4))])
def test_bad_images(bad: np.ndarray) -> None:
    with pytest.raises(InputError):
        empirical_transport(bad, Y)


def test_reference_is_kept_by_content(tmp_path: Path) -> None:
    made, kept = cached_transport(X, Y, tmp_path)
    assert not kept
    assert cached_transport(X, Y, tmp_path) == (made, True)
    assert content_hash(X, Y) != content_hash(Y, X)
    assert content_hash(X, Y) != content_hash(X, Y + 1e-9)
    other, kept = cached_transport(X, Y + 0.5, tmp_path)
    assert not kept
    assert other != made
    path = tmp_path / f"reference-{content_hash(X, Y)}.json"
    for damaged in ("", "{}", "[]", path.read_text()[:60], path.read_text().replace('"rates": [0.0', '"rates": [NaN')):
        path.write_text(damaged)
        assert cached_transport(X, Y, tmp_path) == (made, False)


def _runs(folder: Path, settings: list[tuple[float, float, int]]) -> list[Point]:
    """Runs at (rate, lambda_c, seed) with samples."""
    points = []
    for rate, weight, seed in settings:
        found = operating_point(rate=rate, config={"lambda_c": weight, "seed": seed}, run=f"{rate:g} {weight:g} {seed}")
        points.append(read_run(write_run(folder / found["run"], found, samples=True)))
    return points


def test_grid_has_weights_down_and_rates_across(tmp_path: Path) -> None:
    points = _runs(tmp_path, [(8.0, 0.0, 0), (4.0, 0.0, 0), (4.0, 0.01, 0), (4.0, 0.01, 1)])
    grid, notes = sample_grid(points, images=3)
    assert grid is not None
    assert notes == []
    assert grid.rows == (("common", 0.0), ("common", 0.01))
    assert grid.columns == (4.0, 8.0)
    assert {place: point.name for place, (point, _) in grid.cells.items()} == {
        (0, 0): "4 0 0",
        (0, 1): "8 0 0",
        (1, 0): "4 0.01 0",
    }
    assert grid.input.shape == (3, 1, 8, 8)


def test_runs_without_usable_samples_are_left_out_with_a_line(tmp_path: Path) -> None:
    good, none, cut, shapes, floats, other = _runs(tmp_path, [(float(r), 0.0, 0) for r in (2, 4, 6, 8, 10, 12)])
    images = np.zeros((2, 1, 4, 4), np.uint8)

    def path(point: Point) -> Path:
        assert point.folder is not None
        return point.folder / "samples.npz"

    path(none).unlink()
    path(cut).write_bytes(path(cut).read_bytes()[:100])
    np.savez(path(shapes), input=images, output=images[:1], clean=images)
    np.savez(path(floats), input=images / 1.0, output=images / 1.0, clean=images / 1.0)
    np.savez(path(other), input=images, output=images, clean=images)
    grid, notes = sample_grid([good, none, cut, shapes, floats, other])
    assert grid is not None
    assert grid.columns == (2.0,)
    words = ("has no samples.npz", "cannot be read", "one shape", "than bytes", "other test images")
    for word, note in zip(words, notes, strict=True):
        assert word in note
    assert sample_grid([none]) == (None, [notes[0]])
    assert isinstance(read_samples(tmp_path), str)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", input=np.array([{}], dtype=object), output=np.zeros(1), clean=np.zeros(1))
    assert "cannot be read" in str(read_samples(tmp_path))


def test_strip() -> None:
    images = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    made = strip(images)
    assert made.shape == (4, 12, 3)
    assert (made[:, :5] == images[0].transpose(1, 2, 0)).all()
    assert (made[:, 6:11] == images[1].transpose(1, 2, 0)).all()
    assert (made[:, 5] == GREY).all()
    assert strip(images[:, :1]).shape == (4, 12, 3)
