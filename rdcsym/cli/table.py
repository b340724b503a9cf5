"""The verdict table on the terminal."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rdcsym.cli.results import VERDICT_TEXT, DataPoint, DataResult, FormResult, Report, Witness

_PIPE_WIDTH = 130
_SAMPLING = "estimates: bootstrap over the samples, {} replicates, level {:g}, the codewords held fixed; not certified"
_STYLES = {"certified": "green", "refuted": "magenta", "gap": "yellow", "failed": "bold red"}


def print_report(report: Report, written: Sequence[Path], console: Console | None = None) -> None:
    """The table, the witnesses, the data set's intervals and where the report lies."""
    console = console or Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(file=console.file, width=_PIPE_WIDTH)  # a pipe has no width to keep to
    if report.results:
        console.print(_verdicts(report.results))
    for row in report.results:
        for witness in row.witnesses:
            console.print(_witness(row, witness))
        if row.failure:
            console.print(Text(f"{row.theorem}: {row.failure}", style=_STYLES["failed"]))
    if report.data is not None:
        console.print(_data(report.data))
        console.print(Text(report.data.description))
        if found := next((p.estimate for p in report.data.rate_curve if p.estimate), None):
            console.print(Text(_SAMPLING.format(found.replicates, found.level)))
    if report.results:
        console.print(Text(f"certified: {VERDICT_TEXT['certified']}"))
    counts = {v: sum(r.verdict == v for r in report.results) for v in _STYLES}
    said = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
    console.print(Text(f"{said + '; ' if said else ''}{report.seconds:.0f} s; report: " + ", ".join(map(str, written))))


def _verdicts(rows: Sequence[FormResult]) -> Table:
    table = Table(title="Forms against certified intervals", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("theorem", no_wrap=True)
    table.add_column("form")
    for heading in ("regimes", "points + at edges", "proof steps", "cited lemmas", "worst miss (relative)"):
        table.add_column(heading, justify="right", overflow="fold", max_width=10)
    table.add_column("verdict", no_wrap=True)
    for r in rows:
        ours = r.form == "certified"
        table.add_row(
            r.theorem, r.form if r.kind == "tight" else f"{r.form}, a {r.kind} bound", str(len(r.regimes)),
            f"{r.points} + {r.boundary_points}" if ours else str(r.points),
            str(r.steps_checked) if ours else "-", str(len(r.lemmas_cited)) if ours else "-",
            _relative(r.worst_distance), Text(r.verdict, style=_STYLES[r.verdict]),
        )  # fmt: skip
    return table


def _relative(x: float) -> str:
    return "0" if x == 0 else "infeasible" if math.isinf(x) else f"{x:.1e}"


def _witness(row: FormResult, witness: Witness) -> Text:
    point = ", ".join(f"{n} = {v}" for n, v in witness.point.items())
    truth = witness.truth
    interval = "infeasible" if math.isinf(truth.lower) else f"[{truth.lower:.9g}, {truth.upper:.9g}]"
    text = Text.assemble((f"{row.theorem}, {row.form}, regime '{witness.regime}' is refuted", _STYLES["refuted"]))
    text.append(f" at {point}:\n    {row.form} value {witness.claimed:.9g}, certified interval {interval}: {witness.reason}")
    return text


def _data(data: DataResult) -> Table:
    title = f"{data.name}: certified limits of the discrete problem of codewords; D is squared error summed over the pixels"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    points = [*data.rate_curve, *(p for curve in data.classification_curves for p in curve)]
    estimated = any(p.estimate for p in points)
    headings = ["rate (bits)", "H(S|Y) budget (bits)", "D certified from below", "D certified from above"]
    # What the optimiser left open and what the samples leave open are different things: columns of their own.
    headings += ["of the population, estimate from", "estimate to"] if estimated else []
    for heading in headings:
        table.add_column(heading, justify="right", overflow="fold", max_width=14)
    for heading in ("status", "method", "checked"):
        table.add_column(heading)
    for point in points:
        loss = "none" if point.classification is None else f"{point.classification:.4g}"
        ends = ("infeasible",) * 2 if math.isinf(point.lower) else (f"{point.lower:.9g}", _upper(point))
        between = _estimate(point) if estimated else ()
        table.add_row(f"{point.rate:.4g}", loss, *ends, *between, point.status, point.method, "yes" if point.verified else "NO")
    return table


def _estimate(point: DataPoint) -> tuple[str, str]:
    return ("-", "-") if point.estimate is None else (f"{point.estimate.lower:.4g}", f"{point.estimate.upper:.4g}")


def _upper(point: DataPoint) -> str:
    return "no plan found" if math.isinf(point.upper) else f"{point.upper:.9g}"
