"""drpc-gaussian-kl: least squared error D(R, P, C) of a Gaussian source, output law free in a ball KL(p_Y || p_X) <= P.

Problem: X ~ N(mu_X, sigma_X^2), S jointly Gaussian with X; minimise E (X-Y)^2 subject to I(X;Y) <= R, KL(p_Y || p_X) <= P (bits)
and h(S|Y) <= C. Kind: tight. Published: Nguyen, Nguyen, Bose, ICLR 2026, Theorem 7, which leaves s(P) as an implicit root and
has the faults of Theorem 4. Here s(P) = sigma_X sqrt(-W0(-exp(-2P - 1))), P in nats.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Parameter
from rdcsym.information import least_variance_ratio
from rdcsym.proof import Identity, Lemma, Sign, Step
from rdcsym.theorems._drpc_gaussian import certified, published, theorem
from rdcsym.theorems._gaussian import P, sigma_X

BALL = Parameter(symbol=P, low=0, high=float("inf"), unit="bits", meaning="perception budget KL(p_Y || p_X)", draw=2 * UNIFORM**2)
LEAST_DEVIATION = sigma_X * sp.sqrt(least_variance_ratio(P * sp.log(2)))


def ball_steps() -> list[Step]:
    where = "perception-limited"
    t, w = sp.symbols("t w", positive=True)
    nats = sp.Symbol("P", nonnegative=True)
    return [
        Lemma(
            where,
            "maximum entropy: at second moment t sigma_X^2 about mu_X, KL(p_Y || p_X) >= (t - 1 - log t)/2, with equality for N(mu_X, t sigma_X^2)",
            "Cover and Thomas, Elements of Information Theory, Theorem 8.6.5",
        ),
        Sign(where, "t - log t falls on (0, 1], so t below the root leaves the ball", -sp.diff(t - sp.log(t), t),
             ((1 - t, 1 / t),), given=(1 - t,)),
        Identity(where, "W0(z) = -t solves t exp(-t) = -z by definition; the logarithm of the left side",
                 sp.expand_log(-sp.log(w * sp.exp(-w))), w - sp.log(w)),
        Identity(where, "and of the right side, z = -exp(-2P - 1): so t - log t = 2P + 1", -sp.log(sp.exp(-2 * nats - 1)), 2 * nats + 1),
    ]  # fmt: skip


THEOREM = theorem(
    "drpc-gaussian-kl",
    "Distortion-rate-perception-classification function of a scalar Gaussian source, perception by relative entropy",
    "kl",
    (
        certified(
            BALL,
            LEAST_DEVIATION,
            "corrected and made explicit here; Theorem 7 of Nguyen, Nguyen, Bose, ICLR 2026; Zhang et al. 2021",
        ),
        published(BALL, LEAST_DEVIATION, "Nguyen, Nguyen, Bose, ICLR 2026, Theorem 7 (as summarised; see the remark)"),
    ),
    ball_steps(),
)
