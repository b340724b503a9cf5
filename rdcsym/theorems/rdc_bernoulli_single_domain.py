"""rdc-bernoulli-single-domain: R(D, C) of a Bernoulli source with a noisy label, Hamming distortion, output law free.

Problem: X ~ Bern(q_X), S = X xor S1 with S1 ~ Bern(q_S1) independent of X; minimise I(X;Y) subject to P(X != Y) <= D and
H(S|Y) <= C, the law of Y free. Kind: tight. Source: posed by Zhang 2023 and Wang et al. 2025 (single-domain rate-distortion-
classification); the form is derived here. Each budget allows the backward channel a crossover, D or C_1, and the smaller one
decides. For the loss alone that is Mrs. Gerber's lemma (Wyner and Ziv 1973, Theorem 1), whose part that is needed is proved here.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime, infeasible
from rdcsym.information import binary_entropy as H_b
from rdcsym.information import log2
from rdcsym.information_binary import binary_entropy_difference, binary_entropy_inverse, crossover_of_loss
from rdcsym.problem import Problem
from rdcsym.proof import Case, Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import BITS, LABEL_NOISE, SOURCE, C, D, a, q, q_S1, q_X
from rdcsym.theorems.rd_bernoulli import DISTORTION

q_1, C_1 = sp.symbols("q_1 C_1", nonnegative=True)
_HALF = sp.Rational(1, 2)
_ALL = H_b(q_X + q_S1 - 2 * q_X * q_S1)  # H(S)
LOSS = Parameter(
    symbol=C,
    low=0,
    high=float("inf"),
    unit=BITS,
    meaning="classification loss H(S|Y)",
    draw=sp.Max(0, H_b(q_S1) + (_ALL - H_b(q_S1)) * (sp.Rational(13, 10) * UNIFORM - sp.Rational(1, 10))),
)

CERTIFIED = Form(
    value="R(D, C)",
    parameters=(DISTORTION, LOSS, SOURCE, LABEL_NOISE),
    definitions=(
        Definition(q, sp.Min(q_X, 1 - q_X)),
        Definition(q_1, sp.Min(q_S1, 1 - q_S1)),
        Definition(a, H_b(q_S1)),
        Definition(
            C_1,
            sp.Piecewise(
                (_HALF, (C >= 1) | (a >= 1)),
                (sp.Max(0, crossover_of_loss(C, q_1)), True),
            ),
            "largest crossover for the classifier",
        ),
    ),
    regimes=(
        infeasible(C < a),
        Regime("zero-rate", (D >= q) & (C_1 >= q), sp.Integer(0)),
        Regime("distortion-limited", D <= C_1, binary_entropy_difference(q, D)),
        Regime("classification-limited", sp.true, binary_entropy_difference(q, C_1)),
    ),
    source="here, as in Mrs. Gerber's lemma (Wyner and Ziv 1973); the function of Zhang 2023 and Wang et al. 2025",
)


def _derivation() -> Derivation:
    """Primal: the backward channel X = Y xor Bern(c) with the smaller crossover c. Dual: multipliers beta, s >= 0 of the budgets.

    With t = P(X=1|Y), I(X;Y) = H_b(q) - E H_b(t), H(S|Y) = E H_b(q_1 * t) and P(X != Y) >= E min(t, 1-t), so that
    I(X;Y) >= H_b(q) + min phi - beta C - s D, phi(t) = beta H_b(q_1 * t) - H_b(t) + s t on [0, 1/2].
    """
    x, n, c, t, beta, s = sp.symbols("q q_1 c t beta s", positive=True)
    output = (x - c) / (1 - 2 * c)
    heard, told = n + (1 - 2 * n) * t, n + (1 - 2 * n) * c
    phi = beta * H_b(heard).rewrite(sp.log) - H_b(t).rewrite(sp.log) + s * t
    bend = n * (1 - n) + (1 - 2 * n) ** 2 * (1 - beta) * t * (1 - t)
    price, slope = (log2(1 - c) - log2(c)) / ((1 - 2 * n) * (log2(1 - told) - log2(told))), log2(1 - c) - log2(c)
    none = sp.S.Zero
    limits = (("distortion-limited", D, C_1 - D, none, slope), ("classification-limited", C_1, D - C_1, price, none))
    steps: list[Step] = [
        Identity("", "q_X > 1/2: 0 and 1 change places in X, S and Y", H_b(1 - q).rewrite(sp.log), H_b(q).rewrite(sp.log)),
        Identity("", "q_S1 > 1/2: 0 and 1 change places in S alone", H_b(1 - q_1).rewrite(sp.log), H_b(q_1).rewrite(sp.log)),
        Sign("", "H_b(q_1 * t) does not fall on [0, 1/2]: the odds ratio in its slope is at least 1", (1 - heard) / heard - 1, ((1 - 2 * n, 1 - 2 * t, 1 / heard),), (1 - 2 * n, 1 - 2 * t), (heard,)),
        Identity("", "that slope", sp.diff(H_b(heard).rewrite(sp.log), t), (1 - 2 * n) * (log2(1 - heard) - log2(heard))),
        Identity("", "C_1 is where it reaches C: q_1 * C_1 = H_b^{-1}(C)", n + (1 - 2 * n) * crossover_of_loss(C, n).rewrite(binary_entropy_inverse), binary_entropy_inverse(C)),
        Identity("", "phi'' has the sign of a number linear in t (1-t), at least 0 at t = 0: phi is convex up to a point, concave beyond", sp.diff(phi, t, 2) * sp.log(2) * t * (1 - t) * heard * (1 - heard), bend),
        Sign("", "at t = 0", bend.subs(t, 0), ((n, 1 - n),), (1 - n,)),
        Identity("", "phi'(1/2) = s >= 0, so phi rises on the concave part: a stationary point before 1/2 lies on the convex part and is the minimum", sp.diff(phi, t).subs(t, _HALF), s),
        Case("infeasible", "C is below H(S|X)", sp.oo, (), (a - C,)),
        Sign("infeasible", "H(S|Y) >= H(S|X) = H_b(q_S1), since H_b(q_1 * t) >= H_b(q_1): q_1 * t is at least q_1", heard - n, ((t, 1 - 2 * n),), (1 - 2 * n,)),
        Case("zero-rate", "a constant Y is within both budgets", sp.S.Zero, (D - q, C_1 - q)),
        Identity("zero-rate", "its distortion is q (the constant 0, for q_X <= 1/2)", x * 1 + (1 - x) * 0, x),
        Sign("zero-rate", "its loss is H_b(q_1 * q), at most H_b(q_1 * C_1) = C", told - told.subs(c, x), ((1 - 2 * n, c - x),), (1 - 2 * n, c - x)),
    ]  # fmt: skip
    for regime, crossover, slack, weight, rise in limits:
        bound = binary_entropy_difference(q, crossover)
        chosen = phi.subs({beta: weight, s: rise})
        paid = weight * H_b(told).rewrite(sp.log) + rise * c
        steps += [
            Case(regime, "the smaller crossover c decides, and lies below q", bound, (slack, q - crossover)),
            Sign(regime, "the multiplier is at least 0: the odds of c are", (1 - c) / c - 1, ((1 - 2 * c, 1 / c),), (1 - 2 * c,)),
            Identity(regime, "dual: c is a stationary point of phi", sp.diff(chosen, t).subs(t, c), 0),
            Identity(
                regime,
                "dual: the bound H_b(q) + phi(c) less what the budget costs is the value",
                H_b(x).rewrite(sp.log) + chosen.subs(t, c) - paid,
                binary_entropy_difference(x, c).rewrite(sp.log),
            ),
            Identity(regime, "primal: the backward channel has P(X = 1) = q", output * (1 - c) + (1 - output) * c, x),
            Sign(regime, "primal: P(Y = 1) >= 0", output, ((x - c, 1 / (1 - 2 * c)),), (x - c,), (1 - 2 * c,)),
            Sign(regime, "primal: P(Y = 0) >= 0", 1 - output, ((1 - x - c, 1 / (1 - 2 * c)),), (1 - x - c,), (1 - 2 * c,)),
            Identity(regime, "primal: H(X|Y) = H_b(c), whatever Y", H_b(1 - c).rewrite(sp.log), H_b(c).rewrite(sp.log)),
            Identity(regime, "primal: P(S != Y) = q_1 * c whatever Y, so H(S|Y) = H_b(q_1 * c)", (1 - c) * n + c * (1 - n), told),
            Identity(regime, "c = 0: X is a function of Y, so that I(X;Y) = H(X)", binary_entropy_difference(x, sp.S.Zero), H_b(x)),
            Identity(regime, "primal: P(X != Y) = c", output * c + (1 - output) * c, c),
        ]  # fmt: skip
    return Derivation(steps)


THEOREM = Theorem(
    name="rdc-bernoulli-single-domain",
    title="Rate-distortion-classification function of a Bernoulli source, Hamming distortion, output law free",
    problem=Problem(
        value="rate",
        source="bernoulli",
        setting="asymptotic",
        distortion="Hamming",
        constraints=("D", "C"),
        output="free",
        classification="H(S|Y)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(D, 0.0, 0.4, {"C": 0.7, "q_X": 0.3, "q_S1": 0.1}),
        Example(C, 0.47, 0.95, {"D": 0.2, "q_X": 0.3, "q_S1": 0.1}),
    ),
    boundaries=(
        (C, a),
        (C, _ALL),
        (C, H_b(q_1 + (1 - 2 * q_1) * sp.Min(D, _HALF))),
        (C, sp.S.One),
        (D, q),
        (D, C_1),
        (D, sp.S.Zero),
        *((s, value) for s in (q_X, q_S1) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
)
