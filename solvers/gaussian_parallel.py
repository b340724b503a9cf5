"""Certified intervals for parallel Gaussian components with squared error and labels, given or free output law.

The problem is convex in the components' rates, and the bound of `gaussian_parallel_checker.py` holds for every coupling,
Gaussian or not: the value is that of the single-letter program and of the asymptotic function at once.
`gaussian_parallel_search.py` finds multipliers and rates; the checker evaluates and proves both ends in ball arithmetic. The
entropy power inequality, on which the label's term rests, is cited. On the boundary of the feasible budgets itself, to rounding,
neither side is provable and the answer is the honest [finite, inf] with status "gap".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

from rdcsym.problem import Units
from solvers import gaussian_parallel_checker as checker
from solvers.certificate import CertificateError
from solvers.gaussian_parallel_problem import GaussianParallelProblem, GaussianParallelWitnesses
from solvers.gaussian_parallel_search import find_witnesses

TOLERANCE: Final = 1e-9  # relative gap up to which an interval is "certified"
FLOOR: Final = 1e-15  # smaller gaps count as none: beside the variances (a distortion), or in nats or bits (a rate)


@dataclass(frozen=True, kw_only=True)
class GaussianParallelCertificate:
    """An interval [lower, upper] that holds the value of `problem`, in its units, with the witnesses that prove it.

    status: "certified" (relative gap at most 1e-9), "infeasible" (lower = upper = inf; for a rate: no finite rate) or "gap".
    """

    problem: GaussianParallelProblem
    lower: float
    upper: float
    status: Literal["certified", "infeasible", "gap"]
    method: str
    witnesses: GaussianParallelWitnesses

    @property
    def relative_gap(self) -> float:
        """(upper - lower) / upper, 0 where the ends are equal (also at inf)."""
        return 0.0 if self.lower == self.upper else (self.upper - self.lower) / self.upper if self.upper < math.inf else math.inf

    def verify(self) -> bool:
        """Prove both ends again from the witnesses, in ball arithmetic; True, or raises CertificateError naming what failed."""
        lower, upper = checker.ends(self.problem, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the dual witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the channels prove {upper}")
        if self.status != _status(self.problem, self.lower, self.upper):
            raise CertificateError(f"status {self.status!r} does not fit the interval [{self.lower}, {self.upper}]")
        return True


def solve_gaussian_parallel(
    *,
    rate: float | None = None,
    distortion: float | None = None,
    classification: float | None = None,
    perception: float | None = None,
    sigma_X: Any,
    sigma_Y: Any = None,
    kappa: Any = None,
    mean_gap: float = 0.0,
    units: Units = "bits",
) -> GaussianParallelCertificate:
    """Certified least distortion for a rate, or least rate for a distortion, of n parallel Gaussian components.

    Give exactly one of `rate` (I(X;Y) <= rate, in `units`) and `distortion` (E ||X - Y||^2 <= distortion, mean_gap^2 included).
    sigma_X (n,): deviations of the independent X_i. sigma_Y (n,): those of the independent Gaussian Y_i; None leaves the law of Y
    free, or free in the ball W2^2(p_X, p_Y) <= perception (squared units of X). kappa (n,): correlations of X_i with its
    label S_i, of variance 1; `classification` bounds sum_i h(S_i|Y_i) (in `units`). mean_gap: norm of the difference of the
    given means. Infinite budgets are none.

    Raises InputError on bad input; an infeasible point is a result with lower = upper = inf.
    """
    problem = GaussianParallelProblem(
        rate=rate, distortion=distortion, classification=classification, perception=perception,
        sigma_X=sigma_X, sigma_Y=sigma_Y, kappa=kappa, mean_gap=mean_gap, units=units,
    )  # fmt: skip
    witnesses = find_witnesses(problem)
    lower, upper = checker.ends(problem, witnesses)
    return GaussianParallelCertificate(
        problem=problem,
        lower=lower,
        upper=upper,
        status=_status(problem, lower, upper),
        method="gaussian parallel",
        witnesses=witnesses,
    )


def _status(p: GaussianParallelProblem, lower: float, upper: float) -> Literal["certified", "infeasible", "gap"]:
    if lower == math.inf:
        return "infeasible"
    floor = FLOOR * (p.scale if p.value == "distortion" else 1.0)
    return "certified" if upper < math.inf and upper - lower <= TOLERANCE * upper + floor else "gap"
