"""Output laws free in a ball: against closed forms, other solvers and brute force; edges, forgeries, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.special import rel_entr

import rdcsym
from rdcsym.problem import FloatArray, InputError
from solvers import (
    Ball,
    CertificateError,
    DiscreteProblem,
    PerceptionCertificate,
    rate_distortion,
    rate_distortion_perception,
    solve,
)
from solvers.certificate import SemiDual

HAMMING = 1.0 - np.eye(2)
KINDS = ("tv", "kl", "w")


def squares(n: int) -> FloatArray:
    return np.subtract.outer(np.arange(n), np.arange(n)) ** 2.0


def ball(kind: Any, radius: float, m: int) -> Ball:
    return Ball(kind, radius, squares(m) if kind == "w" else None)


def instances(count: int, seed: int):
    rng = np.random.default_rng(seed)
    for k in range(count):
        n, m = rng.integers(2, 7, 2)
        p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        cost = rng.random((n, m)) if k % 2 else rng.integers(0, 4, (n, m)).astype(float)
        yield DiscreteProblem(p, q, cost), ball(KINDS[k % 3], float(10 ** rng.uniform(-3, -0.3)), m), rng


def inside(kind: str, radius: float, q: FloatArray, r: FloatArray, slack: float = 1e-9) -> bool:
    """Whether r is in the ball of `squares` or entropy or total variation (nats), by its definition."""
    if kind == "tv":
        return bool(0.5 * np.abs(q - r).sum() <= radius + slack)
    if kind == "kl":
        return bool(rel_entr(r, q).sum() <= radius + slack)
    # In one dimension the best transport under squares is monotone.
    levels = np.unique(np.concatenate([np.cumsum(q), np.cumsum(r)]).clip(0, 1))
    middle = (levels[:-1] + levels[1:]) / 2
    moved = np.searchsorted(np.cumsum(q), middle) - np.searchsorted(np.cumsum(r), middle)
    return bool((np.diff(levels) * moved**2.0).sum() <= radius + slack)


def test_random_instances_are_certified_and_their_plans_are_feasible() -> None:
    for problem, around, rng in instances(36, 0):
        if rng.random() < 0.5:
            c = solve(problem, rate=float(rng.uniform(0.01, 1.5)), perception=around, units="nats")
        else:
            dear = float(problem.p_X @ problem.cost @ problem.p_Y)
            c = solve(problem, distortion=float(rng.uniform(0.2, 1)) * dear, perception=around, units="nats")
        assert isinstance(c, PerceptionCertificate)
        assert c.verify()
        assert c.status in ("certified", "infeasible")
        assert c.relative_gap <= 3e-7
        if c.status == "infeasible":
            continue
        assert c.plan is not None
        assert c.output_law is not None
        np.testing.assert_allclose(c.plan.sum(axis=1), problem.p_X, atol=1e-9)
        assert inside(around.kind, around.radius, problem.p_Y, c.output_law)
        rate = float(rel_entr(c.plan, np.outer(problem.p_X, c.output_law)).sum())
        cost = float(np.sum(c.plan * problem.cost))
        if c.point.minimises_rate:
            assert cost <= c.point.distortion + 1e-9
            assert rate == pytest.approx(c.upper, abs=1e-8)
        else:
            assert rate <= c.point.rate + 1e-9
            assert cost == pytest.approx(c.upper, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_no_plan_on_a_grid_is_better(kind: str) -> None:
    """All binary channels on a grid, with the given law other than the source's."""
    p, q, rate, around = np.array([0.7, 0.3]), np.array([0.4, 0.6]), 0.2, ball(kind, 0.05, 2)
    a, b = np.meshgrid(np.linspace(0, 1, 801), np.linspace(0, 1, 801))  # P(Y=1|X=0), P(Y=0|X=1)
    r = p[0] * a + p[1] * (1 - b)
    spent = sum(mass * (rel_entr(one, r) + rel_entr(1 - one, 1 - r)) for mass, one in ((p[0], a), (p[1], 1 - b)))
    move = np.abs(r - q[1])
    left = around.radius - (rel_entr(r, q[1]) + rel_entr(1 - r, q[0]) if kind == "kl" else move)
    best = (p[0] * a + p[1] * b)[(spent <= rate) & (left >= 0)].min()
    c = solve(DiscreteProblem(p, q, HAMMING), rate=rate, perception=around, units="nats")
    assert c.lower <= best
    assert best == pytest.approx(c.upper, abs=4e-3)
    assert c.relative_gap <= 1e-8


def test_binary_total_variation_is_the_closed_form() -> None:
    theorem = rdcsym.theorem("rdp-bernoulli-tv")
    for q, D, P in ((0.3, 0.2, 0.05), (0.3, 0.1, 0.02), (0.45, 0.3, 0.1), (0.2, 0.15, 0.2), (0.4, 0.05, 0.0)):
        source = np.array([1 - q, q])
        c = solve(DiscreteProblem(source, source, HAMMING), distortion=D, perception=Ball("tv", P))
        value = float(theorem.evaluate(q_X=q, D=D, P=P))
        assert c.lower - 1e-9 <= value <= c.upper + 1e-9


def test_agrees_with_the_solver_for_total_variation() -> None:
    for problem, _, rng in instances(8, 3):
        n = problem.p_X.size
        cost = rng.random((n, n))
        np.fill_diagonal(cost, 0)
        p, D, P = problem.p_X, 0.4 * float((problem.p_X @ cost).min()), float(rng.uniform(0.01, 0.3))
        ours = solve(DiscreteProblem(p, p, cost), distortion=D, perception=Ball("tv", P))
        other = rate_distortion_perception(p, cost, D, P)
        assert ours.lower <= other.upper
        assert other.lower <= ours.upper
        assert ours.upper == pytest.approx(other.upper, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(("name", "kind"), [("rdp-gaussian-kl", "kl"), ("rdp-gaussian-w2", "w")])
def test_gaussian_on_a_grid_comes_near_the_closed_form(name: str, kind: str) -> None:
    x = np.linspace(-4, 4, 25)
    p = np.exp(-(x**2) / 2)
    cost = np.subtract.outer(x, x) ** 2
    source = DiscreteProblem(p / p.sum(), p / p.sum(), cost)
    for D, P in ((0.4, 0.05), (0.7, 0.1)):
        c = solve(source, distortion=D, perception=Ball(kind, P, cost if kind == "w" else None))  # type: ignore[arg-type]
        assert c.status == "certified"
        value = float(rdcsym.theorem(name).evaluate(sigma_X=1.0, D=D, P=P))
        assert c.upper == pytest.approx(value, abs=0.02)


def test_radius_0_is_the_given_law() -> None:
    for problem, around, _ in instances(9, 4):
        point = replace(around, radius=0.0)
        ours, given = solve(problem, rate=0.3, perception=point), solve(problem, rate=0.3)
        assert ours.verify()
        assert (ours.lower, ours.upper) == (given.lower, given.upper)
        tiny = solve(problem, rate=0.3, perception=replace(around, radius=1e-14))
        assert tiny.verify()
        assert tiny.lower == pytest.approx(given.lower, rel=1e-5)
        assert tiny.upper == pytest.approx(given.upper, rel=1e-5)


def test_a_large_radius_is_shannons_function() -> None:
    for problem, around, rng in instances(12, 5):
        p, cost = problem.p_X, problem.cost
        low, high = float(p @ cost.min(axis=1)), float((p @ cost).min())
        D = low + float(rng.uniform(0.2, 0.9)) * (high - low)
        shannon = rate_distortion(p, cost, D)
        for radius in (math.inf, 1e3):
            c = solve(problem, distortion=D, perception=replace(around, radius=radius))
            assert c.lower <= shannon.upper + 1e-12
            assert shannon.lower <= c.upper + 1e-12
            assert c.upper == pytest.approx(shannon.upper, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_letters_without_mass_are_allowed_but_for_relative_entropy(kind: str) -> None:
    problem = DiscreteProblem([0.5, 0.5], [1.0, 0.0], HAMMING)
    c = solve(problem, rate=0.5, perception=ball(kind, 0.2, 2))
    assert c.output_law is not None
    if kind == "kl":
        assert c.lower == pytest.approx(0.5)
        assert c.output_law[1] == 0
    else:
        assert c.upper == pytest.approx(0.3, rel=1e-7)  # .2 of the mass may move, and all that moves is right
        assert c.output_law[1] == pytest.approx(0.2, rel=1e-7)


def test_the_radius_of_relative_entropy_is_in_the_units_of_the_call() -> None:
    problem = DiscreteProblem([0.7, 0.3], [0.4, 0.6], HAMMING)
    bits = solve(problem, rate=0.2 / math.log(2), perception=Ball("kl", 0.05 / math.log(2)))
    nats = solve(problem, rate=0.2, perception=Ball("kl", 0.05), units="nats")
    assert bits.upper == pytest.approx(nats.upper, rel=1e-9)


def test_falls_as_the_ball_widens() -> None:
    problem = DiscreteProblem([0.5, 0.3, 0.2], [0.1, 0.3, 0.6], squares(3))
    for kind in KINDS:
        values = [solve(problem, rate=0.5, perception=ball(kind, P, 3)) for P in (0, 0.02, 0.1, 0.4, math.inf)]
        assert all(tight.upper >= wide.lower for tight, wide in pairwise(values))
        assert values[0].lower > values[3].upper


def test_edges() -> None:
    p, q = [0.7, 0.3], [0.2, 0.8]
    same, other = DiscreteProblem(p, p, HAMMING), DiscreteProblem(p, q, HAMMING)
    for kind in KINDS:
        around = ball(kind, 0.1, 2)
        for budgets in (
            {"rate": 0},
            {"rate": 1},
            {"rate": math.inf},
            {"rate": 1e-9},
            {"distortion": math.inf},
            {"distortion": 0},
        ):
            c = solve(same, perception=around, **budgets)
            assert c.verify()
            assert c.status == "certified", (kind, budgets)
        assert solve(same, distortion=0, perception=around).lower == pytest.approx(0.8812908992306927, rel=1e-12)
        assert solve(other, distortion=0.2, perception=around).status == "infeasible"
        constant = DiscreteProblem(p, q, np.ones((2, 2)))
        assert solve(constant, rate=0.1, perception=around).upper == pytest.approx(1, rel=1e-12)
    one = DiscreteProblem([1.0], [1.0], [[2.0]])
    assert solve(one, rate=0, perception=Ball("kl", 0.1)).lower == 2


def labelled_instances(count: int, seed: int):
    rng = np.random.default_rng(seed)
    for k in range(count):
        n, m, labels = rng.integers(2, 4), rng.integers(2, 4), 2 + k % 2
        p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        label = rng.dirichlet(np.full(labels, 0.5), size=n)
        problem = DiscreteProblem(p, q, rng.random((n, m)), label)
        h_S = -float(np.sum(p @ label * np.log(p @ label)))
        least = -float(np.sum(p[:, None] * label * np.log(label)))
        yield (
            problem,
            ball(KINDS[k % 3], float(rng.uniform(0.05, 0.3)), m),
            least + float(rng.uniform(0.3, 0.9)) * (h_S - least),
            rng,
        )


def test_with_classification_no_feasible_channel_lies_below_the_lower_end() -> None:
    closed = 0
    for problem, around, C, rng in labelled_instances(6, 6):
        c = solve(problem, rate=0.5, classification=C, perception=around, units="nats")
        assert c.verify()
        assert c.lower >= solve(problem, rate=0.5, perception=around, units="nats").lower - 1e-7
        closed += c.status != "gap"
        p, label = problem.p_X, problem.p_S_given_X
        assert label is not None
        channels = rng.dirichlet(np.full(problem.p_Y.size, 0.7), size=(4000, p.size))
        plans = p[None, :, None] * channels
        output = plans.sum(axis=1)
        rates = rel_entr(plans, p[None, :, None] * output[:, None]).sum(axis=(1, 2))
        joint = np.einsum("xs,kxy->ksy", label, plans)
        losses = -rel_entr(joint, output[:, None] + 0 * joint).sum(axis=(1, 2))
        costs = np.einsum("kxy,xy->k", plans, problem.cost)
        for k in np.flatnonzero((rates <= 0.5) & (losses <= C)):
            if inside(around.kind, around.radius, problem.p_Y, output[k], 0.0):
                assert costs[k] >= c.lower
    assert closed >= 2


def test_with_classification_the_rate_too_and_the_envelopes_lower_end() -> None:
    for problem, around, C, _ in labelled_instances(3, 8):
        dear = float(problem.p_X @ problem.cost @ problem.p_Y)
        c = solve(problem, distortion=dear, classification=C, perception=around)
        assert c.verify()
        asymptotic = solve(problem, distortion=dear, classification=C, perception=around, setting="asymptotic")
        assert asymptotic.lower == c.lower
    label = np.array([[0.9, 0.1], [0.2, 0.8]])
    problem = DiscreteProblem([0.5, 0.5], [0.5, 0.5], HAMMING, label)
    assert solve(problem, rate=1, classification=0.3, perception=Ball("tv", 0.1)).status == "infeasible"  # below H(S|X)
    assert solve(problem, rate=0.1, classification=0.8, perception=Ball("tv", 0.1)).status == "infeasible"  # I(S;Y) > R


@pytest.fixture(scope="module", params=KINDS)
def good(request: pytest.FixtureRequest) -> PerceptionCertificate:
    problem = DiscreteProblem([0.5, 0.3, 0.2], [0.1, 0.3, 0.6], squares(3))
    c = solve(problem, rate=0.4, perception=ball(request.param, 0.05, 3))
    assert isinstance(c, PerceptionCertificate)
    return c


def test_forgeries_are_refused(good: PerceptionCertificate) -> None:
    dual, plan = good.dual, good.primal
    shifted = replace(dual, f=dual.f + np.array([0.1, -0.1, 0.0]))  # type: ignore[attr-defined, type-var]
    forged = [
        replace(good, lower=good.upper * 1.01, upper=good.upper * 1.02),
        replace(good, lower=math.nextafter(good.upper, math.inf)),
        replace(good, upper=good.lower * 0.99, lower=good.lower * 0.98),
        replace(good, lower=math.nan),
        replace(good, status="gap"),
        replace(good, lower=math.inf, upper=math.inf, status="infeasible"),
        replace(good, ball=replace(good.ball, radius=good.ball.radius / 2)),
        replace(good, ball=replace(good.ball, radius=good.ball.radius * 2)),
        replace(good, ball=replace(good.ball, radius=math.inf)),
        replace(good, point=replace(good.point, rate=0.3)),
        replace(good, point=replace(good.point, rate=0.5)),
        replace(good, problem=replace(good.problem, p_Y=[0.6, 0.3, 0.1])),
        replace(good, arithmetic="float64"),
        replace(good, dual=shifted),
        replace(good, dual=SemiDual(np.zeros(3), 0.1)),
        *(replace(good, dual=replace(dual, **{name: value})) for name in ("rate_multiplier", "ball_multiplier", "cost_multiplier")
          for value in (-1.0, math.nan, math.inf, 1e-3)),  # type: ignore[type-var]
        replace(good, dual=replace(dual, label_multiplier=1.0)),  # type: ignore[type-var]
        replace(good, dual=replace(dual, f=np.zeros(2))),  # type: ignore[type-var]
        replace(good, primal=None),
        *(replace(good, primal=replace(plan, plan=bad))  # type: ignore[type-var]
          for bad in (np.eye(3) / 3, np.full((3, 3), math.nan), -np.eye(3), np.zeros((3, 3)), np.eye(2))),
    ]  # fmt: skip
    assert good.verify()
    for i, c in enumerate(forged):
        with pytest.raises(CertificateError):
            assert not c.verify(), i


def test_a_transport_that_is_too_cheap_is_refused() -> None:
    problem = DiscreteProblem([0.5, 0.3, 0.2], [0.1, 0.3, 0.6], squares(3))
    c = solve(problem, rate=0.4, perception=ball("w", 0.05, 3))
    for bad in (None, np.diag([0.1, 0.3, 0.6]), np.zeros((3, 3)), np.full((3, 3), math.inf), np.eye(2)):
        with pytest.raises(CertificateError):
            replace(c, primal=replace(c.primal, transport=bad)).verify()  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("perception", ("hellinger", 0.1)),
        ("perception", ("tv", -0.1)),
        ("perception", ("tv", math.nan)),
        ("perception", ("tv", [0.1, 0.2])),
        ("perception", ("tv", "wide")),
        ("ground", ("w", 0.1)),
        ("ground", ("tv", 0.1, HAMMING)),
        ("ground", ("kl", 0.1, HAMMING)),
        ("ground", ("w", 0.1, [1.0, 0.0])),
        ("ground", ("w", 0.1, np.ones((2, 3)))),
        ("ground", ("w", 0.1, -HAMMING)),
        ("ground", ("w", 0.1, np.ones((2, 2)))),
        ("ground", ("w", 0.1, [[0.0, math.inf], [1.0, 0.0]])),
        ("ground", ("w", 0.1, [[0.0, math.nan], [1.0, 0.0]])),
    ],
)
def test_balls_that_are_none(argument: str, arguments: Any) -> None:
    with pytest.raises(InputError) as error:
        Ball(*arguments)
    assert error.value.argument == argument
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("perception", {"perception": 0.1}),
        ("perception", {"perception": Ball("tv", 0.1), "setting": "oneshot"}),
        ("method", {"perception": Ball("tv", 0.1), "method": "conic"}),
        ("ground", {"perception": Ball("w", 0.1, squares(3))}),
        ("ground", {"perception": Ball("w", 0.0, np.zeros((2, 2)))}),
        ("rate", {"perception": Ball("tv", 0.1), "distortion": 0.1}),
    ],
)
def test_bad_points(argument: str, options: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        solve(DiscreteProblem([0.5, 0.5], [0.5, 0.5], HAMMING), rate=0.1, **options)
    assert error.value.argument == argument
    assert "\n" not in str(error.value)
