"""The checker of trees: forged ones are rejected, and no bound is above what plans reach."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from zoo import ORDERED, random_problem

from solvers import Certificate, CertificateError, solve
from solvers.certificate import TreeDual
from solvers.checker import lower_end

NAN = float("nan")


@cache
def original() -> Certificate:
    found = solve(ORDERED, rate=0.75, classification=0.45, units="nats")
    assert isinstance(found.dual, TreeDual)
    assert len(found.dual.splits) > 5
    assert found.verify()
    return found


def tree() -> TreeDual:
    dual = original().dual
    assert isinstance(dual, TreeDual)
    return dual


def changed(array: Any, at: Any, value: Any) -> Any:
    copy = array.copy()
    copy[at] = value
    return copy


def forgeries() -> dict[str, dict[str, Any]]:
    t = tree()
    leaf = int(np.flatnonzero(t.splits[:, 0] < 0)[0])
    inner = int(np.flatnonzero(t.splits[:, 0] >= 0)[-1])
    fewer = {name: getattr(t, name)[1:] for name in ("multipliers", "g", "facets", "channel")}
    return {
        "a leaf is missing": {"splits": np.delete(t.splits, leaf, 0), "weights": np.delete(t.weights, leaf), **fewer},
        "the last leaf is missing": {
            name: getattr(t, name)[:-1] for name in ("splits", "weights", "multipliers", "g", "facets", "channel")
        },
        "a leaf's data are missing": fewer,
        "a leaf too many": {"splits": np.vstack([t.splits, t.splits[leaf]]), "weights": np.append(t.weights, 0.0)},
        "cut short": {"splits": t.splits[:-1], "weights": t.weights[:-1]},
        "no leaf": {"splits": t.splits[:0], "weights": t.weights[:0]},
        "a split turned leaf": {"splits": changed(t.splits, inner, -1)},
        "w = 0": {"weights": changed(t.weights, inner, 0.0)},
        "w = 1": {"weights": changed(t.weights, inner, 1.0)},
        "w beyond the edge": {"weights": changed(t.weights, inner, 1.5)},
        "w = nan": {"weights": changed(t.weights, inner, NAN)},
        "edge of one end": {"splits": changed(t.splits, (inner, 1), t.splits[inner, 2])},
        "edge of no vertex": {"splits": changed(t.splits, (inner, 2), 9)},
        "edge of vertex -1": {"splits": changed(t.splits, (inner, 1), -1)},
        "no such y": {"splits": changed(t.splits, (inner, 0), 99)},
        "splits as floats": {"splits": t.splits.astype(float)},
        "splits of shape (N, 2)": {"splits": t.splits[:, :2]},
        "negative t": {"multipliers": changed(t.multipliers, (0, 0), -1.0)},
        "negative A": {"multipliers": changed(t.multipliers, (0, 1), -1e-9)},
        "negative M": {"multipliers": changed(t.multipliers, (0, 2), -1e-9)},
        "negative beta": {"multipliers": changed(t.multipliers, (0, 3), -1e-9)},
        "beta above M": {"multipliers": changed(t.multipliers, (0, slice(1, 4)), [9.0, 1.0, 2.0])},
        "beta above kappa A": {"multipliers": changed(t.multipliers, (0, slice(1, 4)), [0.1, 9.0, 9.0])},
        "multiplier nan": {"multipliers": changed(t.multipliers, (0, 2), NAN)},
        "multiplier inf": {"multipliers": changed(t.multipliers, (0, 2), np.inf)},
        "negative facet": {"facets": changed(t.facets, (0, 0, 0), -1e-9)},
        "facets of one shape less": {"facets": t.facets[..., 0]},
        "potential nan": {"g": changed(t.g, (0, 0), NAN)},
        "potentials of a symbol more": {"g": np.hstack([t.g, t.g[:, :1]])},
        "channel 0": {"channel": changed(t.channel, (0, 0, 0), 0.0)},
        "channel negative": {"channel": changed(t.channel, (0, 0, 0), -0.1)},
        "channel nan": {"channel": changed(t.channel, (0, 0, 0), NAN)},
        "channel transposed": {"channel": np.ones((len(t.channel), 2, 5))},
        "floor too high": {"floor": t.floor + 0.3},
        "floor negative": {"floor": changed(t.floor, 0, -0.1)},
        "floor of sum 1": {"floor": np.full(t.floor.shape, 1 / t.floor.size)},
        "floor of another shape": {"floor": t.floor[:-1]},
    }


@pytest.mark.parametrize("name", list(forgeries()))
def test_a_forged_tree_is_rejected(name: str) -> None:
    with pytest.raises(CertificateError):
        replace(original(), dual=replace(tree(), **forgeries()[name])).verify()


@pytest.mark.parametrize("values", [[9.0, 1.0, 2.0], [0.1, 9.0, 9.0]])
def test_more_of_the_label_than_its_multipliers_keep_convex(values: list[float]) -> None:
    """The bound might be lower all the same, so the reason is asked for."""
    forged = replace(tree(), multipliers=changed(tree().multipliers, (0, slice(1, 4)), values))
    with pytest.raises(CertificateError, match="takes more of the label as convex"):
        lower_end(original().problem, original().point, forged)


def test_a_lower_end_a_hair_too_high_is_rejected() -> None:
    c = original()
    with pytest.raises(CertificateError, match="lower end"):
        replace(c, lower=np.nextafter(lower_end(c.problem, c.point, c.dual), np.inf)).verify()


def test_leaves_in_another_order_prove_less() -> None:
    """The multipliers of one leaf hold for its own posteriors only: swapped, they still give valid bounds, but poor ones."""
    c, t = original(), tree()
    order = np.arange(len(t.multipliers))[::-1]
    names = ("multipliers", "g", "facets", "channel")
    swapped = replace(t, **{name: getattr(t, name)[order] for name in names})
    assert lower_end(c.problem, c.point, swapped) < c.lower


def test_a_tree_of_different_multipliers_says_nothing_of_averages() -> None:
    c = original()
    with pytest.raises(CertificateError, match="averages"):
        lower_end(c.problem, replace(c.point, setting="asymptotic"), c.dual)


def test_a_tree_needs_a_label() -> None:
    c = original()
    bare = solve(random_problem(np.random.default_rng(0), 3, 3), rate=0.5)
    with pytest.raises(CertificateError):
        lower_end(bare.problem, c.point, c.dual)
    with pytest.raises(CertificateError):
        lower_end(c.problem, bare.point, c.dual)


@pytest.mark.parametrize("seed", range(40))
def test_any_multipliers_give_a_bound_below_a_feasible_plan(seed: int) -> None:
    """Random trees with random evidence: none may prove more than a plan reaches."""
    c, t = original(), tree()
    rng = np.random.default_rng(seed)
    m, k = t.facets.shape[1:]
    splits, weights, leaves, open_nodes = [], [], 0, 1
    while open_nodes:
        open_nodes -= 1
        if len(splits) < 12 and rng.random() < 0.6:
            i, j = sorted(rng.choice(k, 2, replace=False).tolist())
            splits.append((int(rng.integers(m)), i, j))
            weights.append(float(rng.integers(1, 64)) / 64)
            open_nodes += 2
        else:
            splits.append((-1, -1, -1))
            weights.append(0.0)
            leaves += 1
    near = t.multipliers[rng.integers(len(t.multipliers), size=leaves)] * rng.uniform(0.5, 1.5, (leaves, 4))
    near[:, 3] = np.minimum(near[:, 3], np.minimum(near[:, 1], near[:, 2])) * rng.uniform(0, 1, leaves)
    pick = rng.integers(len(t.g), size=leaves)
    forged = TreeDual(
        np.array(splits),
        np.array(weights),
        near,
        t.g[pick] * rng.uniform(0.5, 1.5, (leaves, 1)),
        rng.exponential(0.1, (leaves, m, k)) * rng.integers(0, 2, (leaves, m, k)),
        t.channel[pick] + rng.exponential(0.1, t.channel[pick].shape),
        t.floor * rng.uniform(0, 1),
    )
    assert lower_end(c.problem, c.point, forged) <= c.upper
