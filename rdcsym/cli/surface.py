"""`rdcsym surface`: a discrete problem's function over many budgets at once, each value in a certified interval."""

from __future__ import annotations

import csv
import io
import json
import math
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from rdcsym.cli.extras import require
from rdcsym.cli.files import output_folder
from rdcsym.cli.progress import progress
from rdcsym.cli.results import to_json
from rdcsym.problem import FloatArray, InputError

if TYPE_CHECKING:
    from solvers import Surface


@click.command(epilog="Example: rdcsym surface problem.npz --rates .05,3,64 --classifications .2,3.3,64 --out surface")
@click.argument("path", metavar="PROBLEM.npz")
@click.option("--rates", "rate_text", required=True, metavar="LOW,HIGH,COUNT", help="Rate budgets, evenly spaced.")
@click.option("--classifications", "loss_text", metavar="LOW,HIGH,COUNT", help="Classification loss budgets, evenly spaced.")
@click.option("--out", required=True, metavar="DIR", help="Folder of the picture, CSV, JSON and finished rows.")
@click.option("--setting", default="single-letter", show_default=True, help="single-letter or asymptotic.")
@click.option("--units", default="bits", show_default=True, help="Units of information: bits or nats.")
@click.option("--nodes", default=0, show_default=True, type=click.IntRange(min=0), help="Of branch and bound at open points.")
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster, in place of processes here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    path: str,
    rate_text: str,
    loss_text: str | None,
    out: str,
    setting: str,
    units: str,
    nodes: int,
    dask: str | None,
    as_json: bool,
) -> None:
    """Certified intervals for PROBLEM.npz over a grid of budgets: surface.png, surface.csv and surface.json in DIR.

    Rows of one rate are kept in DIR/rows as they are finished; the same command again goes on from there. The ends of every
    interval are checked before anything is written. Keys of the file: p_X (n), p_Y (m), cost (n, m), p_S_given_X (n, k).
    """
    require("surface", "matplotlib")
    from rdcsym.cli.surface_plot import plot_surface
    from rdcsym.executor import dask as cluster
    from solvers import load_problem, solve_surface

    rates = _grid("--rates", rate_text)
    losses = None if loss_text is None else _grid("--classifications", loss_text)
    problem = load_problem(path)
    folder = output_folder(out)
    with cluster(dask) if dask else nullcontext("local") as executor, progress(len(rates), as_json) as tick:
        found = solve_surface(
            problem,
            rates=rates,
            classifications=losses,
            setting=setting,
            units=units,
            nodes=nodes,
            folder=folder / "rows",
            executor=executor,  # type: ignore[arg-type]
            progress=tick,
        )
    found.verify()
    written = [_write_csv(found, folder / "surface.csv"), _write_json(found, folder / "surface.json")]
    written.append(plot_surface(found, folder / "surface.png"))
    counts = {name: int(np.count_nonzero(found.status == name)) for name in ("certified", "infeasible", "gap")}
    open_plans = int(np.count_nonzero((found.status == "gap") & np.isfinite(found.upper)))
    if as_json:
        click.echo(
            json.dumps(to_json({**counts, "gap_with_plan": open_plans, "checked": True, "files": list(map(str, written))}))
        )
        return
    click.echo(
        f"{found.status.size} points, both ends of each checked: {counts['certified']} certified to a relative gap of "
        f"{found.question.tolerance:g}, {counts['infeasible']} infeasible, {counts['gap']} open ({open_plans} with a plan)"
    )
    click.echo("written: " + ", ".join(map(str, written)))


def _grid(option: str, text: str) -> FloatArray:
    parts = text.split(",")
    try:
        low, high, count = float(parts[0]), float(parts[1]), int(parts[2])
        if len(parts) != 3 or not (0 <= low <= high < math.inf and 1 <= count <= 10_000):
            raise ValueError
    except (ValueError, IndexError):
        raise InputError(option, text, "is no grid", "give LOW,HIGH,COUNT, for instance .1,3,64") from None
    return np.linspace(low, high, count)


def _records(found: Surface) -> list[dict[str, Any]]:
    records = []
    for index in np.ndindex(*found.lower.shape):
        record: dict[str, Any] = {"rate": float(found.rates[index[0]])}
        if found.classifications is not None:
            record["classification"] = float(found.classifications[index[1]])
        cell = found.cells[index[0]][index[1] if len(index) > 1 else 0]
        record |= {"lower": cell.lower, "upper": cell.upper, "status": str(found.status[index]), "method": cell.method}
        records.append(record)
    return records


def _write_csv(found: Surface, path: Path) -> Path:
    from rdcsym.files import write_atomically

    records = _records(found)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return write_atomically(path, buffer.getvalue())


def _write_json(found: Surface, path: Path) -> Path:
    from rdcsym.files import write_atomically

    about = {
        "value": "least distortion, certified interval",
        "setting": found.question.setting,
        "units": found.question.units,
        "tolerance": found.question.tolerance,
    }
    return write_atomically(path, json.dumps(to_json({**about, "points": _records(found)}), indent=1))
