"""The points of a sweep: every combination of the values of some settings, each with a folder's name that says which."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deep.config import TrainConfig
from deep.settings import settings
from rdcsym.problem import InputError

MOST_POINTS = 10_000  # more are a slip of the hand


@dataclass(frozen=True)
class Point:
    """One training. name: of its folder, such as "rate=4,seed=1". settings: those that vary, by name."""

    name: str
    settings: Mapping[str, Any]
    config: TrainConfig


def grid_points(task: str | None, over: Sequence[str], file: str | Path | None = None, flags: Iterable[str] = ()) -> list[Point]:
    """The points of `over` ("rate=4,8", "seed=0,1", ...), the last one varying fastest; file and flags as in `settings`.

    Raises InputError for a setting or a value that is wrong, before anything is trained.
    """
    flags = list(flags)
    axes = dict(_axis(text) for text in over)
    if len(axes) < len(over):
        raise InputError("--over", over[-1], "names a setting again", "give all its values in one list")
    for flag in flags:
        if flag.partition("=")[0].strip() in axes:
            raise InputError("--set", flag, "is varied by --over too", "leave one of them out")
    points: dict[str, Point] = {}
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MOST_POINTS:
        raise InputError("--over", f"{count} points", f"are more than {MOST_POINTS}", "give fewer values")
    for chosen in itertools.product(*axes.values()):
        assigned = [f"{name}={value}" for name, value in zip(axes, chosen, strict=True)]
        config = settings(task, "", file, [*flags, *assigned])
        typed = {name: _value(config, name) for name in axes}
        point = Point(",".join(f"{name}={_shown(value)}" for name, value in typed.items()), typed, config)
        if point.name in points:
            raise InputError("--over", point.name, "is given twice", "give each value once")
        points[point.name] = point
    return list(points.values())


def _axis(text: str) -> tuple[str, list[str]]:
    name, sign, values = (part.strip() for part in text.partition("="))
    listed = [value.strip() for value in values.split(",")]
    if not sign or not name or not all(listed):
        raise InputError("--over", text, "is no list of values", "write NAME=VALUE,VALUE,..., for instance rate=4,8,16")
    if name == "task":
        raise InputError("--over", text, "varies the task", "make a sweep for each task")
    return name, listed


def _value(config: TrainConfig, name: str) -> Any:
    """The value that a setting came to, after its type: "8" and "8.0" are one rate."""
    table, dot, option = name.partition(".")
    return config.options[option] if dot and table == "options" else getattr(config, name)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    text = "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return re.sub(r"[^\w.+-]+", "_", text)
