"""SymPy expressions to fast NumPy functions that never evaluate a branch outside its condition.

`sympy.lambdify` evaluates every branch of a Piecewise on every point, which raises warnings and makes NaN where a branch is
undefined. Here a Piecewise is evaluated under masks: each branch sees only the points that its condition selected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from rdcsym.numerics import FUNCTIONS
from rdcsym.problem import FloatArray

Arrays = Mapping[str, FloatArray]
Mask = NDArray[np.bool_]

# An operating point is given in floating point. A budget that misses the edge of the feasible set by less than this (relative to
# its natural size) counts as on it: H_b(q) computed in two ways differs by an ulp, and inf for a missing ulp helps nobody.
BUDGET_TOLERANCE = 1e-12

_REMEMBERED = 4096  # compiled expressions: requirements, units and boundaries come up at every call

_NEWTON_LIMIT = 80  # a bracket halved as often is closed; only roots within rounding of a flat top need so many
_CONVERGED = 2.0  # ulps


@dataclass(frozen=True)
class Compiled:
    """A function of arrays by name, all flat and of one length; `names` are those that it reads."""

    names: frozenset[str]
    function: Callable[[Arrays], Any]

    def __call__(self, arrays: Arrays) -> Any:
        return self.function(arrays)

    def at(self, arrays: Arrays, mask: Mask) -> Any:
        """The values at the points that the mask selects; no other point is touched."""
        if mask.all():
            return self.function(arrays)
        return self.function({name: arrays[name][mask] for name in self.names})


def _length(arrays: Arrays) -> int:
    return len(next(iter(arrays.values())))


@lru_cache(_REMEMBERED, typed=True)
def compile_expression(expression: Any) -> Compiled:
    """A function from arrays (by symbol name) to the array of the expression's values.

    A Piecewise may stand at the top only; the last branch must be `(value, True)`.
    """
    if isinstance(expression, Root):
        return _compile_root(expression)
    expression = sp.sympify(expression)
    if isinstance(expression, sp.Piecewise):
        return _compile_piecewise(expression)
    if expression.has(sp.Piecewise):
        raise TypeError(f"a Piecewise inside an expression cannot be masked, give it a name of its own: {expression}")
    names = sorted(symbol.name for symbol in expression.free_symbols)
    if not names:
        constant = float(expression)
        # An expression without symbols still needs to know how many points there are: it reads whatever array is at hand.
        return Compiled(frozenset(), lambda arrays: np.float64(constant))
    function = sp.lambdify([sp.Symbol(n) for n in names], _plain(expression), modules=[FUNCTIONS, "numpy"], cse=True)
    return Compiled(frozenset(names), lambda arrays: function(*(arrays[n] for n in names)))


@lru_cache(_REMEMBERED, typed=True)
def compile_condition(condition: Any, slack: float = 0.0, unit: Any = 1) -> Compiled:
    """A condition (And, Or of relations) to a function that gives a mask.

    With `slack` > 0 an inequality must hold by more than the slack, relative to its left side or to `unit`, the natural size of
    what is compared, where that is larger.
    """
    condition = sp.sympify(condition)
    if condition in (sp.true, sp.false):
        truth = np.bool_(condition == sp.true)
        return Compiled(frozenset(), lambda arrays: truth)
    if isinstance(condition, sp.And | sp.Or):
        parts = [compile_condition(c, slack, unit) for c in condition.args]
        combine = np.logical_and if isinstance(condition, sp.And) else np.logical_or
        names = frozenset[str]().union(*(part.names for part in parts))
        return Compiled(names, lambda arrays: combine.reduce([part(arrays) for part in parts]))
    return _compile_relation(condition, slack, unit)


def _compile_relation(relation: Any, slack: float, unit: Any) -> Compiled:
    if isinstance(relation, sp.Eq | sp.Ne):
        small, large = compile_expression(relation.lhs), compile_expression(relation.rhs)
        equal = np.equal if isinstance(relation, sp.Eq) else np.not_equal
        return Compiled(small.names | large.names, lambda arrays: equal(small(arrays), large(arrays)))
    small, large = compile_expression(relation.lts), compile_expression(relation.gts)
    size = compile_expression(unit)
    compare = np.less if isinstance(relation, sp.Lt | sp.Gt) else np.less_equal

    def evaluate(arrays: Arrays) -> Any:
        a, b = small(arrays), large(arrays)
        if slack:
            a = a + slack * np.maximum(size(arrays), np.where(np.isfinite(a), np.abs(a), 0.0))
        return compare(a, b)

    return Compiled(small.names | large.names | (size.names if slack else frozenset()), evaluate)


def _compile_piecewise(piecewise: Any) -> Compiled:
    conditions = [compile_condition(c) for _, c in piecewise.args]
    values = [compile_expression(e) for e, _ in piecewise.args]

    def evaluate(arrays: Arrays) -> FloatArray:
        result = np.full(_length(arrays), np.nan)
        for mask, index in select(arrays, conditions):
            result[mask] = values[index].at(arrays, mask)
        return result

    return Compiled(frozenset[str]().union(*(c.names for c in [*conditions, *values])), evaluate)


def select(arrays: Arrays, conditions: Sequence[Compiled]) -> Iterator[tuple[Mask, int]]:
    """Each condition's points, as (mask, index): the first condition that holds at a point takes it."""
    left = np.ones(_length(arrays), dtype=bool)
    for index, condition in enumerate(conditions):
        if not left.any():
            return
        mask = left.copy()
        mask[left] = condition.at(arrays, left)
        left &= ~mask
        if mask.any():
            yield mask, index


def _plain(expression: Any) -> Any:
    """The expression with symbols stripped of their assumptions, so that they match by name."""
    return expression.xreplace({s: sp.Symbol(s.name) for s in expression.free_symbols})


@dataclass(frozen=True)
class Root:
    """A definition by an implicit equation: the one zero of `equation`, monotone in `variable`, in [low, high].

    Where there is no change of sign, the end with the smaller |equation| (the caller's condition decides whether it is meant).
    """

    variable: Any
    equation: Any
    low: Any
    high: Any


def _compile_root(root: Root) -> Compiled:
    """Newton's steps inside a shrinking bracket, all points at once; a point that has converged is left alone."""
    derivative = sp.diff(root.equation, root.variable)
    equation, slope, low, high = (compile_expression(e) for e in (root.equation, derivative, root.low, root.high))
    variable = root.variable.name
    order = sorted((equation.names | slope.names) - {variable})

    def search(a: FloatArray, b: FloatArray, rising: Mask, others: dict[str, FloatArray]) -> FloatArray:
        x, active = a + (b - a) / 2, np.arange(a.size)
        answer = x.copy()
        for _ in range(_NEWTON_LIMIT):
            here = {variable: x, **others}
            value = equation(here)
            before = (value < 0) == rising
            a, b = np.where(before, x, a), np.where(before, b, x)
            with np.errstate(
                divide="ignore", invalid="ignore"
            ):  # the slope may be 0 or infinite at an end: then the bracket is halved
                step = x - value / slope(here)
            following = np.where((step > np.minimum(a, b)) & (step < np.maximum(a, b)), step, a + (b - a) / 2)
            following = np.where(value == 0, x, following)
            answer[active] = following
            open_ = np.abs(following - x) > _CONVERGED * np.spacing(np.abs(following))
            if not open_.any():
                break
            x, a, b, rising, active = following[open_], a[open_], b[open_], rising[open_], active[open_]
            others = {n: v[open_] for n, v in others.items()}
        return answer

    def evaluate(arrays: Arrays) -> FloatArray:
        a, b = (np.broadcast_to(end(arrays), (_length(arrays),)) for end in (low, high))
        at_a, at_b = equation({**arrays, variable: a}), equation({**arrays, variable: b})
        result = np.where(np.abs(at_a) <= np.abs(at_b), a, b)
        inside = (at_a < 0) != (at_b < 0)
        if inside.any():
            others = {n: arrays[n][inside] for n in order}
            result[inside] = search(a[inside], b[inside], at_b[inside] > at_a[inside], others)
        return np.asarray(result)

    return Compiled(frozenset(order) | low.names | high.names, evaluate)
