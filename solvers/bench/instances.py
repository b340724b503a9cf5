"""The instances: three kinds of problem, the same for every method, made again from their names in every process."""

from __future__ import annotations

import gzip
import math
import os
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from rdcsym.problem import FloatArray, InputError, nearest

KINDS: Final = ("random", "gaussian", "images")
RATES: Final = (0.5, 1.0, 2.0, 3.0, 4.0)
VARIABLE: Final = "RDCSYM_DATA"
SD: Final = 4.0
"""The Gaussian grids reach so many standard deviations to each side."""
LAW_X: Final = (0.0, 1.0)
LAW_Y: Final = (0.5, 0.8)
"""Mean and standard deviation of the two discretised Gaussians."""
_MARGIN: Final = {"random": 0.9, "gaussian": 0.9, "images": 0.1}
"""Nats below log n that the rate must stay, or plain transport would meet it and the rate would not bind."""
_MNIST: Final = ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte")
_SHAPE: Final = (8, 3, 10_000, 28, 28)  # idx: unsigned bytes, three dimensions, and these


@dataclass(frozen=True, eq=False)
class Instance:
    """p: (n,), q: (n,) positive masses of sum 1; cost: (n, n); rate in nats; source: what the data are, in words."""

    kind: str
    rate: float
    p: FloatArray
    q: FloatArray
    cost: FloatArray
    source: str

    @property
    def n(self) -> int:
        return self.p.size


def rates(kind: str, n: int) -> tuple[float, ...]:
    """Those of the benchmark's rates (nats) that bind for n symbols: I(X;Y) is at most the entropy of a marginal."""
    return tuple(rate for rate in RATES if rate <= math.log(n) - _MARGIN[_known(kind)])


def largest(kind: str) -> int:
    """Symbols of the largest instance of that kind: there are only so many images."""
    return len(_pixels()) // 2 if _known(kind) == "images" else 10**5


def instance(kind: str, n: int, rate: float) -> Instance:
    """The instance of that name; InputError where there is none, or where the images' file is damaged."""
    if rate not in rates(kind, n):
        raise InputError("--rate", rate, f"does not bind with {n} symbols of kind {kind}", f"use one of {rates(kind, n)}")
    p, q, cost, source = _data(kind, n)
    return Instance(kind, rate, p, q, cost, source)


def source(kind: str) -> str:
    """What the data of a kind are, in words."""
    if _known(kind) == "images":
        return "MNIST's test images" if _mnist_file() else f"digits of scikit-learn, as {VARIABLE} has no MNIST"
    if kind == "random":
        return "uniform costs, Dirichlet marginals"
    return f"N{LAW_X} to N{LAW_Y} (mean, deviation) on grids of {SD:g} deviations, squared difference"


@cache
def _data(kind: str, n: int) -> tuple[FloatArray, FloatArray, FloatArray, str]:
    make = {"random": _random, "gaussian": _gaussian, "images": _images}[_known(kind)]
    return *make(n), source(kind)


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise InputError("--kind", kind, "is no kind of instance", nearest(kind, KINDS))
    return kind


def _random(n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    rng = np.random.default_rng(n)
    p, q, cost = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n)), rng.uniform(size=(n, n))
    return p, q, cost


def _gaussian(n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    def law(mean: float, deviation: float) -> tuple[FloatArray, FloatArray]:
        standard = np.linspace(-SD, SD, n)
        mass = np.exp(-(standard**2) / 2)
        return mean + deviation * standard, mass / mass.sum()

    (x, p), (y, q) = law(*LAW_X), law(*LAW_Y)
    return p, q, (x[:, None] - y[None, :]) ** 2


def _images(n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """n images to n others, uniform masses, squared distance a pixel (grey values in [0, 1])."""
    pixels = _pixels()
    if 2 * n > len(pixels):
        raise InputError(
            "n", n, f"needs {2 * n} images of {len(pixels)}", f"set {VARIABLE} to a folder with MNIST, or take fewer"
        )
    x, y = pixels[:n], pixels[n : 2 * n]
    return np.full(n, 1 / n), np.full(n, 1 / n), cdist(x, y, "sqeuclidean") / pixels.shape[1]


def _pixels() -> FloatArray:
    """Images as rows of grey values in [0, 1]."""
    path = _mnist_file()
    if path is None:
        from sklearn.datasets import load_digits

        digits: FloatArray = load_digits().data / 16.0
        return digits
    images = _read_idx(path)
    return images.reshape(len(images), -1) / 255.0


def _mnist_file() -> Path | None:
    """MNIST's test images, in RDCSYM_DATA, its `mnist` or its `MNIST/raw`, gzipped or not."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        return None
    folders = [Path(named) / "mnist", Path(named) / "MNIST" / "raw", Path(named)]
    paths = (folder / (name + end) for folder in folders for name in _MNIST for end in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


@cache
def _read_idx(path: Path) -> NDArray[Any]:
    try:
        packed = path.read_bytes()
        values = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
        head = struct.unpack(">2x2B3I", values[:16])
        if head != _SHAPE:
            raise ValueError(f"its header is {head}")
        return np.frombuffer(values, dtype=np.uint8, offset=16).reshape(head[2:])
    except (OSError, EOFError, ValueError, struct.error) as error:
        raise InputError(
            VARIABLE, str(path), f"cannot be read ({error})", "fetch it again: rdcsym data mnist --download"
        ) from None
