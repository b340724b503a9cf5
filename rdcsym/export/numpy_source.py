"""A form as NumPy source: vectorised, without warnings, without cancellation where the formula's text would cancel."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from rdcsym.evaluate import Root
from rdcsym.export.numpy_helpers import HELPERS
from rdcsym.export.plan import TOLERANCE, conditions, header, helpers, identifier, needed, number, parameters, plain, unknown
from rdcsym.form import Definition, Form


class _Printer(NumPyPrinter):
    """SymPy's printer, with the project's functions as helpers; `used` collects those."""

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True})
        self.used: set[str] = set()

    def text(self, expression: Any) -> str:
        return str(self.doprint(plain(expression))).replace("numpy.", "np.")

    def helper(self, name: str) -> str:
        self.used.add(name)
        return f"_{name}"

    def _print_Function(self, expr: Any) -> str:
        name = type(expr).__name__
        if name not in HELPERS:
            raise unknown(expr, "NumPy")
        return f"{self.helper(name)}({', '.join(str(self._print(a)) for a in expr.args)})"

    def _print_Min(self, expr: Any) -> str:
        return self._folded("minimum", expr.args)

    def _print_Max(self, expr: Any) -> str:
        return self._folded("maximum", expr.args)

    def _folded(self, name: str, args: Any) -> str:
        shown = str(self._print(args[0]))
        for arg in args[1:]:
            shown = f"numpy.{name}({shown}, {self._print(arg)})"
        return shown

    def _print_LambertW(self, expr: Any) -> str:
        raise unknown(expr, "NumPy")


def to_numpy(form: Form, name: str = "value") -> str:
    """The form as a Python module that needs NumPy alone: `name(parameters)` broadcasts, and returns a float64 or an array.

    Raises InputError for a form with vectors, or with a function that has no NumPy source.
    """
    printer, arguments = _Printer(), parameters(form)
    taken = ", ".join(arguments)
    body = [f"def _regime({taken}):", '    """The index of the regime that decides at each point."""']
    body += _definitions(form, conditions(form), printer)
    body += ["    chosen = np.full(np.shape(" + arguments[0] + "), -1)"]
    for i, regime in enumerate(form.regimes):
        condition = _condition(regime.condition, regime.sudden, regime.unit, printer)
        body.append(f"    chosen = np.where((chosen < 0) & {condition}, {i}, chosen)  # {regime.name}")
    body += ["    return chosen", "", ""]
    for i, regime in enumerate(form.regimes):
        body += [f"def _value_{i}({taken}):", f'    """{regime.name}"""', *_definitions(form, [regime.value], printer)]
        body += [f"    return {_value(regime.value, printer)}", "", ""]
    signature = ", ".join(
        identifier(p.name) + (f"={_default(p.default)}" if p.default is not None else "") for p in _ordered(form)
    )
    values = ", ".join(f"_value_{i}" for i in range(len(form.regimes)))
    body += [
        f"def {name}({signature}):", '    """' + "\n    ".join(header(form, "")).strip(), '    """',
        f"    flat = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in ({taken},)))",
        "    shape, flat = flat[0].shape, [x.ravel() for x in flat]",
        '    with np.errstate(all="ignore"):  # a definition may be undefined where no regime reads it',
        "        chosen, result = _regime(*flat), np.full(flat[0].shape, np.inf)",
        f"        for i, value in enumerate(({values},)):",
        "            mask = chosen == i", "            if mask.any():",
        "                result[mask] = value(*(x[mask] for x in flat))",
        "    return (result + 0.0).reshape(shape)[()]",
    ]  # fmt: skip
    top = ['"""' + f"{form.value} as NumPy source, made by rdcsym.", '"""', "", "import numpy as np", "", ""]
    return "\n".join([*top, *(text + "\n\n" for text in helpers(HELPERS, printer.used)), *body]) + "\n"


def _ordered(form: Form) -> list[Any]:
    """The parameters, those with a default last."""
    return sorted(form.parameters, key=lambda p: p.default is not None)


def _default(value: float) -> str:
    return "np.inf" if value == float("inf") else number(value)


def _definitions(form: Form, expressions: list[Any], printer: _Printer) -> list[str]:
    return [f"    {identifier(d.symbol.name)} = {_define(d, printer)}" for d in needed(form, expressions)]


def _define(definition: Definition, printer: _Printer) -> str:
    value = definition.value
    if not isinstance(value, Root):
        return _value(value, printer)
    slope = sp.diff(value.equation, value.variable)
    variable = identifier(value.variable.name)
    functions = [f"lambda {variable}: {printer.text(e)}" for e in (value.equation, slope)]
    return f"{printer.helper('root')}({', '.join(functions)}, {printer.text(value.low)}, {printer.text(value.high)})"


def _value(expression: Any, printer: _Printer) -> str:
    """An expression; a Piecewise at its top as a selection."""
    expression = sp.sympify(expression)
    if not isinstance(expression, sp.Piecewise):
        return printer.text(expression)
    *cases, (last, _) = expression.args
    shown = printer.text(last)
    for value, condition in reversed(cases):
        shown = f"np.where({_condition(condition, False, 1, printer)}, {printer.text(value)}, {shown})"
    return shown


def _condition(condition: Any, sudden: bool, unit: Any, printer: _Printer) -> str:
    condition = sp.sympify(condition)
    if condition in (sp.true, sp.false):
        return str(bool(condition))
    if isinstance(condition, sp.And | sp.Or):
        joint = " & " if isinstance(condition, sp.And) else " | "
        return "(" + joint.join(_condition(c, sudden, unit, printer) for c in condition.args) + ")"
    if isinstance(condition, sp.Eq | sp.Ne):
        sign = "==" if isinstance(condition, sp.Eq) else "!="
        return f"({printer.text(condition.lhs)} {sign} {printer.text(condition.rhs)})"
    small, large = printer.text(condition.lts), printer.text(condition.gts)
    if sudden:
        small = f"{printer.helper('beyond')}({small}, {printer.text(unit)}, {TOLERANCE})"
    return f"({small} {'<' if isinstance(condition, sp.Lt | sp.Gt) else '<='} {large})"
