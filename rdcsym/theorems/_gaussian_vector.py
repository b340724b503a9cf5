"""What the vector Gaussian theorems share: parameters, budgets, and the proof that the rates of the components are all that matters.

X_i ~ N(0, sigma_X,i^2) independent; (X_i, S_i) jointly Gaussian with correlation kappa_i, S_i of unit variance, the pairs
independent; S - X - Y. A given output law is the product of N(0, sigma_Y,i^2). A constant component tells nothing, whatever kappa_i
says. For *every* coupling, Gaussian or not, put r_i = I(X_i; Y, X_1..X_{i-1}). Then (amounts in nats)

    sum r_i = I(X;Y)                                          the chain rule, X_i independent
    E (X_i - Y_i)^2 >= sigma_X,i^2 + tau_i^2 - 2 sigma_X,i tau_i rho(r_i)     one component (drc-gaussian), tau_i^2 = E Y_i^2
    I(S_i; Y_i) <= I_i(r_i) = -1/2 log(1 - kappa_i^2 rho(r_i)^2)              the entropy power inequality

with rho(r) = sqrt(1 - exp(-2r)), and independent Gaussian pairs of these rates meet all of them with equality. So the problem is
a convex program in the rates, and what is claimed holds for the single-letter program and, the program being convex, for the
asymptotic function too (attained by a coding theorem, cited). S_1..S_n and Y jointly obey sum I_i(r_i) >= I(S;Y) as well: S_1..S_(i-1)
are X_1..X_(i-1) seen through noise, so I(S;Y) = sum I(S_i; Y, S_1..S_(i-1)) <= sum I(S_i; Y, X_1..X_(i-1)). So the joint loss h(S|Y) has
the same function, but where a Y_i is constant and its label is not: then other components of Y could carry it.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Parameter
from rdcsym.information import squared_correlation
from rdcsym.information_vector import label_entropy, most_telling_rates, told, total
from rdcsym.proof import Identity, Lemma, Sign, Step
from rdcsym.theorems._gaussian import INF, LARGEST

u = UNIFORM
R, D, P = sp.symbols("R D P", nonnegative=True)
C, h_S, C_min, C_slack = sp.symbols("C h_S C_min C_slack", real=True)
sigma_X, sigma_Y = sp.symbols("sigma_X sigma_Y", nonnegative=True)
kappa = sp.Symbol("kappa", real=True)

# Mostly between 1/4 and 4, seldom as far as 2^-30 or 2^30; one component in 24 is constant.
_SPREAD = 2 ** (4 * u - 2 + 28 * (2 * u - 1) ** 31) * sp.Min(1, sp.floor(24 * u))
SIGMA_X = Parameter(
    symbol=sigma_X, low=0, high=LARGEST, meaning="standard deviations of the components X_i", draw=_SPREAD, vector=True
)
SIGMA_Y = Parameter(
    symbol=sigma_Y, low=0, high=LARGEST, meaning="standard deviations of the components Y_i", draw=_SPREAD, vector=True
)
# Exactly -1 or 1 one time in 21: the label is a function of the component.
KAPPA = Parameter(
    symbol=kappa,
    low=-1,
    high=1,
    meaning="correlations of X_i and its label S_i, labels of unit variance",
    draw=sp.Max(-1, sp.Min(1, sp.Rational(21, 20) * (2 * u - 1))),
    vector=True,
)
RATE = Parameter(symbol=R, low=0, high=INF, unit="bits", meaning="rate I(X;Y)", draw=6 * u + 54 * u**24)
_MOST = told(kappa, most_telling_rates(sigma_X, sigma_Y, kappa, R))
LOSS_MEANING = "classification loss, sum of h(S_i|Y_i)"
LOSS = Parameter(
    symbol=C,
    low=-INF,
    high=INF,
    unit="bits",
    meaning=LOSS_MEANING,
    draw=label_entropy(kappa) - sp.Rational(11, 10) * u * _MOST,
    size=label_entropy(kappa),
)
ENTROPY = Definition(h_S, label_entropy(kappa))

CHAIN = Lemma(
    "",
    "chain rule and data processing: for independent X_i, the sum of I(X_i; Y and all X_j, j < i) is I(X;Y), and Y_i is a function of Y",
    "Cover and Thomas, Elements of Information Theory, Theorems 2.5.2 and 2.8.1",
)
COMPONENT = Lemma(
    "",
    "one component of rate r has E X Y <= sigma_X tau sqrt(1 - exp(-2 r)), tau^2 = E Y^2, whatever the law of Y",
    "the dual bound of drc-gaussian; Shannon 1959",
)
ENTROPY_POWER = Lemma(
    "",
    "conditional entropy power inequality: a label learns at most -1/2 log(1 - kappa^2 (1 - exp(-2 r))) from a component of rate r",
    "Shannon 1948; Stam 1959; Blachman 1965 (checked as algebra in drc-gaussian)",
)
JOINT = Lemma(
    "",
    "joint loss: I(S;Y) is the sum of I(S_i; Y and all S_j, j < i), at most that of I(S_i; Y and all X_j, j < i): S_j is X_j seen through noise",
    "data processing; Cover and Thomas, Theorem 2.8.1",
)
CODING = Lemma(
    "",
    "the single-letter program, where convex, is attained by codes whose output has the given law, with enough common randomness",
    "Saldi, Linder, Yuksel 2015; Li and El Gamal 2018",
)
DUALITY = Lemma(
    "",
    "a stationary point of a convex program with multipliers >= 0 and complementary slackness is a minimum",
    "Karush 1939; Kuhn and Tucker 1951",
)

# Positive symbols of the proofs, for one component; rho strictly between 0 and 1, r the rate in nats.
rho, r, s, tau, k, a, b = sp.symbols("rho r sigma_X tau kappa lambda mu", positive=True)


def rates_decide() -> list[Step]:
    """Cost and label information as functions of the rate: one is convex, the other concave, independent Gaussian pairs meet them."""
    by_rate = sp.sqrt(1 - sp.exp(-2 * r))
    slope = (1 - rho**2) / rho
    information = -sp.log(1 - k**2 * rho**2) / 2
    label_slope = sp.diff(information, rho) * slope
    return [
        CHAIN,
        COMPONENT,
        ENTROPY_POWER,
        DUALITY,
        JOINT,
        CODING,
        Identity("", "d rho / d r = (1 - rho^2) / rho", sp.diff(by_rate, r), slope.subs(rho, by_rate)),
        Sign(
            "",
            "the correlation is concave in the rate, so the distortion of a component is convex: minus the second derivative",
            -sp.diff(slope, rho) * slope,
            ((1 + rho**2, 1 - rho**2, rho**-3),),
            given=(1 - rho**2,),
        ),
        Identity("", "d I_i / d r = kappa^2 (1 - rho^2) / (1 - kappa^2 rho^2)", label_slope, k**2 * (1 - rho**2) / (1 - k**2 * rho**2)),
        Sign(
            "",
            "what a label learns is concave in the rate: minus the second derivative",
            -sp.diff(label_slope, rho) * slope,
            ((2, k**2, 1 - k**2, 1 - rho**2, 1 / (1 - k**2 * rho**2) ** 2),),
            given=(1 - k**2, 1 - rho**2),
            positive=((1 - k**2 * rho**2) ** 2,),
        ),
        Identity(
            "",
            "attained: a Gaussian pair of correlation rho has rate r",
            -sp.log(1 - by_rate**2) / 2,
            r,
        ),
        Identity(
            "",
            "attained: its label has Cov(S, Y) = kappa rho tau, so Var(S|Y) = 1 - kappa^2 rho^2",
            1 - (k * rho * tau) ** 2 / tau**2,
            1 - k**2 * rho**2,
        ),
    ]  # fmt: skip


def most_told(regime: str) -> list[Step]:
    """The largest sum of I_i at a total rate: equal slopes, a water level omega over floors log((1 - kappa^2)/kappa^2)."""
    omega = sp.Symbol("omega", real=True)
    rest = (1 - k**2) / k**2 * sp.exp(-omega)  # exp(-2 r_i) under water
    label_slope = k**2 * (1 - rho**2) / (1 - k**2 * rho**2)
    floor = sp.log((1 - k**2) / k**2)
    return [
        Identity(
            regime,
            "components under water have one slope: with exp(-2 r_i) = (1 - kappa_i^2)/kappa_i^2 exp(-omega) it is 1/(1 + exp(omega))",
            label_slope.subs(rho, sp.sqrt(1 - rest)),
            1 / (1 + sp.exp(omega)),
        ),
        Identity(
            regime,
            "at rate 0 the slope is kappa^2 = 1/(1 + exp(floor)): a component with its floor above omega stays dry",
            label_slope.subs(rho, 0),
            1 / (1 + sp.exp(floor)),
        ),
        Sign(
            regime,
            "no label learns more than a nat for a nat: 1 - slope; with equality only where kappa^2 = 1, which so comes first",
            1 - label_slope,
            ((1 - k**2, 1 / (1 - k**2 * rho**2)),),
            given=(1 - k**2,),
            positive=(1 - k**2 * rho**2,),
        ),
    ]


def correlation(rates: Any) -> Any:
    """rho_i = sqrt(1 - 2^(-2 r_i)) at rates in bits."""
    return sp.sqrt(squared_correlation(rates))


def remainder(rates: Any) -> Any:
    """1 - rho_i = 2^(-2 r_i) / (1 + rho_i), without cancellation."""
    return 2 ** (-2 * rates) / (1 + correlation(rates))


def distortion(rates: Any) -> Any:
    """sum of (sigma_X - sigma_Y)^2 + 2 sigma_X sigma_Y (1 - rho) for a given output law."""
    return total((sigma_X - sigma_Y) ** 2 + 2 * sigma_X * sigma_Y * remainder(rates))


LEAST_AT_ANY_RATE = h_S - told(kappa, most_telling_rates(sigma_X, sigma_Y, kappa, sp.oo))
NATURAL = total(sigma_X**2 + sigma_Y**2)
