"""A formula's value at one operating point in 80 digits, so that a witness is the formula's fault and not float64's.

Parameters are read as the exact numbers that they are. What is undefined (0/0, the root of a negative number, a condition on
such a value) is nan. Functions that have no exact counterpart here, and roots of equations, are taken in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from rdcsym import information as info
from rdcsym.evaluate import Root, compile_expression
from rdcsym.form import Form
from rdcsym.information_vector import total
from rdcsym.precision import working_digits
from rdcsym.problem import FloatArray

_DIGITS = 80
_EXACT_POWERS = 64  # integer exponents up to this are multiplied out
_NAN, _INF = mpmath.mpf("nan"), mpmath.mpf("inf")


def precise_value(form: Form, point: Mapping[str, Any]) -> float:
    """The form's value at one point (numbers, arrays for vectors), its conditions read exactly; nan where undefined."""
    with working_digits(_DIGITS):
        scope = _Scope(form, point)
        for regime in form.regimes:
            holds = scope.condition(regime.condition)
            if holds is None:
                return float("nan")
            if holds:
                return float(scope.value(regime.value))
    return float("inf")


class _Scope:
    """The values of names at one point: the parameters, and the definitions as they are needed."""

    def __init__(self, form: Form, point: Mapping[str, Any]) -> None:
        self.point = {n: _number(x) for n, x in point.items()}
        self.definitions = {d.symbol.name: d.value for d in form.definitions}
        self.memory: dict[str, Any] = {}

    def name(self, name: str) -> Any:
        if name in self.definitions:
            if name not in self.memory:
                self.memory[name] = self.value(self.definitions[name])
            return self.memory[name]
        return self.point[name]

    def value(self, expression: Any) -> Any:
        """The expression's value: an mpf, or a list of them for a vector."""
        if isinstance(expression, Root):
            return self._in_floats(expression)
        if expression.is_Symbol:
            return self.name(expression.name)
        if expression.is_Rational:
            return mpmath.mpf(int(expression.p)) / int(expression.q)
        if expression in _CONSTANTS:
            return _CONSTANTS[expression]()
        if isinstance(expression, sp.Piecewise):
            return self._cases(expression)
        if isinstance(expression, total):
            return mpmath.fsum(self.value(expression.args[0]))
        node = _NODES.get(expression.func)
        if node is not None:
            return _by_component(node, [self.value(a) for a in expression.args])
        if expression.is_Float:
            return mpmath.mpf(str(expression))
        return self._in_floats(expression)

    def condition(self, condition: Any) -> bool | None:
        """Whether the condition holds; None where a side is undefined."""
        if condition in (sp.true, sp.false):
            return bool(condition == sp.true)
        if isinstance(condition, sp.And | sp.Or):
            decisive = isinstance(condition, sp.Or)
            parts = [self.condition(c) for c in condition.args]
            return decisive if decisive in parts else None if None in parts else not decisive
        a, b = self.value(condition.lhs), self.value(condition.rhs)
        if mpmath.isnan(a) or mpmath.isnan(b):
            return None
        return bool(_RELATIONS[condition.func](a, b))

    def _cases(self, piecewise: Any) -> Any:
        for value, condition in piecewise.args:
            holds = self.condition(condition)
            if holds is None:
                return _NAN
            if holds:
                return self.value(value)
        return _NAN

    def _in_floats(self, expression: Any) -> Any:
        compiled = compile_expression(expression)
        arrays = {n: _array(self.name(n)) for n in compiled.names}
        with np.errstate(all="ignore"):
            found = np.asarray(compiled(arrays or {"": np.zeros(1)}), dtype=np.float64)
        return _number(found[0] if found.ndim else found[()])


def _number(value: Any) -> Any:
    if np.ndim(value):
        return [_number(x) for x in np.asarray(value)]
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(float(value))


def _array(value: Any) -> FloatArray:
    return np.array([[float(x) for x in value]] if isinstance(value, list) else [float(value)])


def _by_component(node: Callable[..., Any], values: list[Any]) -> Any:
    lengths = {len(v) for v in values if isinstance(v, list)}
    if not lengths:
        return node(*values)
    spread = [v if isinstance(v, list) else [v] * max(lengths) for v in values]
    return [node(*parts) for parts in zip(*spread, strict=True)]


def _product(*values: Any) -> Any:
    result = mpmath.mpf(1)
    for value in values:
        result = result * value
    return result


def _power(base: Any, exponent: Any) -> Any:
    if mpmath.isnan(base) or mpmath.isnan(exponent):
        return _NAN
    if exponent == 0:
        return mpmath.mpf(1)
    if base == 0:
        return mpmath.mpf(0) if exponent > 0 else _INF
    if mpmath.isinf(exponent):
        size = abs(base)
        return mpmath.mpf(1) if size == 1 else _INF if (size > 1) == (exponent > 0) else mpmath.mpf(0)
    if mpmath.isinf(base):
        if exponent < 0:
            return mpmath.mpf(0)
        return _INF if base > 0 or exponent % 2 == 0 else -_INF if exponent % 2 == 1 else _NAN
    if base < 0 and exponent != int(exponent):
        return _NAN
    if exponent == int(exponent) and abs(exponent) <= _EXACT_POWERS:
        return base ** int(exponent)
    return mpmath.power(base, exponent)


def _log(x: Any) -> Any:
    return _NAN if not x >= 0 else -_INF if x == 0 else _INF if x == _INF else mpmath.log(x)


def _extreme(best: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: _NAN if any(mpmath.isnan(v) for v in values) else best(values)


def _lambert(z: Any) -> Any:
    if not z >= -mpmath.exp(-1):
        return mpmath.mpf(-1) if abs(z + mpmath.exp(-1)) < mpmath.mpf(10) ** (20 - _DIGITS) else _NAN
    return mpmath.lambertw(z).real


def _binary_entropy(p: Any) -> Any:
    if not 0 <= p <= 1:
        return _NAN
    return -sum(x * mpmath.log(x, 2) for x in (p, 1 - p) if x > 0)


def _correlation(theta: Any, s: Any, x: Any) -> Any:
    return mpmath.mpf(0) if s * x == 0 else min(mpmath.mpf(1), abs(theta) / (s * x)) ** 2


def _squared_correlation(rate: Any) -> Any:
    return 1 - _power(mpmath.mpf(2), -2 * rate)


def _half_log(x: Any) -> Any:
    return _log(x) / (2 * mpmath.log(2))


def _label_rate(r: Any, nu: Any, gain: Any) -> Any:
    if r <= 0:
        return mpmath.mpf(0) if gain <= 0 else _INF
    left = (_power(mpmath.mpf(2), -2 * gain) - nu) / r
    return -_half_log(left) if left > 0 else _INF


_CONSTANTS: dict[Any, Callable[[], Any]] = {
    sp.pi: lambda: +mpmath.pi,
    sp.E: lambda: +mpmath.e,
    sp.oo: lambda: _INF,
    -sp.oo: lambda: -_INF,
    sp.nan: lambda: _NAN,
}
_NODES: dict[Any, Callable[..., Any]] = {
    sp.Add: lambda *values: sum(values, mpmath.mpf(0)),
    sp.Mul: _product,
    sp.Pow: _power,
    sp.exp: lambda x: _power(+mpmath.e, x),
    sp.log: _log,
    sp.Abs: abs,
    sp.sign: lambda x: _NAN if mpmath.isnan(x) else mpmath.sign(x),
    sp.Max: _extreme(max),
    sp.Min: _extreme(min),
    sp.LambertW: _lambert,
    info.binary_entropy: _binary_entropy,
    info.squared_correlation: _squared_correlation,
    info.gaussian_information: lambda r: -_half_log(1 - r),
    info.least_variance_ratio: lambda P: -_lambert(-mpmath.exp(-2 * P - 1)) if P != _INF else mpmath.mpf(0),
    info.label_correlation: _correlation,
    info.label_noise: lambda theta, s, x: 1 - _correlation(theta, s, x),
    info.label_information: lambda r, nu, rate: -_half_log(nu + r * _power(mpmath.mpf(2), -2 * rate)),
    info.label_rate: _label_rate,
}
_RELATIONS: dict[Any, Callable[[Any, Any], bool]] = {
    sp.Lt: lambda a, b: a < b,
    sp.Le: lambda a, b: a <= b,
    sp.Gt: lambda a, b: a > b,
    sp.Ge: lambda a, b: a >= b,
    sp.Eq: lambda a, b: a == b,
    sp.Ne: lambda a, b: a != b,
}
