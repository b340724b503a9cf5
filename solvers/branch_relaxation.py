"""The convex programme of a node of the tree, for many nodes at once: a primal-dual interior-point method.

Variables: a plan P > 0 with the given marginals. Four functions of it, each either bounded by a budget or priced by a given
multiplier:

    I(X;Y),   I(X;Y) - kappa I(S;Y),   the secant (or tangent) of H(S|Y),   <P, c>,

and the barycentric coordinates of the posteriors, which are at least 0 in the node. kappa >= 1 is the reciprocal of the
label channel's contraction, up to which the second function is convex. The Hessian is block diagonal over y but for the four
gradients and the marginals, so a step costs m inverses of n x n matrices and one of n + 5 unknowns, in stacks.
Any multipliers give a bound (see `checker_tree`), so nothing depends on how well a programme is solved.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.branch_bound import Programme, bounds

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
PENALTY: Final = 1e4
"""Price of exceeding a budget or leaving the node, so that empty nodes have a bound too: a high one."""
LEAST_UNIT: Final = 1e-9
OF_RATE: Final = np.array([1.0, 1.0, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class Nodes:
    """A stack of B programmes. secant: (B, m, n) coefficients of the third function; coordinates: (B, m, k, n) barycentric
    coordinates of the label laws p(.|x); start: (B, m, n) plans, positive, on the marginals."""

    secant: FloatArray
    coordinates: FloatArray
    start: FloatArray


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


@dataclass(eq=False)
class _State:
    P: FloatArray
    w: FloatArray  # multipliers of P >= 0
    z: FloatArray  # room in the budgets (B, 4)
    lam: FloatArray  # their multipliers (B, 4)
    ez: FloatArray  # what exceeds them, at PENALTY
    s: FloatArray  # coordinates (B, m, k)
    nu: FloatArray  # their multipliers
    es: FloatArray  # what they lack, at PENALTY
    rho: FloatArray  # the rate, where it is minimised (B,)
    f: FloatArray  # potentials of the rows (B, n)

    def pick(self, keep: NDArray[np.bool_]) -> _State:
        return _State(*(x[keep] for x in vars(self).values()))


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
        excess = np.where(programme.fixed, 0.0, values - _budgets(programme, values, state.rho))
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


def _budgets(programme: Programme, values: FloatArray, rho: FloatArray) -> FloatArray:
    """(B, 4): where the rate is minimised it is the budget of the first two functions."""
    return programme.budgets + rho[:, None] * (OF_RATE if programme.minimises_rate else 0.0) + 0 * values


def _start(programme: Programme, nodes: Nodes) -> _State:
    P = nodes.start
    m, n = programme.cost.shape
    mu = 1.0 / (n * m)
    values = programme.functions(P, nodes.secant)
    rho = np.maximum(values[:, 0], values[:, 1] - programme.budgets[1]) + 0.1 if programme.minimises_rate else np.zeros(len(P))
    room = _budgets(programme, values, rho) - values
    z = np.maximum(room, 0.05)
    lam = np.where(programme.fixed, programme.prices, mu / z)
    if programme.minimises_rate:
        lam[:, :2] = 0.5
    inside = np.einsum("byix,byx->byi", nodes.coordinates, P)
    s = np.maximum(inside, 0.05 * programme.q[:, None])
    least = mu / PENALTY
    ez, es = np.maximum(z - room, least), np.maximum(s - inside, least)
    return _State(P, mu / P, z, lam, ez, s, mu / s, es, rho, np.zeros((len(P), n)))


def _step(pr: Programme, nodes: Nodes, st: _State) -> _State:
    B, free = len(st.P), ~pr.fixed
    system = _System(pr, nodes, st)
    # Complementary pairs, each pushed towards one and the same product.
    flat = ((st.lam * st.z)[:, free], ((PENALTY - st.lam) * st.ez)[:, free])
    products = (st.w * st.P, *flat, st.nu * st.s, (PENALTY - st.nu) * st.es)
    count = sum(x[0].size for x in products)
    mass = sum(x.reshape(B, -1).sum(axis=1) for x in products) / count
    zero = np.zeros((B, 1, 1))
    d = system.direction(zero, *(np.zeros_like(x) for x in (st.z, st.z, st.s, st.s)))
    one = _length(free, st, d, 1.0)[:, None, None]
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
    a = _length(free, st, d, TO_BOUNDARY)
    x, y = a[:, None, None], a[:, None]
    return _State(
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


class _System:
    """Newton's equations at a state, factorised once for the two right-hand sides of a step."""

    def __init__(self, pr: Programme, nodes: Nodes, st: _State) -> None:
        self.pr, self.st, self.coords = pr, st, nodes.coordinates
        P, lam, nu = st.P, st.lam, st.nu
        B, m, n = P.shape
        self.free = free = ~pr.fixed
        gradients = pr.gradients(P, nodes.secant)
        values = pr.functions(P, nodes.secant)
        self.c = values - _budgets(pr, values, st.rho)
        A, beta = lam[:, 0] + lam[:, 1], pr.kappa * lam[:, 1]
        self.give = st.s / nu + st.es / (PENALTY - nu)
        # In each column the largest mass is eliminated: differences from it, so nothing is subtracted that was added before.
        self.pivot = P.argmax(axis=2)[..., None]
        away = (np.arange(n) != self.pivot).astype(float)
        label_away = pr.label.T - np.take(pr.label, self.pivot[..., 0], axis=0)[..., None]
        label_mass = P @ pr.label
        H = np.matmul((label_away * (-beta[:, None, None] / label_mass)[..., None]).swapaxes(2, 3), label_away)
        diagonal = (A[:, None, None] + st.w) / P
        H += np.take_along_axis(diagonal, self.pivot, axis=2)[..., None] * away[..., :, None] * away[..., None, :]
        index = np.arange(n)
        H[:, :, index, index] += np.where(away > 0, diagonal, 1.0)
        scale = 1 / np.sqrt(np.maximum(H[:, :, index, index], 1e-300))
        outer = scale[..., :, None] * scale[..., None, :]
        K = _inverse((H * outer).reshape(-1, n, n)).reshape(H.shape) * outer
        K *= away[..., :, None] * away[..., None, :]
        lost = -K.sum(axis=2)
        at = self.pivot[..., None]
        np.put_along_axis(K, np.broadcast_to(at, (B, m, 1, n)), lost[:, :, None, :], axis=2)
        np.put_along_axis(K, np.broadcast_to(at, (B, m, n, 1)), -K.sum(axis=3)[..., None], axis=3)
        self.K = K
        self.J = J = gradients[:, free].swapaxes(1, 2)  # (B, m, r, n)
        r = J.shape[2]
        self.KJ = KJ = np.matmul(J, K)
        self.KC = KC = np.matmul(self.coords, K)
        # The border: potentials of the rows, multipliers of the functions, facets, and the rate where it is a variable. Facets of
        # a narrow node are stiff and almost dependent, so they are not folded into the blocks.
        k = KC.shape[2]
        self.facets = slice(n + r, n + r + m * k)
        size = n + r + m * k + int(pr.minimises_rate)
        self.M = M = np.zeros((B, size, size))
        block, border = K.sum(axis=1), KJ.sum(axis=1)
        M[:, :n, :n] = block + np.einsum("bii->b", block)[:, None, None] / n
        M[:, :n, n : n + r], M[:, n : n + r, :n] = -border.swapaxes(1, 2), border
        M[:, n : n + r, n : n + r] = -np.matmul(KJ, J.swapaxes(2, 3)).sum(axis=1)
        rows = np.arange(n, n + r)
        M[:, rows, rows] -= (st.z / lam + st.ez / (PENALTY - lam))[:, free]
        flat = KC.reshape(B, m * k, n)
        M[:, :n, self.facets], M[:, self.facets, :n] = flat.swapaxes(1, 2), -flat
        mixed = np.matmul(KJ, self.coords.swapaxes(2, 3)).swapaxes(1, 2).reshape(B, r, m * k)
        M[:, n : n + r, self.facets], M[:, self.facets, n : n + r] = mixed, mixed.swapaxes(1, 2)
        own = -np.matmul(KC, self.coords.swapaxes(2, 3))
        for y in range(m):
            at = slice(n + r + y * k, n + r + (y + 1) * k)
            M[:, at, at] = own[:, y]
        rows_s = np.arange(n + r, n + r + m * k)
        M[:, rows_s, rows_s] -= self.give.reshape(B, -1)
        if pr.minimises_rate:
            M[:, rows, -1], M[:, -1, n : n + r] = -OF_RATE[free], OF_RATE[free]
        # Potentials are taken off, or the blocks' large inverses would multiply what cancels.
        slope = np.einsum("bi,biyx->byx", lam, gradients) - np.einsum("byi,byix->byx", nu, self.coords)
        self.dual = slope - st.f[:, None]
        self.inside = np.einsum("byix,byx->byi", self.coords, P)
        self.rp = pr.p - P.sum(axis=1)
        self.lift = (1 - away) * (pr.q - P.sum(axis=2))[..., None]

    def direction(self, mp: FloatArray, mz: FloatArray, mez: FloatArray, ms: FloatArray, mes: FloatArray) -> _State:
        """The Newton step towards w P = mp, lam z = mz, (PENALTY - lam) ez = mez, nu s = ms, (PENALTY - nu) es = mes."""
        st, free, pr = self.st, self.free, self.pr
        (B, _, n), r = st.P.shape, self.J.shape[2]
        over_z, over_s = PENALTY - st.lam, PENALTY - st.nu
        rhs = mp / st.P - self.dual
        rhs -= np.take_along_axis(rhs, self.pivot, axis=2)
        Kr = np.matmul(self.K, rhs[..., None])[..., 0] + self.lift
        right = np.zeros((B, self.M.shape[1]))
        right[:, :n] = self.rp - Kr.sum(axis=1)
        shift = mz / np.where(free, st.lam, 1.0) - mez / over_z + self.c
        right[:, n : n + r] = -shift[:, free] - np.matmul(self.J, Kr[..., None])[..., 0].sum(axis=1)
        within = self.inside + np.einsum("byix,byx->byi", self.coords, Kr)
        right[:, self.facets] = (within - ms / st.nu + mes / over_s).reshape(B, -1)
        if pr.minimises_rate:
            right[:, -1] = 1 - st.lam[:, free] @ OF_RATE[free]
        x = _solved(self.M, right)
        dl = x[:, n : n + r]
        dnu = x[:, self.facets].reshape(st.nu.shape)
        Kr = Kr + np.einsum("byi,byix->byx", dnu, self.KC)
        dP = Kr + np.matmul(self.K, x[:, None, :n, None])[..., 0] - np.matmul(dl[:, None, None], self.KJ)[:, :, 0]
        dlam, dz, dez = np.zeros_like(st.lam), np.zeros_like(st.z), np.zeros_like(st.z)
        dlam[:, free] = dl
        dz[:, free] = ((mz - st.z * (st.lam + dlam))[:, free]) / st.lam[:, free]
        dez[:, free] = ((mez + st.ez * dlam) / over_z - st.ez)[:, free]
        ds = (ms - st.s * (st.nu + dnu)) / st.nu
        des = (mes + st.es * dnu) / over_s - st.es
        drho = x[:, -1] if pr.minimises_rate else np.zeros(B)
        return _State(dP, (mp - st.w * (st.P + dP)) / st.P, dz, dlam, dez, ds, dnu, des, drho, x[:, :n])


def _length(free: NDArray[np.bool_], st: _State, d: _State, share: float) -> FloatArray:
    """How far each programme may go (1 at most), (B,)."""
    pairs = [(st.P, d.P), (st.w, d.w), (st.s, d.s), (st.nu, d.nu), (st.es, d.es), (PENALTY - st.nu, -d.nu)]
    flat = [(st.z, d.z), (st.lam, d.lam), (st.ez, d.ez), (PENALTY - st.lam, -d.lam)]
    worst = np.full(len(st.P), 1e-300)
    for here, change in pairs:
        worst = np.maximum(worst, (-change / here).reshape(len(worst), -1).max(axis=1))
    for here, change in flat:
        worst = np.maximum(worst, (-change[:, free] / here[:, free]).max(axis=1, initial=0.0))
    return np.minimum(1.0, share / worst)


def _inverse(matrices: FloatArray) -> FloatArray:
    """Inverses in a stack; nan for the singular ones, which ends their programmes."""
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        found = np.full_like(matrices, np.nan)
        for i, one in enumerate(matrices):
            with suppress(np.linalg.LinAlgError):
                found[i] = np.linalg.inv(one)
        return found


def _solved(matrices: FloatArray, right: FloatArray) -> FloatArray:
    """Solutions in a stack, nan where the matrix is singular."""
    try:
        return np.asarray(np.linalg.solve(matrices, right[..., None])[..., 0])
    except np.linalg.LinAlgError:
        return (_inverse(matrices) @ right[..., None])[..., 0]
