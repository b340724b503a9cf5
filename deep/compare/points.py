"""Operating points as they are read: what a run measured, with its errors, checked field by field.

`operating_point.json` is written by another program run, perhaps on another machine by another version, so nothing in it is
taken on trust: a value that is missing, not finite or impossible is one InputError that names the file and the field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rdcsym.problem import InputError

FILE: Final = "operating_point.json"
FORMAT: Final = "rdcsym operating point 1"
KINDS: Final = ("measured", "estimate", "upper estimate", "bound", "nominal")
SOURCES: Final = ("images", "gauss-vector", "gaussian", "bernoulli-block")
RATES: Final = ("rate_on_disk", "rate_payload", "rate_cross_entropy", "rate_nominal")
"""Notions of rate, the one that a file really has first."""
DISTORTION: Final = "distortion_input"
LOSSES: Final = ("classification_loss", "classification_loss_upper")
"""The label's loss where the source gives it exactly, and its upper estimate by a held-out classifier."""
ACCURACIES: Final = ("accuracy_cotrained", "accuracy_clean", "accuracy_held_out")
_NOT_NEGATIVE: Final = ("rate_", "distortion_", "accuracy_", "cross_entropy_", "fano_error", "classification_loss_upper")
_AT_MOST_ONE: Final = ("accuracy_", "fano_error")
_SHOWN: Final = 60
_FIX: Final = "measure the run again"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number with its 95 % confidence interval (None where none makes sense), its unit, and what kind of number it is."""

    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    kind: str = "measured"
    what: str = ""

    @property
    def least(self) -> float:
        """The low end of the interval, or the value where there is none."""
        return self.value if self.low is None else self.low

    @property
    def most(self) -> float:
        """The high end of the interval, or the value where there is none."""
        return self.value if self.high is None else self.high


@dataclass(frozen=True, kw_only=True)
class Point:
    """One codec at one setting. Rates in bits an image (or block), distortion as mean squared error a dimension.

    source: what the limits know the source by ({"kind": ...}). config: the training's settings, empty where they are not known.
    missing: quantities that could not be measured, and why. published: a number taken from a publication, not measured here.
    folder: of the run, None for a row of a CSV.
    """

    name: str
    task: str
    mode: str
    dimensions: int | None
    source: Mapping[str, Any]
    quantities: Mapping[str, Quantity]
    pairing: str = ""
    steps: int | None = None
    machine: str = ""
    test_images: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    published: bool = False
    folder: Path | None = None

    @property
    def rate_name(self) -> str:
        """Which notion of rate the point is placed by: bytes on disk where they are known."""
        return next(name for name in RATES if name in self.quantities)

    @property
    def rate(self) -> Quantity:
        return self.quantities[self.rate_name]

    @property
    def distortion(self) -> Quantity:
        return self.quantities[DISTORTION]

    @property
    def loss(self) -> Quantity | None:
        """Classification loss in bits, or None: exact where the source gives it, else an upper estimate."""
        return next((self.quantities[name] for name in LOSSES if name in self.quantities), None)


def read_run(folder: str | Path) -> Point:
    """The operating point that a run's folder holds (or the file itself). InputError naming file and field."""
    path = Path(folder)
    path = path if path.suffix == ".json" else path / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = "is not there" if path.parent.is_dir() else "lies in no folder"
        raise InputError("RUN", _end(path), problem, "name a finished run's folder; `rdcsym train` writes one") from None
    except OSError as error:
        raise InputError("RUN", _end(path), f"cannot be read ({error.strerror})", "check its permissions") from None
    except (ValueError, RecursionError):  # also text that is no UTF-8
        raise InputError("RUN", _end(path), "is truncated or no JSON", _FIX) from None
    return point_from_json(found, path)


def point_from_json(found: Any, path: Path) -> Point:
    """The point that the JSON value `found` of file `path` describes; InputError naming file and field."""
    if not isinstance(found, dict):
        raise InputError("RUN", _end(path), "holds no operating point", _FIX)
    if found.get("format") != FORMAT:
        raise _bad(path, "format", found.get("format"), f'is not "{FORMAT}"', "measure the run with this version of rdcsym")
    listed = found.get("quantities")
    if not isinstance(listed, dict):
        raise _bad(path, "quantities", listed, "is no table of quantities")
    quantities = {name: _quantity(path, name, value) for name, value in listed.items()}
    if not any(name in quantities for name in RATES):
        raise _bad(path, "quantities", ", ".join(quantities), f"has no rate ({', '.join(RATES)})")
    if DISTORTION not in quantities:
        raise _bad(path, "quantities", ", ".join(quantities), f"has no {DISTORTION}")
    config = found.get("config", {})
    if not isinstance(config, dict):
        raise _bad(path, "config", config, "is no table of settings")
    missing = found.get("missing", {})
    if not isinstance(missing, dict):
        raise _bad(path, "missing", missing, "is no table of reasons")
    return Point(
        name=_text(path, "run", found.get("run", path.parent.name)),
        task=_text(path, "task", found.get("task")),
        mode=_text(path, "mode", found.get("mode")),
        dimensions=_whole(path, "dimensions", found.get("dimensions")),
        source=checked_source(found.get("source"), f"{path}: source"),
        quantities=quantities,
        pairing=_text(path, "pairing", found.get("pairing", "")),
        steps=_whole(path, "steps", found.get("steps"), 0),
        machine=_machines(path, found),
        test_images=_whole(path, "test_images", found["test_images"]) if "test_images" in found else None,
        config=config,
        missing={str(name): str(why) for name, why in missing.items()},
        folder=path.parent,
    )


def _machines(path: Path, found: Mapping[str, Any]) -> str:
    """Where the codec was trained and, where that is another machine, where it was measured."""
    trained, measured = (_text(path, name, found.get(name, "")) for name in ("machine", "measured_on"))
    return trained if measured in ("", trained) else f"trained on {trained or 'an unknown machine'}, measured on {measured}"


def checked_source(found: Any, where: str) -> Mapping[str, Any]:
    """A source's description, its numbers finite; InputError naming `where`. The limits check each kind's own parameters."""
    if not isinstance(found, dict) or found.get("kind") not in SOURCES:
        kind = found.get("kind") if isinstance(found, dict) else found
        raise InputError(where, kind, "is no known source", f'give {{"kind": ...}}, one of {", ".join(SOURCES)}')
    for name, value in found.items():
        for number in value if isinstance(value, list) else [value]:
            if name != "kind" and not isinstance(number, str) and not is_number(number):
                raise InputError(f"{where}.{name}", number, "is no finite number", "give finite numbers")
    return found


def check_quantity(name: str, quantity: Quantity, where: str) -> Quantity:
    """The quantity, or an InputError naming `where`: values that no measurement can give, intervals that miss their value."""
    for end, value in (("value", quantity.value), ("low", quantity.low), ("high", quantity.high)):
        if value is None:
            continue
        # An interval's end may overshoot what is possible (a normal approximation does); a value may not.
        if end == "value" and name.startswith(_NOT_NEGATIVE) and value < 0:
            raise InputError(f"{where}.{end}", value, "must not be negative", _FIX)
        if end == "value" and name.startswith(_AT_MOST_ONE) and value > 1:
            raise InputError(f"{where}.{end}", value, "must be at most 1", _FIX)
    slack = 1e-9 * max(1.0, abs(quantity.value))
    if quantity.least > quantity.value + slack or quantity.most < quantity.value - slack:
        shown = f"[{quantity.low}, {quantity.high}]"
        raise InputError(f"{where}.low, high", shown, f"does not hold the value {quantity.value:g}", _FIX)
    return quantity


def _end(path: Path) -> str:
    """A path as an error shows it: of a long one its end, which tells runs apart."""
    text = str(path)
    return text if len(text) <= _SHOWN else f"...{text[3 - _SHOWN :]}"


def _quantity(path: Path, name: str, found: Any) -> Quantity:
    where = f"{path}: quantities.{name}"
    if not isinstance(found, dict) or "value" not in found:
        raise InputError(where, found, "has no value", _FIX)
    for end in ("value", "low", "high"):
        value = found.get(end)
        if not (is_number(value) or (value is None and end != "value")):
            raise InputError(f"{where}.{end}", value, "is no finite number", _FIX)
    if found.get("kind", "measured") not in KINDS:
        raise InputError(f"{where}.kind", found["kind"], "is unknown", f"one of {', '.join(KINDS)}")
    texts = {key: _text(path, f"quantities.{name}.{key}", found.get(key, "")) for key in ("unit", "what")}
    made = Quantity(
        value=found["value"], low=found.get("low"), high=found.get("high"), kind=found.get("kind", "measured"), **texts
    )
    return check_quantity(name, made, where)


def is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number (true and false are none)."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float can hold
        return False


def _text(path: Path, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _bad(path, name, value, "is no text")
    return value


def _whole(path: Path, name: str, value: Any, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise _bad(path, name, value, f"is no whole number of at least {least}")
    return value


def _bad(path: Path, name: str, value: Any, problem: str, fix: str = _FIX) -> InputError:
    return InputError(f"{path}: {name}", "missing" if value is None else value, problem, fix)
