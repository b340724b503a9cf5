"""`rdcsym curve`: draw a theorem's function along one parameter, or over two as a heat map; or write the numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np

from rdcsym import theorem
from rdcsym.cli.curves import shown as shown_value
from rdcsym.cli.curves import value_name
from rdcsym.cli.files import written_aside
from rdcsym.cli.grid_of_values import Values, csv_text, values_at
from rdcsym.cli.results import to_json
from rdcsym.form import Form, Parameter
from rdcsym.problem import InputError, nearest
from rdcsym.theorem import Theorem

_SAMPLES = 401
_GRID, _EACH = 241, 3  # points along each side of a heat map; the numbers are those of every third
_PICTURES = (".png", ".svg", ".pdf")
_SUFFIXES = (*_PICTURES, ".csv")


@click.command(
    epilog="Example: rdcsym curve drc-bernoulli-oneshot --x R --lines C=.4,.6 --set q_X=.3 --set q_Y=.4 --set q_S1=.1 --out d.png"
)
@click.argument("name")
@click.option("--x", "x_name", required=True, metavar="NAME", help="The parameter on the horizontal axis.")
@click.option("--y", "y_name", metavar="NAME", help="A second parameter, on the vertical axis: a heat map.")
@click.option("--lines", metavar="NAME=V,V,...", help="One line for each of these values.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=V", help="The value of another parameter (once for each); V,V,... a vector."
)
@click.option("--range", "range_", metavar="LOW,HIGH", help="The range of the horizontal axis.")
@click.option("--y-range", metavar="LOW,HIGH", help="The range of the vertical axis of a heat map.")
@click.option("--published", is_flag=True, help="Also the published form, dashed; a heat map shows it alone.")
@click.option(
    "--out",
    "outs",
    multiple=True,
    metavar="FILE.png",
    help="Where to draw: .png, .svg, .pdf; .csv for the numbers. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as one JSON object.")
def command(
    name: str,
    x_name: str,
    y_name: str | None,
    lines: str | None,
    settings: tuple[str, ...],
    range_: str | None,
    y_range: str | None,
    published: bool,
    outs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Draw the certified form of theorem NAME along --x, or over --x and --y; infeasible stretches are left blank, or hatched."""
    chosen = theorem(name)
    for out in outs:
        if Path(out).suffix.lower() not in _SUFFIXES:
            raise InputError("--out", out, "has no known picture format", f"end it in {', '.join(_SUFFIXES)}")
    if not outs and not as_json:
        raise InputError("--out", "missing", "nothing to do", "give --out FILE.png or --json")
    if published and chosen.published is None:
        raise InputError("--published", name, "has no published form that differs", "leave it out")
    axes = {"--x": _scalar(chosen, x_name, "--x")} | ({"--y": _scalar(chosen, y_name, "--y")} if y_name else {})
    fixed = _settings(chosen, settings)
    line_name, line_values = _lines(chosen, lines)
    for option, parameter in axes.items():
        _once(parameter.name, option, fixed)
    _once(line_name, "--lines", fixed)
    if line_name in {p.name for p in axes.values()}:
        raise InputError("--lines", str(line_name), "is also an axis", "choose another parameter")
    if y_name is None:
        if y_range is not None:
            raise InputError("--y-range", y_range, "belongs to a heat map", "give --y too")
        _curve(
            chosen,
            axes["--x"],
            (line_name, line_values),
            fixed,
            _range(axes["--x"], range_, chosen, "--range"),
            published,
            outs,
            as_json,
        )
        return
    if line_name is not None:
        raise InputError("--lines", str(lines), "is at odds with --y", "give one of them")
    if axes["--x"].name == axes["--y"].name:
        raise InputError("--y", y_name, "is also the horizontal axis", "choose another parameter")
    ranges = (_range(axes["--x"], range_, chosen, "--range"), _range(axes["--y"], y_range, chosen, "--y-range"))
    _map(chosen, (axes["--x"], axes["--y"]), ranges, fixed, published, outs, as_json)


def _curve(
    chosen: Theorem,
    x_parameter: Parameter,
    lines: tuple[str | None, list[float]],
    fixed: dict[str, Any],
    range_: tuple[float, float],
    published: bool,
    outs: tuple[str, ...],
    as_json: bool,
) -> None:
    x, line_name = np.linspace(*range_, _SAMPLES), lines[0]
    axes, drawn, rows = {x_parameter.name: x}, [], []
    for value in lines[1]:
        given = {**fixed, **({line_name: value} if line_name else {})}
        found = values_at(chosen.certified, given, axes)
        rows.append((chosen.certified, "certified", given, axes, found))
        dashed = None
        if published and chosen.published:
            dashed = values_at(chosen.published, given, axes)
            rows.append((chosen.published, "published", given, axes, dashed))
        label = f"{line_name} = {value:g}" if line_name else chosen.name
        drawn.append((label, found.value, None if dashed is None else dashed.value))
    for out in outs:
        if Path(out).suffix.lower() == ".csv":
            _write(csv_text(rows), out)
        else:
            from rdcsym.cli.plots import plot_lines

            plot_lines(x, drawn, _label(x_parameter), value_name(chosen.problem), _title(chosen, fixed), Path(out))
    if as_json:
        shown = [
            {"label": la, "certified": to_json(y.tolist()), "published": p if p is None else to_json(p.tolist())}
            for la, y, p in drawn
        ]
        click.echo(_json(chosen, fixed, {"x": x_parameter.name, "values": x.tolist(), "lines": shown}))
    else:
        click.echo("\n".join(outs))


def _map(
    chosen: Theorem,
    parameters: tuple[Parameter, Parameter],
    ranges: tuple[tuple[float, float], tuple[float, float]],
    fixed: dict[str, Any],
    published: bool,
    outs: tuple[str, ...],
    as_json: bool,
) -> None:
    form = chosen.published if published and chosen.published is not None else chosen.certified
    x, y = (np.linspace(*r, _GRID) for r in ranges)
    across, up = np.meshgrid(x, y)
    axes = {parameters[0].name: across, parameters[1].name: up}
    found: Values = values_at(form, fixed, axes)
    title = _title(chosen, fixed) + (" (published form)" if published else "")
    labels = (_label(parameters[0]), _label(parameters[1]), value_name(chosen.problem))
    names = [_named(form, i) for i in range(len(form.regimes))]
    every = (slice(None, None, _EACH), slice(None, None, _EACH))
    few = Values(value=found.value[every], regime=found.regime[every])
    for out in outs:
        if Path(out).suffix.lower() == ".csv":
            sparse = {n: a[every] for n, a in axes.items()}
            _write(csv_text([(form, "published" if published else "certified", fixed, sparse, few)]), out)
        else:
            from rdcsym.cli.heatmap import plot_map

            plot_map(x, y, found, names, labels, title, Path(out))
    if as_json:
        sides = {"x": parameters[0].name, "values": x[::_EACH].tolist(), "y": parameters[1].name, "y_values": y[::_EACH].tolist()}
        click.echo(
            _json(
                chosen, fixed, {**sides, "value": to_json(few.value.tolist()), "form": "published" if published else "certified"}
            )
        )
    else:
        click.echo("\n".join(outs))


def _named(form: Form, index: int) -> str:
    regime = form.regimes[index]
    kind = regime.kind or form.kind
    return regime.name + ("" if kind == "tight" else f" ({kind} bound)")


def _json(chosen: Theorem, fixed: Mapping[str, Any], numbers: dict[str, Any]) -> str:
    plain = {n: v.tolist() if isinstance(v, np.ndarray) else v for n, v in fixed.items()}
    return json.dumps({"theorem": chosen.name, "fixed": plain, **numbers})


def _write(text: str, out: str) -> None:
    with written_aside(Path(out)) as aside:
        aside.write_text(text, encoding="utf-8")


def _label(parameter: Parameter) -> str:
    return f"{parameter.meaning}, {parameter.name}" + (f" ({parameter.unit})" if parameter.unit else "")


def _title(chosen: Theorem, fixed: Mapping[str, Any]) -> str:
    values = {n: shown_value(v) for n, v in fixed.items()}
    return ": ".join(
        filter(None, [chosen.name, ", ".join(f"{n} = {v if isinstance(v, str) else f'{v:g}'}" for n, v in values.items())])
    )


def _parameter(chosen: Theorem, name: str, option: str) -> Parameter:
    known = {p.name: p for p in chosen.parameters}
    if name not in known:
        raise InputError(option, name, f"is no parameter of {chosen.name}", nearest(name, known))
    return known[name]


def _scalar(chosen: Theorem, name: str, option: str) -> Parameter:
    parameter = _parameter(chosen, name, option)
    if parameter.vector:
        raise InputError(option, name, "is a vector, which no axis is", f"choose another parameter, and give {name} with --set")
    return parameter


def _once(name: str | None, option: str, fixed: Mapping[str, Any]) -> None:
    if name is not None and name in fixed:
        raise InputError("--set", f"{name}={shown_value(fixed[name])}", f"is at odds with {option} {name}", "give it once")


def _settings(chosen: Theorem, settings: tuple[str, ...]) -> dict[str, Any]:
    fixed: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError("--set", text, "is no assignment", "write NAME=VALUE")
        if name in fixed:
            raise InputError("--set", text, f"gives {name} a second value", "give it once")
        parameter = _parameter(chosen, name, "--set")
        if parameter.vector:
            fixed[name] = np.array([_number(f"--set {name}", v) for v in value.split(",")])
        elif "," in value:
            raise InputError(
                "--set", text, f"{name} is one number, no vector", f"write {name}=VALUE, or use --lines {name}=V,V,..."
            )
        else:
            fixed[name] = _number(f"--set {name}", value)
    return fixed


def _lines(chosen: Theorem, text: str | None) -> tuple[str | None, list[float]]:
    if text is None:
        return None, [math.nan]
    name, equals, values = text.partition("=")
    if not equals:
        raise InputError("--lines", text, "is no list of values", "write NAME=V,V,...")
    return _scalar(chosen, name, "--lines").name, [_number(f"--lines {name}", v) for v in values.split(",")]


def _number(option: str, text: str) -> float:
    try:
        return float(Fraction(text)) if "/" in text else float(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(option, text or "empty", "is no number", "give a number such as .4 or 2/5") from None


def _range(parameter: Parameter, text: str | None, chosen: Theorem, option: str) -> tuple[float, float]:
    """The given range, or that of the theorem's own example, or the parameter's domain."""
    if text is not None:
        if text.count(",") != 1:
            raise InputError(option, text, "is no range", "write LOW,HIGH")
        parts = [_number(option, t) for t in text.split(",")]
        if not parts[0] < parts[1] or not all(map(math.isfinite, parts)):
            raise InputError(option, text, "is no finite range", "write LOW,HIGH with LOW below HIGH, both finite")
        return parts[0], parts[1]
    for example in chosen.examples:
        if example.x == parameter.symbol:
            return example.low, example.high
    low, high = max(parameter.low, -1.0), min(parameter.high, 2.0)
    return low, high
