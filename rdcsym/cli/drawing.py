"""What every picture shares: the palette, matplotlib's settings, and an SVG that lives inside a page.

An inline figure is one SVG element. Its colours are CSS variables with a fallback, so that the page's scheme (light, dark, print)
reaches into it, and its ids begin with the caller's prefix, so that many figures live on one page.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rdcsym.problem import FloatArray, InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, distinct under every common colour blindness; the report gives each name a colour for each scheme.
COLOURS: Final = {
    "ink": "#23272e",
    "grid": "#d5d9df",
    "infeasible": "#8b929c",
    "certified": "#0072b2",
    "published": "#c44e00",
    "witness": "#a3327e",
    "line-3": "#00805c",
    "line-4": "#8a6d00",
    "line-5": "#3f9fd8",
    "line-6": "#6b7280",
}
# Formats, and the metadata that must be left out for a file to be the same every time.
METADATA: Final = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def legend(axes: Axes) -> None:
    """A legend above the axes, where it hides nothing, in the order of importance."""
    entries = sorted(zip(*axes.get_legend_handles_labels(), strict=True), key=lambda entry: _rank(entry[1]))
    figure: Any = axes.figure
    if entries:
        handles, labels = zip(*entries, strict=True)
        figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)


def _rank(label: str) -> int:
    order = ("certified form", "published form", "witness", "certified", "", "infeasible", "proved")
    return next((i for i, start in enumerate(order) if start and label.startswith(start)), order.index(""))


@contextmanager
def panel(text: str, prefix: str, drawn: list[str]) -> Iterator[Axes]:
    """Axes to draw on; when the block ends, their inline SVG is appended to `drawn`."""
    with style("none"):
        figure, axes = new_axes(4.8, 3.5)
        yield axes
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=METADATA[".svg"], transparent=True)
    drawn.append(_inline(buffer.getvalue(), prefix, text))


def _inline(svg: str, prefix: str, text: str) -> str:
    """An SVG document as an element of a page: no prologue or fixed size, ids of its own, colours that follow the page."""
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\sid="([^"]*)"', rf' id="{prefix}-\1"', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{prefix}-", svg)
    # The text was measured in DejaVu Sans, which is wide: what a reader's system has in its place fits.
    svg = re.sub(r"'DejaVu Sans'(?:, [^;\"]*)?", "system-ui, Helvetica, Arial, 'DejaVu Sans', sans-serif", svg)
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--plot-{name}, {colour})")
    head = re.match(r"<svg[^>]*>", svg)
    assert head is not None  # matplotlib wrote it
    box = re.search(r'viewBox="[^"]*"', head.group())
    assert box is not None
    start = f'<svg {box.group()} role="img" aria-labelledby="{prefix}-title" xmlns="http://www.w3.org/2000/svg"'
    start += ' xmlns:xlink="http://www.w3.org/1999/xlink">'
    return f'{start}\n<title id="{prefix}-title">{html.escape(text)}</title>{svg[head.end() :].rstrip()}'


@contextmanager
def style(text: str) -> Iterator[None]:
    """matplotlib's settings for one picture: reproducible ids, no mathematics read into labels, `text` as "path" or "none"."""
    try:
        import matplotlib
    except ImportError:
        raise InputError("matplotlib", "missing", "is needed to draw", 'run pip install "rdcsym[plot]"') from None
    ink = COLOURS["ink"]
    settings: Any = {
        "svg.hashsalt": "rdcsym",
        "svg.fonttype": text,
        "pdf.fonttype": 42,
        "text.parse_math": False,
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.labelsize": 9,
        "legend.fontsize": 8.5,
        "axes.grid": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": ink,
        "axes.labelcolor": ink,
        "text.color": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "grid.color": COLOURS["grid"],
        "grid.linewidth": 0.7,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.formatter.useoffset": False,
    }
    with matplotlib.rc_context(settings):
        yield


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that size in inches with one pair of axes, outside pyplot's global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def finite(values: Any) -> FloatArray:
    """Values for drawing: a pen-up (nan) wherever they are not finite."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array), array, np.nan)
