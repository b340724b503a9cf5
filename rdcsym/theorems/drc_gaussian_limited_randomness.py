"""drc-gaussian-limited-randomness: least squared error D(R, R_c, C) between Gaussian X and Y with given laws, common randomness R_c.

Problem: X ~ N(mu_X, sigma_X^2), Y ~ N(mu_Y, sigma_Y^2) given, S jointly Gaussian with X, S - X - U - Y. Minimise E (X-Y)^2 subject
to I(X;U) <= R, I(Y;U) <= R + R_c and h(S|Y) <= C. Source: Saldi, Linder, Yuksel 2015; Liu et al. 2022. Kind: tight where C is at
least the loss of the Gaussian code; below it only a lower bound, since a code that is not Gaussian may tell more of the label:
with R = 1 and R_c = 0 the sign of X, seen by both sides, makes I(X;Y) = 1 bit, where the Gaussian code has .596.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime, infeasible
from rdcsym.information import gaussian_information, label_information, log2, squared_correlation
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import (
    CONSTANT,
    CORRELATION,
    GIBBS,
    INF,
    LABEL,
    LABEL_DEFINITIONS,
    LEAST_LOSS,
    LOSS,
    MEAN_X,
    MEAN_Y,
    RATE,
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
    nu_S,
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

Rc, I_XY = sp.symbols("Rc I_XY", nonnegative=True)
C_G = sp.Symbol("C_G", real=True)
GAP = (mu_X - mu_Y) ** 2
RANDOMNESS = Parameter(
    symbol=Rc,
    low=0,
    high=INF,
    unit="bits",
    meaning="rate of the common randomness",
    draw=sp.Max(0, 6 * UNIFORM - 3) + 56 * UNIFORM**24,
)
VALUE = GAP + (sigma_X - sigma_Y) ** 2 + 2 * sigma_X * sigma_Y * rho_bar

CERTIFIED = Form(
    value="D(R, R_c, C)",
    parameters=(replace(RATE, meaning="rate I(X;U)"), RANDOMNESS, LOSS, MEAN_X, SIGMA_X, MEAN_Y, SIGMA_Y, *LABEL),
    definitions=(
        *LABEL_DEFINITIONS,
        Definition(
            rho, sp.sqrt(squared_correlation(R)) * sp.sqrt(squared_correlation(R + Rc)), "correlation of the Gaussian code"
        ),
        Definition(rho_bar, (2 ** (-2 * R) + squared_correlation(R) * 2 ** (-2 * (R + Rc))) / (1 + rho), "= 1 - rho"),
        Definition(
            I_XY,
            sp.Piecewise(
                (gaussian_information(rho**2), rho < sp.Rational(1, 2)),
                (R - log2(1 + 2 ** (-2 * Rc) * squared_correlation(R)) / 2, True),
            ),
            "I(X;Y) of the Gaussian code",
        ),
        Definition(C_min, sp.Piecewise((LEAST_LOSS, sigma_Y > 0), (h_S, True)), "least loss with unlimited common randomness"),
        Definition(
            C_G,
            sp.Piecewise((h_S - label_information(rho_S2, nu_S, I_XY), sigma_Y > 0), (h_S, True)),
            "loss of the Gaussian code",
        ),
    ),
    regimes=(
        infeasible(C < C_min),
        Regime("rate-limited", C >= C_G, VALUE),
        Regime("below the Gaussian code's loss", sp.true, VALUE, kind="lower"),
    ),
    requirements=(CORRELATION,),
    unit=GAP + sigma_X**2 + sigma_Y**2,
    source=(
        "Saldi, Linder, Yuksel, Output constrained lossy source coding with limited common randomness, 2015; Liu et al., "
        "Cross-domain lossy compression as entropy constrained optimal transport, 2022; the classification constraint added here"
    ),
    remark=(
        "Where the classification budget lies between what unlimited common randomness allows and the loss of the Gaussian code, the "
        "value is only a lower bound, and whether any code meets the budget is left open: a Gaussian U need not tell most of the "
        "label. At R = 1, R_c = 0 the sign of X, seen by both sides, gives I(X;Y) = 1 bit, the Gaussian code .596. With unlimited "
        "common randomness there is no such regime."
    ),
)


def _derivation() -> Derivation:
    """E XY by Cauchy and Schwarz from what U tells about each side, which Shannon's dual bounds; a Gaussian U attains both."""
    tight, lower = "rate-limited", "below the Gaussian code's loss"
    a, b, k, p, q = sp.symbols("a b k rho_XU rho_UY", positive=True)
    free = {sy: sx * r}
    shannon = (curvature(sx) * sx**2 + CONSTANT - temperature * rate_nats).subs(free)
    value = sx**2 + sy**2 - 2 * sx * sy * p * q
    cross = (k * (sx * p) ** 2 + (sy * q) ** 2 / k) / 2
    rate, common = sp.symbols("R R_c", positive=True)
    bound: list[Step] = []
    for regime in (tight, lower):
        bound += [
            Sign(
                regime,
                "Cauchy and Schwarz by a multiplier k: 2ab <= k a^2 + b^2/k for a = E[X|U], b = E[Y|U] about their means",
                k * a**2 + b**2 / k - 2 * a * b,
                (((a * sp.sqrt(k) - b / sp.sqrt(k)) ** 2,),),
            ),
            Identity(
                regime,
                "so E XY <= (k Var E[X|U] + Var E[Y|U]/k)/2, at the largest variances and the best k: the value",
                sx**2 + sy**2 - 2 * cross.subs(k, sy * q / (sx * p)),
                value,
            ),
        ]
    steps: list[Step] = [
        GIBBS,
        Lemma(
            "",
            "the least E (X-Y)^2 of a code of rate R with common randomness of rate R_c is that over X - U - Y with I(X;U) <= R and I(Y;U) <= R + R_c",
            "Saldi, Linder, Yuksel 2015",
        ),
        Lemma("", "given U, X and Y are independent: E XY = E[E[X|U] E[Y|U]]", "definition of a Markov chain, tower property"),
        gaussian_integral(),
        *partition_at_y(""),
        Identity("", "Shannon: the output potential vanishes, so the bound holds for E[X|U] whatever its law", curvature(sy).subs(free), 0),
        Identity("", "Shannon: E Var(X|U) >= sigma_X^2 (1 - rho_XU^2) at rate -1/2 log(1 - rho_XU^2)", shannon, sx**2 * (1 - r**2)),
        Identity("", "so Var E[X|U] <= sigma_X^2 rho_XU^2; the same holds for Y", sx**2 - shannon, (sx * r) ** 2),
        *bound,
        *test_channel(tight),
        Identity(
            tight,
            "a Gaussian U: Y = a_Y U + noise and X = a_X U + noise have correlation rho_XU rho_UY",
            (p * sx) * (q * sy) / (sx * sy),
            p * q,
        ),
        Identity(
            tight,
            "1 - rho^2 = (1 - rho_XU^2) + (1 - rho_UY^2) rho_XU^2, without cancellation",
            (1 - p**2) + (1 - q**2) * p**2,
            1 - (p * q) ** 2,
        ),
        Identity(
            tight,
            "I(X;Y) of the Gaussian code is R - 1/2 log(1 + exp(-2 R_c)(1 - exp(-2R))) nats",
            sp.exp(-2 * rate) * (1 + sp.exp(-2 * common) * (1 - sp.exp(-2 * rate))),
            1 - (1 - sp.exp(-2 * rate)) * (1 - sp.exp(-2 * (rate + common))),
        ),
        Identity(tight, "R = 0: U tells nothing of X, so E XY = 0", value.subs(p, 0), sx**2 + sy**2),
        Identity(tight, "R = inf: |E XY| <= sigma_X sigma_Y, attained where Y is a multiple of X", value.subs({p: 1, q: 1}), (sx - sy) ** 2),
        Lemma(
            "infeasible",
            "I(X;Y) <= I(X;U) <= R, so unlimited common randomness allows no less loss than a code of rate R",
            "data processing; Cover and Thomas, Theorem 2.8.1",
        ),
        *label_bound(),
    ]  # fmt: skip
    return Derivation(steps)


_LABEL = {"sigma_X": 1.0, "sigma_Y": 1.5, "sigma_S": 1.0, "theta": 0.8}
THEOREM = Theorem(
    name="drc-gaussian-limited-randomness",
    title="Distortion-rate-classification function of a scalar Gaussian source with limited common randomness, given output law",
    problem=Problem(
        value="distortion",
        source="gaussian",
        setting="asymptotic",
        distortion="squared error",
        constraints=("R", "Rc", "C"),
        output="given",
        classification="h(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(R, 0.0, 3.0, {"Rc": 0.25, "C": 2.0, **_LABEL}),
        Example(R, 0.0, 3.0, {"Rc": INF, "C": 2.0, **_LABEL}),
        Example(Rc, 0.0, 3.0, {"R": 0.75, "C": 2.0, **_LABEL}),
    ),
    boundaries=(
        (C, C_min),
        (C, C_G),
        (C, h_S),
        (R, sp.S.Zero),
        (R, sp.oo),
        (Rc, sp.S.Zero),
        (Rc, sp.oo),
        (theta, sp.S.Zero),
        (theta, sigma_S * sigma_X),
        (sigma_Y, sp.S.Zero),
        (sigma_Y, sigma_X),
        (sigma_S, sp.Abs(theta) / sigma_X),
        (mu_Y, mu_X),
    ),
)
