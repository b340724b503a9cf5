"""What all languages share: which definitions an expression needs, names that are safe, the words of the header."""

from __future__ import annotations

import keyword
import math
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sympy as sp

from rdcsym.evaluate import BUDGET_TOLERANCE, Root
from rdcsym.form import Definition, Form, Parameter
from rdcsym.problem import InputError

_RESERVED: Final = frozenset({
    "double", "int", "float", "char", "long", "short", "void", "static", "const", "if", "else", "for", "while", "do", "switch",
    "case", "return", "break", "continue", "default", "signed", "unsigned", "struct", "np", "torch", "math", "value", "result",
    "mask", "log", "exp", "sqrt", "pow", "fabs", "fmin", "fmax",
})  # fmt: skip

_WIDTH: Final = 100
TOLERANCE: Final = repr(BUDGET_TOLERANCE)
Helpers = Mapping[str, tuple[Sequence[str], str]]  # name -> (names of those that it calls, source)


def identifier(name: str) -> str:
    """A parameter's or definition's name that no language takes for a word of its own."""
    return name + "_" if name in _RESERVED or keyword.iskeyword(name) else name


def plain(expression: Any) -> Any:
    """The expression with its symbols renamed to identifiers and stripped of assumptions."""
    expression = sp.sympify(expression)
    return expression.xreplace({s: sp.Symbol(identifier(s.name)) for s in expression.free_symbols})


def names(expression: Any) -> set[str]:
    """The parameters and definitions that it reads."""
    if isinstance(expression, Root):
        found = set().union(*(names(e) for e in (expression.equation, expression.low, expression.high)))
        return found - {expression.variable.name}
    return {str(s.name) for s in sp.sympify(expression).free_symbols}


def needed(form: Form, expressions: Iterable[Any]) -> list[Definition]:
    """The definitions that the expressions use, directly or through others, in order."""
    wanted = set().union(*(names(e) for e in expressions))
    kept: list[Definition] = []
    for definition in reversed(form.definitions):
        if definition.symbol.name in wanted:
            kept.append(definition)
            wanted |= names(definition.value)
    return kept[::-1]


def conditions(form: Form) -> list[Any]:
    """What deciding the regime reads: the conditions, and the sizes that the sudden ones are compared to."""
    return [e for r in form.regimes for e in (r.condition, *([r.unit] if r.sudden else []))]


def parameters(form: Form) -> list[str]:
    """The identifiers of the form's parameters; InputError where one is a vector."""
    for p in form.parameters:
        if p.vector:
            raise InputError("form", p.name, "is a vector, which source is not written for", "use Form.evaluate")
    return [identifier(p.name) for p in form.parameters]


def helpers(table: Helpers, used: Iterable[str]) -> list[str]:
    """The sources of the helpers that are used, and of those that they call, each once, callees first."""
    done: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in done:
            for other in table[name][0]:
                add(other)
            done[name] = table[name][1].strip("\n")

    for name in sorted(used):
        add(name)
    return list(done.values())


def unknown(node: Any, language: str) -> InputError:
    """The error for a function that a language has no source for."""
    return InputError("form", type(node).__name__, f"is a function that has no {language} source", "use Form.evaluate")


def header(form: Form, what: str) -> list[str]:
    """The words that a reader of the source needs: the function, its kind, source and parameters."""
    kind = {"tight": "exact", "lower": "a lower bound", "upper": "an upper bound"}[form.kind]
    lines = [f"{form.value}, {kind}; inf where infeasible. {what}", f"Source: {_ascii(form.source)}."]
    partly = [f"{r.name} ({r.kind} bound)" for r in form.regimes if r.kind not in (None, form.kind)]
    lines += [f"In part a bound only: {', '.join(partly)}."] if partly else []
    lines += [_ascii(form.remark)] if form.remark else []
    lines += ["Amounts of information are in bits.", "Parameters:"]
    lines += [f"  {identifier(p.name)}: {_ascii(p.meaning)}{_unit(p)}, {_domain(p)}" for p in form.parameters]
    lines += [f"Required: {_ascii(r.fix)}" for r in form.requirements]
    return [wrapped for line in lines for wrapped in textwrap.wrap(line, _WIDTH, subsequent_indent="    ") or [""]]


def number(value: float) -> str:
    """A float that reads back as itself; infinities are the caller's."""
    return repr(float(value))


def _unit(p: Parameter) -> str:
    return f" ({_ascii(p.unit)})" if p.unit else ""


def _domain(p: Parameter) -> str:
    if math.isinf(p.low) and math.isinf(p.high):
        return "any"
    whole = "whole number " if p.integer else ""
    return f"{whole}at least {p.low:g}" if math.isinf(p.high) else f"{whole}in [{p.low:g}, {p.high:g}]"


def _ascii(text: str) -> str:
    return (
        re.sub(r"\s+", " ", text)
        .replace("*/", "* /")
        .replace('"""', "'''")
        .replace("\\", "/")
        .encode("ascii", "replace")
        .decode()
        .rstrip(".")
    )
