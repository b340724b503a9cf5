"""The page of `rdcsym bench images`: the same crop of a few photographs, by each method, with its figures below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rdcsym.cli.drawing import METADATA, style
from rdcsym.cli.files import written_aside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from deep.bench.images_cache import Cell
    from deep.bench.images_table import Line, Table
    from deep.data.images import Bytes

PICTURES: Final = 3
DPI: Final = 80  # a crop's pixels are then about one pixel of the page each
CROP: Final = 128  # pixels a side
_OURS: Final = 2  # settings of ours that are shown
_LONG: Final = 24  # characters of a title in the usual size
_LEFT: Final = 2  # the whole photograph, and the clean crop
_FIGURES: Final = (("psnr", "{:.2f} dB"), ("lpips_alex", "LPIPS {:.3f}"), ("dists", "DISTS {:.3f}"))


def draw_page(table: Table, cells: Sequence[Cell], path: Path) -> Path:
    """A line a photograph: the whole, the clean crop and that of each shown row, from the pictures kept in the cache."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from deep.data.picture import read_photograph

    rows = shown_rows(table)
    pictures = _pictures(table)
    held = {(cell.image, cell.row): cell for cell in cells if cell.data == table.study.data}
    with style("path"):
        figure = Figure(figsize=(1.75 * (len(rows) + _LEFT), 2.25 * len(pictures) + 0.4), layout="constrained")
        FigureCanvasAgg(figure)
        grid: Any = figure.subplots(len(pictures), len(rows) + _LEFT, squeeze=False)
        for line, (name, clean) in zip(grid, pictures, strict=True):
            top, left = busiest(clean)
            _show(line[0], clean, name)
            box = np.array([(left, top), (left + CROP, top), (left + CROP, top + CROP), (left, top + CROP), (left, top)])
            line[0].plot(*box.T, color="#ffd400", linewidth=1.0)
            _show(line[1], _cut(clean, top, left), "clean")
            for axes, row in zip(line[_LEFT:], rows, strict=True):
                cell = held[name, row.row]
                _show(axes, _cut(read_photograph(Path(cell.restored)), top, left), row.row, _said(cell))
        figure.suptitle(f"{table.title}\n{CROP} x {CROP} pixels; figures are of the whole photograph", fontsize=8)
        with written_aside(path) as aside:
            figure.savefig(aside, dpi=DPI, metadata=METADATA[".png"])
    return path


def shown_rows(table: Table) -> list[Line]:
    """The input, of each line of peers and ablations its default (else that of most PSNR), of ours most PSNR and least LPIPS."""
    best: dict[str, Line] = {}
    for row in table.lines:
        if row.kind != "ours" and (row.line not in best or _rank(row) > _rank(best[row.line])):
            best[row.line] = row
    ours = [row for row in table.lines if row.kind == "ours"]
    named = [max(ours, key=_psnr), min(ours, key=_lpips)] if ours else []
    kept = {row.row for row in [*best.values(), *named[:_OURS]]}
    return [row for row in table.lines if row.row in kept]


def _rank(row: Line) -> tuple[bool, float]:
    return row.row == row.line, _psnr(row)


def _psnr(row: Line) -> float:
    return row.values["psnr"].mean if "psnr" in row.values else -np.inf


def _lpips(row: Line) -> float:
    return row.values["lpips_alex"].mean if "lpips_alex" in row.values else np.inf


def _pictures(table: Table) -> list[tuple[str, Bytes]]:
    """Evenly spread over the photographs that were restored; as they were judged."""
    from deep.bench.images import central

    listed = table.study.photographs()
    places = np.unique(np.linspace(0, len(listed) - 1, min(PICTURES, len(listed))).round().astype(int))
    whole = [(listed[k].name, listed[k].read()) for k in places]
    return [(name, central(clean)) for name, clean in whole] if table.study.sigma is None else whole


def busiest(clean: Bytes) -> tuple[int, int]:
    """(top, left) of the crop whose grey values vary most beside their neighbours: it shows texture, not sky."""
    grey = clean.astype(float).mean(axis=2)
    detail = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1]
    steps = [range(0, max(1, side - CROP + 1), CROP // 4) for side in clean.shape[:2]]
    places = [(top, left) for top in steps[0] for left in steps[1]]
    return max(places, key=lambda at: float(detail[at[0] : at[0] + CROP, at[1] : at[1] + CROP].mean()))


def _cut(image: Bytes, top: int, left: int) -> Bytes:
    return image[top : top + CROP, left : left + CROP]


def _show(axes: Axes, image: Bytes, title: str, below: str = "") -> None:
    axes.imshow(image, interpolation="nearest" if max(image.shape[:2]) <= CROP else "antialiased")
    axes.set_title(title, fontsize=7 if len(title) <= _LONG else 5)
    axes.set_xlabel(below, fontsize=6)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _said(cell: Cell) -> str:
    figures = [text.format(cell.metrics[name]) for name, text in _FIGURES if cell.metrics.get(name) is not None]
    rate = [] if cell.bits_per_pixel is None else [f"{cell.bits_per_pixel:.3f} bits/pixel"]
    return "\n".join([*figures[:1], "  ".join(figures[1:]), *rate])
