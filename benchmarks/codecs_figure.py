"""The figures of `codecs.py`: quantities against the real rate with their error bars, and what a few images look like."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from codecs_results import ELSEWHERE, PUBLISHED, Campaign, asked, place, title

from deep.compare import Group, Quantity, read_samples
from deep.compare.grid import Bytes, same_images, strip
from rdcsym.cli.compare_plots import error_bars
from rdcsym.cli.drawing import COLOURS, METADATA, style
from rdcsym.files import write_atomically

HUES: Final = [COLOURS[name] for name in ("certified", "published", "line-3", "witness", "line-4", "line-5", "line-6")]
MARKERS: Final = {"common": "o", "private": "s", "deterministic": "^"}
DASHED: Final = (0, (4, 2))
DOTTED: Final = (0, (1, 2))
HOLLOW: Final[dict[str, Any]] = {"markerfacecolor": "none", "linestyle": "", "markersize": 7}
RATE: Final = "rate on disk (bits an image)"
IMAGES: Final = 10
LEAST_WIDTH: Final = 56  # pixels of a sample image, which is shown a whole number of times as large
BAND: Final = 3  # columns beside each other
MARGIN: Final = 90  # pixels, for what the rows are
GAP: Final = 3  # pixels between rows of images
HEAD: Final = 26  # pixels of a line of words
DPI: Final = 110

Line = tuple[str, list[Group], dict[str, Any]]


def lines(found: Campaign) -> list[Line]:
    """(legend, settings by rate, look): colour by the label's weight where several were tried, else by whatever differs."""
    named: dict[str, list[Group]] = {}
    for g in found.groups:
        named.setdefault(title(g, found.varied), []).append(g)
    weights = sorted({g.point.config.get("lambda_c", 0.0) for g in found.groups})
    made = []
    for i, (name, own) in enumerate(sorted(named.items(), key=lambda line: place(line[1][0]))):
        p = own[0].point
        apart = len(weights) > 1 and p.pairing == "supervised"
        hue = weights.index(p.config.get("lambda_c", 0.0)) if len(weights) > 1 else i
        shape = {
            "color": HUES[hue % len(HUES)],
            "marker": MARKERS.get(p.mode, "D"),
            "linestyle": DASHED if apart else "-",
            "markerfacecolor": "none" if apart else HUES[hue % len(HUES)],
        }
        made.append((name, sorted(own, key=lambda g: g.point.rate.value), shape))
    return made


def draw(found: Campaign, path: Path) -> Path:
    """TASK.png: three panels where modes are compared, six where the weight of the label or the pairing varies."""
    by_weight = bool({"lambda_c", "pairing"} & set(found.varied)) or found.task.startswith("svhn")
    panels: list[Callable[[Any, Campaign], None]] = [_distortion, _accuracy, _perception]
    if by_weight:
        panels = [_distortion, _clean, _trade, _loss, _accuracy, _perception]
    with style("path"):
        from matplotlib.figure import Figure

        down = len(panels) // 3
        figure = Figure(figsize=(15, 1.2 + 4.2 * down), layout="constrained", dpi=DPI)
        for axes, panel in zip(np.ravel(figure.subplots(down, 3)), panels, strict=True):
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


def _curve(axes: Any, line: Line, name: str, label: str | None, **other: Any) -> None:
    """One quantity of a line against the rate, with error bars both ways."""
    _, groups, shape = line
    there = [(g, g.point.quantities[name]) for g in groups if name in g.point.quantities]
    if there:
        rates, values = [g.point.rate for g, _ in there], [q for _, q in there]
        look = {"markersize": 5, "linewidth": 1.2, "elinewidth": 1.1, "capsize": 2.5, **shape, **other}
        bars = {"xerr": error_bars(rates), "yerr": error_bars(values)}
        axes.errorbar([r.value for r in rates], [q.value for q in values], label=label, **bars, **look)


def _log_rates(axes: Any, found: Campaign) -> None:
    rates = [g.point.rate.value for g in found.groups]
    rates += [p["rate_nominal"] for p in PUBLISHED.get(found.task, ())]
    axes.set_xscale("log", base=2)
    axes.set_xlim(min(rates) / 1.25, max(rates) * 1.25)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(RATE)


def _distortion(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "distortion_input", line[0])
    _published(axes, found.task, "distortion_input")
    for theirs in ELSEWHERE.get(found.task, ()):
        shared = theirs["mode"] == "common"
        look: dict[str, Any] = {**HOLLOW, "marker": "v" if shared else "X", "color": COLOURS["ink"]}
        label = f"their 32-bit model, measured elsewhere, {'seed shared' if shared else 'seed not shared'}"
        axes.plot([theirs["rate_nominal"]], [theirs["distortion_input"]], label=label, **look)
    axes.set(title="Distortion to the encoder's input", ylabel="mean squared error a pixel, grey values in [0, 1]")
    if not {"lambda_c", "pairing"} & set(found.varied):
        axes.set_ylim(bottom=0)
    _log_rates(axes, found)


def _published(axes: Any, task: str, name: str) -> None:
    points = PUBLISHED.get(task, ())
    if points:
        look = {**HOLLOW, "marker": "D", "color": COLOURS["witness"]}
        label = "published, nominal rate"
        axes.plot([p["rate_nominal"] for p in points], [p[name] for p in points], label=label, **look)


def _clean(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "distortion_clean", line[0])
    axes.set(title="Distortion to the clean image", ylabel="mean squared error a pixel, grey values in [0, 1]")
    _log_rates(axes, found)


def _accuracy(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "accuracy_cotrained", f"{line[0]}: co-trained")
        apart = {"linestyle": DOTTED, "markersize": 3.5, "alpha": 0.75}
        _curve(axes, line, "accuracy_clean", f"{line[0]}: trained apart" if len(lines(found)) < 3 else None, **apart)
    _published(axes, found.task, "accuracy_cotrained")
    clean = [q.value for g in found.groups if (q := g.point.quantities.get("accuracy_clean_on_clean")) is not None]
    if clean:
        grey = COLOURS["line-6"]
        axes.axhline(max(clean), color=grey, linewidth=0.9)
        place_ = {"xycoords": axes.get_yaxis_transform(), "xytext": (0, -8), "textcoords": "offset points"}
        axes.annotate("clean images, classifier trained apart", (0.01, max(clean)), **place_, fontsize=7, color=grey)
    axes.set(title="Accuracy, co-trained classifier (dotted: trained apart)", ylabel="share of test images")
    _log_rates(axes, found)


def _loss(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "classification_loss_upper", line[0])
    axes.set(title="Classification loss", ylabel="H(S|Y), upper estimate by a held-out classifier (bits)")
    _log_rates(axes, found)


def _perception(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "perception_w1", f"{line[0]}: outputs" if len(lines(found)) < 3 else line[0])
        inputs = {"linestyle": DOTTED, "marker": "", "alpha": 0.75}
        _curve(axes, line, "perception_w1_input", f"{line[0]}: inputs, same critics" if len(lines(found)) < 3 else None, **inputs)
    axes.set(title="Perception (dotted: the inputs)", ylabel="W1 to the clean images, estimate by each run's critic")
    axes.axhline(0, color=COLOURS["line-6"], linewidth=0.8)
    _log_rates(axes, found)


def _trade(axes: Any, found: Campaign) -> None:
    """Distortion over the classification loss; settings that asked for one rate are joined."""
    joined: dict[tuple[Any, ...], list[Group]] = {}
    for name, groups, shape in lines(found):
        there = [g for g in groups if g.point.loss is not None]
        losses = [g.point.loss for g in there if g.point.loss is not None]
        values = [g.point.distortion for g in there]
        _cross(axes, losses, values, name, shape)
        for g in there:
            joined.setdefault((asked(g), g.point.mode, g.point.pairing), []).append(g)
    for (rate, _, pairing), groups in joined.items():
        at = [(loss.value, g.point.distortion.value) for g in groups if (loss := g.point.loss) is not None]
        far = max((loss.most, g.point.distortion.value) for g in groups if (loss := g.point.loss) is not None)
        axes.plot(*zip(*at, strict=True), color=COLOURS["line-6"], linewidth=0.9, zorder=1)
        if rate is not None and (len(joined) < 7 or pairing == "unpaired"):
            axes.annotate(f"{rate:g} bits", far, (5, 0), textcoords="offset points", fontsize=7.5, va="center")
    axes.margins(x=0.15)
    axes.set(title="Distortion over classification loss at each rate asked for", ylabel="mean squared error to the input")
    axes.set_xlabel("H(S|Y), upper estimate by a held-out classifier (bits)")


def _cross(axes: Any, across: Sequence[Quantity], up: Sequence[Quantity], label: str, shape: dict[str, Any]) -> None:
    look = {"markersize": 5, "elinewidth": 1.1, "capsize": 2.5, **shape, "linestyle": ""}
    bars = {"xerr": error_bars(across), "yerr": error_bars(up)}
    axes.errorbar([q.value for q in across], [q.value for q in up], label=label, **bars, **look)


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
