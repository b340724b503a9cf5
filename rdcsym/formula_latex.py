r"""Formulas as LaTeX: what `rdcsym latex NAME` prints, and what a person types, such as `\sigma_X^2 2^{-2R}`.

A small recursive descent over tokens, no code of others: sums, products (a dot, a times sign, or nothing), fractions, roots,
powers, `\log_2`, `\min(a, b)`, `H_b(p)`, `\begin{cases}`, relations, `\wedge` and `\vee`; several lines in an `aligned` are the
statement and its definitions. Names are matched as the catalogue writes them (`\rho_S^2`, `C_{\min}`, `h(S)`), the longest first.
A function without brackets takes the next factor, or, where that is a number or a letter, the product that it begins: `\log 2 \pi
e`.
"""

from __future__ import annotations

import re

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.formula_build import LONGEST_LATEX, Builder, Condition, Expr, Statement, Vocabulary, statement
from rdcsym.latex_reader import Reader
from rdcsym.latex_tokens import tokens
from rdcsym.latex_words import OPEN, SIGNS
from rdcsym.problem import InputError


def parse_latex(text: str, vocabulary: Vocabulary, argument: str = "formula") -> Statement:
    """A formula in LaTeX as its cases and definitions. Raises InputError, with the position, for all that it does not know."""
    if len(text) > LONGEST_LATEX:
        raise InputError(argument, text, f"has {len(text)} characters", f"give at most {LONGEST_LATEX}")
    builder = Builder(argument, text, vocabulary)
    reader = _Lines(builder, tokens(builder, text))
    lines = reader.lines()
    for line in lines[1:]:
        reader.define(line)
    return statement(builder, *reader.main(lines[0]))


def parse_latex_condition(text: str, vocabulary: Vocabulary, argument: str = "where") -> Statement:
    """A condition in LaTeX as the one case (1, condition)."""
    builder = Builder(argument, text, vocabulary)
    reader = _Lines(builder, tokens(builder, text))
    condition = builder.condition(reader.whole(0, len(reader.tokens)), 0)
    return statement(builder, [(sp.Integer(1), condition)])


class _Lines(Reader):
    """A statement and the definitions that follow it, line by line."""

    def lines(self) -> list[tuple[int, int]]:
        """The lines of an `aligned` (or the whole) as token ranges, without alignment marks at their tops."""
        first, last = 0, len(self.tokens)
        if self.tokens and self.tokens[0].text == r"\begin{aligned}":
            if self.tokens[-1].text != r"\end{aligned}":
                raise self.build.error(self.tokens[0].at, r"\begin{aligned} is not closed", r"add \end{aligned}")
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
            raise self.build.error(0, "the formula is empty", "write one")
        return found

    def define(self, line: tuple[int, int]) -> None:
        """One line `name = value`, a note in \\text{} after it is left out; the value may be a root of an equation."""
        equals = self._find(line, {"="})
        if equals is None or equals == line[0]:
            raise self.build.error(self.tokens[line[0]].at, "a definition name = value is wanted here", r"separate lines with \\")
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
        relation = self._find(line, set(SIGNS))
        if relation is not None:
            sign, start = SIGNS[self.tokens[relation].text], relation + 1
            if sign not in ("==", "<=", ">="):
                raise self.build.error(self._at(relation), "a value is wanted here, not a condition", "write the formula alone")
        if start < line[1] and self.tokens[start].text == "&":
            start += 1
        single = start < line[1] and self.tokens[start].text == r"\begin{cases}"
        self.i, self.stop = start, line[1]
        if single and self._closing(start) == line[1] - 1:
            return self._pairs(), {"==": "=", None: None}.get(sign, sign)
        value = self.whole(start, line[1])
        return [(self.build._value(value, self._at(start)), sp.true)], {"==": "=", None: None}.get(sign, sign)

    def _root(self, start: int, stop: int) -> Root:
        equation = self._find((start, stop), {"="})
        inside = self._find((start, stop), {r"\text{in}"})
        if equation is None or inside is None or self.tokens[inside + 1].text != "[":
            raise self.build.error(
                self._at(start),
                "an equation = 0 and an interval are wanted here",
                r"write \text{root of } f = 0 \text{ in } [a, b]",
            )
        value, unknown = self.equation(start, equation)
        if unknown is None:
            raise self.build.error(self._at(start), "the equation has no unknown", "use a letter that has no meaning yet")
        comma = self._find((inside + 2, stop), {","})
        if comma is None:
            raise self.build.error(self._at(inside), "an interval is wanted here", "write [a, b]")
        low = self.whole(inside + 2, comma)
        high = self.whole(comma + 1, stop - 1)
        return Root(unknown, value, low, high)

    def _find(self, line: tuple[int, int], texts: set[str]) -> int | None:
        """The first of the tokens outside brackets and cases."""
        depth = 0
        for i in range(*line):
            text = self.tokens[i].text
            if depth == 0 and text in texts:
                return i
            depth += (text in OPEN or text == r"\begin{cases}") - (text in OPEN.values() or text == r"\end{cases}")
        return None

    def _closing(self, start: int) -> int:
        depth = 0
        for i in range(start, self.stop):
            text = self.tokens[i].text
            depth += (text == r"\begin{cases}") - (text == r"\end{cases}")
            if depth == 0:
                return i
        raise self.build.error(self._at(start), r"\begin{cases} is not closed", r"add \end{cases}")


def looks_like_latex(text: str) -> bool:
    """Whether a text is LaTeX: a backslash, or braces after ^ or _."""
    return "\\" in text or re.search(r"[\^_]\{", text) is not None
