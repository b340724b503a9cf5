"""A form as torch source: float64, batched, differentiable in every parameter; no branch sees a point that it is not for.

A regime's expression is evaluated at that regime's points alone (by indexing), so that an undefined branch can put no NaN into a
gradient. The gradient is that of the regime which decides; where the value is inf it is 0.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from rdcsym.evaluate import Root
from rdcsym.export.plan import (
    TOLERANCE,
    conditions,
    header,
    helpers,
    identifier,
    names,
    needed,
    number,
    parameters,
    plain,
    unknown,
)
from rdcsym.export.torch_helpers import HELPERS
from rdcsym.form import Definition, Form

_TORCH = {"log": "torch.log", "exp": "torch.exp", "Abs": "torch.abs", "atanh": "torch.atanh", "tanh": "torch.tanh"}


class _Printer(PythonCodePrinter):
    """SymPy's printer; constants as numbers, functions as torch's or as helpers (`used`)."""

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True})
        self.used: set[str] = set()

    def text(self, expression: Any) -> str:
        return str(self._print(plain(expression)))

    def helper(self, name: str) -> str:
        self.used.add(name)
        return f"_{name}"

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, sp.Expr) and not expr.free_symbols and not expr.is_Integer:
            if expr in (sp.oo, -sp.oo):
                return "math.inf" if expr == sp.oo else "-math.inf"
            return f"({int(expr.p)}/{int(expr.q)})" if expr.is_Rational else number(float(expr))
        return str(super()._print(expr, **kwargs))

    def _print_Pow(self, expr: Any, **kwargs: Any) -> str:
        if abs(expr.exp) == sp.Rational(1, 2):
            root = f"torch.sqrt({self._print(expr.base)})"
            return root if expr.exp > 0 else f"(1/{root})"
        if expr.base.is_Number:
            return (
                f"torch.exp2({self._print(expr.exp)})"
                if expr.base == 2
                else f"torch.exp({float(sp.log(expr.base))!r}*({self._print(expr.exp)}))"
            )
        return str(super()._print_Pow(expr, **kwargs))

    def _print_Function(self, expr: Any) -> str:
        name = type(expr).__name__
        shown = ", ".join(self._print(a) for a in expr.args)
        if name in _TORCH:
            return f"{_TORCH[name]}({shown})"
        if name not in HELPERS:
            raise unknown(expr, "torch")
        return f"{self.helper(name)}({shown})"

    _print_Abs = _print_log = _print_exp = _print_atanh = _print_tanh = _print_LambertW = _print_Function

    def _print_Min(self, expr: Any) -> str:
        return f"{self.helper('least')}({', '.join(self._print(a) for a in expr.args)})"

    def _print_Max(self, expr: Any) -> str:
        return f"{self.helper('largest')}({', '.join(self._print(a) for a in expr.args)})"


def to_torch(form: Form, name: str = "value") -> str:
    """The form as a Python module that needs torch alone: `name(parameters)` broadcasts to a float64 tensor with a gradient.

    Raises InputError for a form with vectors, or with a function that has no torch source.
    """
    printer, arguments = _Printer(), parameters(form)
    taken = ", ".join(arguments)
    body = [f"def _regime({taken}):", '    """The index of the regime that decides at each point."""']
    body += _definitions(form, conditions(form), printer, arguments[0])
    body += [f"    chosen = torch.full({arguments[0]}.shape, -1, device={arguments[0]}.device)"]
    for i, regime in enumerate(form.regimes):
        condition = _condition(regime.condition, regime.sudden, regime.unit, printer)
        body.append(f"    chosen[(chosen < 0) & {condition}] = {i}  # {regime.name}")
    body += ["    return chosen", "", ""]
    for i, regime in enumerate(form.regimes):
        body += [
            f"def _value_{i}({taken}):",
            f'    """{regime.name}"""',
            *_definitions(form, [regime.value], printer, arguments[0]),
        ]
        body += [f"    return {_value(regime.value, printer)} + 0.0 * {arguments[0]}.detach().clamp(-1, 1)", "", ""]
    order = sorted(form.parameters, key=lambda p: p.default is not None)
    shown = {float("inf"): "math.inf"}
    signature = ", ".join(
        identifier(p.name) + ("" if p.default is None else f"={shown.get(p.default, repr(float(p.default)))}") for p in order
    )
    values = ", ".join(f"_value_{i}" for i in range(len(form.regimes)))
    body += [
        f"def {name}({signature}):", '    """' + "\n    ".join(header(form, "Differentiable.")), '    """',
        f"    given = [torch.as_tensor(x, dtype=torch.float64) for x in ({taken},)]",
        "    device = max((x.device for x in given), key=lambda d: d.type != 'cpu')",
        "    flat = torch.broadcast_tensors(*(x.to(device) for x in given))",
        "    shape, flat = flat[0].shape, [x.reshape(-1) for x in flat]",
        "    with torch.no_grad():", "        chosen = _regime(*flat)",
        "    result = math.inf + sum(0.0 * torch.where(torch.isfinite(x), x, 0.0) for x in flat)  # a gradient of 0",
        f"    for i, value in enumerate(({values},)):",
        "        at = torch.nonzero(chosen == i, as_tuple=True)",
        "        if at[0].numel():", "            result = result.index_put(at, value(*(x[at] for x in flat)))",
        "    return result.reshape(shape)",
    ]  # fmt: skip
    top = ['"""' + f"{form.value} as torch source, made by rdcsym.", '"""', "", "import math", "", "import torch", "", ""]
    return "\n".join([*top, *(text + "\n\n" for text in helpers(HELPERS, printer.used)), *body]) + "\n"


def _definitions(form: Form, expressions: list[Any], printer: _Printer, first: str) -> list[str]:
    return [f"    {identifier(d.symbol.name)} = {_define(d, printer, first)}" for d in needed(form, expressions)]


def _define(definition: Definition, printer: _Printer, first: str) -> str:
    value = definition.value
    if isinstance(value, Root):
        slope, variable = sp.diff(value.equation, value.variable), identifier(value.variable.name)
        functions = [f"lambda {variable}: {printer.text(e)}" for e in (value.equation, slope)]
        ends = [f"{printer.text(e)} + 0.0 * {first}.detach().clamp(-1, 1)" for e in (value.low, value.high)]
        return f"{printer.helper('root')}({', '.join([*functions, *ends])})"
    if isinstance(sp.sympify(value), sp.Piecewise):
        return _value(value, printer)
    constant = not sp.sympify(value).free_symbols
    return _value(value, printer) + (f" + 0.0 * {first}.detach().clamp(-1, 1)" if constant else "")


def _value(expression: Any, printer: _Printer) -> str:
    """An expression; a Piecewise at its top with each branch at its own points."""
    expression = sp.sympify(expression)
    if not isinstance(expression, sp.Piecewise):
        return printer.text(expression)
    arguments = ", ".join(sorted(identifier(n) for n in names(expression)))
    cases = ", ".join(
        f"(lambda {arguments}: {_condition(c, False, 1, printer)}, lambda {arguments}: {printer.text(v)})"
        for v, c in expression.args
    )
    return f"{printer.helper('piecewise')}(({arguments},), {cases})"


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
