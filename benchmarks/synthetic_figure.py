"""The figure of `synthetic.py`: theory against experiment on the synthetic tasks, from the stored rows."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.limits import limit
from rdcsym.files import write_atomically

COLOURS: Final = {"scalar": "#0072b2", "e8": "#d55e00", "block": "#009e73"}
MARKERS: Final = {"scalar": "o", "e8": "s"}
NAMES: Final = {"scalar": "learned gains, scalar dither", "e8": "learned gains, E8 dither"}
HIGH_RATE: Final = {"scalar": 0.2546, "e8": 0.1456}  # bits: 1/2 log2(2 pi e G), the loss of either lattice at high rate
LIMIT: Final = {"color": "black", "lw": 1.2}


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Four panels into a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8.2), layout="constrained", dpi=110)
    axes = figure.subplots(2, 2)
    eight = [r for r in rows if r["task"] == "gauss-vector" and r["dimensions"] == 8]
    plain = [r for r in eight if not r["lambda_c"]]
    _distortion_against_rate(axes[0, 0], plain)
    _distance(axes[0, 1], [r for r in rows if r["task"] == "gauss-vector" and not r["lambda_c"]])
    _label(axes[1, 0], eight)
    _blocks(axes[1, 1], [r for r in rows if r["task"] == "bernoulli-block"])
    for axis in axes.flat:
        axis.grid(alpha=0.3)
        # The second panel's legend stands above its zero line.
        axis.legend(fontsize=8, **({"loc": "lower right", "bbox_to_anchor": (1.0, 0.08)} if axis is axes[0, 1] else {}))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_atomically(path, buffer.getvalue())


def _distortion_against_rate(axis: Any, rows: list[dict[str, Any]]) -> None:
    n, source = rows[0]["dimensions"], rows[0]["source"]
    rates = np.linspace(0.0, 1.05 * max(r["rate_on_disk"]["value"] for r in rows), 200)
    axis.plot(rates / n, [_lower(source, rate) for rate in rates], label="certified limit, output law given", **LIMIT)
    for lattice in ("scalar", "e8"):
        _points(axis, [r for r in rows if r["lattice"] == lattice], "distortion_input", n, lattice)
    axis.set(yscale="log", xlabel="rate on disk, bits a dimension", ylabel="squared error a dimension")
    axis.set_title("Gaussian vector, 8 dimensions", fontsize=10)


def _distance(axis: Any, rows: list[dict[str, Any]]) -> None:
    for lattice in ("scalar", "e8"):
        own = [r for r in rows if r["lattice"] == lattice]
        for n, filled in ((8, COLOURS[lattice]), (24, "white")):
            some = [r for r in own if r["dimensions"] == n]
            x, (y, bars) = [r["rate_on_disk"]["value"] / n for r in some], _bars(some, "distance_bits_per_dimension")
            style = {"fmt": MARKERS[lattice], "color": COLOURS[lattice], "mfc": filled, "ms": 5, "capsize": 2}
            axis.errorbar(x, y, bars, label=f"{NAMES[lattice]}, {n} dimensions", **style)
        axis.axhline(HIGH_RATE[lattice], color=COLOURS[lattice], ls="--", lw=0.8)
    axis.axhline(0, **LIMIT, label="certified limit")
    axis.set(xlabel="rate on disk, bits a dimension", ylabel="bits a dimension above the limit", ylim=(-0.02, 0.29))
    axis.set_title("Distance from the limit; dashed: the lattice's loss at high rate", fontsize=10)


def _label(axis: Any, rows: list[dict[str, Any]]) -> None:
    """Distortion against classification loss at one rate: what the label's weight buys."""
    rate = 8.0
    near = [r for r in rows if r["lambda_c"]]
    source = near[0]["source"]
    losses = np.linspace(*_span([r["classification_loss"]["value"] for r in near]), 400)
    limits = np.array([_lower(source, rate, loss) for loss in losses])
    axis.plot(losses[limits < np.inf], limits[limits < np.inf], label=f"certified limit at {rate:g} bits a vector", **LIMIT)
    for lattice in ("scalar", "e8"):
        own = [r for r in near if r["lattice"] == lattice]
        (x, across), (y, up) = _bars(own, "classification_loss"), _bars(own, "distortion_input")
        fmt = {"fmt": MARKERS[lattice], "color": COLOURS[lattice], "ms": 5, "capsize": 2}
        axis.errorbar(x, y, up, across, label=NAMES[lattice], **fmt)
        for found, at, height in zip(own, x, y, strict=True):
            text = rf"$\lambda_c$ = {found['lambda_c']:g}"
            axis.annotate(text, (at, height), textcoords="offset points", xytext=(6, 4), fontsize=7)
    axis.set(xlabel=r"classification loss: upper estimate of $\sum_i h(S_i|Y_i)$, bits", ylabel="squared error a dimension")
    real = [r["rate_on_disk"]["value"] for r in near]
    axis.set_title(f"Distortion against label at {rate:g} bits (points: {min(real):.2f} to {max(real):.2f} on disk)", fontsize=10)


def _blocks(axis: Any, rows: list[dict[str, Any]]) -> None:
    n, source = rows[0]["dimensions"], rows[0]["source"]
    rates = np.linspace(0.0, n, 120)
    axis.plot(rates / n, [_lower(source, rate) for rate in rates], label="certified limit", **LIMIT)
    axis.plot([0, 1], [0.5, 0], color="grey", ls=":", label="time sharing: copy some bits")
    y, bars = _bars(rows, "distortion_input")
    x = [r["rate_on_disk"]["value"] / n for r in rows]
    axis.errorbar(x, y, bars, fmt="D", color=COLOURS["block"], ms=4, capsize=2, label=f"learned codes, blocks of {n}")
    for found, at, height in zip(rows, x, y, strict=True):
        text = f"+{found['distance_bits_per_dimension']['value']:.2f}"
        axis.annotate(text, (at, height), textcoords="offset points", xytext=(5, 4), fontsize=7)
    axis.set(xlabel="rate on disk, bits a symbol", ylabel="share of wrong symbols", ylim=(0, 0.5), xlim=(0, 1))
    axis.set_title("Binary blocks; at each point its distance in bits a symbol", fontsize=10)


def _points(axis: Any, rows: list[dict[str, Any]], name: str, n: int, lattice: str) -> None:
    y, bars = _bars(rows, name)
    x = [r["rate_on_disk"]["value"] / n for r in rows]
    style = {"fmt": MARKERS[lattice], "color": COLOURS[lattice], "ms": 5, "capsize": 2}
    axis.errorbar(x, y, bars, label=NAMES[lattice], **style)


def _bars(rows: list[dict[str, Any]], name: str) -> tuple[list[float], np.ndarray]:
    """Values, and what reaches below and above them (2, N)."""
    found = [r[name] for r in rows]
    values = [q["value"] for q in found]
    return values, np.array([[v - q["low"] for v, q in zip(values, found, strict=True)], [q["high"] - q["value"] for q in found]])


def _span(values: Iterable[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return low - 0.6 * (high - low) - 0.1, high + 0.25 * (high - low) + 0.1


def _lower(source: dict[str, Any], rate: float, loss: float | None = None) -> float:
    found = limit(source, rate=float(rate), classification=None if loss is None else float(loss))
    assert found is not None
    return found.lower
