"""The convex programme of a node of the tree, for many nodes at once: a primal-dual interior-point method.

Variables: a plan P > 0 with the given marginals. Four functions of it, each either bounded by a budget or priced by a given
multiplier:

    I(X;Y),   I(X;Y) - kappa I(S;Y),   the secant (or tangent) of H(S|Y),   <P, c>,

and the barycentric coordinates of the posteriors, which are at least 0 in the node. kappa >= 1 is the reciprocal of the
label channel's contraction, up to which the second function is convex. Newton's equations are in `branch_system`.
Any multipliers give a bound (see `checker_tree`), so nothing depends on how well a programme is solved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rdcsym.problem import FloatArray
from solvers.branch_bound import Programme, bounds
from solvers.branch_system import PENALTY, Nodes, State, System, budgets_of, longest_step

STEPS: Final = 60
PATIENCE: Final = 6
CLOSE: Final = 1e-3
"""Steps without a better bound, when it is so close, after which a programme is left: the last digits are rounding."""
TO_BOUNDARY: Final = 0.995
"""Share of the way to the nearest zero of a positive quantity that a step may go."""
SOLVED: Final = 2e-9
"""Gap, in units of the spread of the cost, at which a programme counts as solved."""
FEASIBLE: Final = 3e-10
"""Excess over a budget at which a plan counts as within it."""
ENOUGH: Final = 1e-3
"""A node that will be split anyway need be solved only to this share of its distance to the target."""
LOWEST: Final = 1e-200
LEAST_UNIT: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Solved:
    """Of each programme: plan (B, m, n); multipliers (B, 4) of the four functions; facets (B, m, k); g (B, m); the bound that
    they prove (B,); and how far each budget is exceeded (B, 4)."""

    plan: FloatArray
    multipliers: FloatArray
    facets: FloatArray
    g: FloatArray
    bound: FloatArray
    excess: FloatArray


# A programme whose numbers overflow becomes nan, and so ends; the others in its stack go on.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def solve_nodes(programme: Programme, nodes: Nodes, target: float) -> Solved:
    """Solve each programme until its bound reaches `target`, or to the accuracy that the constants above say."""
    count = len(nodes.start)
    m, n = programme.cost.shape
    k = programme.label.shape[1]
    out = Solved(
        np.empty((count, m, n)),
        np.empty((count, 4)),
        np.empty((count, m, k)),
        np.empty((count, m)),
        np.full(count, -np.inf),
        np.empty((count, 4)),
    )
    live = np.arange(count)
    # The coordinates of a narrow simplex are steep; scaled, they are distances.
    steepness = np.abs(nodes.coordinates).max(axis=3)
    # The label's budget counts in shares of what X tells of S, which may be next to nothing.
    unit, programme, secant = _in_units(programme, nodes.secant)
    nodes = Nodes(secant, nodes.coordinates / steepness[..., None], nodes.start)
    # Above the ceiling there is no plan, so the bound proves that the node is empty.
    limit = min(target, programme.ceiling)
    state = _start(programme, nodes)
    stalled = np.zeros(count, dtype=int)
    for step in range(STEPS + 1):
        values = programme.functions(state.P, nodes.secant)
        excess = np.where(programme.fixed, 0.0, values - budgets_of(programme, values, state.rho))
        ended = np.zeros(len(live), dtype=bool)
        if step > 3:
            g, bound = bounds(programme, nodes.secant, nodes.coordinates, state.P, state.w, state.lam, state.nu)
            better = bound > out.bound[live]
            at = live[better]
            out.plan[at], out.multipliers[at], out.facets[at] = state.P[better], state.lam[better], state.nu[better]
            out.g[at], out.bound[at], out.excess[at] = g[better], bound[better], excess[better]
            best = out.bound[live]
            gap = programme.objective(values, state.rho) - best
            short = np.einsum("byix,byx->byi", nodes.coordinates, state.P).min(axis=(1, 2))
            near = (excess.max(axis=1) <= FEASIBLE) & (short >= -FEASIBLE)
            wanted = np.maximum(SOLVED, ENOUGH * (target - best)) if target < np.inf else SOLVED
            stalled = np.where(better | (gap > CLOSE), 0, stalled + 1)
            ended = (stalled > PATIENCE) | (best >= limit) | (near & (gap <= wanted)) | (step == STEPS) | ~np.isfinite(bound)
        if ended.any():
            keep = ~ended
            live, state, stalled = live[keep], state.pick(keep), stalled[keep]
            nodes = Nodes(nodes.secant[keep], nodes.coordinates[keep], nodes.start[keep])
            if not len(live):
                break
        state = _step(programme, nodes, state)
    return replace(out, facets=out.facets / steepness, multipliers=out.multipliers / np.array([1.0, 1.0, unit, 1.0]))


def _in_units(programme: Programme, secant: FloatArray) -> tuple[float, Programme, FloatArray]:
    """The unit of the third function, the programme and the coefficients in it, and the budget taken off to leave 0."""
    if programme.fixed[2]:
        return 1.0, programme, secant
    unit = max(programme.label_capacity, LEAST_UNIT)
    budgets = programme.budgets.copy()
    budgets[2] = 0.0
    return unit, replace(programme, budgets=budgets), (secant - programme.budgets[2]) / unit


def _start(programme: Programme, nodes: Nodes) -> State:
    P = nodes.start
    m, n = programme.cost.shape
    mu = 1.0 / (n * m)
    values = programme.functions(P, nodes.secant)
    rho = np.maximum(values[:, 0], values[:, 1] - programme.budgets[1]) + 0.1 if programme.minimises_rate else np.zeros(len(P))
    room = budgets_of(programme, values, rho) - values
    z = np.maximum(room, 0.05)
    lam = np.where(programme.fixed, programme.prices, mu / z)
    if programme.minimises_rate:
        lam[:, :2] = 0.5
    inside = np.einsum("byix,byx->byi", nodes.coordinates, P)
    s = np.maximum(inside, 0.05 * programme.q[:, None])
    least = mu / PENALTY
    ez, es = np.maximum(z - room, least), np.maximum(s - inside, least)
    return State(P, mu / P, z, lam, ez, s, mu / s, es, rho, np.zeros((len(P), n)))


def _step(pr: Programme, nodes: Nodes, st: State) -> State:
    B, free = len(st.P), ~pr.fixed
    system = System(pr, nodes, st)
    # Complementary pairs, each pushed towards one and the same product.
    flat = ((st.lam * st.z)[:, free], ((PENALTY - st.lam) * st.ez)[:, free])
    products = (st.w * st.P, *flat, st.nu * st.s, (PENALTY - st.nu) * st.es)
    count = sum(x[0].size for x in products)
    mass = sum(x.reshape(B, -1).sum(axis=1) for x in products) / count
    zero = np.zeros((B, 1, 1))
    d = system.direction(zero, *(np.zeros_like(x) for x in (st.z, st.z, st.s, st.s)))
    one = longest_step(free, st, d, 1.0)[:, None, None]
    row = one[:, :, 0]
    after = (
        np.sum((st.P + one * d.P) * (st.w + one * d.w), axis=(1, 2))
        + np.sum(((st.z + row * d.z) * (st.lam + row * d.lam))[:, free], axis=1)
        + np.sum(((st.ez + row * d.ez) * (PENALTY - st.lam - row * d.lam))[:, free], axis=1)
        + np.sum((st.s + one * d.s) * (st.nu + one * d.nu) + (st.es + one * d.es) * (PENALTY - st.nu - one * d.nu), axis=(1, 2))
    ) / count
    # A plan that is driven into a vertex of the transport polytope loses its marginals to rounding.
    centre = np.maximum(mass * np.clip(after / mass, 1e-3, 1.0) ** 3, 0.1 * SOLVED / count)[:, None, None]
    row = centre[:, :, 0]
    d = system.direction(centre - d.P * d.w, row - d.z * d.lam, row + d.ez * d.lam, centre - d.s * d.nu, centre + d.es * d.nu)
    a = longest_step(free, st, d, TO_BOUNDARY)
    x, y = a[:, None, None], a[:, None]
    return State(
        np.maximum(st.P + x * d.P, LOWEST),
        st.w + x * d.w,
        st.z + y * d.z,
        st.lam + y * d.lam,
        st.ez + y * d.ez,
        st.s + x * d.s,
        st.nu + x * d.nu,
        st.es + x * d.es,
        st.rho + a * d.rho,
        st.f + y * d.f,
    )
