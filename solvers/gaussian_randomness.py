"""Certified intervals for lossy compression of a scalar Gaussian with limited common randomness, the output law given.

Saldi, Linder, Yuksel 2015 (output constrained lossy source coding with limited common randomness): X - U - Y, I(X;U) <= R,
I(Y;U) <= R + R_c. The upper end is an explicit Gaussian code, the lower end two duals joined by Cauchy and Schwarz;
`gaussian_randomness_checker.py` evaluates and proves both in ball arithmetic.

With a classification budget between what unlimited common randomness allows and the loss of the Gaussian code no feasible code is
known here, and none is excluded: the answer is the honest [lower, inf] with status "gap".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from rdcsym.problem import InputError, Units, check_interval, to_nats
from solvers import gaussian_randomness_checker
from solvers.certificate import CertificateError
from solvers.gaussian_problem import GaussianProblem
from solvers.gaussian_randomness_checker import RandomnessWitnesses

TOLERANCE: Final = 1e-9  # relative gap up to which an interval is "certified"
FLOOR: Final = 1e-300  # smaller gaps, beside the variances, count as none


@dataclass(frozen=True, kw_only=True)
class GaussianRandomnessCertificate:
    """An interval [lower, upper] that holds the least E (X-Y)^2 at `problem` and `common_randomness`, with its witnesses.

    status: "certified" (relative gap at most 1e-9), "infeasible" (lower = upper = inf) or "gap".
    """

    problem: GaussianProblem
    common_randomness: float
    lower: float
    upper: float
    status: Literal["certified", "infeasible", "gap"]
    method: str
    witnesses: RandomnessWitnesses

    @property
    def relative_gap(self) -> float:
        """(upper - lower) / upper, 0 where the ends are equal (also at inf)."""
        return 0.0 if self.lower == self.upper else (self.upper - self.lower) / self.upper if self.upper < math.inf else math.inf

    def verify(self) -> bool:
        """Prove both ends again from the witnesses, in ball arithmetic; True, or raises CertificateError naming what failed."""
        lower, upper = gaussian_randomness_checker.ends(self.problem, self.common_randomness, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the dual witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the code proves {upper}")
        if self.status != _status(self.problem, self.lower, self.upper):
            raise CertificateError(f"status {self.status!r} does not fit the interval [{self.lower}, {self.upper}]")
        return True


def solve_gaussian_randomness(
    *,
    rate: float,
    common_randomness: float,
    classification: float | None = None,
    mu_X: float = 0.0,
    sigma_X: float,
    mu_Y: float | None = None,
    sigma_Y: float,
    sigma_S: float | None = None,
    theta: float = 0.0,
    units: Units = "bits",
) -> GaussianRandomnessCertificate:
    """Certified least E (X-Y)^2 over X - U - Y with I(X;U) <= rate and I(Y;U) <= rate + common_randomness.

    X ~ N(mu_X, sigma_X^2), Y ~ N(mu_Y, sigma_Y^2) (mu_Y defaults to mu_X). `classification` bounds h(S|Y) for a label S of
    deviation sigma_S and covariance theta with X, S - X - U - Y. Amounts of information are in `units`, each may be inf. Raises
    InputError on bad input; an infeasible point is a result with lower = upper = inf.
    """
    problem = GaussianProblem(
        rate=rate,
        classification=classification,
        mu_X=mu_X,
        sigma_X=sigma_X,
        mu_Y=mu_X if mu_Y is None else mu_Y,
        sigma_Y=sigma_Y,
        sigma_S=sigma_S,
        theta=theta,
        units=units,
    )
    common = check_interval("common_randomness", common_randomness, 0.0, math.inf, unit=units)
    if common.ndim:
        raise InputError("common_randomness", f"array of shape {common.shape}", "must be one number", "solve one point at a time")
    common_randomness = float(common)
    witnesses = _witnesses(problem, common_randomness)
    lower, upper = gaussian_randomness_checker.ends(problem, common_randomness, witnesses)
    return GaussianRandomnessCertificate(
        problem=problem,
        common_randomness=common_randomness,
        lower=lower,
        upper=upper,
        status=_status(problem, lower, upper),
        method="gaussian with limited common randomness",
        witnesses=witnesses,
    )


def _witnesses(p: GaussianProblem, common: float) -> RandomnessWitnesses:
    """The code that spends all of both budgets, and for each of X and Y the dual whose temperature is best: log t = -2 I.

    Each dual is concave in t, with derivative -log t - 2 I.
    """
    rates = (p.rate or 0.0, _sum_down(p.rate or 0.0, common))
    log_errors = [-2 * to_nats(rate, p.units) for rate in rates]
    found = RandomnessWitnesses(
        information_X=rates[0], information_Y=rates[1], log_error_X=log_errors[0], log_error_Y=log_errors[1]
    )
    if gaussian_randomness_checker.code_is_feasible(p, common, found):
        return found
    return RandomnessWitnesses(information_X=None, information_Y=None, log_error_X=log_errors[0], log_error_Y=log_errors[1])


def _sum_down(a: float, b: float) -> float:
    """The largest double that is at most a + b."""
    total = a + b
    exact = math.inf in (a, b) or (total < math.inf and Fraction(total) <= Fraction(a) + Fraction(b))
    return total if exact else math.nextafter(total, 0.0)


def _status(problem: GaussianProblem, lower: float, upper: float) -> Literal["certified", "infeasible", "gap"]:
    if lower == math.inf:
        return "infeasible"
    scale = max(1.0, problem.sigma_X**2, (problem.sigma_Y or 0.0) ** 2)
    close = upper - lower <= TOLERANCE * upper + FLOOR * scale
    return "certified" if upper < math.inf and close else "gap"
