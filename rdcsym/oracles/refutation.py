"""The door for anyone's formula: look for a point at which it cannot be true, against certified intervals and the laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rdcsym.conjecture import ClaimKind, claim
from rdcsym.conjecture_laws import BrokenLaw
from rdcsym.conjecture_search import search
from rdcsym.oracles.rounding import within_rounding
from rdcsym.problem import InputError
from rdcsym.refute import Oracle, Witness
from rdcsym.theorem import Theorem

DEFAULT_POINTS = 400
MOST_POINTS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Refutation:
    """What was found against a claim. No witness and no broken law is "not refuted", and never a proof.

    points: how many points were held against a certified interval; looked: against the catalogue's closed form, which only says
    where to look; laws: those that were tried. undefined: points on an edge of the domain at which the claim states no value
    (no refutation).
    """

    theorem: str
    claim: ClaimKind
    formula: str
    where: str | None
    fixed: Mapping[str, Any]
    witnesses: tuple[Witness, ...]
    broken_laws: tuple[BrokenLaw, ...]
    points: int
    looked: int
    laws: tuple[str, ...]
    undefined: int
    undefined_at: Mapping[str, str] | None
    intervals: bool  # whether the theorem has a solver to hold the claim against; without one only laws can refute
    seed: int

    @property
    def refuted(self) -> bool:
        return bool(self.witnesses or self.broken_laws)

    @property
    def verdict(self) -> Literal["refuted", "not refuted"]:
        return "refuted" if self.refuted else "not refuted"

    def __str__(self) -> str:
        if not self.refuted:
            return f"not refuted in {self.points} points"
        return "refuted: " + "; ".join(
            [*(_says(w) for w in self.witnesses), *(f"breaks the law '{b.law}'" for b in self.broken_laws)]
        )


def _says(witness: Witness) -> str:
    point = ", ".join(f"{n} = {x}" for n, x in witness.point.items())
    return f"{witness.reason} at {point}: {witness.claimed:.6g} against [{witness.truth.lower:.6g}, {witness.truth.upper:.6g}]"


def refute(
    name: str,
    formula: str | Callable[..., Any],
    claim: ClaimKind = "exact",
    points: int = DEFAULT_POINTS,
    where: str | None = None,
    fixed: Mapping[str, Any] | None = None,
    seed: int = 0,
    *,
    tick: Callable[[str], None] | None = None,
) -> Refutation:
    """Look for a point at which a formula for the function of theorem `name` cannot be true; needs the extra `solvers`.

    formula: text in SymPy's manner, LaTeX, or a Python function of keyword parameters (numbers, arrays for vectors) that
    returns a number; bits, inf where no code meets the budgets. claim: "exact", or a "lower" or "upper" bound. points: how many
    points are held against certified intervals. where: a condition on the parameters under which the claim is made. fixed:
    parameter -> value. tick: called with a word at each step. Raises InputError for what cannot be read, and where the function
    raises.
    """
    return refute_theorem(_theorem(name), formula, claim, points, where, fixed, seed, tick=tick)


def refute_theorem(
    theorem: Theorem,
    formula: str | Callable[..., Any],
    kind: ClaimKind,
    points: int,
    where: str | None,
    fixed: Mapping[str, Any] | None,
    seed: int,
    *,
    tick: Callable[[str], None] | None = None,
) -> Refutation:
    """As `refute`, for a theorem at hand."""
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= MOST_POINTS:
        raise InputError("points", points, "is no number of points", f"give a whole number from 1 to {MOST_POINTS}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError("seed", seed, "is no seed", "give a whole number of at least 0")
    made = claim(theorem, formula, kind, where, fixed)
    ask = _oracle(theorem)
    found = search(made, ask, within_rounding, points, np.random.default_rng(seed), tick or (lambda what: None))
    return Refutation(
        theorem=theorem.name,
        claim=kind,
        formula=made.text,
        where=where,
        fixed=made.fixed,
        witnesses=tuple(found.witnesses),
        broken_laws=tuple(found.broken),
        points=found.asked,
        looked=found.looked,
        laws=tuple(found.laws),
        undefined=found.undefined,
        undefined_at=found.undefined_at,
        intervals=ask is not None,
        seed=seed,
    )


def _theorem(name: str) -> Theorem:
    from rdcsym.theorems import theorem

    return theorem(name)


def _oracle(theorem: Theorem) -> Oracle | None:
    from rdcsym.oracles import ORACLES

    return ORACLES.get(theorem.name)
