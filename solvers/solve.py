"""The one door: chooses the methods for a problem, lets the kernel price their evidence, and keeps the best ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from rdcsym.problem import FloatArray, InputError, check_array, nearest
from solvers import checker
from solvers.certificate import Certificate, CertificateError, Dual, JointPlan, Primal, SemiDual
from solvers.classification import classification_evidence, infeasibility_evidence
from solvers.conic import least_distortion, least_rate
from solvers.oneshot import oneshot_evidence
from solvers.problem import LEAST_MASS, DiscreteProblem, OperatingPoint, Support, operating_point, support
from solvers.sinkhorn import EntropicPlan, at_distortion, at_rate, cooled, mutual_information
from solvers.transport import transport

Method = Literal["auto", "conic", "sinkhorn", "transport"]

DEFAULT_TOLERANCE: Final = 1e-6
MARGINS: Final = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-9, 1e-7, 1e-5, 1e-3)
"""Shares of an interior plan that are mixed in until the exact plan is inside the budget: solvers stop a hair outside."""


@dataclass(frozen=True, eq=False)
class _Evidence:
    """ladders: of each, the first plan that the kernel accepts counts. duals: the best counts."""

    method: str
    ladders: Sequence[Iterable[Primal]]
    duals: Sequence[Dual]


def solve(
    problem: DiscreteProblem,
    *,
    rate: float | None = None,
    classification: float | None = None,
    perception: object = None,
    setting: str = "single-letter",
    units: str = "bits",
    distortion: float | None = None,
    classifier_sees_seed: bool | None = None,
    method: str = "auto",
    tolerance: float = DEFAULT_TOLERANCE,
) -> Certificate:
    """A certified interval for D(R), D(R, C), R(D) or R(D, C) of a discrete problem.

    rate, classification: budgets in `units` (rate may be inf). Give `distortion` (cost units) in place of `rate` to
    minimise the rate.
    setting: "single-letter" bounds I(X;Y) and H(S|Y); "asymptotic" is its convex envelope, equal to it without
    classification; "oneshot" bounds H(Y|U) over shared-seed mixtures of maps, and H(S|Y,U) or, with
    classifier_sees_seed=False, H(S|Y).
    method: "auto", or one of "conic", "sinkhorn", "transport" alone; the one-shot setting has one method only.
    tolerance: relative gap up to which the status is "certified".
    An infeasible point is a result (lower = upper = inf), and status "gap" an honest interval that may have upper = inf.
    Raises InputError on bad input.
    """
    point = operating_point(
        problem,
        rate=rate,
        distortion=distortion,
        classification=classification,
        perception=perception,
        setting=setting,
        units=units,
        classifier_sees_seed=classifier_sees_seed,
    )
    if method not in get_args(Method):
        raise InputError("method", method, "is unknown", nearest(str(method), get_args(Method)))
    if point.setting == "oneshot" and method != "auto":
        raise InputError("method", method, "is none of the one-shot setting", "leave it 'auto': there is one method")
    limit = check_array("tolerance", tolerance)
    if limit.ndim != 0 or not 0 <= limit < 1:
        raise InputError("tolerance", tolerance, "is no relative gap", "give a number in [0, 1)")
    if point.setting == "oneshot":
        name, plans, duals = oneshot_evidence(problem, point)
        return _best(problem, point, _Evidence(name, [[plan] for plan in plans], duals), float(limit))
    where = support(problem, LEAST_MASS)
    if point.has_classification:
        impossible = _best(problem, point, _Evidence("data processing", [], infeasibility_evidence(where)), float(limit))
        if impossible.status == "infeasible":
            return impossible
    evidence = _rate_evidence(where, point, method) if point.minimises_rate else _distortion_evidence(where, point, method)
    found = _best(problem, point, evidence, float(limit))
    if not point.has_classification or found.status != "gap" or method in ("sinkhorn", "transport"):
        return found
    more_plans, more_duals = classification_evidence(where, point, conic=method == "conic")
    ladders: list[Iterable[Primal]] = [[plan] for plan in more_plans]
    if found.primal is not None:
        ladders.append([found.primal])
    name = "conic relaxation" if method == "conic" else "convex relaxation"
    all_duals = [found.dual, *infeasibility_evidence(where), *more_duals]
    return _best(problem, point, _Evidence(name, ladders, all_duals), float(limit))


def _best(problem: DiscreteProblem, point: OperatingPoint, evidence: _Evidence, tolerance: float) -> Certificate:
    """The certificate with the best ends among the evidence; plans that the kernel rejects are passed over."""
    priced = [(checker.lower_end(problem, point, dual), dual) for dual in evidence.duals]
    lower, dual = max(priced, key=lambda pair: pair[0])
    upper, primal = math.inf, None
    for ladder in evidence.ladders if lower < math.inf else ():
        for candidate in ladder:
            try:
                value = checker.upper_end(problem, point, candidate)
            except CertificateError:
                continue
            if value < upper:
                upper, primal = value, candidate
            break
    return Certificate(
        problem=problem,
        point=point,
        lower=lower,
        upper=upper,
        status=checker.status_of(problem, point, lower, upper, tolerance),
        method=evidence.method,
        tolerance=tolerance,
        primal=primal,
        dual=dual,
    )


def _distortion_evidence(where: Support, point: OperatingPoint, method: str) -> _Evidence:
    outer = np.outer(where.p, where.q)
    product: list[Primal] = [JointPlan(where.full_plan(outer))]
    rate = point.rate_nats
    if rate == 0:
        return _Evidence("product", [product], [SemiDual(where.full_g(where.p @ where.cost), math.inf)])
    plain = transport(where.p, where.q, where.cost)
    ladders: list[Iterable[Primal]] = [product, _with_margin(where, plain.plan, outer, MARGINS[:1])]
    duals: list[Dual] = [SemiDual(where.full_g(plain.g), 0.0)]
    binds = mutual_information(plain.plan, where.p, where.q) > rate * (1 - 1e-12)
    if method == "transport" or (method == "auto" and not (binds and rate < _ceiling(where))):
        return _Evidence("transport", ladders, duals)
    return _with_entropic(where, point, method, _Evidence(method, ladders, duals), outer, plain.g)


def _rate_evidence(where: Support, point: OperatingPoint, method: str) -> _Evidence:
    plain = transport(where.p, where.q, where.cost)
    outer = np.outer(where.p, where.q)
    ladders: list[Iterable[Primal]] = [[JointPlan(where.full_plan(plan))] for plan in (outer, plain.plan)]
    duals: list[Dual] = [SemiDual(where.full_g(plain.g), 0.0)]
    if point.distortion >= float(where.p @ where.cost @ where.q):
        return _Evidence("product", ladders, duals)
    # Below the least cost of any plan the transport dual is the whole proof.
    if method == "transport" or point.distortion < plain.cost - 1e-9 * abs(plain.cost):
        return _Evidence("transport", ladders, duals)
    if point.distortion <= plain.cost + 1e-9 * float(np.ptp(where.cost)):
        # Only plans of least cost are left, a face of the polytope; the least rate on it is the limit of low temperatures.
        limit = cooled(where.p, where.q, where.cost, plain.g)
        ladders += [[JointPlan(where.full_plan(_on_face(where, k.plan, plain.g)))] for k in limit[-1:]]
        duals += [SemiDual(where.full_g(k.g), k.temperature) for k in limit]
    return _with_entropic(where, point, method, _Evidence(method, ladders, duals), plain.plan, plain.g)


def _on_face(where: Support, plan: FloatArray, plain: FloatArray) -> FloatArray:
    """`plan` without the cells whose reduced cost is positive: what is left costs as little as any plan."""
    slack = where.cost - plain
    slack = slack - slack.min(axis=1, keepdims=True)
    return np.where(slack <= 1e-11 * float(np.ptp(where.cost)), plan, 0.0)


def _with_entropic(
    where: Support, point: OperatingPoint, method: str, base: _Evidence, inside: FloatArray, plain: FloatArray
) -> _Evidence:
    name = "conic" if method == "conic" else "sinkhorn"
    found = _by_cone(where, point) if method == "conic" else _by_temperature(where, point, plain)
    if found is None:
        return _Evidence(name, base.ladders, base.duals)
    ladder = _with_margin(where, found.plan, inside, MARGINS)
    duals = list(base.duals)
    # The product alone, at an infinite temperature, is no evidence for a least rate: that is at least 0 anyway.
    if not (point.minimises_rate and math.isinf(found.temperature)):
        duals.append(SemiDual(where.full_g(found.g), found.temperature))
    return _Evidence(name, [*base.ladders, ladder], duals)


def _by_temperature(where: Support, point: OperatingPoint, plain: FloatArray) -> EntropicPlan:
    if point.minimises_rate:
        return at_distortion(where.p, where.q, where.cost, point.distortion, plain)
    return at_rate(where.p, where.q, where.cost, point.rate_nats, plain)


def _by_cone(where: Support, point: OperatingPoint) -> EntropicPlan | None:
    p, q, cost = where.p, where.q, where.cost
    if point.minimises_rate:
        found = least_rate(p, q, cost, point.distortion)
    else:
        found = least_distortion(p, q, cost, point.rate_nats)
    if found is None:
        return None
    return EntropicPlan(_on_marginals(found.plan, p, q), found.g, found.rate_multiplier, True)


def _on_marginals(plan: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """A coupling of p and q near a plan whose marginals are off: rows, columns, then a product (Altschuler et al. 2017)."""
    plan = plan * np.minimum(1.0, p / np.maximum(plan.sum(axis=1), 1e-300))[:, None]
    plan = plan * np.minimum(1.0, q / np.maximum(plan.sum(axis=0), 1e-300))[None, :]
    short_x, short_y = np.maximum(p - plan.sum(axis=1), 0.0), np.maximum(q - plan.sum(axis=0), 0.0)
    total = float(short_x.sum())
    return plan + np.outer(short_x, short_y) / total if total > 0 else plan


def _with_margin(where: Support, plan: FloatArray, inside: FloatArray, margins: Iterable[float]) -> Iterable[Primal]:
    for share in margins:
        yield JointPlan(where.full_plan((1 - share) * plan + share * inside))


def _ceiling(where: Support) -> float:
    """min(H(X), H(Y)) in nats, above which no rate binds."""
    return min(-float(np.sum(p * np.log(p))) for p in (where.p, where.q))
