"""Gaussian problems without budgets, for the door `solve`: what is compressed, apart from what is asked.

Squared error throughout; every float stands for the rational number it is. The values, and what is claimed of them, are those of
`gaussian`, `gaussian_parallel` and `gaussian_sdp`, whose functions take source and budgets in one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from rdcsym.problem import InputError, Units, check_array, nearest
from solvers.gaussian import GaussianCertificate, solve_gaussian
from solvers.gaussian_parallel import GaussianParallelCertificate, solve_gaussian_parallel
from solvers.gaussian_problem import PerceptionKind
from solvers.gaussian_sdp import GaussianCovarianceCertificate, solve_gaussian_covariance


@dataclass(frozen=True, kw_only=True)
class GaussianSource:
    """X ~ N(mu_X, sigma_X^2); Y ~ N(mu_Y, sigma_Y^2), or of a free law where sigma_Y is None (mu_Y None: mu_X).

    sigma_S: deviation of a label jointly Gaussian with X, theta their covariance; None where there is no label.
    """

    sigma_X: float
    sigma_Y: float | None = None
    mu_X: float = 0.0
    mu_Y: float | None = None
    sigma_S: float | None = None
    theta: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ParallelGaussianSource:
    """n independent components. sigma_X (n,), sigma_Y (n,) or None for a free law: deviations; mean_gap: norm of the means' gap.

    kappa (n,): correlations of X_i with its label S_i, of variance 1; None where there is no label.
    """

    sigma_X: Any
    sigma_Y: Any = None
    kappa: Any = None
    mean_gap: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class VectorGaussianSource:
    """Sigma_X, Sigma_Y: (n, n) positive definite covariances. The label is label_map X + N(0, label_noise), (k, n) and (k, k)."""

    Sigma_X: Any
    Sigma_Y: Any
    label_map: Any = None
    label_noise: Any = None


@dataclass(frozen=True)
class GaussianBall:
    """A free output law within `radius` of the law of X: "kl", KL(p_Y || p_X) in the call's units; "w2", W2^2, squared units."""

    kind: PerceptionKind
    radius: float

    def __post_init__(self) -> None:
        if self.kind not in get_args(PerceptionKind):
            raise InputError("perception", self.kind, "names no ball", nearest(str(self.kind), get_args(PerceptionKind)))


GaussianModel = GaussianSource | ParallelGaussianSource | VectorGaussianSource
GaussianAnswer = GaussianCertificate | GaussianParallelCertificate | GaussianCovarianceCertificate
Unused = Literal["method", "tolerance", "nodes", "device", "classifier_sees_seed"]


def solve_gaussian_model(
    source: GaussianModel,
    *,
    rate: float | None,
    distortion: float | None,
    classification: float | None,
    perception: object,
    setting: str,
    units: str,
    unused: dict[Unused, tuple[object, object]],
) -> GaussianAnswer:
    """The certificate of a Gaussian source at an operating point. unused: option -> (as given, its default).

    Budgets as in `solve`; classification bounds h(S|Y), a differential entropy, which may be negative. setting: "single-letter"
    or "asymptotic", which are equal but for a VectorGaussianSource with a label, where only the best Gaussian coupling is known.
    Raises InputError on bad input and on options that mean nothing here.
    """
    for name, (given, default) in unused.items():
        if given != default:
            raise InputError(name, given, "has no meaning for a Gaussian source", "leave it out")
    if setting not in ("single-letter", "asymptotic"):
        raise InputError("setting", setting, "is none of a Gaussian source", nearest(setting, ("single-letter", "asymptotic")))
    if perception is not None and not isinstance(perception, GaussianBall):
        text = "is no ball of Gaussian laws"
        raise InputError("perception", type(perception).__name__, text, "give GaussianBall(kind=..., radius=...)")
    ball, measure = perception, cast(Units, units)
    if (rate is None) == (distortion is None):
        given = "neither" if rate is None else "both"
        raise InputError("rate", given, "one of rate and distortion is the budget", "give exactly one of the two")
    if isinstance(source, GaussianSource):
        return solve_gaussian(
            rate=rate,
            distortion=distortion,
            classification=classification,
            perception=None if ball is None else ball.radius,
            perception_kind=None if ball is None else ball.kind,
            mu_X=source.mu_X,
            sigma_X=source.sigma_X,
            mu_Y=source.mu_Y,
            sigma_Y=source.sigma_Y,
            sigma_S=source.sigma_S,
            theta=source.theta,
            units=measure,
        )
    if isinstance(source, ParallelGaussianSource):
        if ball is not None and ball.kind != "w2":
            raise InputError("perception", ball.kind, "is not supported for parallel components", "use a ball of kind 'w2'")
        return solve_gaussian_parallel(
            rate=rate,
            distortion=distortion,
            classification=classification,
            perception=None if ball is None else ball.radius,
            sigma_X=source.sigma_X,
            sigma_Y=source.sigma_Y,
            kappa=source.kappa,
            mean_gap=source.mean_gap,
            units=measure,
        )
    if ball is not None:
        raise InputError("perception", ball.kind, "is not supported for full covariances", "leave it out: Sigma_Y is given")
    if rate is None:
        raise InputError(
            "distortion", distortion, "is no budget for full covariances", "give rate: the least distortion is found"
        )
    if setting == "asymptotic" and classification is not None:
        text = "is not certified for full covariances with a label"
        raise InputError("setting", setting, text, "use 'single-letter': the best Gaussian coupling")
    return solve_gaussian_covariance(
        rate=float(check_array("rate", rate, 0)),
        classification=classification,
        Sigma_X=source.Sigma_X,
        Sigma_Y=source.Sigma_Y,
        label_map=source.label_map,
        label_noise=source.label_noise,
        units=measure,
    )
