"""A user's function read as a claim about a theorem's value: at which points it speaks, what it says, how a fault is told."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

from rdcsym.form import Kind
from rdcsym.laws import Evaluate
from rdcsym.operating_points import Points, each
from rdcsym.problem import InputError, nearest
from rdcsym.theorem import Theorem
from rdcsym.theorems import theorem as named_theorem

Claim = Literal["exact", "lower", "upper"]
Function = Callable[..., Any]
Where = Callable[[dict[str, Any]], bool]

_LARGEST_DENOMINATOR = 1000
_ANSWERS = 256
_SMALLEST = 1e-150
_ROUNDED = 1e-12


def kind_of(claim: str) -> Kind:
    """The kind of form that makes such a claim. Raises InputError for an unknown one."""
    if claim not in get_args(Claim):
        raise InputError("claim", claim, "is no claim", nearest(claim, get_args(Claim)))
    return "tight" if claim == "exact" else claim  # type: ignore[return-value]


def the_theorem(theorem: str | Theorem) -> Theorem:
    return named_theorem(theorem) if isinstance(theorem, str) else theorem


def squares_vanish(point: Mapping[str, Any]) -> bool:
    """Whether a deviation is positive and its square is not, in float64: no formula with squares can be asked there."""
    return any(
        n.startswith("sigma") and bool(np.any((np.asarray(x) > 0) & (np.asarray(x) < _SMALLEST))) for n, x in point.items()
    )


def complements_round(point: Mapping[str, Any]) -> bool:
    """Whether a probability is so small that 1 - q, in float64, is the complement of another: then no flip can be asked for."""
    return any(n.startswith("q_") and abs((1.0 - (1.0 - q)) - q) > _ROUNDED * q for n, q in point.items())


def reader(function: Function, where: Where | None = None) -> Evaluate:
    """The function over many points (arrays of one length), one call a point; nan where it states no value.

    It is given, as keywords, those of the theorem's parameters that its signature names (all of them where it takes **keywords):
    a float each, an array (components,) for a vector. It states no value where `where` is False and where it raises InputError.
    """
    accepted = _accepted(function)

    def evaluate(points: Points) -> Any:
        return np.array([_value(function, accepted, where, point) for point in each(points)])

    return evaluate


def remembering(function: Function) -> Function:
    """The function with its last answers kept: several laws read it at one point."""

    @functools.wraps(function)
    def remembered(**point: Any) -> Any:
        key = tuple((n, np.asarray(x).tobytes()) for n, x in point.items())
        if key not in answers:
            if len(answers) >= _ANSWERS:
                answers.clear()
            answers[key] = function(**point)
        return answers[key]

    answers: dict[Any, Any] = {}
    return remembered


def states_a_value(function: Function, point: Mapping[str, Any], where: Where | None = None) -> bool:
    """Whether the function claims anything at a point."""
    return not math.isnan(_value(function, _accepted(function), where, dict(point)))


def _accepted(function: Function) -> frozenset[str] | None:
    """The keywords that the function takes; None where it takes all, or does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some builtins have no signature
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return frozenset(p.name for p in parameters)


def _value(function: Function, accepted: frozenset[str] | None, where: Where | None, point: dict[str, Any]) -> float:
    if where is not None and not where(point):
        return math.nan
    try:
        value = function(**{n: x for n, x in point.items() if accepted is None or n in accepted})
    except InputError:
        return math.nan
    number = np.asarray(value)
    if number.shape != () or number.dtype.kind not in "fiu" or math.isnan(number):
        # A power of a negative number is complex in Python, and nan in NumPy.
        raise AssertionError(f"returned {value!r}, which is no real number, at {shown(point)}")
    return float(number)


def shown(point: Mapping[str, Any]) -> str:
    """A point as one reads it: R=1/2, sigma_X=[1, 2]."""
    return ", ".join(f"{name}={_number(value)}" for name, value in point.items())


def _number(value: Any) -> str:
    if np.ndim(value):
        return "[" + ", ".join(_number(v) for v in value) + "]"
    value = float(value)
    if not math.isfinite(value):
        return repr(value)
    ratio = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    # Only what is exactly that number may be shown as it: a point an ulp beside 1/2 is not 1/2.
    return str(ratio) if float(ratio) == value and abs(ratio) < 10**6 else repr(value)
