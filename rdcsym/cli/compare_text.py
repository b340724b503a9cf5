"""Measured numbers as text: as many digits as their error bar allows, and never without it where there is one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from deep.compare import Group, Point, Quantity

MISSING: Final = "-"
_DIGITS: Final = 4  # of a number without an error bar
_ERROR_DIGITS: Final = 2
_MOST_DIGITS: Final = 9
_NOTHING: Final = 1e-9  # relative: an error bar of rounding only
_LOPSIDED: Final = 0.3  # sides of an error bar that differ by more than this are both written
_RATE_WORDS: Final = {"rate_payload": "payload", "rate_cross_entropy": "estimate", "rate_nominal": "nominal"}


def shown(q: Quantity | None, missing: str = MISSING) -> str:
    """A quantity as "0.0236±0.0004", or as "0.0236 [0.0229, 0.0240]" where its error bar is lopsided or open."""
    if q is None:
        return missing
    if q.low is None and q.high is None:
        return plain(q.value, _DIGITS)
    down, up = (math.inf if end is None else abs(end - q.value) for end in (q.low, q.high))
    wider = max(d for d in (down, up) if math.isfinite(d))
    if wider <= _NOTHING * abs(q.value):
        return f"{plain(q.value, _DIGITS)}±0"
    places = _places(q.value, wider)
    if math.isfinite(down) and math.isfinite(up) and abs(down - up) <= _LOPSIDED * wider:
        return f"{_fixed(q.value, places)}±{_fixed(wider, places)}"
    low = "−∞" if q.low is None else _fixed(q.low, places)
    high = "∞" if q.high is None else _fixed(q.high, places)
    return f"{_fixed(q.value, places)} [{low}, {high}]"


def plain(value: float, digits: int = _DIGITS) -> str:
    """A number with that many significant digits; a real minus sign."""
    return f"{value:.{digits}g}".replace("-", "−").replace("inf", "∞")


def rate_shown(point: Point) -> str:
    """The rate that a point is placed by, and which rate it is where it is none on disk."""
    word = _RATE_WORDS.get(point.rate_name)
    return shown(point.rate) + (f" ({word})" if word else "")


def variant(point: Point) -> str:
    """What sets a point's training apart from its mode's usual one, to be written after the mode."""
    options = point.config.get("options")
    lattice = options.get("lattice") if isinstance(options, Mapping) else None
    said = ", supervised" if point.pairing == "supervised" and point.source.get("kind") == "images" else ""
    return said + (f", {lattice} dither" if isinstance(lattice, str) else "")


def accuracy_name(groups: tuple[Group, ...]) -> tuple[str, str]:
    """Which accuracy the rows share, as (quantity, words): the paper's own notion where any row has it."""
    from deep.compare.points import ACCURACIES

    words = ("co-trained classifier", "classifier of clean images", "held-out classifier")
    for name, said in zip(ACCURACIES, words, strict=True):
        if any(name in g.point.quantities for g in groups):
            return name, said
    return ACCURACIES[0], words[0]


def loss_name(groups: tuple[Group, ...]) -> str:
    """What the rows' classification losses are."""
    losses = [(g.point, g.point.loss) for g in groups if g.point.loss is not None]
    what = "H(S|Y)" if all(p.source.get("kind") == "images" for p, _ in losses) else "the classification loss"
    return f"upper estimate of {what}" if all(q.kind == "upper estimate" for _, q in losses) else "classification loss"


def _places(value: float, error: float) -> int:
    """Decimal places that show two digits of the error, within reason for a tiny one."""
    places = _ERROR_DIGITS - 1 - math.floor(math.log10(error))
    most = _MOST_DIGITS - 1 - (math.floor(math.log10(abs(value))) if value else 0)
    return max(0, min(places, most))


def _fixed(value: float, places: int) -> str:
    return f"{value:.{places}f}".replace("-", "−")
