"""rdc-bernoulli-asymptotic: R(D, C) of a Bernoulli source with given output law, rate I(X;Y) and loss H(S|Y); single-letter.

Problem: as in drc-bernoulli-asymptotic; minimise I(X;Y) subject to P(X != Y) <= D and H(S|Y) <= C. Kind: tight, as the single-letter
program; where C is slack it is also the asymptotic function, elsewhere an upper bound on that. Source: here. I is convex in
delta = Cov(X, Y) with its least value at 0, so the feasible covariance of least information is the one nearest to 0 on one of the sides.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.problem import Problem
from rdcsym.proof import Case, Derivation, Identity, Sign
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import DISTORTION, DRAW_PARAMETERS, C, D, D_ind, b, p, q, q_S1, q_X, q_Y
from rdcsym.theorems._bernoulli_asymptotic import (
    CAVEAT,
    LOSS_OF_Y,
    RANGE,
    along_delta,
    delta_max,
    delta_min,
    equivocation,
    information,
    x,
)
from rdcsym.theorems._seed_blind import slope_sign

H_plus, H_minus, x_plus, x_minus, root_plus, root_minus = sp.symbols(
    "H_plus H_minus x_plus x_minus r_plus r_minus", nonnegative=True
)
delta_D = sp.Symbol("delta_D", real=True)

CERTIFIED = Form(
    value="R(D, C)",
    parameters=(DISTORTION, LOSS_OF_Y, *DRAW_PARAMETERS),
    definitions=(
        *RANGE,
        Definition(D_ind, q + p - 2 * q * p),
        Definition(delta_D, delta_max - (D - sp.Abs(p - q)) / 2, "least covariance for the distortion"),
        Definition(H_plus, equivocation(delta_max), "loss at the largest covariance"),
        Definition(H_minus, equivocation(-delta_min), "loss at the least covariance"),
        Definition(root_plus, Root(x, equivocation(x) - C, sp.S.Zero, delta_max)),
        Definition(root_minus, Root(x, equivocation(-x) - C, sp.S.Zero, delta_min)),
        Definition(x_plus, sp.Piecewise((sp.Max(0, delta_D), b <= C), (sp.Max(root_plus, delta_D), True))),
        Definition(x_minus, sp.Piecewise((sp.Integer(0), b <= C), (root_minus, True))),
    ),
    regimes=(
        infeasible(C < sp.Min(H_plus, H_minus)),
        infeasible((D < sp.Abs(p - q)) | ((C < H_plus) & (D < D_ind + 2 * x_minus)), "distortion too small", unit=D_ind),
        Regime(
            "correlated",
            (D < D_ind + 2 * x_minus) | (C < H_minus),
            information(sp.Min(x_plus, delta_max)),
            sudden=True,
            unit=D_ind,
        ),
        Regime("anticorrelated", C < H_plus, information(-x_minus), sudden=True),
        Regime("either side", sp.true, sp.Min(information(sp.Min(x_plus, delta_max)), information(-x_minus))),
    ),
    source="here; the program of Nguyen, Nguyen, Bose, ICLR 2026, Theorem 3, for two symbols, with the rate minimised",
    remark=CAVEAT,
)


def _derivation() -> Derivation:
    """Convexity of I and concavity of H(S|Y) along delta (shared steps), then what the regimes conclude from them."""
    t, H_0, H_end, budget = sp.symbols("t H_0 H_end C", positive=True)
    wanted, d = sp.symbols("delta_D D", real=True)
    I_near, I_far = sp.symbols("I_near I_far", nonnegative=True)
    nearest = "the loss falls away from 0 on this side, so its feasible part is [root, end]; I rises away from 0: {} is best"
    return Derivation(
        [
            *along_delta(),
            Case("infeasible", "the loss exceeds C at both ends", sp.oo, (), (sp.Min(H_plus, H_minus) - C,)),
            Sign(
                "infeasible",
                "a side whose end misses the budget misses it everywhere: its chord lies above C, the loss above its chord",
                (1 - t) * (H_0 - budget) + t * (H_end - budget),
                ((1 - t, H_0 - budget), (t, H_end - budget)),
                given=(1 - t,),
                positive=(H_0 - budget, H_end - budget),
            ),
            Case("distortion too small", "below the least distortion of the output law", sp.oo, (), (sp.Abs(p - q) - D,)),
            Case("distortion too small", "the positive side is blocked, the negative one starts too far away", sp.oo, (), (H_plus - C, D_ind + 2 * x_minus - D)),
            Identity("distortion too small", "the distortion D_ind - 2 delta meets D from covariance delta_D on", sp.solve(q + p - 2 * p * q - 2 * wanted - d, wanted)[0], (q + p - 2 * p * q - d) / 2),
            Case("correlated", "the negative side is blocked, by the distortion or by the loss", information(sp.Min(x_plus, delta_max)), (C - H_plus, D - sp.Abs(p - q))),
            slope_sign("correlated", 1, nearest.format("the point nearest to 0 that both budgets allow")),
            Case("anticorrelated", "the positive side is blocked by the loss", information(-x_minus), (C - H_minus, D - D_ind - 2 * x_minus), (H_plus - C,)),
            slope_sign("anticorrelated", -1, nearest.format("the root")),
            Case("either side", "both sides have a feasible part", sp.Min(information(sp.Min(x_plus, delta_max)), information(-x_minus)), (C - H_plus, C - H_minus, D - D_ind - 2 * x_minus)),
            Sign("either side", "the smaller of the two sides' least rates is best", I_far - I_near, ((I_far - I_near,),), (I_far - I_near,)),
        ]
    )  # fmt: skip


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="rdc-bernoulli-asymptotic",
    title="Rate-distortion-classification function of a Bernoulli source with given output law, single-letter",
    problem=Problem(
        value="rate",
        source="bernoulli",
        setting="single-letter",
        distortion="Hamming",
        constraints=("D", "C"),
        output="given",
        classification="H(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(D, 0.15, 1.0, {"C": 0.8, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
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
