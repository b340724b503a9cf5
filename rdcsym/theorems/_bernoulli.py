"""What the Bernoulli theorems share: their parameters, the reduction to q_X <= 1/2, and the linear program over four maps.

Given the shared seed U, Y is one of four maps of X: X itself (I), not X (F), the constants 0 and 1. A code is a law w over them,
and output law, rate, classification loss and distortion are all linear in w (paper, section on one-shot; Theorem 2):

    map   distortion  P(Y=1)  rate  loss
    I     0           q       h     a         h = H_b(q_X), a = H_b(q_S1) = H(S|X), b = H_b(q_S) = H(S)
    F     1           1 - q   h     a
    0     q           0       0     b
    1     1 - q       1       0     b
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Parameter
from rdcsym.information import binary_entropy as H_b
from rdcsym.proof import Identity, Lemma, Sign, Step

u = UNIFORM
R, D, C, q_X, q_Y, q_S1 = sp.symbols("R D C q_X q_Y q_S1", nonnegative=True)
# Reduced quantities: after flipping X, Y where q_X > 1/2.
q, p, q_S, h, a, b, D_ind, w_R, w_C, w_D, w_F, w_max, kappa, C_min = sp.symbols(
    "q p q_S h a b D_ind w_R w_C w_D w_F w_max kappa C_min", nonnegative=True
)

BITS = "bits"
RATE = Parameter(symbol=R, low=0, high=float("inf"), unit=BITS, meaning="rate H(Y|U)", draw=sp.Rational(11, 10) * u)
DISTORTION = Parameter(
    size=q_X + q_Y - 2 * q_X * q_Y, symbol=D, low=0, high=float("inf"), meaning="Hamming distortion P(X != Y)", draw=u
)
LOSS = Parameter(symbol=C, low=0, high=float("inf"), unit=BITS, meaning="classification loss", draw=sp.Rational(11, 10) * u)
SOURCE = Parameter(symbol=q_X, low=0, high=1, meaning="P(X = 1)", draw=u)
OUTPUT = Parameter(symbol=q_Y, low=0, high=1, meaning="P(Y = 1)", draw=u)
LABEL_NOISE = Parameter(symbol=q_S1, low=0, high=1, meaning="P(S1 = 1), where S = X xor S1", draw=u)

REDUCTION = (
    Definition(q, sp.Min(q_X, 1 - q_X)),
    Definition(p, sp.Piecewise((q_Y, q_X <= sp.Rational(1, 2)), (1 - q_Y, True)), "flip X and Y together"),
    Definition(q_S, q * (1 - q_S1) + (1 - q) * q_S1),
    Definition(h, H_b(q_X)),
    Definition(a, H_b(q_S1)),
    Definition(b, H_b(q_S)),
)
SEED_SEEN = (
    Definition(kappa, sp.Piecewise(((1 - p) / (1 - q), p >= q), (p / q, True)), "largest weight of Y = X for the output law"),
    Definition(
        w_max,
        sp.Piecewise((sp.Integer(1), (p >= q) & (1 - p >= q)), ((1 - p) / q, p >= q), (p / q, True)),
        "largest informative weight for the output law",
    ),
)
DRAW_PARAMETERS = (SOURCE, OUTPUT, LABEL_NOISE)

COLUMNS = ("I", "F", "0", "1")
DISTORTIONS = (sp.S.Zero, sp.S.One, q, 1 - q)
ONES = (q, 1 - q, sp.S.Zero, sp.S.One)
RATES = (h, h, sp.S.Zero, sp.S.Zero)
LOSSES = (a, a, b, b)
EQUALITIES = (("the weights sum to one", (1, 1, 1, 1), sp.S.One), ("the output law is q_Y", ONES, p))

MAPS_LEMMA = Lemma(
    "",
    "with shared randomness a one-shot code for two symbols is a law over the four maps of X; H(Y|U) and H(S|Y,U) are linear in it",
    "Nguyen, Nguyen, Bose, ICLR 2026, Theorem 1; Liu et al. 2022 (entropy-constrained optimal transport)",
)


def preliminaries() -> list[Step]:
    """The facts that every regime uses: the flip symmetry, q_S between q_S1 and 1 - q_S1, and H(S) > H(S|X)."""
    x = sp.Symbol("x", positive=True)
    flip = {q: 1 - q, p: 1 - p}
    order = (0, 1, 3, 2)  # the flip of X and Y swaps the two constants
    swapped = [
        Identity("", f"flipping X and Y: the {what} of map {n}", before[i].subs(flip), after[order[i]])
        for what, before, after in (("distortion", DISTORTIONS, DISTORTIONS), ("P(Y=0)", ONES, [1 - one for one in ONES]))
        for i, n in enumerate(COLUMNS)
    ]
    mix = (1 - q) * q_S1 + q * (1 - q_S1)
    return [
        MAPS_LEMMA,
        *swapped,
        Identity("", "H_b(1 - x) = H_b(x)", H_b(1 - x).rewrite(sp.log), H_b(x).rewrite(sp.log)),
        Identity("", "q_S is a mixture of q_S1 and 1 - q_S1", q + q_S1 - 2 * q * q_S1, mix),
        Sign(
            "",
            "H_b is strictly concave on (0, 1) and continuous, so H(S) = H_b(q_S) >= H_b(q_S1) = H(S|X), equal only if q_X is 0 or 1 or q_S1 is 1/2",
            -sp.diff(H_b(x).rewrite(sp.log), x, 2),
            ((1 / x, 1 / (1 - x), 1 / sp.log(2)),),
            positive=(1 - x,),
            strict=True,
        ),
    ]


def budget(name: str) -> tuple[str, tuple[Any, ...], Any]:
    """A budget of the linear program over the four maps: its name, row and right-hand side."""
    return {"R": ("R", RATES, R), "C": ("C", LOSSES, C), "D": ("D", DISTORTIONS, D)}[name]
