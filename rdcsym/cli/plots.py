"""Pictures: the inline figures of the HTML report, and the files that `rdcsym curve` draws."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.cli.drawing import COLOURS, METADATA, finite, legend, new_axes, panel, style
from rdcsym.cli.files import written_aside
from rdcsym.cli.results import Curve, DataPoint, DataResult, Interval, Witness
from rdcsym.problem import FloatArray, InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES: Final = ("certified", "published", "line-3", "witness", "line-4", "line-5", "line-6")
_LINE: Final = 62  # characters that fit over the axes of a drawn file
_DASHED: Final = (0, (4, 2))
_MARKERS: Final = "osD^vP*"
# A published form may run off to values that would flatten everything else: beyond this many heights of the rest it is cut off.
_TALLEST: Final = 10.0


def plot_curves(curves: Sequence[Curve], witnesses: Sequence[Witness] = (), prefix: str = "curve") -> list[str]:
    """One inline SVG a curve: certified form solid, published form dashed, certified intervals as bars at the solved points.

    Stretches where the certified form is infeasible are shaded; a witness that lies on a curve is marked there.
    The same input gives the same text. Raises InputError where matplotlib is missing.
    """
    return [_plot_curve(curve, witnesses, f"{prefix}-{i}") for i, curve in enumerate(curves, start=1)]


def plot_data(result: DataResult, prefix: str = "data") -> list[str]:
    """Inline SVGs of a data set's limits: D(R), then D(R, C) against C with a band a rate. Raises as `plot_curves`."""
    drawn: list[str] = []
    if result.rate_curve:
        rates = [p.rate for p in result.rate_curve]
        with panel(f"Certified intervals of D(R), {result.name}", f"{prefix}-rate", drawn) as axes:
            _band(axes, rates, result.rate_curve, 0, "certified interval of D(R)")
            _infeasible_rows(axes, [(rates, result.rate_curve)])
            axes.set(xlabel="rate R (bits)", ylabel="distortion D")
            legend(axes)
    families = [(_losses(curve), curve) for curve in result.classification_curves if curve]
    if families:
        with panel(f"Certified intervals of D(R, C), {result.name}", f"{prefix}-classification", drawn) as axes:
            axes.axvline(result.least_loss, color=COLOURS["ink"], linestyle=":", linewidth=1, label="H(S|X), the least loss")
            for i, (losses, curve) in enumerate(families):
                _band(axes, losses, curve, i, f"R = {curve[0].rate:.4g} bits")
            _infeasible_rows(axes, families)
            axes.set(xlabel="classification loss C (bits)", ylabel="distortion D")
            legend(axes)
    return drawn


def _losses(points: Sequence[DataPoint]) -> list[float]:
    """Where the points stand on the axis of C; one without a constraint stands nowhere."""
    return [math.nan if p.classification is None else p.classification for p in points]


def plot_lines(
    x: FloatArray,
    lines: Sequence[tuple[str, FloatArray, FloatArray | None]],
    xlabel: str,
    ylabel: str,
    title: str,
    path: Path,
) -> None:
    """Draw lines over x, shape (n,), to a PNG, SVG or PDF file (by its suffix), written atomically and the same every time.

    Each line is (label, y, published y or None), y of shape (n,); the published one is dashed in the line's colour, and a line
    has no stroke where its value is not finite. Raises InputError for another suffix, an unwritable place, or no matplotlib.
    """
    kind = path.suffix.lower()
    if kind not in METADATA:
        raise InputError("out", str(path), "names no picture format that is known", "end it in .png, .svg or .pdf")
    with style("path"):
        figure, axes = new_axes(7.2, 4.2)
        for i, (label, y, published) in enumerate(lines):
            colour = _colour(i) if len(lines) <= len(_LINES) else _shade(i / (len(lines) - 1))
            # Lines run into each other where a budget does not bind: the later is thinner, so that both are seen.
            width = 1.7 + min(1.7, 7 / len(lines)) * (len(lines) - 1 - i)
            name = label if np.isfinite(y).any() else f"{label} (infeasible throughout)"
            axes.plot(x, finite(y), color=colour, linewidth=width, label=name, solid_capstyle="butt")
            ends = _ends(y)
            axes.plot(x[ends], y[ends], color=colour, marker="o", markersize=width + 3, linestyle="")
            if published is not None:
                axes.plot(x, finite(published), color=colour, linewidth=1.4, linestyle=_DASHED, label=f"{label}, published")
        axes.set(xlabel=_wrapped(xlabel), ylabel=_wrapped(ylabel), title=_wrapped(title))
        if lines:
            figure.legend(loc="outside right upper", frameon=False)
        with written_aside(path) as aside:
            figure.savefig(aside, format=kind[1:], dpi=160, metadata=METADATA[kind])


def _ends(y: FloatArray) -> NDArray[np.bool_]:
    """Where a line begins or ends inside the picture: finite points beside one that is not."""
    there = np.isfinite(y)
    edge = np.concatenate([[True], there, [True]])  # the picture's own edges are no ends
    return np.asarray(there & ~(edge[:-2] & edge[2:]))


def _wrapped(text: str) -> str:
    return textwrap.fill(text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"), _LINE)


def _plot_curve(curve: Curve, witnesses: Sequence[Witness], prefix: str) -> str:
    drawn: list[str] = []
    on_curve = _on_curve(curve, witnesses)
    with panel(f"{curve_title(curve)}. {_describe(curve, len(on_curve))}", prefix, drawn) as axes:
        _draw_curve(axes, curve, on_curve)
    return drawn[0]


def write_curve(curve: Curve, witnesses: Sequence[Witness], path: Path) -> None:
    """The picture of `plot_curves` as a vector PDF for a document, written atomically and the same every time."""
    with style("path"):
        figure, axes = new_axes(4.8, 3.5)
        _draw_curve(axes, curve, _on_curve(curve, witnesses))
        with written_aside(path) as aside:
            figure.savefig(aside, format="pdf", metadata=METADATA[".pdf"])


def curve_title(curve: Curve) -> str:
    """What the curve shows, in words: the function, its argument, and the values of the other parameters."""
    values: dict[str, Any] = dict(curve.fixed)  # numbers, and vectors as text
    fixed = ", ".join(f"{name} = {value if isinstance(value, str) else f'{value:.6g}'}" for name, value in values.items())
    return f"{curve.value_name} against {curve.parameter}" + (f" at {fixed}" if fixed else "")


def _on_curve(curve: Curve, witnesses: Sequence[Witness]) -> list[tuple[float, Witness]]:
    return [(x, w) for w in witnesses if (x := _place(curve, w)) is not None]


def _draw_curve(axes: Axes, curve: Curve, on_curve: Sequence[tuple[float, Witness]]) -> None:
    certified = finite(curve.certified)
    published = None if curve.published is None else finite(curve.published)
    low, high = _limits(curve, certified, published, on_curve)
    axes.set_ylim(low, high)
    across = [*curve.x, *curve.interval_x, *(x for x, _ in on_curve)]
    if across and min(across) < max(across):
        edge = 0.015 * (max(across) - min(across))
        axes.set_xlim(min(across) - edge, max(across) + edge)
    _shade_infeasible(axes, curve, published, (low, high))
    axes.plot(curve.x, certified, color=COLOURS["certified"], linewidth=2, label="certified form")
    if published is not None:
        cut = bool(np.nanmin(published) < low or np.nanmax(published) > high) if np.isfinite(published).any() else False
        shape: Any = {"linewidth": 1.7, "linestyle": _DASHED, "label": "published form" + " (leaves the frame)" * cut}
        axes.plot(curve.x, published, color=COLOURS["published"], **shape)
    _bars(axes, curve.interval_x, curve.intervals)
    for i, (x, witness) in enumerate(on_curve):
        label = "witness: published value" if i == 0 else None
        y = min(max(witness.claimed, low), high)
        axes.plot([x], [y], marker="X", markersize=9, linestyle="", color=COLOURS["witness"], label=label, clip_on=False)
    axes.set(xlabel=f"{curve.parameter} ({curve.unit})" if curve.unit else curve.parameter, ylabel=curve.value_name)
    legend(axes)


def _describe(curve: Curve, marked: int) -> str:
    """What the picture shows, in words, for those who do not see it."""
    finite = [v for v in curve.certified if math.isfinite(v)]
    parts = [f"The certified form runs from {finite[0]:.4g} to {finite[-1]:.4g}." if finite else "Infeasible throughout."]
    if finite and len(finite) < len(curve.certified):
        parts.append(f"It is infeasible at {len(curve.certified) - len(finite)} of {len(curve.certified)} drawn points.")
    parts.append(f"{len(curve.intervals)} certified intervals are drawn." if curve.intervals else "No interval was solved here.")
    if curve.published is not None:
        parts.append("The published form is dashed.")
    if marked:
        parts.append(f"{marked} witnesses against the published form are marked.")
    return " ".join(parts)


def _place(curve: Curve, witness: Witness) -> float | None:
    """Where on the curve the witness lies, or None: the other parameters must be the same ones at the same values."""
    try:
        point = {name: float(Fraction(text)) for name, text in witness.point.items()}
    except (ValueError, ZeroDivisionError):
        return None
    x = point.pop(curve.parameter, None)
    fixed: dict[str, Any] = dict(curve.fixed)  # a vector stands there as text, and no witness is one
    same = point.keys() == fixed.keys() and all(
        not isinstance(fixed[n], str) and math.isclose(v, fixed[n], abs_tol=1e-9) for n, v in point.items()
    )
    inside = x is not None and bool(curve.x) and min(curve.x) <= x <= max(curve.x)
    return x if same and inside and math.isfinite(witness.claimed) else None


def _limits(
    curve: Curve, certified: FloatArray, published: FloatArray | None, marked: Sequence[tuple[float, Witness]]
) -> tuple[float, float]:
    """The vertical range: everything finite, unless the published form would flatten the rest."""
    ends = [e for i in curve.intervals for e in (i.lower, i.upper) if math.isfinite(e)]
    sure = [float(v) for v in certified if math.isfinite(v)] + ends
    stated = [float(v) for v in ([] if published is None else published) if math.isfinite(v)]
    stated += [w.claimed for _, w in marked]
    base = sure or stated or [0.0, 1.0]
    low, high = min(base), max(base)
    # A flat curve is shown flat, not as the noise of its intervals.
    height = max(high - low, 0.1 * max(abs(low), abs(high))) or 1.0
    low = max(min([low, *stated]), low - _TALLEST * height)
    high = min(max([high, *stated]), high + _TALLEST * height)
    margin = 0.07 * max(high - low, height)
    return low - margin, high + margin


def _shade_infeasible(axes: Axes, curve: Curve, published: FloatArray | None, limits: tuple[float, float]) -> None:
    """Shade the stretches where the certified form is infinite, as far as half-way to the next finite point, and name them."""
    x, blocked = curve.x, [math.isinf(v) and v > 0 for v in curve.certified]
    span = (max(x) - min(x)) if x else 0.0
    named = False
    for first, last in _stretches(blocked):
        left = x[first] if first == 0 else (x[first - 1] + x[first]) / 2
        right = x[last] if last == len(x) - 1 else (x[last] + x[last + 1]) / 2
        label = None if named else "infeasible"
        axes.axvspan(left, right, facecolor=COLOURS["infeasible"], alpha=0.22, linewidth=0, label=label)
        named = True
        if right - left < 0.07 * span:
            continue
        inside = [] if published is None else [float(v) for v in published[first : last + 1] if math.isfinite(v)]
        high = bool(inside) and np.mean(inside) < (limits[0] + limits[1]) / 2
        at: Any = {"rotation": 0 if right - left > 0.25 * span else 90, "ha": "center", "va": "top" if high else "bottom"}
        where = axes.get_xaxis_transform()
        axes.text((left + right) / 2, 0.96 if high else 0.06, "infeasible", transform=where, color=COLOURS["ink"], **at)


def _stretches(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for i, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = i
        elif not flag and start is not None:
            yield start, i - 1
            start = None


def _bars(axes: Axes, x: Sequence[float], intervals: Sequence[Interval]) -> None:
    """Certified intervals as bars: closed ones, half-open ones as arrows from the finite end, infinite ones as crosses below."""
    closed = [(p, i) for p, i in zip(x, intervals, strict=True) if math.isfinite(i.lower) and math.isfinite(i.upper)]
    if closed:
        middle = [(i.lower + i.upper) / 2 for _, i in closed]
        half = [max(0.0, (i.upper - i.lower) / 2) for _, i in closed]
        where = [p for p, _ in closed]
        shape: Any = {"fmt": "o", "markersize": 4.5, "markerfacecolor": "none", "capsize": 3, "linewidth": 1.2}
        axes.errorbar(where, middle, yerr=half, color=COLOURS["ink"], label="certified interval", **shape)
    for end, marker, label in (("lower", 6, "certified from below only"), ("upper", 7, "certified from above only")):
        other = "upper" if end == "lower" else "lower"
        open_ = [(p, getattr(i, end)) for p, i in zip(x, intervals, strict=True) if math.isinf(getattr(i, other))]
        open_ = [(p, y) for p, y in open_ if math.isfinite(y)]
        if open_:
            axes.plot(*zip(*open_, strict=True), marker=marker, linestyle="", color=COLOURS["ink"], label=label)
    empty = [p for p, i in zip(x, intervals, strict=True) if i.lower == math.inf]
    if empty:
        shape = {"marker": "x", "markersize": 5, "linestyle": "", "clip_on": False, "transform": axes.get_xaxis_transform()}
        axes.plot(empty, [0.0] * len(empty), color=COLOURS["ink"], label="proved infeasible", **shape)


def _band(axes: Axes, x: Sequence[float], points: Sequence[DataPoint], index: int, label: str) -> None:
    """A band between the ends of certified intervals, marked at the solved points; between them it only guides the eye."""
    lower, upper, across = finite([p.lower for p in points]), finite([p.upper for p in points]), finite(x)
    shape: Any = {"color": _colour(index), "marker": _MARKERS[index % len(_MARKERS)], "markersize": 4.5, "linewidth": 1.1}
    axes.fill_between(across, lower, upper, color=_colour(index), alpha=0.25, linewidth=0)
    axes.plot(across, lower, markerfacecolor="none", linestyle=":", **shape)
    axes.plot(across, upper, label=label, **shape)


def _infeasible_rows(axes: Axes, families: Sequence[tuple[Sequence[float], Sequence[DataPoint]]]) -> None:
    """Crosses where a point was proved infeasible: a row a family, in a strip below all values."""
    rows = [(i, [a for a, p in zip(x, points, strict=True) if p.lower == math.inf]) for i, (x, points) in enumerate(families)]
    rows = [(i, x) for i, x in rows if x]
    if not rows:
        return
    low, high = axes.get_ylim()
    step = 0.05 * (high - low)
    axes.set_yticks([t for t in axes.get_yticks() if low <= t <= high])  # the strip has no values
    axes.set_ylim(low - step * (len(rows) + 0.5), high)
    axes.axhline(low, color=COLOURS["grid"], linewidth=1)
    for row, (i, x) in enumerate(rows, start=1):
        label = "proved infeasible, in the line's colour" if row == 1 else None
        axes.plot(x, [low - step * row] * len(x), marker="x", markersize=5, linestyle="", color=_colour(i), label=label)


def _colour(index: int) -> str:
    return COLOURS[_LINES[index % len(_LINES)]]


def _shade(fraction: float) -> Any:
    """A colour of an even, colour-blind safe scale, for more lines than the palette has."""
    from matplotlib import colormaps

    return colormaps["viridis"](0.9 * fraction)
