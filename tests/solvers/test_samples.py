"""`DiscreteProblem.from_samples`: a problem that goes into `solve`, and what is lost between images and codewords."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import Ball, DiscreteProblem, solve
from solvers.codebook import problem_from_samples
from solvers.samples import SampledProblem


def samples(n: int = 40, m: int = 30, shape: tuple[int, ...] = (2, 2), seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, *shape)), rng.normal(size=(m, *shape)) + 0.3, rng.integers(0, 3, n)


def test_it_is_the_problem_of_the_codebooks_and_solves_as_it_is() -> None:
    x, y, labels = samples()
    p = DiscreteProblem.from_samples(x, y, labels, codewords=(4, 5), seed=3)
    other = problem_from_samples(x, y, labels, 4, 5, seed=3)
    assert isinstance(p, DiscreteProblem)
    assert (p.cost == other.problem.cost).all()
    assert (p.codebook_error_x, p.codebook_error_y) == (other.codebook_error_x, other.codebook_error_y)
    assert min(p.codebook_error_x, p.codebook_error_y) > 0
    assert p.samples == (40, 30)
    assert max(p.x.offset, p.y.offset) < 1e-15
    c = solve(p, rate=0.5, classification=1.5, nodes=5)
    assert c.verify()
    assert c.lower <= c.upper < math.inf


def test_without_labels_and_with_one_number_for_both_sides() -> None:
    x, y, _ = samples()
    p = DiscreteProblem.from_samples(x, y, codewords=6)
    assert p.cost.shape == (6, 6)
    assert p.p_S_given_X is None
    assert p.labels is None


def test_each_distinct_sample_is_a_symbol() -> None:
    x, y = np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [5.0, 0.0]])
    p = DiscreteProblem.from_samples(x, y, [7, 8, 8], codewords=None)
    assert p.p_X == pytest.approx([2 / 3, 1 / 3])
    assert p.cost.tolist() == [[1.0, 26.0], [5.0, 18.0]]
    assert p.p_S_given_X is not None
    assert p.p_S_given_X.tolist() == [[0.5, 0.5], [0.0, 1.0]]
    assert (p.codebook_error_x, p.codebook_error_y) == (0.0, 0.0)


def test_given_codewords_take_the_nearest_samples_and_keep_empty_cells() -> None:
    x, y, labels = samples()
    words = np.array([[0.5] * 4, [-0.5] * 4, [99.0] * 4])
    p = DiscreteProblem.from_samples(x, y, labels, codewords=(words.reshape(3, 2, 2), None))
    distance = ((x.reshape(40, 1, 4) - words) ** 2).sum(axis=2)
    assert (p.x.cells == distance.argmin(axis=1)).all()
    assert p.codebook_error_x == pytest.approx(distance.min(axis=1).mean())
    assert p.x.offset > 0.1
    assert p.p_X[2] == 0
    assert p.p_S_given_X is not None
    assert p.p_S_given_X[2] == pytest.approx(np.bincount(labels) / 40)
    assert p.cost[1, 4] == pytest.approx(((words[1] - p.y.codewords[4]) ** 2).sum())
    both = DiscreteProblem.from_samples(x, y, codewords=words)
    assert both.cost == pytest.approx(((words[:, None] - words) ** 2).sum(axis=2))
    assert solve(p, rate=0.7).verify()


def test_recounting_the_samples_themselves_changes_nothing() -> None:
    x, y, labels = samples()
    p = DiscreteProblem.from_samples(x, y, labels, codewords=5)
    again = p.recounted(np.arange(40), np.arange(30))
    assert (again.p_X == p.p_X).all()
    assert (again.p_Y == p.p_Y).all()
    assert p.p_S_given_X is not None
    assert again.p_S_given_X is not None
    assert (again.p_S_given_X == p.p_S_given_X).all()
    chosen = np.array([3, 3, 8])
    few = p.recounted(chosen, chosen)
    assert few.p_X == pytest.approx(np.bincount(p.x.cells[chosen], minlength=5) / 3)
    assert few.p_S_given_X is not None
    row = p.x.cells[3]
    assert few.p_S_given_X[row][labels[3]] > 0.4
    assert few.p_S_given_X.sum(axis=1) == pytest.approx(np.ones(5))


def test_it_travels_to_another_process() -> None:
    x, y, labels = samples()
    p = DiscreteProblem.from_samples(x, y, labels, codewords=3)
    again = pickle.loads(pickle.dumps(p))
    assert isinstance(again, SampledProblem)
    assert again.distortion_interval(solve(p, rate=0.5)) == p.distortion_interval(solve(p, rate=0.5))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("given", [False, True], ids=["k-means", "given"])
def test_the_images_own_distortion_lies_in_the_interval(seed: int, given: bool) -> None:
    """Twelve images a side are solved themselves, with each as a symbol, beside a few codewords."""
    rng = np.random.default_rng(seed)
    spread = 10.0 ** rng.uniform(-1, 1)
    x = spread * rng.normal(size=(3, 1, 2)) + rng.normal(size=(3, 4, 2))
    y = spread * rng.normal(size=(4, 1, 2)) + rng.normal(size=(4, 3, 2))
    x, y, labels = x.reshape(12, 2), y.reshape(12, 2), np.repeat([0, 1, 1], 4)
    words = (x[::3] + 0.2, y[::2]) if given else (3, 4)
    images = DiscreteProblem.from_samples(x, y, labels, codewords=None)
    coarse = DiscreteProblem.from_samples(x, y, labels, codewords=words)
    for rate in (0.0, 0.4, 1.1, 1.9, math.inf):
        truth = solve(images, rate=rate)
        certificate = solve(coarse, rate=rate)
        lower, upper = coarse.distortion_interval(certificate)
        assert lower <= truth.upper * (1 + 1e-12)
        assert truth.lower <= upper * (1 + 1e-12)
        assert images.distortion_interval(truth) == pytest.approx((truth.lower, truth.upper), rel=1e-10)
        if not given:
            assert upper == pytest.approx(certificate.upper + coarse.codebook_error_x + coarse.codebook_error_y, rel=1e-9)
        elif rate < math.inf:
            assert upper > certificate.upper + 1.001 * (coarse.codebook_error_x + coarse.codebook_error_y)
        # a classification budget that the plan meets anyway: the same upper end, no lower end
        loose = coarse.distortion_interval(solve(coarse, rate=rate, classification=2.0))
        assert loose == pytest.approx((0.0, upper), rel=1e-5)


def test_a_tight_codebook_gives_a_lower_end_too() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat(rng.normal(size=(4, 3)), 5, axis=0) + 1e-3 * rng.normal(size=(20, 3))
    p = DiscreteProblem.from_samples(x, x + 2.0, codewords=4)
    c = solve(p, rate=1.0)
    lower, upper = p.distortion_interval(c)
    assert 0.99 * c.lower < lower < c.lower
    assert c.upper < upper < 1.01 * c.upper


@pytest.mark.parametrize(("side", "end"), [(1, 0), (-1, 1)], ids=["nearer", "farther"])
def test_both_ends_are_attained(side: int, end: int) -> None:
    """Images that all lie between the two codewords, or all outside, are as far apart as the interval's end says."""
    x, y = np.full((5, 1), 0.125 * side), np.full((4, 1), 1 - 0.25 * side)
    images = solve(DiscreteProblem.from_samples(x, y, codewords=None), rate=0.0)
    p = DiscreteProblem.from_samples(x, y, codewords=(np.zeros((1, 1)), np.ones((1, 1))))
    assert p.distortion_interval(solve(p, rate=0.0))[end] == pytest.approx(images.lower, rel=1e-12)
    assert images.lower == pytest.approx((1 - 0.375 * side) ** 2)


def test_what_says_nothing_about_the_images_is_refused() -> None:
    x, y, labels = samples()
    p = DiscreteProblem.from_samples(x, y, labels, codewords=3)
    other = solve(DiscreteProblem.from_samples(x, y, codewords=4), rate=1.0)
    for certificate in (solve(p, distortion=3.0), other, solve(p, rate=1.0, perception=Ball("tv", 0.1))):
        with pytest.raises(InputError) as error:
            p.distortion_interval(certificate)
        assert error.value.argument == "certificate"
    infeasible = solve(p, rate=0.0, classification=0.1)
    assert p.distortion_interval(infeasible) == (0.0, math.inf)


X, Y, LABELS = samples(20, 20)


@pytest.mark.parametrize(
    ("argument", "arguments", "options"),
    [
        ("x", (X[:, :1], Y), {}),
        ("x", (X[:1], Y), {}),
        ("y", (X, Y[:1]), {}),
        ("x", (X[:0], Y), {}),
        ("x", (3.0, Y), {}),
        ("x", (np.where(X > 1, math.nan, X), Y), {}),
        ("y", (X, np.where(Y > 1, math.inf, Y)), {}),
        ("y", (X, Y * 1e160), {}),
        ("y", (X, "clean"), {}),
        ("labels", (X, Y, LABELS[:5]), {}),
        ("labels", (X, Y, LABELS[:, None]), {}),
        ("labels", (X, Y, LABELS * math.nan), {}),
        ("labels", (X, Y, ["cat"] * 20), {}),
        ("codewords", (X, Y), {"codewords": 0}),
        ("codewords", (X, Y), {"codewords": 2.5}),
        ("codewords", (X, Y), {"codewords": True}),
        ("codewords", (X, Y), {"codewords": "many"}),
        ("codewords", (X, Y), {"codewords": (3, 3, 3)}),
        ("codewords", (X, Y), {"codewords": np.array([3, 3])}),
        ("codewords", (X, Y), {"codewords": np.zeros((3, 5))}),
        ("codewords", (X, Y), {"codewords": np.full((3, 4), math.nan)}),
        ("codewords[0]", (X, Y), {"codewords": (np.zeros((3, 5)), 4)}),
        ("codewords[1]", (X, Y), {"codewords": (4, -1)}),
        ("codewords[1]", (X, Y), {"codewords": (4, np.zeros((0, 4)))}),
        ("x", (X, Y), {"codewords": (21, 3)}),
        ("seed", (X, Y), {"seed": -1}),
        ("seed", (X, Y), {"seed": 0.5}),
    ],
)
def test_bad_samples(argument: str, arguments: Any, options: Any) -> None:
    with pytest.raises(InputError) as error:
        DiscreteProblem.from_samples(*arguments, **{"codewords": 4, **options})
    assert error.value.argument == argument
    assert "\n" not in str(error.value)


def test_scikit_learn_is_loaded_only_where_it_is_used() -> None:
    program = "import sys, solvers.problem; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
