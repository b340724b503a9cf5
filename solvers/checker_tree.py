"""The trusted kernel's reading of a tree: a lower end by branch and bound on the posteriors, in rationals and balls.

Write t_y = P(S = . | Y = y) and eta for a bound of the contraction of the label channel p(s|x), see 3.

**A leaf** bounds every coupling P of the exact laws whose posteriors t_y lie in the leaf's simplices with vertices v_yi:

    t <P,c> + A I(X;Y) + M H(S|Y) >= B        (t, A, M >= 0, 0 <= beta <= M, beta eta <= A; nats)                  (**)

1. *What is concave is replaced by its secant.* H(S|Y) = sum_y q_y H(t_y), and the linear function of t with the values
   H(v_yi) at the vertices lies below the concave H on their simplex, where the barycentric coordinates lambda_yi(t_y) are
   at least 0. So for facets nu >= 0, (M - beta) H(S|Y) >= sum_y q_y sum_i [(M - beta) H(v_yi) - nu_yi] lambda_yi(t_y). This
   is linear in P, for lambda is affine and q_y t_y = sum_x P_xy p(.|x): it is sum_xy P_xy sum_i [...] lambda_yi(p(.|x)).
2. *What A keeps convex is replaced by its tangent.* A I(X;Y) + beta H(S|Y) = beta H(S) + A I(X;Y) - beta I(S;Y). For a
   channel W(y|x) > 0, with q0 and r0(.|s) the laws of Y that it induces from p and p(x|s), A I(X;Y) - beta I(S;Y) exceeds
   sum_xy P_xy [A log(W/q0) - beta sum_s p(s|x) log(r0(y|s)/q0(y))] by
   sum_y q_y [A KL(P(x|y) || W(x|y)) - beta KL(P(s|y) || W(s|y))] (chain rule), which is at least 0 by 3.
3. *Contraction.* beta KL(s-images of u and v) <= A KL(u || v) for laws u, v of X says that A sum u log u - beta sum t log t is
   convex, t the image of u: beta sum_s d_s^2 / t_s <= A sum_x D_x^2 / u_x for every D of sum 0 with image d. As D/u has mean 0
   under u, u is a mixture of laws on two points under which D/u has mean 0. The right side is additive over them, the left
   subadditive (d^2/t is convex and homogeneous). On two points with label laws a, b and masses l, 1 - l the quotient of the
   sums is l (1-l) sum (a-b)^2 / (l a + (1-l) b) = 1 - sum a b / (l a + (1-l) b) <= 1 - (sum sqrt(a b))^2 by Cauchy and
   Schwarz; and it is at most the total variation of a and b, because l (a-b) <= l a + (1-l) b where a > b, and likewise for
   b > a. So eta = the largest, over pairs of symbols x, of the lesser of these two will do.
4. What is linear, <P,G>, is at least <q,g> + sum_x p_x min_y (G_xy - g_y).

**The tree.** Its leaves come from the root, in which are the p(.|x) and so all posteriors, by splits of one simplex at a
point of an edge into two that cover it. So every plan is in a leaf, and within the budgets t D + A min(R, H(X), H(Y)) + M C >= B
there: the least that this says, over the leaves, is a lower end. If in every leaf it fails for all values that a plan can
have, D <= sum_x p_x max_y c or R <= min(H(X), H(Y)), there is no plan. For averages of plans (the convex envelope) all leaves
must have one and the same (t, A, M): then (**), with the least B, is linear.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.certificate import CertificateError, TreeDual
from solvers.exact import down, rational
from solvers.exact_problem import ExactPoint, ExactProblem

Simplex = tuple[list[list[fmpq]], list[list[fmpq]]]
"""Vertices (k, k), and the barycentric coordinates (n, k) of the label laws p(.|x)."""


@dataclass(frozen=True)
class Support:
    """t <P,c> + A I(X;Y) + M H(S|Y) >= bound (nats) for every plan in a part of the tree."""

    cost: fmpq
    rate: fmpq
    label: fmpq
    bound: arb


def tree_lower_end(data: ExactProblem, budgets: ExactPoint, dual: TreeDual, *, averages: bool) -> float:
    """The greatest lower end that `dual` proves; inf where that is infeasibility. averages: it must hold for mixtures too."""
    if budgets.classification is None:
        raise CertificateError("a tree needs a classification constraint")
    leaves = [common_support(data, dual)] if averages else leaf_supports(data, dual)
    return min(_conclude(data, budgets, leaf) for leaf in leaves)


def common_support(data: ExactProblem, dual: TreeDual) -> Support:
    """The inequality that holds for all plans and their averages; raises where the leaves do not share their multipliers."""
    leaves = leaf_supports(data, dual)
    first = leaves[0]
    if any((leaf.cost, leaf.rate, leaf.label) != (first.cost, first.rate, first.label) for leaf in leaves):
        raise CertificateError("the leaves of the tree do not share their multipliers, so they bound no averages")
    least = first.bound
    for leaf in leaves[1:]:
        least = least.min(leaf.bound)
    return Support(first.cost, first.rate, first.label, least)


def leaf_supports(data: ExactProblem, dual: TreeDual) -> list[Support]:
    """What each leaf proves, in preorder; raises unless the leaves cover all posteriors."""
    n, m, k = len(data.p), len(data.q), len(data.labels)
    if k == 0:
        raise CertificateError("a tree needs a label")
    splits = np.asarray(dual.splits)
    count = int(np.sum(splits[:, 0] < 0)) if splits.ndim == 2 and splits.shape[1:] == (3,) and splits.dtype.kind == "i" else 0
    if count == 0:
        raise CertificateError("the splits of the tree are no (N, 3) integers with a leaf")
    weights = _floats("weights", dual.weights, (len(splits),))
    multipliers = _floats("multipliers", dual.multipliers, (count, 4))
    facets = _floats("facets", dual.facets, (count, m, k))
    g, channel = _floats("potentials", dual.g, (count, m)), _floats("channels", dual.channel, (count, n, m))
    if (multipliers < 0).any() or (facets < 0).any():
        raise CertificateError("a multiplier of the tree is negative")
    if not (channel > 0).all():
        raise CertificateError("a reference channel of the tree is not positive")
    eta, entropies = _contraction(data), _Entropies()
    found: list[Support] = []
    root = _root(data, _floats("floor", dual.floor, (k,)))
    for leaf, simplices in enumerate(_leaves([root] * m, splits, weights)):
        t, a, big, beta = (rational(float(x)) for x in multipliers[leaf])
        if beta > big or not (beta <= a or arb(beta) * eta <= arb(a)):
            raise CertificateError(f"leaf {leaf} of the tree takes more of the label as convex than its multipliers keep so")
        linear = _linear_terms(simplices, arb(big - beta), facets[leaf], entropies)
        bound = _bound(data, (t, a, beta), g[leaf], channel[leaf], linear)
        found.append(Support(t, a, big, bound))
    return found


def _root(data: ExactProblem, floor: FloatArray) -> Simplex:
    """A simplex around all posteriors: they are averages of the laws p(.|x), whose coordinates are checked to be at least 0."""
    k = len(data.labels)
    low = [rational(x) for x in floor.tolist()]
    rest = 1 - sum(low, fmpq(0))
    posteriors = [[joint[x] / p for _, joint in data.labels] for x, p in enumerate(data.p)]
    if rest <= 0 or min(low) < 0 or any(share < least for row in posteriors for share, least in zip(row, low, strict=True)):
        raise CertificateError("the root of the tree does not have all posteriors in it")
    vertices = [[least + rest * int(i == s) for s, least in enumerate(low)] for i in range(k)]
    return vertices, [[(share - least) / rest for share, least in zip(row, low, strict=True)] for row in posteriors]


def _leaves(root: list[Simplex], splits: NDArray[np.int64], weights: FloatArray) -> Iterator[list[Simplex]]:
    m, k = len(root), len(root[0][0])
    waiting = [root]
    for (y, i, j), weight in zip(splits.tolist(), weights.tolist(), strict=True):
        if not waiting:
            raise CertificateError("the splits of the tree go on after its last leaf")
        node = waiting.pop()
        if y < 0:
            yield node
            continue
        if not (y < m and 0 <= i < j < k and 0 < weight < 1):
            raise CertificateError(f"the tree has no edge {(y, i, j)} to split at {weight!r}")
        w = rational(weight)
        # The first child is followed first, so it is pushed last.
        for kept, moved, share in ((j, i, 1 - w), (i, j, w)):
            waiting.append([*node[:y], _child(node[y], kept, moved, share), *node[y + 1 :]])
    if waiting:
        raise CertificateError(f"the tree lacks {len(waiting)} of its parts, so its leaves do not cover all posteriors")


def _child(simplex: Simplex, kept: int, moved: int, share: fmpq) -> Simplex:
    """Vertex `moved` goes to (1 - share) v_kept + share v_moved; the coordinates of the same points change with it."""
    vertices, coordinates = simplex
    point = [(1 - share) * a + share * b for a, b in zip(vertices[kept], vertices[moved], strict=True)]
    changed = []
    for row in coordinates:
        new = list(row)
        new[moved] = row[moved] / share
        new[kept] = row[kept] - (1 - share) * new[moved]
        changed.append(new)
    return [point if s == moved else v for s, v in enumerate(vertices)], changed


class _Entropies:
    """H of a vertex in nats; leaves share most of their vertices."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[int, int], ...], arb] = {}

    def __call__(self, law: list[fmpq]) -> arb:
        key = tuple((int(x.p), int(x.q)) for x in law)
        if key not in self._known:
            self._known[key] = -sum((arb(x) * arb(x).log() for x in law if x), arb(0))
        return self._known[key]


def _linear_terms(simplices: list[Simplex], weight: arb, facets: FloatArray, entropies: _Entropies) -> list[list[arb]]:
    """sum_i [(M - beta) H(v_yi) - nu_yi] lambda_yi(p(.|x)), indexed [y][x]."""
    terms = []
    for (vertices, coordinates), nu in zip(simplices, facets.tolist(), strict=True):
        ends = [weight * entropies(v) - arb(x) for v, x in zip(vertices, nu, strict=True)]
        terms.append([sum((e * arb(c) for e, c in zip(ends, row, strict=True) if c), arb(0)) for row in coordinates])
    return terms


def _bound(
    data: ExactProblem, multipliers: tuple[fmpq, fmpq, fmpq], g: FloatArray, channel: FloatArray, linear: list[list[arb]]
) -> arb:
    t, a, beta = multipliers
    rows = [[arb(x) for x in row] for row in channel.tolist()]
    # Rows are normalised here, so the channel need not sum to 1 in floats.
    w = [[x / total for x in row] for row, total in ((row, sum(row, arb(0))) for row in rows)]
    columns = range(len(data.q))
    ratios: list[list[arb]] = []
    log_q0 = [sum((p * row[y] for p, row in zip(data.p_ball, w, strict=True)), arb(0)).log() for y in columns]
    for mass, joint in data.labels if beta else []:
        law = [sum((arb(c) * row[y] for c, row in zip(joint, w, strict=True) if c), arb(0)) / arb(mass) for y in columns]
        ratios.append([r.log() - q for r, q in zip(law, log_q0, strict=True)])
    potential = [rational(x) for x in g.tolist()]
    bound = arb(sum((q * x for q, x in zip(data.q, potential, strict=True)), fmpq(0)))
    if beta:
        bound -= arb(beta) * sum((arb(mass) * arb(mass).log() for mass, _ in data.labels), arb(0))
    for x, p in enumerate(data.p):
        shares = [(arb(beta * joint[x] / p), logs) for (_, joint), logs in zip(data.labels, ratios, strict=False) if joint[x]]
        least = arb(math.inf)
        for y in columns:
            value = arb(t * data.cost[x][y] - potential[y]) + linear[y][x]
            if a:
                value += arb(a) * (w[x][y].log() - log_q0[y])
            value -= sum((share * logs[y] for share, logs in shares), arb(0))
            least = least.min(value)
        bound += arb(p) * least
    return bound


def _contraction(data: ExactProblem) -> arb:
    """An upper bound of eta: over pairs of rows, the lesser of total variation and 1 - (Bhattacharyya coefficient)^2."""
    posteriors = [[joint[x] / p for _, joint in data.labels] for x, p in enumerate(data.p)]
    eta = arb(0)
    for a, b in combinations(posteriors, 2):
        variation = arb(sum((abs(u - v) for u, v in zip(a, b, strict=True)), fmpq(0)) / 2)
        affinity = sum((arb(u * v).sqrt() for u, v in zip(a, b, strict=True) if u and v), arb(0))
        eta = eta.max(variation.min(1 - affinity * affinity))
    return eta


def _conclude(data: ExactProblem, budgets: ExactPoint, leaf: Support) -> float:
    ln2 = arb.const_log2()
    assert budgets.classification is not None
    spent = arb(leaf.label) * arb(min(budgets.classification.high, data.label_entropy.high)) * ln2
    if budgets.minimises_rate:
        room = leaf.bound - spent - arb(leaf.cost) * arb(budgets.distortion)
        if leaf.rate == 0:
            return math.inf if room > 0 else 0.0
        needed = room / arb(leaf.rate)
        if needed > arb(data.rate_ceiling.high) * ln2:
            return math.inf
        return max(0.0, down(needed / ln2 if budgets.units == "bits" else needed))
    most = data.rate_ceiling.high if budgets.rate is None else min(budgets.rate.high, data.rate_ceiling.high)
    room = leaf.bound - spent - arb(leaf.rate) * arb(most) * ln2
    if leaf.cost > 0:
        least = room / arb(leaf.cost)
        dearest = sum((p * max(row) for p, row in zip(data.p, data.cost, strict=True)), fmpq(0))
        return math.inf if least > arb(dearest) else down(least)
    return math.inf if room > 0 else -math.inf


def _floats(name: str, value: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    array = np.asarray(value)
    if array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise CertificateError(f"the {name} of the tree are not finite floats of shape {shape}")
    return array
