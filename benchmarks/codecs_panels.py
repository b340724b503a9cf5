"""The panels of a figure of `codecs.py`: one quantity against the real rate, or distortion against a label's loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from codecs_results import ELSEWHERE, PUBLISHED, Campaign, asked, place, title

from deep.compare import Group, Quantity
from rdcsym.cli.compare_plots import error_bars
from rdcsym.cli.drawing import COLOURS

HUES: Final = [COLOURS[name] for name in ("certified", "published", "line-3", "witness", "line-4", "line-5", "line-6")]
MARKERS: Final = {"common": "o", "private": "s", "deterministic": "^"}
DASHED: Final = (0, (4, 2))
DOTTED: Final = (0, (1, 2))
HOLLOW: Final[dict[str, Any]] = {"markerfacecolor": "none", "linestyle": "", "markersize": 7}
RATE: Final = "rate on disk (bits an image)"
FEATURES: Final = "cross_entropy_features_held_out"

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


def distortion(axes: Any, found: Campaign) -> None:
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


def clean(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "distortion_clean", line[0])
    axes.set(title="Distortion to the clean image", ylabel="mean squared error a pixel, grey values in [0, 1]")
    _log_rates(axes, found)


def loss(axes: Any, found: Campaign) -> None:
    for line in lines(found):
        _curve(axes, line, "classification_loss_upper", line[0])
    axes.set(title="Classification loss", ylabel="H(S|Y), upper estimate by a held-out classifier (bits)")
    _log_rates(axes, found)


def accuracy(axes: Any, found: Campaign) -> None:
    _two_curves(axes, found, {"accuracy_cotrained": "co-trained", "accuracy_clean": "trained apart"})
    _published(axes, found.task, "accuracy_cotrained")
    _reference(axes, found, "accuracy_clean_on_clean", "clean images, classifier trained apart")
    axes.set(title="Accuracy, co-trained classifier (dotted: trained apart)", ylabel="share of test images")


def by_features(axes: Any, found: Campaign) -> None:
    """Accuracy of the linear classifiers of features: trained on outputs and, dotted, on clean images."""
    _two_curves(axes, found, {"accuracy_features_held_out": "trained on outputs", "accuracy_features": "on clean images"})
    _reference(axes, found, "accuracy_features_on_clean", "clean images, classifier trained on them")
    axes.set(title="Accuracy by SqueezeNet's features (dotted: trained on clean images)", ylabel="share of test images")


def perception(axes: Any, found: Campaign) -> None:
    _two_curves(axes, found, {"perception_w1": "outputs", "perception_w1_input": "inputs, same critics"}, marker="")
    axes.set(title="Perception (dotted: the inputs)", ylabel="W1 to the clean images, estimate by each run's critic")
    axes.axhline(0, color=COLOURS["line-6"], linewidth=0.8)


def _two_curves(axes: Any, found: Campaign, words: Mapping[str, str], **dotted: Any) -> None:
    """Two quantities of every line, the second dotted, and named apart where there are few lines."""
    (first, of_first), (second, of_second) = words.items()
    few = len(lines(found)) < 3
    for line in lines(found):
        _curve(axes, line, first, f"{line[0]}: {of_first}")
        look = {"linestyle": DOTTED, "markersize": 3.5, "alpha": 0.75, **dotted}
        _curve(axes, line, second, f"{line[0]}: {of_second}" if few else None, **look)
    _log_rates(axes, found)


def _reference(axes: Any, found: Campaign, name: str, words: str) -> None:
    """A grey line at what the classifier makes of clean images."""
    clean = [q.value for g in found.groups if (q := g.point.quantities.get(name)) is not None]
    if clean:
        grey = COLOURS["line-6"]
        axes.axhline(max(clean), color=grey, linewidth=0.9)
        place_ = {"xycoords": axes.get_yaxis_transform(), "xytext": (0, -8), "textcoords": "offset points"}
        axes.annotate(words, (0.01, max(clean)), **place_, fontsize=7, color=grey)


def trade(axes: Any, found: Campaign) -> None:
    """Distortion over the classification loss; settings that asked for one rate are joined."""
    _traded(axes, found, lambda g: g.point.loss)
    axes.set(title="Distortion over classification loss at each rate asked for", ylabel="mean squared error to the input")
    axes.set_xlabel("H(S|Y), upper estimate by a held-out classifier (bits)")


def trade_by_features(axes: Any, found: Campaign) -> None:
    _traded(axes, found, lambda g: g.point.quantities.get(FEATURES))
    axes.set(title="Distortion over cross-entropy by SqueezeNet's features", ylabel="mean squared error to the input")
    axes.set_xlabel("cross-entropy, classifier of features trained on outputs (bits)")


def _traded(axes: Any, found: Campaign, loss_of: Callable[[Group], Quantity | None]) -> None:
    joined: dict[tuple[Any, ...], list[tuple[Group, Quantity]]] = {}
    for name, groups, shape in lines(found):
        there = [(g, loss) for g in groups if (loss := loss_of(g)) is not None]
        _cross(axes, [loss for _, loss in there], [g.point.distortion for g, _ in there], name, shape)
        for g, loss in there:
            joined.setdefault((asked(g), g.point.mode, g.point.pairing), []).append((g, loss))
    for (rate, _, pairing), own in joined.items():
        at = [(loss.value, g.point.distortion.value) for g, loss in own]
        far = max((loss.most, g.point.distortion.value) for g, loss in own)
        axes.plot(*zip(*at, strict=True), color=COLOURS["line-6"], linewidth=0.9, zorder=1)
        if rate is not None and (len(joined) < 7 or pairing == "unpaired"):
            axes.annotate(f"{rate:g} bits", far, (5, 0), textcoords="offset points", fontsize=7.5, va="center")
    axes.margins(x=0.15)


def _cross(axes: Any, across: Sequence[Quantity], up: Sequence[Quantity], label: str, shape: dict[str, Any]) -> None:
    look = {"markersize": 5, "elinewidth": 1.1, "capsize": 2.5, **shape, "linestyle": ""}
    bars = {"xerr": error_bars(across), "yerr": error_bars(up)}
    axes.errorbar([q.value for q in across], [q.value for q in up], label=label, **bars, **look)
