"""Certified intervals for scalar Gaussian problems with squared error, found without any closed form of the theory.

`gaussian_search.py` searches two explicit families numerically, jointly Gaussian channels (upper end) and quadratic
potentials with a temperature (lower end); `gaussian_checker.py` evaluates and proves both ends in ball arithmetic.

A classification budget below what the entropy power inequality allows at the rate is infeasible: that cited lemma is
the one thing here that the certificate does not contain. On the boundary itself, to rounding, neither side is
provable and the answer is the honest [finite, inf] with status "gap".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from rdcsym.problem import Units
from solvers import gaussian_checker
from solvers.certificate import CertificateError
from solvers.gaussian_problem import GaussianProblem, GaussianWitnesses, PerceptionKind
from solvers.gaussian_search import find_witnesses

TOLERANCE: Final = 1e-9  # relative gap up to which an interval is "certified"
FLOOR: Final = {"distortion": 1e-300, "rate": 1e-15}  # smaller gaps count as none (a distortion's: beside the variances)


@dataclass(frozen=True, kw_only=True)
class GaussianCertificate:
    """An interval [lower, upper] that holds the value of `problem`, in its units, with the witnesses that prove it.

    status: "certified" (relative gap at most 1e-9), "infeasible" (lower = upper = inf; for a rate: no finite rate) or "gap".
    """

    problem: GaussianProblem
    lower: float
    upper: float
    status: Literal["certified", "infeasible", "gap"]
    method: str
    witnesses: GaussianWitnesses

    @property
    def relative_gap(self) -> float:
        """(upper - lower) / upper, 0 where the ends are equal (also at inf)."""
        return 0.0 if self.lower == self.upper else (self.upper - self.lower) / self.upper if self.upper < math.inf else math.inf

    def verify(self) -> bool:
        """Prove both ends again from the witnesses, in ball arithmetic; True, or raises CertificateError naming what failed."""
        lower, upper = gaussian_checker.ends(self.problem, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the dual witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the channel proves {upper}")
        if self.status != _status(self.problem, self.lower, self.upper):
            raise CertificateError(f"status {self.status!r} does not fit the interval [{self.lower}, {self.upper}]")
        return True


def solve_gaussian(
    *,
    rate: float | None = None,
    distortion: float | None = None,
    classification: float | None = None,
    perception: float | None = None,
    perception_kind: PerceptionKind | None = None,
    mu_X: float = 0.0,
    sigma_X: float,
    mu_Y: float | None = None,
    sigma_Y: float | None = None,
    sigma_S: float | None = None,
    theta: float = 0.0,
    units: Units = "bits",
) -> GaussianCertificate:
    """Certified least distortion for a rate, or least rate for a distortion, of scalar Gaussians with squared error.

    Give exactly one of `rate` (I(X;Y) <= rate, in `units`) and `distortion` (E(X - Y)^2 <= distortion). The law of Y is
    N(mu_Y, sigma_Y^2) where sigma_Y is given (mu_Y defaults to mu_X); otherwise it is free, or free in a ball around that of X:
    KL(p_Y || p_X) <= perception (in `units`) or W2^2 <= perception (squared units of X). `classification` bounds h(S|Y) (in
    `units`) for a label with standard deviation sigma_S and covariance theta with X. Infinite budgets are none.

    The value is that of the single-letter program (no reference to Gaussian optimality). Raises InputError on bad input; an
    infeasible point is a result with lower = upper = inf.
    """
    problem = GaussianProblem(
        rate=rate,
        distortion=distortion,
        classification=classification,
        perception=perception,
        perception_kind=perception_kind,
        mu_X=mu_X,
        sigma_X=sigma_X,
        mu_Y=mu_X if mu_Y is None and sigma_Y is not None else mu_Y,
        sigma_Y=sigma_Y,
        sigma_S=sigma_S,
        theta=theta,
        units=units,
    )
    witnesses = find_witnesses(problem)
    lower, upper = gaussian_checker.ends(problem, witnesses)
    return GaussianCertificate(
        problem=problem,
        lower=lower,
        upper=upper,
        status=_status(problem, lower, upper),
        method="gaussian",
        witnesses=witnesses,
    )


def _status(problem: GaussianProblem, lower: float, upper: float) -> Literal["certified", "infeasible", "gap"]:
    if lower == math.inf:
        return "infeasible"
    scale = max(1.0, problem.sigma_X**2, (problem.sigma_Y or 0.0) ** 2) if problem.value == "distortion" else 1.0
    close = upper - lower <= TOLERANCE * upper + FLOOR[problem.value] * scale
    return "certified" if upper < math.inf and close else "gap"
