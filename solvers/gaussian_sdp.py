"""Certified intervals for Gaussian couplings of full covariances, squared error, with a label S = A X + noise.

The value is that of the **best Gaussian coupling**: for covariances that do not commute no more is claimed. With a label,
Gaussian couplings are optimal for the asymptotic function, through the extremal inequality of Liu & Viswanath (2007), which is
not used here.

The set I(X;Y) <= R, h(S|Y) <= C is not convex in the cross-covariance K. Its convex relaxation I(X;Y) <= R, I(X;Y|S) <= R - G,
G = h(S) - C, is a semidefinite program with log-determinants (Clarabel, through cvxpy), polished by Newton's method on its
optimality conditions. The relaxation is exact where I(X;Y) = R at its optimum, that is where a nat of label information costs at
most what a nat of rate does; beyond that the lower end still holds, and the upper end comes from a local search: status "gap".
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import cvxpy as cp
import numpy as np
from scipy.optimize import minimize

from rdcsym.problem import FloatArray, Units
from solvers import gaussian_sdp_checker as checker
from solvers.certificate import CertificateError
from solvers.gaussian_sdp_checker import GaussianCovarianceProblem, GaussianCovarianceWitnesses
from solvers.gaussian_sdp_newton import Whitened, polished, whitened

TOLERANCE: Final = 1e-8  # gap over tr Sigma_X + tr Sigma_Y up to which an interval is "certified"
_ROUNDING: Final = 1e-8  # nats by which a stationary point may miss an idle budget
_STARTS: Final = 4  # of the local search, besides the relaxation's optimum
_ACTIVE: Final = 1e-6  # smallest multiplier, over the scale, of an active budget


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianCovarianceCertificate:
    """An interval [lower, upper] that holds the least distortion over Gaussian couplings, with the witnesses that prove it.

    status: "certified" (gap at most 1e-8 of tr Sigma_X + tr Sigma_Y), "infeasible" (lower = upper = inf) or "gap".
    """

    problem: GaussianCovarianceProblem
    lower: float
    upper: float
    status: Literal["certified", "infeasible", "gap"]
    method: str
    witnesses: GaussianCovarianceWitnesses

    def verify(self) -> bool:
        """Prove both ends again from the witnesses, in ball arithmetic; True, or raises CertificateError naming what failed."""
        lower, upper = checker.ends(self.problem, self.witnesses)
        if not 0 <= self.lower <= lower:
            raise CertificateError(f"lower end {self.lower}: the dual witnesses prove {lower}")
        if not self.upper >= max(upper, self.lower):
            raise CertificateError(f"upper end {self.upper}: the coupling proves {upper}")
        if self.status != _status(self.problem, self.lower, self.upper):
            raise CertificateError(f"status {self.status!r} does not fit the interval [{self.lower}, {self.upper}]")
        return True


def solve_gaussian_covariance(
    *,
    rate: float,
    classification: float | None = None,
    Sigma_X: Any,
    Sigma_Y: Any,
    label_map: Any = None,
    label_noise: Any = None,
    units: Units = "bits",
) -> GaussianCovarianceCertificate:
    """Certified least E ||X - Y||^2 over jointly Gaussian (X, Y) with I(X;Y) <= rate and h(S|Y) <= classification.

    Sigma_X, Sigma_Y: (n, n) positive definite covariances (equal means). The label is S = label_map X + noise, label_map (k, n),
    label_noise (k, k) positive definite. rate, classification in `units`. This is the best Gaussian coupling (see the module).
    Raises InputError on bad input; a point that no Gaussian coupling meets is a result with lower = upper = inf.
    """
    problem = GaussianCovarianceProblem(
        rate=rate, classification=classification, Sigma_X=Sigma_X, Sigma_Y=Sigma_Y,
        label_map=label_map, label_noise=label_noise, units=units,
    )  # fmt: skip
    witnesses = _find_witnesses(problem)
    lower, upper = checker.ends(problem, witnesses)
    return GaussianCovarianceCertificate(
        problem=problem,
        lower=lower,
        upper=upper,
        status=_status(problem, lower, upper),
        method="gaussian covariance",
        witnesses=witnesses,
    )


def _status(p: GaussianCovarianceProblem, lower: float, upper: float) -> Literal["certified", "infeasible", "gap"]:
    if lower == math.inf:
        return "infeasible"
    return "certified" if upper < math.inf and upper - lower <= TOLERANCE * p.scale else "gap"


def _find_witnesses(p: GaussianCovarianceProblem) -> GaussianCovarianceWitnesses:
    nothing = GaussianCovarianceWitnesses(cross_covariance=np.zeros_like(p.Sigma_X))
    if p.rate == 0 or checker.ends(p, nothing)[0] == math.inf:
        return nothing
    w = whitened(p)
    start = _semidefinite(w)
    if start is None:
        return GaussianCovarianceWitnesses(cross_covariance=None)
    M, a, b = start
    # A small multiplier may be that of an idle budget: take the active set whose stationary point keeps all signs and budgets.
    on = b > _ACTIVE * w.scale
    for on_rate, on_label in ((True, on), (True, not on), (False, True)):
        if on_label and not w.labelled:
            continue
        least = _ACTIVE * w.scale
        found = polished(w, M, max(a, least) if on_rate else 0.0, max(b, least) if on_label else 0.0, w.rate, w.rate - w.needed)
        if found is not None and min(found[1:]) >= 0 and _in_order(w, found[0]):
            M, a, b = found
            break
    return GaussianCovarianceWitnesses(
        cross_covariance=_upper(p, w, M, a, b), rate_multiplier=a, label_multiplier=b, tangent=w.unwhiten(M)
    )


def _in_order(w: Whitened, M: FloatArray) -> bool:
    information = w.information(M)
    return information <= w.rate + _ROUNDING and (not w.labelled or information - w.told(M) <= w.rate - w.needed + _ROUNDING)


def _upper(p: GaussianCovarianceProblem, w: Whitened, M: FloatArray, a: float, b: float) -> FloatArray | None:
    """A cross-covariance near the relaxation's optimum that meets the true budgets for certain, or None."""
    for k in range(0, 30, 2):
        margin = 2.0 ** (k - 50)
        # I = R - margin and J = R - G - 3 margin: the label information is G + 2 margin.
        moved = polished(w, M, a, b, w.rate - margin, w.rate - w.needed - 3 * margin) if a > 0 else None
        if moved is not None and checker.is_feasible(p, w.unwhiten(moved[0])):
            return w.unwhiten(moved[0])
    return _local_search(p, w, M)


def _local_search(p: GaussianCovarianceProblem, w: Whitened, M: FloatArray) -> FloatArray | None:
    """Where the relaxation is not exact: SLSQP on the true budgets, from its optimum and beside it."""
    n = w.size
    best, value = None, math.inf
    rng = np.random.default_rng(0)
    starts = [M, *(M + 0.5 * rng.normal(size=(n, n)) / math.sqrt(n) for _ in range(_STARTS))]
    for start in starts:
        start = start * min(1.0, 0.9 / max(float(np.linalg.norm(start, 2)), 1e-300))
        limits = [_limit(lambda m: w.rate * (1 - 1e-10) - w.information(m), lambda m: -w.gradients(m)[0], n)]
        if p.labelled:
            limits.append(_limit(lambda m: w.told(m) - w.needed - 1e-10, lambda m: np.subtract(*w.gradients(m)), n))
        with np.errstate(all="ignore"):
            found: Any = minimize(  # type: ignore[call-overload]
                lambda m: w.cost(m.reshape(n, n)) / w.scale, start.ravel(), jac=lambda m: -2 * w.cross.ravel() / w.scale,
                method="SLSQP", constraints=limits, options={"ftol": 1e-14, "maxiter": 300},
            )  # fmt: skip
        K = w.unwhiten(_inside(found.x, n))
        if np.isfinite(K).all() and found.fun < value and checker.is_feasible(p, K):
            best, value = K, float(found.fun)
    return best


def _limit(value: Callable[[FloatArray], float], slope: Callable[[FloatArray], FloatArray], n: int) -> dict[str, Any]:
    return {"type": "ineq", "fun": lambda m: value(_inside(m, n)), "jac": lambda m: slope(_inside(m, n)).ravel()}


def _inside(m: FloatArray, n: int) -> FloatArray:
    """The matrix of a point, pulled into the ball of admissible ones: a line search may step anywhere."""
    M: FloatArray = np.nan_to_num(m.reshape(n, n), posinf=1e3, neginf=-1e3)
    return M / max(1.0, float(np.linalg.norm(M, 2)) / (1 - 1e-9))


def _semidefinite(w: Whitened) -> tuple[FloatArray, float, float] | None:
    """Optimum (whitened) of the convex relaxation and the multipliers of its two budgets, by an interior-point method."""
    n = w.size
    M, E = cp.Variable((n, n)), cp.Variable((n, n), symmetric=True)
    information = -cp.log_det(E) / 2 <= w.rate
    limits = [cp.bmat([[np.eye(n) - E, M], [M.T, np.eye(n)]]) >> 0, information]
    told = None
    if w.labelled:
        Z = cp.Variable((n, n), symmetric=True)
        A, N = w.map, w.noise
        limits.append(cp.bmat([[E - Z, E @ A.T], [A @ E, N + A @ E @ A.T]]) >> 0)
        told = (w.parallel_log_det - cp.log_det(Z)) / 2 <= w.rate - w.needed
        limits.append(told)
    problem = cp.Problem(cp.Minimize(-2 * cp.trace(w.cross.T @ M) / w.scale), limits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an inaccurate solution is as good a start as another
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.error.SolverError:
            return None
    if M.value is None:
        return None
    label = 0.0 if told is None else max(0.0, float(told.dual_value)) * w.scale
    return np.asarray(M.value), max(0.0, float(information.dual_value)) * w.scale, label
