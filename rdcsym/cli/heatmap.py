"""The heat map of `rdcsym curve`: a function over two budgets, its regimes, contours, and where no code meets the budgets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rdcsym.cli.drawing import COLOURS, METADATA, new_axes, style
from rdcsym.cli.files import written_aside
from rdcsym.cli.grid_of_values import Values
from rdcsym.problem import FloatArray, InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS: Final = 8
_LEAST_PART: Final = 0.015  # of the map: a smaller regime gets no label
_LETTERS: Final = 0.25  # of the map's width: a name fits across
_HATCH: Final = "////"
_RUNAWAY: Final = 3.0  # values beyond this many times the upper percentile would flatten the colours: they share the last one
_UPPER: Final = 98


def plot_map(
    x: FloatArray, y: FloatArray, values: Values, regimes: Sequence[str], labels: tuple[str, str, str], title: str, path: Path
) -> None:
    """Draw values over x, shape (n,), and y, shape (m,), to a PNG, SVG or PDF file, written atomically, the same every time.

    values: arrays of shape (m, n). regimes: their names by index. labels: of x, y and the colour bar, with units.
    Infeasible parts are grey and hatched, parts outside the domain white, regimes named, contours labelled.
    Raises InputError for another suffix, an unwritable place, or where matplotlib is missing.
    """
    kind = path.suffix.lower()
    if kind not in METADATA:
        raise InputError("out", str(path), "names no picture format that is known", "end it in .png, .svg or .pdf")
    with style("path"):
        figure, axes = new_axes(6.4, 4.8)
        axes.grid(False)
        _paint(axes, x, y, values.value, labels[2])
        _lines(axes, x, y, values.regime)
        _names(axes, x, y, values, regimes)
        axes.set(xlabel=labels[0], ylabel=labels[1], title=title, xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
        with written_aside(path) as aside:
            figure.savefig(aside, format=kind[1:], dpi=160, metadata=METADATA[kind])


def _paint(axes: Axes, x: FloatArray, y: FloatArray, value: FloatArray, label: str) -> None:
    finite = np.where(np.isfinite(value), value, np.nan)
    blocked = np.isposinf(value)
    if blocked.any():
        grey = np.where(blocked, 1.0, np.nan)
        axes.pcolormesh(x, y, grey, cmap="Greys", vmin=0.0, vmax=4.0, shading="nearest", rasterized=True)
        shape: Any = {"levels": [0.5, 1.5], "colors": "none", "hatches": [_HATCH]}
        hatched = axes.contourf(x, y, blocked.astype(float), **shape)
        hatched.set_edgecolor(COLOURS["infeasible"])
        hatched.set_linewidth(0.0)
    if not np.isfinite(finite).any():
        return
    low, high, top = (float(v) for v in (np.nanmin(finite), np.nanmax(finite), np.nanpercentile(finite, _UPPER)))
    runaway = high - low > _RUNAWAY * (top - low) > 0
    limits: Any = {"vmin": low, "vmax": top if runaway else high}
    painted = axes.pcolormesh(x, y, finite, cmap="viridis", shading="nearest", rasterized=True, **limits)
    bar = axes.figure.colorbar(painted, ax=axes, label=label, extend="max" if runaway else "neither")
    bar.outline.set_visible(False)
    if high - low > 1e-9 * max(1.0, abs(low), abs(high)):
        shown = np.ma.masked_invalid(np.minimum(finite, limits["vmax"]))
        lines = axes.contour(x, y, shown, levels=_LEVELS, colors="white", linewidths=0.8)
        axes.clabel(lines, fontsize=7.5, fmt="%.3g")


def _lines(axes: Axes, x: FloatArray, y: FloatArray, regime: Any) -> None:
    """A thin line wherever the regime changes from one point to the next."""
    for index in np.unique(regime):
        mask = (regime == index).astype(float)
        if 0 < mask.mean() < 1:
            for colour, thickness in (("white", 2.0), (COLOURS["ink"], 0.9)):  # seen on dark colours and on bright ones
                axes.contour(x, y, mask, levels=[0.5], colors=colour, linewidths=thickness, linestyles="-")


def _names(axes: Axes, x: FloatArray, y: FloatArray, values: Values, regimes: Sequence[str]) -> None:
    """Each regime's name at the place in it that is furthest from every other."""
    from matplotlib import patheffects

    halo = [patheffects.withStroke(linewidth=2.6, foreground="white")]
    for index in np.unique(values.regime):
        mask = values.regime == index
        if mask.mean() < _LEAST_PART:
            continue
        row, column = _middle(mask)
        blocked = bool(np.isposinf(values.value[row, column]))
        name = "outside the domain" if index < 0 else "infeasible" if blocked else regimes[index]
        place: Any = {"ha": "center", "va": "center", "fontsize": 8.5, "path_effects": halo, "zorder": 5}
        across, up = _run(mask[row], column) / mask.shape[1], _run(mask[:, column], row) / mask.shape[0]
        wide = across >= min(_LETTERS, up)
        text = axes.text(x[column], y[row], name, rotation=0 if wide else 90, color=COLOURS["ink"], **place)
        text.set_gid("regime-" + re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-"))


def _run(line: Any, place: int) -> int:
    """How many neighbours in a row, `place` among them, belong to the region."""
    left, right = line[: place + 1][::-1], line[place:]
    return sum(len(side) if side.all() else int(np.argmin(side)) for side in (left, right)) - 1


def _middle(mask: Any) -> tuple[int, int]:
    """The point of a region with the widest square of the region around it."""
    depth, left = np.zeros(mask.shape), np.pad(mask, 1)
    while left.any():
        depth += left[1:-1, 1:-1]
        left[1:-1, 1:-1] &= left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
        left[0] = left[-1] = left[:, 0] = left[:, -1] = False
    best = np.argwhere(depth == depth.max())
    row, column = best[len(best) // 2]
    return int(row), int(column)
