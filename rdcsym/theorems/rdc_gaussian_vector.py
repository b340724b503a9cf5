"""rdc-gaussian-vector: least rate R(D, C) of parallel Gaussian components with a label each, output law given.

The dual of drc-gaussian-vector: minimise I(X;Y) subject to E ||X - Y||^2 <= D and sum of h(S_i|Y_i) <= C, in bits. Kind: tight, over
all couplings. Source: rdcsym. Unlike with one component, both budgets can be active at once.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.evaluate import BUDGET_TOLERANCE
from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime, infeasible
from rdcsym.information_vector import (
    label_entropy,
    least_rates,
    least_rates_telling,
    least_telling_rates,
    most_telling_rates,
    told,
    total,
)
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import INF
from rdcsym.theorems._gaussian_vector import (
    ENTROPY,
    KAPPA,
    LOSS_MEANING,
    NATURAL,
    SIGMA_X,
    SIGMA_Y,
    C,
    C_min,
    D,
    a,
    b,
    distortion,
    h_S,
    k,
    kappa,
    most_told,
    rates_decide,
    rho,
    s,
    sigma_X,
    sigma_Y,
    tau,
)

u = UNIFORM
D_least, D_ind, I_max = sp.symbols("D_least D_ind I_max", nonnegative=True)
C_D = sp.Symbol("C_D", real=True)
D_C = sp.Symbol("D_C", nonnegative=True)
_EDGE = sp.Float(BUDGET_TOLERANCE)
r_D, r_C, r_DC = sp.symbols("r_D r_C r_DC", nonnegative=True)
LEAST = total((sigma_X - sigma_Y) ** 2)

DISTORTION = Parameter(
    symbol=D,
    low=0,
    high=INF,
    unit="squared units",
    meaning="E ||X-Y||^2",
    # At the least distortion, and below it, one time in 24 each.
    draw=LEAST + total(2 * sigma_X * sigma_Y) * (sp.Max(0, (12 * u - 1) / 10) - sp.Max(0, sp.Rational(1, 24) - u)),
    size=NATURAL,
)
LOSS = Parameter(
    symbol=C,
    low=-INF,
    high=INF,
    unit="bits",
    meaning=LOSS_MEANING,
    # What the labels learn at 16 bits, and a little more, down to nothing.
    draw=label_entropy(kappa)
    - (sp.Rational(23, 20) * u**2 - sp.Rational(1, 20)) * told(kappa, most_telling_rates(sigma_X, sigma_Y, kappa, 16)),
    size=label_entropy(kappa),
)


CERTIFIED = Form(
    value="R(D, C)",
    parameters=(SIGMA_X, SIGMA_Y, KAPPA, DISTORTION, LOSS),
    definitions=(
        ENTROPY,
        Definition(D_least, LEAST, "least distortion at any rate"),
        Definition(D_ind, NATURAL, "distortion of independent X and Y"),
        Definition(I_max, told(kappa, most_telling_rates(sigma_X, sigma_Y, kappa, sp.oo)), "all that the labels can learn"),
        Definition(C_min, h_S - I_max, "least classification loss at any rate"),
        Definition(r_D, least_rates(sigma_X, sigma_Y, D - D_least)),
        Definition(C_D, h_S - told(kappa, r_D), "loss at the rates that D needs"),
        Definition(r_C, least_rates_telling(sigma_X, sigma_Y, kappa, h_S - C)),
        Definition(D_C, distortion(r_C), "distortion at the rates that C needs"),
        Definition(r_DC, least_telling_rates(sigma_X, sigma_Y, kappa, D - D_least, h_S - C)),
    ),
    regimes=(
        infeasible(D < D_least, "distortion too small", unit=D_ind),
        infeasible(C < C_min),
        Regime("zero-rate", (D >= D_ind) & (C >= h_S), sp.Integer(0)),
        Regime("infinite rate", (D <= D_least) & (D_least < D_ind), sp.oo),
        Regime("distortion-limited", C >= C_D, total(r_D)),
        # As C falls to its least the rate diverges: a loss that float64 cannot tell from the least counts as the least.
        Regime("infinite rate", C <= C_min + _EDGE * h_S, sp.oo),
        Regime("classification-limited", D >= D_C, total(r_C)),
        Regime("limited by both", sp.true, total(r_DC)),
    ),
    unit=sp.S.One,
    source="rdcsym: dual of drc-gaussian-vector",
    remark=(
        "Tight over all couplings, Gaussian or not, and convex in (D, C). The joint loss h(S|Y) in place of the sum gives the same "
        "function where no sigma_Y,i is 0. Losses within 1e-12 (relative to h(S)) of the least count as the least."
    ),
)


def _derivation() -> Derivation:
    both = "limited by both"
    cost = s**2 + tau**2 - 2 * s * tau * rho
    slope = (1 - rho**2) / rho
    information = -sp.log(1 - k**2 * rho**2) / 2
    lagrangian_slope = 1 + a * sp.diff(cost, rho) * slope - b * sp.diff(information, rho) * slope
    omega, x = sp.Symbol("omega", real=True), sp.Symbol("x", positive=True)
    steps: list[Step] = [
        *rates_decide(),
        Identity(
            both,
            "the Lagrangian r + lambda (cost - D) + mu (h(S) - C - I) is stationary where lambda 2 sigma_X tau (1-rho^2)/rho + mu kappa^2 (1-rho^2)/(1-kappa^2 rho^2) = 1",
            lagrangian_slope,
            1 - a * 2 * s * tau * slope - b * k**2 * (1 - rho**2) / (1 - k**2 * rho**2),
        ),
        Identity("distortion-limited", "mu = 0: one slope for all components", lagrangian_slope.subs(b, 0), 1 - a * 2 * s * tau * slope),
        *most_told("classification-limited"),
        Identity(
            "classification-limited",
            "under water exp(-2 I_i) = (1 - kappa_i^2)(1 + exp(-omega))",
            1 - k**2 + k**2 * (1 - k**2) / k**2 * sp.exp(-omega),
            (1 - k**2) * (1 + sp.exp(-omega)),
        ),
        Identity("zero-rate", "independent components have D_ind and tell nothing", cost.subs(rho, 0), s**2 + tau**2),
        Sign("distortion too small", "a component's cost is at least (sigma_X - tau)^2", cost - (s - tau) ** 2, ((2, s, tau, 1 - rho),), given=(1 - rho,)),
        Identity("infinite rate", "the cost falls to (sigma_X - tau)^2 only as rho -> 1", cost - (s - tau) ** 2, 2 * s * tau * (1 - rho)),
        Sign(
            "infeasible",
            "a label learns less than -1/2 log(1 - kappa^2): (1 - kappa^2 rho^2) - (1 - kappa^2)",
            (1 - k**2 * rho**2) - (1 - k**2),
            ((k**2, 1 - rho**2),),
            given=(1 - rho**2,),
        ),
        Identity(
            "infinite rate",
            "what is missing of -1/2 log(1 - kappa^2) vanishes only as rho -> 1",
            1 - (1 - k**2) / (1 - k**2 * rho**2),
            k**2 * (1 - rho**2) / (1 - k**2 * rho**2),
        ),
        Sign(
            both,
            "neither budget alone decides: the rates between the two optima meet both, by convexity, so both are active at the least",
            (1 - x) * a + x * b,
            ((1 - x, a), (x, b)),
            given=(1 - x,),
        ),
    ]  # fmt: skip
    return Derivation(steps)


_EXAMPLE = {"sigma_X": (2.0, 1.0), "sigma_Y": (2.0, 1.0), "kappa": (0.1, 0.95)}
THEOREM = Theorem(
    name="rdc-gaussian-vector",
    title="Rate-distortion-classification function of parallel Gaussian components, squared error, given output law",
    problem=Problem(
        value="rate",
        source="gaussian",
        setting="asymptotic",
        distortion="squared error",
        constraints=("D", "C"),
        output="given",
        classification="h(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(D, 0.05, 10.0, {"C": 3.6, **_EXAMPLE}),
        Example(C, 2.5, 4.1, {"D": 4.0, **_EXAMPLE}),
    ),
    boundaries=(
        (C, C_min),
        (C, h_S),
        (C, C_D),
        (D, D_least),
        (D, D_ind),
        (D, D_C),
        (kappa, sp.S.Zero),
        (kappa, sp.S.One),
        (kappa, sp.Rational(1, 2)),
        (sigma_X, sp.S.Zero),
        (sigma_Y, sp.S.Zero),
        (sigma_Y, sigma_X),
    ),
)
