"""drc-gaussian-vector: least squared error D(R, C) of parallel Gaussian components with a label each, output law given.

Problem: X_i ~ N(., sigma_X,i^2) independent, Y_i ~ N(., sigma_Y,i^2) given (equal means), labels S_i of unit variance with
correlation kappa_i with X_i. Minimise E ||X - Y||^2 subject to I(X;Y) <= R and sum of h(S_i|Y_i) <= C, all in bits.
Kind: tight, over all couplings; single-letter and asymptotic agree. Source: rdcsym; in no paper to our knowledge.

Here classification trades with distortion: rate moves from the components that matter to the eye to those that matter to the
classifier. "Classification-aware reverse water-filling": with multipliers lambda, mu >= 0 of the two budgets, component i has the
correlation rho_i that solves 2 sigma_X sigma_Y = lambda rho/(1 - rho^2) - mu kappa^2 rho/(1 - kappa^2 rho^2).
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.information_vector import best_rates, best_telling_rates, most_telling_rates, told
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian_vector import (
    ENTROPY,
    KAPPA,
    LEAST_AT_ANY_RATE,
    LOSS,
    NATURAL,
    RATE,
    SIGMA_X,
    SIGMA_Y,
    C,
    C_min,
    C_slack,
    R,
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

r_R, r_RC, r_S = sp.symbols("r_R r_RC r_S", nonnegative=True)


CERTIFIED = Form(
    value="D(R, C)",
    parameters=(SIGMA_X, SIGMA_Y, KAPPA, RATE, LOSS),
    definitions=(
        ENTROPY,
        Definition(r_S, most_telling_rates(sigma_X, sigma_Y, kappa, R)),
        Definition(C_min, h_S - told(kappa, r_S), "least classification loss"),
        Definition(r_R, best_rates(sigma_X, sigma_Y, R)),
        Definition(C_slack, h_S - told(kappa, r_R), "loss of the best rates: above it classification costs nothing"),
        Definition(r_RC, best_telling_rates(sigma_X, sigma_Y, kappa, R, h_S - C)),
    ),
    regimes=(
        infeasible(C < C_min),
        Regime("rate-limited", C >= C_slack, distortion(r_R)),
        Regime("classification-limited", sp.true, distortion(r_RC)),
    ),
    unit=NATURAL,
    source="rdcsym: classification-aware reverse water-filling",
    remark=(
        "Tight over all couplings, Gaussian or not, and convex in (R, C), so the single-letter and the asymptotic function agree. "
        "The joint loss h(S|Y) in place of the sum gives the same function where no sigma_Y,i is 0 (a constant Y_i cannot tell its own "
        "label, but other components of Y could carry it). The convexity is in the rates of the components; in their correlations "
        "the constraint set is not convex. That the asymptotic function is attained for a given output law is a coding theorem "
        "with unlimited common randomness, cited."
    ),
)


def _derivation() -> Derivation:
    regime = "classification-limited"
    cost = s**2 + tau**2 - 2 * s * tau * rho
    slope = (1 - rho**2) / rho
    lagrangian_slope = sp.diff(cost, rho) * slope + a + b * sp.diff(sp.log(1 - k**2 * rho**2) / 2, rho) * slope
    stationary = a * rho / (1 - rho**2) - b * k**2 * rho / (1 - k**2 * rho**2)
    steps: list[Step] = [
        *rates_decide(),
        Identity("", "cost of a component: (sigma_X - tau)^2 + 2 sigma_X tau (1 - rho)", cost, (s - tau) ** 2 + 2 * s * tau * (1 - rho)),
        Identity(
            regime,
            "the Lagrangian of a component is stationary in its rate where 2 sigma_X tau = lambda rho/(1-rho^2) - mu kappa^2 rho/(1-kappa^2 rho^2)",
            lagrangian_slope,
            slope * (stationary - 2 * s * tau),
        ),
        Identity(
            "rate-limited",
            "mu = 0: 2 sigma_X tau (1 - rho^2) = lambda rho has the root",
            (2 * s * tau * (1 - rho**2) - a * rho).subs(rho, 4 * s * tau / (a + sp.sqrt(a**2 + 16 * s**2 * tau**2))),
            0,
        ),
        Sign(
            "rate-limited",
            "more rate lowers a component's cost, so the whole rate is spent (minus the slope in the rate)",
            2 * s * tau * slope,
            ((2, s, tau, 1 - rho**2, 1 / rho),),
            given=(1 - rho**2,),
        ),
        *most_told("infeasible"),
        Identity("", "rate 0: independent components", cost.subs(rho, 0), s**2 + tau**2),
        Identity("", "infinite rate: rho = 1", cost.subs(rho, 1), (s - tau) ** 2),
    ]  # fmt: skip
    return Derivation(steps)


_EXAMPLE = {"sigma_X": (2.0, 1.0), "sigma_Y": (2.0, 1.0), "kappa": (0.1, 0.95)}
THEOREM = Theorem(
    name="drc-gaussian-vector",
    title="Distortion-rate-classification function of parallel Gaussian components, squared error, given output law",
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
    derivation=_derivation(),
    examples=(
        Example(C, 3.15, 4.1, {"R": 1.01, **_EXAMPLE}),
        Example(R, 0.0, 4.0, {"C": 3.6, **_EXAMPLE}),
    ),
    boundaries=(
        (C, C_min),
        (C, C_slack),
        (C, h_S),
        (C, LEAST_AT_ANY_RATE),
        (R, sp.S.Zero),
        (R, sp.oo),
        (kappa, sp.S.Zero),
        (kappa, sp.S.One),
        (kappa, sp.Rational(1, 2)),
        (sigma_X, sp.S.Zero),
        (sigma_Y, sp.S.Zero),
        (sigma_Y, sigma_X),
    ),
)
