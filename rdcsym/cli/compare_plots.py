"""Pictures of `rdcsym compare`: distortion, accuracy and classification loss against the rate, as PNG files and inline."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rdcsym.cli.compare_text import loss_name, variant
from rdcsym.cli.drawing import COLOURS, METADATA, finite, legend, new_axes, panel, style
from rdcsym.cli.files import written_aside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from deep.compare import Group, Quantity, TaskComparison

_MODES: Final = {"common": ("certified", "o"), "private": ("published", "s"), "deterministic": ("line-3", "^")}
_LATTICE: Final = ("line-5", "h")
_OTHER: Final = ("line-4", "D")
_PUBLISHED: Final = "witness"
_DASHED: Final = (0, (4, 2))
_LABEL: Final = 0.045  # of the axes' height: a line's label
_HEADROOM: Final = 1.08  # of the tallest point, and of the one furthest right
_RUNAWAY: Final = 1.6  # a limit or reference higher than this many times the tallest point leaves the frame


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawn file, what it shows, its inline SVG (None: the page shows the file's pixels)."""

    title: str
    path: Path
    caption: str
    svg: str | None = None


def draw_task(task: TaskComparison, folder: Path) -> list[Picture]:
    """All pictures of one task into `folder`. InputError where matplotlib is missing or a file cannot be written."""
    from rdcsym.cli.compare_maps import draw_map, draw_samples

    drawn = [_both(_distortion, f"Distortion against rate, {task.task}", _distortion_caption(task), "distortion", task, folder)]
    for name, words in _accuracies(task):
        title, caption = f"Accuracy against rate, {task.task}", f"Accuracy of the {words}. {_bars(task)}"
        drawn.append(_both(_measure(name, "accuracy"), title, caption, name.replace("_", "-"), task, folder))
    if any(g.point.loss is not None for g in task.groups):
        title, caption = f"Classification loss against rate, {task.task}", f"{_loss_words(task)}. {_bars(task)}"
        drawn.append(_both(_loss, title, caption, "classification-loss", task, folder))
        drawn += draw_map(task, folder)
    return drawn + draw_samples(task, folder)


def slug(name: str) -> str:
    """A task's name as part of a file's name and of an id."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-") or "task"


def look(group: Group) -> dict[str, Any]:
    """Colour and marker of a row: shape by mode, colour too unless it is published; open where the rate is none of bytes."""
    colour, marker = _LATTICE if ", e8" in variant(group.point) else _MODES.get(group.point.mode, _OTHER)
    colour = _PUBLISHED if group.point.published else colour
    filled = group.point.rate_name in ("rate_on_disk", "rate_payload")
    return {"color": COLOURS[colour], "marker": marker, "markerfacecolor": COLOURS[colour] if filled else "none"}


def mode_name(group: Group) -> str:
    """What the legend calls a row."""
    p = group.point
    words = {"common": "common randomness", "private": "private noise", "deterministic": "deterministic"}
    said = words.get(p.mode, p.mode) + variant(p)
    return f"published: {said}" if p.published else said


def series(groups: Sequence[Group]) -> list[tuple[str, str, list[Group]]]:
    """(legend, what tells the line from others of that legend, rows by rate): one a mode, pairing and weight of the label."""
    found: dict[tuple[str, str], list[Group]] = {}
    for g in groups:
        weight = g.point.config.get("lambda_c")
        own = mode_name(g) if g.point.config or g.point.published else f"{mode_name(g)}: {g.point.name}"
        line = "" if weight is None else f"λc = {weight:g}"
        found.setdefault((mode_name(g), line or (mode_name(g) if g.point.published else own)), []).append(g)
    return [(name, line, sorted(rows, key=lambda g: g.point.rate.value)) for (name, line), rows in found.items()]


def _both(
    draw: Callable[[Axes, TaskComparison], None], title: str, caption: str, name: str, task: TaskComparison, folder: Path
) -> Picture:
    """One drawing as a PNG file and as inline SVG."""
    path, inline = folder / f"{name}-{slug(task.task)}.png", list[str]()
    with panel(f"{title}. {caption}", f"plot-{name}-{slug(task.task)}", inline) as axes:
        draw(axes, task)
    with style("path"):
        figure, axes = new_axes(6.4, 4.6)
        axes.set_title(title)
        draw(axes, task)
        with written_aside(path) as aside:
            figure.savefig(aside, format="png", dpi=160, metadata=METADATA[".png"])
    return Picture(title=title, path=path, caption=caption, svg=inline[0])


def _distortion(axes: Axes, task: TaskComparison) -> None:
    tallest = max(g.point.distortion.most for g in task.groups)
    for i, curve in enumerate(task.curves):
        label = "certified limit, any classification loss" if i == 0 else None
        axes.plot(curve.rates, finite(curve.values), color=COLOURS["ink"], linewidth=1.8, label=label)
    if task.reference is not None:
        r = task.reference
        shape: Any = {"color": COLOURS["line-6"], "linewidth": 1.6}
        # The points set the frame: a reference far above them would flatten what is compared.
        away = f"above: ≥ {min(r.upper):.3g}" if min(r.upper) > _RUNAWAY * tallest else f"{r.samples_x} images"
        axes.plot(r.rates, r.upper, linestyle=_DASHED, label=f"a reference, not a bound ({away})", **shape)
        far = max(g.point.rate.most for g in task.groups)
        if far > r.rates[-1]:
            axes.plot([r.rates[-1], far], [r.upper[-1]] * 2, linestyle=(0, (1, 2)), **shape)
    for i, g in enumerate([g for g in task.groups if g.limit is not None and g.point.loss is not None]):
        label = "limit at the point's own rate and loss" if i == 0 else None
        shape = {"marker": "_", "markersize": 11, "markeredgewidth": 1.6, "linestyle": "", "color": COLOURS["ink"]}
        axes.plot([g.point.rate.value], finite([g.limit]), label=label, **shape)
    others = [v for c in task.curves for v in c.values] + list(task.reference.upper if task.reference else ())
    within = [v for v in others if v <= _RUNAWAY * tallest]
    axes.set_ylim(0, _HEADROOM * max([tallest, *within]) or 1.0)
    _points(axes, task.groups, lambda g: g.point.distortion)
    _finish(axes, task.groups, "distortion (mean squared error a dimension)")


def _measure(name: str, label: str) -> Callable[[Axes, TaskComparison], None]:
    def draw(axes: Axes, task: TaskComparison) -> None:
        _points(axes, task.groups, lambda g: g.point.quantities.get(name))
        _finish(axes, task.groups, label)

    return draw


def _loss(axes: Axes, task: TaskComparison) -> None:
    _points(axes, task.groups, lambda g: g.point.loss)
    _finish(axes, task.groups, f"{loss_name(task.groups)} (bits)")


def _points(axes: Axes, groups: Sequence[Group], quantity: Callable[[Group], Quantity | None]) -> None:
    """The rows with their error bars in both directions; those of one series joined by a thin line."""
    named: set[str] = set()
    labels: list[tuple[float, float, str, str]] = []
    lines = series(groups)
    for name, line, rows in lines:
        there = [(g, q) for g in rows if (q := quantity(g)) is not None]
        if not there:
            continue
        several = sum(other == name for other, _, _ in lines) > 1
        x, y = [g.point.rate.value for g, _ in there], [q.value for _, q in there]
        if len(there) > 1:
            shape: Any = {"linewidth": 0.9, "alpha": 0.55, "linestyle": _DASHED if "supervised" in name else "-"}
            axes.plot(x, y, color=look(rows[0])["color"], **shape)
        if several and line.startswith("λc"):
            labels.append((x[0], y[0], line, look(rows[0])["color"]))
        # Few calls, each of many points: one for filled marks and one for open ones.
        for filled in (True, False):
            marks = [(g, q) for g, q in there if (look(g)["markerfacecolor"] != "none") is filled]
            if marks:
                _marks(axes, marks, None if name in named else name)
                named.add(name)
    beyond = [(g.point.rate.value, q.value) for g in groups if g.verdict == "beyond" and (q := quantity(g)) is not None]
    if beyond:
        ring: Any = {"marker": "o", "markersize": 16, "markerfacecolor": "none", "linestyle": "", "markeredgewidth": 1.8}
        axes.plot(*zip(*beyond, strict=True), color=COLOURS["witness"], label="BEYOND THE LIMIT", **ring)
    _label_lines(axes, labels)


def _marks(axes: Axes, marks: list[tuple[Group, Quantity]], label: str | None) -> None:
    """Points of one look with their error bars."""
    rates, values = [g.point.rate for g, _ in marks], [q for _, q in marks]
    bars: Any = {"xerr": error_bars(rates), "yerr": error_bars(values), "elinewidth": 1.1, "capsize": 2.5}
    shape: Any = {"linestyle": "", "markersize": 6.5, **look(marks[0][0])}
    axes.errorbar([r.value for r in rates], [q.value for q in values], label=label, **bars, **shape)


def error_bars(each: Sequence[Quantity]) -> list[list[float]]:
    """What matplotlib takes for the numbers' intervals; nan, and no caps, where there is none or one of no width."""
    wide = [q.least < q.value or q.value < q.most for q in each]
    low = [q.value - q.least if w else math.nan for q, w in zip(each, wide, strict=True)]
    high = [q.most - q.value if w else math.nan for q, w in zip(each, wide, strict=True)]
    return [low, high]


def _label_lines(axes: Axes, labels: list[tuple[float, float, str, str]]) -> None:
    """(x, y, text, colour) written to the left of where lines begin, moved up where they would cover each other."""
    low, high = axes.get_ylim()
    lowest = low
    for x, y, text, colour in sorted(labels, key=lambda label: label[1]):
        lowest = max(lowest, y)
        axes.annotate(text, (x, lowest), (-6, 0), textcoords="offset points", ha="right", va="center", fontsize=7.5, color=colour)
        lowest += _LABEL * (high - low)


def _finish(axes: Axes, groups: Sequence[Group], ylabel: str) -> None:
    reach = max(g.point.rate.most for g in groups) or 1.0
    axes.set_xlim(0, _HEADROOM * reach)
    axes.set(xlabel="rate (bits an image or block)", ylabel=ylabel)
    legend(axes)


def _accuracies(task: TaskComparison) -> list[tuple[str, str]]:
    words = {
        "accuracy_cotrained": "classifier trained along with the codec",
        "accuracy_clean": "classifier trained apart, on clean images",
    }
    return [(n, w) for n, w in words.items() if any(n in g.point.quantities for g in task.groups)]


def _loss_words(task: TaskComparison) -> str:
    """Where the losses come from: of their several makers, what the first says."""
    first = next(g.point.loss for g in task.groups if g.point.loss is not None)
    name = loss_name(task.groups)
    return f"{name[:1].upper()}{name[1:]}" + (f": {first.what.removesuffix('.')}" if first.what else "")


def _bars(task: TaskComparison) -> str:
    several = any(g.seeds > 1 for g in task.groups)
    single = any(g.seeds == 1 and g.point.distortion.low is not None for g in task.groups)
    said = ["95 % confidence intervals where there is one seed"] * single
    said += ["one standard error over the seeds where there are several"] * several
    opened = any(look(g)["markerfacecolor"] == "none" for g in task.groups)
    text = f"Error bars: {'; '.join(said)}." if said else "No error bars were given."
    return text + (" Open marks: the rate is nominal or an estimate, not of bytes." if opened else "")


def _distortion_caption(task: TaskComparison) -> str:
    parts = [_bars(task)]
    if task.curves:
        parts.append(f"Line: {task.curves[0].what}.")
    if task.reference is not None:
        parts.append(
            "Dashed: empirical rate-constrained transport between the sample sets, a reference and not a bound (see above)."
        )
    if not task.curves:
        parts.append("No exact limit is known for this source.")
    return " ".join(parts)
