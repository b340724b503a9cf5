"""A person's own operating points, or a publication's, as a CSV file; and the same format written.

    # units: rate=bits, distortion=mse, classification_loss=bits
    # dimensions: 784
    name,task,mode,kind,rate,rate_kind,distortion,distortion_low,distortion_high,accuracy
    authors 8 bits,mnist-sr,common,published,8,nominal,0.0236,,,0.683

Needed are `rate` and `distortion`; everything else may be missing. A cell may be empty. Lines that begin with # are comments,
but for the two above.

rate                 a whole image's or block's, in bits, nats, bytes or (with dimensions) bits/dimension
rate_kind            "measured" (bytes that were written; the default), "estimate" (a cross-entropy) or "nominal" (log2 of levels)
distortion           to the codec's input: mse (the mean over dimensions, grey values in [0, 1]; the default), mse255 (grey values
                     in 0 .. 255) or sum (summed over dimensions)
classification_loss  H(S|Y), or h(S|Y) of a Gaussian label, in bits or nats: summed over a block's labels, each given Y alone
                     (not the seed)
accuracy             of the classifier that was trained along with the codec
NAME_low, NAME_high  a 95 % confidence interval of NAME; without it the number is taken as exact
name, task, mode, steps, machine, dimensions    of the row; mode is common, private, deterministic or a word of your own
kind                 "measured" (the default) or "published"; a published point is drawn as such

Any quantity of an `operating_point.json` (accuracy_clean, rate_payload, ...) may be a column too, in that file's units.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.compare.points import DISTORTION, Point, Quantity, check_quantity
from rdcsym.problem import NATS_PER_BIT, InputError, nearest

RATE_KINDS: Final = {"measured": "rate_on_disk", "estimate": "rate_cross_entropy", "nominal": "rate_nominal"}
UNITS: Final = {
    "rate": ("bits", "nats", "bytes", "bits/dimension"),
    "distortion": ("mse", "mse255", "sum"),
    "classification_loss": ("bits", "nats"),
}
QUANTITIES: Final = (
    "rate_on_disk", "rate_payload", "rate_cross_entropy", "rate_nominal", "distortion_input", "distortion_clean",
    "accuracy_cotrained", "accuracy_clean", "accuracy_held_out", "cross_entropy_cotrained", "cross_entropy_clean",
    "accuracy_features", "accuracy_features_held_out", "cross_entropy_features", "cross_entropy_features_held_out",
    "classification_loss_upper", "fano_error", "perception_w1",
)  # fmt: skip
_WORDS: Final = ("name", "task", "mode", "kind", "rate_kind", "machine", "dimensions", "steps")
_NUMBERS: Final = ("rate", "distortion", "accuracy", "classification_loss")
_KIND_OF: Final = {"nominal": "nominal", "estimate": "estimate", "measured": "measured"}
_GREY: Final = 255.0
_FIX: Final = "see `rdcsym compare --help`"


def read_csv(
    path: str | Path, *, units: str = "", source: Mapping[str, Any] | None = None, task: str | None = None
) -> list[Point]:
    """The points of a CSV file (columns: see this module's text). InputError naming file, line and column.

    units: "rate=bits, distortion=mse", stronger than the file's own comment. source: of the rows, {"kind": ...}; without it no
    limit is known. task: of rows that name none (else the file's stem).
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError("--csv", str(path), f"cannot be read ({error.strerror})", "name a CSV file") from None
    except UnicodeDecodeError:
        raise InputError("--csv", str(path), "is no UTF-8 text", "save it as a CSV file in UTF-8") from None
    lines = [(i, line) for i, line in enumerate(text.splitlines(), start=1) if line.strip()]
    notes = [line.lstrip("# ").partition(":") for _, line in lines if line.startswith("#")]
    said = {key.strip().lower(): value for key, _, value in notes}
    named = _units(said.get("units", ""), str(path)) | _units(units, "--units")
    table = [(i, line) for i, line in lines if not line.startswith("#")]
    if not table:
        raise InputError("--csv", str(path), "has no header line", "begin with name,rate,distortion")
    rows = [[cell.strip() for cell in row] for row in csv.reader([line for _, line in table], skipinitialspace=True)]
    if len(rows) != len(table):
        raise InputError("--csv", str(path), "has a quoted cell of several lines", "write one row a line")
    header = _header(rows[0], path)
    base = {"dimensions": said.get("dimensions", "").strip(), "task": task or path.stem}
    return [_point(header, row, f"{path} line {i}", named, source, base) for (i, _), row in zip(table[1:], rows[1:], strict=True)]


def write_csv(points: Iterable[Point]) -> str:
    """The points as text that `read_csv` reads back."""
    points = list(points)
    names = [n for n in (*QUANTITIES, "classification_loss") if any(n in p.quantities for p in points)]
    columns = [column for n in names for column in (n, f"{n}_low", f"{n}_high")]
    out = io.StringIO()
    out.write("# units: rate=bits, distortion=mse, classification_loss=bits\n")
    out.write("# one row an operating point; NAME_low and NAME_high are a 95 % confidence interval of NAME\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "task", "mode", "kind", "dimensions", "steps", "machine", *columns])
    for p in points:
        cells: list[object] = []
        for name in names:
            q = p.quantities.get(name)
            cells += ["", "", ""] if q is None else ["" if v is None else repr(float(v)) for v in (q.value, q.low, q.high)]
        kind = "published" if p.published else "measured"
        known = [p.dimensions if p.dimensions else "", "" if p.steps is None else p.steps, p.machine]
        writer.writerow([p.name, p.task, p.mode, kind, *known, *cells])
    return out.getvalue()


def _units(text: str, where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, sign, unit = (t.strip().lower() for t in part.partition("="))
        unit = unit.removesuffix("/image").removesuffix("/block")
        if not sign or name not in UNITS:
            raise InputError(where, part, "names no unit", "write rate=bits, distortion=mse, classification_loss=bits")
        if unit not in UNITS[name]:
            raise InputError(where, part, f"is no unit of {name} that is known", nearest(unit, UNITS[name]))
        found[name] = unit
    return found


def _header(cells: list[str], path: Path) -> list[str]:
    numbers = (*_NUMBERS, *QUANTITIES)
    known = [*_WORDS, *numbers, *(f"{n}_{end}" for n in numbers for end in ("low", "high"))]
    for cell in cells:
        if cell not in known:
            raise InputError(f"{path} header", cell or "empty", "is no column that is known", nearest(cell, known))
        if cells.count(cell) > 1:
            raise InputError(f"{path} header", cell, "stands twice", "give each column once")
    for needed, others in (("rate", tuple(RATE_KINDS.values())), ("distortion", (DISTORTION,))):
        if not {needed, *others} & set(cells):
            raise InputError(f"{path} header", ",".join(cells), f"has no column {needed}", f"add {needed}")
    return cells


def _point(
    header: list[str],
    row: list[str],
    where: str,
    units: Mapping[str, str],
    source: Mapping[str, Any] | None,
    base: Mapping[str, str],
) -> Point:
    if len(row) != len(header):
        raise InputError(
            where, ",".join(row), f"has {len(row)} cells under {len(header)} columns", "give every row the same cells"
        )
    cells = {**{k: v for k, v in base.items() if v}, **{k: v for k, v in zip(header, row, strict=True) if v}}
    numbers = {k: _number(v, f"{where}: {k}") for k, v in cells.items() if k not in _WORDS}
    whole = {k: _whole(cells[k], f"{where}: {k}", least) for k, least in (("dimensions", 1), ("steps", 0)) if k in cells}
    kind, rate_kind = cells.get("kind", "measured"), cells.get("rate_kind", "measured")
    if kind not in ("measured", "published"):
        raise InputError(f"{where}: kind", kind, "is unknown", "write measured or published")
    if rate_kind not in RATE_KINDS:
        raise InputError(f"{where}: rate_kind", rate_kind, "is unknown", f"write {', '.join(RATE_KINDS)}")
    known = _dimensions(source)
    dimensions = whole.get("dimensions") or known
    if known is not None and dimensions != known:
        raise InputError(f"{where}: dimensions", dimensions, f"contradicts the source, which has {known}", f"write {known}")
    plan = {
        "rate": (RATE_KINDS[rate_kind], _KIND_OF[rate_kind]),
        "distortion": (DISTORTION, "measured"),
        "accuracy": ("accuracy_cotrained", "measured"),
        "classification_loss": _loss_name(source),
        **{n: (n, "nominal" if n == "rate_nominal" else "measured") for n in QUANTITIES},
    }
    quantities: dict[str, Quantity] = {}
    for column, (name, sort) in plan.items():
        if column not in numbers:
            continue
        if name in quantities:
            raise InputError(f"{where}: {column}", cells[column], f"gives {name} a second value", "give it once")
        factor, unit = _factor(column, units.get(column, ""), dimensions, where)
        value, low, high = (None if v is None else v * factor for v in (numbers[column], *_ends(numbers, column)))
        assert value is not None
        made = Quantity(value=value, low=low, high=high, unit=unit, kind=sort, what="from a CSV file")
        quantities[name] = check_quantity(name, made, f"{where}: {column}")
    if DISTORTION not in quantities or not set(quantities) & set(RATE_KINDS.values()) | ({"rate_payload"} & set(quantities)):
        raise InputError(where, ",".join(row), "has an empty rate or distortion", "fill it, or remove the row")
    return Point(
        name=cells.get("name", where.rpartition(" ")[2]),
        task=cells["task"],
        mode=cells.get("mode", "published" if kind == "published" else "other"),
        dimensions=dimensions,
        source=source or {"kind": "images"},
        quantities=quantities,
        steps=whole.get("steps"),
        machine=cells.get("machine", ""),
        published=kind == "published",
    )


def _dimensions(source: Mapping[str, Any] | None) -> int | None:
    """As many as the source has: its components, or the bits of a block."""
    found = source or {}
    sizes = {"gaussian": 1, "bernoulli-block": found.get("block", 1), "gauss-vector": np.size(found.get("sigma_X", 1.0))}
    size = sizes.get(str(found.get("kind")))
    return size if isinstance(size, int) else None


def _loss_name(source: Mapping[str, Any] | None) -> tuple[str, str]:
    """A loss without a word about it is a classifier's, an upper estimate; of a Gaussian label it is taken as it is."""
    gaussian = source is not None and str(source.get("kind")).startswith("gauss")
    return ("classification_loss", "measured") if gaussian else ("classification_loss_upper", "upper estimate")


def _ends(numbers: Mapping[str, float], column: str) -> tuple[float | None, float | None]:
    return numbers.get(f"{column}_low"), numbers.get(f"{column}_high")


def _factor(column: str, unit: str, dimensions: int | None, where: str) -> tuple[float, str]:
    """What a cell is multiplied with, and the unit that it then has."""
    if unit in ("bits/dimension", "sum") and dimensions is None:
        raise InputError(where, f"{column} in {unit}", "needs the number of dimensions", "add a comment line # dimensions: N")
    scale = dimensions or 1
    factors = {"nats": 1 / NATS_PER_BIT, "bytes": 8.0, "bits/dimension": scale, "mse255": _GREY**-2, "sum": 1 / scale}
    final = {"rate": "bits/image", "distortion": "MSE/dimension", "classification_loss": "bits"}
    own = "bits/image" if column.startswith("rate") else "MSE/dimension" if column.startswith("distortion") else ""
    return float(factors.get(unit, 1.0)), final.get(column, own)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(where, text, "is no finite number", "write a number such as 0.5, or leave the cell empty")
    return value


def _whole(text: str, where: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise InputError(where, text, f"is no whole number of at least {least}", "write a whole number")
    return int(text)
