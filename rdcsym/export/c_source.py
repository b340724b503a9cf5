"""A form as C99 source: one public function of doubles, no dependency but <math.h>."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.c import C99CodePrinter

from rdcsym.evaluate import Root
from rdcsym.export.c_helpers import HELPERS
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
from rdcsym.form import Definition, Form


class _Printer(C99CodePrinter):
    """SymPy's printer; constants as numbers, the project's functions as helpers (`used`), roots as functions (`roots`)."""

    def __init__(self) -> None:
        super().__init__({"human": False})
        self.used: set[str] = set()
        self.roots: list[str] = []

    def text(self, expression: Any) -> str:
        return str(self._print(plain(expression)))

    def helper(self, name: str) -> str:
        self.used.add(name)
        return f"{name}_"

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, sp.Expr) and not expr.free_symbols:
            if expr.is_Integer:
                return f"{int(expr)}.0"
            if expr in (sp.oo, -sp.oo):
                return "INFINITY" if expr == sp.oo else "-INFINITY"
            if expr.is_Rational:
                return f"({int(expr.p)}.0/{int(expr.q)}.0)"
            return number(float(expr))
        return str(super()._print(expr, **kwargs))

    def _print_Pow(self, expr: Any) -> str:
        base, exponent = expr.as_base_exp()
        if exponent in (2, -2):
            square = f"{self.helper('square')}({self._print(base)})"
            return square if exponent == 2 else f"(1.0/{square})"
        return str(super()._print_Pow(expr))

    def _print_Function(self, expr: Any) -> str:
        name = type(expr).__name__
        if name in HELPERS:
            return f"{self.helper(name)}({', '.join(self._print(a) for a in expr.args)})"
        if name in self.known_functions:
            return str(super()._print_Function(expr))
        raise unknown(expr, "C")


def to_c(form: Form, name: str = "value") -> str:
    """The form as a C99 file without `main`: `double name(double, ...)`, parameters in the form's order, all of them given.

    Raises InputError for a form with vectors, or with a function that has no C source.
    """
    printer, arguments = _Printer(), parameters(form)
    taken, given = ", ".join(f"double {a}" for a in arguments), ", ".join(arguments)
    body = [
        f"static int {name}_regime({taken})",
        "{",
        *_definitions(form, conditions(form), printer, name),
        *_silent(form, conditions(form)),
    ]
    for i, regime in enumerate(form.regimes):
        body.append(
            f"    if ({_condition(regime.condition, regime.sudden, regime.unit, printer)}) return {i}; /* {regime.name} */"
        )
    body += ["    return -1;", "}", ""]
    for i, regime in enumerate(form.regimes):
        body += [f"/* {regime.name} */", f"static double {name}_{i}({taken})", "{"]
        body += [*_definitions(form, [regime.value], printer, name), *_silent(form, [regime.value])]
        body += [f"    return {_value(regime.value, printer)};", "}", ""]
    words = "\n".join(
        f" * {line}" for line in header(form, "Made by rdcsym; C99, needs <math.h> alone (link with -lm; not with -ffast-math).")
    )
    body += [f"/* {words.strip(' *')}", " */", f"double {name}({taken})", "{", f"    switch ({name}_regime({given})) {{"]
    body += [f"    case {i}: return {name}_{i}({given}) + 0.0;" for i in range(len(form.regimes))]
    body += ["    default: return INFINITY;", "    }", "}"]
    return (
        "\n".join(["#include <math.h>", "", *(text + "\n" for text in helpers(HELPERS, printer.used)), *printer.roots, *body])
        + "\n"
    )


def _silent(form: Form, expressions: list[Any]) -> list[str]:
    """Statements that use the parameters that nothing else here uses, so that no compiler complains."""
    defined = needed(form, expressions)
    used = set().union(*(names(e) for e in expressions), *(names(d.value) for d in defined))
    return [f"    (void){identifier(p.name)};" for p in form.parameters if p.name not in used]


def _definitions(form: Form, expressions: list[Any], printer: _Printer, name: str) -> list[str]:
    return [f"    const double {identifier(d.symbol.name)} = {_define(d, printer, name)};" for d in needed(form, expressions)]


def _define(definition: Definition, printer: _Printer, name: str) -> str:
    value = definition.value
    if not isinstance(value, Root):
        return _value(value, printer)
    arguments = [identifier(n) for n in sorted(names(value))]
    function = f"{name}_root_{definition.symbol.name}"
    if not any(f" {function}(" in text for text in printer.roots):
        printer.roots.append(_root(value, function, arguments, printer))
    return f"{function}({', '.join(arguments)})"


def _root(root: Root, function: str, arguments: list[str], printer: _Printer) -> str:
    """A function that finds the zero of one monotone equation: Newton's steps inside a shrinking bracket."""
    variable = identifier(root.variable.name)
    values = [printer.text(e) for e in (root.equation, sp.diff(root.equation, root.variable), root.low, root.high)]
    return _ROOT.format(
        function=function, taken=", ".join(f"double {a}" for a in arguments), more="".join(f", double {a}" for a in arguments),
        given="".join(f", {a}" for a in arguments), x=variable,
        equation=values[0], slope=values[1], low=values[2], high=values[3],
        silent=" ".join(f"(void){a};" for a in arguments),
    )  # fmt: skip


_ROOT = """static double {function}_equation(double {x}{more})
{{
    {silent}
    return {equation};
}}

static double {function}_slope(double {x}{more})
{{
    {silent} (void){x};
    return {slope};
}}

/* The zero of the equation in [a, b], which is monotone there; where it has no change of sign the better end. */
static double {function}({taken})
{{
    double a = {low}, b = {high};
    const double at_a = {function}_equation(a{given}), at_b = {function}_equation(b{given});
    const int rising = at_b > at_a;
    double x = a + (b - a) / 2;
    int i;
    if ((at_a < 0) == (at_b < 0)) return fabs(at_a) <= fabs(at_b) ? a : b;
    for (i = 0; i < 80; i++) {{
        const double at_x = {function}_equation(x{given});
        double next;
        if (at_x == 0) return x;
        if ((at_x < 0) == rising) a = x; else b = x;
        next = x - at_x / {function}_slope(x{given});
        if (!(next > fmin(a, b) && next < fmax(a, b))) next = a + (b - a) / 2;
        if (fabs(next - x) <= 2 * (nextafter(fabs(next), INFINITY) - fabs(next))) return next;
        x = next;
    }}
    return x;
}}
"""


def _value(expression: Any, printer: _Printer) -> str:
    expression = sp.sympify(expression)
    if not isinstance(expression, sp.Piecewise):
        return printer.text(expression)
    *cases, (last, _) = expression.args
    shown = printer.text(last)
    for value, condition in reversed(cases):
        shown = f"({_condition(condition, False, 1, printer)} ? {printer.text(value)} : {shown})"
    return shown


def _condition(condition: Any, sudden: bool, unit: Any, printer: _Printer) -> str:
    condition = sp.sympify(condition)
    if condition in (sp.true, sp.false):
        return "1" if condition == sp.true else "0"
    if isinstance(condition, sp.And | sp.Or):
        joint = " && " if isinstance(condition, sp.And) else " || "
        return "(" + joint.join(_condition(c, sudden, unit, printer) for c in condition.args) + ")"
    if isinstance(condition, sp.Eq | sp.Ne):
        sign = "==" if isinstance(condition, sp.Eq) else "!="
        return f"({printer.text(condition.lhs)} {sign} {printer.text(condition.rhs)})"
    small, large = printer.text(condition.lts), printer.text(condition.gts)
    if sudden:
        small = f"{printer.helper('beyond')}({small}, {printer.text(unit)}, {TOLERANCE})"
    return f"({small} {'<' if isinstance(condition, sp.Lt | sp.Gt) else '<='} {large})"
