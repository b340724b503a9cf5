"""`rdcsym data`: which data sets are at hand and where, and fetching the public originals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rdcsym.problem import InputError, nearest

if TYPE_CHECKING:
    from deep.data.download import Progress


@click.command(epilog="Example: rdcsym data mnist --download")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--download", is_flag=True, help="Fetch the public original of each NAME into the data folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(names: tuple[str, ...], download: bool, as_json: bool) -> None:
    """List the data sets (or those of each NAME): found or missing, where, and in which format.

    They are looked for in the folder that RDCSYM_DATA names, or in `rdcsym` in your cache where it is unset.
    """
    from deep.data import data_folder, data_sets
    from deep.data.photographs import photograph_sets

    known = [*data_sets(), *photograph_sets()]
    for name in names:
        if name not in known:
            raise InputError("data", name, "is no known data set", nearest(name, known))
    if download:
        _download(names, quiet=as_json)
    rows = [_row(name) for name in names or known]
    if as_json:
        click.echo(json.dumps({"folder": str(data_folder()), "sets": rows}, indent=1))
        return
    click.echo(f"folder: {data_folder()}")
    for row in rows:
        click.echo(f"{row['name']:14} {_where(row)}")


def _where(row: dict[str, Any]) -> str:
    files: list[str] = row["files"]
    if not files:
        from deep.data.originals import BY_HAND

        return f"missing; {BY_HAND.get(row['name']) or 'rdcsym data ' + row['name'] + ' --download'}"
    places = files if len(files) == 1 else sorted({str(Path(file).parent) for file in files})
    return f"{row['format']}: {', '.join(places)}"


def _row(name: str) -> dict[str, Any]:
    from deep.data import find
    from deep.data.photographs import find_photographs, photograph_sets

    found = find_photographs(name) if name in photograph_sets() else find(name)
    if found is None:
        return {"name": name, "found": False, "format": None, "files": []}
    return {"name": name, "found": True, "format": found.format, "files": [str(path) for path in found.files.values()]}


def _download(names: tuple[str, ...], quiet: bool) -> None:
    from deep.data import download, load
    from deep.data.photographs import photograph_sets

    if not names:
        raise InputError("--download", "no NAME", "says nothing to fetch", "name the sets: rdcsym data mnist --download")
    for name in names:
        with _bar(quiet) as progress:
            download(name, progress)
        origin = _origin(name) if name in photograph_sets() else load(name).origin
        if not quiet:
            click.echo(f"{name}: {origin}")


def _origin(name: str) -> str:
    """One line on a set of photographs that was fetched, once each of its splits is seen to be whole."""
    from deep.data.photographs import photographs, splits

    counts = {split: len(photographs(name, split)) for split in splits(name)}
    return " + ".join(f"{count} for {split}ing" for split, count in counts.items())


@contextmanager
def _bar(quiet: bool) -> Iterator[Progress]:
    """A bar of bytes on standard error, on a terminal only; yields the function that is called as they arrive."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda name, done, total: bar.update(task, description=name, completed=done, total=total)
