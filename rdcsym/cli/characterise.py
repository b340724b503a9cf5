"""A row of the certify table for a published statement that one function is another: searched for a problem where they differ."""

from __future__ import annotations

import time

from rdcsym.characterisation import Characterisation
from rdcsym.cli.results import FormResult, Verdict
from rdcsym.oracles.time_sharing import SharingWitness, find_time_sharing
from rdcsym.refute import Witness

_SEARCHES = {"drc-discrete-asymptotic": find_time_sharing}


def confirm_characterisation(chosen: Characterisation, seed: int) -> FormResult:
    """The published statement, held against certified intervals of both sides; "gap" where no witness was found."""
    start = time.perf_counter()
    found = _SEARCHES[chosen.name](seed)
    verdict: Verdict = "refuted" if found.witness is not None else "gap"
    witnesses: list[Witness] = []
    notes, worst, widest = [f"{found.problems} problems drawn in small rationals, two and three symbols a side"], 0.0, 0.0
    if found.witness is not None:
        single, shared = found.witness.single, found.witness.shared
        witnesses = [_witness(found.witness)]
        notes.append(_mixture(found.witness))
        worst = (single.lower - shared.upper) / single.lower
        widest = max((i.upper - i.lower) / i.upper for i in (single, shared))
    return FormResult(
        theorem=chosen.name, form="published", title=chosen.title, source=chosen.source, kind="tight",
        latex=list(chosen.published), remark=chosen.remark, regimes={}, points=found.points, boundary_points=0,
        steps_checked=0, lemmas_cited=[], worst_distance=worst, widest_interval=widest,
        method="branch and bound on the posteriors; mixtures of couplings", verdict=verdict, witnesses=witnesses, notes=notes,
        seconds=time.perf_counter() - start,
    )  # fmt: skip


def _witness(found: SharingWitness) -> Witness:
    """The published value is the single-letter minimum, of which the lower end is shown; the truth is the envelope's interval."""
    low, high = found.single.lower, found.single.upper
    text = f"the least of a single coupling is certified in [{low:.9g}, {high:.9g}], above what time sharing reaches"
    return Witness(
        point=found.draw.point() | {"d": "(x - y)^2"}, regime="single-letter", claimed=low, truth=found.shared, reason=text
    )


def _mixture(found: SharingWitness) -> str:
    shares = ", ".join(f"{w:.4g}" for w in found.shares)
    return f"the witness's upper end shares the time between {len(found.shares)} couplings, {shares} of it each"
