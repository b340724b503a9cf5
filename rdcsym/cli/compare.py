"""`rdcsym compare`: operating points against the certified limits of their sources, with a report."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rdcsym import InputError, __version__
from rdcsym.cli.files import output_folder
from rdcsym.cli.progress import progress

if TYPE_CHECKING:
    from deep.compare import LimitOf, Point, Reference

_IMAGES = 128  # of each side in a reference; see deep.compare.reference
_CSV_HELP = """
\b
POINTS.csv, one row a point (a 95 % interval in NAME_low, NAME_high; empty cells may be left):
  # units: rate=bits, distortion=mse, classification_loss=bits
  # dimensions: 784
  name,task,mode,kind,rate,rate_kind,distortion,classification_loss,accuracy
  mine,mnist-sr,common,measured,8.2,measured,0.021,,0.70
  paper,mnist-sr,common,published,8,nominal,0.0236,,0.683
\b
needed: rate (bits | nats | bytes | bits/dimension) and distortion (mse | mse255 | sum)
rate_kind: measured (bytes) | estimate | nominal; kind: measured | published

SOURCE.json says what the rows' codecs compress, so that they have a certified limit:
{"kind": "gauss-vector", "sigma_X": [2, 1], "sigma_Y": [1, 1], "kappa": [0.9, 0.5]}, {"kind": "gaussian", "sigma_X": 1,
"sigma_Y": 1} or {"kind": "bernoulli-block", "q_X": 0.5, "q_Y": 0.5, "q_S1": 0.1, "block": 15}.

Example: rdcsym compare RUN1 RUN2 --csv points.csv --out comparison
"""


@click.command(epilog=_CSV_HELP)
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--csv", "tables", multiple=True, metavar="POINTS.csv", help="Points of your own, or published ones.")
@click.option("--units", default="", metavar="NAME=UNIT,...", help="Units of the CSV, stronger than its own comment.")
@click.option("--source", "source_path", metavar="SOURCE.json", help="The source of the CSV's points, where its limit is known.")
@click.option("--out", required=True, metavar="DIR", help="Folder of report.html, compare.json, points.csv and the pictures.")
@click.option(
    "--reference-images", default=_IMAGES, show_default=True, metavar="N", type=int,
    help="For images: transport between N degraded and N clean ones as a reference (256 take a minute); 0 for none.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON object.")
def command(
    runs: tuple[str, ...],
    tables: tuple[str, ...],
    units: str,
    source_path: str | None,
    out: str,
    reference_images: int,
    as_json: bool,
) -> int:
    """Hold the operating points of finished RUNs, and of a CSV, against the certified limit of their source.

    Each point gets its distance from the limit in distortion and in bits a dimension, with an error bar. A point that is
    significantly beyond a valid bound is named, and the exit status is 1. For images no exact limit is known; what is drawn
    beside them is a reference and says so.
    """
    points = _points(runs, tables, units, source_path)
    if reference_images and reference_images < 2:
        raise InputError("--reference-images", reference_images, "is no number of images", "give at least 2, or 0 for none")
    folder = output_folder(out)
    # Loaded late: the other commands need none of it.
    from deep.compare import compare, work, write_csv
    from rdcsym.cli.compare_json import comparison_json
    from rdcsym.cli.compare_plots import draw_task
    from rdcsym.cli.compare_report import write_comparison
    from rdcsym.cli.compare_table import print_comparison

    tasks = {p.task for p in points}
    with progress(work(points) + len(tasks) + _references(points, reference_images), as_json) as tick:
        found = compare(points, limit_of(), _reference_of(folder, reference_images, tick), tick)
        pictures = {}
        for task in found.tasks:
            tick(f"{task.task}: pictures")
            pictures[task.task] = draw_task(task, folder)
    notes = [] if runs or source_path else ["No source was given for the CSV's points, so no limit is known: see --source."]
    data = comparison_json(found, __version__, " ".join(["rdcsym", *sys.argv[1:]]), notes)
    written = write_comparison(found, pictures, folder, data, write_csv(points))
    if as_json:
        click.echo(json.dumps(data, allow_nan=False))
    else:
        print_comparison(found, notes, [*written, *(p.path for each in pictures.values() for p in each)])
    for one in found.beyond:
        click.echo(one.line, err=True)
    return 1 if found.beyond else 0


def limit_of() -> LimitOf:
    """The limits that `deep.limits` knows."""
    from deep.limits import limit

    return limit


def _points(runs: Sequence[str], tables: Sequence[str], units: str, source_path: str | None) -> list[Point]:
    """Every point that was named, or an InputError before any work is done."""
    from deep.compare import read_csv, read_run

    if not runs and not tables:
        raise InputError("RUN", "missing", "there is nothing to compare", "name a run's folder, or give --csv POINTS.csv")
    for option, value in (("--source", source_path), ("--units", units)):
        if value and not tables:
            raise InputError(option, value, "speaks of a CSV's points, and there is none", "give --csv POINTS.csv")
    source = None if source_path is None else _source(source_path)
    points = [read_run(run) for run in dict.fromkeys(runs)]
    tasks = {p.task for p in points}
    task = tasks.pop() if len(tasks) == 1 else None
    for table in dict.fromkeys(tables):
        points += read_csv(table, units=units, source=source, task=task)
    if not points:
        raise InputError("--csv", ", ".join(tables), "has no points", "give at least one row below the header")
    return points


def _source(path: str) -> Mapping[str, Any]:
    from deep.compare import checked_source

    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("--source", path, f"cannot be read ({error.strerror})", "name a JSON file") from None
    except ValueError:
        raise InputError("--source", path, "is no JSON", 'write {"kind": "gauss-vector", ...}') from None
    return checked_source(found, f"--source {path}")


def _references(points: Sequence[Point], images: int) -> int:
    """How many rates the references have at most: one tick each."""
    tasks = {p.task for p in points if p.source.get("kind") == "images"}
    return len(tasks) * (math.ceil(math.log2(images)) + 1) if images else 0


def _reference_of(folder: Path, images: int, tick: Callable[[str], None]) -> Callable[[str], Reference | str | None]:
    """What `compare` asks for the reference of a task."""

    def reference(task: str) -> Reference | str | None:
        if not images:
            return None
        try:
            from deep.compare import cached_transport, task_images

            degraded, clean = task_images(task, images)
            return cached_transport(degraded, clean, folder, tick)[0]
        except InputError as error:
            return str(error)
        except ImportError as error:
            return f"{error.name} is not installed"

    return reference
