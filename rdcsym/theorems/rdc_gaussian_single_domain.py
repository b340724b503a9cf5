"""rdc-gaussian-single-domain: least rate R(D, C) of a Gaussian source with a Gaussian label, the output law free.

Problem: X ~ N(mu_X, sigma_X^2), S jointly Gaussian with X, S - X - Y; minimise I(X;Y) subject to E (X-Y)^2 <= D and h(S|Y) <= C.
Kind: tight. Source: Zhang 2023; Wang et al. 2025. The larger of Shannon's rate and of the label's rate decides.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.information import label_information, label_rate, log2
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import (
    CONSTANT,
    CORRELATION,
    GIBBS,
    LABEL,
    LABEL_DEFINITIONS,
    LEAST_LOSS_AT_ANY_RATE,
    LOSS,
    MEAN_X,
    SIGMA_X,
    C,
    C_min,
    D,
    curvature,
    gaussian_integral,
    h_S,
    label_bound,
    nu_S,
    partition_at_y,
    r,
    rate_nats,
    rho_S2,
    sigma_S,
    sigma_X,
    sx,
    sy,
    temperature,
    test_channel,
    theta,
)
from rdcsym.theorems._rdp_gaussian import DISTORTION

R_D, R_C = sp.symbols("R_D R_C", nonnegative=True)

CERTIFIED = Form(
    value="R(D, C)",
    parameters=(DISTORTION, LOSS, MEAN_X, SIGMA_X, *LABEL),
    definitions=(
        *LABEL_DEFINITIONS,
        Definition(C_min, LEAST_LOSS_AT_ANY_RATE, "least classification loss at any rate"),
        Definition(
            R_D,
            sp.Piecewise(
                (sp.Integer(0), sp.sqrt(D) >= sigma_X),
                (sp.oo, D <= 0),
                (log2(sigma_X) - log2(D) / 2, True),
            ),
            "Shannon's rate",
        ),
        Definition(
            R_C,
            sp.Piecewise(
                (sp.Integer(0), (h_S <= C) | (rho_S2 <= 0)),
                (label_rate(rho_S2, nu_S, h_S - C), True),
            ),
            "the label's rate",
        ),
    ),
    regimes=(
        infeasible(C < C_min),
        Regime("distortion-limited", R_D >= R_C, R_D),
        Regime("classification-limited", sp.true, R_C),
    ),
    requirements=(CORRELATION,),
    source=(
        "Zhang, A rate-distortion-classification approach for lossy image compression, 2023; Wang et al. 2025 (single-domain "
        "rate-distortion-classification); derived here"
    ),
)


def _derivation() -> Derivation:
    """Shannon's dual for the distortion, the entropy power inequality for the label, one channel that meets both."""
    distorted, classified = "distortion-limited", "classification-limited"
    free = {sy: sx * r}  # the output deviation at which the output potential vanishes
    bound = (curvature(sx) * sx**2 + CONSTANT).subs(free)
    distortion = sx**2 * (1 - r**2)
    gap, rs, more = sp.symbols("Delta rho_S kappa", positive=True)
    steps: list[Step] = [
        GIBBS,
        gaussian_integral(),
        *partition_at_y(distorted),
        Identity(distorted, "the output potential vanishes: the bound holds for every output law", curvature(sy).subs(free), 0),
        Identity(distorted, "dual bound: I >= (E f - D)/eps", (bound - distortion) / temperature.subs(free), rate_nats),
        Identity(distorted, "the rate in D", rate_nats, sp.expand_log(sp.log(sx) - sp.log(distortion) / 2, force=True)),
        Identity(distorted, "D = 0: the bound grows without end as D -> 0 (its inverse vanishes)", sp.limit(1 / rate_nats, r, 1, "-"), 0),
        *test_channel(""),
        Identity(distorted, "primal: the Gaussian channel with sigma_Y = sigma_X rho", (sx**2 + sy**2 - 2 * r * sx * sy).subs(free), distortion),
        *label_bound(),
        Identity(
            classified,
            "h(S) - C = Delta nats is met with equality at rho_C^2 = (1 - exp(-2 Delta))/rho_S^2",
            -sp.log(1 - rs**2 * ((1 - sp.exp(-2 * gap)) / rs**2)) / 2,
            gap,
        ),
        Identity(
            classified,
            "the label's rate from the entropy power inequality: exp(-2 Delta) = 1 - rho_S^2 + rho_S^2 exp(-2R)",
            (1 - rs**2 + rs**2 * sp.exp(-2 * more)).subs(more, -sp.log(1 - (1 - sp.exp(-2 * gap)) / rs**2) / 2),
            sp.exp(-2 * gap),
        ),
        Sign(
            classified,
            "a correlation kappa >= rho has no more distortion, with sigma_Y = sigma_X kappa: both budgets hold at the larger rate",
            distortion - sx**2 * (1 - more**2),
            ((sx**2, more - r, more + r),),
            given=(more - r,),
        ),
        Identity(distorted, "no rate: Y = mu_X has D = sigma_X^2", distortion.subs(r, 0), sx**2),
    ]  # fmt: skip
    return Derivation(steps)


THEOREM = Theorem(
    name="rdc-gaussian-single-domain",
    title="Rate-distortion-classification function of a scalar Gaussian source, squared error, free output law",
    problem=Problem(
        value="rate",
        source="gaussian",
        setting="asymptotic",
        distortion="squared error",
        constraints=("D", "C"),
        output="free",
        classification="h(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(D, 0.02, 1.2, {"C": 1.75, "sigma_X": 1.0, "sigma_S": 1.0, "theta": 0.8}),
        Example(C, 1.35, 2.2, {"D": 0.7, "sigma_X": 1.0, "sigma_S": 1.0, "theta": 0.8}),
    ),
    boundaries=(
        (C, C_min),
        (C, h_S),
        (C, h_S - label_information(rho_S2, nu_S, R_D)),
        (D, sp.S.Zero),
        (D, sigma_X**2),
        (theta, sp.S.Zero),
        (theta, sigma_S * sigma_X),
        (theta, -sigma_S * sigma_X),
        (sigma_S, sp.Abs(theta) / sigma_X),
    ),
)
