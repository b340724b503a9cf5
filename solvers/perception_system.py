"""The Newton system of `perception_newton`: shapes, gradients, and one direction.

    minimise <P, c> or rho  over P >= 0 with P 1 = p  subject to  phi_j(P) <= b_j + k_j rho  and  P^T 1 in a ball around q.

Optimality, with multipliers alpha (rows), w_j, prices t (output letters) and Z (P >= 0):  c + sum w_j grad phi_j - alpha + t = Z.
Information has curvature w / P less, for every column sum A of the plan, a rank-one term w / A; with the changes of log A as
unknowns of their own, dP is explicit and drops out. So does dT, the change of the transport plan.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve

from rdcsym.problem import FloatArray

LOWEST: Final = 1e-300  # floor of a mass whose logarithm is taken


@dataclass(frozen=True, eq=False)
class Constraint:
    """phi(P) <= bound + rho if epigraph else bound; phi is <P, linear> where `linear` (n, m) is given, else an information.

    information: "both" for I(X;Y), "given label" for I(X;Y|S), in nats.
    """

    bound: float
    linear: FloatArray | None = None
    information: Literal["", "both", "given label"] = ""
    epigraph: bool = False


@dataclass(frozen=True, eq=False)
class FreePlans:
    """Positive p (n,), q (m,) >= 0, objective cost (n, m) or None for rho, label rows (n, k) or None, and the ball.

    ground: (m, m) transport costs of a ball (total variation: 1 off the diagonal), None for relative entropy, which needs q > 0;
    radius inf: no ball. allowed: (n, m) truth values, the pairs (x, y) that may have mass; None: all.
    """

    p: FloatArray
    q: FloatArray
    cost: FloatArray | None
    label: FloatArray | None
    constraints: tuple[Constraint, ...]
    ground: FloatArray | None
    radius: float
    allowed: NDArray[np.bool_] | None = None

    @property
    def by_transport(self) -> bool:
        return math.isfinite(self.radius) and self.ground is not None

    @property
    def by_entropy(self) -> bool:
        return math.isfinite(self.radius) and self.ground is None

    @property
    def has_ball(self) -> bool:
        return math.isfinite(self.radius)

    @property
    def epigraph(self) -> FloatArray:
        return np.array([float(k.epigraph) for k in self.constraints])

    @property
    def bounds(self) -> FloatArray:
        return np.array([k.bound for k in self.constraints])

    def gradients(self, P: FloatArray) -> list[FloatArray]:
        """Of each phi_j; as they are homogeneous of degree 1, phi_j is <P, gradient>."""
        found: list[FloatArray] = []
        channel = np.log(P) - np.log(self.p)[:, None]
        for k in self.constraints:
            if k.linear is not None:
                found.append(k.linear)
            elif k.information == "both":
                found.append(channel - np.log(P.sum(axis=0)))
            else:
                assert self.label is not None
                mass = self.p @ self.label
                found.append(channel - self.label @ np.log(self.label.T @ P / mass[:, None]))
        return found

    def spent(self, P: FloatArray, T: FloatArray) -> float:
        """How much of the radius is used."""
        if self.by_transport:
            assert self.ground is not None
            return float(np.sum(T * self.ground[self.q > 0]))
        return self.divergence(P.sum(axis=0))

    def divergence(self, r: FloatArray) -> float:
        """KL(r || q) in nats, accurate for r near q; r - q is not assumed to sum to 0."""
        return float(np.sum(r * self.log_ratio(r) - r + self.q))

    def log_ratio(self, r: FloatArray) -> FloatArray:
        """log(r / q), accurate for r near q."""
        t = (r - self.q) / self.q
        near = np.abs(t) < 0.5
        return np.where(near, np.log1p(np.where(near, t, 0.0)), np.log(np.maximum(r, LOWEST) / self.q))


@dataclass(frozen=True, eq=False)
class State:
    """A point or a direction. P, Z (n, m), alpha (n,), rho; T, Y over the rows of positive q, (r, m), t (m,), gamma (r,);

    s, w: slacks and multipliers of the constraints, the ball's last.
    """

    P: FloatArray
    Z: FloatArray
    alpha: FloatArray
    rho: float
    s: FloatArray
    w: FloatArray
    T: FloatArray
    Y: FloatArray
    t: FloatArray
    gamma: FloatArray

    def moved(self, d: State, length: float) -> State:
        return State(*(getattr(self, k) + length * getattr(d, k) for k in State.__dataclass_fields__))

    @property
    def finite(self) -> bool:
        return all(bool(np.isfinite(getattr(self, k)).all()) for k in State.__dataclass_fields__)


@dataclass(frozen=True, eq=False)
class Targets:
    """What the products P Z, T Y and s w should become."""

    P: FloatArray
    T: FloatArray
    s: FloatArray


def directions(a: FreePlans, x: State) -> Callable[[Targets], State]:
    """The Newton direction at x as a function of the targets: one factorisation, any number of right sides."""
    n, m, J, R = a.p.size, a.q.size, len(a.constraints), x.gamma.size
    w = x.w[:J]
    G = a.gradients(x.P)
    values = np.array([float(np.sum(x.P * g)) for g in G])
    weight = {"": 0.0, "both": 0.0, "given label": 0.0}
    for v, constraint in zip(w, a.constraints, strict=True):
        weight[constraint.information] += float(v)
    labelled = any(k.information == "given label" for k in a.constraints)
    rows_of = np.hstack([np.ones((n, 1)), a.label]) if labelled and a.label is not None else np.ones((n, 1))
    K = rows_of.shape[1]
    A = rows_of.T @ x.P
    omega = np.array([weight["both"]] + [weight["given label"]] * (K - 1))
    r = A[0]
    relative = a.log_ratio(r) if a.by_entropy else np.zeros(m)
    price = x.w[J] * relative if a.by_entropy else x.t
    slope = sum((v * g for v, g in zip(w, G, strict=True)), np.zeros((n, m)))
    slope = slope + price - x.alpha[:, None] + (0.0 if a.cost is None else a.cost)
    Xi = x.P / (weight["both"] + weight["given label"] + x.Z)
    if a.allowed is not None:
        Xi = np.where(a.allowed, Xi, 0.0)
    # Each unknown u enters dP as Xi (-slope + target / P - <E_u, u>), with E_u one of these:
    size = {"alpha": n, "v": K * m, "w": J, "t": 0, "gamma": 0, "ball": int(a.has_ball), "rho": int(a.cost is None)}
    if a.by_transport:
        size |= {"t": m, "gamma": R}
    ends = np.cumsum([0, *size.values()])
    at = {name: slice(int(i), int(j)) for name, i, j in zip(size, ends, ends[1:], strict=False)}
    M = np.zeros((int(ends[-1]), int(ends[-1])))
    weighted = rows_of.T[:, :, None] * Xi  # (K, n, m)
    column = [slice(at["v"].start + k * m, at["v"].start + (k + 1) * m) for k in range(K)]

    def enter(equation: slice, total: Callable[[FloatArray], FloatArray], by_row: FloatArray, by_column: FloatArray) -> None:
        """Coefficients of an equation in dP: total(E Xi) for whole fields, by_row and by_column its partial sums."""
        M[equation, at["alpha"]] = by_row
        for k in range(K):
            M[equation, column[k]] = omega[k] * total(weighted[k])
        for j, g in enumerate(G):
            M[equation, at["w"].start + j] = -total(Xi * g).sum(axis=-1)
        if a.by_transport:
            M[equation, at["t"]] = -by_column
        if a.by_entropy:
            M[equation, column[0]] -= x.w[J] * by_column
            M[equation, at["ball"].start] = -by_column @ relative

    enter(at["alpha"], lambda field: field, np.diag(Xi.sum(axis=1)), Xi)
    for c in range(K):
        # With the row weights as a default, each equation keeps its own.
        def weighed(field: FloatArray, weights: FloatArray = rows_of[:, c]) -> FloatArray:
            return np.diag(weights @ field)

        enter(column[c], weighed, weighted[c].T, np.diag(weighted[c].sum(axis=0)))
        M[column[c], column[c]] -= np.diag(A[c])
    for j, g in enumerate(G):
        here = slice(at["w"].start + j, at["w"].start + j + 1)
        Xg = Xi * g

        def against(field: FloatArray, gradient: FloatArray = g) -> FloatArray:
            return np.asarray((field * gradient).sum(axis=0)[None])

        enter(here, against, Xg.sum(axis=1)[None], Xg.sum(axis=0)[None])
        M[here, here] -= x.s[j] / w[j]
        M[here, at["rho"]] = -a.epigraph[j]
        M[at["rho"], here] = a.epigraph[j]
    ball = at["ball"].start
    S = ground = np.zeros((R, m))
    if a.by_transport:
        assert a.ground is not None
        ground = a.ground[a.q > 0]
        S = x.T / x.Y
        Sg = S * ground
        M[at["t"], column[0]] = np.diag(r)
        M[at["t"], at["t"]] = -np.diag(S.sum(axis=0))
        M[at["t"], at["gamma"]], M[at["gamma"], at["t"]] = -S.T, S
        M[at["gamma"], at["gamma"]] = np.diag(S.sum(axis=1))
        M[at["t"], ball], M[ball, at["t"]] = Sg.sum(axis=0), Sg.sum(axis=0)
        M[at["gamma"], ball], M[ball, at["gamma"]] = -Sg.sum(axis=1), Sg.sum(axis=1)
        M[ball, ball] = -float(np.sum(Sg * ground)) - x.s[J] / x.w[J]
        # All marginals sum to 1, so one equation is redundant and the potentials may be shifted.
        M[at["gamma"].start] = 0.0
        M[at["gamma"].start, at["gamma"].start] = 1.0
    if a.by_entropy:
        M[ball, column[0]] = relative * r
        M[ball, ball] = -x.s[J] / x.w[J]
    solve = _factored(M)
    bounds = a.bounds + a.epigraph * x.rho

    def direction(target: Targets) -> State:
        h = target.P / x.P - slope
        hT = np.zeros((R, m))
        Xh = Xi * h
        b = np.zeros(M.shape[0])
        b[at["alpha"]] = a.p - x.P.sum(axis=1) - Xh.sum(axis=1)
        b[at["v"]] = -(rows_of.T @ Xh).ravel()
        b[at["w"]] = bounds - values - target.s[:J] / w - np.array([float(np.sum(Xh * g)) for g in G])
        if a.cost is None:
            b[at["rho"]] = 1 - float(a.epigraph @ w)
        if a.has_ball:
            b[ball] = a.radius - a.spent(x.P, x.T) - target.s[J] / x.w[J]
        if a.by_transport:
            hT = target.T / x.T - (x.w[J] * ground - x.gamma[:, None] - x.t)
            Sh = S * hT
            b[at["t"]] = x.T.sum(axis=0) - r + Sh.sum(axis=0)
            b[at["gamma"]] = a.q[a.q > 0] - x.T.sum(axis=1) - Sh.sum(axis=1)
            b[at["gamma"].start] = 0.0
            b[ball] -= float(np.sum(Sh * ground))
        z = solve(b)
        v, dw, dt, d_gamma = z[at["v"]].reshape(K, m), z[at["w"]], np.zeros(m), np.zeros(R)
        d_ball = z[at["ball"]]
        if a.by_entropy:
            dt = d_ball * relative + x.w[J] * v[0]
        if a.by_transport:
            dt, d_gamma = z[at["t"]], z[at["gamma"]]
        change = h + rows_of @ (omega[:, None] * v) + z[at["alpha"]][:, None] - dt
        dP = Xi * (change - sum((k * g for k, g in zip(dw, G, strict=True)), np.zeros((n, m))))
        dT = S * (hT - ground * (d_ball[0] if a.by_transport else 0.0) + d_gamma[:, None] + dt)
        all_w = np.concatenate([dw, d_ball])
        return State(
            P=dP,
            Z=target.P / x.P - x.Z - x.Z / x.P * dP,
            alpha=z[at["alpha"]],
            rho=float(z[at["rho"]][0]) if a.cost is None else 0.0,
            s=target.s / x.w - x.s - x.s / x.w * all_w,
            w=all_w,
            T=dT,
            Y=target.T / x.T - x.Y - x.Y / x.T * dT if a.by_transport else np.zeros_like(x.Y),
            t=dt,
            gamma=d_gamma,
        )

    return direction


def _factored(M: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Solves with M, scaled to rows and columns of largest entry 1, and refined once."""
    rows = 1 / np.maximum(np.abs(M).max(axis=1), 1e-300)
    M = M * rows[:, None]
    columns = 1 / np.maximum(np.abs(M).max(axis=0), 1e-300)
    M = M * columns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a singular matrix gives a direction that is not finite, which the caller sees
        factors = lu_factor(M, check_finite=False)

    def solve(b: FloatArray) -> FloatArray:
        b = b * rows
        with np.errstate(all="ignore"):
            z = lu_solve(factors, b, check_finite=False)
            z = z + lu_solve(factors, b - M @ z, check_finite=False)
        return np.asarray(z * columns)

    return solve
