"""drc-bernoulli-asymptotic: D(R, C) of a Bernoulli source with given output law, rate I(X;Y) and loss H(S|Y); single-letter.

Problem: X ~ Bern(q_X), Y ~ Bern(q_Y) given, S = X xor S1 with S1 ~ Bern(q_S1). Minimise P(X != Y) subject to I(X;Y) <= R and
H(S|Y) <= C. Kind: tight, as the single-letter program; where C is slack it is also the asymptotic function, elsewhere an upper
bound on that (its lower convex envelope). Source: here; the setting of Nguyen, Nguyen, Bose, ICLR 2026, Theorem 3.

The distortion is D_ind - 2 delta, delta = Cov(X, Y), so the largest delta within both budgets is best: the one that the rate allows, or,
where the classifier hears too little there, the edge of the loss on the negative side, where Y tells about S by anticorrelation.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.problem import Problem
from rdcsym.proof import Case, Derivation, Sign
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import DRAW_PARAMETERS, C, R, b, p, q, q_S1, q_X, q_Y
from rdcsym.theorems._bernoulli_asymptotic import (
    CAVEAT,
    INFORMATION_RATE,
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

H_plus, H_minus, x_plus, x_minus, root_plus, root_minus, x_C, I_plus, I_minus = sp.symbols(
    "H_plus H_minus x_plus x_minus r_plus r_minus x_C I_plus I_minus", nonnegative=True
)

CERTIFIED = Form(
    value="D(R, C)",
    parameters=(INFORMATION_RATE, LOSS_OF_Y, *DRAW_PARAMETERS),
    definitions=(
        *RANGE,
        Definition(I_plus, information(delta_max), "rate of the largest covariance"),
        Definition(I_minus, information(-delta_min), "rate of the least covariance"),
        Definition(root_plus, Root(x, information(x) - R, sp.S.Zero, delta_max)),
        Definition(root_minus, Root(x, information(-x) - R, sp.S.Zero, delta_min)),
        Definition(x_plus, sp.Piecewise((delta_max, I_plus <= R), (root_plus, True)), "largest covariance for the rate"),
        Definition(x_minus, sp.Piecewise((delta_min, I_minus <= R), (root_minus, True)), "and on the negative side"),
        Definition(H_plus, equivocation(x_plus), "loss at the largest covariance"),
        Definition(H_minus, equivocation(-x_minus), "loss at the least covariance"),
        Definition(x_C, Root(x, equivocation(-x) - C, sp.S.Zero, x_minus)),
    ),
    regimes=(
        infeasible(C < sp.Min(H_plus, H_minus)),
        Regime("anticorrelated", C < H_plus, sp.Abs(p - q) + 2 * (delta_max + x_C), sudden=True),
        Regime("rate-limited", x_plus < delta_max, sp.Abs(p - q) + 2 * (delta_max - x_plus)),
        Regime("marginal-limited", sp.true, sp.Abs(p - q)),
    ),
    source="here; the program of Nguyen, Nguyen, Bose, ICLR 2026, Theorem 3, for two symbols",
    remark=CAVEAT,
)


def _derivation() -> Derivation:
    """Convexity of I and concavity of H(S|Y) along delta (shared steps), then what the regimes conclude from them."""
    t, H_0, H_end, budget, wanted, larger = sp.symbols("t H_0 H_end C delta delta_2", positive=True)
    value = sp.Abs(p - q) + 2 * delta_max
    slack = (C - H_plus,)
    falls = Sign(
        "rate-limited",
        "the distortion D_ind - 2 delta falls with delta, so the largest delta within both budgets is best",
        2 * larger - 2 * wanted,
        ((2, larger - wanted),),
        given=(larger - wanted,),
    )
    return Derivation(
        [
            *along_delta(),
            Case(
                "infeasible", "the loss exceeds C at both ends of what the rate allows", sp.oo, (), (sp.Min(H_plus, H_minus) - C,)
            ),
            Sign(
                "infeasible",
                "a side whose end misses the budget misses it everywhere: its chord lies above C, the loss above its chord",
                (1 - t) * (H_0 - budget) + t * (H_end - budget),
                ((1 - t, H_0 - budget), (t, H_end - budget)),
                given=(1 - t,),
                positive=(H_0 - budget, H_end - budget),
            ),
            Case(
                "anticorrelated", "the positive side is blocked in the same way", value + 2 * x_C, (C - H_minus,), (H_plus - C,)
            ),
            slope_sign(
                "anticorrelated",
                -1,
                "the loss falls away from 0 on the negative side: its feasible part is [root, end], the root is best",
            ),
            Case("rate-limited", "I rises with delta > 0, so delta is at most the root of I = R", value - 2 * x_plus, slack),
            falls,
            Case("marginal-limited", "the rate allows the largest covariance of the output law", value - 2 * delta_max, slack),
            Sign("marginal-limited", falls.claim, falls.expression, falls.terms, falls.given),
        ]
    )


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="drc-bernoulli-asymptotic",
    title="Distortion-rate-classification function of a Bernoulli source with given output law, single-letter",
    problem=Problem(
        value="distortion",
        source="bernoulli",
        setting="single-letter",
        distortion="Hamming",
        constraints=("R", "C"),
        output="given",
        classification="H(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(C, 0.2, 1.0, {"R": 0.5, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
        Example(R, 0.0, 1.0, {"C": 0.9, "q_X": 0.4, "q_Y": 0.55, "q_S1": 0.05}),
    ),
    boundaries=(
        (C, H_plus),
        (C, H_minus),
        (C, b),
        (R, I_plus),
        (R, I_minus),
        (R, sp.S.Zero),
        (q_Y, q_X),
        (q_Y, 1 - q_X),
        *((s, value) for s in (q_X, q_Y, q_S1) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
)
