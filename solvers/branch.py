"""Branch and bound on the posteriors t_y = P(S = . | Y = y): the least cost (or rate) of a problem with a label, globally.

A node gives each y a simplex of posteriors; on it the concave H(t_y) is at least its secant, which makes the classification
constraint linear, and convex with what the rate keeps convex (`branch_relaxation`). The open node of least bound is
divided where q_y (H(t_y) - secant) is largest at its own plan, along the edge on which they differ most. Upper ends come from
rounds of tangents (`branch_local`).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch_bound import Programme
from solvers.branch_relaxation import Solved, solve_nodes
from solvers.branch_system import Nodes
from solvers.certificate import TreeDual

BATCH: Final = 24
"""Nodes divided at a time; their children share the calls of NumPy."""
THINNEST: Final = 1e-7
"""Edges shorter than this are divided no more: what is left is rounding."""
GRID: Final = 1024
"""Splits are at multiples of 1/GRID of an edge, so that the checker's rationals stay short."""

FLOOR_MARGIN: Final = 1e-3
"""Share of the least label masses that the root leaves out, so that it has an inside even where the label ignores X."""

ROUNDS: Final = 25
SOME_ROUNDS: Final = 4
"""Rounds of the local search at the start, and from plans of nodes."""
EARLY: Final = 4
"""After so many batches the local search is tried in every so manieth only."""

Local = Callable[[FloatArray, int], tuple[float, FloatArray] | None]
"""Given plans (B, m, n) and a number of rounds, the best plan found from them and its value."""


@dataclass(eq=False)
class _Node:
    """vertices (m, k, k), coordinates (m, k, n), the multipliers (4,), facets (m, k), g (m,), plan (m, n) of the best bound."""

    vertices: FloatArray
    coordinates: FloatArray
    bound: float
    plan: FloatArray
    multipliers: FloatArray
    facets: FloatArray
    g: FloatArray
    channel: FloatArray
    split: tuple[int, int, int, float] | None = None
    children: list[_Node] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Searched:
    """lower: bound of the whole tree; upper, plan: the best found (inf, None where none is); nodes: programmes solved.

    All in the programme's own units; `tree` is in cost units where `scale` and `offset` of `search` say how.
    """

    lower: float
    upper: float
    plan: FloatArray | None
    nodes: int
    root: _Node


def search(programme: Programme, local: Local, starts: FloatArray, *, gap: Callable[[float], float], nodes: int) -> Searched:
    """Divide until lower >= upper - gap(upper), or `nodes` programmes are solved.

    starts: plans (B, m, n) from which the local search starts; they need not be couplings.
    """
    m, k = len(programme.q), programme.label.shape[1]
    best = _Best(local, gap, programme.ceiling)
    best.try_from(starts, ROUNDS)
    low = floor(programme)
    vertices = low + (1 - low.sum()) * np.eye(k)
    coordinates = (programme.label - low).T / (1 - low.sum())
    root = _solve(programme, [(np.tile(vertices, (m, 1, 1)), np.tile(coordinates, (m, 1, 1)), None)], best.target)[0]
    best.try_from(root.plan[None], ROUNDS)
    solved, order, turn = 1, 0, 0
    closed = math.inf
    heap: list[tuple[float, int, _Node]] = []
    heapq.heappush(heap, (root.bound, order, root))
    while heap and heap[0][0] < best.target and solved < nodes:
        parents: list[_Node] = []
        while heap and heap[0][0] < best.target and len(parents) < min(BATCH, max(1, (nodes - solved) // 2)):
            parent = heapq.heappop(heap)[2]
            parent.split = _choose(programme, parent)
            if parent.split is None:
                closed = min(closed, parent.bound)
            else:
                parents.append(parent)
        if not parents:
            break
        parts = [(v, c, parent) for parent in parents for v, c in _divide(parent)]
        children = _solve(programme, parts, best.target)
        solved += len(children)
        for (_, _, parent), child in zip(parts, children, strict=True):
            parent.children.append(child)
            order += 1
            heapq.heappush(heap, (child.bound, order, child))
        turn += 1
        hopeful = sorted((c for c in children if c.bound < best.target), key=lambda c: c.bound)
        if hopeful and (turn <= EARLY or turn % EARLY == 0 or not math.isfinite(best.value)):
            best.try_from(np.array([c.plan for c in hopeful[:2]]), SOME_ROUNDS)
    return Searched(min(closed, heap[0][0] if heap else math.inf), best.value, best.plan, solved, root)


class _Best:
    """The best plan so far, and the bound at which a node is of no more interest."""

    def __init__(self, local: Local, gap: Callable[[float], float], ceiling: float) -> None:
        self.value = math.inf
        self.plan: FloatArray | None = None
        self._local, self._gap, self._ceiling = local, gap, ceiling

    @property
    def target(self) -> float:
        return self.value - self._gap(self.value) if math.isfinite(self.value) else self._ceiling

    def try_from(self, plans: FloatArray, rounds: int) -> None:
        if len(plans):
            found = self._local(plans, rounds)
            if found is not None and found[0] < self.value:
                self.value, self.plan = found


def _solve(programme: Programme, parts: Sequence[tuple[FloatArray, FloatArray, _Node | None]], target: float) -> list[_Node]:
    vertices = np.array([v for v, _, _ in parts])
    coordinates = np.array([c for _, c, _ in parts])
    heights = entropies(vertices)
    secant = np.einsum("byi,byix->byx", heights, coordinates)
    product = np.outer(programme.q, programme.p)
    starts = np.array([product for _ in parts])
    found = solve_nodes(programme, Nodes(secant, coordinates, starts), target)
    return [_node(programme, part, found, i) for i, part in enumerate(parts)]


def _node(programme: Programme, part: tuple[FloatArray, FloatArray, _Node | None], found: Solved, i: int) -> _Node:
    vertices, coordinates, parent = part
    bound, plan = float(found.bound[i]), found.plan[i]
    node = _Node(vertices, coordinates, bound, plan, found.multipliers[i], found.facets[i], found.g[i], plan)
    if parent is not None and not node.bound >= parent.bound:
        # The parent's multipliers prove at least their own bound here: the same linear function, seen from new vertices.
        heights = parent.multipliers[2] * entropies(parent.vertices) - parent.facets
        assert parent.split is not None
        y, i_, j, w = parent.split
        moved = i_ if np.array_equal(vertices[y, j], parent.vertices[y, j]) else j
        here = heights.copy()
        here[y, moved] = (1 - w) * heights[y, i_] + w * heights[y, j]
        node.facets = np.maximum(parent.multipliers[2] * entropies(vertices) - here, 0.0)
        node.multipliers, node.g, node.channel, node.bound = parent.multipliers, parent.g, parent.channel, parent.bound
    return node


def _choose(programme: Programme, node: _Node) -> tuple[int, int, int, float] | None:
    """(y, i, j, w): y where the secant misses the entropy most, the edge along which it does, a point near its middle.

    Division at the posterior itself closes the gap there at once but leaves needles, which cost far more nodes in the end; so the
    point is halfway between the posterior's share of the edge and the middle. None where all edges are too short.
    """
    P = np.maximum(node.plan, 0.0)
    shares = np.maximum(np.einsum("yix,yx->yi", node.coordinates, P) / P.sum(axis=1, keepdims=True), 0.0)
    shares /= shares.sum(axis=1, keepdims=True)
    heights = entropies(node.vertices)
    posterior = np.einsum("yi,yis->ys", shares, node.vertices)
    missed = programme.q * (entropies(posterior) - np.sum(shares * heights, axis=1))
    width = np.abs(node.vertices[:, :, None] - node.vertices[:, None]).max(axis=3)
    missed = np.where(width.max(axis=(1, 2)) > THINNEST, missed, -math.inf)
    y = int(np.argmax(missed))
    if missed[y] == -math.inf:
        return None
    best, chosen = -math.inf, (0, 1)
    for i, j in combinations(range(shares.shape[1]), 2):
        middle = 0.5 * (node.vertices[y, i] + node.vertices[y, j])
        rise = float(entropies(middle) - 0.5 * (heights[y, i] + heights[y, j]))
        if width[y, i, j] > THINNEST and rise > best:
            best, chosen = rise, (i, j)
    i, j = chosen
    both = shares[y, i] + shares[y, j]
    w = 0.25 + 0.5 * (shares[y, j] / both if both > 0 else 0.5)
    return (y, i, j, round(w * GRID) / GRID)


def _divide(node: _Node) -> list[tuple[FloatArray, FloatArray]]:
    """The two parts of `node.split`: the point replaces vertex j in the first, i in the second (as `TreeDual` says)."""
    assert node.split is not None
    y, i, j, w = node.split
    point = (1 - w) * node.vertices[y, i] + w * node.vertices[y, j]
    parts = []
    for kept, moved, share in ((i, j, w), (j, i, 1 - w)):
        vertices, coordinates = node.vertices.copy(), node.coordinates.copy()
        vertices[y, moved] = point
        coordinates[y, moved] = node.coordinates[y, moved] / share
        coordinates[y, kept] = node.coordinates[y, kept] - (1 - share) * coordinates[y, moved]
        parts.append((vertices, coordinates))
    return parts


def floor(programme: Programme) -> FloatArray:
    """A hair below the least p(s|x) of each label, (k,), so that it is below the exact one as well."""
    return np.asarray(programme.label.min(axis=0) * (1 - FLOOR_MARGIN))


def entropies(laws: FloatArray) -> FloatArray:
    """H of laws along the last axis, in nats."""
    return np.asarray(-np.sum(laws * np.log(np.maximum(laws, 1e-300)), axis=-1))


def tree_dual(programme: Programme, root: _Node, *, scale: float, spread: float, offset: float) -> TreeDual:
    """The evidence of a search. The programme's cost is (cost - offset) / spread; its inequalities are multiplied by `scale`."""
    splits: list[tuple[int, int, int]] = []
    weights: list[float] = []
    leaves: list[_Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.children:
            assert node.split is not None
            y, i, j, w = node.split
            splits.append((y, i, j))
            weights.append(w)
            waiting += node.children[::-1]
        else:
            splits.append((-1, -1, -1))
            weights.append(0.0)
            leaves.append(node)
    a, b, mu, t = np.array([leaf.multipliers for leaf in leaves]).T * scale
    convex = programme.kappa * b
    multipliers = np.stack([t / spread, a + b, mu + convex, convex], axis=1)
    g = np.array([leaf.g for leaf in leaves]) * scale + (t * offset / spread)[:, None]
    facets = np.array([leaf.facets for leaf in leaves]) * scale
    channel = np.array([leaf.channel.T for leaf in leaves]) / programme.p[:, None]
    return TreeDual(np.array(splits, dtype=np.int64), np.array(weights), multipliers, g, facets, channel, floor(programme))
