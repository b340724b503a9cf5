"""Time sharing before the checker: averages within the budgets are accepted, whatever else is rejected with its reason."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from test_checker import informations, point_of
from zoo import random_problem

from solvers import CertificateError, DiscreteProblem, checker
from solvers.certificate import Certificate, JointPlan, LabelBound, PlanMixture

SHARES = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))


def two_sided(seed: int, count: int = 3) -> tuple[DiscreteProblem, Any]:
    """A problem and `count` couplings of its laws: the product moved along directions that keep the marginals."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 4, 3, labels=2)
    product = np.outer(problem.p_X, problem.p_Y)
    plans = []
    for _ in range(count):
        move = product * rng.normal(size=product.shape)
        move -= np.outer(problem.p_X, move.sum(axis=0)) + np.outer(move.sum(axis=1) - problem.p_X * move.sum(), problem.p_Y)
        plans.append(product + 0.9 * move / np.max(-move / product))
    return problem, np.array(plans)


def averages(problem: DiscreteProblem, plans: Any, shares: tuple[Fraction, ...]) -> tuple[float, float, float]:
    """Cost, I(X;Y) and H(S|Y) in nats, by the plainest formulas."""
    rows = np.array([[float(np.sum(plan * problem.cost)), *informations(problem, plan)] for plan in plans])
    cost, rate, loss = np.array([float(w) for w in shares]) @ rows
    return float(cost), float(rate), float(loss)


@pytest.mark.parametrize("seed", range(5))
def test_a_mixture_is_worth_its_average_cost_or_rate(seed: int) -> None:
    problem, plans = two_sided(seed)
    cost, rate, loss = averages(problem, plans, SHARES)
    mixture = PlanMixture(plans, SHARES)
    point = point_of(problem, rate=rate + 1e-9, classification=loss + 1e-9, setting="asymptotic")
    value = checker.upper_end(problem, point, mixture)
    assert cost - 1e-12 <= value <= cost + 1e-12
    point = point_of(problem, distortion=cost + 1e-9, classification=loss + 1e-9, setting="asymptotic")
    assert checker.upper_end(problem, point, mixture) == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_averages_outside_a_budget_are_rejected(seed: int) -> None:
    problem, plans = two_sided(seed)
    cost, rate, loss = averages(problem, plans, SHARES)
    mixture = PlanMixture(plans, SHARES)
    for question, said in (
        ({"rate": rate - 1e-9, "classification": loss + 1e-9}, "I\\(X;Y\\)"),
        ({"rate": rate + 1e-9, "classification": loss - 1e-9}, "H\\(S\\|Y\\)"),
        ({"distortion": cost - 1e-9, "classification": loss + 1e-9}, "cost"),
    ):
        with pytest.raises(CertificateError, match=said):
            checker.upper_end(problem, point_of(problem, setting="asymptotic", **question), mixture)


def test_the_average_plan_does_not_stand_for_the_mixture() -> None:
    """Its H(S|Y) is above the average, by concavity: what `plan` returns is not the witness, `mixture` is."""
    problem, plans = two_sided(1)
    cost, rate, loss = averages(problem, plans, SHARES)
    point = point_of(problem, rate=rate + 1e-9, classification=loss + 1e-9, setting="asymptotic")
    certificate = Certificate(
        problem=problem, point=point, lower=-math.inf, upper=cost + 1e-9, status="gap", method="by hand", tolerance=1e-6,
        primal=PlanMixture(plans, SHARES), dual=LabelBound(),
    )  # fmt: skip
    assert certificate.verify()
    assert certificate.plan is not None
    assert certificate.mixture is not None
    np.testing.assert_array_equal(certificate.mixture[0], plans)
    assert float(np.sum(certificate.plan * problem.cost)) == pytest.approx(cost)
    with pytest.raises(CertificateError, match="H\\(S\\|Y\\)"):
        checker.upper_end(problem, point, JointPlan(certificate.plan))


HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (lambda plans: PlanMixture(plans, (HALF, HALF)), "no mixture"),
        (lambda plans: PlanMixture(plans, (HALF, HALF, HALF)), "no law"),
        (lambda plans: PlanMixture(plans, (Fraction(1), HALF, -HALF)), "no law"),
        (lambda plans: PlanMixture(plans, (0.5, 0.25, 0.25)), "exact fractions"),  # type: ignore[arg-type]
        (lambda plans: PlanMixture(np.concatenate([plans, plans[:1]]), (Fraction(1, 4),) * 4), "no mixture"),
        (lambda plans: PlanMixture(plans[:0], ()), "no mixture"),
        (lambda plans: PlanMixture(plans[0], (Fraction(1),) * 4), "no mixture"),
        (lambda plans: PlanMixture(plans[:, :, :2], SHARES), "shape"),
        (lambda plans: PlanMixture(np.where(np.arange(3)[:, None, None] == 2, plans * 1.01, plans), SHARES), "marginals"),
        (lambda plans: PlanMixture(plans * [[[math.nan]], [[1]], [[1]]], SHARES), "not finite"),
        (lambda plans: PlanMixture(np.array([plans[0], plans[1], 2 * plans[0] - plans[1] - 9]), SHARES), "negative"),
    ],
)
def test_what_is_no_mixture_of_couplings_is_rejected(forged: Any, said: str) -> None:
    problem, plans = two_sided(2)
    point = point_of(problem, rate=2.0, classification=2.0, setting="asymptotic")
    with pytest.raises(CertificateError, match=said):
        checker.upper_end(problem, point, forged(plans))


@pytest.mark.parametrize("setting", ["single-letter", "oneshot"])
def test_time_sharing_belongs_to_the_asymptotic_setting(setting: str) -> None:
    problem, plans = two_sided(3)
    point = point_of(problem, rate=2.0, classification=2.0, setting="asymptotic")
    with pytest.raises(CertificateError, match=r"plan|mixture of maps"):
        checker.upper_end(problem, dataclasses.replace(point, setting=setting), PlanMixture(plans, SHARES))
