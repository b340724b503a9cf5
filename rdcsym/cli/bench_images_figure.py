"""The figure of `rdcsym bench images`: rate, distortion and perception, ours as curves, published figures hollow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rdcsym.cli.drawing import METADATA, style
from rdcsym.cli.files import written_aside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from deep.bench.images_table import Column, Line, Table

_RATE: Final = "bits_per_pixel"
_AGAINST_RATE: Final = ("psnr", "lpips_alex", "dists")
_PLANES: Final = (("psnr", "lpips_alex"), ("psnr", "dists"), ("psnr", "niqe"))
_MARKERS: Final = {"input": "X", "peer": "s", "ablation": "^", "ours": "o"}
# Okabe and Ito's, black first for the input; more lines than these begin again.
_COLOURS: Final = ("#23272e", "#c44e00", "#00805c", "#a3327e", "#8a6d00", "#b00020", "#6b7280", "#5b3fa0")
_OURS: Final = ("#0072b2", "#3f9fd8")
_NO_FILE, _PUBLISHED = 0, 1  # places in the strip beside a panel against the rate


def draw(table: Table, path: Path, machine: str) -> Path:
    """Above: each metric against bits per pixel, rows without a file in a strip beside it. Below: perception against PSNR."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    colours = _colours(table)
    with style("path"):
        figure = Figure(figsize=(13.0, 8.4), layout="constrained")
        FigureCanvasAgg(figure)
        halves: Any = figure.subfigures(2, 1)
        above, below = halves
        grid = above.subplots(1, 2 * len(_AGAINST_RATE), width_ratios=(5.0, 1.1) * len(_AGAINST_RATE))
        for k, name in enumerate(_AGAINST_RATE):
            _against_rate(table, name, grid[2 * k], grid[2 * k + 1], colours)
        for (across, up), axes in zip(_PLANES, below.subplots(1, len(_PLANES)), strict=True):
            _plane(table, across, up, axes, colours)
        handles, labels = _legend(table, colours)
        figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
        said = "mean over the photographs (bars: one standard error)"
        said += "; hollow: published, LPIPS of a network not known to us" if table.published else ""
        figure.suptitle(f"{table.title}: {said}\n{machine}", fontsize=9)
        with written_aside(path) as aside:
            figure.savefig(aside, dpi=130, metadata=METADATA[".png"])
    return path


def _colours(table: Table) -> dict[str, str]:
    """By line; a published row has the colour of the measured one of its name."""
    ours = dict.fromkeys(line.line for line in table.lines if line.kind == "ours")
    named = dict.fromkeys([line.line for line in table.lines if line.kind != "ours"] + [row.row for row in table.published])
    colours = {name: _OURS[k % len(_OURS)] for k, name in enumerate(ours)}
    return colours | {name: _COLOURS[k % len(_COLOURS)] for k, name in enumerate(named)}


def _against_rate(table: Table, name: str, axes: Axes, strip: Axes, colours: dict[str, str]) -> None:
    from matplotlib.ticker import LogLocator

    for line, group in _groups(table):
        coded = [row for row in group if _RATE in row.values and name in row.values]
        _points(axes, coded, _RATE, name, colours[line])
        for row in group:
            if _RATE not in row.values and name in row.values:
                _points(strip, [row], None, name, colours[line])
    for told in table.published:
        value = _published(told, name)
        if value is not None:
            strip.plot([_PUBLISHED], [value], _MARKERS["peer"], mfc="none", color=colours[told.row])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("")
    axes.set_xlabel("bits per pixel")
    axes.set_ylabel(_heading(name))
    strip.set_xticks([_NO_FILE, _PUBLISHED], ["no file", "published"], rotation=60, ha="right", fontsize=7)
    strip.set_xlim(-0.6, 1.6)
    strip.tick_params(labelleft=False)
    limits = [each.get_ylim() for each in (axes, strip) if each.has_data()]
    if limits:
        for each in (axes, strip):
            each.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _plane(table: Table, across: str, up: str, axes: Axes, colours: dict[str, str]) -> None:
    for line, group in _groups(table):
        _points(axes, [row for row in group if across in row.values and up in row.values], across, up, colours[line])
    for row in table.published:
        x, y = _published(row, across), _published(row, up)
        if x is not None and y is not None:
            axes.plot([x], [y], _MARKERS["peer"], mfc="none", color=colours[row.row])
    axes.set_xlabel(_heading(across))
    axes.set_ylabel(_heading(up))


def _points(axes: Axes, rows: Sequence[Line], across: str | None, up: str, colour: str) -> None:
    """Rows of one line, joined in order of their place across; `across` None: in the strip's column of rows without a file."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row.values[across].mean) if across == _RATE else list(rows)
    xs = [_NO_FILE if across is None else row.values[across].mean for row in ordered]
    ys = [row.values[up].mean for row in ordered]
    look: dict[str, Any] = {"marker": _MARKERS[rows[0].kind], "markersize": 4.5, "linewidth": 1.2, "color": colour}
    if across in (None, _RATE):
        axes.errorbar(xs, ys, yerr=[row.values[up].standard_error or 0.0 for row in ordered], elinewidth=0.7, **look)
    else:  # photographs differ more than methods do: bars in both directions would hide the points
        axes.plot(xs, ys, **look)


def _groups(table: Table) -> list[tuple[str, list[Line]]]:
    """The table's lines by the curve that they belong to."""
    return [(name, [row for row in table.lines if row.line == name]) for name in dict.fromkeys(row.line for row in table.lines)]


def _published(row: Any, name: str) -> float | None:
    value: float | None = getattr(row, "lpips" if name == "lpips_alex" else name, None)
    return value


def _heading(name: str) -> str:
    from deep.bench.images_table import COLUMNS

    column: Column = next(column for column in COLUMNS if column.name == name)
    better = {True: ", more is better", False: ", less is better", None: ""}
    return column.heading + better[column.more]


def _legend(table: Table, colours: dict[str, str]) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    handles, labels = [], []
    for name, group in _groups(table):
        joined: Any = "-" if len(group) > 1 else "none"
        handles.append(Line2D([], [], color=colours[name], marker=_MARKERS[group[0].kind], linestyle=joined, markersize=4.5))
        labels.append(name)
    for row in table.published:
        handles.append(Line2D([], [], color=colours[row.row], marker=_MARKERS["peer"], mfc="none", linestyle="none"))
        labels.append(f"{row.row}, published")
    return handles, labels
