"""Rate, distortion and classification with the output law free in a ball around p_Y: D(R, ball), R(D, ball) and with C.

With p_Y = p_X this is the rate-distortion-perception problem of Blau and Michaeli (ICML 2019). Without a classification
constraint it is convex, solved by the interior-point method of `perception_newton`. With one, the convex relaxation
I(X;Y) <= R, I(X;Y|S) <= R - H(S) + C gives the lower end, and rounds in which I(S;Y) is replaced by its tangent the upper end.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from rdcsym.problem import InputError
from solvers import checker, perception_checker, perception_plan_checker
from solvers.certificate import CertificateError, JointPlan, LabelBound, PriceDual, Primal
from solvers.perception_ball import Ball, FreePlan, PerceptionCertificate
from solvers.perception_local import local_plans
from solvers.perception_newton import FreePoint, optimum
from solvers.perception_source import LOWEST, Source, ball_multiplier, centre, entropy, free_source, label_alone, ladder, priced
from solvers.perception_system import Constraint
from solvers.problem import DiscreteProblem, OperatingPoint

STEEP: Final = 50.0  # exp(-50) is beyond a double's digits
LITTLE: Final = 1e-9
"""Radius, beside the dearest move, up to which the plans of the problem with p_Y given are tried too."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Ladders of plans, of each of which the first that the checker accepts counts, and duals, of which the best counts.

    The ladders are tried in order until one closes the interval, and made no earlier.
    """

    ladders: Iterable[Iterator[FreePlan]]
    duals: list[PriceDual]


def solve_in_ball(problem: DiscreteProblem, point: OperatingPoint, ball: object, tolerance: float) -> PerceptionCertificate:
    """The certificate of an operating point whose output law is free in `ball`. Raises InputError on a ball that does not fit."""
    if not isinstance(ball, Ball):
        raise InputError("perception", type(ball).__name__, "is no Ball", "build one with Ball(kind=..., radius=...)")
    ball.check_letters(problem.p_Y.size)
    if point.setting == "oneshot":
        raise InputError(
            "perception", ball.kind, "is not available in the one-shot setting", "use another setting, or leave it out"
        )
    if ball.is_given_law(problem.p_Y):
        return _given_law(problem, point, ball, tolerance)
    if ball.radius == 0:
        text = "has zeros off the diagonal, and the radius is 0"
        raise InputError("ground", "given", text, "merge the letters between which mass moves freely, or give a positive radius")
    source = free_source(problem, point, ball)
    if point.has_classification:
        impossible = _best(problem, point, ball, tolerance, [], [LabelBound(), label_alone(source)], "data processing")
        if impossible.status == "infeasible":
            return impossible
    evidence = _rate_evidence(source, point) if point.minimises_rate else _distortion_evidence(source, point)
    duals: list[PriceDual | LabelBound] = list(evidence.duals)
    ladders: list[Iterable[Primal]] = []
    if source.radius <= LITTLE and (given := _given_law(problem, point, ball, tolerance).primal) is not None:
        # Next to nothing lies inside a tiny ball but its centre.
        ladders.append([given])
    if not (point.minimises_rate or point.has_classification):
        ladders.append([JointPlan(np.outer(problem.p_X, problem.p_Y))])
    if point.has_classification:
        duals.append(label_alone(source))
    return _best(problem, point, ball, tolerance, itertools.chain(evidence.ladders, ladders), duals, "interior point")


def _given_law(problem: DiscreteProblem, point: OperatingPoint, ball: Ball, tolerance: float) -> PerceptionCertificate:
    from solvers.solve import solve

    found = solve(
        problem,
        rate=None if point.minimises_rate else point.rate,
        distortion=point.distortion if point.minimises_rate else None,
        classification=point.classification if point.has_classification else None,
        setting=point.setting,
        units=point.units,
        tolerance=tolerance,
    )
    return PerceptionCertificate(**{k.name: getattr(found, k.name) for k in fields(found)}, ball=ball)


def _best(
    problem: DiscreteProblem,
    point: OperatingPoint,
    ball: Ball,
    tolerance: float,
    ladders: Iterable[Iterable[Primal]],
    duals: list[PriceDual | LabelBound],
    method: str,
) -> PerceptionCertificate:
    priced: list[tuple[float, PriceDual | LabelBound]] = []
    for witness in duals:
        # Whether a budget is the least distortion of all, the checker decides exactly.
        with contextlib.suppress(CertificateError):
            priced.append((perception_checker.lower_end(problem, point, ball, witness), witness))
    lower, dual = max(priced, key=lambda pair: pair[0])
    upper, primal = math.inf, None
    for plans in ladders if lower < math.inf else ():
        if checker.status_of(problem, point, lower, upper, tolerance) == "certified":
            break
        for plan in plans:
            try:
                value = perception_plan_checker.upper_end(problem, point, ball, plan)
            except CertificateError:
                continue
            if value < upper:
                upper, primal = value, plan
            break
    return PerceptionCertificate(
        problem=problem,
        point=point,
        ball=ball,
        lower=lower,
        upper=upper,
        status=checker.status_of(problem, point, lower, upper, tolerance),
        method=method,
        tolerance=tolerance,
        primal=primal,
        dual=dual,
    )


def _distortion_evidence(source: Source, point: OperatingPoint) -> Evidence:
    ceiling = min(entropy(source.p), math.log(source.q.size))
    rate = min(point.rate_nats, ceiling)
    if point.rate_nats == 0:
        return _no_rate(source)
    constraints = [] if point.rate_nats >= ceiling else [Constraint(rate, information="both")]
    if source.label is not None:
        constraints.append(Constraint(rate - source.wanted, information="given label"))
    found, _ = optimum(source.program(source.cost, constraints))
    ladders = [ladder(source, found, centre(source))]
    duals = [priced(source, found, constraints, distortion=True)]
    if source.label is None:
        return Evidence(ladders, duals)
    return Evidence(itertools.chain(ladders, local_plans(source, source.cost, constraints[:-1], found)), duals)


def _tight_duals(source: Source, found: FreePoint) -> list[PriceDual]:
    """D is the least distortion of all plans: only the cheapest letters of each row are left."""
    kernel = (source.cost == 0).astype(float)
    output = found.plan.sum(axis=0)
    flat = -np.log(np.maximum(kernel @ (output / output.sum()), LOWEST))
    ball = ball_multiplier(source, found)
    # Where the budget is a hair above the least distortion, a slope at which a dearer letter has next to no mass.
    dearer = source.cost[source.cost > 0]
    steep = STEEP / float(dearer.min()) / source.scale if dearer.size else 0.0
    duals: list[PriceDual] = []
    for f, w in ((found.f, ball), (flat, 0.0)):
        if np.isfinite(f).all():
            duals += [source.dual(f, math.inf, 1.0, 0.0, w), source.dual(f + steep * source.lowest, steep, 1.0, 0.0, w)]
    return duals


def _halfway(source: Source, cheapest: FreePoint, budget: float) -> FreePoint:
    """Strictly within ball and distortion budget: the cheapest plan and the centre of the ball, mixed halfway to the budget."""
    middle = centre(source)
    low, high = float(np.sum(cheapest.plan * source.cost)), float(np.sum(middle.plan * source.cost))
    share = min(0.5, 0.5 * (budget - low) / (high - low)) if high > low else 0.5
    share = max(share, 0.0)
    transport = None
    if cheapest.transport is not None and middle.transport is not None:
        transport = (1 - share) * cheapest.transport + share * middle.transport
    return replace(middle, plan=(1 - share) * cheapest.plan + share * middle.plan, transport=transport)


def _no_rate(source: Source) -> Evidence:
    """Rate 0: Y ignores X, and only its law is to be chosen; that is the same program with one letter X of mean costs."""
    mean = source.p @ source.cost
    alone = replace(source, p=np.ones(1), cost=mean[None], label=None)
    found, _ = optimum(alone.program(mean[None], []))
    output = found.plan[0] / found.plan.sum()
    # Equal rows, bit for bit, so that the checker sees that Y ignores X.
    plan = replace(found, plan=np.tile(output, (source.p.size, 1)))
    flat = replace(centre(source), plan=np.tile(source.q, (source.p.size, 1)))
    dual = source.dual(np.zeros(source.p.size), 1.0, math.inf, 0.0, ball_multiplier(source, found) * source.scale)
    return Evidence([ladder(source, plan, flat)], [dual])


def _rate_evidence(source: Source, point: OperatingPoint) -> Evidence:
    budget = (point.distortion - source.offset) / source.scale
    cheapest, _ = optimum(source.program(source.cost, []))
    ladders, duals = list[Iterator[FreePlan]](), [priced(source, cheapest, [], distortion=True)]
    if budget >= float((source.p @ source.cost).min()):
        ladders.extend(_no_rate(source).ladders)
    least = float(np.sum(cheapest.plan * source.cost))
    if budget < least - 1e-7:
        return Evidence([], duals)
    constraints = [Constraint(0.0, information="both", epigraph=True)]
    if source.label is not None:
        constraints.append(Constraint(-source.wanted, information="given label", epigraph=True))
    program = source.program(None, constraints)
    if budget <= 1e-15:
        free_of_cost = source.cost == 0
        found, inside = optimum(replace(program, allowed=free_of_cost))
        found, inside = (replace(k, plan=np.where(free_of_cost, k.plan, 0.0)) for k in (found, inside))
        duals += _tight_duals(source, found)
    else:
        constraints = [Constraint(budget, linear=source.cost), *constraints]
        found, _ = optimum(replace(program, constraints=tuple(constraints)))
        inside = _halfway(source, cheapest, budget)
        duals.append(priced(source, found, constraints, distortion=False))
    ladders.append(ladder(source, found, inside))
    # Where next to nothing is inside, the cheapest plan is better than none.
    ladders.append(ladder(source, cheapest, centre(source)))
    if source.label is None:
        return Evidence(ladders, duals)
    local = local_plans(source, None, [k for k in constraints if k.information != "given label"], found)
    return Evidence(itertools.chain(ladders, local), duals)
