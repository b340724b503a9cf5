r"""One expression or condition in LaTeX, by recursive descent over tokens, made by a `Builder`.

Grammar, from the weakest to the strongest binding:
    or:  and (\vee and)*        and:  relation (\wedge relation)*        relation:  sum (sign sum)*
    sum:  [+-] product ([+-] product)*        product:  power ([\cdot * /] power | power)*        power:  atom [^ argument]
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.formula_build import DEEPEST, Builder, Condition, Expr
from rdcsym.latex import render
from rdcsym.latex_tokens import Token, argument_end, drop, tokens
from rdcsym.latex_words import AND, BARS, CLOSE, EQUIVOCATION, FUNCTIONS, IF, INFINITY, NAMED, OPEN, OR, OTHERWISE, SIGNS, TIMES


class Reader:
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

    def whole(self, start: int, stop: int) -> Any:
        """The expression or condition that fills the range."""
        self.i, self.stop = start, stop
        value = self._or()
        if self.i < stop:
            raise self.build.error(self._at(self.i), f"{self._text()[:20]} is not expected here", "mend the notation")
        return value

    def equation(self, start: int, stop: int) -> tuple[Any, Any]:
        """The left side of an equation, and the one letter in it that has no other meaning (None where there is none)."""
        self.in_root, self.unknown = True, None
        value = self.whole(start, stop)
        self.in_root = False
        met: tuple[str, Any] | None = self.unknown
        return value, None if met is None else met[1]

    def _text(self) -> str:
        return self.tokens[self.i].text if self.i < self.stop else "end"

    def _at(self, i: int) -> int:
        return self.tokens[i].at if i < len(self.tokens) else len(self.build.text)

    def _take(self, text: str) -> None:
        if self._text() != text:
            raise self.build.error(self._at(self.i), f"{text} is wanted here", "mend the notation")
        self.i += 1

    def _or(self) -> Any:
        parts, at = [self._and()], self._at(self.i)
        while self._text() in OR:
            self.i += 1
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else self.build.either(parts, at)

    def _and(self) -> Any:
        parts, at = [self._relation()], self._at(self.i)
        while self._text() in AND:
            self.i += 1
            parts.append(self._relation())
        return parts[0] if len(parts) == 1 else self.build.both(parts, at)

    def _relation(self) -> Any:
        at, left = self._at(self.i), self._sum()
        links = []
        while self._text() in SIGNS:
            sign = SIGNS[self._text()]
            self.i += 1
            right = self._sum()
            links.append(self.build.relation(sign, left, right, at))
            left = right
        return left if not links else links[0] if len(links) == 1 else self.build.both(links, at)

    def _sum(self) -> Any:
        self.depth += 1
        at = self._at(self.i)
        if self.depth > DEEPEST // 2:
            raise self.build.error(at, "the formula is nested too deeply", f"use at most {DEEPEST // 2} inside one another")
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
            if text in TIMES or text == "/":
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
        if text in BARS:
            return self.bars == 0
        return text in FUNCTIONS or (text not in CLOSE and not text.startswith(r"\text{") and text not in ("^", "_"))

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
                raise self.build.error(token, f"{digits} is ambiguous as {what}", f"write {{{digits}}}")
            self.i += 1
            return self.build.number(digits, token)
        if text in CLOSE:
            raise self.build.error(token, f"{what} is missing", "mend the notation")
        return self._atom()

    def _bracket(self) -> Any:
        closing = OPEN[self._text()]
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
        if text in OPEN:
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
        if text in BARS and self.bars == 0:
            return self._absolute(at)
        if text == r"\begin{cases}":
            return self.build.cases(self._pairs(), at)
        function = self._function_name()
        if function is not None:
            return self._call(function, at)
        if text in INFINITY or text in (r"\pi", "e", r"\text{e}"):
            self.i += 1
            return self.build.name({r"\pi": "pi"}.get(text, "oo" if text in INFINITY else "e"), at)
        if self.in_root and len(text) == 1 and text.isalpha() and self.unknown in (None, (text, self._unknown(text))):
            self.i += 1
            self.unknown = (text, self._unknown(text))
            return self.unknown[1]
        known = ", ".join(sorted({*self.build.vocabulary.names, *self.build.own}))
        what = "the formula ends too early" if text == "end" else f"{text[:20]} is unknown"
        raise self.build.error(at, what, f"names: {known}")

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
        if self._text() in FUNCTIONS:
            self.i += 1
            return FUNCTIONS[self.tokens[self.i - 1].text]
        for key, name in {EQUIVOCATION: "binary_equivocation", **NAMED}.items():
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
            raise self.build.error(at, f"{name} has no base", "mend the notation")
        if name == "H_b" and power == -1:
            return self.build.function("binary_entropy_inverse", values, at)
        if base == 2:
            value = self.build.function("log2", values, at)
        else:
            value = self.build.function(name, [*values, *([] if base is None else [base])], at)
        return value if power is None else self.build.power(value, power, at)

    def _values(self, name: str) -> list[Any]:
        """A function's arguments: in brackets, or the next factor, or the product that a number or a letter begins."""
        if self._text() in OPEN:
            nested = self._text() == "{" and self.i + 1 < self.stop and self.tokens[self.i + 1].text in ("(", "[", r"\{")
            if nested and argument_end(self.tokens, self.i + 1, self.stop) == argument_end(self.tokens, self.i, self.stop) - 1:
                self.i += 1
                values = self._values(name)
                self._take("}")
                return values
            closing = OPEN[self._text()]
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
        while simple and self._begins() and self._text() not in FUNCTIONS and self._text() not in OPEN:
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
        if self._text() not in BARS | {r"\rvert"}:
            raise self.build.error(self._at(self.i), "a closing | is wanted here", "close it")
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
            drop(self, {",", ".", "&", *IF}, OTHERWISE)
            if self._text() in OTHERWISE:
                self.i += 1
                condition: Any = sp.true
            elif self._text() in (r"\\", r"\end{cases}"):
                raise self.build.error(self._at(self.i), "a condition is missing", r"write value & \text{if } condition")
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
                raise self.build.error(
                    self._at(self.i), rf"\\ or \end{{cases}} is wanted here, not {self._text()[:20]}", "mend the notation"
                )
        if not pairs:
            raise self.build.error(at, "the cases are empty", "write one")
        self.i += 1
        self.bars = bars
        return pairs
