"""A certificate: an interval that holds whatever the solver did, with the evidence that the checker needs to see it.

The upper end rests on a primal witness (a plan or a mixture of maps), the lower end on a dual one. The classes here are
data; what each proves, and the proof, is in `checker` and `checker_maps`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray
from solvers.problem import DiscreteProblem, OperatingPoint

Status = Literal["certified", "infeasible", "gap"]
Arithmetic = Literal["exact", "float64"]

GAP_FLOOR: Final = 1e-6
"""A value within this share of the problem's natural scale of 0 is compared with that share instead of with itself."""


class CertificateError(ValueError):
    """A certificate that does not prove what it says: the text names what failed."""


@dataclass(frozen=True, eq=False)
class JointPlan:
    """Upper end. plan: (n, m) joint masses, marginals within 1e-9; the checker repairs it onto the exact marginals."""

    plan: FloatArray


@dataclass(frozen=True, eq=False)
class PotentialPlan:
    """Upper end of a large problem: the plan p q exp((f + g - c) / temperature), f the soft c-transform of g.

    g: (m,) in cost units; temperature > 0. The checker makes an exact coupling of it, and mixes it with the product until its
    rate is within the budget.
    """

    g: FloatArray
    temperature: float


@dataclass(frozen=True, eq=False)
class PlanMixture:
    """Upper end, asymptotic: time sharing between at most three plans. weights: exact rationals, the shares of time.

    plans: (k, n, m) joint masses, each with the problem's marginals. The budgets bound the weighted averages of I(X;Y), of
    H(S|Y) and of the cost. The average of the plans is no witness: its H(S|Y) is above the average of theirs.
    """

    plans: FloatArray
    weights: tuple[Fraction, ...]


@dataclass(frozen=True, eq=False)
class MapMixture:
    """Upper end, one-shot. maps: (k, n) integers y = map(x); weights: k exact rationals, the law of the seed."""

    maps: FloatArray
    weights: tuple[Fraction, ...]


@dataclass(frozen=True, eq=False)
class SemiDual:
    """Lower end without label. g: (m,) potential in cost units; temperature: cost units a nat, 0 for plain transport.

    temperature inf says that the rate budget is 0, so that the product is the only plan.
    """

    g: FloatArray
    temperature: float


@dataclass(frozen=True, eq=False)
class ChannelDual:
    """Lower end with a label: multipliers of cost, of I(X;Y) and of I(X;Y|S), a reference channel W(y|x) > 0 (n, m)."""

    g: FloatArray
    channel: FloatArray
    cost_multiplier: float
    rate_multiplier: float
    label_multiplier: float


@dataclass(frozen=True, eq=False)
class LabelBound:
    """Infeasible: C < H(S|X), which no processing of X can beat."""


@dataclass(frozen=True, eq=False)
class TreeDual:
    """Lower end with a label: branch and bound on the posteriors t_y = P(S = . | Y = y); what it proves is in `checker_tree`.

    m, n and k count symbols and labels of positive mass only. A node of the tree gives each y a simplex of k posteriors. The
    root's are floor + (1 - sum floor) e_s, with a floor (k,) of at least 0 that no p(s|x) is below.
    splits: (N, 3) integers in preorder, (y, i, j) where the node divides y's simplex at the point (1 - w) v_i + w v_j of an
    edge, i < j, w in (0, 1) from `weights` (N,), and (-1, -1, -1) at a leaf (w = 0 there).
    The first child has the point in the place of v_j, the second in the place of v_i.
    Leaves, in the same order: multipliers (L, 4), each at least 0, of the cost (t), of I(X;Y) (A), of H(S|Y) (M), and the part
    (beta) of M that is kept convex by A; g (L, m) potentials; facets (L, m, k) multipliers, at least 0, of the barycentric
    coordinates of t_y; channel (L, n, m) reference channels W(y|x) > 0.
    In Lagrangian mode t = 1 and all leaves have the same A and M: the least B is a bound for every plan, whatever the budgets.
    """

    splits: NDArray[np.int64]
    weights: FloatArray
    multipliers: FloatArray
    g: FloatArray
    facets: FloatArray
    channel: FloatArray
    floor: FloatArray


@dataclass(frozen=True, eq=False)
class PriceDual:
    """Lower end with a free output law (see `perception_checker`): potentials f (n,), in cost units or, for a rate, in nats.

    Multipliers of the cost, of I(X;Y), of I(X;Y|S) and of the ball's radius; channel: a reference channel W(y|x) > 0 (n, m),
    needed for I(X;Y|S), else None. cost_multiplier inf: only the cheapest letters of each row; rate_multiplier inf: a rate
    budget of 0.
    """

    f: FloatArray
    cost_multiplier: float
    rate_multiplier: float
    label_multiplier: float
    ball_multiplier: float
    channel: FloatArray | None


@dataclass(frozen=True, eq=False)
class MapDual:
    """Lower end, one-shot: exact multipliers of cost, output law (m), rate and classification loss (per bit)."""

    cost_multiplier: Fraction
    output: tuple[Fraction, ...]
    rate_multiplier: Fraction
    classification_multiplier: Fraction


@dataclass(frozen=True, eq=False)
class SeedBlindDual:
    """Lower end, one-shot with two symbols a side and a classifier that does not see the seed.

    A plan is one number, the covariance delta. `least` and `greatest` relate it to the rate, with delta + P(X=1) P(Y=1) and
    its negative in the place of the cost: so the rate bounds delta, or delta the rate. Between the two ends of `excluded`
    (None: nothing) H(S|Y) exceeds the budget, because it is concave in delta and does so at both ends.
    """

    least: MapDual
    greatest: MapDual
    excluded: tuple[Fraction, Fraction] | None


Primal = JointPlan | PotentialPlan | PlanMixture | MapMixture
Dual = SemiDual | ChannelDual | TreeDual | PriceDual | LabelBound | MapDual | SeedBlindDual


@dataclass(frozen=True, eq=False, kw_only=True)
class Certificate:
    """lower <= value <= upper, with its evidence.

    lower, upper: in cost units where the distortion is minimised, in `point.units` where the rate is.
    status: "certified" (relative gap at most `tolerance`), "infeasible" (both ends inf) or "gap".
    method: which solver gave the ends. arithmetic: of the checker, "exact" (rationals and balls, entry by entry) or, for large
    problems, "float64" (in blocks, all rounding bounded beforehand and taken outward).
    Nothing in here is to be believed before `verify()` has returned True.
    """

    problem: DiscreteProblem = field(repr=False)
    point: OperatingPoint
    lower: float
    upper: float
    status: Status
    method: str
    tolerance: float
    primal: Primal | None = field(repr=False)
    dual: Dual = field(repr=False)
    arithmetic: Arithmetic = "exact"

    def verify(self) -> bool:
        """True, or CertificateError naming what failed. Runs the independent checker from the raw data."""
        from solvers.checker import check

        check(self)
        return True

    @property
    def relative_gap(self) -> float:
        """(upper - lower) / max(|upper|, |lower|, floor); 0 where infeasible, inf where no plan is known."""
        if self.lower == self.upper:
            return 0.0
        if math.isinf(self.upper) or math.isinf(self.lower):
            return math.inf
        scale = max(abs(self.upper), abs(self.lower), gap_floor(self.problem, self.point))
        return (self.upper - self.lower) / scale

    @property
    def plan(self) -> FloatArray | None:
        """The joint masses (n, m) behind the upper end, None where there is none; a fresh array.

        For time sharing (see `mixture`) the average plan, which has the cost but is not itself within the budgets.
        """
        if isinstance(self.primal, JointPlan):
            return np.array(self.primal.plan)
        if isinstance(self.primal, PotentialPlan):
            return _potential_plan(self.problem, self.primal)
        if isinstance(self.primal, PlanMixture):
            weights = np.array([float(w) for w in self.primal.weights])
            return np.asarray(np.einsum("k,kxy->xy", weights, self.primal.plans))
        if isinstance(self.primal, MapMixture):
            plan = np.zeros_like(self.problem.cost)
            for assignment, weight in zip(np.asarray(self.primal.maps, dtype=int), self.primal.weights, strict=True):
                plan[np.arange(plan.shape[0]), assignment] += float(weight) * self.problem.p_X
            return plan
        return None

    @property
    def mixture(self) -> tuple[FloatArray, tuple[Fraction, ...]] | None:
        """Plans (k, n, m) and shares of time behind an asymptotic upper end, k at most 3; one plan is a mixture of one.

        None where there is no plan and in the one-shot setting.
        """
        if isinstance(self.primal, PlanMixture):
            return np.array(self.primal.plans), self.primal.weights
        if isinstance(self.primal, JointPlan):
            return np.array(self.primal.plan)[None], (Fraction(1),)
        return None

    @property
    def temperature(self) -> float | None:
        """The multiplier of the rate constraint, in cost units a nat; None where the dual has none."""
        if isinstance(self.dual, SemiDual):
            return self.dual.temperature
        if isinstance(self.dual, ChannelDual) and self.dual.cost_multiplier > 0:
            return (self.dual.rate_multiplier + self.dual.label_multiplier) / self.dual.cost_multiplier
        return None

    @property
    def potentials(self) -> tuple[FloatArray, FloatArray] | None:
        """(f, g) of shapes (n,), (m,) for the rate-only dual, f the soft transform of g; None for other duals."""
        if not isinstance(self.dual, SemiDual):
            return None
        g, eps = np.array(self.dual.g), self.dual.temperature
        seen = self.problem.p_Y > 0
        slack = self.problem.cost[:, seen] - g[seen]
        if eps == 0:
            return slack.min(axis=1), g
        mass = self.problem.p_Y[seen]
        if math.isinf(eps):
            return slack @ mass, g
        low = slack.min(axis=1)
        return low - eps * np.log(np.exp(-(slack - low[:, None]) / eps) @ mass), g


def _potential_plan(problem: DiscreteProblem, by: PotentialPlan) -> FloatArray:
    """The plan of given potentials, dense: its rows are right, its columns to the solver's accuracy."""
    seen = problem.p_Y > 0
    plan = np.zeros_like(problem.cost)
    exponent = np.log(problem.p_Y[seen]) + (by.g[seen] - problem.cost[:, seen]) / by.temperature
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    plan[:, seen] = problem.p_X[:, None] * (weight / weight.sum(axis=1, keepdims=True))
    return plan


def gap_floor(problem: DiscreteProblem, point: OperatingPoint) -> float:
    """The least scale of a relative gap: 1e-6 of the cost's spread, or of one unit of rate."""
    if point.minimised == "rate":
        return GAP_FLOOR
    return GAP_FLOOR * float(problem.cost.max() - problem.cost.min())
