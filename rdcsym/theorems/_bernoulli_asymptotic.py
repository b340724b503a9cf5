"""What the two single-letter Bernoulli theorems with given output law share: everything along delta = Cov(X, Y).

For given marginals a joint law of two bits is one number delta. Distortion is linear in it, I(X;Y) convex and H(S|Y) concave, both
extremal at delta = 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from rdcsym.form import Definition
from rdcsym.information import binary_equivocation, log2
from rdcsym.information_binary import binary_information
from rdcsym.proof import Identity, Sign, Step
from rdcsym.theorems._bernoulli import LOSS, RATE, REDUCTION, p, q, q_S1
from rdcsym.theorems._seed_blind import equivocation, gain, slope_sign, x

__all__ = ["CAVEAT", "INFORMATION_RATE", "LOSS_OF_Y", "RANGE", "along_delta", "delta_max", "delta_min", "equivocation", "information", "x"]  # fmt: skip

delta_max, delta_min = sp.symbols("delta_max delta_min", nonnegative=True)
INFORMATION_RATE = replace(RATE, meaning="rate I(X;Y)")
LOSS_OF_Y = replace(LOSS, meaning="classification loss H(S|Y)")
RANGE = (
    *REDUCTION,
    Definition(delta_max, sp.Min(q * (1 - p), (1 - q) * p), "largest covariance for the output law"),
    Definition(delta_min, sp.Min(q * p, (1 - q) * (1 - p)), "largest negative covariance"),
)
CAVEAT = (
    "I(q, p; delta) is the mutual information of two bits with P(X = 1) = q, P(Y = 1) = p and covariance delta; H_{S|Y} is H(S|Y) "
    "there. The single-letter program. Where C is slack it is the asymptotic function; elsewhere the asymptotic function, which may "
    "share time between couplings, is the lower convex envelope of this one in the budgets, so that the value is an upper bound "
    "on it and no more is claimed."
)


def information(delta: Any) -> Any:
    """I(X;Y) at covariance `delta` of X and Y."""
    return binary_information(q, p, delta)


def along_delta() -> list[Step]:
    """Range, distortion, information and loss along delta, with the convexity and the signs that the regimes use."""
    P11 = sp.Symbol("P_11", real=True)
    a, b, c = sp.symbols("q p delta", positive=True)
    py, mean, s = sp.symbols("p_Y s_0 c", positive=True)
    cells = (a * b + c, (1 - a) * (1 - b) + c, a * (1 - b) - c, (1 - a) * b - c)
    odds = cells[0] * cells[1] / (cells[2] * cells[3])
    rate = binary_information(a, b, c).rewrite(sp.log)
    inside = (mean + s / py, 1 - mean - s / py, mean - s / (1 - py), 1 - mean + s / (1 - py), 1 - py)
    loss = binary_equivocation(py, mean, s).rewrite(sp.log)
    first, second = sp.Symbol("I_1", positive=True), sp.Symbol("I_2", nonnegative=True)
    return [
        Identity("", "P(X != Y) = D_ind - 2 delta", q + p - 2 * P11, (q + p - 2 * p * q) - 2 * (P11 - p * q)),
        Identity("", "q_Y >= q_X: D_ind - 2 delta_max = q_Y - q_X, as P(X=1, Y=1) <= q", q + p - 2 * p * q - 2 * q * (1 - p), p - q),
        Identity("", "q_Y <= q_X: D_ind - 2 delta_max = q_X - q_Y, as P(X=1, Y=1) <= p", q + p - 2 * p * q - 2 * p * (1 - q), q - p),
        Identity("", "delta >= -qp and -(1-q)(1-p), as P(X=1, Y=1) >= 0 and P(X=0, Y=0) >= 0", 1 - q - p + P11 - (1 - q) * (1 - p), P11 - q * p),
        Identity("", "Cov(S, Y) = (1 - 2 q_S1) Cov(X, Y), since P(S=1|X=x) = q_S1 + (1 - 2 q_S1) x", (q_S1 * (p - P11) + (1 - q_S1) * P11) - ((1 - q) * q_S1 + q * (1 - q_S1)) * p, gain * (P11 - p * q)),
        Identity("", "the slope of I is log2 of the odds ratio of the joint law", sp.expand_log(sp.diff(rate, c), force=True), sum(e * log2(cell) for e, cell in zip((1, 1, -1, -1), cells, strict=True))),
        Identity("", "that ratio less 1 has the sign of delta", (odds - 1) * cells[2] * cells[3], c),
        Sign("", "I is convex in delta", sp.diff(rate, c, 2) * sp.log(2), tuple((1 / cell,) for cell in cells), positive=cells),
        Identity("", "H(S|Y) has its stationary point at covariance 0", sp.diff(loss, s).subs(s, 0), 0),
        Identity("", "the slope of H(S|Y) is log2 of the odds ratio of its posteriors", sp.diff(loss, s), log2(inside[1]) - log2(inside[0]) + log2(inside[2]) - log2(inside[3])),
        slope_sign("", 1, "at positive covariance that ratio is at most 1: the loss falls away from 0"),
        slope_sign("", -1, "at negative covariance it is at least 1: the loss falls away from 0"),
        Sign("", "H(S|Y) is concave in the covariance", -sp.diff(loss, s, 2) * sp.log(2), ((1 / py, 1 / inside[0]), (1 / py, 1 / inside[1]), (1 / (1 - py), 1 / inside[2]), (1 / (1 - py), 1 / inside[3])), positive=inside),
        Sign("", "with C slack D = D_ind - 2 delta(R) is convex in R, delta the inverse of I: D'' = 2 I''/I'^3; so time sharing gains nothing", 2 * second / first**3, ((2, second, 1 / first, 1 / first, 1 / first),), (second,), (first,)),
    ]  # fmt: skip
