"""drc-bernoulli-oneshot-seed-blind: D(R, C) of the one-shot Bernoulli problem when the classifier does not see the seed.

Problem: as in drc-bernoulli-oneshot, but the classification loss is H(S|Y), as the paper's definition writes it (its closed form
is that of H(S|Y,U)). Kind: tight. Source: here. Everything depends on delta = Cov(X, Y): the distortion is D_ind - 2 delta, and
H(S|Y) is concave in delta with its peak at 0, so that the feasible set can be two intervals; the largest feasible delta is best.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.problem import Problem
from rdcsym.proof import Derivation
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import DRAW_PARAMETERS, LOSS, RATE, REDUCTION, C, R, b, h, kappa, p, q, q_S1, q_X, q_Y, w_R
from rdcsym.theorems._seed_blind import COVARIANCE_RANGE, blind_steps, equivocation, kappa_F, side_steps, x

H_plus, H_minus = sp.symbols("H_plus H_minus", nonnegative=True)
x_C = sp.Symbol("x_C", nonnegative=True)
SPREAD = q * (1 - q)

CERTIFIED = Form(
    value="D(R, C)",
    parameters=(RATE, LOSS, *DRAW_PARAMETERS),
    definitions=(
        *REDUCTION,
        *COVARIANCE_RANGE,
        Definition(w_R, sp.Piecewise((sp.Integer(1), h <= R), (R / h, True)), "largest informative weight for the rate"),
        Definition(H_plus, equivocation(SPREAD * sp.Min(kappa, w_R)), "loss at the largest covariance"),
        Definition(H_minus, equivocation(-SPREAD * sp.Min(kappa_F, w_R)), "loss at the least covariance"),
        Definition(x_C, Root(x, equivocation(-x) - C, sp.S.Zero, SPREAD * sp.Min(kappa_F, w_R))),
    ),
    regimes=(
        infeasible(C < sp.Min(H_plus, H_minus)),
        Regime("anticorrelated", C < H_plus, sp.Abs(p - q) + 2 * (SPREAD * kappa + x_C), sudden=True),
        Regime("rate-limited", w_R < kappa, sp.Abs(p - q) + 2 * SPREAD * (kappa - w_R)),
        Regime("marginal-limited", sp.true, sp.Abs(p - q)),
    ),
    source="corrected here; the constraint H(S|Y) <= C of the paper's one-shot definition",
)

_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="drc-bernoulli-oneshot-seed-blind",
    title="Distortion-rate-classification function of a Bernoulli source, one-shot, the classifier does not see the seed",
    problem=Problem(
        value="distortion",
        source="bernoulli",
        setting="oneshot",
        distortion="Hamming",
        constraints=("R", "C"),
        output="given",
        classification="H(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=Derivation([*blind_steps(), *side_steps("distortion")]),
    examples=(
        Example(C, 0.2, 1.0, {"R": 0.8, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
        Example(R, 0.0, 1.0, {"C": 0.8, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
    ),
    boundaries=(
        (C, H_plus),
        (C, H_minus),
        (C, b),
        (R, h * kappa),
        (R, h * kappa_F),
        (R, h),
        (R, sp.S.Zero),
        (q_Y, q_X),
        (q_Y, 1 - q_X),
        *((s, value) for s in (q_X, q_Y, q_S1) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
)
