"""rdp-bernoulli-tv: rate-distortion-perception function R(D, P) of a Bernoulli source, Hamming distortion, total variation.

Problem: X ~ Bern(q_X); minimise I(X;Y) over channels with P(X != Y) <= D and TV(p_Y, p_X) = |P(Y=1) - q_X| <= P, the law of Y
free within that ball. Kind: tight. Source: Blau and Michaeli, ICML 2019, whose closed form (with ternary entropies) this is; the
derivation is ours: Berger's dual with a price on the letter 0.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime
from rdcsym.information import binary_entropy as H_b
from rdcsym.information_binary import binary_entropy_difference, binary_information
from rdcsym.problem import Problem
from rdcsym.proof import Case, Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import SOURCE, D, q, q_X
from rdcsym.theorems.rd_bernoulli import DISTORTION
from rdcsym.theorems.rd_bernoulli import THEOREM as RATE_DISTORTION

P, r, D_2 = sp.symbols("P r D_2", nonnegative=True)
PERCEPTION = Parameter(
    size=sp.Min(q_X, 1 - q_X),
    symbol=P,
    low=0,
    high=float("inf"),
    meaning="perception: total variation of p_Y from p_X",
    draw=sp.Rational(6, 5) * UNIFORM * sp.Min(q_X, 1 - q_X),
)
delta = (D_2 - D) / 2

CERTIFIED = Form(
    value="R(D, P)",
    parameters=(DISTORTION, PERCEPTION, SOURCE),
    definitions=(
        Definition(q, sp.Min(q_X, 1 - q_X)),
        Definition(r, sp.Max(0, q - P), "least P(Y = 1) in the ball"),
        Definition(D_2, q + r - 2 * q * r, "least distortion at rate 0"),
    ),
    regimes=(
        Regime("zero-rate", D >= D_2, sp.Integer(0)),
        Regime("perception slack", D * (1 - 2 * r) <= q - r, binary_entropy_difference(q, D)),
        Regime("perception-limited", sp.true, binary_information(q, r, delta)),
    ),
    source="Blau and Michaeli, Rethinking lossy compression, ICML 2019 (their closed form, proved here)",
    remark="I(q, r; c) is the mutual information of two bits with P(X = 1) = q, P(Y = 1) = r and covariance c.",
)


def _slack_steps() -> list[Step]:
    """The dual and the backward channel of rd-bernoulli, and the place of that channel's output law in the ball."""
    regime, d = "perception slack", sp.Symbol("D", positive=True)
    inner = q - r - d * (1 - 2 * r)
    output = (q - d) / (1 - 2 * d)
    return [
        *(replace(step, regime=regime) for step in RATE_DISTORTION.derivation if step.regime == "distortion-limited"),
        Case(regime, "the output law of rd-bernoulli lies in the ball", binary_entropy_difference(q, D), (q - r - D * (1 - 2 * r), q - D, D_2 - D)),
        Sign(
            regime, "D <= q_X here, as rd-bernoulli needs", (1 - 2 * r) * (q - d), ((inner,), (r, 1 - 2 * q)), (inner, 1 - 2 * q)
        ),
        Sign(regime, "primal: P(Y = 1) is at least r", output - r, ((inner, 1 / (1 - 2 * d)),), (inner,), (1 - 2 * d,)),
        Sign(regime, "primal: and at most q", q - output, ((d, 1 - 2 * q, 1 / (1 - 2 * d)),), (1 - 2 * q,), (1 - 2 * d,)),
    ]  # fmt: skip


def _limited_steps() -> list[Step]:
    """P(Y = 1) = r. Cells of the joint law: e = P(X=0, Y=1), f = P(X=1, Y=0), A = P(1, 1), B = P(0, 0)."""
    regime = "perception-limited"
    d = sp.Symbol("D", positive=True)
    e, f = (d - (q - r)) / 2, (d + q - r) / 2
    A, B = r - e, 1 - r - f
    c = (q + r - 2 * q * r - d) / 2
    beyond, inside = d * (1 - 2 * r) - (q - r), q + r - 2 * q * r - d
    given = (beyond, inside, q - r, 1 - 2 * r, 1 - q, 1 - r)
    # The dual in cells that are free symbols; the law of X and of Y are their sums.
    m00, m01, m10, m11 = cells = sp.symbols("B e f A", positive=True)
    one, zero, Y1, Y0 = m11 + m10, m00 + m01, m11 + m01, m00 + m10
    slope = sp.log(m00 * m11 / (m01 * m10)) / 2
    a_1, a_0 = sp.log(m11 / (one * Y1)), sp.log(m01 / (zero * Y1)) + slope
    price = sp.log(Y0 * m01 / (Y1 * m00)) + slope
    sides = ((m11, one, Y1, a_1), (m10, one, Y0, a_1 - slope - price), (m01, zero, Y1, a_0 - slope), (m00, zero, Y0, a_0 - price))
    bound = one * a_1 + zero * a_0 - slope * (m01 + m10) - price * Y0
    information = sum(m * sp.log(m / (x * y)) for m, x, y, _ in sides)
    ternary = [-sum(m * sp.log(m) for m in law) for law in ((m01, one, m00), (m10, zero, m11))]
    entropies = [-sum(m * sp.log(m) for m in law) for law in ((one, zero), (Y1, Y0))]
    assert len(cells) == 4

    def logs(x: sp.Expr) -> sp.Expr:
        return sp.expand(sp.expand_log(x, force=True))

    return [
        Case(regime, "P(Y = 1) = r, the edge of the ball", binary_information(q, r, delta), (D * (1 - 2 * r) - (q - r), D_2 - D)),
        *(
            Identity(regime, f"dual feasible, cell {i}: p_x exp(a_x - s d - t_y) is P(x | y), of sum 1 over x", logs(sp.log(x * y) + log - sp.log(m)), 0)
            for i, (m, x, y, log) in enumerate(sides)
        ),
        Identity(regime, "the dual bound is the information of the joint law (nats)", logs(bound), logs(information)),
        Identity(
            regime,
            "the form of Blau and Michaeli, 2 H_b(q) + H_b(q-P) less two ternary entropies, is that information",
            logs(2 * entropies[0] + entropies[1] - ternary[0] - ternary[1]),
            logs(information),
        ),
        Identity(regime, "the joint law has P(X = 1) = q", A + f, q),
        Identity(regime, "and P(Y = 1) = r", A + e, r),
        Identity(regime, "and P(X != Y) = D", e + f, d),
        Identity(regime, "its covariance is (D_2 - D)/2", A - q * r, c),
        Identity(regime, "so the other cell is (1-q)(1-r) plus that", B - (1 - q) * (1 - r), c),
        Sign(regime, "P(1, 1) >= 0", A, ((q, r), (inside, sp.Rational(1, 2))), given),
        Sign(regime, "P(0, 0) >= 0", B, ((1 - q, 1 - r), (inside, sp.Rational(1, 2))), given),
        Sign(regime, "P(0, 1) >= 0: D is at least q - r", 2 * (1 - 2 * r) * e, ((beyond,), (2, r, q - r)), given),
        Sign(regime, "P(1, 0) >= 0, as it exceeds P(0, 1) by q - r", f - e, ((q - r,),), given),
        Sign(regime, "the slope s is at least 0: A B >= e f", A * B - e * f, ((inside, sp.Rational(1, 2)),), given),
        Sign(
            regime,
            "the price of the letter 0 is at least 0: (1-r)^2 e A >= r^2 f B",
            (1 - r) ** 2 * e * A - r**2 * f * B,
            ((inside, beyond, sp.Rational(1, 4)),),
            given,
        ),
        Identity(regime, "in the ball P(Y = 0) <= 1 - q + P = 1 - r, so that price times P(Y = 0) is at most price times 1 - r", (1 - q + P).subs(P, q - r), 1 - r),
    ]  # fmt: skip


def _derivation() -> Derivation:
    steps: list[Step] = [
        Lemma(
            "",
            "Gibbs' variational principle, in Berger's form with prices t(y): I(X;Y) >= E a(X) - s E d - E t(Y) "
            "wherever sum_x p(x) exp(a(x) - s d(x,y) - t(y)) <= 1 for all y",
            "Berger 1971, Theorem 2.5.3; Csiszar 1974",
        ),
        Identity("", "q_X > 1/2: 0 and 1 change places in X and Y", H_b(1 - q).rewrite(sp.log), H_b(q).rewrite(sp.log)),
        Case("zero-rate", "an independent Y ~ Bern(r) is within both budgets", sp.S.Zero, (D - D_2,)),
        Identity(
            "zero-rate", "its distortion is D_2, and no information is below 0", q * (1 - r) + (1 - q) * r, q + r - 2 * q * r
        ),
        *_slack_steps(),
        *_limited_steps(),
    ]
    return Derivation(steps)


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="rdp-bernoulli-tv",
    title="Rate-distortion-perception function of a Bernoulli source, Hamming distortion, total variation",
    problem=Problem(
        value="rate",
        source="bernoulli",
        setting="asymptotic",
        distortion="Hamming",
        constraints=("D", "P"),
        output="free",
        perception="tv",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(D, 0.0, 0.45, {"P": 0.05, "q_X": 0.3}), Example(P, 0.0, 0.35, {"D": 0.2, "q_X": 0.3})),
    boundaries=(
        (D, D_2),
        (D, (q - r) / (1 - 2 * r)),
        (D, sp.S.Zero),
        (P, q),
        (P, sp.S.Zero),
        (q_X, sp.S.Zero),
        (q_X, _HALF),
        (q_X, sp.S.One),
    ),
)
