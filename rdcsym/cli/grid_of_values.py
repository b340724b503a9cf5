"""The numbers behind `rdcsym curve`: a form along one parameter or over two, as arrays and as CSV rows."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rdcsym.form import Form
from rdcsym.operating_points import Points, valid
from rdcsym.problem import FloatArray, InputError

OUTSIDE = "outside the domain"


@dataclass(frozen=True, kw_only=True)
class Values:
    """A form at points: its value (nan outside its domain), and the index of the regime that decides (-1 outside), one shape."""

    value: FloatArray
    regime: NDArray[np.int64]


def values_at(form: Form, given: Mapping[str, Any], axes: Mapping[str, FloatArray]) -> Values:
    """The form where `axes` (arrays of one shape) vary and the rest is `given`; nan where that leaves the form's domain.

    Raises InputError for an unknown, missing or bad parameter, and where no point lies in the domain.
    """
    missing = [p.name for p in form.parameters if p.name not in given and p.name not in axes and p.default is None]
    if missing:
        raise InputError("--set", "missing", f"{missing[0]} has no value", f"add --set {missing[0]}=VALUE")
    form.evaluate(**given, **{n: x.ravel()[:0] for n, x in axes.items()})  # names an unknown or bad parameter
    first = next(iter(axes.values()))
    defaults = {p.name: p.default for p in form.parameters if p.default is not None}
    points = {n: _repeated(v, first.size) for n, v in {**defaults, **given}.items()} | {n: x.ravel() for n, x in axes.items()}
    points["#"] = np.arange(first.size, dtype=np.float64)
    inside: Points = valid(form, points)
    index = inside.pop("#").astype(int)
    if not index.size:
        form.evaluate(
            **given, **{n: x.ravel()[:1] for n, x in axes.items()}
        )  # says what is wrong, where it is not the range itself
        name, x = next(iter(axes.items()))
        raise InputError(name, f"{x.min():g} to {x.max():g}", "lies outside the domain of the form", "choose another --range")
    value, regime = np.full(first.size, math.nan), np.full(first.size, -1)
    value[index] = form.evaluate(**inside)
    names = {r.name: i for i, r in enumerate(form.regimes)}
    regime[index] = [names.get(n, -1) for n in form.regime(**inside)]
    return Values(value=value.reshape(first.shape), regime=regime.reshape(first.shape))


def _repeated(value: Any, count: int) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    return np.broadcast_to(array, (count, *array.shape))


def csv_text(rows: Iterable[tuple[Form, str, Mapping[str, Any], Mapping[str, FloatArray], Values]]) -> str:
    """The numbers as CSV: all parameters (a vector's entries apart by blanks), the value, the regime, its kind and which form.

    Each row of `rows` is a form, the word for it ("certified", "published"), the fixed parameters, the axes and the values.
    """
    shown = io.StringIO()
    writer = csv.writer(shown, lineterminator="\n")
    header: Sequence[str] = ()
    for form, which, given, axes, values in rows:
        names = [p.name for p in form.parameters]
        if not header:
            header = [*names, "value", "regime", "kind", "form"]
            writer.writerow(header)
        defaults = {p.name: p.default for p in form.parameters if p.default is not None}
        fixed = {n: _text(v) for n, v in {**defaults, **given}.items()}
        flat = {n: x.ravel() for n, x in axes.items()}
        for i, (value, index) in enumerate(zip(values.value.ravel(), values.regime.ravel(), strict=True)):
            regime = form.regimes[index] if index >= 0 else None
            at = [repr(float(flat[n][i])) if n in flat else fixed[n] for n in names]
            name, kind = (OUTSIDE, "") if regime is None else (regime.name, regime.kind or form.kind)
            writer.writerow([*at, repr(float(value)), name, kind, which])
    return shown.getvalue()


def _text(value: Any) -> str:
    return " ".join(repr(float(v)) for v in np.ravel(value))
