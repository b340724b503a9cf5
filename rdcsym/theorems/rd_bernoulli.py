"""rd-bernoulli: Shannon's rate-distortion function of a Bernoulli source with Hamming distortion.

R(D) = H_b(q_X) - H_b(D) bits for D < min(q_X, 1 - q_X), else 0. Kind: tight. Source: Shannon 1959; Cover and Thomas, Theorem 10.3.1.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Form, Parameter, Regime
from rdcsym.information import binary_entropy as H_b
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import SOURCE, D, q_X

DISTORTION = Parameter(
    size=sp.Min(q_X, 1 - q_X), symbol=D, low=0, high=float("inf"), meaning="Hamming distortion", draw=sp.Rational(6, 10) * UNIFORM
)

CERTIFIED = Form(
    value="R(D)",
    parameters=(DISTORTION, SOURCE),
    definitions=(),
    regimes=(
        Regime("zero-rate", D >= sp.Min(q_X, 1 - q_X), sp.Integer(0)),
        Regime("distortion-limited", sp.true, sp.Max(0, H_b(q_X) - H_b(D))),
    ),
    source="Shannon 1959; Cover and Thomas, Elements of Information Theory, Theorem 10.3.1",
)


def _derivation() -> Derivation:
    """Berger's dual: potentials f and slope s with sum_x p(x) exp(f(x) - s d(x, y)) <= 1 for all y give R >= E f - s D (nats)."""
    regime = "distortion-limited"
    q, d = sp.symbols("q_X D", positive=True)
    output = (q - d) / (1 - 2 * d)  # P(Y = 1) of the backward channel X = Y xor Bern(D)
    slope = sp.log((1 - d) / d)
    weights = {0: (1 - d) / (1 - q), 1: (1 - d) / q}  # exp f(x)
    partition = [sum((q if x else 1 - q) * weights[x] * (d / (1 - d) if x != y else 1) for x in (0, 1)) for y in (0, 1)]
    bound = (1 - q) * sp.log((1 - d) / (1 - q)) + q * sp.log((1 - d) / q) - slope * d
    value = (H_b(q) - H_b(d)).rewrite(sp.log) * sp.log(2)
    positive = (1 - 2 * d, 1 - d, 1 - q)
    steps: list[Step] = [
        Lemma(
            "", "Gibbs' variational principle, in Berger's form: R(D) >= E f - s D", "Berger 1971, Theorem 2.5.3; Csiszar 1974"
        ),
        *(Identity(regime, f"dual feasible at y = {y}", partition[y], 1) for y in (0, 1)),
        Identity(regime, "exp(-s) is the odds of an error", sp.exp(-slope), d / (1 - d)),
        Sign(
            regime, "dual feasible: s >= 0 for D <= 1/2, since (1-D)/D >= 1", (1 - d) / d - 1, ((1 - 2 * d, 1 / d),), (), positive
        ),
        Identity(regime, "the dual bound equals the value", sp.expand_log(bound, force=True), sp.expand_log(value, force=True)),
        Identity(regime, "primal: the backward channel has P(X = 1) = q_X", output * (1 - d) + (1 - output) * d, q),
        Sign(regime, "primal: P(Y = 1) >= 0", output, ((q - d, 1 / (1 - 2 * d)),), (q - d,), positive),
        Sign(regime, "primal: P(Y = 0) >= 0", 1 - output, ((1 - q - d, 1 / (1 - 2 * d)),), (1 - q - d,), positive),
        Identity(regime, "D = 0: the value is H_b(q_X)", H_b(sp.S.Zero), 0),
        Identity("zero-rate", "q_X > 1/2: 0 and 1 change places", H_b(1 - q).rewrite(sp.log), H_b(q).rewrite(sp.log)),
        Identity(
            regime,
            "primal: I(X;Y) = H(X) - H(X|Y) = H_b(q_X) - H_b(D)",
            H_b(q) - (output * H_b(d) + (1 - output) * H_b(d)),
            H_b(q) - H_b(d),
        ),
        Identity(
            "zero-rate", "the constant 0 has distortion q_X and rate 0 (the constant 1 for q_X > 1/2)", q * 1 + (1 - q) * 0, q
        ),
    ]
    return Derivation(steps)


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="rd-bernoulli",
    title="Rate-distortion function of a Bernoulli source, Hamming distortion",
    problem=Problem(
        value="rate", source="bernoulli", setting="asymptotic", distortion="Hamming", constraints=("D",), output="free"
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(D, 0.0, 0.5, {"q_X": 0.3}),),
    boundaries=((D, q_X), (D, 1 - q_X), (D, sp.S.Zero), (q_X, sp.S.Zero), (q_X, _HALF), (q_X, sp.S.One)),
)
