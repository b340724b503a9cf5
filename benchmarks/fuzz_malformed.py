"""Malformed input of the fuzz: each call must end in an InputError of one line that names an argument at fault."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from solvers import DiscreteProblem, bootstrap, solve

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Malformed:
    """kind: what is wrong; argument: what the error must name (the start of it will do); call: what must raise it."""

    kind: str
    argument: str
    call: Callable[[], Any]


def draw_malformed(seed: int, index: int) -> Malformed:
    """A well-formed problem and question with one fault."""
    rng = np.random.default_rng((seed, index))
    n, m, k = (int(x) for x in rng.integers(2, 7, 3))
    arrays = {
        "p_X": rng.dirichlet(np.ones(n)), "p_Y": rng.dirichlet(np.ones(m)),
        "cost": rng.random((n, m)), "p_S_given_X": rng.dirichlet(np.ones(k), n),
    }  # fmt: skip
    part = rng.random()
    if part < 0.55:
        name = str(rng.choice(list(arrays)))
        faults = {**ANY_ARRAY, **({"p_X": A_LAW, "p_Y": A_LAW, "cost": A_COST, "p_S_given_X": A_CHANNEL}[name])}
        fault = str(rng.choice(list(faults)))
        broken = {**arrays, name: faults[fault](rng, arrays[name])}
        # A law of the wrong length makes the cost's shape wrong, and it is the cost that is named.
        named = "cost" if fault == "one mass more" else name
        return Malformed(f"{name}: {fault}", named, lambda: solve(DiscreteProblem(**broken), rate=0.5))
    problem = DiscreteProblem(**arrays)
    if part < 0.9:
        fault, argument, change = QUESTIONS[int(rng.integers(len(QUESTIONS)))]
        question = {"rate": 0.5, **change}
        return Malformed(f"solve: {fault}", argument, lambda: solve(problem, **question))
    fault, argument, call = OTHERS[int(rng.integers(len(OTHERS)))]
    return Malformed(fault, argument, lambda: call(problem))


def _put(a: Any, rng: Rng, value: float) -> Any:
    a = np.array(a)
    a.flat[int(rng.integers(a.size))] = value
    return a


Fault = Callable[[Rng, Any], Any]
ANY_ARRAY: Final[dict[str, Fault]] = {
    "not a number": lambda rng, a: _put(a, rng, math.nan),
    "an infinite entry": lambda rng, a: _put(a, rng, math.inf),
    "a dimension more": lambda rng, a: a[None],
    "flat, or a dimension less": lambda rng, a: a[0],
    "text": lambda rng, a: [*np.array(a).astype(str).tolist()[:-1], "x"] if a.ndim == 1 else "cost",
    "ragged": lambda rng, a: [*np.array(a).tolist(), [0.5, [0.5]]],
    "a dictionary": lambda rng, a: dict(enumerate(a)),
    "a set": lambda rng, a: {0.5, 0.25},
    "a function": lambda rng, a: len,
    "complex": lambda rng, a: a + 0.1j,
    "dates": lambda rng, a: np.full(a.shape, "2026-01-01", dtype="datetime64[D]"),
    "beyond any float": lambda rng, a: [10**400] * len(a),
    "empty": lambda rng, a: a[:0],
    "objects": lambda rng, a: np.full(a.shape, object()),
}
A_LAW: Final[dict[str, Fault]] = {
    "none": lambda rng, a: None,
    "negative": lambda rng, a: np.concatenate([a[:-2], [a[-2] + a[-1] + 0.25, -0.25]]),
    "of too small a sum": lambda rng, a: a * (1 - 10.0 ** rng.uniform(-5, 0)),
    "of too great a sum": lambda rng, a: a * (1 + 10.0 ** rng.uniform(-5, 5)),
    "all zero": lambda rng, a: a * 0,
    "one mass more": lambda rng, a: np.append(a, 0.0),
    "minus infinity": lambda rng, a: _put(a, rng, -math.inf),
    "a sum that overflows": lambda rng, a: np.full(a.shape, 1.5e308),
}
A_COST: Final[dict[str, Fault]] = {
    "none": lambda rng, a: None,
    "a row less": lambda rng, a: a[:-1],
    "a column more": lambda rng, a: np.hstack([a, a[:, :1]]),
    "minus infinity": lambda rng, a: _put(a, rng, -math.inf),
}
A_CHANNEL: Final[dict[str, Fault]] = {
    "a row less": lambda rng, a: a[:-1],
    "a row of another sum": lambda rng, a: np.vstack([a[:-1], a[-1:] * 1.001]),
    "a row of zeros": lambda rng, a: np.vstack([a[:-1], a[-1:] * 0]),
    "negative": lambda rng, a: np.vstack([a[:-1], [[-1.0, 2.0] + [0.0] * (a.shape[1] - 2)]]),
    "no column": lambda rng, a: a[:, :0],
    "joint masses": lambda rng, a: a / a.sum(),
}

_NUMBERS: Final = (
    ("negative", -0.25), ("a hair below 0", -5e-324), ("not a number", math.nan), ("minus infinity", -math.inf), ("text", "half"),
    ("two numbers", [0.5, 0.6]), ("a number in a list", [0.5]), ("complex", 0.5 + 0.5j), ("a dictionary", {"R": 0.5}),
    ("beyond any float", 10**400), ("an object", object()),
)  # fmt: skip
QUESTIONS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    *((f"rate {name}", "rate", {"rate": value}) for name, value in _NUMBERS),
    *((f"distortion {name}", "distortion", {"rate": None, "distortion": value}) for name, value in _NUMBERS),
    *((f"classification {name}", "classification", {"classification": value}) for name, value in _NUMBERS),
    *((f"tolerance {name}", "tolerance", {"tolerance": value}) for name, value in _NUMBERS),
    ("tolerance 1", "tolerance", {"tolerance": 1.0}),
    ("tolerance none", "tolerance", {"tolerance": None}),
    ("neither rate nor distortion", "rate", {"rate": None}),
    ("both rate and distortion", "rate", {"distortion": 0.5}),
    ("an unknown setting", "setting", {"setting": "one-shot"}),
    ("setting none", "setting", {"setting": None}),
    ("setting a list", "setting", {"setting": ["oneshot"]}),
    ("unknown units", "units", {"units": "bit"}),
    ("units none", "units", {"units": None}),
    ("units a list", "units", {"units": ["bits", "nats"]}),
    ("an unknown method", "method", {"method": "simplex"}),
    ("method none", "method", {"method": None}),
    ("nodes negative", "nodes", {"nodes": -1}),
    ("nodes not whole", "nodes", {"nodes": 2.5}),
    ("a method at one shot", "method", {"method": "conic", "setting": "oneshot"}),
    ("a seed in the single letter", "classifier_sees_seed", {"classifier_sees_seed": True}),
    ("a seed that is no truth value", "classifier_sees_seed", {"classifier_sees_seed": "yes", "setting": "oneshot"}),
    ("perception text", "perception", {"perception": "close"}),
    ("perception not a number", "perception", {"perception": math.nan}),
]


def _unlabelled(p: DiscreteProblem) -> DiscreteProblem:
    return DiscreteProblem(p.p_X, p.p_Y, p.cost)


def _large(n: int) -> DiscreteProblem:
    return DiscreteProblem(np.full(n, 1 / n), np.full(n, 1 / n), np.eye(n))


def _sampled(**change: Any) -> Any:
    given = {"x": np.arange(6.0), "y": np.arange(5.0), "labels": [0, 1, 0, 1, 0, 1], "codewords": 3, **change}
    return DiscreteProblem.from_samples(given.pop("x"), given.pop("y"), given.pop("labels"), **given)


OTHERS: Final[list[tuple[str, str, Callable[[DiscreteProblem], Any]]]] = [
    ("no label for a classification budget", "classification", lambda p: solve(_unlabelled(p), rate=0.5, classification=0.5)),
    ("too many maps", "problem", lambda p: solve(_large(20), rate=0.5, setting="oneshot")),
    ("a dictionary for a problem", "problem", lambda p: solve({"p_X": p.p_X}, rate=0.5)),  # type: ignore[arg-type]
    ("the class for a problem", "problem", lambda p: solve(DiscreteProblem, rate=0.5)),  # type: ignore[arg-type]
    ("none for a problem", "problem", lambda p: solve(None, rate=0.5)),  # type: ignore[arg-type]
    ("samples: labels of another length", "labels", lambda p: _sampled(labels=[0, 1])),
    ("samples: labels not numbers", "labels", lambda p: _sampled(labels=["a"] * 6)),
    ("samples: not a number", "x", lambda p: _sampled(x=[1.0, math.nan])),
    ("samples: one only", "y", lambda p: _sampled(y=[1.0])),
    ("samples: none", "x", lambda p: _sampled(x=[])),
    ("samples: pixels that differ", "x", lambda p: _sampled(x=np.zeros((6, 2)))),
    ("samples: codewords of another shape", "codewords", lambda p: _sampled(codewords=np.zeros((3, 4)))),
    ("samples: no codeword", "codewords", lambda p: _sampled(codewords=0)),
    ("samples: three numbers of codewords", "codewords", lambda p: _sampled(codewords=(3, 3, 3))),
    ("bootstrap: a plain problem", "sampled", lambda p: bootstrap(p, rate=0.5)),  # type: ignore[arg-type]
    ("bootstrap: no replicate", "replicates", lambda p: bootstrap(_sampled(), rate=0.5, replicates=0)),
    ("bootstrap: certainty", "level", lambda p: bootstrap(_sampled(), rate=0.5, level=1.0)),
    ("bootstrap: a negative rate", "rate", lambda p: bootstrap(_sampled(), rate=-0.5)),
]
