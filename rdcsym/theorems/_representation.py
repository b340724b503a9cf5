"""What the two one-shot bounds share: the binary source with given output law, its covariance, and the independent coupling.

A coupling of two bits with given laws is one number, delta = Cov(X, Y), and P(X != Y) = D_ind - 2 delta, so a distortion budget
asks for delta >= (D_ind - D)/2. I(X;Y) is convex in delta and least, 0, at delta = 0.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.information_binary import binary_information
from rdcsym.problem import Problem
from rdcsym.proof import Case, Identity, Sign, Step
from rdcsym.theorems._bernoulli import DISTORTION, OUTPUT, SOURCE, D, D_ind, q_X, q_Y

I_D = sp.Symbol("I_D", nonnegative=True)
delta = sp.Symbol("delta", nonnegative=True)
x, y = sp.symbols("q_X q_Y", positive=True)  # of the proofs: 0 < x, y < 1

DEFINITIONS = (
    Definition(D_ind, q_X + q_Y - 2 * q_X * q_Y, "distortion of the independent coupling"),
    Definition(
        delta,
        sp.Max(0, sp.Min((D_ind - D) / 2, q_X * (1 - q_Y), q_Y * (1 - q_X))),
        "least covariance for the distortion",
    ),
    Definition(I_D, binary_information(q_X, q_Y, delta), "the asymptotic rate"),
)
INFEASIBLE = infeasible(D < sp.Abs(q_X - q_Y), unit=D_ind)
ZERO_RATE = Regime("zero-rate", D >= D_ind, sp.Integer(0))
_HALF = sp.Rational(1, 2)
BOUNDARIES = (
    (D, sp.Abs(q_X - q_Y)),
    (D, D_ind),
    (D, sp.S.Zero),
    (q_Y, q_X),
    (q_Y, 1 - q_X),
    *((s, value) for s in (q_X, q_Y) for value in (sp.S.Zero, _HALF, sp.S.One)),
)
PROBLEM = Problem(value="rate", source="bernoulli", setting="oneshot", distortion="Hamming", constraints=("D",), output="given")
CODING_SOURCE = "Li and El Gamal 2018, Strong functional representation lemma and applications to coding theorems, IEEE Trans. IT"


def form(regimes: tuple[Regime, ...], **described: Any) -> Form:
    """A bound on R(D) with the shared parameters and definitions."""
    return Form(value="R(D)", parameters=(DISTORTION, SOURCE, OUTPUT), definitions=DEFINITIONS, regimes=regimes, **described)


def shared_steps() -> list[Step]:
    """Distortion against covariance, which budgets are feasible, and that a budget of D_ind asks for no rate."""
    c = sp.Symbol("delta", real=True)
    mismatch = (x * (1 - y) - c) + (y * (1 - x) - c)
    independent = x + y - 2 * x * y
    steps: list[Step] = [Identity("", "P(X != Y) = D_ind - 2 delta", mismatch, independent - 2 * c)]
    for name, gap, mass in (
        ("q_Y - q_X", y - x, x * (1 - y) - c),
        ("q_X - q_Y", x - y, y * (1 - x) - c),
    ):
        claim = f"no coupling has P(X != Y) below {name}: the excess is twice a mass"
        steps.append(Sign("infeasible", claim, mismatch - gap, ((2, mass),), given=(mass,)))
    return [
        *steps,
        Case("infeasible", "assume", sp.oo, positive=(sp.Abs(q_X - q_Y) - D,)),
        Identity("zero-rate", "Y independent of X has distortion D_ind and rate 0", mismatch.subs(c, 0), independent),
        Case("zero-rate", "assume", sp.S.Zero, given=(D - D_ind,)),
    ]


def information_steps(regime: str) -> list[Step]:
    """I(X;Y) is convex in delta with its minimum 0 at 0, so it is least at the least covariance that the budget allows."""
    c = sp.Symbol("delta", real=True)
    masses = (x * y + c, (1 - x) * (1 - y) + c, x * (1 - y) - c, (1 - x) * y - c)
    information = binary_information(x, y, c).rewrite(sp.log)
    slope = sp.log(masses[0]) + sp.log(masses[1]) - sp.log(masses[2]) - sp.log(masses[3])
    return [
        Identity(
            regime,
            "the slope of I(X;Y) in delta (nats), but for a constant that vanishes",
            sp.expand_log(sp.diff(information, c) * sp.log(2), force=True),
            slope,
        ),
        Identity(regime, "that slope is 0 at delta = 0", sp.expand_log(slope.subs(c, 0), force=True), 0),
        Sign(
            regime,
            "I(X;Y) is convex in delta: its second derivative is the sum of the inverse masses",
            sp.diff(slope, c),
            tuple((1 / m,) for m in masses),
            positive=masses,
            strict=True,
        ),
    ]
