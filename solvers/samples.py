"""A discrete problem made of samples that remembers them: how far codewords are from images, how the masses were counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray, InputError
from solvers.certificate import Certificate
from solvers.perception_ball import PerceptionCertificate
from solvers.problem import DiscreteProblem
from solvers.quantise import Quantised, image_pair, label_kinds, quantise, squared_distances, whole

ULP: Final = 2.0**-52


@dataclass(frozen=True, eq=False, kw_only=True)
class SampledProblem(DiscreteProblem):
    """The discrete problem of the codewords, with the samples' cells: give it to `solve` as any DiscreteProblem.

    x, y: the codewords (n, pixels), (m, pixels) of each side, the symbol of each sample, and the codebook error, which no
    certificate covers. label_of: (N,) index into `labels` (k,) of each x's label; both None without labels.
    """

    x: Quantised
    y: Quantised
    labels: FloatArray | None = None
    label_of: NDArray[np.intp] | None = None

    @property
    def codebook_error_x(self) -> float:
        """Mean squared distance of an x to its codeword, summed over its pixels."""
        return self.x.error

    @property
    def codebook_error_y(self) -> float:
        """Mean squared distance of a y to its codeword, summed over its pixels."""
        return self.y.error

    @property
    def samples(self) -> tuple[int, int]:
        """How many x and y the masses are counted from."""
        return len(self.x.cells), len(self.y.cells)

    def recounted(self, chosen_x: NDArray[np.intp], chosen_y: NDArray[np.intp]) -> DiscreteProblem:
        """The problem of other samples: x by index with their labels, y by index; same codewords and costs."""
        cells, label_of = self.x.cells[chosen_x], None if self.label_of is None else self.label_of[chosen_x]
        p_X, label = _masses(cells, self.p_X.size, label_of, 0 if self.labels is None else len(self.labels))
        p_Y, _ = _masses(self.y.cells[chosen_y], self.p_Y.size)
        return DiscreteProblem(p_X, p_Y, self.cost, label)

    def distortion_interval(self, certificate: Certificate) -> tuple[float, float]:
        """An interval for the least E||X - Y||^2 of the images themselves, from a certificate of the codewords' problem.

        The images' law gives each cell the problem's mass, spread evenly over its samples (each sample 1/N, up to rounding);
        the labels of a cell's images average to its row. Let e_x, e_y be the codebook errors, [l, u] the certificate's
        interval, and D(R, C) the images' value at its operating point, in any setting. Then

            D(R, C) <= u + e_x + e_y + 2 (a_x sqrt(u) + a_y sqrt(u) + a_x a_y),   a = min(offset, sqrt(e)):

        given its codeword let Y be an even draw from its cell, independent of X (at one shot the seed draws). Rate and
        classification loss stay (Y tells what its codeword tells), and the three parts of X - Y meet only through their
        means given the cells, which differ from the codewords by the offsets: 0 up to rounding for k-means, so that there
        D(R, C) <= u + e_x + e_y.

            D(R) >= max(0, sqrt(l) - sqrt(e_x) - sqrt(e_y))^2,   without a classification budget:

        the cells of any coupling of the images have no more rate than it has (data processing; at one shot the choice of
        the image in its cell joins the seed), and the triangle inequality in L2 bounds the cost between codewords. An image
        may tell the classifier more than its cell does, so with a classification budget the lower end is 0. Ends are rounded
        outward. Raises InputError for another problem's certificate, and where the rate was minimised or p_Y was free.
        """
        point, other = certificate.point, certificate.problem
        if not all(np.array_equal(a, b) for a, b in ((other.cost, self.cost), (other.p_X, self.p_X), (other.p_Y, self.p_Y))):
            raise InputError("certificate", "of another problem", "says nothing about these samples", "solve this problem first")
        if point.minimises_rate or isinstance(certificate, PerceptionCertificate):
            text = "bounds no least distortion with the output law given"
            raise InputError("certificate", point.minimised, text, "call solve with rate=... and no perception")
        pixels = self.x.codewords.shape[1]
        # Relative rounding of a float sum of so many terms, costs and errors alike; squares below the normal range vanish.
        slack = (pixels + sum(self.samples) + 16) * ULP
        nothing = pixels * float(np.finfo(float).tiny)
        error_x, error_y = (side.error * (1 + slack) + nothing for side in (self.x, self.y))
        drift_x, drift_y = (_drift(side, slack, nothing) for side in (self.x, self.y))
        lower, upper = certificate.lower, certificate.upper
        if point.has_classification or lower <= 0:
            lower = 0.0
        else:
            least = math.sqrt(max(0.0, lower * (1 - slack) - nothing)) - math.sqrt(error_x) - math.sqrt(error_y)
            lower = max(0.0, least * (1 - 8 * ULP)) ** 2 * (1 - 8 * ULP)
        if upper < math.inf:
            upper = upper * (1 + slack) + nothing
            root = math.sqrt(upper)
            upper += error_x + error_y + 2 * (drift_x * root + drift_y * root + drift_x * drift_y)
            upper *= 1 + 16 * ULP
        return lower, upper


def sampled_problem(x: Any, y: Any, labels: Any = None, *, codewords: Any = 16, seed: int = 0) -> SampledProblem:
    """What `DiscreteProblem.from_samples` documents."""
    flat_x, flat_y = image_pair(x, y)
    for name, flat in (("x", flat_x), ("y", flat_y)):
        if len(flat) < 2:
            raise InputError(name, "one sample", "is no sample of a law", "give two samples or more")
    kinds, label_of = (None, None) if labels is None else label_kinds(labels, len(flat_x))
    seed = whole("seed", seed, 0)
    (argument_x, words_x), (argument_y, words_y) = _sides(codewords)
    quantised_x = quantise("x", flat_x, words_x, seed, argument_x)
    quantised_y = quantise("y", flat_y, words_y, seed, argument_y)
    return of_cells(quantised_x, quantised_y, kinds, label_of)


def of_cells(x: Quantised, y: Quantised, kinds: FloatArray | None, label_of: NDArray[np.intp] | None) -> SampledProblem:
    """The problem of two quantised sides: empirical masses and labels, squared distance of the codewords as cost."""
    p_X, label = _masses(x.cells, len(x.codewords), label_of, 0 if kinds is None else len(kinds))
    p_Y, _ = _masses(y.cells, len(y.codewords))
    for side in (x, y):
        side.codewords.setflags(write=False)
        side.cells.setflags(write=False)
    return SampledProblem(
        p_X=p_X,
        p_Y=p_Y,
        cost=squared_distances(x.codewords, y.codewords),
        p_S_given_X=label,
        x=x,
        y=y,
        labels=kinds,
        label_of=label_of,
    )


def _masses(
    cells: NDArray[np.intp], symbols: int, label_of: NDArray[np.intp] | None = None, labels: int = 0
) -> tuple[FloatArray, FloatArray | None]:
    """Empirical masses (symbols,) and, with labels, P(S = . | symbol) (symbols, labels): P(S = .) for an empty cell."""
    counts = np.bincount(cells, minlength=symbols)
    if label_of is None:
        return counts / len(cells), None
    joint = np.bincount(cells * labels + label_of, minlength=symbols * labels).reshape(symbols, labels)
    rows = np.where(counts[:, None] > 0, joint, joint.sum(axis=0))
    return counts / len(cells), rows / rows.sum(axis=1, keepdims=True)


def _sides(codewords: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """For each side what an error calls its codewords, and them: a pair has one entry a side, anything else is for both."""
    if isinstance(codewords, tuple | list):
        if len(codewords) != 2:
            problem = "is no pair: one entry for x and one for y"
            raise InputError("codewords", f"{len(codewords)} entries", problem, "give (codewords_x, codewords_y)")
        return ("codewords[0]", codewords[0]), ("codewords[1]", codewords[1])
    if np.ndim(codewords) == 1:
        problem = "is neither a number nor an array (codewords, pixels)"
        raise InputError("codewords", "an array of 1 dimension", problem, "give a tuple for two numbers, an array for codewords")
    return ("codewords", codewords), ("codewords", codewords)


def _drift(side: Quantised, slack: float, nothing: float) -> float:
    """Upper end of the root mean square distance of codewords to the means of their cells, rounding included."""
    # A cell's mean is off by no more than `slack` of the samples' largest sizes, which codewords and errors bound.
    size = math.sqrt(float((np.abs(side.codewords).max(axis=0) ** 2).sum())) + math.sqrt(side.error * len(side.cells))
    offset = side.offset * (1 + slack) + slack * size + math.sqrt(nothing)
    return min(offset, math.sqrt(side.error * (1 + slack) + nothing))
