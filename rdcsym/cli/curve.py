"""`rdcsym curve`: draw a theorem's function along one parameter, a line for each value of another."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np

from rdcsym import theorem
from rdcsym.cli.curves import value_name
from rdcsym.cli.results import to_json
from rdcsym.form import Form, Parameter
from rdcsym.operating_points import valid
from rdcsym.problem import InputError, nearest
from rdcsym.theorem import Theorem

_SAMPLES = 401
_SUFFIXES = (".png", ".svg", ".pdf")


@click.command(
    epilog="Example: rdcsym curve drc-bernoulli-oneshot --x R --lines C=.4,.6 --set q_X=.3 --set q_Y=.4 --set q_S1=.1 --out d.png"
)
@click.argument("name")
@click.option("--x", "x_name", required=True, metavar="NAME", help="The parameter on the horizontal axis.")
@click.option("--lines", metavar="NAME=V,V,...", help="One line for each of these values.")
@click.option("--set", "settings", multiple=True, metavar="NAME=V", help="The value of another parameter (once for each).")
@click.option("--range", "range_", metavar="LOW,HIGH", help="The range of the horizontal axis.")
@click.option("--published", is_flag=True, help="Also the published form, dashed.")
@click.option("--out", metavar="FILE.png", help="Where to draw: .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as one JSON object.")
def command(
    name: str,
    x_name: str,
    lines: str | None,
    settings: tuple[str, ...],
    range_: str | None,
    published: bool,
    out: str | None,
    as_json: bool,
) -> None:
    """Draw the certified form of theorem NAME along --x; infeasible stretches are left blank."""
    chosen = theorem(name)
    if out is not None and Path(out).suffix not in _SUFFIXES:
        raise InputError("--out", out, "has no known picture format", f"end it in {', '.join(_SUFFIXES)}")
    if out is None and not as_json:
        raise InputError("--out", "missing", "nothing to do", "give --out FILE.png or --json")
    if published and chosen.published is None:
        raise InputError("--published", name, "has no published form that differs", "leave it out")
    x_parameter = _parameter(chosen, x_name, "--x")
    fixed = _settings(chosen, settings)
    line_name, line_values = _lines(chosen, lines)
    for taken, option in ((x_parameter.name, "--x"), (line_name, "--lines")):
        if taken in fixed:
            raise InputError("--set", f"{taken}={fixed[taken]:g}", f"is at odds with {option} {taken}", "give it once")
    if line_name == x_parameter.name:
        raise InputError("--lines", line_name, "is also the horizontal axis", "choose another parameter")
    x = np.linspace(*_range(x_parameter, range_, chosen, fixed), _SAMPLES)
    drawn: list[tuple[str, Any, Any]] = []
    for value in line_values:
        given = {**fixed, **({line_name: value} if line_name else {})}
        shown = _along(chosen.certified, x_parameter.name, x, given)
        dashed = _along(chosen.published, x_parameter.name, x, given) if published and chosen.published else None
        drawn.append((f"{line_name} = {value:g}" if line_name else chosen.name, shown, dashed))
    if out is not None:
        from rdcsym.cli.plots import plot_lines

        label = f"{x_parameter.meaning}, {x_parameter.name}" + (f" ({x_parameter.unit})" if x_parameter.unit else "")
        title = ": ".join(filter(None, [chosen.name, ", ".join(f"{n} = {v:g}" for n, v in fixed.items())]))
        plot_lines(x, drawn, label, value_name(chosen.problem), title, Path(out))
    if as_json:
        rows = [
            {"label": la, "certified": to_json(y.tolist()), "published": p if p is None else to_json(p.tolist())}
            for la, y, p in drawn
        ]
        click.echo(
            json.dumps({"theorem": chosen.name, "x": x_parameter.name, "values": x.tolist(), "fixed": fixed, "lines": rows})
        )
    else:
        click.echo(out)


def _along(form: Form, name: str, x: Any, given: dict[str, float]) -> Any:
    """The form along x, nan where x leaves the form's domain, so that one bad end does not spoil the curve."""
    missing = [p.name for p in form.parameters if p.name not in given and p.name != name and p.default is None]
    if missing:
        raise InputError("--set", "missing", f"{missing[0]} has no value", f"add --set {missing[0]}=VALUE")
    form.evaluate(**given, **{name: x[:0]})  # names an unknown or bad parameter
    defaults = {p.name: p.default for p in form.parameters if p.default is not None}
    points = {n: np.broadcast_to(np.asarray(v, dtype=float), x.shape) for n, v in {**defaults, **given, name: x}.items()}
    points["#"] = np.arange(x.size, dtype=float)
    inside = valid(form, points)
    index = inside.pop("#").astype(int)
    if not index.size:
        form.evaluate(**given, **{name: x[:1]})  # says what is wrong with the point, where it is not x itself
        raise InputError(name, f"{x[0]:g} to {x[-1]:g}", "lies outside the domain of the form", "choose another --range")
    y = np.full(x.shape, math.nan)
    y[index] = form.evaluate(**inside)
    return y


def _parameter(chosen: Theorem, name: str, option: str) -> Parameter:
    known = {p.name: p for p in chosen.parameters}
    if name not in known:
        raise InputError(option, name, f"is no parameter of {chosen.name}", nearest(name, known))
    return known[name]


def _settings(chosen: Theorem, settings: tuple[str, ...]) -> dict[str, float]:
    fixed: dict[str, float] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError("--set", text, "is no assignment", "write NAME=VALUE")
        if name in fixed:
            raise InputError("--set", text, f"gives {name} a second value", "give it once")
        fixed[_parameter(chosen, name, "--set").name] = _number(f"--set {name}", value)
    return fixed


def _lines(chosen: Theorem, text: str | None) -> tuple[str | None, list[float]]:
    if text is None:
        return None, [math.nan]
    name, equals, values = text.partition("=")
    if not equals:
        raise InputError("--lines", text, "is no list of values", "write NAME=V,V,...")
    return _parameter(chosen, name, "--lines").name, [_number(f"--lines {name}", v) for v in values.split(",")]


def _number(option: str, text: str) -> float:
    try:
        return float(Fraction(text)) if "/" in text else float(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(option, text or "empty", "is no number", "give a number such as .4 or 2/5") from None


def _range(parameter: Parameter, text: str | None, chosen: Theorem, fixed: dict[str, float]) -> tuple[float, float]:
    """The given range, or that of the theorem's own example, or the parameter's domain."""
    if text is not None:
        if text.count(",") != 1:
            raise InputError("--range", text, "is no range", "write LOW,HIGH")
        parts = [_number("--range", t) for t in text.split(",")]
        if not parts[0] < parts[1] or not all(map(math.isfinite, parts)):
            raise InputError("--range", text, "is no finite range", "write LOW,HIGH with LOW below HIGH, both finite")
        return parts[0], parts[1]
    for example in chosen.examples:
        if example.x == parameter.symbol:
            return example.low, example.high
    low, high = max(parameter.low, -1.0), min(parameter.high, 2.0)
    return low, high
