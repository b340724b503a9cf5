"""The verdict table on the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rdcsym.cli.results import DataPoint, DataResult, FormResult, Report, Witness

_STYLES = {"certified": "green", "refuted": "magenta", "gap": "yellow", "failed": "bold red"}


def print_report(report: Report, written: Sequence[Path], console: Console | None = None) -> None:
    """The table, the witnesses, the data set's intervals and where the report lies."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=max(console.width, 150))  # a pipe has no width to keep to
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
    counts = {v: sum(r.verdict == v for r in report.results) for v in _STYLES}
    said = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
    console.print(Text(f"{said + '; ' if said else ''}{report.seconds:.0f} s; report: " + ", ".join(map(str, written))))


def _verdicts(rows: Sequence[FormResult]) -> Table:
    table = Table(title="Forms against certified intervals", title_justify="left")
    for heading in ("theorem", "form"):
        table.add_column(heading, no_wrap=True)
    for heading in ("regimes", "points", "on boundaries", "steps checked", "lemmas cited", "worst distance", "widest interval"):
        table.add_column(heading, justify="right")
    table.add_column("verdict", no_wrap=True)
    for r in rows:
        kind = "" if r.kind == "tight" else f" ({r.kind} bound)"
        table.add_row(
            r.theorem, r.form + kind, str(len(r.regimes)), str(r.points), str(r.boundary_points),
            str(r.steps_checked) if r.form == "certified" else "-", str(len(r.lemmas_cited)) if r.form == "certified" else "-",
            _relative(r.worst_distance), _relative(r.widest_interval), Text(r.verdict, style=_STYLES[r.verdict]),
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
    table = Table(title=f"{data.name}: certified limits of the discrete problem of codewords", title_justify="left")
    for heading in ("rate (bits)", "H(S|Y) budget (bits)", "D certified from below", "D certified from above"):
        table.add_column(heading, justify="right")
    for heading in ("status", "method", "checked"):
        table.add_column(heading)
    for point in [*data.rate_curve, *(p for curve in data.classification_curves for p in curve)]:
        loss = "none" if point.classification is None else f"{point.classification:.4g}"
        ends = ("infeasible",) * 2 if math.isinf(point.lower) else (f"{point.lower:.9g}", _upper(point))
        table.add_row(f"{point.rate:.4g}", loss, *ends, point.status, point.method, "yes" if point.verified else "NO")
    return table


def _upper(point: DataPoint) -> str:
    return "no plan found" if math.isinf(point.upper) else f"{point.upper:.9g}"
