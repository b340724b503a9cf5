"""A claim about a theorem's function: a formula as text, LaTeX or a Python function, and what it claims to be.

A claim is evaluated in float64 at many points (to find where to look) and exactly at one (to decide). Where it states no value
(0/0, the root of a negative number, no case that applies) its value is nan; inf claims that no code meets the budgets.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, get_args

import numpy as np
import sympy as sp

from rdcsym.form import Definition, Form, Kind, Regime
from rdcsym.formula import parse_condition, parse_text
from rdcsym.formula_build import Statement, Vocabulary
from rdcsym.formula_latex import looks_like_latex, parse_latex, parse_latex_condition
from rdcsym.operating_points import Points, each, random_points, valid
from rdcsym.precise import precise_value
from rdcsym.problem import FloatArray, InputError
from rdcsym.theorem import Theorem

ClaimKind = Literal["exact", "lower", "upper"]
KINDS: Final[dict[ClaimKind, Kind]] = {"exact": "tight", "lower": "lower", "upper": "upper"}
_RELATIONS: Final[dict[str, ClaimKind]] = {">=": "lower", "<=": "upper"}
UNSTATED = "no case applies"
_PROBES = 8


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A formula for the function of a theorem, and the points that it speaks of.

    form: the formula as regimes (None for a Python function). function: the Python function. where: 1 where the claim is made.
    fixed: parameters that are held at a value. margin: the least relative miss that counts, above the claim's own rounding.
    """

    theorem: Theorem
    kind: Kind
    text: str
    fixed: Mapping[str, Any]
    form: Form | None = None
    function: Callable[..., Any] | None = None
    where: Form | None = None
    condition: str | None = None  # the text of `where`

    @property
    def margin(self) -> float:
        return 1e-9 if self.form is not None else 1e-6  # a Python function rounds as it likes

    def values(self, points: Points) -> FloatArray:
        """The claimed value at each point; nan where none is stated."""
        with np.errstate(all="ignore"):
            if self.form is not None:
                return np.asarray(self.form.evaluate(**self._parameters(points)), dtype=np.float64)
            return self._call_many(self._parameters(points))

    def regimes(self, points: Points) -> Any:
        """The name of the claim's case at each point."""
        if self.form is None:
            return np.full(len(next(iter(points.values()))), "the function", dtype=object)
        with np.errstate(all="ignore"):
            return self.form.regime(**self._parameters(points))

    def exact_value(self, point: Mapping[str, Any]) -> float:
        """The claimed value at one point; for a formula it is computed in many digits."""
        if self.form is None:
            return self._call(point)
        if any(p.vector for p in self.theorem.parameters):
            return float(self.values({n: np.asarray(x, dtype=np.float64)[None] for n, x in point.items()})[0])
        return precise_value(self.form, point)

    def covers(self, points: Points) -> Any:
        """The points that the claim speaks of: within --where, and at the fixed values."""
        mask = np.ones(len(next(iter(points.values()))), dtype=bool)
        for name, value in self.fixed.items():
            same = points[name] == value if np.shape(points[name])[1:] == np.shape(value) else np.zeros_like(mask)
            mask &= same.all(axis=-1) if same.ndim > 1 else same
        if self.where is not None and mask.any():
            with np.errstate(all="ignore"):
                held = self.where.evaluate(**{n: x[mask] for n, x in self._parameters(points).items()})
            mask[mask] = held == 1.0
        return mask

    def sees(self, point: Mapping[str, Any]) -> bool:
        """Whether the claim speaks of this one point, decided exactly."""
        points = {n: np.asarray(x, dtype=np.float64)[None] for n, x in point.items()}
        if not bool(self.covers(points)[0]):
            return False
        return self.where is None or any(p.vector for p in self.theorem.parameters) or precise_value(self.where, point) == 1.0

    def _parameters(self, points: Points) -> Points:
        return {p.name: points[p.name] for p in self.theorem.parameters}

    @cached_property
    def _accepted(self) -> frozenset[str]:
        """The parameters that the Python function takes."""
        names = [p.name for p in self.theorem.parameters]
        try:
            given = inspect.signature(self.function).parameters.values()  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return frozenset(names)
        if any(p.kind is p.VAR_KEYWORD for p in given):
            return frozenset(names)
        for parameter in given:
            required = parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
            if required and (parameter.name not in names or parameter.kind is parameter.POSITIONAL_ONLY):
                raise InputError(
                    "formula", f"function of {parameter.name}", f"{self.theorem.name} has no such parameter",
                    f"take keyword parameters among {', '.join(names)}",
                )  # fmt: skip
        return frozenset(p.name for p in given)

    def _call(self, point: Mapping[str, Any]) -> float:
        assert self.function is not None
        given = {n: x if np.ndim(x) else float(x) for n, x in point.items() if n in self._accepted}
        try:
            value = self.function(**given)
        except Exception as error:  # a stranger's function may raise anything; the point is what its author needs to see
            problem = f"the function raised {type(error).__name__}: {error}"
            raise InputError(
                "formula", _short(given), problem, "return math.inf or math.nan there, or restrict with where"
            ) from error
        return _real(value, given)

    def _call_many(self, points: Points) -> FloatArray:
        rows = list(each(points))
        if rows and self.broadcasts:
            value = self._on_arrays({n: x for n, x in points.items() if n in self._accepted}, len(rows))
            if value is not None:
                return value
        return np.array([self._call(row) for row in rows], dtype=np.float64)

    @cached_property
    def broadcasts(self) -> bool:
        """Whether the function takes arrays of points and gives what it gives one by one, tried at a few points."""
        form = self.theorem.certified
        points = valid(form, random_points(form, _PROBES, np.random.default_rng(0), components=1))
        count = len(next(iter(points.values())))
        if any(p.vector for p in form.parameters) or count < 2:
            return False
        together = self._on_arrays({n: x for n, x in points.items() if n in self._accepted}, count)
        return together is not None and np.array_equal(together, [self._call(row) for row in each(points)], equal_nan=True)

    def _on_arrays(self, given: Points, count: int) -> FloatArray | None:
        assert self.function is not None
        try:
            value = np.asarray(self.function(**{n: x.copy() for n, x in given.items()}), dtype=np.float64)
        except Exception:  # a function of numbers may raise anything when it meets arrays: it is then called point by point
            return None
        return value if value.shape == (count,) else None


def claim(
    theorem: Theorem, formula: Any, kind: str = "exact", where: str | None = None, fixed: Mapping[str, Any] | None = None
) -> Claim:
    """A claim about the theorem's function. Raises InputError for what cannot be read.

    formula: plain text (see `formula`), LaTeX (see `formula_latex`), or a function of keyword parameters. kind: "exact",
    "lower" or "upper". where: a condition on the parameters, the points that the claim speaks of. fixed: parameter -> value.
    """
    if kind not in get_args(ClaimKind):
        raise InputError("claim", kind, "is no kind of claim", f"use {', '.join(get_args(ClaimKind))}")
    held = _fixed(theorem, fixed or {})
    meant = KINDS[kind]  # type: ignore[index]
    condition = None if where is None else _where(theorem, where)
    if callable(formula):
        name = getattr(formula, "__name__", type(formula).__name__)
        made = Claim(
            theorem=theorem,
            kind=meant,
            text=f"the function {name}",
            fixed=held,
            function=formula,
            where=condition,
            condition=where,
        )
        assert made._accepted is not None  # an unknown parameter is named now, not in the search
        return made
    statement = _read(theorem, formula)
    if statement.relation in _RELATIONS and _RELATIONS[statement.relation] != kind:
        says = _RELATIONS[statement.relation]
        raise InputError(
            "formula", formula, f"states a bound ({statement.relation})", f"claim {says}, or write = or the value alone"
        )
    return Claim(
        theorem=theorem,
        kind=meant,
        text=str(formula),
        fixed=held,
        form=_form(theorem, statement, meant),
        where=condition,
        condition=where,
    )


def vocabulary(theorem: Theorem) -> Vocabulary:
    """The names that a formula for the theorem may use: its parameters and the quantities that its certified form defines."""
    definitions = theorem.certified.definitions
    if any(p.vector for p in theorem.parameters):
        definitions = tuple(d for d in definitions if _is_scalar(theorem, d))
    return Vocabulary(theorem.parameters, definitions)


def _is_scalar(theorem: Theorem, definition: Definition) -> bool:
    form = theorem.certified
    points = valid(form, random_points(form, 8, np.random.default_rng(0), components=2))
    with np.errstate(all="ignore"):
        return form.quantity(definition.symbol, **points).ndim == 1


def _read(theorem: Theorem, formula: Any) -> Statement:
    if not isinstance(formula, str):
        raise InputError("formula", formula, "is neither text nor a function", "give SymPy text, LaTeX or a Python function")
    known = vocabulary(theorem)
    return parse_latex(formula, known) if looks_like_latex(formula) else parse_text(formula, known)


def _where(theorem: Theorem, text: str) -> Form:
    known = vocabulary(theorem)
    read = parse_latex_condition(text, known) if looks_like_latex(text) else parse_condition(text, known)
    inside = Regime("inside", read.cases[0][1], sp.Integer(1))
    form = _form(theorem, read, "tight")
    return dataclasses.replace(form, regimes=(inside, Regime("outside", sp.true, sp.Integer(0))))


def _form(theorem: Theorem, statement: Statement, kind: Kind) -> Form:
    regimes = [Regime(_name(i, c, len(statement.cases)), c, v) for i, (v, c) in enumerate(statement.cases)]
    if regimes[-1].condition != sp.true:
        regimes.append(Regime(UNSTATED, sp.true, sp.nan))
    return dataclasses.replace(
        theorem.certified, kind=kind, regimes=tuple(regimes), source="a claim", remark="",
        definitions=(*theorem.certified.definitions, *statement.definitions),
    )  # fmt: skip


def _name(index: int, condition: Any, count: int) -> str:
    return "the formula" if count == 1 and condition == sp.true else f"case {index + 1} of {count}"


def _fixed(theorem: Theorem, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {p.name: p for p in theorem.parameters}
    held: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            theorem.certified.evaluate(**{name: 0.0})  # raises, with the nearest names
        parameter = known[name]
        try:
            number: Any = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(name, value, "is no number", "fix a parameter at a number") from None
        outside = (number < parameter.low) | (number > parameter.high) | np.isnan(number)
        outside |= parameter.integer & (number != np.floor(number))
        if outside.any() or (number.ndim == 1) != parameter.vector or number.ndim > 1:
            shape = " for each component" if parameter.vector else ""
            raise InputError(
                name, value, "is outside its domain", f"give a value in [{parameter.low:g}, {parameter.high:g}]{shape}"
            )
        held[name] = number if parameter.vector else float(number)
    if len({len(x) for x in held.values() if np.ndim(x)}) > 1:
        raise InputError("fixed", ", ".join(held), "vectors differ in length", "give one entry for each component")
    return held


def _real(value: Any, point: Mapping[str, Any]) -> float:
    if isinstance(value, complex | np.complexfloating):
        return float(value.real) if value.imag == 0 else math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(
            "formula", _short(point), f"the function returned {value!r:.40}", "return a number, math.inf or math.nan"
        ) from None


def _short(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{n} = {np.asarray(x).tolist()!r}" for n, x in point.items())
