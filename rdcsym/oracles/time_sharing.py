"""A search for a discrete problem on which time sharing beats every single coupling, so that a single-letter minimum is too high.

Problems are drawn in small rationals. A draw counts once the two certified intervals are apart: the least value of a
single coupling above what a mixture reaches. It is then made simpler, one number after the other, as long as that holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np

from rdcsym.oracles.verified import verified
from rdcsym.refute import Interval

MARGIN: Final = 0.2
"""Least share of the single-letter value by which time sharing must be better."""
NODES: Final = 100
"""Of branch and bound, for one value of a draw: one that needs more is passed over."""
MOST_NODES: Final = 4000
"""For those of the witness."""
ROUGH: Final = 1e-2
"""Relative gap of the intervals during the search; they hold whatever their width."""
TOLERANCE: Final = 1e-6
"""That of the witness."""
SMALLEST: Final = 40
"""Problems of two symbols a side that are drawn before larger ones."""
MOST_SYMBOLS: Final = 3
LARGEST_WEIGHT: Final = 4
LABELS: Final = tuple(Fraction(a, 4) for a in range(5))
RATES: Final = tuple(Fraction(a, 4) for a in (2, 3, 4, 6))
LOSS_STEP: Final = 20
"""Loss budgets are multiples of 1 / LOSS_STEP bit."""


@dataclass(frozen=True)
class Draw:
    """A problem and an operating point in rationals (bits). p, q: weights of X and of Y, up to their sums; label: P(S=1|X=x).

    The cost is the squared distance of the symbols' numbers (of two symbols a side: Hamming distortion).
    """

    p: tuple[int, ...]
    q: tuple[int, ...]
    label: tuple[Fraction, ...]
    R: Fraction
    C: Fraction

    def point(self) -> dict[str, str]:
        """What a reader needs to see it."""
        return {
            "p_X": _text(Fraction(a, sum(self.p)) for a in self.p),
            "p_Y": _text(Fraction(a, sum(self.q)) for a in self.q),
            "p_S1|X": _text(self.label),
            "R": str(self.R),
            "C": str(self.C),
        }

    def problem(self) -> Any:
        """The DiscreteProblem of the solvers."""
        from solvers import DiscreteProblem

        x, y = np.arange(len(self.p)), np.arange(len(self.q))
        label = np.array([float(a) for a in self.label])
        p, q = (np.array(w, dtype=float) / sum(w) for w in (self.p, self.q))
        return DiscreteProblem(p, q, ((x[:, None] - y[None, :]) ** 2).astype(np.float64), np.stack([1 - label, label], axis=1))


@dataclass(frozen=True, kw_only=True)
class SharingWitness:
    """A draw, the certified intervals of both functions there, and the shares of time of the mixture that tells them apart."""

    draw: Draw
    single: Interval
    shared: Interval
    shares: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class SharingSearch:
    """witness: None where none was found. problems: how many were drawn; points: at which the witness was made simpler."""

    witness: SharingWitness | None
    problems: int
    points: int


def find_time_sharing(seed: int, problems: int = 80, tick: Callable[[str], None] = lambda what: None) -> SharingSearch:
    """Draw problems until a witness is found, and make it simple. The same seed gives the same witness."""
    rng = np.random.default_rng(seed)
    for count in range(1, problems + 1):
        tick("search")
        draw = _draw(rng, 2 if count <= SMALLEST else MOST_SYMBOLS)
        found = None if draw is None else _apart(draw)
        if found is not None:
            simple, tried = _simplest(found)
            final = _apart(simple.draw, TOLERANCE, MOST_NODES) or simple
            return SharingSearch(witness=final, problems=count, points=tried + 1)
    return SharingSearch(witness=None, problems=problems, points=0)


def _draw(rng: np.random.Generator, symbols: int) -> Draw | None:
    """A random problem and rate, with a loss budget a little below that of the rate's own optimum; None where there is none."""
    from solvers import solve

    n, m = (int(k) for k in rng.integers(2, symbols + 1, size=2))
    p, q = (tuple(int(a) for a in rng.integers(1, LARGEST_WEIGHT + 1, size=k)) for k in (n, m))
    label = tuple(LABELS[i] for i in rng.integers(0, len(LABELS), size=n))
    rate = RATES[int(rng.integers(0, len(RATES)))]
    draw = Draw(p, q, label, rate, Fraction(1))
    problem = draw.problem()
    plan = solve(problem, rate=float(rate)).plan
    if plan is None:
        return None
    loss = _conditional_entropy(problem.p_S_given_X.T @ plan)
    least = _conditional_entropy(problem.p_S_given_X.T * problem.p_X)
    budget = Fraction(math.ceil(loss * LOSS_STEP) - 1, LOSS_STEP)
    return replace(draw, C=budget) if budget > least else None


def _apart(draw: Draw, tolerance: float = ROUGH, nodes: int = NODES) -> SharingWitness | None:
    """The draw as a witness, where the certified intervals are further apart than the margin."""
    from solvers import solve

    problem = draw.problem()
    asked: dict[str, Any] = {
        "rate": float(draw.R), "classification": float(draw.C), "tolerance": tolerance, "nodes": nodes,
    }  # fmt: skip
    shared = solve(problem, setting="asymptotic", **asked)
    if not math.isfinite(shared.upper) or shared.mixture is None or len(shared.mixture[1]) == 1:
        return None
    single = solve(problem, setting="single-letter", **asked)
    if not (1 - MARGIN) * single.lower > shared.upper or math.isinf(single.lower):
        return None
    return SharingWitness(
        draw=draw,
        single=verified(single, "branch and bound on the posteriors, in ball arithmetic"),
        shared=verified(shared, "a mixture of couplings and multipliers, in ball arithmetic"),
        shares=tuple(float(w) for w in shared.mixture[1]),
    )


def _simplest(witness: SharingWitness) -> tuple[SharingWitness, int]:
    """The witness with its numbers made simple while the intervals stay apart, and how many points that took."""
    points, changed = 0, True
    while changed:
        changed = False
        for draw in _simpler(witness.draw):
            points += 1
            found = _apart(draw)
            if found is not None:
                witness, changed = found, True
                break
    return witness, points


def _simpler(draw: Draw) -> Iterator[Draw]:
    """Draws with one thing simpler: a symbol less, equal or smaller weights, a label that X decides, rounder budgets."""

    def changed(name: str, value: Any, **more: Any) -> Draw:
        return replace(draw, **{name: value, **more})

    for name in ("p", "q"):
        weights: tuple[int, ...] = getattr(draw, name)
        for i in range(len(weights)) if len(weights) > 2 else ():
            label = draw.label[:i] + draw.label[i + 1 :] if name == "p" else draw.label
            yield changed(name, weights[:i] + weights[i + 1 :], label=label)
    for name in ("p", "q"):
        weights = getattr(draw, name)
        if len(set(weights)) > 1:
            yield changed(name, (1,) * len(weights))
        for i, weight in enumerate(weights):
            for smaller in range(1, weight):
                yield changed(name, (*weights[:i], smaller, *weights[i + 1 :]))
    for i, mass in enumerate(draw.label):
        for plain in (Fraction(0), Fraction(1), Fraction(1, 2)):
            if _weight(plain) < _weight(mass):
                yield changed("label", (*draw.label[:i], plain, *draw.label[i + 1 :]))
    for name in ("R", "C"):
        budget: Fraction = getattr(draw, name)
        near = {Fraction(round(budget * d), d) for d in (1, 2, 3, 4, 5)}
        for rounder in sorted(near, key=lambda b: (b.denominator, b)):
            if rounder.denominator < budget.denominator:
                yield changed(name, rounder)


def _weight(x: Fraction) -> int:
    return 0 if x.denominator == 1 else x.denominator


def _conditional_entropy(joint: Any) -> float:
    """H(S|Y) in bits of masses (s, y)."""
    law = joint.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -float(np.nansum(joint * np.log2(joint / law)))


def _text(masses: Any) -> str:
    return f"[{', '.join(str(x) for x in masses)}]"
