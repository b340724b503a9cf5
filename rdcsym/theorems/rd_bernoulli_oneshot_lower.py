"""rd-bernoulli-oneshot-lower: a one-shot code of given output law needs at least the asymptotic rate I(X;Y).

X ~ Bern(q_X), Y ~ Bern(q_Y) given; least H(Y|U) over seeds U independent of X, Y a function of (X, U), with P(X != Y) <= D. Kind:
lower; the value itself is rdc-bernoulli-oneshot with the classification budget slack. Source: Li and El Gamal 2018, the easy half.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import Regime
from rdcsym.information import binary_entropy as H_b
from rdcsym.proof import Case, Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import D, D_ind
from rdcsym.theorems._representation import (
    BOUNDARIES,
    CODING_SOURCE,
    I_D,
    INFEASIBLE,
    PROBLEM,
    ZERO_RATE,
    form,
    information_steps,
    shared_steps,
    x,
    y,
)

CERTIFIED = form(
    (INFEASIBLE, ZERO_RATE, Regime("informative", sp.true, I_D)),
    kind="lower",
    source=CODING_SOURCE,
    remark=(
        "A lower bound, equal to the asymptotic rate of the same problem; the one-shot rate itself is rdc-bernoulli-oneshot "
        "without a classification budget. They meet where the rate is 0, and at q_Y = q_X and D = 0."
    ),
)


def _derivation() -> Derivation:
    regime = "informative"
    d, w = sp.symbols("D w", nonnegative=True)
    needed = (x + y - 2 * x * y - d) / 2
    # The linear program of the one-shot rate puts a weight w on Y = X; I(X;Y) is convex in the channel.
    weight = needed / (x * (1 - x))
    steps: list[Step] = [
        Lemma(
            regime,
            "I(X;Y) <= I(X;Y,U) = I(X;Y|U) = H(Y|U), for U independent of X and Y a function of (X, U)",
            CODING_SOURCE + " (chain rule)",
        ),
        *shared_steps(),
        *information_steps(regime),
        Identity(regime, "the budget asks for delta >= (D_ind - D)/2", x + y - 2 * x * y - 2 * needed, d),
        Sign(
            regime,
            "that is positive here, so the least information is at delta = (D_ind - D)/2",
            needed,
            ((x + y - 2 * x * y - d, sp.Rational(1, 2)),),
            given=(x + y - 2 * x * y - d,),
        ),
        Identity(regime, "a code that is Y = X with weight w and constant otherwise has covariance w q_X (1 - q_X)", weight * x * (1 - x), needed),
        Identity(regime, "its seed knows the map: I(X;Y|U) = w I(X;X) = w H_b(q_X)", w * H_b(x) + (1 - w) * 0, w * H_b(x)),
        Case(regime, "assume", I_D, given=(D_ind - D,)),
    ]  # fmt: skip
    return Derivation(steps)


THEOREM = Theorem(
    name="rd-bernoulli-oneshot-lower",
    title="One-shot rate of a Bernoulli source with given output law: at least the asymptotic rate",
    problem=PROBLEM,
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(D, 0.2, 0.5, {"q_X": 0.2, "q_Y": 0.4}),),
    boundaries=BOUNDARIES,
)
