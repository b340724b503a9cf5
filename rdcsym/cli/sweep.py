"""`rdcsym sweep`: train and measure every combination of some settings' values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rdcsym.cli.extras import require
from rdcsym.cli.point_table import interval, number, read_point, wide_console
from rdcsym.cli.train import TASKS
from rdcsym.cli.training_bar import sweep_bar
from rdcsym.problem import InputError

_COLUMNS = {
    "rate_on_disk": "rate on disk",
    "distortion_input": "distortion to the input",
    "distortion_clean": "distortion to the clean image",
    "accuracy_clean": "accuracy, classifier trained apart",
}


@click.command(
    epilog="Example: rdcsym sweep --task digits-sr --out sweep --over rate=4,8,16 --over lambda_c=0,.01 --over seed=0,1,2"
)
@click.option("--task", "name", metavar="NAME", help=f"{TASKS}.")
@click.option("--out", required=True, metavar="DIR", help="Folder of the runs and of sweep.json; a new one, but for --resume.")
@click.option("--over", multiple=True, required=True, metavar="KEY=V,V,...", help="The values of one setting (once for each).")
@click.option("--config", "file", metavar="FILE", help="Settings as a JSON or TOML table.")
@click.option("--set", "flags", multiple=True, metavar="KEY=VALUE", help="A setting of all runs (once for each).")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes at a time; default: half the cores.")
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster that sees DIR, in place of processes here.")
@click.option("--resume", is_flag=True, help="Go on with the sweep in DIR; values may be added.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    name: str | None,
    out: str,
    over: tuple[str, ...],
    file: str | None,
    flags: tuple[str, ...],
    jobs: int | None,
    dask: str | None,
    resume: bool,
    as_json: bool,
) -> int:
    """Train and measure every combination of the values given by --over, each in a folder of its name in DIR.

    A run that fails is recorded in DIR/sweep.json with its error, the others go on, and the exit status is 1. With --resume
    finished runs are left as they are, unfinished ones go on from their checkpoints, failed ones are tried again.
    """
    require("sweep", "torch", "constriction")
    from deep.executor import cores, local
    from deep.executor import dask as cluster
    from deep.grid_points import grid_points
    from deep.sweep import sweep

    if dask and jobs:
        raise InputError("--jobs", jobs, "is for processes here, and --dask names a cluster", "leave one of them out")
    at_once = jobs or max(1, cores() // 2)
    points = grid_points(name, over, file, flags)
    try:
        with cluster(dask) if dask else local(at_once) as executor, sweep_bar(f"{len(points)} runs", as_json) as progress:
            threads = 0 if dask else max(1, cores() // at_once)
            rows = sweep(points, out, executor, threads=threads, resume=resume, progress=progress)
    except KeyboardInterrupt:
        click.echo("rdcsym: interrupted; the same command with --resume goes on", err=True)
        return 130
    failed = sum(row["status"] == "failed" for row in rows)
    if as_json:
        click.echo(json.dumps({"folder": out, "failed": failed, "points": [_with_point(out, row) for row in rows]}))
    else:
        _print(out, rows)
        click.echo(f"{len(rows) - failed} finished, {failed} failed; next: rdcsym compare {out}/*/ --out DIR")
    return 1 if failed else 0


def _with_point(out: str, row: dict[str, Any]) -> dict[str, Any]:
    finished = row["status"] == "finished"
    return {**row, "operating_point": read_point(Path(out) / row["name"]) if finished else None}


def _print(out: str, rows: list[dict[str, Any]]) -> None:
    """A row for each run: some of its quantities with their intervals, or its error."""
    found = {row["name"]: read_point(Path(out) / row["name"])["quantities"] for row in rows if row["status"] == "finished"}
    shown = [key for key in _COLUMNS if any(key in quantities for quantities in found.values())]
    table = Table(title=f"Runs in {out} (with 95 % intervals)", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    for key in shown:
        unit = next(q[key]["unit"] for q in found.values() if key in q)
        table.add_column(f"{_COLUMNS[key]} ({unit})")
    for row in rows:
        quantities = found.get(row["name"], {})
        cells = [f"{number(quantities[k]['value'])} ({interval(quantities[k])})" if k in quantities else "-" for k in shown]
        table.add_row(row["name"], *cells)
    console = wide_console()
    console.print(table)
    for row in rows:
        if row["error"]:
            console.print(Text(f"{row['name']} failed: {row['error']}", style="bold red"), soft_wrap=True)
