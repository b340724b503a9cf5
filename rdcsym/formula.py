"""Formulas as plain text: `2*q_X*(1 - q_X)*R/H_b(q_X)`, `Piecewise((oo, C < C_min), (D_ind, True))`, `a if R < 1 else b`.

The text is read by Python's own parser (`ast.parse`, which runs nothing) and rebuilt node by node from a whitelist: numbers, the
names of a theorem's parameters and definitions, + - * / ** (or ^), comparisons (chains too), and/or/not (or &, |, ~), the
functions of `formula_build`. Definitions come first, separated by semicolons or line ends: `r = sqrt(1 - 2^(-2*R)); 1 - r^2`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import sympy as sp

from rdcsym.formula_build import DEEPEST, LONGEST_TEXT, Builder, Condition, Expr, Statement, Vocabulary, statement
from rdcsym.problem import InputError

_WRITTEN = {
    "^": "**", "≤": "<=", "≥": ">=", "≠": "!=", "∞": "oo", "·": "*", "×": "*", "−": "-", "²": "**2",
    "&": " and ", "|": " or ", "~": " not ", "\t": " ", "\r": " ",
}  # fmt: skip
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z")
_DEFINITION = re.compile(r"\s*([A-Za-z]\w*)\s*=(?!=)")
_LEFT_SIDE = re.compile(r"\s*[A-Za-z]\w*\s*(\([A-Za-z_,\s\d]*\))?\s*(=(?!=)|>=|<=)")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_PREFIXES = re.compile(r"(?:[-+~]\s*|not\s+){16,}")

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
}  # fmt: skip
_RELATIONS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def parse_text(text: str, vocabulary: Vocabulary, argument: str = "formula") -> Statement:
    """A formula in plain text as its cases and definitions. Raises InputError, with the position, for what it does not know."""
    builder = _builder(text, vocabulary, argument)
    parts = _split(text)
    for start, part in parts[:-1]:
        found = _DEFINITION.match(part)
        if found is None:
            raise builder.error(start, "a definition is wanted before the semicolon", "write name = expression; formula")
        builder.define(found[1], _Reader(builder, part[found.end() :], start + found.end()).value(), start)
    start, part = parts[-1]
    relation, left = None, _LEFT_SIDE.match(part)
    if left is not None and (left[1] or left[2] == "="):  # "D(R, C) >= ..." is a left side; "q_X >= ..." would be a condition
        relation, start, part = left[2], start + left.end(), part[left.end() :]
    return statement(builder, _Reader(builder, part, start).cases(), relation)


def parse_condition(text: str, vocabulary: Vocabulary, argument: str = "where") -> Statement:
    """A condition as the one case (1, condition). Raises InputError, with the position."""
    builder = _builder(text, vocabulary, argument)
    condition = _Reader(builder, text, 0).condition()
    return statement(builder, [(sp.Integer(1), condition)])


def _builder(text: str, vocabulary: Vocabulary, argument: str) -> Builder:
    if not isinstance(text, str) or not text.strip():
        raise InputError(argument, text or "empty", "is no formula", "give a formula as text")
    if len(text) > LONGEST_TEXT:
        raise InputError(argument, text, f"has {len(text)} characters", f"give at most {LONGEST_TEXT}")
    return Builder(argument, text, vocabulary)


def _split(text: str) -> list[tuple[int, str]]:
    """The parts between semicolons and line ends outside brackets, each with its position; empty ones are left out."""
    parts, depth, start = [], 0, 0
    for i, character in enumerate([*text, ";"]):
        depth += _BRACKETS.get(character, 0)
        if i == len(text) or (character in ";\n" and depth <= 0):
            parts.append((start, text[start:i]))
            start = i + 1
    return [part for part in parts if part[1].strip()]


class _Reader:
    """One expression: Python's tree of it, turned into SymPy by a builder."""

    def __init__(self, builder: Builder, text: str, start: int) -> None:
        self.builder = builder
        written, self.origin = [], []
        deepest = depth = 0
        for i, character in enumerate(text):
            depth += _BRACKETS.get(character, 0)
            deepest = max(deepest, depth)
            piece = _WRITTEN.get(character, character if character != "\n" else " ")
            if not piece.isascii() or not (piece.isprintable()):
                raise builder.error(start + i, "this character has no meaning in a formula", "use plain text or LaTeX")
            written.append(piece)
            self.origin += [start + i] * len(piece)
        self.origin.append(start + len(text))
        self.text = "".join(written).rstrip()
        stripped = len(self.text) - len(self.text.lstrip())
        self.text, self.origin = self.text[stripped:], self.origin[stripped:]
        if deepest > DEEPEST // 2 or _PREFIXES.search(self.text):
            raise builder.error(start, "the formula is nested too deeply", f"use at most {DEEPEST // 2} inside one another")
        if not self.text:
            raise builder.error(start, "an expression is missing", "write one")
        try:
            self.tree = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            at = self._origin((error.offset or 1) - 1)
            raise builder.error(at, "this is not a formula", "mend the notation here") from None
        except (RecursionError, MemoryError, ValueError):
            raise builder.error(start, "the formula is nested too deeply or has too long a number", "write it shorter") from None

    def value(self) -> Expr:
        return self._value(self.tree, 0)

    def condition(self) -> Condition:
        return self.builder.condition(self._value(self.tree, 0), self._at(self.tree))

    def cases(self) -> list[tuple[Expr, Condition]]:
        """The cases at the top of the expression, or the expression as the only one."""
        pairs = self._pairs(self.tree, 0)
        if pairs is None:
            value = self.builder._value(self.value(), self._at(self.tree))
            return [(value, sp.true)]
        return pairs

    def _origin(self, column: int) -> int:
        return self.origin[min(max(column, 0), len(self.origin) - 1)]

    def _at(self, node: Any) -> int:
        return self._origin(node.col_offset)

    def _pairs(self, node: Any, depth: int) -> list[tuple[Expr, Condition]] | None:
        """The (value, condition) pairs of `Piecewise(...)` or of `a if condition else b`; None where the node is neither."""
        build, at = self.builder, self._at(node)
        if isinstance(node, ast.IfExp):
            first = (self._value(node.body, depth + 1), build.condition(self._value(node.test, depth + 1), at))
            rest = self._pairs(node.orelse, depth + 1)
            return [first, *(rest if rest is not None else [(self._value(node.orelse, depth + 1), sp.true)])]
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Piecewise"):
            return None
        pairs = []
        for part in node.args:
            if not isinstance(part, ast.Tuple) or len(part.elts) != 2:
                raise build.error(self._at(part), "a case is wanted here", "write Piecewise((value, condition), ...)")
            value, condition = (self._value(e, depth + 1) for e in part.elts)
            pairs.append((build._value(value, self._at(part)), build.condition(condition, self._at(part))))
        if not pairs or node.keywords:
            raise build.error(at, "cases are wanted here", "write Piecewise((value, condition), ...)")
        return pairs

    def _value(self, node: Any, depth: int) -> Any:
        build, at = self.builder, self._at(node)
        if depth > DEEPEST:
            raise build.error(at, "the formula is nested too deeply", f"use at most {DEEPEST} operations inside one another")
        inner: Callable[[Any], Any] = lambda child: self._value(child, depth + 1)  # noqa: E731
        if isinstance(node, ast.Constant):
            return self._constant(node, at)
        if isinstance(node, ast.Name):
            return build.name(node.id, at)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            return self._chain(node, depth)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return getattr(build, _OPERATORS[type(node.op)])(inner(node.left), inner(node.right), at)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return build.negative(inner(node.operand), at) if isinstance(node.op, ast.USub) else inner(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return build.negation(inner(node.operand), at)
        if isinstance(node, ast.Compare) and all(type(op) in _RELATIONS for op in node.ops):
            ends = [inner(part) for part in (node.left, *node.comparators)]
            links = [build.relation(_RELATIONS[type(op)], a, b, at) for op, a, b in zip(node.ops, ends, ends[1:], strict=False)]
            return links[0] if len(links) == 1 else build.both(links, at)
        if isinstance(node, ast.BoolOp):
            parts = [inner(part) for part in node.values]
            return build.both(parts, at) if isinstance(node.op, ast.And) else build.either(parts, at)
        pairs = self._pairs(node, depth)
        if pairs is not None:
            return build.cases(pairs, at)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            if any(isinstance(a, ast.Starred) for a in node.args):
                raise build.error(at, "a star has no meaning here", "list the arguments")
            return build.function(node.func.id, [inner(a) for a in node.args], at)
        what = {ast.Attribute: "a dot", ast.Subscript: "an index", ast.Lambda: "lambda", ast.Tuple: "a list"}.get(
            type(node), "this"
        )
        raise build.error(at, f"{what} has no place in a formula", "use numbers, names, + - * / ^, known functions")

    def _chain(self, node: ast.BinOp, depth: int) -> Expr:
        """A sum or product of many terms is as deep as it is long in Python's tree: walk down its left side in a loop."""
        links: list[ast.BinOp] = []
        rest: Any = node
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Add | ast.Sub | ast.Mult):
            links.append(rest)
            rest = rest.left
        value = self._value(rest, depth + 1)
        for link in reversed(links):
            combine = getattr(self.builder, _OPERATORS[type(link.op)])
            value = combine(value, self._value(link.right, depth + 1), self._at(link.right))
        return value

    def _constant(self, node: ast.Constant, at: int) -> Any:
        if isinstance(node.value, bool):
            return sp.true if node.value else sp.false
        written = self.text[node.col_offset : node.end_col_offset]
        if isinstance(node.value, int | float) and _NUMBER.match(written):
            return self.builder.number(written, at)
        raise self.builder.error(at, "this is no number of a formula", "write numbers such as 3, .25, 1/4 or 1e-3")
