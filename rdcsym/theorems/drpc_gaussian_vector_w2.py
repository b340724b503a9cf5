"""drpc-gaussian-vector-w2: least squared error D(R, P, C) of parallel Gaussian components, output law free in a W2^2 ball.

As drc-gaussian-vector, but p_Y is free with W2^2(p_X, p_Y) <= P. Kind: tight, over all couplings. Source: rdcsym.

With the multiplier c >= 0 of the ball and t = c/(1+c) the output deviations are tau_i = sigma_X,i (t + (1-t) rho_i); a component then costs
sigma_X^2 (1-rho)(1 + t + (1-t) rho), convex in its rate, so every inner problem is the convex program of drc-gaussian-vector.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime, infeasible
from rdcsym.information_vector import ball_rates, ball_share, label_entropy, most_telling_rates, told, total
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import INF
from rdcsym.theorems._gaussian_vector import (
    ENTROPY,
    KAPPA,
    LOSS_MEANING,
    RATE,
    SIGMA_X,
    C,
    C_min,
    P,
    R,
    h_S,
    kappa,
    most_told,
    rates_decide,
    remainder,
    rho,
    s,
    sigma_X,
    tau,
)

u = UNIFORM
t = sp.Symbol("t", nonnegative=True)
r_0, r_t, r_S = sp.symbols("r_0 r_t r_S", nonnegative=True)
P_slack = sp.Symbol("P_slack", nonnegative=True)
WEIGHT = sigma_X**2
VARIANCE = total(WEIGHT)

BALL = Parameter(
    symbol=P,
    low=0,
    high=INF,
    unit="squared units",
    meaning="perception W2^2(p_X, p_Y)",
    draw=u**3 * VARIANCE,
    size=VARIANCE,
)
LOSS = Parameter(
    symbol=C,
    low=-INF,
    high=INF,
    unit="bits",
    meaning=LOSS_MEANING,
    draw=label_entropy(kappa) - sp.Rational(11, 10) * u * told(kappa, most_telling_rates(sigma_X, sigma_X, kappa, R)),
    size=label_entropy(kappa),
)


# t is one number for all components: sums are taken of what it multiplies.
_ERRORS = total(WEIGHT * 2 ** (-2 * r_t))  # sigma_X^2 (1 - rho^2)
_SHIFTS = total(WEIGHT * remainder(r_t) ** 2)

CERTIFIED = Form(
    value="D(R, P, C)",
    parameters=(SIGMA_X, KAPPA, RATE, BALL, LOSS),
    definitions=(
        ENTROPY,
        Definition(r_S, most_telling_rates(sigma_X, sigma_X, kappa, R)),
        Definition(C_min, h_S - told(kappa, r_S), "least classification loss"),
        Definition(r_0, ball_rates(sigma_X, kappa, R, h_S - C, 0)),
        Definition(P_slack, total(WEIGHT * remainder(r_0) ** 2), "W2^2 of the best reconstruction"),
        Definition(t, ball_share(sigma_X, kappa, R, h_S - C, P)),
        Definition(r_t, ball_rates(sigma_X, kappa, R, h_S - C, t)),
    ),
    regimes=(
        infeasible(C < C_min),
        Regime("perception-slack", P >= P_slack, total(WEIGHT * 2 ** (-2 * r_0))),
        # (sigma - tau)^2 + 2 sigma tau (1 - rho) with tau = sigma (t + (1-t) rho) is sigma^2 ((1 - rho^2) + t^2 (1 - rho)^2).
        Regime("perception-limited", sp.true, _ERRORS + t**2 * _SHIFTS),
    ),
    unit=VARIANCE,
    source="rdcsym: classification-aware reverse water-filling with a perception ball",
    remark=(
        "Tight over all couplings, Gaussian or not: W2^2(p_X, p_Y) is at least the sum of (sigma_X,i - tau_i)^2 (Gelbrich), with "
        "equality for Gaussians. Classification may be slack or active in either regime."
    ),
)

GELBRICH = Lemma(
    "",
    "W2^2(p_X, p_Y) >= sum of W2^2 of the components >= sum of (sigma_X,i - tau_i)^2, whatever the law of Y",
    "Gelbrich 1990; Cauchy and Schwarz",
)


STRONG = Lemma(
    "",
    "for each t the rates are unique (strictly convex) and continuous in t, so W2^2 falls continuously to 0 and some t meets P",
    "Rockafellar, Convex Analysis, Section 28 (no duality gap)",
)


def _derivation() -> Derivation:
    regime = "perception-limited"
    c = sp.Symbol("c", positive=True)
    share = c / (1 + c)
    lagrangian = s**2 + tau**2 - 2 * s * tau * rho + c * (s - tau) ** 2
    best = s * (rho + c) / (1 + c)
    x = sp.Symbol("t", positive=True)
    dual = s**2 * (1 - rho) * (1 + x + (1 - x) * rho)
    slope = (1 - rho**2) / rho
    gain_slope = 2 * (s**2 * x / rho + s**2 * (1 - x)) * (1 - rho**2)
    primal = s**2 + (s * (x + (1 - x) * rho)) ** 2 - 2 * s * (s * (x + (1 - x) * rho)) * rho
    steps: list[Step] = [
        *rates_decide(),
        GELBRICH,
        Identity(regime, "the best output deviation for the multiplier c", sp.diff(lagrangian, tau).subs(tau, best), 0),
        Identity(regime, "it is a minimum: the second derivative is", sp.diff(lagrangian, tau, 2), 2 * (1 + c)),
        Identity(regime, "in t = c/(1+c)", best, s * (share + (1 - share) * rho)),
        Identity(regime, "what is left of the Lagrangian", lagrangian.subs(tau, best), dual.subs(x, share)),
        Identity(regime, "its slope in the rate is minus that of the gain with alpha = t sigma^2, beta = (1-t) sigma^2", -sp.diff(dual, rho) * slope, gain_slope),
        Sign(
            regime,
            "it is convex in the rate (minus the derivative of the gain's slope)",
            -sp.diff(gain_slope, rho) * slope,
            ((2, s**2, x, 1 + rho**2, 1 - rho**2, rho**-3), (4, s**2, 1 - x, 1 - rho**2)),
            given=(1 - x, 1 - rho**2),
        ),
        Identity(regime, "primal: the cost at these deviations", primal, s**2 * (1 - rho**2) + x**2 * s**2 * (1 - rho) ** 2),
        Identity(regime, "primal: the distance at these deviations", (s - s * (x + (1 - x) * rho)) ** 2, s**2 * (1 - x) ** 2 * (1 - rho) ** 2),
        Identity(
            regime,
            "weak duality is tight: dual cost = primal cost + c (distance), c = t/(1-t)",
            dual,
            primal + x / (1 - x) * (s - s * (x + (1 - x) * rho)) ** 2,
        ),
        Identity(regime, "P = 0 is t = 1: the cost of the output law of X itself", dual.subs(x, 1), 2 * s**2 * (1 - rho)),
        STRONG,
        Identity("perception-slack", "t = 0: tau = sigma rho, cost sigma^2 exp(-2r)", primal.subs(x, 0), s**2 * (1 - rho**2)),
        *most_told("infeasible"),
    ]  # fmt: skip
    return Derivation(steps)


_EXAMPLE = {"sigma_X": (2.0, 1.0), "kappa": (0.1, 0.95)}
THEOREM = Theorem(
    name="drpc-gaussian-vector-w2",
    title="Distortion-rate-perception-classification function of parallel Gaussian components, W2^2 ball",
    problem=Problem(
        value="distortion",
        source="gaussian",
        setting="asymptotic",
        distortion="squared error",
        constraints=("R", "P", "C"),
        output="free",
        classification="h(S|Y)",
        perception="w2",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(C, 3.15, 4.1, {"R": 1.01, "P": 0.2, **_EXAMPLE}),
        Example(P, 0.0, 2.0, {"R": 1.01, "C": 3.6, **_EXAMPLE}),
    ),
    boundaries=(
        (C, C_min),
        (C, h_S),
        (C, h_S - told(kappa, r_0)),
        (P, P_slack),
        (P, sp.S.Zero),
        (P, sp.oo),
        (R, sp.S.Zero),
        (R, sp.oo),
        (kappa, sp.S.Zero),
        (kappa, sp.S.One),
        (sigma_X, sp.S.Zero),
        (sigma_X, sp.S.One),
    ),
)
