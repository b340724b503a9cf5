"""More than 200 forged certificates, every one of which the checker must reject; the originals must pass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from zoo import ORDERED, WITH_ZEROS, binary, binary_entropy, random_problem

from solvers import Certificate, CertificateError, DiscreteProblem, solve
from solvers.certificate import (
    ChannelDual,
    JointPlan,
    LabelBound,
    MapDual,
    MapMixture,
    PlanMixture,
    SeedBlindDual,
    SemiDual,
    TreeDual,
)

INF, NAN = math.inf, math.nan
SHOT: dict[str, Any] = {"setting": "oneshot"}


@cache
def originals() -> dict[str, Certificate]:
    big = random_problem(np.random.default_rng(5), 12, 9)
    labelled = random_problem(np.random.default_rng(6), 5, 4, labels=3)
    pinched = binary(0.2, 0.4, 0.1)
    return {
        "entropic": solve(big, rate=0.7),
        "entropic with empty symbols": solve(WITH_ZEROS, rate=0.4),
        "transport": solve(binary(0.25, 0.125), rate=1.0),
        "product": solve(big, rate=0.0),
        "conic": solve(big, rate=0.4, method="conic", tolerance=1e-4),
        "rate": solve(big, distortion=float(big.p_X @ big.cost @ big.p_Y) * 0.6),
        "label gap": solve(ORDERED, rate=0.75, classification=0.45, units="nats", nodes=0),
        "tree": solve(binary(0.25, 2 / 3, 0.0), rate=0.6, classification=0.5),
        "time sharing": solve(binary(0.25, 2 / 3, 0.0), rate=0.6, classification=0.5, setting="asymptotic"),
        "label tight": solve(binary(0.4, 0.4, 0.1), rate=0.5, classification=0.9),
        "label and rate tight": solve(random_problem(np.random.default_rng(17), 5, 6, labels=2), rate=0.4, classification=0.9292),
        "label envelope": solve(labelled, rate=0.6, classification=1.2, setting="asymptotic"),
        "one-shot": solve(pinched, rate=0.6, classification=0.6, **SHOT),
        "one-shot rate": solve(pinched, distortion=0.25, classification=0.6, **SHOT),
        "one-shot blind": solve(pinched, rate=0.7, classification=0.65, classifier_sees_seed=False, **SHOT),
        "one-shot blind rate": solve(pinched, distortion=0.3, classification=0.7, classifier_sees_seed=False, **SHOT),
        "one-shot 3 x 3": solve(random_problem(np.random.default_rng(8), 3, 3, labels=2), rate=0.8, **SHOT),
        "infeasible label": solve(pinched, rate=1.0, classification=0.3),
        "infeasible rate": solve(pinched, rate=0.01, classification=0.6),
        "infeasible distortion": solve(binary(0.25, 0.125), distortion=0.1),
        "infeasible one-shot": solve(pinched, rate=0.3, classification=0.55, **SHOT),
    }


def forgeries(c: Certificate) -> Iterator[tuple[str, Certificate]]:
    def forged(**changes: Any) -> Certificate:
        return dataclasses.replace(c, **changes)

    scale = 1e-6 * max(1e-3, abs(c.lower) if math.isfinite(c.lower) else 1.0)
    if c.status == "infeasible":
        yield "finite ends", forged(lower=0.1, upper=0.2, status="gap")
        yield "certified 0", forged(lower=0.0, upper=0.0, status="certified")
        yield "upper end only", forged(upper=1.0)
        yield "lower end only", forged(lower=0.0)
        yield "says gap", forged(status="gap")
        yield "says certified", forged(status="certified")
        yield "has a plan", forged(primal=JointPlan(np.outer(c.problem.p_X, c.problem.p_Y)))
        kinder = {"classification": 5.0, "rate": c.point.rate * 100, "distortion": c.point.distortion * 100}
        yield "generous budgets", forged(point=dataclasses.replace(c.point, **kinder))
    else:
        yield "raised ends", forged(lower=c.lower + scale, upper=max(c.upper, c.lower + scale))
        yield "raised lower end by little", forged(lower=c.lower + 1e-9 * abs(c.lower), upper=max(c.upper, c.lower * 2))
        yield "fake infeasible", forged(lower=INF, upper=INF, status="infeasible", primal=None)
        yield "fake infeasible with a plan", forged(lower=INF, upper=INF, status="infeasible")
        yield "infinite lower end", forged(lower=INF, upper=INF)
        for status in sorted({"certified", "gap", "infeasible"} - {c.status}):
            yield f"status {status}", forged(status=status)
        if c.primal is not None:
            yield "lowered ends", forged(lower=c.lower - 2 * scale, upper=min(c.upper - scale, c.lower - scale))
            yield "lowered upper end", forged(upper=c.upper - max(scale, 1e-3 * (c.upper - c.lower)), lower=c.lower - 1)
            yield "no plan", forged(primal=None)
    for end in ("lower", "upper", "tolerance"):
        yield f"nan in {end}", forged(**{end: NAN})
        yield f"text in {end}", forged(**{end: "0"})
    yield "ends crossed", forged(lower=1.0, upper=0.5, status="gap")
    yield "negative tolerance", forged(tolerance=-1.0)
    yield "nan budget", forged(point=dataclasses.replace(c.point, classification=NAN))
    yield "no evidence", forged(dual=None)
    other = "rate" if c.point.minimised == "distortion" else "distortion"
    yield "the other question", forged(point=dataclasses.replace(c.point, minimised=other))
    if c.point.minimised == "rate":
        yield "a budget for what is minimised", forged(point=dataclasses.replace(c.point, rate=9.0))
    yield from forged_primals(c)
    yield from forged_duals(c)


def forged_primals(c: Certificate) -> Iterator[tuple[str, Certificate]]:
    def with_plan(plan: Any) -> Certificate:
        return dataclasses.replace(c, primal=JointPlan(plan))

    if isinstance(c.primal, JointPlan):
        plan = np.array(c.primal.plan)
        for value in (NAN, INF, -1e-12, plan.max() + 1e-3):
            spoilt = plan.copy()
            spoilt[np.unravel_index(plan.argmax(), plan.shape)] = value
            yield f"plan with {value}", with_plan(spoilt)
        (x, y), (u, v) = np.argwhere(np.outer(c.problem.p_X, c.problem.p_Y) > 0)[[0, -1]]
        cycle = plan.copy()
        shift = min(plan[x, v], plan[u, y]) + 1e-12
        cycle[[x, u], [v, y]] -= shift
        cycle[[x, u], [y, v]] += shift
        yield "negative cells, right marginals", with_plan(cycle)
        yield "transposed and cut", with_plan(plan[:-1])
        yield "flat plan", with_plan(plan.ravel())
        yield "empty plan", with_plan(np.zeros_like(plan))
        yield "doubled plan", with_plan(2 * plan)
        yield "plan of maps", dataclasses.replace(c, primal=MapMixture(np.zeros((1, plan.shape[0])), (Fraction(1),)))
        if isinstance(c.dual, SemiDual) and c.point.minimised == "distortion" and 0 < c.dual.temperature < INF:
            tighter = dataclasses.replace(c.point, rate=c.point.rate * 0.999)
            yield "plan above the rate", dataclasses.replace(c, point=tighter)
    if isinstance(c.primal, PlanMixture):
        plans, shares = np.array(c.primal.plans), c.primal.weights
        dearest = int(np.argmax(np.sum(plans * c.problem.cost, axis=(1, 2))))
        for name, made in {
            "the average plan": JointPlan(np.array(c.plan)),
            "one plan of the mixture": JointPlan(plans[dearest]),
            "shares above 1": PlanMixture(plans, tuple(2 * w for w in shares)),
            "float shares": PlanMixture(plans, tuple(float(w) for w in shares)),  # type: ignore[arg-type]
            "shares turned over": PlanMixture(plans, shares[::-1]),
            "equal shares": PlanMixture(plans, (Fraction(1, len(shares)),) * len(shares)),
            "a share too few": PlanMixture(plans, shares[1:]),
            "a plan off its marginals": PlanMixture(plans * 1.001, shares),
        }.items():
            yield name, dataclasses.replace(c, primal=made)
        yield (
            "shared in the single-letter setting",
            dataclasses.replace(c, point=dataclasses.replace(c.point, setting="single-letter")),
        )
    if isinstance(c.primal, MapMixture):
        maps, weights = np.array(c.primal.maps), c.primal.weights
        yield "plan for a mixture", with_plan(np.outer(c.problem.p_X, c.problem.p_Y))
        yield "weights above 1", dataclasses.replace(c, primal=MapMixture(maps, tuple(2 * w for w in weights)))
        yield "float weights", dataclasses.replace(c, primal=MapMixture(maps, tuple(float(w) for w in weights)))  # type: ignore[arg-type]
        off = (weights[0] + Fraction(1, 10**20), *weights[1:])
        yield "weights off by 1e-20", dataclasses.replace(c, primal=MapMixture(maps, off))
        yield "map to nowhere", dataclasses.replace(c, primal=MapMixture(maps + 7, weights))
        yield "map with nan", dataclasses.replace(c, primal=MapMixture(maps * NAN, weights))
        yield "map to a half", dataclasses.replace(c, primal=MapMixture(maps + 0.5, weights))
        yield "one map short", dataclasses.replace(c, primal=MapMixture(maps[1:], weights))
        yield "one constant map", dataclasses.replace(c, primal=MapMixture(maps[:1] * 0, (Fraction(1),)))
        sure = MapMixture(np.vstack([maps, maps[:1]]), (*weights, Fraction(0)))
        negative = MapMixture(sure.maps, (weights[0] + 1, *weights[1:], Fraction(-1)))
        yield "negative weight", dataclasses.replace(c, primal=negative)


def forged_duals(c: Certificate) -> Iterator[tuple[str, Certificate]]:
    def with_dual(dual: Any) -> Certificate:
        return dataclasses.replace(c, dual=dual)

    def spoilt(array: Any, value: float) -> Any:
        out = np.array(array, dtype=float)
        positive = c.problem.p_Y > 0
        out[..., np.flatnonzero(positive)[0]] = value
        return out

    d = c.dual
    if isinstance(d, SemiDual | ChannelDual):
        yield "nan potential", with_dual(dataclasses.replace(d, g=spoilt(d.g, NAN)))
        yield "infinite potential", with_dual(dataclasses.replace(d, g=spoilt(d.g, INF)))
        yield "short potential", with_dual(dataclasses.replace(d, g=np.array(d.g)[:-1]))
        yield "multipliers of maps", with_dual(MapDual(Fraction(1), (Fraction(0),), Fraction(0), Fraction(0)))
    if isinstance(d, SemiDual):
        yield "nan temperature", with_dual(dataclasses.replace(d, temperature=NAN))
        yield "negative temperature", with_dual(dataclasses.replace(d, temperature=-1e-9))
        if not math.isinf(d.temperature):
            yield "infinite temperature", with_dual(dataclasses.replace(d, temperature=INF))
            yield "wrong potential", with_dual(dataclasses.replace(d, g=np.array(d.g) * 1.1 + np.arange(d.g.size)))
        if 0 < d.temperature < INF:
            yield "half the temperature", with_dual(dataclasses.replace(d, temperature=d.temperature / 2))
    if isinstance(d, ChannelDual):
        yield "channel with zeros", with_dual(dataclasses.replace(d, channel=np.zeros_like(d.channel)))
        yield "channel with nan", with_dual(dataclasses.replace(d, channel=d.channel * NAN))
        yield "negative channel", with_dual(dataclasses.replace(d, channel=-d.channel))
        yield "channel of another shape", with_dual(dataclasses.replace(d, channel=d.channel[:, :-1]))
        for name in ("cost_multiplier", "rate_multiplier", "label_multiplier"):
            yield f"negative {name}", with_dual(dataclasses.replace(d, **{name: -1.0}))
            yield f"infinite {name}", with_dual(dataclasses.replace(d, **{name: INF}))
        yield "no classification budget", dataclasses.replace(c, point=dataclasses.replace(c.point, classification=INF))
    if isinstance(d, TreeDual):
        yield "splits with a part missing", with_dual(dataclasses.replace(d, splits=d.splits[:-1], weights=d.weights[:-1]))
        yield "a tree without its splits", with_dual(dataclasses.replace(d, splits=d.splits[-1:], weights=d.weights[-1:]))
        yield "a tree's nan potential", with_dual(dataclasses.replace(d, g=d.g * NAN))
        yield "a tree's negative facets", with_dual(dataclasses.replace(d, facets=d.facets - 1))
        yield "a tree's channel with zeros", with_dual(dataclasses.replace(d, channel=d.channel * 0))
        yield "a tree's multipliers doubled", with_dual(dataclasses.replace(d, multipliers=d.multipliers * 2))
    if isinstance(d, MapDual | SeedBlindDual):
        yield "a potential for maps", with_dual(SemiDual(np.zeros(c.problem.p_Y.size), 0.0))
    if isinstance(d, MapDual):
        yield "negative price", with_dual(dataclasses.replace(d, rate_multiplier=Fraction(-1)))
        yield "float price", with_dual(dataclasses.replace(d, rate_multiplier=0.5))
        yield "prices short", with_dual(dataclasses.replace(d, output=d.output[:-1]))
        yield "prices moved", with_dual(dataclasses.replace(d, output=(d.output[0] + 1, *d.output[1:])))
    if isinstance(d, SeedBlindDual):
        assert d.excluded is not None
        left, right = d.excluded
        priced = {
            name: dataclasses.replace(getattr(d, name), classification_multiplier=Fraction(9)) for name in ("least", "greatest")
        }
        yield "classification priced in a bound", with_dual(dataclasses.replace(d, **priced))
        yield "everything excluded", with_dual(dataclasses.replace(d, excluded=(Fraction(-1), Fraction(1))))
        yield "excluded too far", with_dual(dataclasses.replace(d, excluded=(left, right + Fraction(1, 100))))
        yield "excluded backwards", with_dual(dataclasses.replace(d, excluded=(right, left)))
        yield "excluded in floats", with_dual(dataclasses.replace(d, excluded=(float(left), float(right))))
        yield "nothing excluded", with_dual(dataclasses.replace(d, excluded=None))
    if c.status != "infeasible" and c.point.has_classification:
        fake = {"lower": INF, "upper": INF, "status": "infeasible", "primal": None}
        yield "label bound that does not hold", dataclasses.replace(c, dual=LabelBound(), **fake)


ALL = [(name, kind, forged) for name, c in originals().items() for kind, forged in forgeries(c)]


@pytest.mark.parametrize("name", list(originals()))
def test_originals_pass(name: str) -> None:
    assert originals()[name].verify() is True


def test_there_are_200_forgeries_of_every_kind_of_evidence() -> None:
    assert len(ALL) >= 200
    assert {type(c.dual) for c in originals().values()} == {SemiDual, ChannelDual, LabelBound, MapDual, SeedBlindDual, TreeDual}
    assert {c.status for c in originals().values()} == {"certified", "gap", "infeasible"}


@pytest.mark.parametrize(("name", "kind", "forged"), ALL, ids=[f"{name}: {kind}" for name, kind, _ in ALL])
def test_forgeries_are_rejected(name: str, kind: str, forged: Certificate) -> None:
    with pytest.raises(CertificateError):
        forged.verify()


def test_a_certificate_of_another_problem_is_rejected() -> None:
    for name, c in originals().items():
        if c.status != "infeasible" and c.point.minimised == "distortion":
            dearer = DiscreteProblem(c.problem.p_X, c.problem.p_Y, c.problem.cost + 0.01, c.problem.p_S_given_X)
            with pytest.raises(CertificateError):
                dataclasses.replace(c, problem=dearer).verify()
            cheaper = DiscreteProblem(c.problem.p_X, c.problem.p_Y, c.problem.cost - 0.01, c.problem.p_S_given_X)
            with pytest.raises(CertificateError):
                dataclasses.replace(c, problem=cheaper).verify()
        assert name


def test_the_rate_of_a_bit_is_a_bit() -> None:
    """A plan of exactly one bit is within a budget of one bit, and not within one that is a rounding error less."""
    c = solve(DiscreteProblem([0.5, 0.5], [0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]]), rate=1.0)
    assert c.upper == 0.0
    assert c.verify()
    less = dataclasses.replace(c, point=dataclasses.replace(c.point, rate=math.nextafter(1.0, 0.0)))
    with pytest.raises(CertificateError, match="rate"):
        less.verify()
    assert binary_entropy(0.5) == 1.0


@pytest.mark.parametrize(
    "change", [{"units": "Nats"}, {"setting": "one-shot"}, {"minimised": "Distortion"}, {"classifier_sees_seed": "no"}]
)
def test_a_point_that_is_no_question_is_rejected(change: dict[str, Any]) -> None:
    """The kernel reads no word that it does not know: an unknown unit was once read as bits at one end and as nats at the other."""
    honest = solve(DiscreteProblem([0.5, 0.5], [0.5, 0.5], 1 - np.eye(2)), rate=0.2)
    with pytest.raises(CertificateError, match=next(iter(change))):
        replace(honest, point=replace(honest.point, **change)).verify()


def test_an_empty_interval_is_rejected() -> None:
    honest = solve(DiscreteProblem([0.5, 0.5], [0.5, 0.5], 1 - np.eye(2)), rate=0.2)
    with pytest.raises(CertificateError, match="empty"):
        replace(honest, lower=honest.upper, upper=honest.lower * (1 - 1e-12)).verify()
