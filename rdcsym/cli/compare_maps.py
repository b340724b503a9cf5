"""Two further pictures of `rdcsym compare`: distortion over the plane of rate and classification loss, and the sample images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rdcsym.cli.compare_plots import Picture, error_bars, look, mode_name, slug
from rdcsym.cli.compare_text import loss_name
from rdcsym.cli.drawing import COLOURS, METADATA, style
from rdcsym.cli.files import written_aside
from rdcsym.problem import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from deep.compare import Group, Quantity, SampleGrid, TaskComparison
    from deep.compare.comparison import Surface

_MAP: Final = "viridis_r"
_LEVELS: Final = 10
_HATCH: Final = "////"
_NARROW: Final = 0.02  # of the span: points nearer to a line than this span no surface
_FINE: Final = 241
_LEAST_WIDTH: Final = 6.4  # inches: the title fits
_SCALE: Final = 3  # a sample's pixels are this many times as large in the file


def draw_map(task: TaskComparison, folder: Path) -> list[Picture]:
    """Distortion over rate and classification loss as heatmap-TASK.png.

    Where the limit is known its certified surface stands behind the points; else there is one panel a mode, with an interpolation
    between its points where they span an area.
    """
    rows = [(g, loss) for g in task.groups if (loss := g.point.loss) is not None]
    if not rows:
        return []
    path, title = folder / f"heatmap-{slug(task.task)}.png", f"Distortion over rate and classification loss, {task.task}"
    modes = [""] if task.surface is not None else list(dict.fromkeys(mode_name(g) for g, _ in rows))
    with style("path"):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize
        from matplotlib.figure import Figure

        values = [g.point.distortion.value for g, _ in rows]
        if task.surface is not None:
            values += [v for row in task.surface.values for v in row if np.isfinite(v)]
        low, high = min(values), max(values)
        norm = Normalize(low, high) if high > low else Normalize(0.5 * low, 1.5 * low or 1.0)
        figure = Figure(figsize=(2.4 + 4.4 * len(modes), 4.8), layout="constrained")
        panels: Any = figure.subplots(1, len(modes), squeeze=False, sharex=True, sharey=True)
        caption = ""
        for axes, mode in zip(panels[0], modes, strict=True):
            axes.grid(False)
            own = [(g, loss) for g, loss in rows if mode in ("", mode_name(g))]
            caption = _surface(axes, task.surface, norm) if task.surface is not None else _interpolated(axes, own, norm)
            _scatter(axes, own, norm)
            axes.set(xlabel="rate (bits an image or block)", title=mode)
        panels[0][0].set_ylabel(f"{loss_name(task.groups)} (bits)")
        bar = figure.colorbar(ScalarMappable(norm, _MAP), ax=panels[0], label="distortion (mean squared error a dimension)")
        bar.outline.set_visible(False)
        figure.suptitle(title, fontsize=10)
        if task.surface is not None:
            figure.legend(loc="outside lower center", ncols=2, frameon=False)
        with written_aside(path) as aside:
            figure.savefig(aside, format="png", dpi=160, metadata=METADATA[".png"])
    return [Picture(title=title, path=path, caption=caption)]


def _surface(axes: Axes, surface: Surface, norm: Any) -> str:
    value = np.array(surface.values)
    x, y = np.array(surface.rates), np.array(surface.losses)
    known = np.where(np.isfinite(value), value, np.nan)
    axes.pcolormesh(x, y, known, cmap=_MAP, norm=norm, shading="nearest", rasterized=True)
    blocked = ~np.isfinite(value)
    if blocked.any():
        # Cell by cell, as the colours are: a contour of so few points would cut corners.
        u, v = np.linspace(x[0], x[-1], _FINE), np.linspace(y[0], y[-1], _FINE)
        near = np.abs(v[:, None] - y).argmin(axis=1), np.abs(u[:, None] - x).argmin(axis=1)
        shape: Any = {"levels": [0.5, 1.5], "colors": "none", "hatches": [_HATCH]}
        axes.contourf(u, v, blocked[np.ix_(*near)].astype(float), **shape).set_edgecolor(COLOURS["infeasible"])
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    hatched = " Hatched: no code has that rate and loss." if blocked.any() else ""
    return f"Background: the certified limit ({surface.what}). Points: measured, in the colours of the same scale.{hatched}"


def _interpolated(axes: Axes, rows: list[tuple[Group, Quantity]], norm: Any) -> str:
    x, y = np.array([g.point.rate.value for g, _ in rows]), np.array([loss.value for _, loss in rows])
    if spans_an_area(x, y):
        from matplotlib.tri import LinearTriInterpolator, Triangulation

        # Both axes in their own span, else the triangles would be slivers.
        u, v = ((a - a.min()) / (a.max() - a.min()) for a in (x, y))
        across, up = np.meshgrid(np.linspace(0, 1, _FINE), np.linspace(0, 1, _FINE))
        values = np.array([g.point.distortion.value for g, _ in rows])
        between = LinearTriInterpolator(Triangulation(u, v), values)(across, up)
        shape: Any = {"cmap": _MAP, "norm": norm, "alpha": 0.75}
        axes.contourf(x.min() + across * np.ptp(x), y.min() + up * np.ptp(y), between, levels=_LEVELS, **shape)
    text = "Points: measured; no exact limit is known for this source. Shading, where a mode's points span an area: linear "
    return text + "interpolation between them, a guide for the eye."


def spans_an_area(x: FloatArray, y: FloatArray) -> bool:
    """Whether points (n,), (n,) span more than a line: three distinct ones at least, and not nearly on one."""
    if len({*zip(x.tolist(), y.tolist(), strict=True)}) < 3 or not np.ptp(x) or not np.ptp(y):
        return False
    scaled = np.stack([(x - x.mean()) / np.ptp(x), (y - y.mean()) / np.ptp(y)])
    spread = np.linalg.svd(scaled, compute_uv=False)
    return bool(spread[-1] > _NARROW * spread[0])


def _scatter(axes: Axes, rows: list[tuple[Group, Quantity]], norm: Any) -> None:
    from matplotlib import colormaps

    named: set[str] = set()
    for g, loss in rows:
        r, name, shape = g.point.rate, mode_name(g), look(g)
        fill = colormaps[_MAP](norm(g.point.distortion.value))
        mark: Any = {"marker": shape["marker"], "markersize": 9, "markerfacecolor": fill, "markeredgecolor": shape["color"]}
        bars: Any = {
            "xerr": error_bars([r]),
            "yerr": error_bars([loss]),
            "elinewidth": 1.1,
            "capsize": 2.5,
            "color": shape["color"],
        }
        label = None if name in named else name
        axes.errorbar([r.value], [loss.value], linestyle="", markeredgewidth=1.6, label=label, **mark, **bars)
        named.add(name)


def draw_samples(task: TaskComparison, folder: Path) -> list[Picture]:
    """The grid of sample images as samples-TASK.png: the label's weight down, the rate across; nothing where there are none."""
    grid = task.grid
    if grid is None:
        return []
    path, title = folder / f"samples-{slug(task.task)}.png", f"Sample images over rate and weight of the label, {task.task}"
    with style("path"):
        from matplotlib.figure import Figure

        height, width = grid.input.shape[2], grid.input.shape[3] * len(grid.input)
        # The originals above; a strip's width sets the figure's, so that pixels stay square and whole.
        above = 1 if len(grid.columns) > 1 else 2
        across, down = len(grid.columns), len(grid.rows) + above
        strip_width = max(2.2, _SCALE * width / 160)
        strip_height = strip_width * height / width
        figure = Figure(
            figsize=(max(_LEAST_WIDTH, 1.1 + across * (strip_width + 0.15)), 0.8 + down * (strip_height + 0.3)),
            layout="constrained",
        )
        table: Any = figure.subplots(down, across, squeeze=False)
        for axes in table.flat:
            axes.set_axis_off()
        _originals(table, grid)
        for i, row in enumerate(grid.rows):
            for j in range(across):
                _cell(table[i + above][j], grid, i, j)
            mode, weight = row
            label = mode if weight is None else f"{mode}\nλc = {weight:g}"
            table[i + above][0].text(
                -0.02, 0.5, label, transform=table[i + above][0].transAxes, ha="right", va="center", fontsize=8
            )
        figure.suptitle(title, fontsize=10)
        with written_aside(path) as aside:
            figure.savefig(aside, format="png", dpi=160, metadata=METADATA[".png"])
    caption = (
        "Top: what the codec was given, and the clean images; all runs saw the same test images. Below: each run's outputs. "
        "Across: the rate asked for; above each strip the measured rate and distortion over the whole test set."
    )
    return [Picture(title=title, path=path, caption=caption)]


def _originals(table: Any, grid: SampleGrid) -> None:
    """Input and clean images beside each other, or below each other where there is one column only."""
    from deep.compare.grid import strip

    places = table[0][:2] if len(grid.columns) > 1 else table[:2, 0]
    for axes, images, label in zip(places, (grid.input, grid.clean), ("input", "clean"), strict=True):
        axes.imshow(strip(images), interpolation="nearest")
        axes.set_title(label, fontsize=8, pad=2)


def _cell(axes: Any, grid: SampleGrid, i: int, j: int) -> None:
    from deep.compare.grid import strip

    found = grid.cells.get((i, j))
    if found is None:
        axes.text(0.5, 0.5, "no run", ha="center", va="center", fontsize=8, transform=axes.transAxes)
        return
    point, images = found
    axes.imshow(strip(images), interpolation="nearest")
    words = f"{grid.columns[j]:g} bits asked: {point.rate.value:.3g} bits, D = {point.distortion.value:.3g}"
    axes.set_title(words, fontsize=7.5, pad=2)
