"""Real samples as a discrete problem: learned codewords on each side, empirical masses and labels.

X (degraded images, each with a label) and Y (clean images) are quantised to codebooks by k-means, separately, so the two
sets need not be paired. A certified number is about the *discrete problem of the codewords*, exactly; how far that problem
is from the images is measured apart, as each side's `codebook_error`, and no certificate covers it, nor the step from
samples to their population.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from rdcsym.problem import FloatArray, InputError, check_array, check_interval
from solvers.problem import DiscreteProblem

DIGIT_SIDE: Final = 8  # scikit-learn's digits are 8 x 8 pixels
DIGIT_SCALE: Final = 16.0  # of grey values 0..16
POOLED: Final = 2  # side of the block that the degradation averages


@dataclass(frozen=True, eq=False)
class CodebookProblem:
    """A discrete problem and where it came from.

    samples: how many images of X the masses are counted from.
    codebook_x: (n, pixels), codebook_y: (m, pixels), rows in the order of the problem's symbols. codebook_error_x and
    codebook_error_y: mean squared distance of an image to its codeword, summed over its pixels. p_S: (k,) label masses, in
    the order of `labels` (k,). notes: one line each.
    """

    problem: DiscreteProblem
    codebook_x: FloatArray
    codebook_y: FloatArray
    codebook_error_x: float
    codebook_error_y: float
    samples: int
    p_S: FloatArray
    labels: FloatArray
    notes: tuple[str, ...]


def problem_from_samples(
    x: Any, y: Any, labels: Any, codewords_x: int = 16, codewords_y: int = 16, seed: int = 0
) -> CodebookProblem:
    """Discrete problem of samples x (N, ...), y (M, ...) and the labels (N,) of x, by k-means on each side.

    Images of x and y need the same number of pixels; they may be unpaired, and then N and M may differ. The cost is the squared
    distance of codewords, summed over pixels. Deterministic in `seed`. Raises InputError on bad input; needs scikit-learn.
    """
    flat_x, flat_y = _images("x", x), _images("y", y)
    if flat_x.shape[1] != flat_y.shape[1]:
        pixels = f"{flat_x.shape[1]} pixels beside {flat_y.shape[1]} of y"
        raise InputError("x", pixels, "must match y for a squared distance", "bring both to one size first")
    kinds, label_of = _labels(labels, len(flat_x))
    _whole("seed", seed, 0)
    codebook_x, cell_x, error_x, notes_x = _codebook("x", flat_x, codewords_x, seed)
    codebook_y, cell_y, error_y, notes_y = _codebook("y", flat_y, codewords_y, seed)
    joint = np.zeros((len(codebook_x), len(kinds)))
    np.add.at(joint, (cell_x, label_of), 1.0)
    counts_x, counts_y = joint.sum(axis=1), np.bincount(cell_y, minlength=len(codebook_y))
    problem = DiscreteProblem(
        p_X=counts_x / len(flat_x),
        p_Y=counts_y / len(flat_y),
        cost=((codebook_x[:, None, :] - codebook_y[None, :, :]) ** 2).sum(axis=2),
        p_S_given_X=joint / counts_x[:, None],
    )
    notes = (
        f"codewords: {len(codebook_x)} of {len(flat_x)} x, {len(codebook_y)} of {len(flat_y)} y, k-means, seed {seed}",
        f"codebook error, mean squared per image: {error_x:.6g} for x, {error_y:.6g} for y",
        "certified numbers are for the discrete problem of the codewords, not for the images",
    )
    return CodebookProblem(
        problem=problem,
        codebook_x=codebook_x,
        codebook_y=codebook_y,
        codebook_error_x=error_x,
        codebook_error_y=error_y,
        samples=len(flat_x),
        p_S=joint.sum(axis=0) / len(flat_x),
        labels=kinds,
        notes=notes + notes_x + notes_y,
    )


def digits(codewords: int = 16, noise: float = 0.0, seed: int = 0) -> CodebookProblem:
    """scikit-learn's handwritten digits (1797 images of 8 x 8, grey values scaled to [0, 1]; nothing to download).

    Y: the images; S: the digit; X: each 2 x 2 block averaged and repeated back to 8 x 8, plus, with noise > 0, Gaussian
    noise of that standard deviation from `seed`, unclipped. `codewords` is the number on each side.
    """
    from sklearn.datasets import load_digits

    strength = check_interval("noise", noise, 0.0, np.finfo(float).max)
    if strength.ndim:
        raise InputError("noise", f"array of shape {strength.shape}", "must be one number", "give one standard deviation")
    bunch = load_digits()
    clean: FloatArray = np.asarray(bunch.images, dtype=np.float64) / DIGIT_SCALE
    blocks = DIGIT_SIDE // POOLED
    pooled = clean.reshape(-1, blocks, POOLED, blocks, POOLED).mean(axis=(2, 4))
    degraded = pooled.repeat(POOLED, axis=1).repeat(POOLED, axis=2)
    if strength > 0:
        _whole("seed", seed, 0)
        degraded = degraded + np.random.default_rng(seed).normal(0.0, float(strength), degraded.shape)
    made = problem_from_samples(degraded, clean, bunch.target, codewords, codewords, seed)
    noisy = f" plus Gaussian noise of deviation {float(strength):g}" if strength > 0 else ""
    blurred = f"X: digits of 8 x 8 pixels, each {POOLED} x {POOLED} block averaged{noisy}"
    about = f"{blurred}; Y: the digits; S: which digit; grey values in [0, 1]"
    return replace(made, notes=(about, *made.notes))


def _images(name: str, value: Any) -> FloatArray:
    array = check_array(name, value)
    if array.ndim < 1 or array.size == 0:
        raise InputError(name, f"array of shape {array.shape}", "holds no samples", "give an array of shape (samples, ...)")
    if np.isinf(array).any():
        raise InputError(name, "an infinite entry", "must be finite", "remove or clip infinite values")
    return array.reshape(len(array), -1)


def _labels(labels: Any, samples: int) -> tuple[FloatArray, Any]:
    array = check_array("labels", labels)
    if array.ndim != 1:
        raise InputError("labels", f"array of shape {array.shape}", "must have one dimension", "give one label per x")
    if len(array) != samples:
        raise InputError("labels", f"{len(array)} labels", f"must be one per x, of which there are {samples}", "match them")
    kinds, inverse = np.unique(array, return_inverse=True)
    return kinds, inverse


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least or value >= 2**32:
        raise InputError(name, value, "is no whole number in range", f"give a whole number of at least {least}")


def _codebook(name: str, flat: FloatArray, codewords: int, seed: int) -> tuple[FloatArray, Any, float, tuple[str, ...]]:
    """(codewords (n, pixels), cell of each sample (N,), mean squared error, notes); every cell holds a sample."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    _whole(f"codewords_{name}", codewords, 1)
    if len(flat) < codewords:
        problem = f"has fewer samples than the {codewords} codewords asked for"
        raise InputError(name, f"{len(flat)} samples", problem, f"give more samples or a smaller codewords_{name}")
    distinct = len(np.unique(flat, axis=0))
    notes: tuple[str, ...] = ()
    if distinct < codewords:
        notes = (f"only {distinct} distinct {name}: as many codewords instead of {codewords}, without error",)
        codewords = distinct
    # One thread: results then do not depend on the machine's cores.
    with threadpool_limits(limits=1):
        cell = KMeans(n_clusters=codewords, n_init=4, random_state=seed).fit(flat).labels_
    _, cell = np.unique(cell, return_inverse=True)  # drops a cell that ended up empty
    counts = np.bincount(cell)
    codebook = np.zeros((len(counts), flat.shape[1]))
    np.add.at(codebook, cell, flat)
    codebook /= counts[:, None]
    error = float(((flat - codebook[cell]) ** 2).sum(axis=1).mean())
    return codebook, cell, error, notes
