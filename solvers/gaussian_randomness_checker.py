"""The checker for limited common randomness: both ends from the witnesses alone, in ball arithmetic, rounded outward.

X - U - Y is a Markov chain, I(X;U) <= R, I(Y;U) <= R + R_c, the laws of X and Y are given, S - X - U - Y.

**Upper end.** X, U, Y jointly Gaussian with I(X;U) and I(Y;U) as the witnesses say: rho_XU^2 = 1 - exp(-2 I), the
correlation of X and Y is the product rho of the two, and h(S|Y) = 1/2 log(2 pi e sigma_S^2 (1 - rho_S^2 rho^2)). It counts
only where every budget is met for certain.

**Lower end.** About the means E XY = E[E[X|U] E[Y|U]] <= sqrt(Var E[X|U] Var E[Y|U]) (Cauchy and Schwarz), and Var E[X|U]
= sigma_X^2 - E (X - E[X|U])^2. For every t > 0 and every estimate Z of X that is a function of U, Donsker and Varadhan's
inequality with the potential f = t x^2 at temperature 2 t sigma_X^2, for which E_X exp((f - (x - z)^2)/(2 t sigma_X^2)) =
sqrt(t) whatever z is, gives E (X - Z)^2 >= sigma_X^2 t (1 - log t - 2 I(X;U)). The same holds for Y. The witnesses are the
two log t.

**Infeasible.** With unlimited common randomness more is possible, and I(X;Y) <= I(X;U) <= R: where `gaussian_checker` proves
by the entropy power inequality (cited there) that no coupling of rate R meets the classification budget, none does here.
Between that budget and the loss of the Gaussian code nothing is proved but the lower end.

Shares no code with `gaussian_randomness.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from solvers.certificate import CertificateError
from solvers.gaussian_checker import ends as unlimited_ends
from solvers.gaussian_problem import GaussianProblem, GaussianWitnesses
from solvers.precision import working_precision

Ball = Any  # python-flint carries no types

PRECISION: Final = 256  # bits, to which the exponents of the data are added


@dataclass(frozen=True, kw_only=True)
class RandomnessWitnesses:
    """information_X, information_Y: I(X;U) and I(Y;U) of the Gaussian code, in the problem's units; None where no code is known.

    log_error_X, log_error_Y: log t of the two duals, at most 0; the best is the logarithm of the relative error of U's estimate.
    """

    information_X: float | None
    information_Y: float | None
    log_error_X: float
    log_error_Y: float


def ends(problem: GaussianProblem, common_randomness: float, witnesses: RandomnessWitnesses) -> tuple[float, float]:
    """(lower, upper) of the least E (X-Y)^2 that the witnesses prove; (inf, inf) where the point is infeasible.

    `problem` has a rate and a given output law; `common_randomness` is in its units. Raises CertificateError where a witness is
    out of its range.
    """
    _check_ranges(problem, witnesses)
    if unlimited_ends(problem, GaussianWitnesses(snr=None))[0] == math.inf:
        return math.inf, math.inf
    with working_precision(_precision(problem, common_randomness, witnesses)):
        lower, upper = _lower(problem, common_randomness, witnesses), _upper(problem, common_randomness, witnesses)
        return max(0.0, _round_down(lower)), math.inf if upper is None else _round_up(upper)


def code_is_feasible(problem: GaussianProblem, common_randomness: float, witnesses: RandomnessWitnesses) -> bool:
    """Whether the Gaussian code meets every budget for certain."""
    with working_precision(_precision(problem, common_randomness, witnesses)):
        return _upper(problem, common_randomness, witnesses) is not None


def _check_ranges(p: GaussianProblem, w: RandomnessWitnesses) -> None:
    if p.rate is None or p.sigma_Y is None:
        raise CertificateError("limited common randomness is for a rate and a given output law")
    for name in ("information_X", "information_Y"):
        value = getattr(w, name)
        if value is not None and not value >= 0:
            raise CertificateError(f"witness {name} = {value}: must be at least 0")
    for name in ("log_error_X", "log_error_Y"):
        if not getattr(w, name) <= 0:
            raise CertificateError(f"witness {name} = {getattr(w, name)}: must be at most 0")


def _lower(p: GaussianProblem, common: float, w: RandomnessWitnesses) -> Ball:
    left_X = _error(w.log_error_X, p.rate, 0.0, p)
    left_Y = _error(w.log_error_Y, p.rate, common, p)
    return _distortion(p, left_X, left_Y)


def _upper(p: GaussianProblem, common: float, w: RandomnessWitnesses) -> Ball | None:
    if w.information_X is None or w.information_Y is None:
        return None
    if not (_within(w.information_X, p.rate, 0.0) and _within(w.information_Y, p.rate, common)):
        return None
    left_X, left_Y = (arb(0) if math.isinf(i) else (-2 * _nats(Fraction(i), p)).exp() for i in (w.information_X, w.information_Y))
    unexplained = arb(1) if p.informationless else left_X + left_Y * (1 - left_X)  # 1 - rho^2
    return _distortion(p, left_X, left_Y) if _classifies(p, unexplained) else None


def _error(log_error: float, rate: Any, common: float, p: GaussianProblem) -> Ball:
    """Lower bound of E (X - E[X|U])^2 / sigma_X^2 by the dual with t = exp(log_error), at the rate rate + common."""
    if rate == math.inf or common == math.inf or log_error == -math.inf:
        return arb(0)
    log_t = _ball(log_error)
    bound = log_t.exp() * (1 - log_t - 2 * _nats(Fraction(rate) + Fraction(common), p))
    return bound if bound > 0 else arb(0)


def _distortion(p: GaussianProblem, left_X: Ball, left_Y: Ball) -> Ball:
    """Least E (X-Y)^2 by Cauchy and Schwarz where U leaves the shares left_X and left_Y of the two variances unexplained."""
    product = 2 * _ball(p.sigma_X) * _ball(p.sigma_Y or 0.0)
    transport = _ball(p.mean_gap**2 + (Fraction(p.sigma_X) - Fraction(p.sigma_Y or 0.0)) ** 2)
    unexplained = left_X + left_Y * (1 - left_X)
    return transport + product * unexplained / (1 + _root(1 - left_X) * _root(1 - left_Y))


def _root(x: Ball) -> Ball:
    """Square root of a number that is at least 0, though its ball may reach below by its radius."""
    return x.sqrt() if x >= 0 else arb(0).union(x.upper().sqrt())


def _within(information: float, rate: Any, common: float) -> bool:
    if math.inf in (rate, common):
        return True
    return math.isfinite(information) and Fraction(information) <= Fraction(rate) + Fraction(common)


def _classifies(p: GaussianProblem, unexplained: Ball) -> bool:
    if p.classification is None or p.classification == math.inf or p.sigma_S == 0:
        return True
    known = _exact(p.squared_label_correlation)
    left = (1 - known) + known * unexplained  # Var(S|Y) / sigma_S^2
    if p.classification == -math.inf:
        return bool(left <= 0)
    budget = (2 * _nats(Fraction(p.classification), p) - 1).exp() / (2 * arb.pi() * _ball(p.sigma_S or 0.0) ** 2)
    return bool(left <= budget)


def _precision(p: GaussianProblem, common: float, w: RandomnessWitnesses) -> int:
    data = (
        p.rate,
        common,
        p.sigma_X,
        p.sigma_Y,
        w.information_X,
        w.information_Y,
        w.log_error_X,
        w.log_error_Y,
        p.classification,
    )
    return PRECISION + 4 * sum(abs(math.frexp(x)[1]) for x in data if x and math.isfinite(x))


def _exact(x: Fraction | float) -> Ball:
    return fmpq(*Fraction(x).as_integer_ratio())


def _ball(x: Fraction | float) -> Ball:
    return arb(_exact(x))


def _nats(value: Fraction, p: GaussianProblem) -> Ball:
    return _ball(value) * arb.const_log2() if p.units == "bits" else _ball(value)


def _round_down(x: Ball) -> float:
    low = min(float(x.lower()), math.nextafter(math.inf, 0.0)) if x.is_finite() else -math.inf
    return low if math.isinf(low) or _ball(low) <= x else math.nextafter(low, -math.inf)


def _round_up(x: Ball) -> float:
    high = float(x.upper()) if x.is_finite() else math.inf
    return high if math.isinf(high) or _ball(high) >= x else math.nextafter(high, math.inf)
