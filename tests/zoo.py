"""Problems with known answers: each entry names the question, the value and why that is the value (no solver is used).

Values are exact up to rounding in double precision; math.inf means infeasible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from solvers.problem import DiscreteProblem

HAMMING = np.array([[0.0, 1.0], [1.0, 0.0]])
INF = math.inf


@dataclass(frozen=True, eq=False)
class Known:
    """One question to `solve` and its answer."""

    name: str
    problem: DiscreteProblem
    question: dict[str, Any]
    value: float


def binary_entropy(x: float) -> float:
    """Bits."""
    return 0.0 if x in (0.0, 1.0) else -x * math.log2(x) - (1 - x) * math.log2(1 - x)


def binary(q_X: float, q_Y: float, q_S: float | None = None) -> DiscreteProblem:
    """X ~ Bern(q_X), Y ~ Bern(q_Y), Hamming distortion, and S = X xor Bern(q_S) where q_S is given."""
    label = None if q_S is None else np.array([[1 - q_S, q_S], [q_S, 1 - q_S]])
    return DiscreteProblem(np.array([1 - q_X, q_X]), np.array([1 - q_Y, q_Y]), HAMMING, label)


def uniform(n: int) -> Any:
    return np.full(n, 1 / n)


def symmetric_distortion(n: int, bits: float) -> float:
    """D(R) of n equally likely symbols on both sides under Hamming distortion: R = log n - H_b(D) - D log(n - 1)."""

    def excess(d: float) -> float:
        return math.log2(n) - binary_entropy(d) - d * math.log2(n - 1) - bits

    return float(brentq(excess, 1e-300, 1 - 1 / n, xtol=1e-17, rtol=1e-15))


def squared(n: int) -> Any:
    return (np.arange(n)[:, None] - np.arange(n)[None, :]) ** 2.0


PERMUTATION = 1.0 - np.eye(4)[[2, 0, 3, 1]]
POINT = DiscreteProblem(np.array([1.0]), np.array([0.25, 0.75]), np.array([[2.0, 4.0]]))
SEPARABLE = DiscreteProblem(uniform(3), np.array([0.25, 0.75]), np.add.outer(np.array([0.0, 1.0, 5.0]), np.array([1.0, 2.0])))
WITH_ZEROS = DiscreteProblem(
    np.array([0.5, 0.0, 0.5]), np.array([0.0, 0.5, 0.5]), np.array([[9.0, 0.0, 1.0], [9.0, 9.0, 9.0], [9.0, 1.0, 0.0]])
)
CONSTANT = DiscreteProblem(uniform(3), uniform(2), np.full((3, 2), 0.7))
ORDERED = DiscreteProblem(
    uniform(3), np.array([1 / 6, 1 / 2, 1 / 3]), squared(3), np.array([[1.0, 0.0], [0.75, 0.25], [0.5, 0.5]])
)


def _rate_only() -> list[Known]:
    known = [
        Known(f"{n} symbols at {bits} bits", DiscreteProblem(uniform(n), uniform(n), 1 - np.eye(n)), {"rate": bits}, value)
        for n, bits, value in (
            *((n, bits, symmetric_distortion(n, bits)) for n in (2, 3, 8) for bits in (0.01, 0.3, 0.9)),
            (2, 0.0, 0.5),
            (2, 1.0, 0.0),
            (8, 3.0, 0.0),
            (8, 0.0, 0.875),
        )
    ]
    permuted = DiscreteProblem(uniform(4), uniform(4), PERMUTATION)
    return [
        *known,
        Known("permutation, rate 2", permuted, {"rate": 2.0}, 0.0),
        Known("permutation, rate above every entropy", permuted, {"rate": INF}, 0.0),
        Known("permutation, no rate", permuted, {"rate": 0.0}, 0.75),
        Known("one symbol of X", POINT, {"rate": 0.3}, 3.5),
        Known("one symbol of X, no rate", POINT, {"rate": 0.0}, 3.5),
        Known("one symbol of Y", DiscreteProblem(uniform(2), np.ones(1), np.array([[1.0], [3.0]])), {"rate": 1.0}, 2.0),
        Known("cost a(x) + b(y)", SEPARABLE, {"rate": 0.5}, 3.75),
        Known("constant cost", CONSTANT, {"rate": 0.5}, 0.7),
        Known("symbols of no mass", WITH_ZEROS, {"rate": 0.5}, symmetric_distortion(2, 0.5)),
        Known("plain transport of a shifted law", binary(0.25, 0.125), {"rate": 1.0}, 0.125),
        Known("published formula's witness", binary(0.25, 0.125), {"rate": binary_entropy(0.25)}, 0.125),
        Known("nats", DiscreteProblem(uniform(2), uniform(2), HAMMING), {"rate": 0.3 * math.log(2), "units": "nats"},
              symmetric_distortion(2, 0.3)),
        Known("negative costs", DiscreteProblem(uniform(2), uniform(2), HAMMING - 1), {"rate": 0.3},
              symmetric_distortion(2, 0.3) - 1),
        Known("a cost far from 0", DiscreteProblem(uniform(2), uniform(2), HAMMING + 1e6), {"rate": 0.3},
              symmetric_distortion(2, 0.3) + 1e6),
    ]  # fmt: skip


def _inverse() -> list[Known]:
    fair = binary(0.5, 0.5)
    return [
        Known("rate of distortion .1", fair, {"distortion": 0.1}, 1 - binary_entropy(0.1)),
        Known("rate of no distortion", fair, {"distortion": 0.0}, 1.0),
        Known("rate of the product's distortion", fair, {"distortion": 0.5}, 0.0),
        Known("rate of a generous distortion", fair, {"distortion": 0.9}, 0.0),
        Known("no plan is that good", binary(0.25, 0.125), {"distortion": 0.12}, INF),
        Known(
            "rate on a face of best plans",
            DiscreteProblem(uniform(4), uniform(4), 1 - np.kron(np.eye(2), np.ones((2, 2)))),
            {"distortion": 0.0},
            1.0,
        ),
        Known("rate in nats", fair, {"distortion": 0.1, "units": "nats"}, (1 - binary_entropy(0.1)) * math.log(2)),
        Known("one symbol: product or nothing", POINT, {"distortion": 3.4}, INF),
        Known("one symbol: product", POINT, {"distortion": 3.5}, 0.0),
    ]


def _classification() -> list[Known]:
    crossed = binary(0.5, 0.5, 0.1)  # I(X;Y) and I(S;Y) both depend on the crossover alone
    crossover = symmetric_distortion(2, 0.5)
    loss = binary_entropy(crossover * 0.9 + (1 - crossover) * 0.1)
    return [
        Known("label of no interest", crossed, {"rate": 0.5, "classification": 1.0}, crossover),
        Known("no rate, no information asked", crossed, {"rate": 0.0, "classification": 1.0}, 0.5),
        Known("label within reach", crossed, {"rate": 0.5, "classification": loss + 1e-6}, crossover),
        Known("below H(S|X)", crossed, {"rate": 1.0, "classification": 0.4}, INF),
        Known("label wants more than the rate", crossed, {"rate": 0.1, "classification": 0.8}, INF),
        Known("label is X, all of it", binary(0.5, 0.5, 0.0), {"rate": 1.0, "classification": 0.0}, 0.0),
        Known("label is X, the rate falls short", binary(0.5, 0.5, 0.0), {"rate": 0.9, "classification": 0.0}, INF),
        Known("envelope without a binding label", crossed, {"rate": 0.5, "classification": 1.0, "setting": "asymptotic"}, crossover),
    ]  # fmt: skip


def _oneshot() -> list[Known]:
    shot = {"setting": "oneshot"}
    pinched = binary(0.2, 0.4, 0.1)  # THEORY 2.1: w_C > kappa, so the code must flip
    full = binary_entropy(0.2)
    kept = (binary_entropy(0.26) - 0.5) / (binary_entropy(0.26) - binary_entropy(0.1))
    flip = (kept * 0.8 - 0.6) / 0.6
    return [
        Known("one-shot, free label", pinched, {**shot, "rate": full, "classification": 1.0}, 0.2),
        Known("one-shot, code that flips", pinched, {**shot, "rate": full, "classification": 0.5}, 0.44 - 0.32 * (kept - 2 * flip)),
        Known("one-shot, no rate", pinched, {**shot, "rate": 0.0}, 0.44),
        Known("one-shot, half the rate", binary(0.3, 0.3), {**shot, "rate": binary_entropy(0.3) / 2}, 0.42 / 2),
        Known("one-shot, published formula's witness", binary(0.25, 0.125), {**shot, "rate": binary_entropy(0.25)}, 0.125),
        Known("one-shot, X is certain", binary(0.0, 0.25, 0.1), {**shot, "rate": 0.5, "classification": 0.9}, 0.25),
        Known("one-shot, below H(S|X)", pinched, {**shot, "rate": 1.0, "classification": 0.3}, INF),
        Known("one-shot, a bit for a bit", binary(0.5, 0.5, 0.0), {**shot, "rate": 1.0, "classification": 0.0}, 0.0),
        Known("one-shot, rate asked", binary(0.3, 0.3), {**shot, "distortion": 0.21}, binary_entropy(0.3) / 2),
        Known("one-shot, unreachable distortion", binary(0.25, 0.125), {**shot, "distortion": 0.1}, INF),
    ]  # fmt: skip


RATE_ONLY, INVERSE, CLASSIFICATION, ONESHOT = _rate_only(), _inverse(), _classification(), _oneshot()
ZOO = [*RATE_ONLY, *INVERSE, *CLASSIFICATION, *ONESHOT]


def random_problem(rng: np.random.Generator, n: int, m: int, labels: int = 0, power: float = 2.0) -> DiscreteProblem:
    """Dirichlet laws, uniform costs to a power, Dirichlet label rows."""
    label = rng.dirichlet(np.full(labels, 0.4), size=n) if labels else None
    return DiscreteProblem(rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)), rng.random((n, m)) ** power, label)
