"""`rdcsym bench images`: its tables and its files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from rdcsym.cli.extras import require
from rdcsym.cli.files import output_folder
from rdcsym.cli.point_table import wide_console
from rdcsym.cli.progress import progress
from rdcsym.problem import InputError

if TYPE_CHECKING:
    from deep.bench.images import Study
    from deep.bench.images_cache import Cell
    from deep.bench.images_rows import Row
    from deep.bench.images_table import Table as Means

FORMAT: Final = "rdcsym bench images 1"
_PACKAGES: Final = ("rdcsym", "numpy", "torch", "torchmetrics", "pillow", "bm3d", "constriction")


def run(
    data: str | None,
    sigma: float | None,
    names: Sequence[str],
    limit: int | None,
    threads: int | None,
    cache: str | None,
    out: str,
    as_json: bool,
) -> None:
    """Measure what the cache lacks, print, and write the files into `out`."""
    require("bench", "torch", "matplotlib", "PIL")
    from deep.bench.images import Hole, measure
    from deep.bench.images_methods import metrics, rows_of, studies
    from deep.bench.images_rows import chosen
    from deep.bench.images_table import tabulate
    from rdcsym.files import write_atomically

    judged = metrics()
    wanted = [replace(study, limit=limit) for study in studies(data, sigma)]
    plan = _plan(wanted, names, rows_of, chosen)
    counts, missing = _counted([study for study, _ in plan])
    folder, kept = output_folder(out), output_folder(cache or _default_cache(), "--cache")
    tables: list[Means] = []
    cells: list[Cell] = []
    with progress(sum(counts[study] * len(rows) for study, rows in plan if study in counts), as_json) as tick:
        for study, rows in plan:
            if study in missing:
                tables.append(tabulate(study, rows, [], [Hole(study.data, missing[study])], judged))
                continue
            made, holes = measure(study, rows, judged, kept, threads=threads or 1, tick=tick)
            tables.append(tabulate(study, rows, made, holes, judged))
            cells += made
    found = _report(tables, " and ".join(sorted({cell.machine for cell in cells})) or "nothing", threads or 1)
    written = [write_atomically(folder / "images.json", json.dumps(found, indent=1, allow_nan=False) + "\n")]
    written += _write_tables(tables, cells, folder) + _draw(tables[0], cells, folder, found["machine"])
    if as_json:
        click.echo(json.dumps({**found, "files": [str(path) for path in written]}, allow_nan=False))
        return
    for table in tables:
        _print(table)
    click.echo(f"measured on: {found['machine']}; noise seed {found['noise_seed']}")
    click.echo("written: " + ", ".join(map(str, written)))


def _plan(studies: Sequence[Study], names: Sequence[str], rows_of: Any, chosen: Any) -> list[tuple[Study, list[Row]]]:
    """Each study with its rows; one that has none of the rows that were named is left out."""
    listed = [(study, rows_of(study)) for study in studies]
    chosen([row for _, rows in listed for row in rows], names)  # an unknown name is one for all of them
    told = [(study, chosen(rows, [name for name in names if _names(name, rows)])) for study, rows in listed]
    return [(study, rows) for study, rows in told if not names or any(_names(name, rows) for name in names)]


def _names(name: str, rows: Sequence[Row]) -> bool:
    return any(name in (row.name, row.line) for row in rows)


def _counted(studies: Sequence[Study]) -> tuple[dict[Study, int], dict[Study, str]]:
    """How many photographs each study has; and why, where it has none. The first study's set must be there."""
    counts: dict[Study, int] = {}
    missing: dict[Study, str] = {}
    for study in studies:
        try:
            counts[study] = len(study.photographs())
        except InputError as error:
            if study is studies[0]:
                raise
            missing[study] = str(error)
    return counts, missing


def _default_cache() -> Path:
    """In the user's own cache, as restored pictures take hundreds of megabytes."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named else Path.home() / ".cache") / "rdcsym" / "bench-images"


def _report(tables: Sequence[Means], machine: str, threads: int) -> dict[str, Any]:
    from deep.bench.images_table import as_data

    return {
        "format": FORMAT,
        "machine": machine,
        "threads": threads,
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "noise_seed": tables[0].study.seed,
        "tables": [as_data(table) for table in tables],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _write_tables(tables: Sequence[Means], cells: Sequence[Cell], folder: Path) -> list[Path]:
    from deep.bench.images_table import csv_of_cells, csv_of_means, markdown
    from rdcsym.files import write_atomically

    made = {"images.csv": csv_of_means(tables), "images_each.csv": csv_of_cells(cells), "images.md": markdown(tables)}
    return [write_atomically(folder / name, text) for name, text in made.items()]


def _draw(table: Means, cells: Sequence[Cell], folder: Path, machine: str) -> list[Path]:
    """The figure and the page of the first table; none where it has no lines."""
    from rdcsym.cli.bench_images_figure import draw
    from rdcsym.cli.bench_images_page import draw_page

    if not table.lines:
        return []
    return [draw(table, folder / "images.png", machine), draw_page(table, cells, folder / "images_page.png")]


def _print(table: Means) -> None:
    from deep.bench.images_published import LPIPS_OF, SOURCE
    from deep.bench.images_table import hole_lines, published_shown, shown, used_columns

    columns = used_columns(table)
    spread = "their standard errors stand in the files" if table.count > 1 else "one photograph has no standard error"
    title = f"{table.title}: means ({spread})"
    drawn = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    drawn.add_column("row", no_wrap=True)
    for column in columns:
        drawn.add_column(column.heading.replace("-", "\n").replace(" (", "\n("), justify="right", no_wrap=True)
    for line in table.lines:
        drawn.add_row(line.row, *(shown(column, line.values.get(column.name), error=False) for column in columns))
    for row in table.published:
        drawn.add_row(f"{row.row}*", *(published_shown(column, row) for column in columns))
    console = wide_console()
    console.print(drawn)
    if table.published:
        whole = "" if table.study.limit is None else "means over all 24 photographs, not over these; "
        console.print(f"* {SOURCE}; {whole}{LPIPS_OF}", highlight=False, markup=False)
    for name, why in hole_lines(table):
        console.print(f"not measured: {name}: {why}", highlight=False, markup=False, soft_wrap=True)
