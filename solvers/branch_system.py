"""Newton's equations of the node programmes, in stacks.

The Hessian is block diagonal over y but for the gradients of the four functions and the marginals, so a step costs m inverses of
n x n matrices and the solution of a border: the rows' potentials, the functions' multipliers and the facets'.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.branch_bound import Programme

PENALTY: Final = 1e4
"""Price of exceeding a budget or leaving the node, so that empty nodes have a bound too: a high one."""
OF_RATE: Final = np.array([1.0, 1.0, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class Nodes:
    """A stack of B programmes. secant: (B, m, n) coefficients of the third function; coordinates: (B, m, k, n) barycentric
    coordinates of the label laws p(.|x); start: (B, m, n) plans, positive, on the marginals."""

    secant: FloatArray
    coordinates: FloatArray
    start: FloatArray


@dataclass(eq=False)
class State:
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

    def pick(self, keep: NDArray[np.bool_]) -> State:
        return State(*(x[keep] for x in vars(self).values()))


def budgets_of(programme: Programme, values: FloatArray, rho: FloatArray) -> FloatArray:
    """(B, 4): where the rate is minimised it is the budget of the first two functions."""
    return programme.budgets + rho[:, None] * (OF_RATE if programme.minimises_rate else 0.0) + 0 * values


class System:
    """Newton's equations at a state, factorised once for the two right-hand sides of a step."""

    def __init__(self, pr: Programme, nodes: Nodes, st: State) -> None:
        self.pr, self.st, self.coords = pr, st, nodes.coordinates
        P, lam, nu = st.P, st.lam, st.nu
        B, m, n = P.shape
        self.free = free = ~pr.fixed
        gradients = pr.gradients(P, nodes.secant)
        values = pr.functions(P, nodes.secant)
        self.c = values - budgets_of(pr, values, st.rho)
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

    def direction(self, mp: FloatArray, mz: FloatArray, mez: FloatArray, ms: FloatArray, mes: FloatArray) -> State:
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
        return State(dP, (mp - st.w * (st.P + dP)) / st.P, dz, dlam, dez, ds, dnu, des, drho, x[:, :n])


def longest_step(free: NDArray[np.bool_], st: State, d: State, share: float) -> FloatArray:
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
