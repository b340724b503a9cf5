"""The one door: chooses the methods for a problem, lets the kernel price their evidence, and keeps the best ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, get_args, overload

import numpy as np

from rdcsym.problem import InputError, check_array, nearest
from solvers.branch_evidence import default_nodes, tree_evidence
from solvers.certificate import Certificate, JointPlan, Primal
from solvers.classification import classification_evidence, infeasibility_evidence
from solvers.conditioning import conditioned, restated
from solvers.engine import Device
from solvers.envelope import LARGEST, envelope_evidence
from solvers.evidence import Evidence, arithmetic_for, best
from solvers.gaussian_sources import GaussianAnswer, GaussianBall, GaussianModel, solve_gaussian_model
from solvers.large import large_evidence
from solvers.oneshot import oneshot_evidence
from solvers.perception import solve_in_ball
from solvers.problem import LEAST_MASS, DiscreteProblem, OperatingPoint, Support, operating_point, support
from solvers.unlabelled import distortion_evidence, rate_evidence

Method = Literal["auto", "newton", "conic", "sinkhorn", "transport"]

DEFAULT_TOLERANCE: Final = 1e-6
ROUNDING: Final = 1e-13
"""Relative gap of rounding, which no search closes, whatever the tolerance."""
BRANCHED: Final = "branch and bound"
DEFAULT_NODES: Final = 4000
PATIENT: Final = 1 << 16
"""Pairs up to which exact arithmetic (seconds) is tried where the fast engine leaves a gap."""


@overload
def solve(
    problem: DiscreteProblem,
    *,
    rate: float | None = ...,
    classification: float | None = ...,
    perception: object = ...,
    setting: str = ...,
    units: str = ...,
    distortion: float | None = ...,
    classifier_sees_seed: bool | None = ...,
    method: str = ...,
    tolerance: float = ...,
    nodes: int | None = ...,
    device: str = ...,
) -> Certificate: ...


@overload
def solve(
    problem: GaussianModel,
    *,
    rate: float | None = ...,
    classification: float | None = ...,
    perception: GaussianBall | None = ...,
    setting: str = ...,
    units: str = ...,
    distortion: float | None = ...,
) -> GaussianAnswer: ...


def solve(
    problem: DiscreteProblem | GaussianModel,
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
    nodes: int | None = None,
    device: str = "cpu",
) -> Certificate | GaussianAnswer:
    """A certified interval for D(R), D(R, C), R(D) or R(D, C) of a discrete problem.

    rate, classification: budgets in `units` (rate may be inf). Give `distortion` (cost units) in place of `rate` to
    minimise the rate.
    perception: a `Ball` around p_Y in which the law of Y is free (None: p_Y is the law of Y); not in the one-shot setting.
    setting: "single-letter" bounds I(X;Y) and H(S|Y); "asymptotic" is its convex envelope, equal to it without
    classification; "oneshot" bounds H(Y|U) over shared-seed mixtures of maps, and H(S|Y,U) or, with
    classifier_sees_seed=False, H(S|Y).
    method: "auto", or one of "newton" (the fast engine, which "auto" takes above 4096 pairs of symbols), "conic", "sinkhorn",
    "transport" alone; the one-shot setting has one method only. device: where the engine works, "cpu" (NumPy), "torch" or "cuda".
    tolerance: relative gap up to which the status is "certified". nodes: of branch and bound, where a label makes the problem not
    convex, after which an open gap is reported as it is; 0 leaves it out, None allows what takes a few seconds.
    A Gaussian source (GaussianSource, ParallelGaussianSource, VectorGaussianSource) takes the budgets, a GaussianBall for
    perception, setting and units; its answer is a certificate of `gaussian`, `gaussian_parallel` or `gaussian_sdp`.
    An infeasible point is a result (lower = upper = inf), and status "gap" an honest interval that may have upper = inf.
    Raises InputError on bad input.
    """
    if isinstance(problem, GaussianModel):
        return solve_gaussian_model(
            problem,
            rate=rate,
            distortion=distortion,
            classification=classification,
            perception=perception,
            setting=setting,
            units=units,
            unused={
                "classifier_sees_seed": (classifier_sees_seed, None),
                "method": (method, "auto"),
                "tolerance": (tolerance, DEFAULT_TOLERANCE),
                "nodes": (nodes, None),
                "device": (device, "cpu"),
            },
        )
    point = operating_point(
        problem,
        rate=rate,
        distortion=distortion,
        classification=classification,
        perception=None,
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
    if nodes is not None and (isinstance(nodes, bool) or not isinstance(nodes, int | np.integer) or nodes < 0):
        raise InputError("nodes", nodes, "is no number of nodes", "give a whole number of at least 0, or None")
    if device not in get_args(Device):
        raise InputError("device", device, "is unknown", nearest(str(device), get_args(Device)))
    if (easy := conditioned(problem, point)) is not None:
        found = solve(
            easy.problem,
            rate=rate,
            classification=classification,
            perception=perception,
            setting=setting,
            units=units,
            distortion=None if distortion is None else easy.distortion,
            classifier_sees_seed=classifier_sees_seed,
            method=method,
            tolerance=tolerance,
            nodes=nodes,
            device=device,
        )
        return restated(easy, found, problem, point)
    if perception is not None:
        if method != "auto":
            raise InputError("method", method, "takes p_Y as given", "leave it 'auto' beside perception")
        return solve_in_ball(problem, point, perception, float(limit))
    if point.setting == "oneshot":
        name, plans, duals = oneshot_evidence(problem, point)
        return best(problem, point, Evidence(name, [[plan] for plan in plans], duals), float(limit))
    where = support(problem, LEAST_MASS)
    if point.has_classification:
        impossible = best(problem, point, Evidence("data processing", [], infeasibility_evidence(where)), float(limit))
        if impossible.status == "infeasible":
            return impossible
    found = _without_label(problem, where, point, method, float(limit), device)
    if not point.has_classification or _closed(found) or method in ("newton", "sinkhorn", "transport"):
        return found
    if method == "auto" and point.setting == "single-letter":
        found = _by_tree(problem, where, point, found, float(limit), default_nodes(where) if nodes is None else int(nodes))
        if _closed(found) or (found.primal is not None and found.method == BRANCHED):
            return found
    shared = point.setting == "asymptotic" and method == "auto" and where.cost.size <= LARGEST and nodes != 0
    more_plans, more_duals = classification_evidence(where, point, conic=method == "conic", rounds=not shared)
    ladders: list[Iterable[Primal]] = [[plan] for plan in more_plans]
    if found.primal is not None:
        ladders.append([found.primal])
    name = "conic relaxation" if method == "conic" else "convex relaxation"
    all_duals = [found.dual, *infeasibility_evidence(where), *more_duals]
    found = best(problem, point, Evidence(name, ladders, all_duals), float(limit))
    if shared and not _closed(found):
        known = [plan.plan for plan in (*more_plans, found.primal) if isinstance(plan, JointPlan)]
        mixtures, bounds = envelope_evidence(
            problem, where, point, known, tolerance=float(limit), nodes=DEFAULT_NODES if nodes is None else int(nodes)
        )
        ladders = [[found.primal], mixtures] if found.primal is not None else [mixtures]
        return best(problem, point, Evidence("time sharing", ladders, [found.dual, *bounds]), float(limit))
    return found


def _by_tree(
    problem: DiscreteProblem, where: Support, point: OperatingPoint, found: Certificate, tolerance: float, nodes: int
) -> Certificate:
    """What branch and bound makes of `found`; the same where no node is allowed, or rate 0 leaves one plan only."""
    if nodes == 0 or (not point.minimises_rate and point.rate == 0) or arithmetic_for(problem, point) == "float64":
        return found
    known = [] if found.plan is None else [found.plan[np.ix_(where.keep_x, where.keep_y)]]
    plan, dual, _ = tree_evidence(where, point, known, tolerance=tolerance, nodes=nodes)
    ladders: list[Iterable[Primal]] = [] if plan is None else [[JointPlan(where.full_plan(plan))]]
    if found.primal is not None:
        ladders.append([found.primal])
    return best(problem, point, Evidence(BRANCHED, ladders, [dual, found.dual]), tolerance)


def _closed(found: Certificate) -> bool:
    return found.status != "gap" or found.relative_gap <= ROUNDING


def _without_label(
    problem: DiscreteProblem, where: Support, point: OperatingPoint, method: str, tolerance: float, device: str
) -> Certificate:
    """The ends that rate or distortion alone prove."""
    large = arithmetic_for(problem, point) == "float64"
    fast = None
    if method == "newton" or (large and method == "auto"):
        fast = best(problem, point, large_evidence(where, point, tolerance, device), tolerance, "float64")  # type: ignore[arg-type]
        if method == "newton" or fast.status != "gap" or problem.cost.size > PATIENT or point.has_classification:
            return fast
    # Degenerate points of a large problem (a face of plans of least cost, masses near underflow) come here as well.
    evidence = rate_evidence(where, point, method) if point.minimises_rate else distortion_evidence(where, point, method)
    slow = best(problem, point, evidence, tolerance, "exact" if problem.cost.size <= PATIENT else None)
    return slow if fast is None or slow.relative_gap < fast.relative_gap else fast
