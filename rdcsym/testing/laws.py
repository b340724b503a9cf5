"""The laws as assertions: each takes someone's function and raises AssertionError, one line with the two numbers, where it fails.

The laws that `rdcsym refute` uses (`rdcsym.laws`, which says for which theorem each is true) are used as they are. Three more
stand here: agreement with the certified form, the unit of length, and what more holds of Fano's function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rdcsym import laws as common
from rdcsym.form import Form, Kind
from rdcsym.laws import EXACT, Law
from rdcsym.operating_points import Points, valid
from rdcsym.problem import FloatArray, InputError, nearest
from rdcsym.refute import Interval, distance, reason
from rdcsym.testing.claims import Claim, Function, Where, complements_round, kind_of, reader, shown, squares_vanish, the_theorem
from rdcsym.theorem import Theorem

AGREEMENT = "agreement"
TOLERANCE = 1e-9
# A value is right if it is the true one at parameters that differ by this (relatively): no edge is decided by an ulp.
_NUDGE = 1e-9
_OCTAVES = 20


def laws_of(theorem: str | Theorem, claim: Claim = "exact") -> tuple[Law, ...]:
    """The laws, besides agreement with the certified form, that can refute such a claim about the theorem's function.

    claim: "exact" (the value itself), "lower" or "upper" (a bound on it). A bound need not be monotone, convex or symmetric.
    """
    chosen, kind = the_theorem(theorem), kind_of(claim)
    own = (*_unit_of_length(chosen), *_fano(chosen))
    return (*common.laws_of(chosen, kind), *(law for law in own if kind in law.kinds))


def assert_agreement(
    function: Function,
    theorem: str | Theorem,
    point: Mapping[str, Any],
    claim: Claim = "exact",
    *,
    where: Where | None = None,
    tolerance: float = TOLERANCE,
) -> bool:
    """Assert that the function's value at a point agrees with the certified form, as the claim says; True if it stated a value.

    A miss counts only where no point within 1e-9 (relative, in any one parameter or all budgets together) explains it. Where the
    certified form is itself only a bound, only what that excludes is refuted.
    """
    chosen, kind = the_theorem(theorem), kind_of(claim)
    value = float(reader(function, where)(_row(point))[0])
    if math.isnan(value):
        return False
    form = chosen.certified
    unit = float(form.quantity(form.unit, **point)[0])
    truth = _interval(form, point, [form.evaluate(**point)])
    if distance(value, truth, kind, unit) > tolerance:
        near = [float(v) for v in form.evaluate(**_neighbours(chosen, point))]
        explained = _interval(form, point, [v for v in near if math.isfinite(v)])
        infinite = math.inf in near
        if not (value == math.inf and infinite) and distance(value, explained, kind, unit) > tolerance:
            raise AssertionError(
                f"{chosen.name}: {claim} value {value!r} where the certified form has "
                f"{_bounds(truth)}: {reason(value, truth)}; at {shown(point)}"
            )
    return True


def assert_law(
    function: Function,
    theorem: str | Theorem,
    law: str | Law,
    point: Mapping[str, Any],
    steps: float | Mapping[str, float] = 1.0,
    *,
    where: Where | None = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Assert that the function obeys one law at one point.

    law: one of `laws_of(theorem)`, or its name. steps: how far the points that the law compares lie apart, in [0, 1]; a mapping
    gives each of `law.steps` its own. Where a point leaves the function's domain the law says nothing.
    """
    chosen = the_theorem(theorem)
    rule = _named(chosen, law) if isinstance(law, str) else law
    base = _row(point)
    for name in rule.steps:
        base[name] = np.array([steps[name] if isinstance(steps, Mapping) else steps], dtype=np.float64)
    evaluate, lean = reader(function, where), _without_requirements(chosen)
    if squares_vanish(point) or (rule.name.startswith("symmetry: flip") and complements_round(point)):
        return
    with np.errstate(invalid="ignore"):  # inf - inf, where a budget is without limit: the law says nothing
        # A violation counts if it stays when the budgets move: no edge, and no vertical slope at one, is decided by an ulp.
        for moved in ({}, *_moved_budgets(chosen, point)):
            if float(common.excess(rule, evaluate, lean, {**base, **_row(moved)})[0]) <= tolerance:
                return
    found = common.violation(rule, evaluate, lean, base)
    at = " and ".join(f"{value!r} at {shown(p)}" for p, value in zip(found.points, found.values, strict=True))
    raise AssertionError(f"{chosen.name}: not {rule.name} ({rule.statement}): {found.lesser!r} > {found.greater!r}; {at}")


def _named(theorem: Theorem, name: str) -> Law:
    known = {law.name: law for law in laws_of(theorem)}
    if name not in known:
        raise InputError("law", name, f"is no law of {theorem.name}", nearest(name, known))
    return known[name]


def _row(point: Mapping[str, Any]) -> Points:
    return {n: np.asarray(x, dtype=np.float64)[None] for n, x in point.items()}


def _interval(form: Form, point: Mapping[str, Any], values: list[float]) -> Interval:
    """What the certified values say about the truth: themselves, or one side where the form (or the regime) is only a bound."""
    deciding = form.regime(**point)
    kind: Kind = next((r.kind for r in form.regimes if r.name == deciding and r.kind), form.kind)
    low, high = (min(values), max(values)) if values else (math.inf, math.inf)
    return Interval(
        lower=-math.inf if kind == "upper" else low, upper=math.inf if kind == "lower" else high, method="the certified form"
    )


def _bounds(truth: Interval) -> str:
    if truth.lower == truth.upper:
        return repr(truth.lower)
    return f"at least {truth.lower!r}" if truth.upper == math.inf else f"at most {truth.upper!r}"


def _sizes(theorem: Theorem, point: Mapping[str, Any]) -> dict[str, Any]:
    """What a relative change of each parameter is relative to: its size, or a budget's natural size where that is larger."""
    sizes = {p.name: np.abs(point[p.name]) * (not p.integer) for p in theorem.parameters}
    for p in theorem.parameters:
        if p.name in theorem.problem.constraints and not p.integer:
            sizes[p.name] = np.maximum(sizes[p.name], theorem.certified.quantity(p.size, **point)[0])
    return {n: np.where(np.isfinite(x), x, 0.0) for n, x in sizes.items()}


def _moved_budgets(theorem: Theorem, point: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The budgets of a point, all tighter and all looser by _NUDGE."""
    sizes = _sizes(theorem, point)
    budgets = [p for p in theorem.parameters if p.name in theorem.problem.constraints]
    return [{p.name: np.clip(point[p.name] + sign * sizes[p.name], p.low, p.high) for p in budgets} for sign in (-_NUDGE, _NUDGE)]


def _neighbours(theorem: Theorem, point: Mapping[str, Any]) -> Points:
    """Points within _NUDGE of one: each parameter moved down and up, and all budgets together."""
    sizes = _sizes(theorem, point)
    moves = [
        {p.name: np.clip(point[p.name] + sign * sizes[p.name], p.low, p.high)}
        for p in theorem.parameters
        for sign in (-_NUDGE, _NUDGE)
    ]
    rows = [{**point, **move} for move in ({}, *moves, *_moved_budgets(theorem, point))]
    return valid(theorem.certified, {n: np.stack([np.asarray(row[n], dtype=np.float64) for row in rows]) for n in sizes})


_LEAN: dict[int, tuple[Theorem, Theorem]] = {}


def _without_requirements(theorem: Theorem) -> Theorem:
    """The theorem, whose points are known to be in its domain: a form compiles its requirements anew at every call."""
    if id(theorem) not in _LEAN:  # the theorem is kept beside its twin, so the id stays its own
        _LEAN[id(theorem)] = theorem, replace(theorem, certified=replace(theorem.certified, requirements=()))
    return _LEAN[id(theorem)][1]


_LENGTHS, _AREAS = ("mu_X", "mu_Y", "sigma_X", "sigma_Y", "theta"), ("D",)
_UNITLESS = ("R", "Rc", "C", "sigma_S", "kappa")


def _unit_of_length(theorem: Theorem) -> list[Law]:
    """X and Y in another unit, by a power of two: exact in float64, so that no boundary is crossed by rounding."""
    problem, names = theorem.problem, [p.name for p in theorem.parameters]
    areas = (*_AREAS, *["P"] * (problem.perception == "w2"))
    unitless = (*_UNITLESS, *["P"] * (problem.perception == "kl"))
    known = {*_LENGTHS, *areas, *unitless}
    if problem.source != "gaussian" or problem.distortion != "squared error" or not set(names) <= known:
        return []

    def factor(base: Points) -> FloatArray:
        return np.exp2(np.round(_OCTAVES * (base["step unit"] - 0.5)))

    def points(base: Points) -> list[Points]:
        here = {n: x for n, x in base.items() if n != "step unit"}
        power = {n: 1 if n in _LENGTHS else 2 if n in areas else 0 for n in names}
        moved = {n: (here[n].T * factor(base) ** power[n]).T for n in names}
        return [here, {**here, **moved}]

    def sides(values: list[FloatArray], base: Points) -> tuple[FloatArray, FloatArray]:
        first, second = values
        first = first * factor(base) ** (2 if problem.value == "distortion" else 0)
        return np.maximum(first, second), np.minimum(first, second)

    text = "X and Y measured in another unit: distortions scale with its square, rates and losses stay"
    return [Law(name="unit of length", statement=text, kinds=EXACT, points=points, sides=sides, steps=("step unit",))]


def _fano(theorem: Theorem) -> list[Law]:
    """The least error at a given H(S|Y) = C is convex in C, the inverse of a concave rising function, and at most a guess's."""
    if theorem.problem.value != "error probability":
        return []

    def apart(base: Points) -> list[Points]:
        here = {n: x for n, x in base.items() if n != "step C"}
        far = here["C"] + base["step C"]
        return [here, {**here, "C": (here["C"] + far) / 2.0}, {**here, "C": far}]

    at_most: frozenset[Kind] = frozenset({"tight", "lower"})
    at_least: frozenset[Kind] = frozenset({"tight", "upper"})
    return [
        Law(
            name="convex in C", statement="the least error at the middle is at most the mean of the ends", kinds=EXACT,
            points=apart, sides=lambda v, p: (v[1], (v[0] + v[2]) / 2.0), steps=("step C",),
        ),
        Law(
            name="nonnegative", statement="a probability is at least 0", kinds=at_least,
            points=lambda p: [p], sides=lambda v, p: (np.zeros(len(v[0])), v[0]),
        ),
        Law(
            name="guessing", statement="a guess is wrong with probability 1 - 1/M at most, where C <= log2 M", kinds=at_most,
            points=lambda p: [p],
            sides=lambda v, p: (v[0], np.where(p["C"] < np.log2(p["M"]) * (1 - 1e-9), 1.0 - 1.0 / p["M"], math.inf)),
        ),
    ]  # fmt: skip
