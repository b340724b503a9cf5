"""Random well-formed problems of the fuzz: ordinary, structured, tied and degenerate ones, at ordinary and boundary budgets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers import Ball, DiscreteProblem

Rng = np.random.Generator
LARGE_SHARE: Final = 0.03
"""Share of problems with up to LARGEST symbols a side: a few hundred in ten thousand."""
LARGEST: Final = 300
MOST_MAPS: Final = 300
"""m 3^n up to which a problem may be asked at one shot, with exact linear programs."""
BALL_SHARE: Final = 0.12
"""Share of the problems up to BALL_LARGEST symbols a side, not at one shot, whose output law is free in a ball."""
BALL_LARGEST: Final = 8


@dataclass(frozen=True, eq=False)
class Case:
    """One question: the arrays of a DiscreteProblem and the arguments of `solve`. kind: what was drawn, in words."""

    kind: str
    problem: DiscreteProblem
    question: dict[str, Any]


def draw(seed: int, index: int, largest: int = LARGEST) -> Case:
    """Problem `index` of the fuzz with that seed; sizes up to `largest`."""
    rng = np.random.default_rng((seed, index))
    n, m = _sizes(rng, largest)
    label_size = 0 if max(n, m) > 12 or rng.random() < 0.55 else int(rng.integers(1, 5))
    if label_size and rng.random() < 0.8:  # the classification problem is the hard one: mostly small
        n, m = min(n, int(rng.integers(1, 5))), min(m, int(rng.integers(1, 5)))
    masses_x, p_X = _pick(rng, MASSES, n)
    masses_y, p_Y = _pick(rng, MASSES, m)
    if n == m and rng.random() < 0.15:
        masses_y, p_Y = "the same", p_X
    shape, cost = _pick(rng, COSTS, n, m)
    scale_name, scale = SCALES[int(rng.integers(len(SCALES)))] if rng.random() < 0.3 else ("unit", 1.0)
    labels, label = _pick(rng, LABELS, n, label_size) if label_size else ("no", None)
    problem = DiscreteProblem(p_X, p_Y, cost * scale, label)
    question = _question(rng, problem)
    kind = f"{n} x {m}; masses {masses_x}, {masses_y}; cost {shape}, {scale_name} scale; {labels} label"
    return Case(kind, problem, question)


def _sizes(rng: Rng, largest: int) -> tuple[int, int]:
    if rng.random() < LARGE_SHARE and largest > 40:
        return int(rng.integers(41, largest + 1)), int(rng.integers(2, largest + 1))
    top = min(largest, 40 if rng.random() < 0.2 else 8)
    return int(rng.integers(1, top + 1)), int(rng.integers(1, top + 1))


def _pick(rng: Rng, kinds: dict[str, Callable[..., FloatArray]], *sizes: int) -> tuple[str, FloatArray]:
    name = list(kinds)[int(rng.integers(len(kinds)))]
    return name, kinds[name](rng, *sizes)


def _with(p: FloatArray, rng: Rng, value: float) -> FloatArray:
    """`p` with one mass (never the only one) replaced, before normalising."""
    if p.size > 1:
        p = p.copy()
        p[int(rng.integers(p.size))] = value
    return p / p.sum()


MASSES: Final[dict[str, Callable[..., FloatArray]]] = {
    "random": lambda rng, n: rng.dirichlet(np.ones(n)),
    "even": lambda rng, n: np.full(n, 1 / n),
    "skewed": lambda rng, n: (w := rng.random(n) ** 12 + 1e-6) / w.sum(),
    "whole": lambda rng, n: (w := rng.integers(1, 5, n)) / w.sum(),
    "some zero": lambda rng, n: (w := _with(np.where(rng.random(n) < 0.4, 0.0, 1.0) + np.eye(n)[0], rng, 0.5)) / w.sum(),
    "one tiny": lambda rng, n: _with(np.ones(n), rng, 10.0 ** -rng.integers(9, 300)),
    "one denormal": lambda rng, n: _with(np.ones(n), rng, 5e-324),
    "wide": lambda rng, n: (w := 10.0 ** rng.uniform(-14, 0, n)) / w.sum(),
    "one only": lambda rng, n: np.eye(n)[int(rng.integers(n))],
    "off by rounding": lambda rng, n: rng.dirichlet(np.ones(n)) * (1 + 9e-7 * rng.uniform(-1, 1)),
}


def _grid(rng: Rng, n: int, m: int) -> FloatArray:
    return (np.sort(rng.normal(size=n))[:, None] - np.sort(rng.normal(size=m))) ** 2


def _repeated(rng: Rng, n: int, m: int) -> FloatArray:
    """Rows and columns that occur several times."""
    return rng.random((n, m))[np.ix_(rng.integers(n, size=n), rng.integers(m, size=m))]


COSTS: Final[dict[str, Callable[..., FloatArray]]] = {
    "random": lambda rng, n, m: rng.random((n, m)),
    "of both signs": lambda rng, n, m: rng.normal(size=(n, m)),
    "negative": lambda rng, n, m: -1.0 - rng.random((n, m)),
    "squared distance": _grid,
    "whole": lambda rng, n, m: rng.integers(0, 4, (n, m)).astype(float),
    "Hamming": lambda rng, n, m: 1.0 - np.eye(n, m),
    "constant": lambda rng, n, m: np.full((n, m), rng.normal()),
    "zero": lambda rng, n, m: np.zeros((n, m)),
    "separable": lambda rng, n, m: np.add.outer(rng.normal(size=n), rng.normal(size=m)),
    "repeated": _repeated,
    "of rank one": lambda rng, n, m: np.outer(rng.normal(size=n), rng.normal(size=m)),
    "of many sizes": lambda rng, n, m: 10.0 ** rng.uniform(-12, 12, (n, m)),
    "with forbidden pairs": lambda rng, n, m: np.where(rng.random((n, m)) < 0.3, 1e9, rng.random((n, m))),
    "all but tied": lambda rng, n, m: 1.0 + 2.0**-50 * rng.integers(0, 8, (n, m)),
    "with a great offset": lambda rng, n, m: 1e8 + rng.random((n, m)),
}
SCALES: Final = (("denormal", 1e-310), ("tiny", 1e-150), ("small", 1e-9), ("great", 1e9), ("huge", 1e150), ("greatest", 1e290))


def _rows(weights: FloatArray) -> FloatArray:
    return weights / weights.sum(axis=1, keepdims=True)


LABELS: Final[dict[str, Callable[..., FloatArray]]] = {
    "random": lambda rng, n, k: rng.dirichlet(np.ones(k), n),
    "certain": lambda rng, n, k: np.eye(k)[rng.integers(k, size=n)],
    "independent": lambda rng, n, k: np.tile(rng.dirichlet(np.ones(k)), (n, 1)),
    "even": lambda rng, n, k: np.full((n, k), 1 / k),
    "all but certain": lambda rng, n, k: _rows(np.eye(k)[rng.integers(k, size=n)] + 1e-12),
    "with an absent one": lambda rng, n, k: np.hstack([rng.dirichlet(np.ones(k), n), np.zeros((n, 1))]),
    "whole": lambda rng, n, k: _rows(rng.integers(0, 3, (n, k)) + np.eye(k)[rng.integers(k, size=n)]),
    "of many sizes": lambda rng, n, k: _rows(10.0 ** rng.uniform(-15, 0, (n, k))),
}


def _question(rng: Rng, problem: DiscreteProblem) -> dict[str, Any]:
    n, m = problem.cost.shape
    question: dict[str, Any] = {"units": "nats" if rng.random() < 0.3 else "bits"}
    unit = 1.0 if question["units"] == "bits" else math.log(2)
    settings = ["single-letter", "asymptotic", "oneshot"] if m * 3**n <= MOST_MAPS else ["single-letter", "asymptotic"]
    question["setting"] = settings[int(rng.integers(len(settings)))]
    if question["setting"] == "oneshot":
        question["classifier_sees_seed"] = [None, True, False][int(rng.integers(3))]
    elif rng.random() < 0.1:
        question["method"] = ["sinkhorn", "transport", "conic"][int(rng.integers(2 if max(n, m) > 12 else 3))]
    if question["setting"] != "oneshot" and "method" not in question and max(n, m) <= BALL_LARGEST and rng.random() < BALL_SHARE:
        question["perception"] = _ball(rng, m)
    if rng.random() < 0.2:
        question["tolerance"] = float(rng.choice([0.0, 1e-12, 1e-3, 0.5]))
    if rng.random() < 0.7:
        question["rate"] = _amount(rng, [entropy(problem.p_X), entropy(problem.p_Y)], unit)
    else:
        question["distortion"] = _distortion(rng, problem)
    if problem.p_S_given_X is not None and rng.random() < 0.9:
        floor = sum(p * entropy(row) for p, row in zip(problem.p_X, problem.p_S_given_X, strict=True))
        label = entropy(problem.p_X @ problem.p_S_given_X)
        marks = [floor, label, label - question.get("rate", 0.0) / unit, floor + 0.1 * (label - floor)]
        question["classification"] = _amount(rng, [max(0.0, x) for x in marks], unit, floor)
        # Branch and bound to the end takes seconds and more: mostly its first nodes are looked at.
        nodes = [0, 1, 10, 10, 30, 30, 100, None][int(rng.integers(8))]
        if question["setting"] != "oneshot" and nodes is not None:
            question["nodes"] = nodes
    return question


def _amount(rng: Rng, marks: list[float], unit: float, least: float = 0.0) -> float:
    """An amount of information: usually between `least` and the greatest mark, else a mark, beside one, or extreme."""
    top = max(x for x in marks if x < math.inf)
    kind = rng.random()
    if kind < 0.55:
        return unit * float(least + (top - least) * rng.random())
    mark = marks[int(rng.integers(len(marks)))]
    if kind < 0.7:
        return unit * mark
    if kind < 0.8:
        return unit * max(0.0, mark * (1 + float(rng.choice([-1e-6, -1e-12, -1e-15, 1e-15, 1e-12, 1e-6]))))
    return float(rng.choice([0.0, math.inf, 5e-324, 1e-300, 1e-30, 1e-14, 1e-9, 1e-4, 50.0, 1e12, 1e300]))


def _ball(rng: Rng, m: int) -> Ball:
    radius = float(rng.choice([0.0, 1e-12, 1e-6, 1e-2, 0.1, 0.5, 1.0, 10.0, math.inf]))
    kind = ("kl", "tv", "w")[int(rng.integers(3))]
    if kind != "w":
        return Ball(kind, radius)
    grounds = (_grid(rng, m, m), rng.random((m, m)), rng.integers(0, 3, (m, m)).astype(float), 1e6 * rng.random((m, m)))
    which = int(rng.integers(4))
    # Radius 0 with moves that cost nothing is bad input, and among the malformed.
    return Ball("w", radius, grounds[which if radius > 0 else 1] * (1 - np.eye(m)))


def _distortion(rng: Rng, problem: DiscreteProblem) -> float:
    """A budget, mostly between the least cost (of any pair: a lower end) and that of the product; or a boundary value."""
    product = float(problem.p_X @ problem.cost @ problem.p_Y)
    paired = float(problem.p_X @ problem.cost.min(axis=1))
    kind = rng.random()
    if kind < 0.6:
        value = paired + (product - paired) * rng.random()
    elif kind < 0.75:
        value = float(rng.choice([product, paired, float(problem.cost.min()), float(problem.cost.max())]))
    elif kind < 0.85:
        value = product * (1 + float(rng.choice([-1e-6, -1e-12, -1e-15, 1e-15, 1e-12, 1e-6])))
    else:
        value = float(rng.choice([0.0, math.inf, 5e-324, 1e-300, 1e-9, 1e9, 1e300]))
    return abs(value) if math.isfinite(value) or value == math.inf else 0.0


def entropy(masses: FloatArray) -> float:
    """Bits."""
    kept = masses[masses > 0]
    return max(0.0, -float(kept @ np.log2(kept)))
