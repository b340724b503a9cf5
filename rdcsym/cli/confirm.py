"""One row of the certify table: check a theorem's proof, confirm or refute a form at many operating points."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rdcsym.cli.grids import grid_notes
from rdcsym.cli.results import FormResult, Interval, Verdict
from rdcsym.form import Form, Kind
from rdcsym.latex import render_lines
from rdcsym.operating_points import Points, boundary_points, each, regime_points
from rdcsym.oracles import oracle, within_rounding
from rdcsym.proof import ProofError
from rdcsym.refute import Oracle, distance, find_witnesses
from rdcsym.theorem import Theorem

# The value is computed in float64, the interval holds for the exact value: a miss below this (relative) is rounding.
EVALUATION_ROUNDING = 1e-12
BUDGETS = ("R", "D", "C", "P")
WIDE = 1e-6  # an interval of more than this relative width decides nothing about a closed form
VECTOR_SHARE = 4  # theorems on vectors are confirmed at this many times fewer points
_ASSUMPTION_ROUNDING = 1e-7  # an assumption of a proof may be violated by rounding at a boundary
_WIDTH_FLOOR = 1e-6  # widths are relative to the value, or to this where the value is smaller


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How many points a form is confirmed at: in each regime, and at each boundary (on it and one ulp to either side)."""

    per_regime: int
    per_boundary: int


DEFAULT = Effort(per_regime=100, per_boundary=4)
THOROUGH = Effort(per_regime=1000, per_boundary=20)


def confirm_theorem(theorem: Theorem, effort: Effort, seed: int) -> Iterator[FormResult]:
    """The certified form's row, then the published form's where there is one."""
    yield confirm_certified(theorem, effort, np.random.default_rng(seed))
    if theorem.published is not None:
        yield confirm_published(theorem, effort, np.random.default_rng(seed + 1))


def confirm_certified(theorem: Theorem, effort: Effort, rng: np.random.Generator) -> FormResult:
    """Every step of the derivation, and the value in its interval at random points of each regime and at every boundary."""
    start, form, ask = time.perf_counter(), theorem.certified, oracle(theorem)
    if any(p.vector for p in form.parameters):  # a point is a whole convex program
        effort = Effort(per_regime=-(-effort.per_regime // VECTOR_SHARE), per_boundary=-(-effort.per_boundary // VECTOR_SHARE))
    failures, steps = [], 0
    try:
        steps = theorem.derivation.check()
    except ProofError as error:
        failures.append(str(error))
    tally = _Tally(form)
    for points in regime_points(form, effort.per_regime, rng).values():
        tally.add_points(points, ask)
        failures += proof_gaps(theorem, points)
    inner = sum(tally.regimes.values())
    for _, points in boundary_points(theorem, effort.per_boundary, rng):
        tally.add_points(points, ask)
        failures += proof_gaps(theorem, points)
    notes, missed = grid_notes(theorem)
    failures += [missed] * bool(missed)
    proved = theorem.derivation.proved_regimes()
    for regime in (r.name for r in form.regimes):
        failures += [f"no operating point was found in the regime '{regime}'"] * (regime not in tally.regimes)
        failures += [f"the regime '{regime}' has no proof step of its own"] * (regime not in proved)
    if tally.worst > EVALUATION_ROUNDING:
        failures.append(f"a value lies {tally.worst:.3g} (relative) outside its certified interval, at {tally.worst_point}")
    verdict: Verdict = "failed" if failures else "gap" if tally.undecided else "certified"
    return _row(
        theorem, form, "certified",
        regimes=tally.regimes, points=inner, boundary_points=sum(tally.regimes.values()) - inner, steps_checked=steps,
        lemmas_cited=[f"{lemma.claim} [{lemma.source}]" for lemma in theorem.derivation.lemmas],
        worst_distance=tally.worst, widest_interval=tally.widest, method=tally.method, verdict=verdict,
        failure="; ".join(dict.fromkeys(failures)), notes=notes, seconds=time.perf_counter() - start,
    )  # fmt: skip


def confirm_published(theorem: Theorem, effort: Effort, rng: np.random.Generator) -> FormResult:
    """The published form at random points of each of its regimes, and witnesses where it cannot be true."""
    start, form, ask = time.perf_counter(), theorem.published, oracle(theorem)
    assert form is not None
    tally = _Tally(form)
    for points in regime_points(form, max(4, effort.per_regime // 4), rng).values():
        tally.add_points(points, ask)
    witnesses = find_witnesses(form, ask, lambda points: theorem.certified.evaluate(**points), rng)
    verdict: Verdict = "refuted" if witnesses else "gap" if tally.undecided or tally.worst > EVALUATION_ROUNDING else "certified"
    return _row(
        theorem, form, "published",
        regimes=tally.regimes, points=sum(tally.regimes.values()), boundary_points=0, steps_checked=0, lemmas_cited=[],
        worst_distance=tally.worst, widest_interval=tally.widest, method=tally.method, verdict=verdict, witnesses=witnesses,
        seconds=time.perf_counter() - start,
    )  # fmt: skip


class _Tally:
    """What the points so far say: their regimes, the worst distance, the widest interval, how many were undecided."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.worst, self.widest, self.undecided, self.method = 0.0, 0.0, 0, ""
        self.worst_point: dict[str, float] = {}
        self.regimes: dict[str, int] = {}
        self.kinds = {r.name: r.kind for r in form.regimes if r.kind is not None}

    def add_points(self, points: Points, ask: Oracle) -> None:
        """Hold the form against the oracle at each point; where that fails, against the neighbours within a budget's rounding."""
        if not len(next(iter(points.values()))):
            return
        sizes = {p.name: self.form.quantity(p.size, **points) for p in self.form.parameters if p.name in BUDGETS}
        rows = zip(
            each(points),
            self.form.evaluate(**points),
            self.form.regime(**points),
            self.form.quantity(self.form.unit, **points),
            strict=True,
        )
        for i, (point, value, regime, unit) in enumerate(rows):
            self.regimes[regime] = self.regimes.get(regime, 0) + 1
            interval, kind = ask(point), self.kinds.get(regime, self.form.kind)
            miss, decided = distance(value, interval, kind, unit), _decided(value, interval, kind, unit)
            if not (miss <= EVALUATION_ROUNDING and decided):
                widest = WIDE * max(float(unit), abs(value) if math.isfinite(value) else 0.0)
                near, infinite = within_rounding(ask, point, {n: float(size[i]) for n, size in sizes.items()}, widest)
                decided = near is not None or infinite
                if infinite and value == math.inf:
                    miss = 0.0
                elif decided:
                    miss = math.inf if near is None else distance(value, near, kind, unit)
            else:
                self.widest = max(self.widest, _width(interval, unit))
            if miss > self.worst:
                self.worst, self.worst_point = miss, point
            self.undecided += not decided
            self.method = self.method or interval.method


def _decided(value: float, interval: Interval, kind: Kind, unit: float) -> bool:
    """Whether the interval can tell: it is narrow, or the claim is only a bound and lies, to rounding, beyond the whole of it."""
    narrow = _width(interval, unit) <= WIDE
    if narrow or kind == "tight":
        return narrow
    end = interval.lower if kind == "lower" else interval.upper
    return distance(value, Interval(lower=end, upper=end, method=""), kind, unit) <= EVALUATION_ROUNDING


def _width(interval: Interval, unit: float) -> float:
    if interval.lower == interval.upper or interval.upper - interval.lower < sys.float_info.min:
        return 0.0  # no float64 of full precision lies between the ends
    if math.isinf(interval.upper):
        return math.inf
    return (interval.upper - interval.lower) / max(_WIDTH_FLOOR * unit, abs(interval.upper))


def proof_gaps(theorem: Theorem, points: Points) -> list[str]:
    """Where the derivation lists its cases: regimes with a point at which no case's assumptions hold and give the form's value.

    This ties the proof to the form. It is evidence at the points, not a proof that the cases cover the regime.
    """
    form, cases = theorem.certified, theorem.derivation.cases
    if not cases or not len(next(iter(points.values()))):
        return []
    regimes, values = form.regime(**points), form.evaluate(**points)
    covered = np.zeros(values.size, dtype=bool)
    with np.errstate(all="ignore"):  # an assumption may be undefined where another case applies
        for case in cases:
            holds = regimes == case.regime
            for assumption in (*case.given, *case.positive):
                holds &= form.quantity(assumption, **points) >= -_ASSUMPTION_ROUNDING
            value = form.quantity(case.value, **points)
            covered |= holds & ((value == values) | (np.abs(value - values) <= _ASSUMPTION_ROUNDING))
    missed = dict.fromkeys(regimes[~covered])
    return [f"no case of the derivation covers a point of the regime '{regime}'" for regime in missed]


def _row(theorem: Theorem, form: Form, which: Literal["certified", "published"], **found: Any) -> FormResult:
    return FormResult(
        theorem=theorem.name, form=which, title=theorem.title, source=form.source, kind=form.kind, latex=render_lines(form),
        remark=form.remark, **found,
    )  # fmt: skip
