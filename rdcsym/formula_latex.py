r"""Formulas as LaTeX: what `rdcsym latex NAME` prints, and what a person types, such as `\sigma_X^2 2^{-2R}`.

A small recursive descent over tokens, no code of others: sums, products (a dot, a times sign, or nothing), fractions, roots,
powers, `\log_2`, `\min(a, b)`, `H_b(p)`, `\begin{cases}`, relations, `\wedge` and `\vee`; several lines in an `aligned` are the
statement and its definitions. Names are matched as the catalogue writes them (`\rho_S^2`, `C_{\min}`, `h(S)`), the longest first.
A function without brackets takes the next factor, or, where that is a number or a letter, the product that it begins: `\log 2 \pi
e`.

Grammar, from the weakest to the strongest binding:
    or:  and (\vee and)*        and:  relation (\wedge relation)*        relation:  sum (sign sum)*
    sum:  [+-] product ([+-] product)*        product:  power ([\cdot * /] power | power)*        power:  atom [^ argument]
"""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.formula_build import DEEPEST, LONGEST_LATEX, Builder, Condition, Expr, Statement, Vocabulary, statement
from rdcsym.latex import render
from rdcsym.latex_tokens import Token, argument_end, drop, tokens
from rdcsym.problem import InputError

_SIGNS = {
    "<": "<", r"\lt": "<", ">": ">", r"\gt": ">", "=": "==", r"\ne": "!=", r"\neq": "!=",
    r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=",
}  # fmt: skip
_AND, _OR = {r"\wedge", r"\land", r"\text{and}"}, {r"\vee", r"\lor", r"\text{or}"}
_TIMES = {r"\cdot", r"\times", "*"}
_OPEN = {"(": ")", "[": "]", r"\{": r"\}", "{": "}"}
_CLOSE = {
    *_OPEN.values(),
    "|",
    "&",
    r"\\",
    r"\end{cases}",
    r"\end{aligned}",
    ",",
    ";",
    "+",
    "-",
    "/",
    "end",
    *_TIMES,
    *_AND,
    *_OR,
    *_SIGNS,
}
_BARS = {"|", r"\lvert", r"\vert", r"\mid"}
_FUNCTIONS = {
    r"\log": "log", r"\ln": "ln", r"\lg": "log10", r"\exp": "exp", r"\min": "min", r"\max": "max", r"\sgn": "sign",
    r"\text{sign}": "sign", r"\text{sgn}": "sign", r"\text{min}": "min", r"\text{max}": "max", r"\text{log}": "log",
}  # fmt: skip
_NAMED = {
    ("H", "_", "b"): "H_b", ("h", "_", "b"): "H_b", ("W", "_", "0"): "W0", ("W", "("): "W0", ("I", "("): "binary_information",
}  # fmt: skip
_EQUIVOCATION = ("H", "_", "{", "S", "|", "Y", "}")
_IF = {r"\text{if}", r"\text{for}", r"\text{when}", r"\text{where}"}
_OTHERWISE = {r"\text{otherwise}", r"\text{else}"}
_INFINITY = {r"\infty"}


def parse_latex(text: str, vocabulary: Vocabulary, argument: str = "formula") -> Statement:
    """A formula in LaTeX as its cases and definitions. Raises InputError, with the position, for all that it does not know."""
    if len(text) > LONGEST_LATEX:
        raise InputError(argument, text, f"has {len(text)} characters", f"give at most {LONGEST_LATEX}")
    builder = Builder(argument, text, vocabulary)
    reader = _Reader(builder, tokens(builder, text))
    lines = reader.lines()
    for line in lines[1:]:
        reader.define(line)
    return statement(builder, *reader.main(lines[0]))


def parse_latex_condition(text: str, vocabulary: Vocabulary, argument: str = "where") -> Statement:
    """A condition in LaTeX as the one case (1, condition)."""
    builder = Builder(argument, text, vocabulary)
    reader = _Reader(builder, tokens(builder, text))
    condition = builder.condition(reader.whole(0, len(reader.tokens)), 0)
    return statement(builder, [(sp.Integer(1), condition)])


class _Reader:
    """The tokens, how far they are read, and the names that they may be."""

    def __init__(self, builder: Builder, found: list[Token]) -> None:
        self.build, self.tokens, self.i, self.depth = builder, found, 0, 0
        self.stop = len(found)
        self.names: dict[tuple[str, ...], str] = {}
        for name, symbol in builder.vocabulary.names.items():
            for written in {render(symbol), str(sp.latex(sp.Symbol(name)))}:
                self.names[self._key(written)] = name
        self.bars = 0  # open |, so that the next | closes
        self.unknown: tuple[str, Any] | None = None  # the variable of an equation, once it is met
        self.in_root = False

    def _key(self, written: str) -> tuple[str, ...]:
        return tuple(t.text for t in tokens(self.build, written))

    # Lines: the statement, then definitions.

    def lines(self) -> list[tuple[int, int]]:
        """The lines of an `aligned` (or the whole) as token ranges, without alignment marks at their tops."""
        first, last = 0, len(self.tokens)
        if self.tokens and self.tokens[0].text == r"\begin{aligned}":
            if self.tokens[-1].text != r"\end{aligned}":
                self.build.fail(self.tokens[0].at, r"\begin{aligned} is not closed", r"add \end{aligned}")
            first, last = 1, last - 1
        found, depth, start = [], 0, first
        for i in range(first, last + 1):
            text = self.tokens[i].text if i < last else r"\\"
            depth += {r"\begin{cases}": 1, r"\end{cases}": -1}.get(text, 0)
            if i == last or (text == r"\\" and depth <= 0):
                if i > start:
                    found.append((start, i))
                start = i + 1
        if not found:
            self.build.fail(0, "the formula is empty", "write one")
        return found

    def define(self, line: tuple[int, int]) -> None:
        """One line `name = value`, a note in \\text{} after it is left out; the value may be a root of an equation."""
        equals = self._find(line, {"="})
        if equals is None or equals == line[0]:
            self.build.fail(self.tokens[line[0]].at, "a definition name = value is wanted here", r"separate lines with \\")
        key = tuple(t.text for t in self.tokens[line[0] : equals] if t.text != "&")
        end = next((i for i in range(equals, line[1]) if self.tokens[i].text.startswith(r"\text{(")), line[1])
        name = self.names.get(key, "".join(key))
        at = self.tokens[line[0]].at
        root = self.tokens[equals + 1].text == r"\text{root of}" if equals + 1 < end else False
        value = self._root(equals + 2, end) if root else self.whole(equals + 1, end)
        self.build.define(name, value, at)
        self.names[key] = name

    def main(self, line: tuple[int, int]) -> tuple[list[tuple[Expr, Condition]], str | None]:
        """The statement's cases and its relation, where it begins with D(R, C) = or the like."""
        sign, start = None, line[0]
        relation = self._find(line, set(_SIGNS))
        if relation is not None:
            sign, start = _SIGNS[self.tokens[relation].text], relation + 1
            if sign not in ("==", "<=", ">="):
                self.build.fail(self.tokens[relation].at, "a value is wanted here, not a condition", "write the formula alone")
        if start < line[1] and self.tokens[start].text == "&":
            start += 1
        single = start < line[1] and self.tokens[start].text == r"\begin{cases}"
        self.i, self.stop = start, line[1]
        if single and self._closing(start) == line[1] - 1:
            return self._pairs(), {"==": "=", None: None}.get(sign, sign)
        value = self.whole(start, line[1])
        return [(self.build._value(value, self._at(start)), sp.true)], {"==": "=", None: None}.get(sign, sign)

    def whole(self, start: int, stop: int) -> Any:
        """The expression or condition that fills the range."""
        self.i, self.stop = start, stop
        value = self._or()
        if self.i < stop:
            self.build.fail(self.tokens[self.i].at, f"{self.tokens[self.i].text[:20]} is not expected here", "mend the notation")
        return value

    def _root(self, start: int, stop: int) -> Root:
        equation = self._find((start, stop), {"="})
        inside = self._find((start, stop), {r"\text{in}"})
        if equation is None or inside is None or self.tokens[inside + 1].text != "[":
            self.build.fail(
                self._at(start),
                "an equation = 0 and an interval are wanted here",
                r"write \text{root of } f = 0 \text{ in } [a, b]",
            )
        self.in_root, self.unknown = True, None
        value = self.whole(start, equation)
        self.in_root = False
        if self.unknown is None:
            self.build.fail(self._at(start), "the equation has no unknown", "use a letter that has no meaning yet")
        comma = self._find((inside + 2, stop), {","})
        if comma is None:
            self.build.fail(self._at(inside), "an interval is wanted here", "write [a, b]")
        low = self.whole(inside + 2, comma)
        high = self.whole(comma + 1, stop - 1)
        return Root(self.unknown[1], value, low, high)

    def _find(self, line: tuple[int, int], texts: set[str]) -> int | None:
        """The first of the tokens outside brackets and cases."""
        depth = 0
        for i in range(*line):
            text = self.tokens[i].text
            if depth == 0 and text in texts:
                return i
            depth += (text in _OPEN or text == r"\begin{cases}") - (text in _OPEN.values() or text == r"\end{cases}")
        return None

    def _closing(self, start: int) -> int:
        depth = 0
        for i in range(start, self.stop):
            text = self.tokens[i].text
            depth += (text == r"\begin{cases}") - (text == r"\end{cases}")
            if depth == 0:
                return i
        self.build.fail(self._at(start), r"\begin{cases} is not closed", r"add \end{cases}")

    # Reading.

    def _text(self) -> str:
        return self.tokens[self.i].text if self.i < self.stop else "end"

    def _at(self, i: int) -> int:
        return self.tokens[i].at if i < len(self.tokens) else len(self.build.text)

    def _take(self, text: str) -> None:
        if self._text() != text:
            self.build.fail(self._at(self.i), f"{text} is wanted here", "mend the notation")
        self.i += 1

    def _or(self) -> Any:
        parts, at = [self._and()], self._at(self.i)
        while self._text() in _OR:
            self.i += 1
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else self.build.either(parts, at)

    def _and(self) -> Any:
        parts, at = [self._relation()], self._at(self.i)
        while self._text() in _AND:
            self.i += 1
            parts.append(self._relation())
        return parts[0] if len(parts) == 1 else self.build.both(parts, at)

    def _relation(self) -> Any:
        at, left = self._at(self.i), self._sum()
        links = []
        while self._text() in _SIGNS:
            sign = _SIGNS[self._text()]
            self.i += 1
            right = self._sum()
            links.append(self.build.relation(sign, left, right, at))
            left = right
        return left if not links else links[0] if len(links) == 1 else self.build.both(links, at)

    def _sum(self) -> Any:
        self.depth += 1
        at = self._at(self.i)
        if self.depth > DEEPEST // 2:
            self.build.fail(at, "the formula is nested too deeply", f"use at most {DEEPEST // 2} brackets inside one another")
        sign = "+"
        if self._text() in ("+", "-"):
            sign = self._text()
            self.i += 1
        value = self._product()
        value = self.build.negative(value, at) if sign == "-" else value
        while self._text() in ("+", "-"):
            combine = self.build.add if self._text() == "+" else self.build.subtract
            self.i += 1
            value = combine(value, self._product(), at)
        self.depth -= 1
        return value

    def _product(self) -> Any:
        at, value = self._at(self.i), self._power()
        while True:
            text = self._text()
            if text in _TIMES or text == "/":
                self.i += 1
                combine = self.build.divide if text == "/" else self.build.multiply
                value = combine(value, self._power(), at)
            elif self._begins():
                value = self.build.multiply(value, self._power(), at)
            else:
                return value

    def _begins(self) -> bool:
        """Whether a factor can begin here, so that nothing between two factors means a product."""
        text = self._text()
        if text in _BARS:
            return self.bars == 0
        return text not in _CLOSE and not text.startswith(r"\text{") and text not in ("^", "_") or text in _FUNCTIONS

    def _power(self) -> Any:
        at, value = self._at(self.i), self._atom()
        return self._raised(value, at)

    def _raised(self, value: Any, at: int) -> Any:
        while self._text() == "^":
            self.i += 1
            value = self.build.power(value, self._argument("an exponent"), at)
        return value

    def _argument(self, what: str) -> Any:
        """What follows ^, \\frac or the like: a group in braces, or one letter or digit."""
        token, text = self._at(self.i), self._text()
        if text == "{":
            return self._bracket()
        if text[:1].isdigit() or text == ".":
            digits = self._text()
            if len(digits) > 1 and self.tokens[self.i].bare:
                self.build.fail(token, f"{digits} is ambiguous as {what}", f"write {{{digits}}}")
            self.i += 1
            return self.build.number(digits, token)
        if text in _CLOSE:
            self.build.fail(token, f"{what} is missing", "mend the notation")
        return self._atom()

    def _bracket(self) -> Any:
        closing = _OPEN[self._text()]
        self.i += 1
        bars, self.bars = self.bars, 0
        value = self._or()
        self._take(closing)
        self.bars = bars
        return value

    def _atom(self) -> Any:
        at, text = self._at(self.i), self._text()
        name = self._named()
        if name is not None:
            return name
        if text in _OPEN:
            return self._bracket()
        if text[0].isdigit() or text[0] == ".":
            self.i += 1
            return self.build.number(text, at)
        if text in (r"\frac", r"\tfrac", r"\dfrac"):
            self.i += 1
            above = self._argument("a numerator")
            return self.build.divide(above, self._argument("a denominator"), at)
        if text == r"\sqrt":
            return self._square_root(at)
        if text in _BARS and self.bars == 0:
            return self._absolute(at)
        if text == r"\begin{cases}":
            return self.build.cases(self._pairs(), at)
        function = self._function_name()
        if function is not None:
            return self._call(function, at)
        if text in _INFINITY or text in (r"\pi", "e", r"\text{e}"):
            self.i += 1
            return self.build.name({r"\pi": "pi"}.get(text, "oo" if text in _INFINITY else "e"), at)
        if self.in_root and len(text) == 1 and text.isalpha() and self.unknown in (None, (text, self._unknown(text))):
            self.i += 1
            self.unknown = (text, self._unknown(text))
            return self.unknown[1]
        known = ", ".join(sorted({*self.build.vocabulary.names, *self.build.own}))
        what = "the formula ends too early" if text == "end" else f"{text[:20]} is unknown"
        self.build.fail(at, what, f"names: {known}")

    def _unknown(self, text: str) -> Any:
        return sp.Symbol(f"unknown_{text}", real=True)

    def _named(self) -> Any:
        """The longest name of the vocabulary that begins here, or the variable e of an equation that has no other unknown."""
        for length in range(min(12, self.stop - self.i), 0, -1):
            key = tuple(t.text for t in self.tokens[self.i : self.i + length])
            if key in self.names:
                at = self._at(self.i)
                self.i += length
                return self.build.name(self.names[key], at)
        if self.in_root and self._text() == "e":
            at, self.i = self.i, self.i + 1
            self.unknown = ("e", self._unknown("e")) if self.unknown is None else self.unknown
            return self.unknown[1] if self.unknown[0] == "e" else self.build.name("e", self._at(at))
        return None

    def _function_name(self) -> str | None:
        if self._text() in _FUNCTIONS:
            self.i += 1
            return _FUNCTIONS[self.tokens[self.i - 1].text]
        for key, name in {_EQUIVOCATION: "binary_equivocation", **_NAMED}.items():
            if tuple(t.text for t in self.tokens[self.i : min(self.stop, self.i + len(key))]) == key:
                self.i += len(key) - (key[-1] == "(")
                return name
        return None

    def _call(self, name: str, at: int) -> Any:
        base = None
        power: Any = None
        while self._text() in ("_", "^"):
            mark = self._text()
            self.i += 1
            if mark == "_":
                base = self._argument("a base")
            else:
                power = self._argument("an exponent")
        values = self._values(name)
        if base is not None and name != "log":
            self.build.fail(at, f"{name} has no base", "mend the notation")
        if name == "H_b" and power == -1:
            return self.build.function("binary_entropy_inverse", values, at)
        if base == 2:
            value = self.build.function("log2", values, at)
        else:
            value = self.build.function(name, [*values, *([] if base is None else [base])], at)
        return value if power is None else self.build.power(value, power, at)

    def _values(self, name: str) -> list[Any]:
        """A function's arguments: in brackets, or the next factor, or the product that a number or a letter begins."""
        if self._text() in _OPEN:
            nested = self._text() == "{" and self.i + 1 < self.stop and self.tokens[self.i + 1].text in ("(", "[", r"\{")
            if nested and argument_end(self.tokens, self.i + 1, self.stop) == argument_end(self.tokens, self.i, self.stop) - 1:
                self.i += 1
                values = self._values(name)
                self._take("}")
                return values
            closing = _OPEN[self._text()]
            self.i += 1
            bars, self.bars = self.bars, 0
            values = [self._or()]
            while self._text() in (",", ";"):
                self.i += 1
                values.append(self._or())
            self._take(closing)
            self.bars = bars
            return values
        at, simple = self._at(self.i), self._text() not in (r"\frac", r"\tfrac", r"\dfrac", r"\sqrt")
        value = self._power()
        while simple and self._begins() and self._text() not in _FUNCTIONS and self._text() not in _OPEN:
            value = self.build.multiply(value, self._power(), at)
        return [value]

    def _square_root(self, at: int) -> Any:
        self.i += 1
        index: Any = sp.Integer(2)
        if self._text() == "[":
            index = self._bracket()
        return self.build.power(self._argument("a radicand"), self.build.divide(sp.Integer(1), index, at), at)

    def _absolute(self, at: int) -> Any:
        self.i += 1
        self.bars += 1
        value = self._sum()
        if self._text() not in _BARS | {r"\rvert"}:
            self.build.fail(self._at(self.i), "a closing | is wanted here", "close it")
        self.i += 1
        self.bars -= 1
        return self.build.function("abs", [value], at)

    def _pairs(self) -> list[tuple[Expr, Condition]]:
        """The lines `value & condition` of a cases block."""
        at = self._at(self.i)
        self._take(r"\begin{cases}")
        bars, self.bars = self.bars, 0
        pairs: list[tuple[Expr, Condition]] = []
        while self._text() != r"\end{cases}":
            value = self.build._value(self._or(), self._at(self.i))
            drop(self, {",", ".", "&", *_IF}, _OTHERWISE)
            if self._text() in _OTHERWISE:
                self.i += 1
                condition: Any = sp.true
            elif self._text() in (r"\\", r"\end{cases}"):
                self.build.fail(self._at(self.i), "a condition is missing", r"write value & \text{if } condition")
            else:
                parts = [self._or()]
                while (
                    self._text() == "," and self.i + 1 < self.stop and self.tokens[self.i + 1].text not in (r"\\", r"\end{cases}")
                ):
                    self.i += 1
                    parts.append(self._or())
                condition = parts[0] if len(parts) == 1 else self.build.both(parts, at)
            pairs.append((value, self.build.condition(condition, self._at(self.i))))
            drop(self, {",", ".", ";"}, set())
            if self._text().startswith((r"\text{(", r"\text{ (")):
                self.i += 1  # a note
            if self._text() == r"\\":
                self.i += 1
            elif self._text() != r"\end{cases}":
                self.build.fail(
                    self._at(self.i), rf"\\ or \end{{cases}} is wanted here, not {self._text()[:20]}", "mend the notation"
                )
        if not pairs:
            self.build.fail(at, "the cases are empty", "write one")
        self.i += 1
        self.bars = bars
        return pairs


def looks_like_latex(text: str) -> bool:
    """Whether a text is LaTeX: a backslash, or braces after ^ or _."""
    return "\\" in text or re.search(r"[\^_]\{", text) is not None
