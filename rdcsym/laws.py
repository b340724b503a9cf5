"""The laws that a value function of lossy compression obeys, whatever its formula: data, and functions that test them.

A law compares the values at a few operating points, or one value with a bound that everybody knows: `lesser <= greater` must
hold. Which law is a theorem for which function is decided here, once:

* *monotone*: a minimum under budgets does not rise when a budget grows. For every least distortion or rate. (The least error of a
  classifier that is left with the loss C does not fall.)
* *convex* in the budgets together: by time sharing where no classification is asked for (rate only, perception as a divergence
  that is convex in p_Y); for a one-shot code whose classifier sees the seed, since it is a linear program; for a scalar Gaussian
  source, where the loss only forbids and the least loss is convex in the rate. A constraint H(S|Y) <= C on a discrete source is
  not convex, and nothing is said about it.
* *noisier label*: noise added to the label makes it harder to guess from any reconstruction, so the same C asks for more.
* *symmetry*: flipping or shifting both ends, changing the label's sign.
* *bounds* (`law_bounds`): unconstrained transport, independent coupling, data processing, rate 0.

Monotonicity, convexity and symmetry say nothing about a function that claims only to bound the value; what lies below a proved
lower bound is refuted also as an upper bound, and the other way round. Each law lists the kinds of claim that it can refute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rdcsym.form import Kind
from rdcsym.operating_points import Points, each, valid
from rdcsym.problem import FloatArray
from rdcsym.theorem import Theorem

# points (name -> values, one for each point) -> the claimed values; nan: states no value
Evaluate = Callable[[Points], FloatArray]
EXACT: frozenset[Kind] = frozenset({"tight"})
_SCALE_FLOOR = 1e-3  # excesses are relative to the values, or to this part of their natural size where they are smaller
# An excess counts only if it stays when the budgets move by this: no edge of a feasible set is decided by an ulp.
_NUDGE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Law:
    """One law for one function. It compares points that are made from a base point and `steps`, numbers in [0, 1].

    points: base points, with the steps among them -> the points at which the function is read.
    sides: the values there, and the base points -> (lesser, greater): the law is lesser <= greater; nan where it says nothing.
    """

    name: str
    statement: str
    kinds: frozenset[Kind]
    points: Callable[[Points], list[Points]]
    sides: Callable[[list[FloatArray], Points], tuple[FloatArray, FloatArray]]
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A law broken at one place: the points compared, the values claimed there, and the two sides, `lesser` > `greater`."""

    law: str
    statement: str
    points: tuple[dict[str, Any], ...]
    values: tuple[float, ...]
    lesser: float
    greater: float
    excess: float  # lesser - greater, relative to their size; inf where one is infinite


def laws_of(theorem: Theorem, kind: Kind = "tight") -> tuple[Law, ...]:
    """The laws that can refute a claim of this kind ("tight", "lower", "upper") about the theorem's function."""
    from rdcsym.law_bounds import bound_laws
    from rdcsym.law_changes import noisier_label, symmetries

    if theorem.certified.kind != "tight":
        return ()  # a row that only bounds its function says nothing of which function it is the best bound
    if theorem.problem.value == "error probability":
        laws = _rising(theorem)
        return tuple(law for law in laws if kind in law.kinds)
    if theorem.problem.value not in ("distortion", "rate"):
        return ()
    laws = [*bound_laws(theorem), *_monotone(theorem), *_convex(theorem), *noisier_label(theorem), *symmetries(theorem)]
    return tuple(law for law in laws if kind in law.kinds)


def draw_steps(law: Law, count: int, rng: np.random.Generator) -> Points:
    """Random steps for `count` instances of the law."""
    return {name: rng.uniform(0.0, 1.0, count) for name in law.steps}


def excess(law: Law, evaluate: Evaluate, theorem: Theorem, base: Points) -> FloatArray:
    """How far each instance breaks the law, relative to its values; 0 where it holds, says nothing or leaves the domain.

    base: the parameters and the law's steps. An excess must survive slightly looser and tighter budgets: at an edge of the
    feasible set an ulp decides between a value and inf, and at a root's foot it moves the value by its square root.
    """
    worst = _excess(law, evaluate, theorem, base)
    broken = worst > 0
    if broken.any():
        part = {n: x[broken] for n, x in base.items()}
        moved = [_excess(law, evaluate, theorem, _nudge(theorem, part, sign)) for sign in (-1.0, 1.0)]
        worst[broken] = np.minimum.reduce([worst[broken], *moved])
    return worst


def violations(
    evaluate: Evaluate,
    theorem: Theorem,
    points: Points,
    rng: np.random.Generator,
    *,
    kind: Kind = "tight",
    margin: float = 1e-6,
    laws: Sequence[Law] | None = None,
) -> list[Violation]:
    """For each law that the function breaks at one of the points by more than the margin, its worst violation there."""
    count = len(next(iter(points.values())))
    found: list[Violation] = []
    for law in laws_of(theorem, kind) if laws is None else laws:
        base = {**points, **draw_steps(law, count, rng)}
        by = excess(law, evaluate, theorem, base)
        if count and by.max() > margin:
            found.append(violation(law, evaluate, theorem, {n: x[[int(by.argmax())]] for n, x in base.items()}))
    return found


def sides(law: Law, values: list[FloatArray], base: Points) -> tuple[FloatArray, FloatArray]:
    """The two sides of the law; what is undefined at an edge is nan, without a warning."""
    with np.errstate(all="ignore"):
        return law.sides(values, base)


def violation(law: Law, evaluate: Evaluate, theorem: Theorem, base: Points) -> Violation:
    """The violation at one instance (arrays of length 1)."""
    compared = law.points(base)
    values = [evaluate(points) for points in compared]
    lesser, greater = sides(law, values, base)
    return Violation(
        law=law.name,
        statement=law.statement,
        points=tuple(next(iter(each(points))) for points in compared),
        values=tuple(float(v[0]) for v in values),
        lesser=float(lesser[0]),
        greater=float(greater[0]),
        excess=float(excess(law, evaluate, theorem, base)[0]),
    )


def _excess(law: Law, evaluate: Evaluate, theorem: Theorem, base: Points) -> FloatArray:
    form, count = theorem.certified, len(next(iter(base.values())))
    result = np.zeros(count)
    kept = np.arange(count)
    with np.errstate(all="ignore"):  # an infinite budget has no neighbour: the point is left out as no number
        made = law.points({**base, "#": kept.astype(np.float64)})
    for points in made:
        kept = np.intersect1d(kept, valid(form, points)["#"].astype(int))
    if not kept.size:
        return result
    part = {n: x[kept] for n, x in base.items()}
    with np.errstate(all="ignore"):
        compared = law.points(part)
        lesser, greater = law.sides([np.asarray(evaluate(points), dtype=np.float64) for points in compared], part)
        parameters = {p.name: compared[0][p.name] for p in form.parameters}
        size = _SCALE_FLOOR * form.quantity(form.unit, **parameters)
        finite = np.maximum(np.where(np.isfinite(lesser), np.abs(lesser), 0), np.where(np.isfinite(greater), np.abs(greater), 0))
        relative = (lesser - greater) / np.maximum(size, finite)
    relative = np.where(np.isnan(lesser) | np.isnan(greater) | ~(lesser > greater), 0.0, relative)
    result[kept] = relative
    return result


def _nudge(theorem: Theorem, base: Points, sign: float) -> Points:
    budgets = {p.name: p for p in theorem.parameters if p.name in theorem.problem.constraints and not p.integer}
    moved = dict(base)
    for name, parameter in budgets.items():
        values = base[name]
        size = theorem.certified.quantity(parameter.size, **{p.name: base[p.name] for p in theorem.parameters})
        with np.errstate(invalid="ignore"):
            step = np.where(np.isfinite(values), sign * _NUDGE * np.maximum(size, np.abs(values)), 0.0)
        moved[name] = np.clip(values + step, parameter.low, parameter.high)
    return moved


def _budgets(theorem: Theorem) -> list[str]:
    named = {p.name for p in theorem.parameters if not p.vector and not p.integer}
    return [name for name in theorem.problem.constraints if name in named]


def base_point(base: Points, *changes: tuple[str, FloatArray]) -> Points:
    """The base points with some values changed, without the steps."""
    return {n: x for n, x in base.items() if not n.startswith("step ")} | dict(changes)


def _further(values: FloatArray, step: FloatArray) -> FloatArray:
    return values + step * (1.0 + np.abs(values))


def _monotone(theorem: Theorem) -> list[Law]:
    def points(name: str, base: Points) -> list[Points]:
        return [base_point(base), base_point(base, (name, _further(base[name], base[f"step {name}"])))]

    what = "the least " + theorem.problem.value
    return [
        Law(
            name=f"monotone in {name}",
            statement=f"{what} does not rise when the budget {name} grows",
            kinds=EXACT,
            steps=(f"step {name}",),
            points=partial(points, name),
            sides=lambda values, base: (values[1], values[0]),
        )
        for name in _budgets(theorem)
    ]


def _rising(theorem: Theorem) -> list[Law]:
    """The least error of a classifier that is left with the loss C: what leaves more can be told less."""

    def points(base: Points) -> list[Points]:
        return [base_point(base), base_point(base, ("C", _further(base["C"], base["step C"])))]

    text = "a classifier that is left with a larger loss errs no less often"
    return [
        Law(
            name="monotone in C",
            statement=text,
            kinds=EXACT,
            steps=("step C",),
            points=points,
            sides=lambda values, base: (values[0], values[1]),
        )
    ]


def _convex(theorem: Theorem) -> list[Law]:
    problem, names = theorem.problem, _budgets(theorem)
    scalar_gaussian = problem.source == "gaussian" and not any(p.vector for p in theorem.parameters)
    why = {
        "time sharing": problem.setting != "oneshot" and problem.classification is None,
        "the code is a point of a linear program": problem.setting == "oneshot" and problem.classification in (None, "H(S|Y,U)"),
        "the loss only forbids, and the least loss is convex in the rate": problem.setting == "asymptotic" and scalar_gaussian,
    }
    reason = next((text for text, holds in why.items() if holds), None)
    if reason is None or not names:
        return []

    def points(base: Points) -> list[Points]:
        other = {n: _further(base[n], 2.0 * base[f"step {n}"] - 1.0) for n in names}
        middle = {n: (base[n] + other[n]) / 2.0 for n in names}
        return [base_point(base), base_point(base, *middle.items()), base_point(base, *other.items())]

    return [
        Law(
            name=f"convex in {', '.join(names)}",
            statement=f"the value at the middle of two points is at most the mean of their values: {reason}",
            kinds=EXACT,
            steps=tuple(f"step {n}" for n in names),
            points=points,
            sides=lambda values, base: (values[1], (values[0] + values[2]) / 2.0),
        )
    ]
