"""fano: least error probability of a classifier of M labels that is left with classification loss H(S|Y) = C bits.

P_e >= e, the root of H_b(e) + e log2(M - 1) = C in [0, 1 - 1/M]. Kind: tight (a symmetric channel attains it). The published form,
(C - 1)/log2(M - 1) for M > 2, is a valid but weaker lower bound; for M = 2 both invert H_b. Source: Fano 1961; Cover and Thomas,
Theorem 2.10.1.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime, infeasible
from rdcsym.information import binary_entropy as H_b
from rdcsym.information import log2
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem

C = sp.Symbol("C", nonnegative=True)
M = sp.Symbol("M", integer=True, positive=True)
P_e, e = sp.symbols("P_e e", nonnegative=True)

PARAMETERS = (
    Parameter(
        symbol=C,
        low=0,
        high=float("inf"),
        unit="bits",
        meaning="classification loss H(S|Y)",
        draw=sp.Rational(21, 20) * UNIFORM * log2(M),
    ),
    Parameter(symbol=M, low=2, high=1e15, meaning="number of labels", draw=2 + sp.floor(30 * UNIFORM**2), integer=True),
)
_FULL = H_b(e) + e * log2(M - 1)

CERTIFIED = Form(
    value=r"P_e(C)",
    parameters=PARAMETERS,
    definitions=(Definition(P_e, Root(e, _FULL - C, sp.S.Zero, sp.Min(1, C / log2(M)) * (1 - 1 / M))),),
    regimes=(
        infeasible(C > log2(M)),
        # Within the rounding of C of log2 M the root is only known to half the digits; the uniform law's error is exact.
        Regime("error", C < log2(M), P_e, sudden=True, unit=sp.Rational(1, 1000)),
        Regime("uniform label", sp.true, 1 - 1 / M),
    ),
    source="Fano 1961; Cover and Thomas, Elements of Information Theory, Theorem 2.10.1, inverted",
)

PUBLISHED = Form(
    value=r"P_e(C)",
    parameters=PARAMETERS,
    definitions=(Definition(P_e, Root(e, H_b(e) - C, sp.S.Zero, sp.Rational(1, 2))),),
    regimes=(
        infeasible((M < 3) & (C > 1)),
        Regime("two labels", M <= 2, P_e),
        Regime("many labels", sp.true, (C - 1) / log2(M - 1)),
    ),
    kind="lower",
    source="Nguyen, Nguyen, Bose, ICLR 2026, after Fano 1961",
    remark="A valid lower bound, not the best one: it replaces H_b(P_e) by 1 bit, and is negative (says nothing) for C < 1 bit.",
)


def _derivation() -> Derivation:
    """Gibbs' inequality against the symmetric law (1-e, e/(M-1), ...), linear in the error, so it survives averaging over Y."""
    e, m = sp.Symbol("e", positive=True), sp.Symbol("M", positive=True)
    cross = -(1 - e) * log2(1 - e) - e * log2(e / (m - 1))
    full = H_b(e).rewrite(sp.log) + e * log2(m - 1)
    positive = (1 - e, m - 1)
    steps: list[Step] = [
        Lemma("", "Gibbs' inequality: H(S|Y=y) <= -sum_s P(s|y) log t(s) for every law t", "Cover and Thomas, Theorem 2.6.3"),
        Identity("error", "against the symmetric law the right side is H_b(e) + e log2(M-1)", sp.expand_log(cross, force=True), sp.expand_log(full, force=True)),
        Sign(
            "error",
            "H_b(e) + e log2(M-1) rises up to e = 1 - 1/M: the argument of the logarithm in its slope is at least 1",
            (1 - e) * (m - 1) / e - 1,
            ((m - 1 - e * m, 1 / e),),
            given=(m - 1 - e * m,),
            positive=positive,
        ),
        Identity("error", "that slope", sp.expand_log(sp.diff(full, e) - log2((1 - e) * (m - 1) / e), force=True), 0),
        Identity("error", "its largest value, at e = 1 - 1/M, is log2 M", sp.expand_log(full.subs(e, (m - 1) / m), force=True), log2(m)),
        Identity("error", "attained: the entropy of (1 - e, e/(M-1), ...)", -(1 - e) * log2(1 - e) - (m - 1) * (e / (m - 1)) * log2(e / (m - 1)), cross),
        Identity("uniform label", "attained by the uniform posterior, whose error is 1 - 1/M", 1 - 1 / m, (m - 1) / m),
        Identity("infeasible", "H(S|Y) <= H(S) <= log2 M: Gibbs' inequality against the uniform law", -m * (1 / m) * sp.expand_log(log2(1 / m), force=True), log2(m)),
    ]  # fmt: skip
    return Derivation(steps)


THEOREM = Theorem(
    name="fano",
    title="Fano's inequality, inverted: least error probability at a given classification loss",
    problem=Problem(
        value="error probability",
        source="discrete",
        setting="oneshot",
        distortion="error",
        constraints=("C",),
        output="free",
        classification="H(S|Y)",
    ),
    certified=CERTIFIED,
    published=PUBLISHED,
    derivation=_derivation(),
    examples=(Example(C, 0.0, 3.4, {"M": 10.0}),),
    boundaries=((C, sp.S.Zero), (C, log2(M)), (C, sp.S.One), (M, sp.Integer(2)), (M, sp.Integer(3))),
)
