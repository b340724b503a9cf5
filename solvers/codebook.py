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

from rdcsym.problem import FloatArray, InputError, check_interval
from solvers.quantise import image_pair, label_kinds, quantise, whole
from solvers.samples import SampledProblem, of_cells

DIGIT_SIDE: Final = 8  # scikit-learn's digits are 8 x 8 pixels
DIGIT_SCALE: Final = 16.0  # of grey values 0..16
POOLED: Final = 2  # side of the block that the degradation averages


@dataclass(frozen=True, eq=False)
class CodebookProblem:
    """A discrete problem of labelled samples and where it came from.

    samples: how many images of X the masses are counted from.
    codebook_x: (n, pixels), codebook_y: (m, pixels), rows in the order of the problem's symbols. codebook_error_x and
    codebook_error_y: mean squared distance of an image to its codeword, summed over its pixels. p_S: (k,) label masses, in
    the order of `labels` (k,). notes: one line each.
    """

    problem: SampledProblem
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
    flat_x, flat_y = image_pair(x, y)
    kinds, label_of = label_kinds(labels, len(flat_x))
    whole("seed", seed, 0)
    counts = {"codewords_x": codewords_x, "codewords_y": codewords_y}
    quantised_x, quantised_y = (
        quantise(name, flat, whole(argument, count, 1), seed, argument)
        for (argument, count), name, flat in zip(counts.items(), "xy", (flat_x, flat_y), strict=True)
    )
    problem = of_cells(quantised_x, quantised_y, kinds, label_of)
    words_x, words_y = quantised_x.codewords, quantised_y.codewords
    error_x, error_y = problem.codebook_error_x, problem.codebook_error_y
    notes = (
        f"codewords: {len(words_x)} of {len(flat_x)} x, {len(words_y)} of {len(flat_y)} y, k-means, seed {seed}",
        f"codebook error, mean squared per image: {error_x:.6g} for x, {error_y:.6g} for y",
        "certified numbers are for the discrete problem of the codewords, not for the images",
    )
    return CodebookProblem(
        problem=problem,
        codebook_x=words_x,
        codebook_y=words_y,
        codebook_error_x=error_x,
        codebook_error_y=error_y,
        samples=len(flat_x),
        p_S=np.bincount(label_of, minlength=len(kinds)) / len(flat_x),
        labels=kinds,
        notes=notes + quantised_x.notes + quantised_y.notes,
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
        whole("seed", seed, 0)
        degraded = degraded + np.random.default_rng(seed).normal(0.0, float(strength), degraded.shape)
    made = problem_from_samples(degraded, clean, bunch.target, codewords, codewords, seed)
    noisy = f" plus Gaussian noise of deviation {float(strength):g}" if strength > 0 else ""
    blurred = f"X: digits of 8 x 8 pixels, each {POOLED} x {POOLED} block averaged{noisy}"
    about = f"{blurred}; Y: the digits; S: which digit; grey values in [0, 1]"
    return replace(made, notes=(about, *made.notes))
