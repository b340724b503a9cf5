"""mec-bernoulli: minimum-entropy coupling of two bits through a bottleneck, in closed form.

X ~ Bern(q_X), Y ~ Bern(q_Y) given, X - T - Y, H(T) <= R; encoder and decoder stochastic, T finite. The largest I(X;Y) is at the
bottleneck of two atoms, the rarer of mass t = H_b^{-1}(R), that pins X and Y to their rarer values together. Kind: tight.
Source: the problem is that of Ebrahimi, Chen and Khisti 2024 (Minimum entropy coupling with bottleneck); closed form and proof ours.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime
from rdcsym.information import binary_entropy as H_b
from rdcsym.information_binary import binary_entropy_inverse, binary_information
from rdcsym.problem import Problem
from rdcsym.proof import Case, Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import OUTPUT, SOURCE, R, q_X, q_Y
from rdcsym.theorems._representation import information_steps

m_X, m_Y, t, delta = sp.symbols("m_X m_Y t delta", nonnegative=True)

LEAST_ENTROPY = sp.Min(H_b(q_X), H_b(q_Y))
FULL = binary_information(m_X, m_Y, sp.Min(m_X, m_Y) * (1 - sp.Max(m_X, m_Y)))
THROUGH = binary_information(m_X, m_Y, delta)
RATE = Parameter(symbol=R, low=0, high=float("inf"), unit="bits", meaning="entropy H(T) of the bottleneck", draw=UNIFORM**2)

CERTIFIED = Form(
    value="I(R)",
    parameters=(RATE, SOURCE, OUTPUT),
    definitions=(
        Definition(m_X, sp.Min(q_X, 1 - q_X), "mass of the rarer value of X"),
        Definition(m_Y, sp.Min(q_Y, 1 - q_Y)),
        Definition(t, sp.Min(binary_entropy_inverse(R), m_X, m_Y), "mass of the bottleneck's rarer atom"),
        Definition(delta, (1 - m_X) * (1 - m_Y) * t / (1 - t), "its covariance of X and Y"),
    ),
    regimes=(
        Regime("marginal-limited", R >= LEAST_ENTROPY, FULL),
        Regime("rate-limited", sp.true, THROUGH),
    ),
    source="problem: Ebrahimi, Chen and Khisti 2024, Minimum entropy coupling with bottleneck; closed form and proof: ours",
    remark=(
        "Exact at every rate, for every finite T and stochastic encoders and decoders; I(q, p; d) is the information of two bits with "
        "covariance d. From R = min(H(X), H(Y)) on it is the minimum-entropy coupling. The literature's statements for two symbols "
        "were not at hand, so no published form is compared."
    ),
)

# Of the proofs: 0 < x, y <= 1/2 the folded masses, s and r the masses of T before and after the atom that holds both edges.
x, y, a = sp.symbols("m_X m_Y t", positive=True)
s, r = sp.symbols("s r", nonnegative=True)


def _covariance_steps(regime: str) -> list[Step]:
    """The largest covariance that a bottleneck of entropy R gives, before its sign is chosen."""
    both, none = x * y, (1 - x) * (1 - y)
    ratio = (s * none + r * both - r * s) / (1 - s - r)
    inside = (1 - s - r,)
    w = sp.Symbol("w", nonnegative=True)
    return [
        Lemma(
            regime,
            "for a given law of T, Cov(X, Y) is bilinear in P(X=1|T) and P(Y=1|T), so largest at vertices: fill the atoms of T in one "
            "order, each up to its mean. Either one side's edge lies in an earlier atom than the other's, and T tells on which side of an "
            "m between q_X and q_Y it is, H(T) >= H_b(m) >= min(H(X), H(Y)); or one atom holds both edges, with the mass s before "
            "and r after it (merged: entropy only falls)",
            "linear programming: vertices of a box cut by one hyperplane; concavity of H_b",
        ),
        Identity(regime, "one atom holds both edges: Cov(X, Y)", s + (x - s) * (y - s) / (1 - s - r) - x * y, ratio),
        Sign(regime, "of the two products the one of the commoner values is larger", none - both, ((1 - x - y,),), given=(1 - x - y,)),
        Sign(
            regime,
            "so Cov(X, Y) <= (1 - m_X)(1 - m_Y) w/(1 - w), w = s + r",
            none * (s + r) / (1 - s - r) - ratio,
            ((r, 1 - x - y, 1 / (1 - s - r)), (r, s, 1 / (1 - s - r))),
            given=(1 - x - y,),
            positive=inside,
        ),
        Lemma(
            regime,
            "R < min(H(X), H(Y)) <= 1: the largest mass m of T has -log2 m <= H(T) < 1 and H_b(m) <= H(T) <= R, so m >= 1 - t; t < m_X, m_Y "
            "rules out s and r, which are at most min(q_X, q_Y) and 1 - max(q_X, q_Y), so it is the atom that holds both edges, and w <= t",
            "min-entropy is below entropy; grouping (Cover and Thomas, problem 2.27)",
        ),
        Sign(
            regime,
            "w/(1 - w) rises with w",
            a / (1 - a) - w / (1 - w),
            ((a - w, 1 / (1 - a), 1 / (1 - w)),),
            given=(a - w,),
            positive=(1 - a, 1 - w),
        ),
        Identity(regime, "flipping Y: the same two products for negative covariances", none.subs(y, 1 - y), (1 - x) * y),
    ]  # fmt: skip


def _attained_steps(regime: str) -> list[Step]:
    """The bottleneck of two atoms."""
    rest_x, rest_y = (x - a) / (1 - a), (y - a) / (1 - a)
    return [
        Identity(regime, "attained: T = 1 (mass t) pins X = Y = 1 (folded); P(X=1)", a + (1 - a) * rest_x, x),
        Identity(regime, "attained: P(Y=1)", a + (1 - a) * rest_y, y),
        Sign(regime, "attained: P(X=1 | T=0) >= 0", rest_x, ((x - a, 1 / (1 - a)),), (x - a,), (1 - a,)),
        Sign(regime, "attained: P(Y=1 | T=0) >= 0", rest_y, ((y - a, 1 / (1 - a)),), (y - a,), (1 - a,)),
        Identity(
            regime,
            "attained: Cov(X, Y)",
            a + (1 - a) * rest_x * rest_y - x * y,
            (1 - x) * (1 - y) * a / (1 - a),
        ),
    ]


def _sign_steps(regime: str) -> list[Step]:
    """The positive end tells more: at tau = t/(1-t) the ends are (1-m_X)(1-m_Y) tau and -(1-m_X) m_Y tau (or X and Y exchanged)."""
    tau, u, v = sp.symbols("tau A B", positive=True)  # A, B: the odds of the commoner values, at least 1
    A, B = (1 - x) / x, (1 - y) / y
    both, opposed = (1 - x) * (1 - y), (1 - x) * y

    def odds(c: Any) -> Any:
        return (both + c) * (x * y + c) / ((x * (1 - y) - c) * (opposed - c))

    return [
        *information_steps(regime),
        Identity(
            regime,
            "at the positive end the slope in delta is log2 of (1+tau)(1+AB tau)/((1-A tau)(1-B tau)), A, B the odds (1-m)/m",
            odds(both * tau),
            (1 + tau) * (1 + A * B * tau) / ((1 - A * tau) * (1 - B * tau)),
        ),
        Identity(
            regime,
            "at the other end it is log2 of the inverse of (1+tau)(1+A tau/B)/((1-A tau)(1-tau/B))",
            1 / odds(-opposed * tau),
            (1 + tau) * (1 + A / B * tau) / ((1 - A * tau) * (1 - tau / B)),
        ),
        Sign(
            regime,
            "the latter is the smaller one: 1 + AB tau >= 1 + A tau/B",
            u * v * tau - u * tau / v,
            ((u, tau, v - 1, v + 1, 1 / v),),
            given=(v - 1,),
        ),
        Sign(regime, "and 1 - B tau <= 1 - tau/B", v * tau - tau / v, ((tau, v - 1, v + 1, 1 / v),), given=(v - 1,)),
        Sign(regime, "as B >= 1", B - 1, ((1 - 2 * y, 1 / y),), given=(1 - 2 * y,)),
        Sign(
            regime,
            "its end moves more slowly too, and both informations are 0 at tau = 0: the positive end tells more (exchange X and Y for "
            "the end -m_X (1-m_Y) tau)",
            both - opposed,
            ((1 - x, 1 - 2 * y),),
            given=(1 - x, 1 - 2 * y),
        ),
    ]  # fmt: skip


def _derivation() -> Derivation:
    through, full = "rate-limited", "marginal-limited"
    c = sp.Symbol("delta", real=True)
    least = x * (1 - y)  # m_X <= m_Y: the covariance of the minimum-entropy coupling
    steps: list[Step] = [
        Identity("", "folding: 0 and 1 change places where q > 1/2", H_b(1 - x).rewrite(sp.log), H_b(x).rewrite(sp.log)),
        *_covariance_steps(through),
        *_attained_steps(through),
        *_sign_steps(through),
        Case(through, "assume", THROUGH, given=(LEAST_ENTROPY - R,)),
        Lemma(full, "T = X or T = Y, whichever has the smaller entropy, is no bottleneck: every coupling passes", "X - X - Y and X - Y - Y are Markov"),
        Identity(full, "P(X=1, Y=0) = m_X (1 - m_Y) - delta >= 0 bounds the covariance (for m_X <= m_Y, else exchange X and Y)", x - (x * y + c), least - c),
        Identity(full, "P(X=1, Y=1) = m_X m_Y + delta >= 0 bounds its negative", x - (x * (1 - y) - c), x * y + c),
        Identity(full, "the first end is the positive end above at t = m_X", (1 - x) * (1 - y) * x / (1 - x), least),
        Identity(full, "the second is the negative end there, which tells less", -(1 - x) * y * x / (1 - x), -x * y),
        Case(full, "assume", FULL, given=(R - LEAST_ENTROPY,)),
    ]  # fmt: skip
    return Derivation(steps)


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="mec-bernoulli",
    title="Minimum-entropy coupling of two Bernoulli variables through a bottleneck: most information at a given entropy",
    problem=Problem(
        value="information", source="bernoulli", setting="oneshot", distortion="none", constraints=("R",), output="given"
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(R, 0.0, 1.0, {"q_X": 0.3, "q_Y": 0.4}),),
    boundaries=(
        (R, LEAST_ENTROPY),
        (R, sp.S.Zero),
        (R, sp.S.One),
        (q_Y, q_X),
        (q_Y, 1 - q_X),
        *((q, value) for q in (q_X, q_Y) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
)
