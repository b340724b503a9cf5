"""What the solvers and the pen add to the paper: verdicts, witnesses and figures, gathered theorem by theorem."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from rdcsym import theorem
from rdcsym.cli.progress import progress
from rdcsym.paper import Evidence, Figure, Finding
from rdcsym.problem import InputError

if TYPE_CHECKING:
    from rdcsym.cli.results import Curve, FormResult

_PROCESSES = 2
_SOLVERS = ("cvxpy", "clarabel", "ot", "flint", "sklearn")
_PER_REGIME, _PER_REGIME_VECTOR, _PER_BOUNDARY = 20, 8, 2  # a paper is a summary: `rdcsym certify` is the full confirmation


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one worker found about one theorem; without solvers no rows, and curves without intervals."""

    rows: list[FormResult]
    curves: list[Curve]


def gather(
    names: Sequence[str], folder: Path, figures: str, seed: int = 0, quiet: bool = False
) -> tuple[dict[str, Evidence], list[str]]:
    """The evidence by theorem, its figures written to `folder`/`figures`; and, in words, what had to be left out.

    Without the extra `solvers` there are no verdicts, witnesses and intervals; without matplotlib no figures.
    """
    solved, drawn = all(map(find_spec, _SOLVERS)), find_spec("matplotlib") is not None
    left_out = []
    if not solved:
        left_out.append(
            "Witnesses, verdicts and certified intervals are left out: the extra `solvers` is not installed where this was made."
        )
    if not drawn:
        left_out.append("Figures are left out: matplotlib is not installed where this was made.")
    if not solved and not drawn:
        return {}, left_out
    found = _find(names, solved, seed, quiet)
    evidence = {name: _evidence(f.rows) for name, f in found.items()}
    if drawn:
        for name, f in found.items():
            evidence[name] = replace(evidence[name], figures=_draw(name, f, folder, figures))
    unsolved = [name for name, f in found.items() if solved and not f.rows]
    if unsolved:
        left_out.append(f"No solver holds these theorems against an interval: {', '.join(unsolved)}.")
    return evidence, left_out


def _find(names: Sequence[str], solved: bool, seed: int, quiet: bool) -> dict[str, Found]:
    if len(names) == 1:
        return {names[0]: find(names[0], solved, seed)}
    found: dict[str, Found] = {}
    workers = get_context("spawn").Pool(_PROCESSES, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    with progress(len(names), quiet) as tick, workers as pool:
        for name, task in [(name, pool.apply_async(find, (name, solved, seed))) for name in names]:
            found[name] = task.get()
            tick(name)
    return found


def find(name: str, solved: bool, seed: int) -> Found:
    """One theorem's rows and curves: what one worker does."""
    from rdcsym.cli.curves import theorem_curves

    chosen = theorem(name)
    if not solved or not _has_oracle(name):
        return Found(rows=[], curves=theorem_curves(chosen, solved=False))
    from rdcsym.cli.confirm import Effort, confirm_theorem

    vector = any(p.vector for p in chosen.parameters)
    effort = Effort(per_regime=_PER_REGIME_VECTOR if vector else _PER_REGIME, per_boundary=_PER_BOUNDARY)
    rows = list(confirm_theorem(chosen, effort, seed))
    return Found(rows=rows, curves=theorem_curves(chosen))


def _has_oracle(name: str) -> bool:
    from rdcsym.oracles import oracle

    try:
        oracle(theorem(name))
    except InputError:
        return False
    return True


def _evidence(rows: Sequence[FormResult]) -> Evidence:
    by_form = {row.form: row for row in rows}
    if "certified" not in by_form:
        return Evidence()
    ours, theirs = by_form["certified"], by_form.get("published")
    return Evidence(
        verdict=ours.verdict,
        points=ours.points + ours.boundary_points,
        worst=ours.worst_distance,
        method=ours.method,
        notes=[*ours.notes, *([ours.failure] if ours.failure else [])],
        published_verdict="" if theirs is None else theirs.verdict,
        findings=[] if theirs is None else [_finding(w) for w in theirs.witnesses],
    )


def _finding(witness: object) -> Finding:
    from rdcsym.cli.report import witness_numbers
    from rdcsym.refute import Witness

    assert isinstance(witness, Witness)
    claimed, interval = (_to_latex(text) for text in witness_numbers(witness))
    return Finding(point=witness.point, regime=witness.regime, claimed=claimed, interval=interval, reason=witness.reason)


def _to_latex(number: str) -> str:
    """A number or interval of the report as mathematics: scientific notation spelt out, words as words."""
    import re

    text = number.replace("−", "-").replace("(proved infeasible)", r"\text{ (proved infeasible)}").replace("∞", r"\infty")
    text = re.sub(r"e(-?\d+)", r" \\cdot 10^{\1}", text)
    return re.sub(r", ", r",\\allowbreak\\ ", text)


def _draw(name: str, found: Found, folder: Path, figures: str) -> list[Figure]:
    from rdcsym.cli.plots import curve_title, write_curve

    witnesses = [w for row in found.rows for w in row.witnesses]
    drawn = []
    for i, curve in enumerate(found.curves, start=1):
        file = f"{figures}/{name}-{i}.pdf"
        write_curve(curve, witnesses, folder / file)
        text = curve_title(curve)
        drawn.append(Figure(file=file, caption=f"{text[:1].upper()}{text[1:]}."))
    return drawn
