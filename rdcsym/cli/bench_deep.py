"""`rdcsym bench deep`: its table and its figure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from rdcsym.cli.extras import require
from rdcsym.cli.files import written_aside
from rdcsym.cli.point_table import wide_console
from rdcsym.cli.progress import progress

if TYPE_CHECKING:
    from deep.bench import Row


def run(tasks: Sequence[str], threads: int | None, repeats: int, seconds: float, out: str, as_json: bool) -> None:
    """Time the tasks (all where none is named), print, and write the files into `out`."""
    require("bench", "torch", "constriction", "matplotlib")
    from deep.bench import TASKS, Effort, bench, jobs, write
    from deep.executor import cores, local

    effort = Effort(threads or cores(), repeats, seconds)
    chosen = list(dict.fromkeys(tasks)) or list(TASKS)
    with local(1) as executor, progress(jobs(chosen), as_json) as tick:
        rows = bench(chosen, effort, executor, tick)
    written = [*write(rows, out, effort), draw(rows, Path(out) / "deep.png")]
    if as_json:
        click.echo(json.dumps({"rows": [asdict(row) for row in rows], "files": [str(path) for path in written]}))
        return
    _print(rows, effort.repeats)
    click.echo("written: " + ", ".join(map(str, written)))


def _print(rows: Sequence[Row], repeats: int) -> None:
    title = f"Batch 64, one critic step a codec step; medians of {repeats} blocks (lowest to highest)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("task", "work", "networks"):
        table.add_column(heading)
    for heading in ("images/s", "MB/s", "parameters (millions)", "peak memory (MB)", "times the peer", "times the one seen"):
        table.add_column(heading, justify="right")
    for row in rows:
        between = "" if row.lowest is None or row.highest is None else f" ({row.lowest:.0f} to {row.highest:.0f})"
        table.add_row(
            row.task,
            row.work,
            row.network,
            f"{row.images_per_second:.0f}{between}",
            _shown(row.megabytes_per_second),
            " + ".join(_shown(None if n is None else n / 1e6) for n in (row.generator, row.critic, row.classifier)).strip(" +-"),
            _shown(row.memory, 0) if row.memory_cuda is None else f"{row.memory:.0f}, CUDA {row.memory_cuda:.0f}",
            _shown(row.ratio_to_peer),
            _shown(row.ratio_to_seen),
        )
    console = wide_console()
    console.print(table)
    for machine in dict.fromkeys(row.machine for row in rows):
        console.print(f"measured on: {machine}" if machine[:7] != "another" else f"seen on: {machine}", highlight=False)


def _shown(value: float | None, digits: int = 2) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def draw(rows: Sequence[Row], path: Path) -> Path:
    """Bars of the images a second that each network trains at, and of coding; the file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 0.8 + 0.34 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    colours = {"training": "tab:blue", "encoding": "tab:green", "decoding": "tab:olive"}
    for place, row in enumerate(rows):
        colour = colours[row.work] if row.network == "rdcsym" else "lightgrey" if row.lowest is None else "grey"
        axes.barh(place, row.images_per_second, color=colour)
        if row.lowest is not None and row.highest is not None:
            ends = [[row.images_per_second - row.lowest], [row.highest - row.images_per_second]]
            axes.errorbar(row.images_per_second, place, xerr=ends, color="black", capsize=2, linewidth=1)
        axes.annotate(f" {row.images_per_second:.0f}", (row.highest or row.images_per_second, place), va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [f"{row.task}, {row.work}\n{row.network}" for row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("images a second (median; lowest to highest block)")
    axes.set_title(next(row.machine for row in rows if row.lowest is not None), fontsize=8)
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=130)
    return path
