"""drc-gaussian: least squared error D(R, C) between Gaussian X and Y with given laws, asymptotic, with a Gaussian label.

Problem: X ~ N(mu_X, sigma_X^2), Y ~ N(mu_Y, sigma_Y^2) given, S jointly Gaussian with X, S - X - Y. Minimise E (X-Y)^2 subject
to I(X;Y) <= R and h(S|Y) <= C. Kind: tight. Published: Nguyen, Nguyen, Bose, ICLR 2026, Theorem 4, wrong in two of three regimes.
In one dimension the classification constraint can only forbid: it never trades with distortion.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import Definition, Form, Regime, Requirement, infeasible
from rdcsym.information import gaussian_entropy, squared_correlation
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import (
    CONSTANT,
    CORRELATION,
    GIBBS,
    LABEL,
    LABEL_DEFINITIONS,
    LEAST_LOSS,
    LEAST_LOSS_AT_ANY_RATE,
    LOSS,
    MEAN_X,
    MEAN_Y,
    NON_TRIVIAL,
    RATE,
    RATE_DEFINITIONS,
    SIGMA_X,
    SIGMA_Y,
    C,
    C_min,
    R,
    curvature,
    gaussian_integral,
    h_S,
    label_bound,
    mu_X,
    mu_Y,
    partition_at_y,
    r,
    rate_nats,
    rho,
    rho_bar,
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

PARAMETERS = (RATE, LOSS, MEAN_X, SIGMA_X, MEAN_Y, SIGMA_Y, *LABEL)
GAP = (mu_X - mu_Y) ** 2

CERTIFIED = Form(
    value="D(R, C)",
    parameters=PARAMETERS,
    definitions=(
        *LABEL_DEFINITIONS,
        *RATE_DEFINITIONS,
        Definition(C_min, sp.Piecewise((LEAST_LOSS, sigma_Y > 0), (h_S, True)), "least classification loss"),
    ),
    regimes=(
        infeasible(C < C_min),
        Regime("rate-limited", sp.true, GAP + (sigma_X - sigma_Y) ** 2 + 2 * sigma_X * sigma_Y * rho_bar),
    ),
    requirements=(CORRELATION,),
    unit=GAP + sigma_X**2 + sigma_Y**2,
    source="corrected here; first regime of Theorem 4 of Nguyen, Nguyen, Bose, ICLR 2026",
)

_rho_C, _h_X = sp.symbols("rho_C h_X", real=True)
PUBLISHED = Form(
    value="D(R, C)",
    parameters=PARAMETERS,
    definitions=(
        *LABEL_DEFINITIONS,
        *RATE_DEFINITIONS[:1],
        Definition(_h_X, gaussian_entropy(sigma_X)),
        Definition(C_min, LEAST_LOSS),
        Definition(_rho_C, sp.sqrt(sp.Max(0, squared_correlation(h_S - C) / rho_S2))),
    ),
    regimes=(
        Regime("perfect", (C > h_S) & (R > _h_X), sp.Integer(0)),
        Regime("rate-limited", C > C_min, GAP + sigma_X**2 + sigma_Y**2 - 2 * sigma_X * sigma_Y * rho),
        Regime(
            "classification-limited",
            C >= LEAST_LOSS_AT_ANY_RATE,
            GAP + sigma_X**2 + sigma_Y**2 - 2 * sigma_X * sigma_Y * _rho_C,
        ),
        Regime("below h(S|X): not stated, read as infeasible", sp.true, sp.oo),
    ),
    unit=GAP + sigma_X**2 + sigma_Y**2,
    requirements=(
        CORRELATION,
        *NON_TRIVIAL,
        Requirement("sigma_Y", sigma_Y > 0, "is outside the published domain", "the published form is stated for sigma_Y > 0"),
    ),
    source="Nguyen, Nguyen, Bose, ICLR 2026, Theorem 4 (as published, with C and R put into one unit)",
    remark=(
        "Kept as published, but for the mix of bits and nats. Its classification regime uses a correlation above what the rate "
        "allows; its regime D = 0 compares a rate with a differential entropy, which can be negative, and the distortion is never 0 "
        "when the laws differ."
    ),
)


def _derivation() -> Derivation:
    """Quadratic potentials and a temperature for 0 < R < inf, the plain transport potentials at R = inf, independence at R = 0."""
    regime = "rate-limited"
    value = sx**2 + sy**2 - 2 * sx * sy * r
    bound = curvature(sx) * sx**2 + curvature(sy) * sy**2 + CONSTANT - temperature * rate_nats
    m = sp.Symbol("m", real=True)
    a, b = sp.symbols("x y", real=True)
    slack = (a - b) ** 2 - (1 - sy / sx) * a**2 - (1 - sx / sy) * b**2
    steps: list[Step] = [
        GIBBS,
        gaussian_integral(),
        Identity(
            "",
            "the means separate: the cross term is linear in X - Y, of mean 0",
            (a + m - b) ** 2,
            (a - b) ** 2 + 2 * m * (a - b) + m**2,
        ),
        *partition_at_y(regime),
        Identity(regime, "the dual bound equals the value", bound, value),
        *test_channel(regime),
        Identity(regime, "R = 0: independent X and Y", value.subs(r, 0), sx**2 + sy**2),
        Sign(
            regime,
            "R = inf: the potentials (1 - sigma_Y/sigma_X) x^2 and (1 - sigma_X/sigma_Y) y^2 stay below the cost",
            slack,
            (((a * sp.sqrt(sy / sx) - b * sp.sqrt(sx / sy)) ** 2,),),
        ),
        Identity(
            regime,
            "R = inf: their bound equals the value",
            (1 - sy / sx) * sx**2 + (1 - sx / sy) * sy**2,
            value.subs(r, 1),
        ),
        *label_bound(),
    ]
    return Derivation(steps)


THEOREM = Theorem(
    name="drc-gaussian",
    title="Distortion-rate-classification function of a scalar Gaussian source, squared error, given output law",
    problem=Problem(
        value="distortion",
        source="gaussian",
        setting="asymptotic",
        distortion="squared error",
        constraints=("R", "C"),
        output="given",
        classification="h(S|Y)",
    ),
    certified=CERTIFIED,
    published=PUBLISHED,
    derivation=_derivation(),
    examples=(
        Example(R, 0.0, 3.0, {"C": 1.75, "sigma_X": 1.0, "sigma_Y": 1.5, "sigma_S": 1.0, "theta": 0.8}),
        Example(C, 1.2, 2.2, {"R": 1.0, "sigma_X": 1.0, "sigma_Y": 1.5, "sigma_S": 1.0, "theta": 0.8}),
    ),
    boundaries=(
        (C, C_min),
        (C, h_S),
        (C, LEAST_LOSS_AT_ANY_RATE),
        (R, sp.S.Zero),
        (R, sp.oo),
        (theta, sp.S.Zero),
        (theta, sigma_S * sigma_X),
        (theta, -sigma_S * sigma_X),
        (sigma_Y, sp.S.Zero),
        (sigma_Y, sigma_X),
        (sigma_S, sp.Abs(theta) / sigma_X),
        (mu_Y, mu_X),
    ),
)
