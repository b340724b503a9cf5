"""Form: one statement of a function, as data: parameters, definitions, regimes in order.

At an operating point the first regime whose condition holds gives the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import sympy as sp

from rdcsym.evaluate import BUDGET_TOLERANCE, Compiled, Mask, compile_condition, compile_expression, select
from rdcsym.latex import render_form
from rdcsym.problem import FloatArray, InputError, check_array, nearest

Kind = Literal["tight", "lower", "upper"]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One argument of a theorem's function: its symbol, its interval, its unit and what it means.

    `default` None means that it must be given. `draw` turns a uniform variable (`UNIFORM`, and the parameters declared before)
    into a random operating point; it serves tests and the certifier. A `vector` has one entry for each component of the source,
    along its last axis; a scalar stands for one component.
    """

    symbol: Any
    low: float
    high: float
    meaning: str
    draw: Any
    unit: str = ""
    default: float | None = None
    integer: bool = False
    size: Any = 1  # the natural size, in the other parameters, to which its rounding is compared
    vector: bool = False

    @property
    def name(self) -> str:
        return str(self.symbol.name)


_PART = 1 << 15
UNIFORM = sp.Symbol("u", nonnegative=True)


@dataclass(frozen=True)
class Definition:
    """A named intermediate quantity; `value` is an expression or the root of an equation. `note` goes into the LaTeX."""

    symbol: Any
    value: Any
    note: str = ""


@dataclass(frozen=True)
class Regime:
    """A part of the parameter space with one expression for the value: inf (`oo`) where no code meets the budgets.

    `sudden`: the value jumps where the condition begins to hold, so the condition must hold by more than the
    rounding of a budget (`BUDGET_TOLERANCE`). `kind`: where it differs from the form's, for instance a regime in which only a
    lower bound is known.
    """

    name: str
    condition: Any
    value: Any
    sudden: bool = False
    unit: Any = 1  # the natural size of what a sudden condition compares: 1 bit, or a distortion
    kind: Kind | None = None


def infeasible(condition: Any, name: str = "infeasible", unit: Any = 1) -> Regime:
    """A regime in which no code meets the budgets: inf, beyond the rounding of a budget (see Regime.unit)."""
    return Regime(name, condition, sp.oo, sudden=True, unit=unit)


@dataclass(frozen=True)
class Requirement:
    """A condition on several parameters together; where it fails the input is bad, and `argument` is the one to mend."""

    argument: str
    condition: Any
    problem: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Form:
    """One statement of a function: parameters, definitions, regimes in order, kind and source.

    kind: "tight" (the value itself), "lower" or "upper" (a bound on it).
    Units: rates and classification losses in bits, distortions in the squared units of sigma (Gaussian) or as a probability of
    error (Bernoulli).
    """

    value: Any  # the symbol of the function's value, D or R
    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...]
    regimes: tuple[Regime, ...]
    source: str
    kind: Kind = "tight"
    requirements: tuple[Requirement, ...] = ()
    remark: str = ""
    unit: Any = 1  # the natural size of the value at a point, to which a rounding error is compared

    def evaluate(self, **values: Any) -> Any:
        """The value at one operating point (float), or at many by broadcasting (array); inf where infeasible.

        Raises InputError for a missing, unknown, non-numeric or out-of-domain parameter.
        """
        arrays, shape = self._arrays(values)
        size = _length(arrays)
        # Points are evaluated in parts that fit the processor's cache.
        parts = [{n: x[i : i + _PART] for n, x in arrays.items()} for i in range(0, size, _PART)]
        value = np.concatenate([self._evaluate(part) for part in parts]) if parts else np.empty(0)
        return float(value[0]) if shape is None else value.reshape(shape)

    def regime(self, **values: Any) -> Any:
        """The name of the regime that decides the value at an operating point; an array of names for arrays."""
        arrays, shape = self._arrays(values)
        with np.errstate(over="ignore", under="ignore"):
            return self._regime(arrays, shape)

    def _regime(self, arrays: dict[str, FloatArray], shape: tuple[int, ...] | None) -> Any:
        names = np.full(_length(arrays), "undefined", dtype=object)
        for mask, index in self._decide(arrays):
            names[mask] = self.regimes[index].name
        return str(names[0]) if shape is None else names.reshape(shape)

    def quantity(self, expression: Any, **values: Any) -> FloatArray:
        """An expression in this form's parameters and definitions, for instance a regime boundary, at operating points.

        One value for each point, or one row for each where the expression is a vector's.
        """
        arrays, _ = self._arrays(values)
        compiled = compile_expression(expression)
        with np.errstate(over="ignore", under="ignore"):
            self._define(arrays, compiled.names)
        return np.array(_spread(compiled(arrays), _length(arrays)))

    def latex(self) -> str:
        """The formula as a LaTeX display: the regimes as cases, then the definitions that they use."""
        return render_form(self)

    @cached_property
    def _conditions(self) -> list[Compiled]:
        return [compile_condition(r.condition, BUDGET_TOLERANCE * r.sudden, r.unit) for r in self.regimes]

    @cached_property
    def _values(self) -> list[Compiled]:
        return [compile_expression(r.value) for r in self.regimes]

    @cached_property
    def _compiled(self) -> dict[str, Compiled]:
        return {d.symbol.name: compile_expression(d.value) for d in self.definitions}

    def _decide(self, arrays: dict[str, FloatArray]) -> Iterator[tuple[Mask, int]]:
        """The points of each regime. Adds to `arrays` the definitions that the conditions use, and no others."""
        self._define(arrays, frozenset[str]().union(*(c.names for c in self._conditions)))
        return select(arrays, self._conditions)

    def _define(self, arrays: dict[str, FloatArray], wanted: frozenset[str]) -> None:
        """Add the wanted definitions, and those that they are made of, in order."""
        needed = set(wanted)
        for name in reversed(self._compiled):
            if name in needed:
                needed |= self._compiled[name].names
        length = _length(arrays)
        for name, compiled in self._compiled.items():
            if name in needed and name not in arrays:
                arrays[name] = _spread(compiled(arrays), length)

    def _evaluate(self, arrays: dict[str, FloatArray]) -> FloatArray:
        result = np.full(_length(arrays), np.inf)
        # Huge budgets may overflow to inf and tiny ones to 0: both are the right values.
        with np.errstate(over="ignore", under="ignore"):
            for mask, index in self._decide(arrays):
                value = self._values[index]
                part = {name: array[mask] for name, array in arrays.items()} if not mask.all() else arrays
                self._define(part, value.names)
                result[mask] = value(part)
        return result + 0.0  # no negative zero

    def _arrays(self, values: Mapping[str, Any]) -> tuple[dict[str, FloatArray], tuple[int, ...] | None]:
        """The given parameters as arrays of one length (a row for each point where they are vectors), checked; and the shape of
        the answer (None for a scalar)."""
        known = {p.name: p for p in self.parameters}
        for name, value in values.items():
            if name not in known:
                raise InputError(name, value, "is no parameter of this function", nearest(name, known))
        given: dict[str, FloatArray] = {}
        for name, parameter in known.items():
            value = values.get(name, parameter.default)
            if value is None:
                raise InputError(name, "missing", "has no value", f"give {name}: {parameter.meaning}")
            given[name] = _check(parameter, value)
        arrays, shape = _broadcast(given, {n for n, p in known.items() if p.vector})
        for requirement in self.requirements:
            if _length(arrays):
                self._require(requirement, arrays)
        return arrays, shape or None

    def _require(self, requirement: Requirement, arrays: dict[str, FloatArray]) -> None:
        failed = ~compile_condition(requirement.condition)(arrays)
        if failed.any():
            bad = float(arrays[requirement.argument][failed][0])
            raise InputError(requirement.argument, bad, requirement.problem, requirement.fix)


def _length(arrays: Mapping[str, FloatArray]) -> int:
    return len(next(iter(arrays.values())))


def _spread(values: Any, length: int) -> FloatArray:
    """One value, or one row, for each point."""
    values = np.asarray(values, dtype=np.float64)
    return values if values.ndim and len(values) == length else np.broadcast_to(values, (length,))


def _broadcast(given: dict[str, FloatArray], vectors: set[str]) -> tuple[dict[str, FloatArray], tuple[int, ...]]:
    """All parameters at all points: arrays of shape (points,), (points, components) for vectors; and the points' shape."""
    rows = {n: np.atleast_1d(a) for n, a in given.items() if n in vectors}
    try:
        components = np.broadcast_shapes(*(a.shape[-1:] for a in rows.values()))
        shape = np.broadcast_shapes(*(rows[n].shape[:-1] if n in vectors else a.shape for n, a in given.items()))
    except ValueError:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in given.items() if a.ndim)
        raise InputError("shapes", shapes, "do not broadcast", "give arrays of one shape, or scalars") from None
    if components == (0,):
        raise InputError(min(rows), "empty", "has no components", "give one entry for each component of the source")
    arrays = {}
    count = math.prod(shape)
    for name, array in given.items():
        tail = components if name in vectors else ()
        arrays[name] = np.ascontiguousarray(np.broadcast_to(rows.get(name, array), shape + tail)).reshape(count, *tail)
    return arrays, shape


def _check(parameter: Parameter, value: Any) -> FloatArray:
    array = check_array(parameter.name, value)
    low, high = parameter.low, parameter.high
    outside = (array < low) | (array > high)
    if parameter.integer:
        outside |= array != np.floor(array)
    if outside.any():
        wanted = f"at least {low:g}" if np.isinf(high) else f"in [{low:g}, {high:g}]"
        wanted = f"a whole number {wanted}" if parameter.integer else wanted
        unit = f" ({parameter.unit})" if parameter.unit else ""
        fix = f"give {parameter.meaning} {wanted}{unit}"
        raise InputError(parameter.name, float(array[outside].flat[0]), "is outside its domain", fix)
    return array
