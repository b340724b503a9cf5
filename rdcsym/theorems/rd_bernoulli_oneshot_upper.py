"""rd-bernoulli-oneshot-upper: how much a one-shot code of given output law may need beyond the asymptotic rate.

X ~ Bern(q_X), Y ~ Bern(q_Y) given; least H(Y|U) over seeds U independent of X, Y a function of (X, U), with P(X != Y) <= D. Kind:
upper. Published: the strong functional representation lemma, I + log2(I + 1) + 4 bits at I = I(X;Y) (Li and El Gamal 2018). For two
symbols its constant alone exceeds every rate; min(H(X), H(Y)) is sharper at every operating point, and is what is certified here.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import Regime
from rdcsym.information import binary_entropy as H_b
from rdcsym.information import log2
from rdcsym.proof import Case, Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import D, D_ind, q_X, q_Y
from rdcsym.theorems._representation import (
    BOUNDARIES,
    CODING_SOURCE,
    I_D,
    INFEASIBLE,
    PROBLEM,
    ZERO_RATE,
    form,
    shared_steps,
    x,
    y,
)

LEAST_ENTROPY = sp.Min(H_b(q_X), H_b(q_Y))

CERTIFIED = form(
    (INFEASIBLE, ZERO_RATE, Regime("informative", sp.true, LEAST_ENTROPY)),
    kind="upper",
    source="data processing; for two symbols sharper than " + CODING_SOURCE,
    remark=(
        "An upper bound, attained at q_Y = q_X and D = 0, else loose; the one-shot rate itself is rdc-bernoulli-oneshot without a "
        "classification budget. The published form, the strong functional representation lemma, holds for every pair of laws; its 4 "
        "bits exceed the entropy of a bit, so for this source the trivial bound is sharper at every point."
    ),
)

PUBLISHED = form(
    (INFEASIBLE, Regime("feasible", sp.true, I_D + log2(1 + I_D) + 4)),
    kind="upper",
    source=CODING_SOURCE,
    remark="A valid upper bound for every pair of laws, at the coupling of least information; never below 4 bits.",
)


def _derivation() -> Derivation:
    """The code that is Y = X with weight w, constant otherwise: its weights, its rate, and that neither entropy is exceeded."""
    regime = "informative"
    d, h, h_Y, info, gain = sp.symbols("D h_X h_Y I L", nonnegative=True)
    w = (x + y - 2 * x * y - d) / (2 * x * (1 - x))
    zero, one = (1 - y) - w * (1 - x), y - w * x
    below, positive = (d - (y - x), d - (x - y), x + y - 2 * x * y - d), (1 - x,)
    weight = sp.Symbol("w", nonnegative=True)
    steps: list[Step] = [
        *shared_steps(),
        Identity(regime, "the weights of Y = X, Y = 0 and Y = 1 sum to one", w + zero + one, 1),
        Identity(regime, "their output law", w * x + one, y),
        Identity(regime, "their distortion is D", zero * x + one * (1 - x), d),
        Sign(regime, "w >= 0", w, ((below[2], sp.Rational(1, 2), 1 / x, 1 / (1 - x)),), below, positive),
        Sign(regime, "w_0 >= 0", zero, ((below[0], sp.Rational(1, 2), 1 / x),), below, positive),
        Sign(regime, "w_1 >= 0", one, ((below[1], sp.Rational(1, 2), 1 / (1 - x)),), below, positive),
        Sign(
            regime,
            "the rate w H(X) is at most H(X), since w = 1 - w_0 - w_1 <= 1",
            h - weight * h,
            ((h, 1 - weight),),
            given=(1 - weight,),
        ),
        Lemma(regime, "H(Y|U) <= H(Y)", "Cover and Thomas, Theorem 2.6.5"),
        Sign(
            regime,
            "the lemma's I + log2(I+1) + 4 is never the smaller: an entropy of two symbols is at most 1 bit (L = log2(I+1))",
            info + gain + 4 - h_Y,
            ((info,), (gain,), (3,), (1 - h_Y,)),
            given=(1 - h_Y,),
        ),
        Lemma(
            "",
            "strong functional representation: some U independent of X has Y = f(X, U), H(Y|U) <= I + log2(I+1) + 4 (published form)",
            CODING_SOURCE + ", Theorem 1",
        ),
        Case(regime, "assume", LEAST_ENTROPY, given=(D_ind - D,)),
    ]
    return Derivation(steps)


THEOREM = Theorem(
    name="rd-bernoulli-oneshot-upper",
    title="One-shot rate of a Bernoulli source with given output law: at most the smaller entropy, and the representation lemma",
    problem=PROBLEM,
    certified=CERTIFIED,
    published=PUBLISHED,
    derivation=_derivation(),
    examples=(Example(D, 0.2, 0.5, {"q_X": 0.2, "q_Y": 0.4}),),
    boundaries=BOUNDARIES,
)
