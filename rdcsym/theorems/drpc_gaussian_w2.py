"""drpc-gaussian-w2: least squared error D(R, P, C) of a Gaussian source, output law free in a ball W2^2(p_X, p_Y) <= P.

Problem: X ~ N(mu_X, sigma_X^2), S jointly Gaussian with X; minimise E (X-Y)^2 subject to I(X;Y) <= R, W2^2 <= P (squared units)
and h(S|Y) <= C. Kind: tight. Published: Nguyen, Nguyen, Bose, ICLR 2026, appendix to Theorem 7, with the faults of Theorem 4.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Parameter
from rdcsym.proof import Lemma, Sign, Step
from rdcsym.theorems._drpc_gaussian import certified, published, theorem
from rdcsym.theorems._gaussian import P, sigma_X, sx

BALL = Parameter(
    size=sigma_X**2,
    symbol=P,
    low=0,
    high=float("inf"),
    unit="squared units",
    meaning="perception budget W2^2(p_X, p_Y)",
    draw=(sp.Rational(6, 5) * UNIFORM * sigma_X) ** 2,
)
LEAST_DEVIATION = sp.Max(0, sigma_X - sp.sqrt(P))


def ball_steps() -> list[Step]:
    w, m = sp.symbols("w m", nonnegative=True)
    return [
        Lemma(
            "perception-limited",
            "Minkowski: sigma_X <= sqrt(E (Y - mu_X)^2) + W2 for the optimal coupling, and N(mu_X, (sigma_X - sqrt P)^2) attains it",
            "Minkowski's inequality in L2",
        ),
        Sign("perception-limited", "so E (Y - mu_X)^2 >= (sigma_X - sqrt P)^2 when sqrt P = w <= sigma_X",
             m**2 - (sx - w) ** 2, ((m - (sx - w), m + (sx - w)),), given=(m - (sx - w), m + (sx - w))),
    ]  # fmt: skip


THEOREM = theorem(
    "drpc-gaussian-w2",
    "Distortion-rate-perception-classification function of a scalar Gaussian source, perception by W2 squared",
    "w2",
    (
        certified(
            BALL, LEAST_DEVIATION, "corrected here; appendix to Theorem 7 of Nguyen, Nguyen, Bose, ICLR 2026; Zhang et al. 2021"
        ),
        published(
            BALL, LEAST_DEVIATION, "Nguyen, Nguyen, Bose, ICLR 2026, appendix to Theorem 7 (as summarised; see the remark)"
        ),
    ),
    ball_steps(),
)
