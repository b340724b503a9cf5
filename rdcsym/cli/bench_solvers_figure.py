"""The figure of `rdcsym bench solvers`: time to a certified gap of 1e-6 against the rate, a panel for each kind and size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rdcsym.cli.files import written_aside

if TYPE_CHECKING:
    from solvers.bench import Row

_LINES: Final = (
    ("ours", "cold", "rdcsym", "tab:red", "o"),
    ("package", "cold", "best package, cold", "tab:blue", "s"),
    ("package", "warm", "best package, warm", "tab:cyan", "D"),
    ("reference", "warm", "best NumPy reference, warm", "tab:grey", "^"),
)


def draw(rows: Sequence[Row], path: Path, machine: str) -> Path:
    """One panel for each kind (down) and number of symbols (across); the file. Hollow: nobody got there in the time allowed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    transport = [row for row in rows if row.task == "transport"]
    kinds, sizes = list(dict.fromkeys(row.kind for row in transport)), sorted({row.n for row in transport})
    figure = Figure(figsize=(1.6 + 2.5 * len(sizes), 1.2 + 2.2 * len(kinds)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(kinds), len(sizes), sharex=True, sharey="col", squeeze=False)
    for i, kind in enumerate(kinds):
        for j, n in enumerate(sizes):
            axes = panels[i][j]
            _panel(axes, [row for row in transport if (row.kind, row.n) == (kind, n)])
            axes.set_title(f"{kind}, n = {n}", fontsize=9)
            if i == len(kinds) - 1:
                axes.set_xlabel("rate (nats)")
            if j == 0:
                axes.set_ylabel("seconds to gap 1e-6")
    handles = {line.get_label(): line for panel in panels.flat for line in panel.get_lines() if line.get_label()[0] != "_"}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(_LINES), fontsize=9)
    figure.suptitle(f"{machine}; hollow: not reached in the time allowed", fontsize=8)
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=110)
    return path


def _panel(axes: Any, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import NullFormatter

    for family, driven, label, colour, marker in _LINES:
        mine = [row for row in rows if (row.family, row.driven) == (family, driven)]
        rates = sorted({row.rate for row in mine})
        points = []
        for rate in rates:
            reached = [row.seconds_to_1e_6 for row in mine if row.rate == rate and row.seconds_to_1e_6 is not None]
            allowed = max(row.limit for row in mine if row.rate == rate)
            points.append((rate, min(reached, default=allowed), bool(reached)))
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], color=colour, linewidth=1.2, label=label, marker=marker, markersize=4
        )
        short = [p for p in points if not p[2]]
        axes.plot(
            [p[0] for p in short], [p[1] for p in short], linestyle="", marker=marker, color=colour, mfc="white", markersize=6
        )
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    axes.tick_params(labelsize=8)
