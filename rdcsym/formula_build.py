"""A person's formula becomes SymPy only through here: known names, known functions, bounded numbers. No text is ever run.

`formula` (plain text) and `formula_latex` read a notation and call a `Builder`; whatever it does not know is an InputError that
names the position. Nothing is evaluated that could be large: exponents, digits, depth and size have limits.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from rdcsym import information, information_binary
from rdcsym.form import Definition, Parameter
from rdcsym.information_vector import total
from rdcsym.problem import InputError, nearest

LONGEST_TEXT, LONGEST_LATEX = 5_000, 40_000
DEEPEST = 100  # operations inside one another
MOST_NODES = 4_000
_MOST_DIGITS = 40  # of one number as it is written
_LARGEST_EXPONENT = 1_000
_LARGEST_BITS = 7_000  # of an exact number that a formula computes
_ROOT_BITS = 330  # a number under a root: SymPy factors it
_LARGEST_NUMBER = sp.Integer(10) ** 300
_SNIPPET = 24

Condition = Any  # a SymPy Boolean
Expr = Any


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A formula as read: its cases in order (value, condition), the definitions that it made, and what it said before them.

    relation: "=", ">=" or "<=" where the formula began with "D(R, C) =" or the like; None where it did not.
    """

    cases: tuple[tuple[Expr, Condition], ...]
    definitions: tuple[Definition, ...] = ()
    relation: str | None = None


@dataclass(frozen=True)
class Vocabulary:
    """The names that a formula may use: the function's parameters and the quantities that its theorem defines."""

    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...] = ()

    @property
    def names(self) -> dict[str, Any]:
        """Name -> symbol."""
        return {str(s.name): s for s in [*(d.symbol for d in self.definitions), *(p.symbol for p in self.parameters)]}

    @property
    def vectors(self) -> frozenset[str]:
        return frozenset(p.name for p in self.parameters if p.vector)


def _nodes() -> dict[str, tuple[int, Callable[..., Expr]]]:
    """The information measures of the project, by name, with their number of arguments."""
    found: dict[str, tuple[int, Callable[..., Expr]]] = {}
    node: Any
    for module in (information, information_binary):
        for name, node in inspect.getmembers(module, inspect.isclass):
            if issubclass(node, sp.Function) and node.__module__ == module.__name__:
                found[name] = (max(node.nargs), node)
    return found


def _fold(node: Any) -> Callable[..., Expr]:
    return lambda *values: values[0] if len(values) == 1 else node(*values, evaluate=False)


def _absolute(x: Expr) -> Expr:
    return sp.Abs(x, evaluate=False)


_ONE: dict[str, Callable[..., Expr]] = {
    "log2": information.log2,
    "lb": information.log2,
    "log10": lambda x: sp.log(x) / sp.log(10),
    "ln": sp.log,
    "abs": _absolute,
    "Abs": _absolute,
    "sign": lambda x: sp.sign(x, evaluate=False),
    "H_b": information.binary_entropy,
    "h_b": information.binary_entropy,
    "LambertW": sp.LambertW,
    "W": sp.LambertW,
    "W0": sp.LambertW,
    "W_0": sp.LambertW,
}
_MANY: dict[str, Callable[..., Expr]] = {
    "max": _fold(sp.Max), "Max": _fold(sp.Max), "maximum": _fold(sp.Max),
    "min": _fold(sp.Min), "Min": _fold(sp.Min), "minimum": _fold(sp.Min),
}  # fmt: skip
_NODES = _nodes()
FUNCTION_NAMES = sorted(
    {*_ONE, *_MANY, *_NODES, "sqrt", "log", "exp", "sum", "total", "Rational", "Piecewise", "And", "Or", "Not"}
)
CONSTANTS: dict[str, Expr] = {"pi": sp.pi, "E": sp.E, "e": sp.E, "oo": sp.oo, "inf": sp.oo, "infinity": sp.oo}


@dataclass
class Builder:
    """Makes SymPy from the parts that a reader recognises. `at` in every method is the position in the text, for the error."""

    argument: str  # how an error calls the text: "formula", "where"
    text: str
    vocabulary: Vocabulary
    definitions: list[Definition] = field(default_factory=list)  # those that the text makes, auxiliary ones too
    own: dict[str, Any] = field(default_factory=dict)  # name -> symbol of those that the text names
    nodes: int = 0

    def error(self, at: int, problem: str, fix: str) -> InputError:
        """An InputError that names the position, to be raised."""
        shown = " ".join(self.text[max(0, at - _SNIPPET // 3) : at + _SNIPPET].split())
        return InputError(self.argument, shown or "empty", f"at character {at + 1}, {problem}", fix)

    def name(self, name: str, at: int) -> Expr:
        """A parameter, a definition of the text or of the theorem, or a constant."""
        self._count(at)
        if name in self.own:
            return self.own[name]
        known = self.vocabulary.names
        if name in known:
            return sp.Symbol(name, real=True)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in FUNCTION_NAMES:
            raise self.error(at, f"{name} is a function", f"write {name}(...)")
        raise self.error(at, f"{name[:30]} is unknown", nearest(name[:30], [*known, *self.own, *CONSTANTS]))

    def number(self, digits: str, at: int) -> Expr:
        """A decimal number as the exact rational that it says."""
        self._count(at)
        exponent = digits.lower().partition("e")[2]
        if len(digits) > _MOST_DIGITS or (exponent and abs(int(exponent)) > 99):
            raise self.error(at, "the number is too long", f"give at most {_MOST_DIGITS} digits and an exponent of at most 99")
        return sp.Rational(digits)

    def add(self, a: Expr, b: Expr, at: int) -> Expr:
        return self._checked(self._value(a, at) + self._value(b, at), at)

    def subtract(self, a: Expr, b: Expr, at: int) -> Expr:
        return self._checked(self._value(a, at) - self._value(b, at), at)

    def multiply(self, a: Expr, b: Expr, at: int) -> Expr:
        return self._checked(self._value(a, at) * self._value(b, at), at)

    def divide(self, a: Expr, b: Expr, at: int) -> Expr:
        if self._value(b, at) == 0:
            raise self.error(at, "this divides by 0", "mend the formula")
        return self._checked(self._value(a, at) / b, at)

    def negative(self, a: Expr, at: int) -> Expr:
        return self._checked(-self._value(a, at), at)

    def power(self, base: Expr, exponent: Expr, at: int) -> Expr:
        base, exponent = self._value(base, at), self._value(exponent, at)
        too_large = False
        for term in sp.Add.make_args(exponent):
            factor = term.as_coeff_Mul()[0]
            too_large |= bool(factor.is_Rational and (abs(factor) > _LARGEST_EXPONENT or _bits(factor) > _ROOT_BITS))
        coefficient = base.as_coeff_Mul()[0]
        if coefficient.is_Rational and exponent.is_Rational and not too_large:
            limit = _LARGEST_BITS if exponent.is_Integer else _ROOT_BITS
            too_large |= _bits(coefficient) * max(1, int(abs(exponent))) > limit
        if too_large:
            raise self.error(at, "the power is too large", f"keep exponents within {_LARGEST_EXPONENT}")
        if base == 0 and exponent.is_negative:
            raise self.error(at, "this divides by 0", "mend the formula")
        return self._checked(base**exponent, at)

    def function(self, name: str, values: list[Expr], at: int) -> Expr:
        """A function of the whitelist applied to its arguments."""
        self._count(at)
        for value in values if name not in ("And", "Or", "Not") else []:
            self._value(value, at)
        if name in _MANY and values:
            return _MANY[name](*values)
        if name in ("sum", "total") and len(values) == 1:
            return self._total(values[0], at)
        if name in ("And", "Or") and values:
            return self.both(values, at) if name == "And" else self.either(values, at)
        if name == "log" and len(values) == 2:
            return self._checked(sp.log(values[0]) / sp.log(values[1]), at)
        if name == "Rational" and len(values) == 2:
            return self.divide(values[0], values[1], at)
        if len(values) == 1:
            x = values[0]
            if name == "sqrt":
                return self.power(x, sp.Rational(1, 2), at)
            if name == "exp":
                return self.power(sp.E, x, at)
            if name == "log":
                return self._checked(sp.log(x), at)
            if name == "Not":
                return self.negation(x, at)
            if name in _ONE:
                return self._checked(_ONE[name](x), at)
        if name in _NODES and len(values) == _NODES[name][0]:
            return self._checked(_NODES[name][1](*values), at)
        if name in FUNCTION_NAMES:
            raise self.error(at, f"{name} does not take {len(values)} argument{'s' * (len(values) != 1)}", "mend the call")
        raise self.error(at, f"{name[:30]} is no function that a formula may use", nearest(name[:30], FUNCTION_NAMES))

    def relation(self, sign: str, a: Expr, b: Expr, at: int) -> Condition:
        node = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}[sign]
        return node(self._value(a, at), self._value(b, at), evaluate=False)

    def both(self, parts: Iterable[Condition], at: int) -> Condition:
        return sp.And(*(self.condition(p, at) for p in parts), evaluate=False)

    def either(self, parts: Iterable[Condition], at: int) -> Condition:
        return sp.Or(*(self.condition(p, at) for p in parts), evaluate=False)

    def negation(self, condition: Condition, at: int) -> Condition:
        """Not, pushed down to the relations."""
        condition = self.condition(condition, at)
        if condition in (sp.true, sp.false):
            return sp.false if condition == sp.true else sp.true
        if isinstance(condition, sp.And | sp.Or):
            other = sp.Or if isinstance(condition, sp.And) else sp.And
            return other(*(self.negation(c, at) for c in condition.args), evaluate=False)
        opposite = {sp.Lt: sp.Ge, sp.Le: sp.Gt, sp.Gt: sp.Le, sp.Ge: sp.Lt, sp.Eq: sp.Ne, sp.Ne: sp.Eq}
        return opposite[type(condition)](*condition.args, evaluate=False)

    def cases(self, pairs: list[tuple[Expr, Condition]], at: int) -> Expr:
        """Cases inside an expression: an auxiliary quantity, since each branch must see only its own points."""
        checked = tuple((self._value(v, at), self.condition(c, at)) for v, c in pairs)
        if checked[-1][1] != sp.true:
            checked = (*checked, (sp.nan, sp.true))
        symbol = sp.Symbol(f"case_{len(self.definitions)}_", real=True)
        self.definitions.append(Definition(symbol, sp.Piecewise(*checked, evaluate=False)))
        return symbol

    def define(self, name: str, value: Any, at: int) -> None:
        """A quantity that the text names; later parts may use it. It may hide a definition of the theorem, not a parameter."""
        if name in {p.name for p in self.vocabulary.parameters}:
            raise self.error(at, f"{name} is a parameter", "define another name")
        if name in self.own:
            raise self.error(at, f"{name} is defined twice", "define it once")
        symbol = sp.Symbol(f"own_{len(self.definitions)}_", real=True)
        self.definitions.append(Definition(symbol, value))
        self.own[name] = symbol

    def condition(self, value: Any, at: int) -> Condition:
        if not isinstance(value, sp.logic.boolalg.Boolean) or isinstance(value, sp.Symbol):
            raise self.error(at, "a condition is wanted here", "write a comparison such as C >= h_S")
        return value

    def _value(self, value: Any, at: int) -> Expr:
        if isinstance(value, sp.logic.boolalg.Boolean) and not isinstance(value, sp.Symbol):
            raise self.error(at, "a value is wanted here, not a condition", "write Piecewise((value, condition), ...)")
        return value

    def _total(self, term: Expr, at: int) -> Expr:
        names = {s.name for s in term.free_symbols}
        if not names or not names <= self.vocabulary.vectors or term.has(total):
            vectors = ", ".join(sorted(self.vocabulary.vectors)) or "none here"
            raise self.error(at, "sum adds up vectors over their components, and holds nothing else", f"vectors: {vectors}")
        return total(term)

    def _checked(self, value: Expr, at: int) -> Expr:
        self._count(at)
        if value.has(sp.nan, sp.zoo, sp.I):
            raise self.error(at, "this is no real number", "mend the formula")
        number = value.as_coeff_Mul()[0]
        if number.is_Rational and (_bits(number) > _LARGEST_BITS or abs(number) > _LARGEST_NUMBER):
            raise self.error(at, "the number is too large", "mend the formula")
        return value

    def _count(self, at: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.error(at, "the formula is too long", f"use at most {MOST_NODES} operations")


def statement(builder: Builder, cases: list[tuple[Expr, Condition]], relation: str | None = None) -> Statement:
    """The finished statement; a vector outside a sum is an error."""
    made = tuple(builder.definitions)
    for expression in [e for case in cases for e in case] + [d.value for d in made if isinstance(d.value, sp.Basic)]:
        loose = {s.name for s in expression.replace(total, lambda term: sp.S.One).free_symbols} & builder.vocabulary.vectors
        if loose:
            raise builder.error(0, f"{min(loose)} is a vector", "write sum(...) over its components")
    return Statement(cases=tuple(cases), definitions=made, relation=relation)


def _bits(number: Any) -> int:
    return max(abs(int(number.p)).bit_length(), int(number.q).bit_length())


def with_constants(names: Mapping[str, Any]) -> list[str]:
    """All names that a formula may use, for a help text."""
    return [*names, *CONSTANTS]
