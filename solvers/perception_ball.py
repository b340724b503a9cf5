"""A ball of output laws around p_Y, and the certificate of a problem whose output law is free within it.

Classes here are data; what each witness proves, and the proof, is in `perception_checker`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from rdcsym.problem import FloatArray, InputError, check_array, nearest
from solvers.certificate import Certificate, JointPlan

BallKind = Literal["kl", "tv", "w"]


@dataclass(frozen=True, eq=False)
class Ball:
    """The laws r of Y within `radius` of p_Y.

    kind: "kl", KL(r || p_Y) <= radius in the call's units (so r gives no mass to letters without mass in p_Y); "tv", total
    variation, half of the L1 distance; "w", the cost of the best transport from p_Y to r under `ground` (m, m), the cost of
    moving mass from y to y': at least 0 and 0 on the diagonal, squared distances for W2^2. radius inf: every law.
    Raises InputError on bad input.
    """

    kind: BallKind
    radius: float
    ground: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(BallKind):
            raise InputError("perception", self.kind, "names no ball", nearest(str(self.kind), get_args(BallKind)))
        radius = check_array("perception", self.radius)
        if radius.ndim != 0 or radius < 0:
            text = "must be one number of at least 0"
            raise InputError("perception", self.radius, text, "give the radius, 0 for the law p_Y itself")
        object.__setattr__(self, "radius", abs(float(radius)))
        if self.kind != "w":
            if self.ground is not None:
                raise InputError("ground", "given", f"has no place in a ball of kind '{self.kind}'", "leave it out, or use 'w'")
            return
        if self.ground is None:
            raise InputError("ground", None, "is missing in a ball of kind 'w'", "give the (m, m) costs of moving mass")
        object.__setattr__(self, "ground", _ground(self.ground))

    def check_letters(self, m: int) -> None:
        """InputError unless the ball fits a law of m letters."""
        if self.ground is not None and self.ground.shape != (m, m):
            raise InputError("ground", f"array of shape {self.ground.shape}", f"needs shape {(m, m)}", "one row per letter of Y")

    def is_given_law(self, p_Y: FloatArray) -> bool:
        """Whether p_Y is the only law in the ball."""
        if self.radius > 0:
            return False
        if self.ground is None:
            return True
        return not ((self.ground == 0) & ~np.eye(p_Y.size, dtype=bool))[p_Y > 0].any()


def _ground(value: Any) -> FloatArray:
    ground = check_array("ground", value, 2).copy()
    if ground.shape[0] != ground.shape[1]:
        raise InputError("ground", f"array of shape {ground.shape}", "must be square", "give one row and column per letter of Y")
    if not np.isfinite(ground).all() or (ground < 0).any():
        bad = float(ground[~np.isfinite(ground) | (ground < 0)].flat[0])
        raise InputError("ground", bad, "is no cost of moving mass", "give finite numbers of at least 0")
    if ground.diagonal().any():
        raise InputError("ground", float(np.abs(ground.diagonal()).max()), "stands on the diagonal", "mass that stays costs 0")
    ground.setflags(write=False)
    return ground


@dataclass(frozen=True, eq=False)
class FreePlan(JointPlan):
    """Upper end. plan: (n, m) masses, read as a channel: its rows are scaled to p_X, and its column sums are the output law.

    transport: (m, m) masses moved from p_Y to that law, for a ball of kind "w"; None otherwise.
    """

    transport: FloatArray | None


@dataclass(frozen=True, eq=False, kw_only=True)
class PerceptionCertificate(Certificate):
    """A `Certificate` of a problem whose output law is free in `ball`: a FreePlan and a PriceDual are its evidence.

    Where p_Y is the only law in the ball, the evidence is that of the problem with a given law.
    """

    ball: Ball

    def verify(self) -> bool:
        """True, or CertificateError naming what failed. Runs the independent checker from the raw data."""
        from solvers.perception_checker import check

        check(self)
        return True

    @property
    def plan(self) -> FloatArray | None:
        """The joint masses (n, m) behind the upper end, None where there is none; a fresh array."""
        if not isinstance(self.primal, FreePlan):
            return super().plan
        rows = np.asarray(self.primal.plan)
        return np.asarray(self.problem.p_X[:, None] * (rows / rows.sum(axis=1, keepdims=True)))

    @property
    def output_law(self) -> FloatArray | None:
        """The law of Y (m,) under `plan`; None where there is no plan."""
        plan = self.plan
        return None if plan is None else np.asarray(plan.sum(axis=0))
