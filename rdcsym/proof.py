"""Derivations that a machine checks: steps of a proof, each with a `check()` that is True or raises what failed.

A regime of a minimum is proved by duality: a point that attains the value, and multipliers that bound it from below. What is left
to check is algebra (`Identity`) and signs (`Sign`, `BoxSign`). A sign is proved by writing the expression as a sum of products
of terms that the regime assumes to be nonnegative, so that the reader sees why; SymPy verifies that sum. What rests on a theorem
of others is a `Lemma`: cited, never counted as checked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import mpmath
import sympy as sp

from rdcsym.information import binary_entropy
from rdcsym.latex import render
from rdcsym.precision import PRECISION_LOCK

_PRIMES = (13, 29, 41, 53, 67, 79, 23, 37)
_ZERO_SIMPLIFIERS = (sp.expand, sp.cancel, lambda e: sp.cancel(sp.together(sp.expand(e))), sp.simplify)


class ProofError(AssertionError):
    """A step of a derivation that does not hold; the message has the failing equality or sign."""


@dataclass(frozen=True)
class Step:
    """One step. `regime` names the regime that it helps to prove ("" for all), `claim` says it in words."""

    regime: str
    claim: str

    kind: ClassVar[str] = "step"
    is_proof: ClassVar[bool] = True

    def check(self) -> bool:
        """True, or raises ProofError with what failed."""
        raise TypeError("an abstract step proves nothing")

    def latex(self) -> str:
        """The step's formula, without its claim."""
        return ""


@dataclass(frozen=True)
class Identity(Step):
    """lhs = rhs, for every value of the symbols that their assumptions allow."""

    lhs: Any
    rhs: Any

    kind: ClassVar[str] = "identity"

    def check(self) -> bool:
        if not is_zero(self.lhs - self.rhs):
            raise ProofError(f"{self.claim}: {self.lhs} = {self.rhs} does not hold; the difference is {self.lhs - self.rhs}")
        return True

    def latex(self) -> str:
        return f"{render(self.lhs)} = {render(self.rhs)}"


@dataclass(frozen=True)
class Sign(Step):
    """expression >= 0 (> 0 when strict), because it is a sum of products of nonnegative factors.

    `terms`: the products, each a tuple of factors. `given`: what the regime assumes to be >= 0. `positive`: what it assumes to be
    > 0. A factor is accepted if it is a nonnegative number, a `given` or `positive`, the inverse of a `positive`, or nonnegative
    by its symbols' own assumptions.
    """

    expression: Any
    terms: tuple[tuple[Any, ...], ...]
    given: tuple[Any, ...] = ()
    positive: tuple[Any, ...] = ()
    strict: bool = False

    kind: ClassVar[str] = "sign"

    def check(self) -> bool:
        Case(self.regime, self.claim, self.expression, self.given, self.positive).check()
        for term in self.terms:
            for factor in term:
                if not self._nonnegative(sp.sympify(factor)):
                    raise ProofError(f"{self.claim}: the factor {factor} is not known to be nonnegative")
        if not is_zero(self.expression - sum(sp.Mul(*t) for t in self.terms)):
            raise ProofError(f"{self.claim}: {self.expression} is not the sum of the given products {self.terms}")
        if self.strict and not any(all(self._positive(sp.sympify(f)) for f in term) for term in self.terms):
            raise ProofError(f"{self.claim}: no product is known to be positive in {self.terms}")
        return True

    def _positive(self, factor: Any) -> bool:
        return bool(factor.is_positive) or any(is_zero(factor - p) or is_zero(factor * p - 1) for p in self.positive)

    def _nonnegative(self, factor: Any) -> bool:
        return bool(factor.is_nonnegative) or self._positive(factor) or any(is_zero(factor - g) for g in self.given)

    def latex(self) -> str:
        relation = ">" if self.strict else r"\ge"
        return f"{render(self.expression)} = {' + '.join(_product(t) for t in self.terms) or '0'} {relation} 0"


@dataclass(frozen=True)
class BoxSign(Step):
    """expression >= 0 on a stated box, decided by interval arithmetic with bisection of the box.

    `box`: (symbol, low, high) in rationals. The box is halved until each part's interval is nonnegative; `depth` bounds that.
    """

    expression: Any
    box: tuple[tuple[Any, Any, Any], ...]
    depth: int = 24

    kind: ClassVar[str] = "sign on a box"

    def check(self) -> bool:
        symbols = [s for s, _, _ in self.box]
        todo = [(tuple((sp.Rational(a), sp.Rational(b)) for _, a, b in self.box), 0)]
        while todo:
            part, level = todo.pop()
            value = _enclosure(self.expression, dict(zip(symbols, (_interval(a, b) for a, b in part), strict=True)))
            if value.a >= 0:
                continue
            if level == self.depth or value.b < 0:
                raise ProofError(f"{self.claim}: {self.expression} lies in {value} on {part}, not shown to be nonnegative")
            widest = max(range(len(part)), key=lambda i: part[i][1] - part[i][0])
            a, b = part[widest]
            for half in ((a, (a + b) / 2), ((a + b) / 2, b)):
                todo.append(((*part[:widest], half, *part[widest + 1 :]), level + 1))
        return True

    def latex(self) -> str:
        box = r",\ ".join(rf"{render(s)} \in [{render(a)}, {render(b)}]" for s, a, b in self.box)
        return rf"{render(self.expression)} \ge 0 \quad \text{{for }} {box}"


@dataclass(frozen=True)
class Lemma(Step):
    """A theorem of others on which the derivation rests; `source` cites it. Nothing is checked here, and no count says so."""

    source: str

    kind: ClassVar[str] = "cited lemma"
    is_proof: ClassVar[bool] = False

    def check(self) -> bool:
        return True


@dataclass(frozen=True)
class Case(Step):
    """What the steps that follow assume (`given` >= 0, `positive` > 0) and the value that they prove under it.

    Assumptions are in the parameters and definitions of the theorem's form, so that the certifier can see at every point of the
    regime that some case's assumptions hold there, and that its value is the form's. Nothing is proved here.
    """

    value: Any
    given: tuple[Any, ...] = ()
    positive: tuple[Any, ...] = ()

    kind: ClassVar[str] = "case"
    is_proof: ClassVar[bool] = False

    def check(self) -> bool:
        """True, or raises ProofError where an assumption is false whatever the parameters: anything would follow from it."""
        for assumption, sign in ((g, "nonnegative") for g in self.given):
            if sp.sympify(assumption).is_negative:
                raise ProofError(f"{self.claim}: {assumption} is assumed to be {sign}")
        for assumption in self.positive:
            if sp.sympify(assumption).is_nonpositive:
                raise ProofError(f"{self.claim}: {assumption} is assumed to be positive")
        return True

    def latex(self) -> str:
        parts = [rf"{render(g)} \ge 0" for g in self.given] + [rf"{render(p)} > 0" for p in self.positive]
        return r",\ ".join(parts)


class Derivation(tuple[Step, ...]):
    """The steps of a proof, in order."""

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self)

    def check(self) -> int:
        """Check every step; the number of steps proved (cited lemmas do not count). Raises ProofError at the first failure."""
        with PRECISION_LOCK:  # SymPy and the intervals work at mpmath's precision, whatever another thread makes of it
            return sum(step.check() * step.is_proof for step in self)

    @property
    def cases(self) -> tuple[Case, ...]:
        return tuple(step for step in self if isinstance(step, Case))

    def proved_regimes(self) -> set[str]:
        """The regimes that have a proved step of their own."""
        return {step.regime for step in self if step.is_proof}

    @property
    def lemmas(self) -> tuple[Lemma, ...]:
        return tuple(step for step in self if isinstance(step, Lemma))


def is_zero(expression: Any) -> bool:
    """Whether SymPy can show that the expression is identically zero."""
    with PRECISION_LOCK:
        expression = sp.sympify(expression)
        if expression.has(sp.Integral):
            expression = expression.doit()
        if expression == 0:
            return True
        return not _nonzero_somewhere(expression) and any(simplify(expression) == 0 for simplify in _ZERO_SIMPLIFIERS)


def _nonzero_somewhere(expression: Any) -> bool:
    """Whether the expression is clearly not zero at one fixed point: a cheap refutation before any simplification."""
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    if any(s.is_integer for s in symbols):
        return False
    point = {s: sp.Rational(_PRIMES[i % len(_PRIMES)], 101 + i) for i, s in enumerate(symbols)}
    value = expression.subs(point).evalf(20)
    return bool(value.is_number and value.is_finite and abs(value) > sp.Float("1e-9"))


def _product(term: Iterable[Any]) -> str:
    return r" \cdot ".join(rf"\left({render(f)}\right)" if sp.sympify(f).is_Add else render(f) for f in term)


def _interval(low: Any, high: Any) -> Any:
    """An mpmath interval that encloses [low, high], both rational."""
    ends = [mpmath.iv.mpf(int(x.p)) / mpmath.iv.mpf(int(x.q)) for x in (low, high)]
    return mpmath.iv.mpf([ends[0].a, ends[1].b])


def _enclosure(expression: Any, box: dict[Any, Any]) -> Any:
    """An interval that holds the expression on the box: every constant is enclosed, every function known, or ProofError."""
    if expression in box:
        return box[expression]
    if expression.is_Rational:
        return _interval(expression, expression)
    if expression in _CONSTANTS:
        return _CONSTANTS[expression]()
    if expression.is_Function and expression.has(binary_entropy):
        return _enclosure(expression.rewrite(sp.log), box)
    parts = [_enclosure(argument, box) for argument in expression.args]
    if expression.is_Add:
        return sum(parts, mpmath.iv.mpf(0))
    if expression.is_Mul:
        return math.prod(parts, start=mpmath.iv.mpf(1))
    if expression.is_Pow and expression.exp.is_Integer:
        return parts[0] ** int(expression.exp)
    if expression.is_Pow and expression.exp == sp.Rational(1, 2):
        return mpmath.iv.sqrt(parts[0])
    if expression.func in _ENCLOSED:
        return _ENCLOSED[expression.func](parts[0])
    raise ProofError(f"no enclosure is known for {expression}")


_CONSTANTS = {sp.pi: lambda: mpmath.iv.pi + 0, sp.E: lambda: mpmath.iv.e + 0}
_ENCLOSED = {sp.log: mpmath.iv.log, sp.exp: mpmath.iv.exp}
