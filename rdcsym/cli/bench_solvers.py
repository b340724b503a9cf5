"""`rdcsym bench solvers`: its table, its summary and its files."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from rdcsym.cli.extras import require
from rdcsym.cli.files import output_folder, written_aside
from rdcsym.cli.point_table import wide_console
from rdcsym.cli.progress import progress

if TYPE_CHECKING:
    from solvers.bench import Effort, Row

FORMAT: Final = "rdcsym bench solvers 1"
_PACKAGES: Final = ("rdcsym", "numpy", "scipy", "pot", "ott-jax", "jax", "cvxpy", "clarabel", "ecos", "scs", "dit")


def run(
    quick: bool, kinds: Sequence[str], sizes: Sequence[int], threads: int | None, repeats: int | None, out: str, as_json: bool
) -> None:
    """Measure, print, and write the files into `out`; what is measured stands in solvers.partial.jsonl there until all is."""
    require("bench", "matplotlib")
    from rdcsym.cli.bench_solvers_figure import draw
    from solvers.bench import FULL, QUICK, bench, checked_kinds, checked_sizes, jobs, summary

    effort = QUICK if quick else FULL
    kinds, sizes = checked_kinds(kinds), checked_sizes(sizes, effort)
    effort = replace(effort, kinds=kinds, sizes=sizes, threads=threads or 0, repeats=repeats or effort.repeats)
    folder = output_folder(out)
    partial = folder / "solvers.partial.jsonl"
    with progress(sum(map(len, jobs(effort))), as_json) as tick:
        rows, skipped = bench(effort, partial, tick)
    lines = summary(rows)
    found = _report(rows, skipped, lines, effort)
    written = [_write_json(found, folder), _write_csv(rows, folder), draw(rows, folder / "solvers.png", found["machine"])]
    partial.unlink()
    if as_json:
        click.echo(json.dumps({**found, "files": [str(path) for path in written]}))
        return
    _print(rows)
    console = wide_console()
    for line in (*skipped, *lines, f"measured on: {found['machine']}"):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    click.echo(f"all {len(rows)} measurements: " + ", ".join(map(str, written)))


def _report(rows: Sequence[Row], skipped: Sequence[str], lines: Sequence[str], effort: Effort) -> dict[str, Any]:
    from solvers.bench import TARGETS, machine
    from solvers.bench.instances import source

    return {
        "format": FORMAT,
        "machine": machine(effort),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "effort": asdict(effort),
        "targets": list(TARGETS),
        "instances": {kind: source(kind) for kind in effort.kinds},
        "skipped": list(skipped),
        "summary": list(lines),
        "rows": [asdict(row) for row in rows],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _write_json(found: dict[str, Any], folder: Path) -> Path:
    path = folder / "solvers.json"
    with written_aside(path) as aside:
        aside.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def _write_csv(rows: Sequence[Row], folder: Path) -> Path:
    from solvers.bench import Row

    path = folder / "solvers.csv"
    with written_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: "" if value is None else value for name, value in asdict(row).items()} for row in rows)
    return path


def shown(rows: Sequence[Row]) -> list[Row]:
    """Of each instance: ours, and of each family and way of driving the best peer (or one that failed, where all did)."""
    best: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = (row.task, row.kind, row.n, row.rate, row.family, row.driven)
        if key not in best or _order(row) < _order(best[key]):
            best[key] = row
    return list(best.values())


def _order(row: Row) -> tuple[float, float]:
    never = float("inf")
    return (never if row.seconds_to_1e_6 is None else row.seconds_to_1e_6, never if row.gap is None else row.gap)


def _print(rows: Sequence[Row]) -> None:
    title = "Seconds to a certified relative gap: ours, the best installed peer and the best NumPy reference"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("instance", "rate (nats)", "method", "driven"):
        table.add_column(heading)
    for heading in ("to 1e-4", "to 1e-6", "to 1e-8", "times ours"):
        table.add_column(heading, justify="right")
    table.add_column("how it ended")
    order = {"transport": 0, "rate-distortion": 1}
    for row in sorted(shown(rows), key=lambda row: (order[row.task], row.kind, row.n, row.rate)):
        seconds = (row.seconds_to_1e_4, row.seconds_to_1e_6, row.seconds_to_1e_8)
        ratio = "-" if row.ratio is None else f"{'>' if row.ratio_is_least else ''}{row.ratio:.3g}"
        where = f"{row.kind}, n = {row.n}" + ("" if row.task == "transport" else ", R(D)")
        rate = f"{row.rate:g}" if row.task == "transport" else "free"
        ended = f"{row.status}: {row.limit:.0f} s" if row.status == "time limit" else row.status
        table.add_row(where, rate, row.method, row.driven, *("-" if s is None else f"{s:.3g}" for s in seconds), ratio, ended)
    wide_console().print(table)
