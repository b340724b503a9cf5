"""Rate or distortion alone, up to a few thousand pairs: product, plain transport, and entropic transport between the two."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.certificate import Dual, JointPlan, Primal, SemiDual
from solvers.conic import least_distortion, least_rate
from solvers.evidence import Evidence
from solvers.problem import OperatingPoint, Support
from solvers.sinkhorn import EntropicPlan, at_distortion, at_rate, cooled, mutual_information
from solvers.transport import transport

MARGINS: Final = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
"""Shares of an interior plan that are mixed in until the exact plan is inside the budget: solvers stop a hair outside."""


def distortion_evidence(where: Support, point: OperatingPoint, method: str) -> Evidence:
    outer = np.outer(where.p, where.q)
    product: list[Primal] = [JointPlan(where.full_plan(outer))]
    rate = point.rate_nats
    if rate == 0:
        return Evidence("product", [product], [SemiDual(where.full_g(where.p @ where.cost), math.inf)])
    plain = transport(where.p, where.q, where.cost)
    ladders: list[Iterable[Primal]] = [product, with_margin(where, plain.plan, outer, MARGINS[:1])]
    duals: list[Dual] = [SemiDual(where.full_g(plain.g), 0.0)]
    binds = mutual_information(plain.plan, where.p, where.q) > rate * (1 - 1e-12)
    if method == "transport" or (method == "auto" and not (binds and rate < _ceiling(where))):
        return Evidence("transport", ladders, duals)
    return _with_entropic(where, point, method, Evidence(method, ladders, duals), outer, plain.g)


def rate_evidence(where: Support, point: OperatingPoint, method: str) -> Evidence:
    plain = transport(where.p, where.q, where.cost)
    outer = np.outer(where.p, where.q)
    ladders: list[Iterable[Primal]] = [[JointPlan(where.full_plan(plan))] for plan in (outer, plain.plan)]
    duals: list[Dual] = [SemiDual(where.full_g(plain.g), 0.0)]
    if point.distortion >= float(where.p @ where.cost @ where.q):
        # The budget may be the product's cost but for rounding: next to it lie cheaper plans of next to no rate.
        return Evidence("product", [*ladders, with_margin(where, outer, plain.plan, MARGINS)], duals)
    # Below the least cost of any plan the transport dual is the whole proof.
    if method == "transport" or point.distortion < plain.cost - 1e-9 * abs(plain.cost):
        return Evidence("transport", ladders, duals)
    if point.distortion <= plain.cost + 1e-9 * float(np.ptp(where.cost)):
        # Only plans of least cost are left, a face of the polytope; the least rate on it is the limit of low temperatures.
        limit = cooled(where.p, where.q, where.cost, plain.g)
        ladders += [[JointPlan(where.full_plan(_on_face(where, k.plan, plain.g)))] for k in limit[-1:]]
        duals += [SemiDual(where.full_g(k.g), k.temperature) for k in limit]
    return _with_entropic(where, point, method, Evidence(method, ladders, duals), plain.plan, plain.g)


def _on_face(where: Support, plan: FloatArray, plain: FloatArray) -> FloatArray:
    """`plan` without the cells whose reduced cost is positive: what is left costs as little as any plan."""
    slack = where.cost - plain
    slack = slack - slack.min(axis=1, keepdims=True)
    return np.where(slack <= 1e-11 * float(np.ptp(where.cost)), plan, 0.0)


def _with_entropic(
    where: Support, point: OperatingPoint, method: str, base: Evidence, inside: FloatArray, plain: FloatArray
) -> Evidence:
    name = "conic" if method == "conic" else "sinkhorn"
    found = _by_cone(where, point) if method == "conic" else _by_temperature(where, point, plain)
    if found is None:
        return Evidence(name, base.ladders, base.duals)
    ladder = with_margin(where, found.plan, inside, MARGINS)
    duals = list(base.duals)
    # The product alone, at an infinite temperature, is no evidence for a least rate: that is at least 0 anyway.
    if not (point.minimises_rate and math.isinf(found.temperature)):
        duals.append(SemiDual(where.full_g(found.g), found.temperature))
    return Evidence(name, [*base.ladders, ladder], duals)


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


def with_margin(where: Support, plan: FloatArray, inside: FloatArray, margins: Iterable[float]) -> Iterable[Primal]:
    for share in margins:
        yield JointPlan(where.full_plan((1 - share) * plan + share * inside))


def _ceiling(where: Support) -> float:
    """min(H(X), H(Y)) in nats, above which no rate binds."""
    return min(-float(np.sum(p * np.log(p))) for p in (where.p, where.q))
