"""Costs at the ends of the floats' range, and under a great offset: the same answers, scaled, each accepted by the kernel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from solvers import Ball, DiscreteProblem, solve
from solvers.conditioning import conditioned
from solvers.problem import operating_point

SCALES = {"denormal": 2.0**-1040, "tiny": 2.0**-600, "huge": 2.0**600, "greatest": 2.0**1015}


def problem(labels: bool = False) -> DiscreteProblem:
    rng = np.random.default_rng(3)
    label = rng.dirichlet(np.ones(2), 4) if labels else None
    # Multiples of 2^-20 keep all their digits when they are denormal.
    return DiscreteProblem(rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(5)), rng.integers(1, 2**20, (4, 5)) * 2.0**-20, label)


def moved(p: DiscreteProblem, scale: float, offset: float = 0.0) -> DiscreteProblem:
    return DiscreteProblem(p.p_X, p.p_Y, p.cost * scale + offset, p.p_S_given_X)


@pytest.mark.parametrize("scale", list(SCALES.values()), ids=list(SCALES))
@pytest.mark.parametrize(
    ("labels", "question"),
    [
        (False, {"rate": 0.5}),
        (False, {"rate": 0.0}),
        (False, {"rate": math.inf}),
        (False, {"distortion": 0.4}),
        (False, {"rate": 0.5, "perception": Ball("tv", 0.1)}),
        (False, {"distortion": 0.4, "perception": Ball("kl", 0.1)}),
        (True, {"rate": 0.5, "classification": 0.9}),
        (True, {"rate": 0.1, "classification": 0.3}),
    ],
    ids=str,
)
def test_a_scale_changes_nothing_else(labels: bool, question: dict[str, Any], scale: float) -> None:
    p = problem(labels)
    usual = solve(p, **question)
    scaled = {**question, "distortion": question["distortion"] * scale} if "distortion" in question else question
    found = solve(moved(p, scale), **scaled)
    assert found.verify()
    factor = 1.0 if "distortion" in question else scale
    assert found.lower == pytest.approx(usual.lower * factor, rel=1e-6)
    assert found.upper == pytest.approx(usual.upper * factor, rel=1e-6)
    assert found.status == usual.status


@pytest.mark.parametrize("offset", [2.0**20, -(2.0**20)])
def test_an_offset_that_floats_can_take_out_costs_no_digits(offset: float) -> None:
    p = problem()
    usual, found = solve(p, rate=0.5), solve(moved(p, 1.0, offset), rate=0.5)
    assert found.verify()
    assert max(found.upper - found.lower, abs(found.lower - offset - usual.lower)) < 2.0**-30
    if offset > 0:
        rate = solve(moved(p, 1.0, offset), distortion=0.4 + offset)
        assert rate.verify()
        assert rate.upper == pytest.approx(solve(p, distortion=0.4).upper, rel=1e-6)
        assert solve(moved(p, 1.0, offset), distortion=0.4).status == "infeasible"


def test_ordinary_costs_are_left_alone() -> None:
    p, given = (
        problem(),
        {"distortion": None, "classification": None, "perception": None, "units": "bits", "classifier_sees_seed": None},
    )
    for cost, easy in ((p.cost, True), (p.cost + 1 / 3, True), (p.cost * 1e9 - 1e10, True), (p.cost * 1e-100, False)):
        q = DiscreteProblem(p.p_X, p.p_Y, cost)
        assert (conditioned(q, operating_point(q, rate=0.5, setting="single-letter", **given)) is None) == easy
        assert conditioned(q, operating_point(q, rate=0.5, setting="oneshot", **given)) is None
