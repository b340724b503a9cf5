"""Scalar Gaussian problems confirmed on grids, with the discretisation error in the answer.

A grid replaces X by X_d = E(X | cell), cells being intervals; likewise Y. Two facts tie the grid to the line, at
equal rate:

- *Down.* Quantising a coupling of (X, Y) cannot raise I(X;Y), and sqrt(E(X_d - Y_d)^2) <= sqrt(E(X - Y)^2) + e_X + e_Y
  (triangle inequality in L2), where e_X^2 = E(X - X_d)^2.
- *Up.* A coupling of (X_d, Y_d) lifts to the line, X and Y independent given their cells, with the same information, the
  right laws and E(X - Y)^2 = E(X_d - Y_d)^2 + e_X^2 + e_Y^2, since X - X_d and Y - Y_d have mean 0 given the two cells.

So D_line lies in [max(0, sqrt(lower) - e_X - e_Y)^2, upper + e_X^2 + e_Y^2]. Conic solvers in cvxpy were seen 2e-3
off on Gaussian grids while they reported an optimum, so the entropic method solves the grid, and its certificate is
verified.

Rigour: a cell is fixed by its exact mass (a float read as a rational, normalised exactly), its ends are quantiles,
and its conditional mean is enclosed in ball arithmetic. The float that stands for that mean is off by at most
`shift`, which both facts carry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from flint import arb, fmpq
from scipy.special import ndtr, ndtri

from rdcsym.problem import FloatArray, InputError, Units, check_interval
from solvers.certificate import Certificate
from solvers.precision import working_precision
from solvers.problem import DiscreteProblem
from solvers.solve import solve

PRECISION: Final = 160  # bits of the ball arithmetic
COST_ROUNDING: Final = 4 * 2.0**-53
"""Relative error, at most, of (x - y)**2 in doubles: three roundings, and one to spare."""
COMPANDING: Final = math.sqrt(3.0)
"""Cells of equal mass under N(0, 3 sigma^2) have the least error to first order (Panter and Dite: density to the power 1/3)."""


@dataclass(frozen=True, eq=False)
class GaussianGrid:
    """points: (n,) floats near the conditional means; masses: (n,) of sum 1; both ascending in x.

    error: at least sqrt(E(X - X_d)^2), with X_d the exact conditional means; shift: at least |point - exact mean|.
    """

    points: FloatArray
    masses: FloatArray
    error: float
    shift: float


@dataclass(frozen=True, eq=False)
class GridAnswer:
    """lower <= D_line <= upper, in squared units of X; discretisation: sqrt-distortion e_X + e_Y that the grid adds.

    `certificate` is that of the discrete problem of the grid, whose own interval is much narrower.
    """

    lower: float
    upper: float
    discretisation: float
    certificate: Certificate

    def verify(self) -> bool:
        """The grid's certificate through its checker; True, or raises CertificateError."""
        return self.certificate.verify()


def gaussian_grid(mu: float, sigma: float, n: int) -> GaussianGrid:
    """Grid of n cells for N(mu, sigma^2): conditional means, masses, and rigorous errors. Raises InputError on bad input."""
    for name, value, low in (("mu", mu, -math.inf), ("sigma", sigma, 0.0)):
        if check_interval(name, value, low, math.inf).ndim or not math.isfinite(value):
            raise InputError(name, value, "must be one finite number", "give a finite value")
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InputError("n", n, "is no number of cells", "give a whole number of at least 1")
    if sigma == 0:
        return GaussianGrid(np.array([float(mu)]), np.array([1.0]), 0.0, 0.0)
    masses = _masses(int(n))
    with working_precision(PRECISION):
        means, squares = _conditional_means(masses)
        scale, centre = _ball(sigma), _ball(mu)
        exact = [centre + scale * mean for mean in means]
        points = np.array([float(mean.mid()) for mean in exact])
        error = scale * (1 - squares).upper().sqrt()
        shift = max(_up(abs(_ball(point) - mean)) for point, mean in zip(points, exact, strict=True))
        return GaussianGrid(points, masses, _up(error), shift)


def bracket_from_grid(certificate: Certificate, grid_X: GaussianGrid, grid_Y: GaussianGrid) -> tuple[float, float]:
    """Interval of the least distortion on the line at the certificate's rate, rounded outward; inf passes through.

    `certificate` is of the problem of the two grids with cost (x - y)^2; the rounding of that cost is counted too. Raises
    InputError for a certificate of another problem: a least rate, another grid or cost, a label or the one-shot setting.
    """
    problem, point = certificate.problem, certificate.point
    if point.minimised != "distortion":
        raise InputError("certificate", "a least rate", "is no distortion", "solve the grid for a rate budget")
    if point.setting == "oneshot" or point.has_classification:
        about = "one-shot" if point.setting == "oneshot" else "a classification budget"
        raise InputError("certificate", about, "is not about I(X;Y) alone", "solve the grid for a rate budget only")
    cost = (grid_X.points[:, None] - grid_Y.points[None, :]) ** 2
    for name, given, made in (
        ("p_X", problem.p_X, grid_X.masses),
        ("p_Y", problem.p_Y, grid_Y.masses),
        ("cost", problem.cost, cost),
    ):
        if not np.array_equal(given, made):
            raise InputError("certificate", f"another {name}", "is not of these grids", "give the grids that it was solved on")
    rounding = COST_ROUNDING * float(certificate.problem.cost.max())
    with working_precision(PRECISION):
        shift = _ball(grid_X.shift) + _ball(grid_Y.shift)
        e_X, e_Y = _ball(grid_X.error), _ball(grid_Y.error)
        lower = math.nextafter(certificate.lower - rounding, -math.inf) if certificate.lower < math.inf else math.inf
        upper = math.nextafter(certificate.upper + rounding, math.inf)
        low, high = math.inf, math.inf
        if lower < math.inf:
            root = _ball(max(lower, 0.0)).sqrt() - e_X - e_Y - shift
            low = max(0.0, -_up(-(root**2))) if root > 0 else 0.0
        if upper < math.inf:
            high = _up((_ball(upper).sqrt() + shift) ** 2 + e_X**2 + e_Y**2)
        return low, high


def solve_gaussian_on_grid(
    *,
    rate: float,
    mu_X: float = 0.0,
    sigma_X: float,
    mu_Y: float | None = None,
    sigma_Y: float,
    n: int = 64,
    units: Units = "bits",
) -> GridAnswer:
    """Least E(X - Y)^2 over couplings of N(mu_X, sigma_X^2) and N(mu_Y, sigma_Y^2) with I(X;Y) <= rate, by n cells a side.

    The interval holds for the line. It is wide, a few percent at n = 64, because the discretisation error is in it: it is an
    independent confirmation of `solve_gaussian`, not a rival. Raises InputError on bad input.
    """
    grid_X = gaussian_grid(mu_X, sigma_X, n)
    grid_Y = gaussian_grid(mu_X if mu_Y is None else mu_Y, sigma_Y, n)
    cost = (grid_X.points[:, None] - grid_Y.points[None, :]) ** 2
    problem = DiscreteProblem(p_X=grid_X.masses, p_Y=grid_Y.masses, cost=cost)
    certificate = solve(problem, rate=rate, units=units)
    lower, upper = bracket_from_grid(certificate, grid_X, grid_Y)
    return GridAnswer(lower=lower, upper=upper, discretisation=grid_X.error + grid_Y.error, certificate=certificate)


def _masses(n: int) -> FloatArray:
    """Float masses of the companded cells; they need only be near: the cells are then cut to fit them."""
    ends = COMPANDING * ndtri(np.arange(n + 1) / n)
    lower, upper = ends[:-1], ends[1:]
    # Mirror the right half to the left tail, where differences of the normal law keep their digits.
    mirrored = np.where(lower > 0, ndtr(-lower) - ndtr(-upper), ndtr(upper) - ndtr(lower))
    masses: FloatArray = (mirrored + mirrored[::-1]) / 2
    masses /= math.fsum(masses)
    # Their float sum must be 1, so that DiscreteProblem takes them as they are: the cells are cut to these very floats.
    masses[n // 2] += float(1 - sum(map(Fraction, masses.tolist())))
    return masses


def _conditional_means(masses: FloatArray) -> tuple[list[Any], Any]:
    """(conditional means of N(0, 1) on cells of these exact masses, their second moment), as balls."""
    exact = [Fraction(float(mass)) for mass in masses]
    total = sum(exact)
    density, cumulative = [arb(0)], Fraction(0)
    for mass in exact[:-1]:
        cumulative += mass / total
        end = arb(2).sqrt() * arb(fmpq(*(2 * cumulative - 1).as_integer_ratio())).erfinv()
        density.append((-end * end / 2).exp() / (2 * arb.pi()).sqrt())
    density.append(arb(0))
    weights = [arb(fmpq(*(mass / total).as_integer_ratio())) for mass in exact]
    means = [(density[i] - density[i + 1]) / weight for i, weight in enumerate(weights)]
    return means, sum((weight * mean * mean for weight, mean in zip(weights, means, strict=True)), arb(0))


def _ball(x: float) -> Any:
    return arb(fmpq(*float(x).as_integer_ratio()))


def _up(x: Any) -> float:
    """A double at least as large as the ball's upper end."""
    high = float(x.upper())
    return high if _ball(high) >= x else math.nextafter(high, math.inf)
