"""What the Gaussian theorems share: parameters, the label's entropy, and the duality proof with quadratic potentials.

X ~ N(mu_X, sigma_X^2), S jointly Gaussian with X, Cov(X, S) = theta; squared error. For every coupling, all f, g and eps > 0
(Gibbs' variational principle, rates in nats):

    E (X-Y)^2 >= E f(X) + E g(Y) - eps log E_{p_X x p_Y} exp((f + g - (x-y)^2) / eps) - eps I(X;Y).

With f, g quadratic the last expectation is a closed Gaussian integral.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Parameter, Requirement
from rdcsym.information import gaussian_entropy, label_correlation, label_information, label_noise, squared_correlation
from rdcsym.proof import Identity, Lemma, Sign, Step

u = UNIFORM
INF = float("inf")
LARGEST = 1e150  # scales beyond this have no float64 square
R, D, P = sp.symbols("R D P", nonnegative=True)
C, mu_X, mu_Y, theta, h_S, C_min = sp.symbols("C mu_X mu_Y theta h_S C_min", real=True)
sigma_X, sigma_Y, sigma_S = sp.symbols("sigma_X sigma_Y sigma_S", nonnegative=True)
rho, rho_bar, rho_S2, nu_S = sp.symbols("rho rho_bar rho_S2 nu_S", nonnegative=True)

# A standard deviation: mostly between 1/4 and 4, seldom as far as 2^-62 or 2^62, so that a slip in scale shows.
_SPREAD = 2 ** (4 * u - 2 + 60 * (2 * u - 1) ** 31)
RATE = Parameter(symbol=R, low=0, high=INF, unit="bits", meaning="rate I(X;Y)", draw=4 * u + 56 * u**24)
LOSS = Parameter(
    symbol=C,
    low=-INF,
    high=INF,
    unit="bits",
    meaning="classification loss h(S|Y)",
    draw=sp.log(sigma_S) / sp.log(2) + 3 - 2 * u - 57 * u**24,  # h(S) = log2 sigma_S + 2.047
)
MEAN_X = Parameter(symbol=mu_X, low=-LARGEST, high=LARGEST, meaning="mean of X", draw=2 * u - 1, default=0.0)
MEAN_Y = Parameter(symbol=mu_Y, low=-LARGEST, high=LARGEST, meaning="mean of Y", draw=2 * u - 1, default=0.0)
SIGMA_X = Parameter(symbol=sigma_X, low=0, high=LARGEST, meaning="standard deviation of X", draw=_SPREAD)
SIGMA_Y = Parameter(symbol=sigma_Y, low=0, high=LARGEST, meaning="standard deviation of Y", draw=_SPREAD)
SIGMA_S = Parameter(symbol=sigma_S, low=0, high=LARGEST, meaning="standard deviation of S", draw=_SPREAD)
# Exactly -1 or 1 one time in six: S a function of X.
_CORRELATION_DRAW = sp.Max(-1, sp.Min(1, sp.Rational(6, 5) * (2 * u - 1)))
THETA = Parameter(symbol=theta, low=-INF, high=INF, meaning="covariance of X and S", draw=_CORRELATION_DRAW * sigma_S * sigma_X)
LABEL = (SIGMA_S, THETA)

_ROUNDING = sp.Float(1) + sp.Float("1e-12")
CORRELATION = Requirement(
    "theta",
    sp.Abs(theta) <= sigma_S * sigma_X * _ROUNDING,
    "makes the correlation of X and S larger than 1 in magnitude",
    "give |theta| <= sigma_S sigma_X",
)
NON_TRIVIAL = tuple(
    Requirement(s.name, condition, "is outside the published domain", f"the published form is stated for {text}")
    for s, condition, text in (
        (sigma_X, sigma_X > 0, "sigma_X > 0"),
        (sigma_S, sigma_S > 0, "sigma_S > 0"),
        (theta, sp.Ne(theta, 0), "theta != 0"),
    )
)

LABEL_DEFINITIONS = (
    Definition(h_S, sp.Piecewise((gaussian_entropy(sigma_S), sigma_S > 0), (-sp.oo, True))),
    Definition(rho_S2, label_correlation(theta, sigma_S, sigma_X), "squared correlation of S and X, 0 where one is constant"),
    Definition(nu_S, label_noise(theta, sigma_S, sigma_X)),
)
RATE_DEFINITIONS = (
    Definition(rho, sp.sqrt(squared_correlation(R))),
    Definition(rho_bar, 2 ** (-2 * R) / (1 + rho), "= 1 - rho"),
)
LEAST_LOSS = h_S - label_information(rho_S2, nu_S, R)
LEAST_LOSS_AT_ANY_RATE = h_S - label_information(rho_S2, nu_S, sp.oo)

GIBBS = Lemma(
    "",
    "Gibbs' variational principle: E[u] - log E_0[exp u] <= KL(P || P_0) bounds every coupling by potentials and a temperature",
    "Donsker and Varadhan 1975; Csiszar 1975",
)
ENTROPY_POWER = Lemma(
    "infeasible",
    "conditional entropy power inequality: exp(2h(aX + N | Y)) >= exp(2h(aX | Y)) + exp(2h(N)) for N independent of (X, Y)",
    "Shannon 1948; Stam 1959; Blachman 1965 (here in the role of the Gaussian information bottleneck)",
)

# Positive symbols of the proofs: sx, sy standard deviations, r the correlation, strictly between 0 and 1.
sx, sy, ss, r, eps_, A = sp.symbols("sigma_X sigma_Y sigma_S rho epsilon A", positive=True)
x, y, B = sp.symbols("x y B", real=True)
temperature = 2 * sx * sy * (1 - r**2) / r
rate_nats = -sp.log(1 - r**2) / 2


def curvature(sigma: Any) -> Any:
    """The coefficient of x^2 in the potential of the variable with this standard deviation."""
    return 1 - temperature * r**2 / (2 * (1 - r**2) * sigma**2)


CONSTANT = -temperature * sp.log(1 - r**2) / 2  # f and g together carry this constant


def gaussian_integral() -> Step:
    """The one integral that all log-partitions reduce to."""
    integral = sp.Integral(sp.exp(-A * x**2 + B * x), (x, -sp.oo, sp.oo))
    return Identity("", "Gaussian integral", integral, sp.sqrt(sp.pi / A) * sp.exp(B**2 / (4 * A)))


def partition_at_y(regime: str) -> list[Step]:
    """E_X exp((f(X) + g(y) - (X-y)^2)/eps) = 1 for every y: the potentials fit whatever the law of Y is."""
    a = 1 / (2 * sx**2) - (curvature(sx) - 1) / temperature
    exponent = (2 * y / temperature) ** 2 / (4 * a) + (curvature(sy) - 1) * y**2 / temperature
    positive = (1 - r**2,)
    return [
        Sign(
            regime, "the integral over x converges", a, ((sp.Rational(1, 2), sx**-2, 1 / (1 - r**2)),), (), positive, strict=True
        ),
        Identity(regime, "the exponent left after the integral vanishes for every y", exponent, 0),
        Identity(
            regime,
            "the constants make the partition function 1",
            sp.sqrt(sp.pi / a) / sp.sqrt(2 * sp.pi * sx**2),
            sp.exp(-CONSTANT / temperature),
        ),
        Sign(regime, "the temperature is positive", temperature, ((2, sx, sy, 1 - r**2, 1 / r),), (), positive, strict=True),
    ]


def test_channel(regime: str) -> list[Step]:
    """The jointly Gaussian pair with correlation r: its information, distortion and the label's conditional variance."""
    cov, t, k = r * sx * sy, sp.Symbol("theta", real=True), sp.Symbol("k", positive=True)
    density_ratio = rate_nats + sp.Rational(1, 2) * (1 + 1) - (1 + 1 - 2 * r * r) / (2 * (1 - r**2))
    slope = t / sx**2  # S = slope X + noise
    return [
        Identity(
            regime,
            "primal: I(X;Y) of a Gaussian pair, from E log p(x,y)/(p(x)p(y)) with moments 1, 1, rho",
            density_ratio,
            rate_nats,
        ),
        Identity(regime, "primal: E (X-Y)^2 of the pair", sx**2 + sy**2 - 2 * cov, (sx - sy) ** 2 + 2 * sx * sy * (1 - r)),
        Identity(
            regime,
            "primal: Var(S|Y), so h(S|Y) = h(S) + 1/2 log(1 - rho_S^2 rho^2)",
            ss**2 - (slope * cov) ** 2 / sy**2,
            ss**2 * (1 - (t / (ss * sx)) ** 2 * r**2),
        ),
        Identity("", "the correlation that I = R bits allows", rate_nats.subs(r, sp.sqrt(1 - 2 ** (-2 * k))), k * sp.log(2)),
        Identity("", "1 - rho = (1 - rho^2)/(1 + rho)", (1 - r**2) / (1 + r), 1 - r),
    ]


def label_bound(regime: str = "infeasible") -> list[Step]:
    """No code of rate R has h(S|Y) below C_min(R), by the entropy power inequality."""
    t, k = sp.Symbol("theta", real=True), sp.Symbol("R", nonnegative=True)  # k in nats here
    slope = t / sx**2
    noise = ss**2 - t**2 / sx**2
    power = slope**2 * sx**2 * sp.exp(-2 * k) + noise
    bound = ss**2 * (1 - (t / (ss * sx)) ** 2 * (1 - sp.exp(-2 * k)))
    g, w = sp.symbols("g rho_S2", positive=True)  # g = exp(-2R)
    loss = sp.log(1 - w + w * sp.exp(-2 * k)) / 2
    return [
        ENTROPY_POWER,
        Identity(regime, "S - theta/sigma_X^2 X is uncorrelated with X, so independent of it", t - slope * sx**2, 0),
        Sign(
            regime,
            "C_min is convex in R, so the bound holds for averages over letters too (its second derivative)",
            sp.diff(loss, k, 2).subs(sp.exp(-2 * k), g),
            ((2, w, g, 1 - w, 1 / (1 - w + w * g) ** 2),),
            given=(1 - w,),
            positive=((1 - w + w * g) ** 2,),
        ),
        Identity(regime, "the entropy power of S given Y is at least that of the Gaussian code", power, bound),
    ]
