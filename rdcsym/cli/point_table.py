"""An operating point on the terminal: each number with its interval, its unit, its kind, and what it is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from rdcsym.problem import InputError

_PIPE_WIDTH: Final = 130


def read_point(run: str | Path) -> dict[str, Any]:
    """What `operating_point.json` of a run holds; InputError where it cannot be read."""
    path = Path(run) / "operating_point.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("run", str(path), f"cannot be read ({error.strerror})", "name the folder of a finished run") from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("quantities"), dict):
        raise InputError("run", str(path), "is damaged", "remove it and run `rdcsym train` with --resume")
    return found


def print_point(point: Mapping[str, Any], run: str | Path, console: Console | None = None) -> None:
    """The quantities as a table, and on what they were measured."""
    console = console or wide_console()
    table = Table(title=f"Operating point of {run}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("quantity", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 % interval", no_wrap=True)
    for heading in ("unit", "kind", "what it is"):
        table.add_column(heading)
    for name, q in point["quantities"].items():
        table.add_row(name, number(q["value"]), interval(q), q["unit"], q["kind"], q["what"])
    console.print(table)
    for name, why in point.get("missing", {}).items():
        console.print(f"{name}: {why}", highlight=False, markup=False)
    said = f"{point['task']}, {point['mode']}, {point['pairing']}: {point['steps']} steps, {point['test_images']} test samples"
    console.print(f"{said}; {point['machine']}", highlight=False, markup=False)


def interval(quantity: Mapping[str, Any]) -> str:
    """The ends of a quantity's interval, or a dash where it has none."""
    low, high = quantity.get("low"), quantity.get("high")
    return "-" if low is None or high is None else f"{number(low)} to {number(high)}"


def number(value: float | None) -> str:
    """Four significant digits."""
    return "-" if value is None else f"{value:.4g}"


def wide_console() -> Console:
    """Standard output; a pipe has no width to keep to."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        return Console(file=console.file, width=_PIPE_WIDTH)
    return console
