"""The rows of a comparison: what the terminal and the report both show, and the terminal's table."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rdcsym.cli.compare_text import MISSING, accuracy_name, loss_name, plain, rate_shown, shown, variant

if TYPE_CHECKING:
    from deep.compare import Comparison, Group, TaskComparison

_PIPE_WIDTH: Final = 150
_STYLES: Final = {"above": "green", "at": "green", "beyond": "bold red", "unknown": ""}
_WORDS: Final = {"above": "above", "at": "at the limit", "beyond": "BEYOND", "unknown": "none known"}
_WORDS_FIRST: Final = 2  # columns
_BEFORE_THE_LIMIT: Final = 7


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table, as text."""

    cells: tuple[str, ...]
    verdict: str


def headings(task: TaskComparison) -> tuple[str, ...]:
    """The columns of a task's table, each with what its numbers are."""
    return (
        "run",
        "mode",
        "rate on disk (bits)",
        "nominal rate (bits)",
        "distortion (MSE/dim)",
        f"accuracy ({accuracy_name(task.groups)[1]})",
        f"{loss_name(task.groups)} (bits)",
        "certified limit of D there",
        "distance in distortion",
        "distance in bits/dim",
        "against the limit",
    )


def rows(task: TaskComparison) -> list[Row]:
    """One row a point, seeds together."""
    return [_row(g, accuracy_name(task.groups)[0]) for g in task.groups]


def columns_shown(task: TaskComparison) -> list[int]:
    """Which of the headings have anything below them: those on the limit have not where none is known."""
    lines, most = rows(task), len(headings(task))
    known = most if any(g.verdict != "unknown" for g in task.groups) else _BEFORE_THE_LIMIT
    return [i for i in range(known) if any(line.cells[i] != MISSING for line in lines)]


def print_comparison(found: Comparison, notes: Sequence[str], written: Sequence[Path], console: Console | None = None) -> None:
    """A table a task, what is missing, and where the report lies."""
    console = console or Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(file=console.file, width=_PIPE_WIDTH)  # a pipe has no width to keep to
    for task in found.tasks:
        table = Table(title=f"{task.task}. {_bars(task)}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        columns = columns_shown(task)
        for i in columns:
            table.add_column(headings(task)[i], justify="left" if i < _WORDS_FIRST else "right", overflow="fold")
        for row in rows(task):
            cells: list[str | Text] = [*row.cells[:-1], Text(row.cells[-1], style=_STYLES[row.verdict])]
            table.add_row(*(cells[i] for i in columns))
        console.print(table)
        for said, names in _together(task):
            console.print(Text(f"{names}: {said}"), soft_wrap=True)
        for note in task.notes:
            console.print(Text(note))
    for note in notes:
        console.print(Text(note))
    console.print(Text("written: " + ", ".join(map(str, written))), soft_wrap=True)


def provenance(group: Group) -> str:
    """On what machine, for how many steps, on how many test images."""
    p = group.point
    said = [f"{p.steps} steps,"] if p.steps is not None else []
    said += [p.machine + ","] if p.machine else []
    said += [f"{p.test_images} test samples,"] if p.test_images else []
    said += ["published, not measured here,"] if p.published else []
    return f"{' '.join(said)} error bar: {group.error_bar}".strip()


def _together(task: TaskComparison) -> list[tuple[str, str]]:
    """(provenance, the rows that share it)."""
    found: dict[str, list[str]] = {}
    for g in task.groups:
        found.setdefault(provenance(g), []).append(_name(g))
    return [(said, "all rows" if len(found) == 1 else ", ".join(names)) for said, names in found.items()]


def _name(g: Group) -> str:
    return g.point.name + (f" ({g.seeds} seeds)" if g.seeds > 1 else "") + (" (published)" if g.point.published else "")


def _row(g: Group, accuracy: str) -> Row:
    q = g.point.quantities
    cells = (
        _name(g),
        g.point.mode + variant(g.point),
        rate_shown(g.point),
        shown(q.get("rate_nominal")),
        shown(g.point.distortion),
        shown(q.get(accuracy)),
        shown(g.point.loss),
        _limit(g),
        shown(g.in_distortion),
        shown(g.in_bits),
        _WORDS[g.verdict],
    )
    return Row(cells=cells, verdict=g.verdict)


def _limit(g: Group) -> str:
    if g.verdict == "unknown":
        return "none known"
    return "no code" if g.limit is None or math.isinf(g.limit) else plain(g.limit, 6)


def _bars(task: TaskComparison) -> str:
    several = any(g.seeds > 1 for g in task.groups)
    text = "±: 95 % confidence" + ("; over seeds, one standard error" if several else "")
    if any(g.verdict != "unknown" for g in task.groups):
        return text + "; distances: all inputs at their worst ends"
    return text + ". No exact limit is known for this source"
