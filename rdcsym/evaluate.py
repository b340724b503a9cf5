"""SymPy expressions to fast NumPy functions that never evaluate a branch outside its condition.

`sympy.lambdify` evaluates every branch of a Piecewise on every point, which raises warnings and makes NaN where a branch is
undefined. Here a Piecewise is evaluated under masks: each branch sees only the points that its condition selected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize.elementwise import find_root
from scipy.special import lambertw, xlog1py, xlogy

from rdcsym.problem import FloatArray

Arrays = Mapping[str, FloatArray]
Mask = NDArray[np.bool_]

# An operating point is given in floating point. A budget that misses the edge of the feasible set by less than this (relative,
# or absolute below 1) counts as on it: H_b(q) computed in two ways differs by an ulp, and inf for a missing ulp helps nobody.
BUDGET_TOLERANCE = 1e-12

_LN2 = float(np.log(2.0))
_BRANCH_POINT = 1e-3  # below this P the Lambert W of a rounded argument is less exact than the series, whose v is below 0.07
_SERIES_TERMS, _NEWTON_STEPS = 16, 6


def _binary_entropy(p: FloatArray) -> FloatArray:
    return np.asarray(-(xlogy(p, p) + xlog1py(1.0 - p, -p)) / _LN2)


def _squared_correlation(rate: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(-2.0 * _LN2 * rate))


def _gaussian_information(r: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):  # r = 1 is infinite information
        return np.asarray(-np.log1p(-r) / (2.0 * _LN2))


def _binary_equivocation(p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    result = np.zeros(np.broadcast(p, s, c).shape)
    for mass, sign in ((p, 1.0), (1.0 - p, -1.0)):
        # An atom of mass 0 adds nothing; rounding may carry a posterior an ulp outside [0, 1].
        posterior = np.where(mass > 0, s + sign * c / np.where(mass > 0, mass, 1.0), s)
        result = result + mass * _binary_entropy(np.clip(posterior, 0.0, 1.0))
    return result


def _least_variance_ratio(P: FloatArray) -> FloatArray:
    """1 - v, where -v - log(1 - v) = 2P: near P = 0 the argument of W0 would lose the digits that v needs."""
    P = np.asarray(P)
    z = np.maximum(-np.exp(-2.0 * P - 1.0), -np.exp(-1.0))  # rounded, it may lie just below the branch point
    ratio = np.atleast_1d(-lambertw(z).real)
    near = np.atleast_1d(P) < _BRANCH_POINT
    if near.any():
        v = np.sqrt(4.0 * P[near])
        for _ in range(_NEWTON_STEPS):  # v^2 (1/2 + v/3 + v^2/4 + ...) = 2P, Newton from above: monotone, quadratic
            tail = sum((v**k / (k + 2) for k in range(_SERIES_TERMS)), np.zeros_like(v))
            slope = v / (1.0 - v)
            v = np.where(v > 0, v - (v * v * tail - 2.0 * P[near]) / np.where(v > 0, slope, 1.0), v)
        ratio[near] = 1.0 - v
    return np.asarray(ratio)


def _fold(function: Any) -> Callable[..., FloatArray]:
    def folded(*values: FloatArray) -> FloatArray:
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return np.asarray(result)

    return folded


_MODULE: dict[str, Any] = {
    "binary_entropy": _binary_entropy,
    "squared_correlation": _squared_correlation,
    "gaussian_information": _gaussian_information,
    "binary_equivocation": _binary_equivocation,
    "least_variance_ratio": _least_variance_ratio,
    "Min": _fold(np.minimum),
    "Max": _fold(np.maximum),
}


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
    return next(iter(arrays.values())).size


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
    function = sp.lambdify([sp.Symbol(n) for n in names], _plain(expression), modules=[_MODULE, "numpy"], cse=True)
    return Compiled(frozenset(names), lambda arrays: function(*(arrays[n] for n in names)))


def compile_condition(condition: Any, slack: float = 0.0) -> Compiled:
    """A condition (And, Or of relations) to a function that gives a mask.

    With `slack` > 0 an inequality must hold by more than the slack (relative to the smaller side, or absolute below 1).
    """
    condition = sp.sympify(condition)
    if condition in (sp.true, sp.false):
        truth = np.bool_(condition == sp.true)
        return Compiled(frozenset(), lambda arrays: truth)
    if isinstance(condition, sp.And | sp.Or):
        parts = [compile_condition(c, slack) for c in condition.args]
        combine = np.logical_and if isinstance(condition, sp.And) else np.logical_or
        names = frozenset[str]().union(*(part.names for part in parts))
        return Compiled(names, lambda arrays: combine.reduce([part(arrays) for part in parts]))
    return _compile_relation(condition, slack)


def _compile_relation(relation: Any, slack: float) -> Compiled:
    if isinstance(relation, sp.Eq | sp.Ne):
        small, large = compile_expression(relation.lhs), compile_expression(relation.rhs)
        equal = np.equal if isinstance(relation, sp.Eq) else np.not_equal
        return Compiled(small.names | large.names, lambda arrays: equal(small(arrays), large(arrays)))
    small, large = compile_expression(relation.lts), compile_expression(relation.gts)
    compare = np.less if isinstance(relation, sp.Lt | sp.Gt) else np.less_equal

    def evaluate(arrays: Arrays) -> Any:
        a, b = small(arrays), large(arrays)
        if slack:
            a = a + slack * np.maximum(1.0, np.where(np.isfinite(a), np.abs(a), 1.0))
        return compare(a, b)

    return Compiled(small.names | large.names, evaluate)


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
    equation, low, high = (compile_expression(e) for e in (root.equation, root.low, root.high))
    variable = root.variable.name
    names = (equation.names | low.names | high.names) - {variable}
    order = sorted(equation.names - {variable})

    def function(x: FloatArray, *others: FloatArray) -> Any:
        return equation({variable: x, **dict(zip(order, others, strict=True))})

    def evaluate(arrays: Arrays) -> FloatArray:
        a, b = (np.broadcast_to(end(arrays), (_length(arrays),)) for end in (low, high))
        at_a, at_b = equation({**arrays, variable: a}), equation({**arrays, variable: b})
        result = np.where(np.abs(at_a) <= np.abs(at_b), a, b)
        inside = (at_a < 0) != (at_b < 0)
        if inside.any():
            others = tuple(arrays[n][inside] for n in order)
            result[inside] = find_root(function, (a[inside], b[inside]), args=others).x
        return np.asarray(result)

    return Compiled(names, evaluate)
