"""The picture of `rdcsym surface`: a colour map over rate and classification loss, or a curve over the rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rdcsym.cli.drawing import COLOURS, METADATA, new_axes, style
from rdcsym.cli.files import written_aside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from solvers import Surface


def plot_surface(found: Surface, path: Path) -> Path:
    """Draw the middle of each interval to a PNG, SVG or PDF file; infeasible points grey, open ones marked."""
    units = found.question.units
    with style("path"):
        figure, axes = new_axes(6.4, 4.8)
        axes.grid(False)
        if found.classifications is None:
            axes.fill_between(found.rates, found.lower, found.upper, color=COLOURS["certified"], alpha=0.3, linewidth=0)
            axes.plot(found.rates, found.upper, color=COLOURS["certified"])
            axes.set_ylabel("least distortion, certified")
        else:
            _paint(axes, found)
            axes.set_ylabel(f"classification loss H(S|Y) at most ({units})")
        axes.set_xlabel(f"rate I(X;Y) at most ({units})")
        axes.set_title(f"{found.question.setting}, {found.status.size} certified intervals")
        with written_aside(path) as aside:
            figure.savefig(aside, format=path.suffix[1:], dpi=160, metadata=METADATA[path.suffix.lower()])
    return path


def _paint(axes: Axes, found: Surface) -> None:
    assert found.classifications is not None
    x, y = found.rates, found.classifications
    known = np.isfinite(found.upper)
    value = np.where(known, found.upper, np.nan).T
    infeasible = np.where(found.status == "infeasible", 1.0, np.nan).T
    axes.pcolormesh(x, y, infeasible, cmap="Greys", vmin=0.0, vmax=4.0, shading="nearest", rasterized=True)
    drawn = axes.pcolormesh(x, y, value, cmap="viridis", shading="nearest", rasterized=True)
    if known.any() and min(value.shape) > 1:
        lines = axes.contour(x, y, value, levels=8, colors="white", linewidths=0.6)
        axes.clabel(lines, fontsize=7)
    figure: Any = axes.figure
    figure.colorbar(drawn, ax=axes, label="least distortion (upper end)")
    for mask, marker, label in (
        ((found.status == "gap") & known, "x", "gap open, plan known"),
        ((found.status == "gap") & ~known, ".", "open whether feasible"),
    ):
        rows, columns = np.nonzero(mask)
        if rows.size:
            axes.plot(x[rows], y[columns], marker, color=COLOURS["published"], markersize=2.5, linestyle="none", label=label)
    axes.plot([], [], "s", color=COLOURS["grid"], label="infeasible, proved")
    axes.legend(loc="lower left", fontsize=7, framealpha=0.9)
