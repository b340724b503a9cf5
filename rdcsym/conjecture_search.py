"""The search for a point at which a claim cannot be true.

First a guide, the certified form, says cheaply at thousands of points where the claim looks wrong; a suspect is shrunk to small
rationals and counts only once the oracle's interval excludes the claimed value there. Where the guide has no suspect, the
oracle is asked at points in every case of the claim, every regime and beside every boundary, so that a fault of the guide hides
nothing. Laws are tried on the claim alone, without guide or oracle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from rdcsym.conjecture import Claim
from rdcsym.conjecture_domain import Domain, count, row
from rdcsym.conjecture_laws import BrokenLaw, LawHunt
from rdcsym.operating_points import Points, each
from rdcsym.refute import Interval, Oracle, Witness, as_floats, as_text, distance, reason, simplest_point

Rounding = Callable[[Oracle, Mapping[str, Any], Mapping[str, float]], tuple[Interval | None, bool]]
Tick = Callable[[str], None]
_TIERS = (1e-2, 1e-4, 1e-7)  # a gross miss makes the clearest witness, so it is looked for first
_STARTS = {True: 2, False: 6}  # suspects of one case that are shrunk, of a slow claim and of a quick one
_ASKED = 24  # rationals tried for a number where every trial is slow or asks the oracle
_SILENT = "states no value where the function has one"


@dataclass(kw_only=True)
class Found:
    """What the search found. asked: points held against a certified interval; looked: points held against the guide."""

    witnesses: list[Witness] = field(default_factory=list)
    broken: list[BrokenLaw] = field(default_factory=list)
    asked: int = 0
    looked: int = 0
    laws: list[str] = field(default_factory=list)
    undefined: int = 0  # points asked about at which the claim states no value, on an edge of the domain
    undefined_at: dict[str, str] | None = None


def search(claim: Claim, ask: Oracle | None, rounding: Rounding, points: int, rng: np.random.Generator, tick: Tick) -> Found:
    """Look for witnesses against the claim and for laws that it breaks.

    ask: the oracle, or None where the theorem has none (then only laws count). rounding: what the rounding of the budgets
    leaves open (`rdcsym.oracles.within_rounding`). points: how many points are held against the oracle where the guide has no
    suspect.
    """
    found = Found()
    domain = Domain(claim, rng)
    drawn = domain.draw()
    tick("points drawn")
    found.looked = sum(count(p) for p in drawn)
    if ask is not None:
        hunt = _Hunt(domain, ask, rounding, found, tick)
        hunt.guided(drawn)
        if not found.witnesses:
            hunt.blind(drawn, points)
    laws = LawHunt(domain)
    for law in laws.laws():
        broken = laws.broken(law, drawn)
        found.laws.append(law.name)
        found.broken += [broken] if broken is not None else []
        tick(law.name)
    return found


class _Hunt:
    """The search with the oracle; what it finds goes into `found`."""

    def __init__(self, domain: Domain, ask: Oracle, rounding: Rounding, found: Found, tick: Tick) -> None:
        self.domain, self.claim, self.form = domain, domain.claim, domain.form
        self.ask, self.rounding, self.found, self.tick = ask, rounding, found, tick

    def guided(self, drawn: list[Points]) -> None:
        """A witness for each case of the claim at which the guide disagrees with it, where the oracle confirms it."""
        done: set[str] = set()
        for margin in _TIERS:
            for points in drawn:
                regimes = self.claim.regimes(points)
                for regime in dict.fromkeys(regimes):
                    if regime in done:
                        continue
                    here = {n: x[regimes == regime] for n, x in points.items()}
                    witness = self._first(here, partial(self.domain.suspect, margin=margin), regime) or (
                        self._first(here, self.domain.silent, regime) if margin == _TIERS[0] else None
                    )
                    if witness is not None:
                        done.add(regime)
                        self.found.witnesses.append(witness)
                        self.tick("witness")
            if self.found.witnesses:
                return

    def _first(self, points: Points, holds: Callable[[Points], Any], regime: str) -> Witness | None:
        """The simplest confirmed witness among the first suspects of one case."""
        chosen = np.flatnonzero(holds(points))[: _STARTS[self.domain.slow]]

        def stays(candidates: Points) -> Any:
            mask = holds(candidates)
            mask[mask] = self.claim.regimes({n: x[mask] for n, x in candidates.items()}) == regime if mask.any() else mask[mask]
            return mask

        starts = list(each({n: x[chosen] for n, x in points.items()}))
        most = _ASKED if self.domain.slow else 1000
        shrunk = [simplest_point(self.form, s, stays, keep=self.claim.fixed, candidates=most) for s in starts]
        for point in [*sorted(shrunk, key=_size), *starts]:
            witness = self.confirm(point)
            if witness is not None:
                return witness
        return None

    def confirm(self, point: Mapping[str, Any]) -> Witness | None:
        """The witness at a point, where the oracle's interval excludes the claim there, beyond all rounding."""
        numbers = {n: as_floats(x) for n, x in point.items()}
        if not self.claim.sees(numbers):
            return None
        self.found.asked += 1
        claimed, truth = self.claim.exact_value(numbers), self.ask(numbers)
        shown = {n: as_text(x) for n, x in point.items()}
        regime = str(self.claim.regimes(row(numbers))[0])
        if math.isnan(claimed):
            if self.claim.kind == "tight" and math.isfinite(truth.upper) and self.domain.silent_around(numbers):
                return Witness(point=shown, regime=regime, claimed=claimed, truth=truth, reason=_SILENT)
            self.found.undefined += 1
            self.found.undefined_at = self.found.undefined_at or shown
            return None
        unit = float(self.form.quantity(self.form.unit, **numbers).flat[0])
        kind, margin = self.claim.kind, self.claim.margin
        if distance(claimed, truth, kind, unit) <= margin or self._excused(claimed, numbers, unit):
            return None
        return Witness(point=shown, regime=regime, claimed=claimed, truth=truth, reason=reason(claimed, truth))

    def _excused(self, claimed: float, numbers: Mapping[str, Any], unit: float) -> bool:
        """Whether the claim is right for budgets within a rounding of these."""
        sizes = {n: float(s[0]) for n, s in self.domain.sizes(row(numbers)).items()}
        near, infinite = self.rounding(self.ask, numbers, sizes)
        if infinite and claimed == math.inf:
            return True
        return near is not None and distance(claimed, near, self.claim.kind, unit) <= self.claim.margin

    def blind(self, drawn: list[Points], wanted: int) -> None:
        """Hold the claim against the oracle at points of every case and regime, and beside every boundary."""
        inner = [row for points in drawn for row in self._spread(points, -(-wanted // len(drawn)))]
        outer = [row for points in self.domain.edges() for row in each(points)]
        self.domain.rng.shuffle(inner)
        self.domain.rng.shuffle(outer)
        share = min(len(outer), wanted // 3)
        for point in [*outer[:share], *inner[: wanted - share]]:
            witness = self.confirm(point)
            self.tick("held against the solvers")
            if witness is not None:
                simple = simplest_point(self.form, point, self._asked, keep=self.claim.fixed, candidates=_ASKED)
                self.found.witnesses.append(self.confirm(simple) or witness)
                return

    def _asked(self, points: Points) -> Any:
        """The first candidate that the oracle confirms, and no other."""
        mask = np.zeros(count(points), dtype=bool)
        for i, point in enumerate(each(points)):
            if self.confirm(point) is not None:
                mask[i] = True
                break
        return mask

    def _spread(self, points: Points, wanted: int) -> list[dict[str, Any]]:
        """`wanted` points, as many from every pair of a case of the claim and a regime of the certified form as there are."""
        names = self.claim.regimes(points) + "|" + self.form.regime(**points)
        groups = [list(np.flatnonzero(names == name)) for name in dict.fromkeys(names)]
        chosen: list[int] = []
        while groups and len(chosen) < wanted:
            chosen += [int(group.pop()) for group in groups]
            groups = [group for group in groups if group]
        chosen = chosen[:wanted]
        return list(each({n: x[chosen] for n, x in points.items()}))


def _size(point: Mapping[str, Any]) -> int:
    return sum(len(as_text(x)) for x in point.values())
