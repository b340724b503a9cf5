"""The checker of Gaussian certificates: both ends from the witnesses alone, in ball arithmetic, rounded outward.

**Upper end.** The channel is a jointly Gaussian pair, so I(X;Y) = 1/2 log(1 + snr) and h(S|Y) = 1/2 log(2 pi e
sigma_S^2 (1 - rho_S^2 rho^2)); it counts only where every budget is met for certain.

**Lower end, law given.** For every coupling and eps > 0, E d >= E f + E g - eps log E_{pX pY} exp((f + g - d)/eps) -
eps I(X;Y) (Donsker and Varadhan). For the quadratic potentials of `GaussianWitnesses` and d = (x - y)^2 (a gap of the
means adds its square), the expectation is a Gaussian integral, det(M)^(-1/2) with

    M = [[1 + 2 sX^2 (1 - a)/eps, -2 sX sY/eps], [-2 sX sY/eps, 1 + 2 sY^2 (1 - b)/eps]],

finite where M is positive definite. At temperature 0 the transport dual gives E d >= gap^2 + (sX - sY)^2, attained
only where Y is an affine function of X (Cauchy and Schwarz), so that a smaller or equal distortion needs an infinite
rate.

**Lower end, law free.** With v = 1 + 2 sX^2 (1 - a)/eps, E_X exp((f - d)/eps) = v^(-1/2) exp(-y^2/eps + 2 sX^2 y^2 /
(eps^2 v)), so b = 1 - 2 sX^2/(eps v) and b0 = (eps/2) log v make E_X exp((f + g - d)/eps) = 1 for all y, and E d >= E
f + b E Y^2 + b0 - eps I for every law of Y. The witnesses give b = excess/(1 + excess) >= 0, so E Y^2 (about mu_X)
may be replaced by the least value in the ball: W2: sqrt(E Y^2) >= sX - sqrt(P), the triangle inequality; KL(p_Y ||
p_X) <= P: t - 1 - log t <= 2 P for t = E Y^2 / sX^2, since a Gaussian has the largest entropy at a second moment, so
t is at least the smaller root.

**Classification.** S = a X + N with a = theta/sX^2 and Var N = sigma_S^2 (1 - rho_S^2); the conditional *entropy
power inequality* (Shannon 1948, Stam 1959; cited, not proved here) gives exp(2 h(S|Y)) >= a^2 exp(2 h(X|Y)) + 2 pi e
Var N, and h(X|Y) >= h(X) - R. So a budget below sigma_S^2 (1 - rho_S^2 + rho_S^2 e^(-2R)) 2 pi e, as an entropy
power, is infeasible; solved for R it bounds the rate.

Shares no code with the search in `gaussian_search.py`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq

from solvers.certificate import CertificateError
from solvers.gaussian_problem import GaussianProblem, GaussianWitnesses
from solvers.precision import working_precision

Ball = Any  # python-flint carries no types

BASE_PRECISION: Final = 256  # bits; the witnesses' exponents add what their cancellations need
INFINITE: Final = (math.inf, math.inf)


def ends(problem: GaussianProblem, witnesses: GaussianWitnesses) -> tuple[float, float]:
    """(lower, upper) that the witnesses prove, in the problem's units; (inf, inf) where the point is infeasible.

    Raises CertificateError where a witness is out of its range.
    """
    _check_ranges(witnesses)
    with working_precision(_precision(problem, witnesses)):
        lower = _lower(problem, witnesses)
        if lower is None:
            return INFINITE
        upper = _upper(problem, witnesses)
        information = problem.value == "rate"
        low = max(0.0, _round_down(_from_nats(lower, problem) if information else lower))
        return low, math.inf if upper is None else _round_up(_from_nats(upper, problem) if information else upper)


def rate_for_classification(problem: GaussianProblem) -> float:
    """Least rate (nats, rounded down) that the entropy power inequality asks for; inf where no finite rate will do."""
    with working_precision(BASE_PRECISION):
        rate = _classification_rate(problem)
        return math.inf if rate is None else max(0.0, _round_down(rate))


def channel_is_feasible(problem: GaussianProblem, witnesses: GaussianWitnesses) -> bool:
    """Whether the channel meets every budget for certain."""
    with working_precision(_precision(problem, witnesses)):
        return _upper(problem, witnesses) is not None


def log_ball_is_valid(problem: GaussianProblem, log_ball: float) -> bool:
    """Whether exp(log_ball) is for certain at most the least E(Y - mu_X)^2 / sigma_X^2 in the KL ball."""
    with working_precision(BASE_PRECISION + 4 * _bits(log_ball)):
        radius = _nats(problem.perception, problem)
        u = arb(log_ball)
        # e^u - u - 1 falls for u < 0: at least 2P means that u is at most the smaller root.
        return bool(log_ball <= 0 and u.expm1() - u >= 2 * radius)


def _check_ranges(w: GaussianWitnesses) -> None:
    if w.snr is not None and not w.snr >= 0:
        raise CertificateError(f"witness snr = {w.snr}: must be at least 0")
    if not 0 <= w.shrink <= 1:
        raise CertificateError(f"witness shrink = {w.shrink}: must be in [0, 1]")
    if not w.temperature >= 0:
        raise CertificateError(f"witness temperature = {w.temperature}: must be at least 0")
    if not 0 <= w.excess < math.inf:
        raise CertificateError(f"witness excess = {w.excess}: must be at least 0 and finite")
    if not w.log_ball <= 0:
        raise CertificateError(f"witness log_ball = {w.log_ball}: must be at most 0")


def _bits(x: float | None) -> int:
    return 0 if not x or not math.isfinite(x) else abs(math.frexp(x)[1])


def _precision(p: GaussianProblem, w: GaussianWitnesses) -> int:
    scales = (w.snr, w.shrink, w.temperature, w.excess, w.log_ball, p.rate, p.distortion, p.perception, p.sigma_X, p.sigma_Y)
    return BASE_PRECISION + 4 * sum(map(_bits, scales))


def _exact(x: Fraction | float) -> Ball:
    return fmpq(*Fraction(x).as_integer_ratio())


def _ball(x: Fraction | float) -> Ball:
    return arb(_exact(x))


def _nats(value: Any, p: GaussianProblem) -> Ball:
    return _ball(value) * arb.const_log2() if p.units == "bits" else _ball(value)


def _from_nats(value: Ball, p: GaussianProblem) -> Ball:
    return value / arb.const_log2() if p.units == "bits" else value


def _round_down(x: Ball) -> float:
    if not x.is_finite():
        return -math.inf
    low = min(float(x.lower()), math.nextafter(math.inf, 0.0))  # float() overflows to inf
    return low if math.isinf(low) or _ball(low) <= x else math.nextafter(low, -math.inf)


def _round_up(x: Ball) -> float:
    high = float(x.upper()) if x.is_finite() else math.inf
    return high if math.isinf(high) or _ball(high) >= x else math.nextafter(high, math.inf)


# ---------------------------------------------------------------------------------------------------------- the channel


def _upper(p: GaussianProblem, w: GaussianWitnesses) -> Ball | None:
    """Value of the channel (distortion, or rate in nats), or None where it is not feasible for certain."""
    if w.snr is None:
        return None
    given = p.sigma_Y is not None
    s_X, shrink = _ball(p.sigma_X), _ball(w.shrink)
    snr = 0.0 if p.informationless or (not given and w.shrink == 1) else w.snr
    endless = math.isinf(snr)
    s = _ball(0.0 if endless else snr)
    rho = arb(1) if endless else (s / (1 + s)).sqrt()
    loss = arb(0) if endless else 1 / ((1 + s) * (1 + rho))  # 1 - rho without cancellation
    information = None if endless else s.log1p() / 2
    if given:
        distortion = _ball(_transport(p)) + 2 * s_X * _ball(p.sigma_Y or 0.0) * loss
    else:
        distortion = s_X**2 * (shrink**2 + 2 * (1 - shrink) * loss)
    if not given and not _in_ball(p, w):
        return None
    if not _classifies(p, endless, s):
        return None
    if p.rate is not None:
        fits = p.rate == math.inf or (information is not None and information <= _nats(p.rate, p))
        return distortion if fits else None
    within = p.distortion == math.inf or distortion <= _ball(p.distortion or 0.0)
    return information if within else None


def _in_ball(p: GaussianProblem, w: GaussianWitnesses) -> bool:
    if p.perception is None or p.perception == math.inf or p.sigma_X == 0 or w.shrink == 0:
        return True
    if p.perception_kind == "w2":
        return bool((_ball(p.sigma_X) * _ball(w.shrink)) ** 2 <= _ball(p.perception))
    if w.shrink == 1:
        return False
    log_ratio = (-_ball(w.shrink)).log1p()
    return bool((2 * log_ratio).expm1() / 2 - log_ratio <= _nats(p.perception, p))


def _classifies(p: GaussianProblem, endless: bool, snr: Ball) -> bool:
    budget = _relative_entropy_power(p)
    if budget is None:
        return True
    unexplained = 1 - _exact(p.squared_label_correlation)
    left = arb(unexplained) if endless else (1 + snr * unexplained) / (1 + snr)
    return bool(left <= budget)


def _relative_entropy_power(p: GaussianProblem) -> Ball | None:
    """exp(2C) / (2 pi e sigma_S^2): the classification budget as a fraction of the label's own; None where it cannot bind."""
    if p.classification is None or p.classification == math.inf or p.sigma_S == 0:
        return None
    if p.classification == -math.inf:
        return arb(0)
    return (2 * _nats(p.classification, p) - 1).exp() / (2 * arb.pi() * _ball(p.sigma_S or 0.0) ** 2)


# -------------------------------------------------------------------------------------------------------- the lower end


def _lower(p: GaussianProblem, w: GaussianWitnesses) -> Ball | None:
    """Lower bound (distortion, or rate in nats); None where the point is infeasible for certain."""
    needed = _classification_rate(p)
    if p.rate is not None:
        affordable = p.rate == math.inf or (needed is not None and not needed > _nats(p.rate, p))
        if needed is None:
            # No finite rate: an infinite one is refuted only where even h(S|X) is above the budget.
            affordable = p.rate == math.inf and not _beyond_data_processing(p)
        return _distortion_bound(p, w) if affordable else None
    if needed is None or _out_of_reach(p):
        return None
    bound = _rate_bound(p, w)
    return needed if needed > bound else bound


def _beyond_data_processing(p: GaussianProblem) -> bool:
    budget = _relative_entropy_power(p)
    known = 0 if p.informationless else _exact(p.squared_label_correlation)
    return budget is not None and bool(arb(1 - known) > budget)


def _classification_rate(p: GaussianProblem) -> Ball | None:
    """Rate (nats) that the entropy power inequality asks for; None where no finite rate will do for certain."""
    budget = _relative_entropy_power(p)
    if budget is None:
        return arb(0)
    known = fmpq(0) if p.informationless else _exact(p.squared_label_correlation)
    if known == 0:
        return None if budget < 1 else arb(0)
    share = ((budget - (1 - known)) / known).upper()
    if share <= 0:
        return None
    return arb(0) if share >= 1 else -share.log() / 2


def _out_of_reach(p: GaussianProblem) -> bool:
    """Whether no finite rate reaches the distortion budget; exact, in rationals."""
    budget = p.distortion
    if budget is None or budget == math.inf:
        return False
    if p.sigma_Y is None:
        return budget == 0 and p.sigma_X > 0
    least = _transport(p)
    return Fraction(budget) < least or (Fraction(budget) == least and not p.informationless)


def _transport(p: GaussianProblem) -> Fraction:
    """Least E(X - Y)^2 over all couplings of the two given laws, exact."""
    return p.mean_gap**2 + (Fraction(p.sigma_X) - Fraction(p.sigma_Y or 0.0)) ** 2


def _distortion_bound(p: GaussianProblem, w: GaussianWitnesses) -> Ball:
    if p.rate == 0 or p.informationless:
        return _ball(p.mean_gap**2) + _ball(p.sigma_X) ** 2 + _second_moment(p, w)  # the product law is the only coupling
    if p.rate == math.inf or w.temperature in (0.0, math.inf):
        return _ball(_transport(p)) if p.sigma_Y is not None else arb(0)
    eps, potential = _dual(p, w, _second_moment(p, w))
    return potential - eps * _nats(p.rate, p)


def _rate_bound(p: GaussianProblem, w: GaussianWitnesses) -> Ball:
    if p.informationless or p.distortion == math.inf or w.temperature in (0.0, math.inf):
        return arb(0)
    eps, potential = _dual(p, w, _second_moment(p, w))
    return (potential - _ball(p.distortion or 0.0)) / eps


def _second_moment(p: GaussianProblem, w: GaussianWitnesses) -> Ball:
    """Variance of the given law of Y, or (a lower bound of) the least E(Y - mu_X)^2 of a free one."""
    if p.sigma_Y is not None:
        return _ball(p.sigma_Y) ** 2
    if p.perception is None or p.perception == math.inf:
        return arb(0)
    s_X = _ball(p.sigma_X)
    if p.perception_kind == "w2":
        room = s_X - _ball(p.perception).sqrt()
        return room**2 if room > 0 else arb(0)
    if w.log_ball == -math.inf or p.sigma_X == 0:
        return arb(0)
    if not log_ball_is_valid(p, w.log_ball):
        raise CertificateError(f"witness log_ball = {w.log_ball}: is not below the root of the KL ball")
    return s_X**2 * _ball(w.log_ball).exp()


def _dual(p: GaussianProblem, w: GaussianWitnesses, second: Ball) -> tuple[Ball, Ball]:
    """(eps, E f + E g - eps log E exp((f + g - d)/eps)) of the witnesses' quadratic potentials."""
    var_X, temperature, excess = _ball(p.sigma_X) ** 2, _ball(w.temperature), _ball(w.excess)
    if p.sigma_Y is None:
        eps = var_X * temperature
        v = 2 * (1 + excess) / temperature
        a = 1 - (v - 1) * temperature / 2
        b, b0 = excess / (1 + excess), eps / 2 * v.log()
        return eps, a * var_X + b * second + b0
    cross = 2 * _ball(p.sigma_X) * _ball(p.sigma_Y)
    eps = cross * temperature
    u = (1 + excess - temperature) / 2
    a, b = 1 - cross * u / var_X, 1 - cross * u / second
    m_X, m_Y = 1 + 2 * var_X * (1 - a) / eps, 1 + 2 * second * (1 - b) / eps
    det = m_X * m_Y - (cross / eps) ** 2
    if not (m_X > 0 and det > 0):
        raise CertificateError(f"witness excess = {w.excess}: the Gaussian integral of the dual does not converge")
    return eps, _ball(p.mean_gap**2) + a * var_X + b * second + eps / 2 * det.log()
