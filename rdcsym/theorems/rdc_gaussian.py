"""rdc-gaussian: least rate R(D, C) between Gaussian X and Y with given laws, asymptotic, with a Gaussian label.

Problem: as in drc-gaussian; minimise I(X;Y) subject to E (X-Y)^2 <= D and h(S|Y) <= C. Kind: tight. Source: the dual of Theorem 4
of Nguyen, Nguyen, Bose, ICLR 2026. Both budgets ask for a correlation; the larger one decides.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime, infeasible
from rdcsym.information import gaussian_information, label_information, label_rate, log2
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import (
    CONSTANT,
    CORRELATION,
    GIBBS,
    INF,
    LABEL,
    LABEL_DEFINITIONS,
    LEAST_LOSS_AT_ANY_RATE,
    LOSS,
    MEAN_X,
    MEAN_Y,
    SIGMA_X,
    SIGMA_Y,
    C,
    C_min,
    D,
    curvature,
    gaussian_integral,
    h_S,
    label_bound,
    mu_X,
    mu_Y,
    nu_S,
    partition_at_y,
    r,
    rate_nats,
    rho_S2,
    sigma_S,
    sigma_X,
    sigma_Y,
    sx,
    sy,
    temperature,
    test_channel,
    theta,
)

D_least, D_ind, R_D, R_C = sp.symbols("D_least D_ind R_D R_C", nonnegative=True)
v = sp.Symbol("v", nonnegative=True)
GAP = (mu_X - mu_Y) ** 2
DISTORTION = Parameter(
    symbol=D,
    size=GAP + sigma_X**2 + sigma_Y**2,
    low=0,
    high=INF,
    unit="squared units",
    meaning="E (X-Y)^2",
    draw=sp.Max(0, GAP + (sigma_X - sigma_Y) ** 2 + (sp.Rational(12, 5) * UNIFORM - sp.Rational(1, 5)) * sigma_X * sigma_Y),
)

CERTIFIED = Form(
    value="R(D, C)",
    parameters=(DISTORTION, LOSS, MEAN_X, SIGMA_X, MEAN_Y, SIGMA_Y, *LABEL),
    definitions=(
        *LABEL_DEFINITIONS,
        Definition(D_least, GAP + (sigma_X - sigma_Y) ** 2),
        Definition(D_ind, GAP + sigma_X**2 + sigma_Y**2),
        Definition(
            C_min,
            sp.Piecewise((LEAST_LOSS_AT_ANY_RATE, sigma_Y > 0), (h_S, True)),
            "least classification loss at any rate",
        ),
        Definition(
            v,
            sp.Piecewise((sp.Min(1, sp.Max(0, D - D_least) / (2 * sigma_X * sigma_Y)), sigma_X * sigma_Y > 0), (1, True)),
            "1 - correlation that D needs",
        ),
        Definition(
            R_D,
            sp.Piecewise(
                (sp.Integer(0), v >= 1),
                (sp.oo, v <= 0),
                (-log2(v * (2 - v)) / 2, v < sp.Rational(1, 2)),
                (gaussian_information(sp.Min(sp.Rational(1, 4), ((D_ind - D) / (2 * sigma_X * sigma_Y)) ** 2)), True),
            ),
        ),
        Definition(
            R_C,
            sp.Piecewise(
                (sp.Integer(0), (h_S <= C) | (rho_S2 <= 0) | (sigma_Y <= 0)),
                (label_rate(rho_S2, nu_S, h_S - C), True),
            ),
        ),
    ),
    regimes=(
        infeasible(C < C_min),
        infeasible(D < D_least, "distortion too small", unit=D_ind),
        Regime("distortion-limited", R_D >= R_C, R_D),
        Regime("classification-limited", sp.true, R_C),
    ),
    requirements=(CORRELATION,),
    source="corrected here; dual of Theorem 4 of Nguyen, Nguyen, Bose, ICLR 2026",
)


def _derivation() -> Derivation:
    """The potentials of drc-gaussian at the correlation that D needs; the entropy power inequality at the one that C needs."""
    regime = "distortion-limited"
    value = sx**2 + sy**2 - 2 * sx * sy * r
    mean_potentials = curvature(sx) * sx**2 + curvature(sy) * sy**2 + CONSTANT
    gap, rs = sp.symbols("Delta rho_S", positive=True)
    steps: list[Step] = [
        GIBBS,
        gaussian_integral(),
        *partition_at_y(regime),
        Identity(regime, "dual bound: I >= (E f + E g - D)/eps", (mean_potentials - value) / temperature, rate_nats),
        *test_channel(regime),
        Identity(regime, "1 - rho solves D = D_least + 2 sigma_X sigma_Y (1 - rho)", value, (sx - sy) ** 2 + 2 * sx * sy * (1 - r)),
        Identity(regime, "the rate in v = 1 - rho", (1 - r) * (2 - (1 - r)), 1 - r**2),
        *label_bound(),
        Identity(
            "classification-limited",
            "h(S) - C = Delta nats is met with equality at rho_C^2 = (1 - exp(-2 Delta))/rho_S^2",
            -sp.log(1 - rs**2 * ((1 - sp.exp(-2 * gap)) / rs**2)) / 2,
            gap,
        ),
        Sign(
            "classification-limited",
            "more correlation lowers the distortion: both budgets hold at the larger of the two",
            2 * sx * sy * (1 - 0) - 2 * sx * sy * (1 - r),
            ((2, sx, sy, r),),
        ),
        Identity(regime, "no rate: independent X and Y have D = D_ind", value.subs(r, 0), sx**2 + sy**2),
        Sign("distortion too small", "E (X-Y)^2 >= (sigma_X - sigma_Y)^2: |rho| <= 1", value - (sx - sy) ** 2, ((2, sx, sy, 1 - r),), given=(1 - r,)),
    ]  # fmt: skip
    return Derivation(steps)


THEOREM = Theorem(
    name="rdc-gaussian",
    title="Rate-distortion-classification function of a scalar Gaussian source, squared error, given output law",
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
        Example(D, 0.2, 3.6, {"C": 1.75, "sigma_X": 1.0, "sigma_Y": 1.5, "sigma_S": 1.0, "theta": 0.8}),
        Example(C, 1.2, 2.2, {"D": 1.5, "sigma_X": 1.0, "sigma_Y": 1.5, "sigma_S": 1.0, "theta": 0.8}),
    ),
    boundaries=(
        (C, C_min),
        (C, h_S),
        (C, h_S - label_information(rho_S2, nu_S, R_D)),
        (D, D_least),
        (D, D_ind),
        (theta, sp.S.Zero),
        (theta, sigma_S * sigma_X),
        (sigma_Y, sp.S.Zero),
        (sigma_Y, sigma_X),
        (mu_Y, mu_X),
    ),
)
