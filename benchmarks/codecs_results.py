"""What `codecs.py` collects of a campaign: its runs' operating points, seeds together, as JSON, CSV and a table."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from deep.compare import Group, Judged, grouped, read_run
from deep.config import with_defaults
from rdcsym.cli.compare_text import rate_shown, shown
from rdcsym.files import write_atomically
from rdcsym.problem import InputError

FORMAT: Final = "rdcsym benchmark of codecs 1"
AUTHORS: Final = (
    "published: the authors' own series, at nominal rates (latent variables times bits each), accuracy by the "
    "co-trained classifier. measured_elsewhere: their 32-bit model run again, with and without the seed shared."
)
PUBLISHED: Final[Mapping[str, tuple[Mapping[str, float], ...]]] = {
    "mnist-sr": (
        {"rate_nominal": 4.0, "distortion_input": 0.0334, "accuracy_cotrained": 0.544},
        {"rate_nominal": 8.0, "distortion_input": 0.0236, "accuracy_cotrained": 0.683},
        {"rate_nominal": 16.0, "distortion_input": 0.0144, "accuracy_cotrained": 0.762},
        {"rate_nominal": 32.0, "distortion_input": 0.0066, "accuracy_cotrained": 0.838},
    )
}
ELSEWHERE: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "mnist-sr": (
        {"rate_nominal": 32.0, "mode": "common", "distortion_input": 0.0068},
        {"rate_nominal": 32.0, "mode": "private", "distortion_input": 0.0125},
    )
}
COLUMNS: Final = {
    "rate_on_disk": "rate on disk",
    "distortion_input": "MSE to input",
    "distortion_clean": "MSE to clean",
    "accuracy_cotrained": "accuracy, co-trained",
    "accuracy_clean": "accuracy, apart",
    "classification_loss_upper": "H(S|Y), upper est.",
    "accuracy_features_held_out": "accuracy, features",
    "cross_entropy_features_held_out": "cross-entropy, features",
    "perception_w1": "W1, est.",
}
# Of a training's settings, those that a row has columns for, or that make no other experiment.
_APART: Final = ("task", "seed", "rate", "device", "threads", "log_every", "checkpoint_every", "compile", "amp")
_ORDER: Final = ("mode", "pairing", "lambda_c", "steps")
_KEPT: Final = (
    "run", "task", "mode", "pairing", "steps", "machine", "measured_on", "model", "test_images", "data", "dimensions",
    "config", "quantities", "missing", "notes",
)  # fmt: skip
_PIPE_WIDTH: Final = 220


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """The finished runs of a task. rows: what each run's file holds. groups: runs that differ in their seed only, together.

    varied: the settings that differ between runs, save rate and seed: they tell the lines of a figure apart.
    """

    task: str
    rows: tuple[dict[str, Any], ...]
    groups: tuple[Group, ...]
    varied: tuple[str, ...]


def campaign(task: str, folder: Path) -> Campaign:
    """What is finished below the folder. InputError where an operating point is damaged; those of other tasks are left out."""
    paths = sorted(folder.rglob("operating_point.json"))
    found = [(path, point) for path in paths if (point := read_run(path)).task == task]
    if len(found) < len(paths):
        print(f"{task}: {len(paths) - len(found)} operating points of other tasks are left out", file=sys.stderr)
    groups = sorted(grouped(Judged(point=point, verdict="unknown") for _, point in found), key=place)
    times = _seconds(folder)
    rows = [_row(json.loads(path.read_text(encoding="utf-8")), times.get(path.parent.name)) for path, _ in found]
    names = dict.fromkeys([*_ORDER, *(name for _, p in found for name in p.config)])
    told = [with_defaults(p.config) for _, p in found]
    values = {name: {json.dumps(each.get(name), sort_keys=True) for each in told} for name in names}
    varied = tuple(name for name in names if name not in _APART and len(values[name]) > 1)
    return Campaign(task=task, rows=tuple(rows), groups=tuple(groups), varied=varied)


def _row(found: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
    """A run as it is stored: nothing that names a place on this machine."""
    return {name: found[name] for name in _KEPT if name in found} | {"seconds": seconds}


def _seconds(folder: Path) -> dict[str, float | None]:
    """How long training and measuring took at the last attempt, by the run's name, where the sweep has noted it."""
    from deep.sweep import read_sweep

    try:
        return {name: row["seconds"] for name, row in read_sweep(folder).items()}
    except InputError:  # runs without a sweep are as good
        return {}


def place(group: Group) -> tuple[Any, ...]:
    """Where a setting stands in a table or a legend."""
    p = group.point
    return (p.mode, p.pairing != "unpaired", p.config.get("lambda_c", 0.0), p.rate.value)


def title(group: Group, varied: tuple[str, ...]) -> str:
    """What tells a line of a figure from the others."""
    config, words = group.point.config, []
    for name in varied or ("mode",):
        value = config.get(name, getattr(group.point, name, None))
        number = f"{value:g}" if isinstance(value, int | float) else str(value)
        names = {"common": "common randomness", "private": "private noise"}
        words.append(names.get(number, number) if name in ("mode", "pairing") else f"{name.replace('lambda_c', 'λc')} = {number}")
    return ", ".join(words)


def asked(group: Group) -> float | None:
    """The rate that the training was given as a target, bits an image."""
    rate = group.point.config.get("rate")
    return float(rate) if isinstance(rate, int | float) else None


def write(found: Campaign, folder: Path) -> list[Path]:
    """TASK.json (runs, seeds together, published numbers) and TASK.csv (a row a run)."""
    whole = {
        "format": FORMAT,
        "task": found.task,
        "runs": found.rows,
        "groups": [_group(g) for g in found.groups],
        "authors": {
            "what": AUTHORS,
            "published": PUBLISHED[found.task],
            "measured_elsewhere": ELSEWHERE[found.task],
        }
        if found.task in PUBLISHED
        else None,
    }
    text = json.dumps(whole, indent=1, allow_nan=False) + "\n"
    return [
        write_atomically(folder / f"{found.task}.json", text),
        write_atomically(folder / f"{found.task}.csv", table(found)),
    ]


def _group(group: Group) -> dict[str, Any]:
    point = group.point
    return {
        "mode": point.mode,
        "pairing": point.pairing,
        "rate_asked": asked(group),
        "lambda_c": point.config.get("lambda_c"),
        "steps": point.steps,
        "machine": point.machine,
        "runs": [m.point.name for m in group.members],
        "seeds": group.seeds,
        "error_bar": group.error_bar,
        "quantities": {name: asdict(q) for name, q in point.quantities.items()},
    }


def table(found: Campaign) -> str:
    """The runs as CSV: settings, then each quantity with the ends of its interval and its kind."""
    flat = []
    for row in found.rows:
        line = {name: value for name, value in row.items() if not isinstance(value, dict | list)}
        line |= {name: value for name, value in row["config"].items() if name not in line and not isinstance(value, dict)}
        for name, q in row["quantities"].items():
            line |= {name: q["value"], **{f"{name}_{end}": q[end] for end in ("low", "high", "kind")}}
        flat.append(line)
    names = list(dict.fromkeys(name for line in flat for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def print_table(found: Campaign) -> None:
    """A row a setting, each number with its error bar and what that is; then the machines, and the published numbers beside."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=_PIPE_WIDTH)
    made = Table(title=f"{found.task}: rates in bits an image", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = {name: words for name, words in COLUMNS.items() if any(name in g.point.quantities for g in found.groups)}
    for words in ("mode, pairing", "asked", "λc", "steps", "seeds", *names.values(), "error bars"):
        made.add_column(words, justify="left" if words in ("mode, pairing", "error bars") else "right")
    for g in found.groups:
        p = g.point
        error = "standard error over seeds" if g.seeds > 1 else "95 % over images" if p.distortion.low is not None else "none"
        target, weight = asked(g), p.config.get("lambda_c")
        start = [f"{p.mode}, {p.pairing}", *("-" if v is None else f"{v:g}" for v in (target, weight, p.steps)), str(g.seeds)]
        made.add_row(*start, *(shown(p.quantities.get(name)) for name in names), error)
    console.print(made)
    for machine in dict.fromkeys(g.point.machine for g in found.groups):
        console.print(f"machine: {machine}", soft_wrap=True, highlight=False)
    for line in beside_published(found):
        console.print(line, soft_wrap=True, highlight=False)


def beside_published(found: Campaign) -> list[str]:
    """A line for each setting that asks for a rate of the authors' series: ours at the real rate, theirs at the nominal one."""
    lines = []
    for theirs in PUBLISHED.get(found.task, ()):
        for g in found.groups:
            if asked(g) != theirs["rate_nominal"]:
                continue
            parts = [f"{title(g, found.varied)}: {rate_shown(g.point)} bits"]
            for name, words in (("distortion_input", "MSE to input"), ("accuracy_cotrained", "accuracy, co-trained")):
                if name in g.point.quantities:
                    parts.append(f"{words} {shown(g.point.quantities[name])} (published {theirs[name]:g})")
            lines.append(f"beside {theirs['rate_nominal']:g} nominal bits published: " + ", ".join(parts))
    return lines
