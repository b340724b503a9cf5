"""Laws that hold one value against a bound that everybody knows: transport, independence, data processing, rate 0.

The bounds are textbook facts about the problem, not the catalogue's closed forms: the cost of the comonotone plan (no plan with
these marginals costs less), the cost of independent X and Y (rate 0, nothing told about the label), H(S) and H(S|X).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import entr

from rdcsym.form import Kind
from rdcsym.laws import EXACT, Law
from rdcsym.operating_points import Points
from rdcsym.problem import FloatArray
from rdcsym.theorem import Theorem

Quantity = Callable[[Points], FloatArray]
_AT_LEAST: frozenset[Kind] = frozenset({"tight", "upper"})  # a value below a proved lower bound refutes these
_AT_MOST: frozenset[Kind] = frozenset({"tight", "lower"})
_CLEAR = 1e-9  # bits or relative: how far a budget must lie from a threshold before a law speaks of infinity
_HALF_LOG_2_PI_E = 0.5 * math.log2(2.0 * math.pi * math.e)


def bound_laws(theorem: Theorem) -> list[Law]:
    """The bounds that hold for the theorem's function."""
    problem, names = theorem.problem, {p.name for p in theorem.parameters}
    transport, independent = _transport(theorem), _independent(theorem)
    entropies = _entropies(theorem)
    laws: list[Law] = []
    if problem.value == "distortion":
        if transport is not None:
            text = "no plan with these marginals costs less than unconstrained transport, which the budgets R = C = inf allow"
            laws.append(_at_least("unconstrained transport", text, transport))
        laws.append(_at_least("nonnegative", "a distortion is at least 0", lambda p: np.zeros(_count(p))))
        if independent is not None:
            text = "independent X and Y need no rate and leave the whole H(S): where C allows that, the value is at most theirs"
            laws.append(
                _at_most("independent coupling", text, lambda p: _where_told_nothing(entropies, p, independent(p), math.inf))
            )
            if "R" in names and problem.output == "given":
                laws.append(_rate_zero(entropies, independent))
        if entropies is not None and "R" in names:
            laws.append(_at_least("data processing", _PROCESSING, lambda p: _forbidden(entropies, p, p["R"])))
    if problem.value == "rate":
        laws.append(_at_least("nonnegative", "a rate is at least 0", lambda p: np.zeros(_count(p))))
        if transport is not None and "D" in names:
            text = "no plan with these marginals costs less than unconstrained transport: below it no rate is enough"
            laws.append(
                _at_least("unconstrained transport", text, lambda p: np.where(p["D"] < _less(transport(p)), math.inf, -math.inf))
            )
        if independent is not None and "D" in names:
            text = "independent X and Y need no rate and leave the whole H(S): where D and C allow that, the rate is 0"
            laws.append(_at_most("independent coupling", text, lambda p: _zero_rate(entropies, p, independent(p))))
        if entropies is not None:
            text = "a code tells at most its rate about the label: R >= H(S) - C, and no code has C < H(S|X)"
            laws.append(
                _at_least(
                    "data processing", text, lambda p: np.maximum(_forbidden(entropies, p, math.inf), entropies(p)[0] - p["C"])
                )
            )
        if problem.source == "bernoulli" and "q_X" in names:
            laws.append(_entropy_of_source())
    return laws


_PROCESSING = "a code tells at most its rate about the label, and no more than X knows: none has C < max(H(S|X), H(S) - R)"


def _count(points: Points) -> int:
    return len(next(iter(points.values())))


def _at_least(name: str, text: str, bound: Quantity) -> Law:
    return Law(name=name, statement=text, kinds=_AT_LEAST, points=lambda p: [p], sides=lambda v, p: (bound(p), v[0]))


def _at_most(name: str, text: str, bound: Quantity) -> Law:
    return Law(name=name, statement=text, kinds=_AT_MOST, points=lambda p: [p], sides=lambda v, p: (v[0], bound(p)))


def _rate_zero(entropies: Callable[[Points], tuple[FloatArray, FloatArray]] | None, independent: Quantity) -> Law:
    def sides(values: list[FloatArray], base: Points) -> tuple[FloatArray, FloatArray]:
        meant = independent(base)
        if entropies is not None:
            least = entropies(base)[0]
            meant = np.where(base["C"] >= least + _CLEAR, meant, np.where(base["C"] < least - _CLEAR, math.inf, math.nan))
        return np.maximum(values[0], meant), np.minimum(values[0], meant)

    text = "at rate 0 X and Y are independent: the value is theirs, or inf where C asks for more than nothing"
    return Law(name="rate 0", statement=text, kinds=EXACT, points=lambda p: [{**p, "R": np.zeros(_count(p))}], sides=sides)


def _entropy_of_source() -> Law:
    def sides(values: list[FloatArray], base: Points) -> tuple[FloatArray, FloatArray]:
        return np.where(np.isfinite(values[0]), values[0], -math.inf), _binary_entropy(base["q_X"])

    text = "a rate that is enough for anything is H(X): the value is at most that, or inf"
    return Law(name="entropy of the source", statement=text, kinds=EXACT, points=lambda p: [p], sides=sides)


def _forbidden(
    entropies: Callable[[Points], tuple[FloatArray, FloatArray]], points: Points, rate: FloatArray | float
) -> FloatArray:
    whole, left = entropies(points)
    least = np.maximum(left, whole - rate)
    return np.where(points["C"] < least - _CLEAR * np.maximum(1.0, np.abs(least)), math.inf, -math.inf)


def _where_told_nothing(
    entropies: Callable[[Points], tuple[FloatArray, FloatArray]] | None, points: Points, value: FloatArray, otherwise: float
) -> FloatArray:
    if entropies is None:
        return value if "C" not in points else np.full(value.shape, otherwise)
    return np.where(points["C"] >= entropies(points)[0] + _CLEAR, value, otherwise)


def _zero_rate(
    entropies: Callable[[Points], tuple[FloatArray, FloatArray]] | None, points: Points, independent: FloatArray
) -> FloatArray:
    zero = np.where(points["D"] >= independent * (1.0 + _CLEAR), 0.0, math.inf)
    return _where_told_nothing(entropies, points, zero, math.inf)


def _less(values: FloatArray) -> FloatArray:
    return values * (1.0 - _CLEAR)


def _sum(values: FloatArray) -> FloatArray:
    """Over the components of a vector source; a scalar source has one."""
    return values.sum(axis=-1) if values.ndim > 1 else values


def _gap(points: Points) -> FloatArray:
    if "mu_X" in points and "mu_Y" in points:
        return _sum((points["mu_X"] - points["mu_Y"]) ** 2)
    return np.zeros(_count(points))


def _transport(theorem: Theorem) -> Quantity | None:
    """Least cost of any plan with the two given marginals, as a function of points; None where no law of Y is given."""
    names, problem = {p.name for p in theorem.parameters}, theorem.problem
    if problem.output != "given":
        return None
    if problem.distortion == "Hamming" and {"q_X", "q_Y"} <= names:
        return lambda p: np.abs(p["q_X"] - p["q_Y"])
    if problem.distortion == "squared error" and {"sigma_X", "sigma_Y"} <= names:
        return lambda p: _gap(p) + _sum((p["sigma_X"] - p["sigma_Y"]) ** 2)
    return None


def _independent(theorem: Theorem) -> Quantity | None:
    """Cost of an independent Y that meets every budget but C: with the given law; where it is free, the best constant, or, where
    perception is asked for, a Y with the law of X."""
    names, problem = {p.name for p in theorem.parameters}, theorem.problem
    given = problem.output == "given"
    if not given and problem.perception is None:
        if problem.distortion == "Hamming" and "q_X" in names:
            return lambda p: np.minimum(p["q_X"], 1.0 - p["q_X"])
        if problem.distortion == "squared error" and "sigma_X" in names:
            return lambda p: _sum(p["sigma_X"] ** 2)
        return None
    if problem.distortion == "Hamming" and {"q_X"} <= names and given == ("q_Y" in names):
        y = "q_Y" if given else "q_X"
        return lambda p: p["q_X"] * (1.0 - p[y]) + p[y] * (1.0 - p["q_X"])
    if problem.distortion == "squared error" and {"sigma_X"} <= names and given == ("sigma_Y" in names):
        y = "sigma_Y" if given else "sigma_X"
        return lambda p: (_gap(p) if given else 0.0) + _sum(p["sigma_X"] ** 2 + p[y] ** 2)
    return None


def _entropies(theorem: Theorem) -> Callable[[Points], tuple[FloatArray, FloatArray]] | None:
    """H(S) and H(S|X) in bits; None where the label is not one of the three known ones."""
    names = {p.name for p in theorem.parameters}
    if theorem.problem.classification is None or "C" not in names:
        return None
    if {"q_X", "q_S1"} <= names:
        return lambda p: (
            _binary_entropy(p["q_X"] * (1 - p["q_S1"]) + (1 - p["q_X"]) * p["q_S1"]),
            _binary_entropy(p["q_S1"]),
        )
    if {"sigma_X", "sigma_S", "theta"} <= names:
        return _gaussian_entropies
    if "kappa" in names and theorem.problem.source == "gaussian":
        return lambda p: (
            _sum(np.full(p["kappa"].shape, _HALF_LOG_2_PI_E)),
            _sum(_HALF_LOG_2_PI_E + 0.5 * np.log2(1 - p["kappa"] ** 2)),
        )
    return None


def _gaussian_entropies(points: Points) -> tuple[FloatArray, FloatArray]:
    s, x, theta = points["sigma_S"], points["sigma_X"], points["theta"]
    whole = np.log2(s) + _HALF_LOG_2_PI_E
    product = s * x
    correlation = np.where(product > 0, np.minimum(1.0, np.abs(theta) / np.where(product > 0, product, 1.0)), 0.0)
    # Rounding of theta may make a label that is a function of X look noisy, or the other way round: then nothing is said.
    noise = np.where(correlation > 1.0 - 1e-12, 0.0, (1.0 - correlation) * (1.0 + correlation))
    return whole, whole + 0.5 * np.log2(noise)


def _binary_entropy(p: FloatArray) -> FloatArray:
    return np.asarray((entr(p) + entr(1.0 - p)) / math.log(2.0))
