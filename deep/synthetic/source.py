"""The two synthetic sources, from a configuration's options, and samples of them.

options of gauss-vector: sigma_X, sigma_Y, kappa (a list of 1 to 24 numbers each, or one number for all), lattice ("scalar" or
"e8"), test (number of test vectors). Options of bernoulli-block: block (n, 2 to 16), bits (k, of a block's code), q_X, q_Y,
q_S1, restarts, test. Options left out have the defaults below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deep.synthetic.lattice import Lattice
from rdcsym.problem import FloatArray, InputError, check_interval, nearest

SIGMA_X: Final = (2.0, 1.6, 1.3, 1.0, 0.8, 0.6, 0.5, 0.4)
SIGMA_Y: Final = (1.8, 1.7, 1.2, 1.1, 0.7, 0.7, 0.45, 0.45)
KAPPA: Final = (0.2, 0.3, 0.5, 0.6, 0.8, 0.9, 0.95, 0.9)
MOST_COMPONENTS: Final = 24
MOST_BLOCK: Final = 16  # the encoder of a block searches its whole code, and the code is measured on all 2^n blocks
MOST_BITS: Final = 12
TEST_STREAM: Final = 0x7E57  # the key's second half: test samples are no training samples, and the same for every run


@dataclass(frozen=True, kw_only=True)
class GaussSource:
    """X_i ~ N(0, sigma_X,i^2), Y_i ~ N(0, sigma_Y,i^2) wanted, S_i ~ N(0, 1) of correlation kappa_i with X_i: n numbers each."""

    sigma_X: tuple[float, ...]
    sigma_Y: tuple[float, ...]
    kappa: tuple[float, ...]
    lattice: Lattice
    test: int

    @property
    def dimensions(self) -> int:
        return len(self.sigma_X)

    def to_json(self) -> dict[str, Any]:
        """As it stands in an operating point."""
        return {"kind": "gauss-vector", "sigma_X": [*self.sigma_X], "sigma_Y": [*self.sigma_Y], "kappa": [*self.kappa]}

    def sample(self, count: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """X and S, both (count, n)."""
        generator = np.random.Generator(np.random.Philox(key=np.array([seed, TEST_STREAM], dtype=np.uint64)))
        x = generator.standard_normal((count, self.dimensions))
        noise = generator.standard_normal((count, self.dimensions))
        kappa = np.array(self.kappa)
        return x * np.array(self.sigma_X), kappa * x + np.sqrt(1 - kappa**2) * noise


@dataclass(frozen=True, kw_only=True)
class BernoulliSource:
    """X in {0, 1}^n uniform, Y uniform wanted, S_i = X_i xor Bern(q_S1); codes of 2^bits words for n = block symbols."""

    block: int
    bits: int
    q_S1: float
    restarts: int
    test: int

    @property
    def dimensions(self) -> int:
        return self.block

    def to_json(self) -> dict[str, Any]:
        """As it stands in an operating point."""
        return {"kind": "bernoulli-block", "q_X": 0.5, "q_Y": 0.5, "q_S1": self.q_S1, "block": self.block}

    def sample(self, count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """X and S, both (count, n)."""
        generator = np.random.Generator(np.random.Philox(key=np.array([seed, TEST_STREAM], dtype=np.uint64)))
        x = generator.integers(0, 2, (count, self.block), dtype=np.uint8)
        flips = generator.random((count, self.block)) < self.q_S1
        return x, x ^ flips.astype(np.uint8)


Source = GaussSource | BernoulliSource


def gauss_source(options: Mapping[str, Any]) -> GaussSource:
    """The source that the options describe; InputError for one that makes no sense."""
    chosen = _known(options, {"sigma_X": SIGMA_X, "sigma_Y": SIGMA_Y, "kappa": KAPPA, "lattice": "scalar", "test": 20000})
    positive = np.nextafter(0.0, 1.0)
    vectors = {
        "sigma_X": _vector("sigma_X", chosen["sigma_X"], positive, 1e6),
        "sigma_Y": _vector("sigma_Y", chosen["sigma_Y"], positive, 1e6),
        "kappa": _vector("kappa", chosen["kappa"], -1.0, 1.0),
    }
    n = max(len(vector) for vector in vectors.values())
    for name, vector in vectors.items():
        if len(vector) not in (1, n):
            raise InputError(f"options.{name}", chosen[name], f"has {len(vector)} components", f"give {n}, or one for all")
    if chosen["lattice"] not in ("scalar", "e8"):
        raise InputError("options.lattice", chosen["lattice"], "is unknown", nearest(str(chosen["lattice"]), ("scalar", "e8")))
    return GaussSource(
        **{name: vector * n if len(vector) == 1 else vector for name, vector in vectors.items()},
        lattice=chosen["lattice"],
        test=_whole("test", chosen["test"], 16, 10**7),
    )


def bernoulli_source(options: Mapping[str, Any], rate: float | None) -> BernoulliSource:
    """The source that the options describe; InputError for one that makes no sense, or a law of X or Y that is not uniform.

    rate: target in bits a block, from which `bits` follows where it is not given.
    """
    wanted = 7 if rate is None else round(rate)
    defaults = {"block": 15, "bits": wanted, "q_X": 0.5, "q_Y": 0.5, "q_S1": 0.1, "restarts": 4, "test": 20000}
    chosen = _known(options, defaults)
    for name in ("q_X", "q_Y"):
        if float(check_interval(f"options.{name}", chosen[name], 0.0, 1.0)) != 0.5:
            fix = "use 0.5: the shared dither makes the law of Y exact by flips, which keep the uniform law only"
            raise InputError(f"options.{name}", chosen[name], "is not supported by the task bernoulli-block", fix)
    block = _whole("block", chosen["block"], 2, MOST_BLOCK)
    return BernoulliSource(
        block=block,
        bits=_whole("bits", chosen["bits"], 1, min(block, MOST_BITS)),
        q_S1=float(check_interval("options.q_S1", chosen["q_S1"], 0.0, 0.5)),
        restarts=_whole("restarts", chosen["restarts"], 1, 64),
        test=_whole("test", chosen["test"], 16, 10**7),
    )


def _known(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    for name in options:
        if name not in defaults:
            raise InputError("options", name, "is no option of this task", nearest(name, defaults))
    return {**defaults, **options}


def _vector(name: str, value: Any, low: float, high: float) -> tuple[float, ...]:
    array = np.atleast_1d(check_interval(f"options.{name}", value, low, high))
    if array.ndim != 1 or not 1 <= array.size <= MOST_COMPONENTS:
        raise InputError(f"options.{name}", value, f"is no list of 1 to {MOST_COMPONENTS} numbers", "give one a component")
    return tuple(array.tolist())


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise InputError(f"options.{name}", value, f"is no whole number in {low}..{high}", f"give one in {low}..{high}")
    return int(value)
