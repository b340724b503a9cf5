"""The figures of `codecs.py`: quantities against the real rate with their error bars, and what a few images look like."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from codecs_panels import FEATURES, accuracy, by_features, clean, distortion, lines, loss, perception, trade, trade_by_features
from codecs_results import Campaign

from deep.compare import read_samples
from deep.compare.grid import Bytes, same_images, strip
from rdcsym.cli.drawing import METADATA, style
from rdcsym.files import write_atomically

IMAGES: Final = 10
LEAST_WIDTH: Final = 56  # pixels of a sample image, which is shown a whole number of times as large
BAND: Final = 3  # columns beside each other
MARGIN: Final = 90  # pixels, for what the rows are
GAP: Final = 3  # pixels between rows of images
HEAD: Final = 26  # pixels of a line of words
DPI: Final = 110


def draw(found: Campaign, path: Path) -> Path:
    """TASK.png: three panels where modes are compared, six where the weight of the label or the pairing varies, eight where
    there are classifiers of SqueezeNet's features too.
    """
    by_weight = bool({"lambda_c", "pairing"} & set(found.varied)) or found.task.startswith("svhn")
    panels: list[Callable[[Any, Campaign], None]] = [distortion, accuracy, perception]
    if by_weight:
        panels = [distortion, clean, trade, loss, accuracy, perception]
        if any(FEATURES in g.point.quantities for g in found.groups):
            panels = [distortion, clean, trade, trade_by_features, loss, accuracy, by_features, perception]
    with style("path"):
        from matplotlib.figure import Figure

        down = 1 if len(panels) == 3 else 2
        across = len(panels) // down
        figure = Figure(figsize=(5 * across, 1.2 + 4.2 * down), layout="constrained", dpi=DPI)
        for axes, panel in zip(np.ravel(figure.subplots(down, across)), panels, strict=True):
            panel(axes, found)
            _legend(figure if by_weight else axes, axes, found, by_weight)
        figure.suptitle(f"{found.task}: {_subtitle(found)}")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata=METADATA[".png"])
    return write_atomically(path, buffer.getvalue())


def _legend(place_: Any, axes: Any, found: Campaign, by_weight: bool) -> None:
    """Ours first. In a panel of its own, or once below all of them."""
    if by_weight and place_.legends:
        return
    names = [line[0] for line in lines(found)]
    entries = zip(*axes.get_legend_handles_labels(), strict=True)
    handles, labels = zip(*sorted(entries, key=lambda entry: not entry[1].startswith(tuple(names))), strict=True)
    where: dict[str, Any] = {"loc": "outside lower center", "ncols": min(6, len(names))} if by_weight else {"fontsize": 7.5}
    place_.legend(handles, labels, frameon=False, **where)


def _subtitle(found: Campaign) -> str:
    several = sorted({g.seeds for g in found.groups if g.seeds > 1})
    bars = [f"mean and standard error over {'-'.join(map(str, several))} seeds"] * bool(several)
    bars += ["95 % interval over the test images where there is one seed"] * any(g.seeds == 1 for g in found.groups)
    steps = sorted({g.point.steps for g in found.groups if g.point.steps is not None})
    return f"{'; '.join(bars)}; {', '.join(map(str, steps))} steps"


def draw_samples(found: Campaign, path: Path) -> list[Path]:
    """TASK-samples.png: input, clean, outputs by rate down, a column a line of the figure. [] where no run has samples."""
    columns, first = [], None
    for name, groups, _ in lines(found):
        own: list[tuple[str, Bytes]] = []
        for g in groups:
            folder = g.point.folder
            samples = "" if folder is None else read_samples(folder)
            if isinstance(samples, str):
                continue
            first = first or samples
            if same_images(samples, first):
                label = f"{g.members[0].point.rate.value:.3g} bits"
                own.append((label, samples.output[:IMAGES]))
        columns.append((name, own))
    if first is None:
        return []
    above = [("input", first.input[:IMAGES]), ("clean", first.clean[:IMAGES])]
    with style("path"):
        figure = _mosaic([(name, above + own) for name, own in columns if own], found.task)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata=METADATA[".png"])
    return [write_atomically(path, buffer.getvalue())]


def _mosaic(columns: list[tuple[str, list[tuple[str, Bytes]]]], task: str) -> Any:
    """Strips of images below each other, pixel for pixel: matplotlib writes the words around them."""
    from matplotlib.figure import Figure

    images = columns[0][1][0][1]
    zoom = max(1, math.ceil(LEAST_WIDTH / images.shape[3]))
    height, width = zoom * images.shape[2] + GAP, zoom * len(images) * (images.shape[3] + 1)
    band, across = max(len(own) for _, own in columns) * height + HEAD, MARGIN + width + 10
    size = np.array([across * min(BAND, len(columns)), band * math.ceil(len(columns) / BAND) + HEAD])
    figure = Figure(figsize=tuple(size / DPI), dpi=DPI)
    for i, (name, own) in enumerate(columns):
        left, top = i % BAND * across + MARGIN, size[1] - HEAD - i // BAND * band
        figure.text(left / size[0], (top - 8) / size[1], name, fontsize=8, va="center")
        for j, (label, row) in enumerate(own):
            bottom = top - 20 - (j + 1) * height + GAP
            pixels = np.repeat(np.repeat(strip(row), zoom, axis=0), zoom, axis=1)
            figure.figimage(pixels, left, bottom, origin="upper")
            middle = (bottom + 0.5 * (height - GAP)) / size[1]
            figure.text((left - 6) / size[0], middle, label, fontsize=8, ha="right", va="center")
    words = f"{task}: the same test images everywhere; rates on disk, over the whole test set"
    figure.text(8 / size[0], 1 - 13 / size[1], words, fontsize=9, va="center")
    return figure
