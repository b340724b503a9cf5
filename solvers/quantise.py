"""Samples to symbols: the codewords of one side, each sample's cell, and what is lost by putting the one for the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from rdcsym.problem import FloatArray, InputError, check_array

LARGEST_ENTRY: Final = 1e150
"""Above it squared distances overflow."""
CHUNK: Final = 4096
"""Samples whose distances to all given codewords are held at one time."""


@dataclass(frozen=True, eq=False)
class Quantised:
    """One side's samples (N, pixels) as symbols.

    codewords: (n, pixels); cells: (N,) symbol of each sample; error: mean squared distance of a sample to its codeword, summed
    over its pixels; offset: root mean square, over the samples, of the distance of a codeword to the mean of its cell (0 up
    to rounding for k-means); notes: one line each.
    """

    codewords: FloatArray
    cells: NDArray[np.intp]
    error: float
    offset: float
    notes: tuple[str, ...]


def quantise(name: str, flat: FloatArray, codewords: Any, seed: int, argument: str) -> Quantised:
    """The samples `flat` (N, pixels) of side `name` by k-means, by given codewords, or (None) each distinct sample a symbol.

    codewords: a whole number, an array (n, pixels or an image's shape), or None. argument: what an InputError calls it.
    """
    if codewords is None:
        notes: tuple[str, ...] = ()
        codebook, cells = _distinct(flat)
    elif np.ndim(codewords) == 0:
        codebook, cells, notes = _clusters(name, flat, codewords, seed, argument)
    else:
        codebook, notes = _given(codewords, flat.shape[1], argument), ()
        cells = np.concatenate([cdist(flat[part], codebook, "sqeuclidean").argmin(axis=1) for part in _parts(len(flat))])
    lost = [((flat[part] - codebook[cells[part]]) ** 2).sum(axis=1) for part in _parts(len(flat))]
    error = float(np.concatenate(lost).mean())
    return Quantised(codebook, cells, error, _offset(flat, codebook, cells), notes)


def squared_distances(x: FloatArray, y: FloatArray) -> FloatArray:
    """(n, m) squared distances of the rows of x (n, pixels) and y (m, pixels), each summed term by term, no digits lost."""
    return np.asarray(cdist(x, y, "sqeuclidean"), dtype=np.float64)


def images(name: str, value: Any) -> FloatArray:
    """Samples (N, ...) as (N, pixels), or an InputError."""
    array = check_array(name, value)
    if array.ndim < 1 or array.size == 0:
        raise InputError(name, f"array of shape {array.shape}", "holds no samples", "give an array of shape (samples, ...)")
    if np.isinf(array).any():
        raise InputError(name, "an infinite entry", "must be finite", "remove or clip infinite values")
    largest = float(np.abs(array).max())
    if largest > LARGEST_ENTRY / array.size**0.5:
        raise InputError(name, largest, "is too large to be squared", "scale x and y down by one factor")
    return array.reshape(len(array), -1)


def image_pair(x: Any, y: Any) -> tuple[FloatArray, FloatArray]:
    """Samples of both sides, of equally many pixels."""
    flat_x, flat_y = images("x", x), images("y", y)
    if flat_x.shape[1] != flat_y.shape[1]:
        pixels = f"{flat_x.shape[1]} pixels beside {flat_y.shape[1]} of y"
        raise InputError("x", pixels, "must match y for a squared distance", "bring both to one size first")
    return flat_x, flat_y


def label_kinds(labels: Any, samples: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """The distinct labels (k,), and the index of each sample's own (N,)."""
    array = check_array("labels", labels)
    if array.ndim != 1:
        raise InputError("labels", f"array of shape {array.shape}", "must have one dimension", "give one label per x")
    if len(array) != samples:
        raise InputError("labels", f"{len(array)} labels", f"must be one per x, of which there are {samples}", "match them")
    kinds, inverse = np.unique(array, return_inverse=True)
    return kinds, inverse


def whole(name: str, value: Any, least: int) -> int:
    """`value` as a whole number from `least` to 2^32 - 1, or an InputError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least or value >= 2**32:
        raise InputError(name, value, "is no whole number in range", f"give a whole number of at least {least}")
    return int(value)


def _distinct(flat: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    codebook, cells = np.unique(flat, axis=0, return_inverse=True)
    return codebook, cells.reshape(-1)


def _clusters(
    name: str, flat: FloatArray, codewords: Any, seed: int, argument: str
) -> tuple[FloatArray, NDArray[np.intp], tuple[str, ...]]:
    """Codewords, cells and notes of k-means; every cell holds a sample, so there are fewer where fewer are distinct."""
    count = whole(argument, codewords, 1)
    if len(flat) < count:
        problem = f"has fewer samples than the {count} codewords asked for"
        raise InputError(name, f"{len(flat)} samples", problem, f"give more samples or a smaller {argument}")
    codebook, cells = _distinct(flat)
    if len(codebook) <= count:
        if len(codebook) == count:
            return codebook, cells, ()
        return codebook, cells, (f"only {len(codebook)} distinct {name}: as many codewords instead of {count}, without error",)
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # One thread: results then do not depend on the machine's cores.
    with threadpool_limits(limits=1):
        found = KMeans(n_clusters=count, n_init=4, random_state=seed).fit(flat).labels_
    cells = np.unique(found, return_inverse=True)[1]  # drops a cell that ended up empty
    return _means(flat, cells), cells, ()


def _given(codewords: Any, pixels: int, argument: str) -> FloatArray:
    array = images(argument, codewords)
    if array.shape[1] != pixels:
        shape = f"codewords of {array.shape[1]} pixels"
        raise InputError(argument, shape, f"must have the samples' {pixels}", "give an array (codewords, pixels)")
    return array.copy()


def _means(flat: FloatArray, cells: NDArray[np.intp], least: int = 0) -> FloatArray:
    """Mean of each cell (n, pixels), 0 for an empty one."""
    counts = np.bincount(cells, minlength=least)
    sums = np.zeros((len(counts), flat.shape[1]))
    np.add.at(sums, cells, flat)
    return sums / np.maximum(counts, 1)[:, None]


def _offset(flat: FloatArray, codebook: FloatArray, cells: NDArray[np.intp]) -> float:
    counts = np.bincount(cells, minlength=len(codebook))
    squared = ((_means(flat, cells, len(codebook)) - codebook) ** 2).sum(axis=1)
    return float(np.sqrt(counts @ squared / len(flat)))


def _parts(samples: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, samples, CHUNK)]
