"""Samples to a discrete problem: what the codebooks keep, real digits, and a user's files with every fault we know."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import solve
from solvers.codebook import digits, problem_from_samples
from solvers.npz import load_problem, load_samples


def samples(n: int = 60, m: int = 50, pixels: tuple[int, ...] = (3, 2), seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, *pixels)), rng.normal(size=(m, *pixels)), rng.integers(0, 4, n)


def test_masses_labels_cost_and_error_are_those_of_the_cells() -> None:
    x, y, labels = samples()
    c = problem_from_samples(x, y, labels, codewords_x=5, codewords_y=7, seed=1)
    p = c.problem
    flat_x, flat_y = x.reshape(60, -1), y.reshape(50, -1)
    assert p.p_S_given_X is not None
    assert (p.cost.shape, p.p_S_given_X.shape) == ((5, 7), (5, 4))
    # nearest codewords reproduce the k-means cells, and so everything else
    distance = ((flat_x[:, None] - c.codebook_x) ** 2).sum(axis=2)
    cell = distance.argmin(axis=1)
    assert p.p_X == pytest.approx(np.bincount(cell, minlength=5) / 60)
    assert c.codebook_error_x == pytest.approx(distance.min(axis=1).mean())
    for i in range(5):
        assert c.codebook_x[i] == pytest.approx(flat_x[cell == i].mean(axis=0))
        assert p.p_S_given_X[i] == pytest.approx(np.bincount(labels[cell == i], minlength=4) / (cell == i).sum())
    distance = ((flat_y[:, None] - c.codebook_y) ** 2).sum(axis=2)
    assert p.p_Y == pytest.approx(np.bincount(distance.argmin(axis=1), minlength=7) / 50)
    assert c.codebook_error_y == pytest.approx(distance.min(axis=1).mean())
    assert p.cost[2, 3] == pytest.approx(((c.codebook_x[2] - c.codebook_y[3]) ** 2).sum())
    assert c.p_S == pytest.approx(np.bincount(labels, minlength=4) / 60)
    assert p.p_X @ p.p_S_given_X == pytest.approx(c.p_S)
    assert any("not for the images" in note for note in c.notes)


def test_same_seed_same_problem_and_any_numeric_labels() -> None:
    x, y, labels = samples()
    one = problem_from_samples(x, y, labels * 10 - 3, 4, 4, seed=5)
    two = problem_from_samples(x, y, labels, 4, 4, seed=5)
    assert (one.problem.cost == two.problem.cost).all()
    assert not np.array_equal(one.codebook_x, problem_from_samples(x, y, labels, 4, 4, seed=6).codebook_x)
    assert one.problem.p_S_given_X is not None
    assert (one.problem.p_S_given_X == two.problem.p_S_given_X).all()
    assert one.labels.tolist() == [-3.0, 7.0, 17.0, 27.0]


def test_repeated_images_get_one_codeword_each_and_a_note() -> None:
    x = np.repeat(np.arange(3.0), 10)
    c = problem_from_samples(x, x, np.zeros(30), codewords_x=8, codewords_y=3)
    assert c.problem.cost.shape == (3, 3)
    assert (c.codebook_error_x, c.codebook_error_y) == (0.0, 0.0)
    assert any("only 3 distinct x" in note for note in c.notes)
    assert sorted(c.codebook_x.ravel()) == [0.0, 1.0, 2.0]


def test_one_codeword_is_the_mean() -> None:
    x, y, labels = samples()
    c = problem_from_samples(x, y, labels, 1, 1)
    assert c.codebook_x[0] == pytest.approx(x.reshape(60, -1).mean(axis=0))
    assert c.codebook_error_x == pytest.approx(x.reshape(60, -1).var(axis=0).sum())


def test_digits_are_pooled_to_blocks_and_certified() -> None:
    c = digits(codewords=8, seed=2)
    assert c.problem.p_S_given_X is not None
    assert (c.problem.cost.shape, c.problem.p_S_given_X.shape) == ((8, 8), (8, 10))
    assert c.labels.tolist() == list(range(10))
    degraded = c.codebook_x.reshape(8, 8, 8)
    blocks = degraded.reshape(8, 4, 2, 4, 2)
    assert blocks.min(axis=(2, 4)) == pytest.approx(blocks.max(axis=(2, 4)))
    clean = c.codebook_y.reshape(8, 8, 8)
    assert np.abs(clean.reshape(8, 4, 2, 4, 2) - clean.reshape(8, 4, 2, 4, 2).mean(axis=(2, 4), keepdims=True)).max() > 0.1
    assert 0 <= c.codebook_y.min() <= c.codebook_y.max() <= 1
    assert c.codebook_error_y > c.codebook_error_x > 0  # pooling leaves less to describe
    answer = solve(c.problem, rate=0.5)
    assert answer.verify()
    assert answer.status == "certified"


def test_noise_on_the_digits_comes_from_the_seed() -> None:
    quiet, loud, again = digits(4), digits(4, noise=0.5), digits(4, noise=0.5)
    assert loud.codebook_error_x > quiet.codebook_error_x + 0.5 * 64 * 0.25
    assert (loud.codebook_x == again.codebook_x).all()
    assert (loud.codebook_y == quiet.codebook_y).all()


X, Y, LABELS = samples(20, 20)


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("x", (X[:, :2], Y, LABELS)),
        ("x", (np.where(X > 1, math.nan, X), Y, LABELS)),
        ("x", (np.where(X > 1, math.inf, X), Y, LABELS)),
        ("x", (np.array(["a", "b"]), Y, LABELS)),
        ("x", (np.zeros((0, 3)), Y, LABELS)),
        ("x", (1.0, Y, LABELS)),
        ("y", (X, np.zeros((20, 0)), LABELS)),
        ("y", (X, Y[:5], LABELS)),
        ("x", (X[:5], Y, LABELS[:5])),
        ("labels", (X, Y, LABELS[:-1])),
        ("labels", (X, Y, LABELS[:, None])),
        ("labels", (X, Y, LABELS * math.nan)),
        ("labels", (X, Y, ["cat"] * 20)),
        ("codewords_x", (X, Y, LABELS, 0)),
        ("codewords_x", (X, Y, LABELS, 2.5)),
        ("codewords_y", (X, Y, LABELS, 2, -1)),
        ("codewords_y", (X, Y, LABELS, 2, True)),
        ("seed", (X, Y, LABELS, 2, 2, -1)),
        ("seed", (X, Y, LABELS, 2, 2, "x")),
    ],
)
def test_bad_samples(argument: str, arguments: Any) -> None:
    with pytest.raises(InputError) as error:
        problem_from_samples(*arguments)
    assert error.value.argument == argument
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("noise", [-0.1, math.nan, math.inf, [0.1, 0.2]])
def test_bad_noise(noise: Any) -> None:
    with pytest.raises(InputError, match="noise"):
        digits(4, noise=noise)


def test_a_file_of_samples_is_the_same_problem(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=X.astype(np.float32), y=Y.astype(np.float32), labels=LABELS.astype(np.uint8))
    loaded = load_samples(tmp_path / "s.npz", 3, 4, seed=2)
    direct = problem_from_samples(X.astype(np.float32), Y.astype(np.float32), LABELS, 3, 4, seed=2)
    assert (loaded.problem.cost == direct.problem.cost).all()


def test_a_file_of_a_problem_with_and_without_labels(tmp_path: Path) -> None:
    arrays = {"p_X": [0.5, 0.5], "p_Y": [0.25, 0.75], "cost": [[0, 1], [1, 0]]}
    np.savez_compressed(tmp_path / "p.npz", **arrays)
    assert load_problem(str(tmp_path / "p.npz")).p_S_given_X is None
    np.savez(tmp_path / "q.npz", **arrays, p_S_given_X=np.eye(2))
    labelled = load_problem(tmp_path / "q.npz")
    assert labelled.p_S_given_X is not None
    assert labelled.cost.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def archive(path: Path, **arrays: Any) -> Path:
    np.savez(path, **({"x": X, "y": Y, "labels": LABELS} | arrays))
    return path


def truncated(path: Path) -> Path:
    archive(path)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def flipped(path: Path) -> Path:
    """Damage inside an array's bytes: the archive's checksum notices."""
    archive(path)
    raw = bytearray(path.read_bytes())
    raw[600] ^= 0xFF
    path.write_bytes(bytes(raw))
    return path


def flipped_compressed(path: Path) -> Path:
    """The first byte of a deflate stream names a block type that does not exist."""
    np.savez_compressed(path, x=X, y=Y, labels=LABELS)
    raw = bytearray(path.read_bytes())
    name, extra = struct.unpack("<HH", raw[26:30])  # lengths in the local header of the first member, 30 bytes long
    raw[30 + name + extra] = 0xFF
    path.write_bytes(bytes(raw))
    return path


def without(path: Path, key: str) -> Path:
    np.savez(path, **{name: value for name, value in {"x": X, "y": Y, "labels": LABELS}.items() if name != key})
    return path


def text(path: Path) -> Path:
    path.write_text("x,y,labels\n1,2,3\n")
    return path


def bare_array(path: Path) -> Path:
    with path.open("wb") as file:
        np.save(file, X)
    return path


def pickled(path: Path) -> Path:
    return archive(path, labels=np.array([{"a": 1}] * 20, dtype=object))


def foreign(path: Path) -> Path:
    """A zip archive whose members are not arrays."""
    with zipfile.ZipFile(path, "w") as file:
        for key in ("x", "y", "labels"):
            file.writestr(key, b"no array")
    return path


def broken_header(path: Path) -> Path:
    buffer = io.BytesIO()
    np.save(buffer, X)
    with zipfile.ZipFile(path, "w") as file:
        for key in ("x", "y", "labels"):
            file.writestr(key + ".npy", buffer.getvalue()[:40])
    return path


@pytest.mark.parametrize(
    ("make", "argument", "says"),
    [
        (truncated, "file", "no complete"),
        (text, "file", "no complete"),
        (bare_array, "file", "no complete"),
        (flipped, "file", "damaged"),
        (flipped_compressed, "file", "damaged"),
        (foreign, "x", "not numeric"),
        (broken_header, "x", "broken"),
        (pickled, "labels", "pickled"),
        (lambda p: p, "file", "No such file"),
        (lambda p: p.parent, "file", "directory"),
        (lambda p: without(p, "x"), "file", "lacks x"),
        (lambda p: without(p, "labels"), "file", "lacks labels"),
        (lambda p: archive(p, x=np.array(["a"] * 20)), "x", "not numeric"),
        (lambda p: archive(p, x=X.astype(complex)), "x", "not numeric"),
        (lambda p: archive(p, y=Y * math.nan), "y", "not a number"),
        (lambda p: archive(p, labels=LABELS[:3]), "labels", "one per x"),
        (lambda p: archive(p, x=X[:3], labels=LABELS[:3]), "x", "fewer samples"),
        (lambda p: archive(p, y=Y[:, :1]), "x", "match y"),
    ],
)
def test_faulty_files_of_samples(tmp_path: Path, make: Any, argument: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        load_samples(make(tmp_path / "s.npz"))
    assert error.value.argument == argument
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"p_X": [0.5, 0.6]}, "p_X"),
        ({"p_X": [0.5, math.nan]}, "p_X"),
        ({"p_Y": [1.5, -0.5]}, "p_Y"),
        ({"cost": [[0.0, 1.0]]}, "cost"),
        ({"cost": [[0.0, math.inf], [1.0, 0.0]]}, "cost"),
        ({"p_S_given_X": [[0.5, 0.5]]}, "p_S_given_X"),
        ({"p_X": ["a", "b"]}, "p_X"),
    ],
)
def test_faulty_files_of_a_problem(tmp_path: Path, change: dict[str, Any], argument: str) -> None:
    np.savez(tmp_path / "p.npz", **({"p_X": [0.5, 0.5], "p_Y": [0.5, 0.5], "cost": np.eye(2)} | change))
    with pytest.raises(InputError) as error:
        load_problem(tmp_path / "p.npz")
    assert error.value.argument == argument
