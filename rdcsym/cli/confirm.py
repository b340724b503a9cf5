"""One row of the certify table: check a theorem's proof, confirm or refute a form at many operating points."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rdcsym.cli.grids import grid_notes
from rdcsym.cli.oracles import around, oracle
from rdcsym.cli.results import FormResult, Interval, Verdict
from rdcsym.latex import render_lines
from rdcsym.operating_points import Points, boundary_points, each, regime_points
from rdcsym.proof import ProofError
from rdcsym.refute import distance, find_witnesses
from rdcsym.theorem import Form, Theorem

# The value is computed in float64, the interval holds for the exact value: a miss below this (relative) is rounding.
EVALUATION_ROUNDING = 1e-12
WIDE = 1e-6  # an interval of more than this relative width decides nothing about a closed form
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
    failure, steps = "", 0
    try:
        steps = theorem.derivation.check()
    except ProofError as error:
        failure = str(error)
    tally = _Tally(form)
    regimes: dict[str, int] = {}
    for regime, points in regime_points(form, effort.per_regime, rng).items():
        for point, value in _with_values(form, points):
            tally.add(value, ask(point))
            regimes[regime] = regimes.get(regime, 0) + 1
    on_boundary = 0
    for _, points in boundary_points(theorem, effort.per_boundary, rng):
        for point, value in _with_values(form, points):
            interval = ask(point)
            if distance(value, interval) > EVALUATION_ROUNDING or not _decides(interval):
                interval = around(ask, point, theorem.problem.constraints)
            tally.add(value, interval, on_boundary=True)
            on_boundary += 1
    if tally.worst > EVALUATION_ROUNDING and not failure:
        failure = f"a value lies {tally.worst:.3g} (relative) outside its certified interval"
    notes, missed = grid_notes(theorem)
    failure = failure or missed
    verdict: Verdict = "failed" if failure else "gap" if tally.undecided else "certified"
    return _row(
        theorem, form, "certified",
        regimes=regimes, points=sum(regimes.values()), boundary_points=on_boundary, steps_checked=steps,
        lemmas_cited=[f"{lemma.claim} [{lemma.source}]" for lemma in theorem.derivation.lemmas],
        worst_distance=tally.worst, widest_interval=tally.widest, method=tally.method, verdict=verdict, failure=failure,
        notes=notes, seconds=time.perf_counter() - start,
    )  # fmt: skip


def confirm_published(theorem: Theorem, effort: Effort, rng: np.random.Generator) -> FormResult:
    """The published form at random points of each of its regimes, and witnesses where it cannot be true."""
    start, form, ask = time.perf_counter(), theorem.published, oracle(theorem)
    assert form is not None
    tally = _Tally(form)
    regimes: dict[str, int] = {}
    for regime, points in regime_points(form, max(4, effort.per_regime // 4), rng).items():
        for point, value in _with_values(form, points):
            tally.add(value, ask(point))
            regimes[regime] = regimes.get(regime, 0) + 1
    witnesses = find_witnesses(form, ask, lambda points: theorem.certified.evaluate(**points), rng)
    verdict: Verdict = "refuted" if witnesses else "gap" if tally.undecided or tally.worst > EVALUATION_ROUNDING else "certified"
    return _row(
        theorem, form, "published",
        regimes=regimes, points=sum(regimes.values()), boundary_points=0, steps_checked=0, lemmas_cited=[],
        worst_distance=tally.worst, widest_interval=tally.widest, method=tally.method, verdict=verdict, witnesses=witnesses,
        seconds=time.perf_counter() - start,
    )  # fmt: skip


class _Tally:
    """What the points so far say: worst distance, widest interval, how many intervals were too wide to decide."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.worst, self.widest, self.undecided, self.method = 0.0, 0.0, 0, ""

    def add(self, value: float, interval: Interval, on_boundary: bool = False) -> None:
        self.worst = max(self.worst, distance(value, interval, self.form.kind))
        self.method = self.method or interval.method
        if not on_boundary:
            self.widest = max(self.widest, _width(interval))
            self.undecided += not _decides(interval)


def _width(interval: Interval) -> float:
    if interval.lower == interval.upper:
        return 0.0
    if math.isinf(interval.upper):
        return math.inf
    return (interval.upper - interval.lower) / max(_WIDTH_FLOOR, abs(interval.upper))


def _decides(interval: Interval) -> bool:
    return _width(interval) <= WIDE


def _with_values(form: Form, points: Points) -> Iterator[tuple[dict[str, float], float]]:
    if next(iter(points.values())).size:
        yield from zip(each(points), form.evaluate(**points).tolist(), strict=True)


def _row(theorem: Theorem, form: Form, which: Literal["certified", "published"], **found: Any) -> FormResult:
    return FormResult(
        theorem=theorem.name, form=which, title=theorem.title, source=form.source, kind=form.kind, latex=render_lines(form),
        remark=form.remark, **found,
    )  # fmt: skip
