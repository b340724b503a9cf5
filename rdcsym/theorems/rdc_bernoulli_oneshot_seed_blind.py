"""rdc-bernoulli-oneshot-seed-blind: R(D, C) of the one-shot Bernoulli problem when the classifier does not see the seed.

Problem: as in rdc-bernoulli-oneshot with classification loss H(S|Y). Kind: tight. Source: here. Rate is proportional to
|Cov(X, Y)|, so the answer is the feasible covariance nearest to 0: of the positive side, or of the negative side where the
distortion budget allows that.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.problem import Problem
from rdcsym.proof import Derivation
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import (
    DISTORTION,
    DRAW_PARAMETERS,
    LOSS,
    REDUCTION,
    C,
    D,
    D_ind,
    b,
    h,
    kappa,
    p,
    q,
    q_S1,
    q_X,
    q_Y,
)
from rdcsym.theorems._seed_blind import COVARIANCE_RANGE, blind_steps, equivocation, kappa_F, side_steps, x

SPREAD = q * (1 - q)
H_plus, H_minus, x_plus, x_minus = sp.symbols("H_plus H_minus x_plus x_minus", nonnegative=True)
delta_D = sp.Symbol("delta_D", real=True)
root_plus, root_minus, slope = sp.symbols("r_plus r_minus h_delta", nonnegative=True)

CERTIFIED = Form(
    value="R(D, C)",
    parameters=(DISTORTION, LOSS, *DRAW_PARAMETERS),
    definitions=(
        *REDUCTION,
        *COVARIANCE_RANGE,
        Definition(D_ind, q + p - 2 * q * p),
        Definition(delta_D, SPREAD * kappa - (D - sp.Abs(p - q)) / 2, "least covariance for the distortion"),
        Definition(H_plus, equivocation(SPREAD * kappa), "loss at the largest covariance"),
        Definition(H_minus, equivocation(-SPREAD * kappa_F), "loss at the least covariance"),
        Definition(root_plus, Root(x, equivocation(x) - C, sp.S.Zero, SPREAD * kappa)),
        Definition(root_minus, Root(x, equivocation(-x) - C, sp.S.Zero, SPREAD * kappa_F)),
        Definition(x_plus, sp.Piecewise((sp.Max(0, delta_D), b <= C), (sp.Max(root_plus, delta_D), True))),
        Definition(x_minus, sp.Piecewise((sp.Integer(0), b <= C), (root_minus, True))),
        Definition(slope, sp.Piecewise((h / SPREAD, q > 0), (sp.Integer(0), True)), "rate per covariance"),
    ),
    regimes=(
        infeasible(C < sp.Min(H_plus, H_minus)),
        infeasible((D < sp.Abs(p - q)) | ((C < H_plus) & (D < D_ind + 2 * x_minus)), "distortion too small", unit=D_ind),
        Regime(
            "correlated",
            (D < D_ind + 2 * x_minus) | (C < H_minus),
            slope * sp.Min(x_plus, SPREAD * kappa),
            sudden=True,
            unit=D_ind,
        ),
        Regime("anticorrelated", C < H_plus, slope * x_minus, sudden=True),
        Regime("either side", sp.true, slope * sp.Min(x_plus, x_minus)),
    ),
    source="corrected here; the constraint H(S|Y) <= C of the paper's one-shot definition",
)

_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="rdc-bernoulli-oneshot-seed-blind",
    title="Rate-distortion-classification function of a Bernoulli source, one-shot, the classifier does not see the seed",
    problem=Problem(
        value="rate",
        source="bernoulli",
        setting="oneshot",
        distortion="Hamming",
        constraints=("D", "C"),
        output="given",
        classification="H(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=Derivation([*blind_steps(), *side_steps("rate")]),
    examples=(
        Example(D, 0.1, 1.0, {"C": 0.8, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
        Example(C, 0.2, 1.0, {"D": 0.9, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
    ),
    boundaries=(
        (C, H_plus),
        (C, H_minus),
        (C, b),
        (D, sp.Abs(p - q)),
        (D, D_ind),
        (D, D_ind + 2 * x_minus),
        (q_Y, q_X),
        (q_Y, 1 - q_X),
        *((s, value) for s in (q_X, q_Y, q_S1) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
)
