"""What the two seed-blind Bernoulli theorems share: the range of delta = Cov(X, Y) and the equivocation along it."""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import Definition
from rdcsym.information import binary_equivocation, log2
from rdcsym.proof import Identity, Sign, Step
from rdcsym.theorems._bernoulli import h, kappa, p, preliminaries, q, q_S, q_S1

kappa_F = sp.Symbol("kappa_F", nonnegative=True)
x = sp.Symbol("x", nonnegative=True)

gain = 1 - 2 * q_S1  # Cov(S, Y) = gain * Cov(X, Y)

COVARIANCE_RANGE = (
    Definition(kappa, sp.Piecewise(((1 - p) / (1 - q), p >= q), (p / q, True)), "largest weight of Y = X for the output law"),
    Definition(
        kappa_F, sp.Piecewise((p / (1 - q), p <= 1 - q), ((1 - p) / q, True)), "largest weight of Y = 1 - X for the output law"
    ),
)


def equivocation(delta: Any) -> Any:
    """H(S|Y) at covariance `delta` of X and Y."""
    return binary_equivocation(p, q_S, gain * delta)


def slope_sign(regime: str, side: int, claim: str) -> Sign:
    """H(S|Y) falls away from covariance 0: its slope is log2 of the odds ratio of the two posteriors, on one side of 1.

    side: 1 for positive covariance (of S and Y), -1 for negative.
    """
    py, mean = sp.symbols("p_Y s_0", positive=True)
    c = sp.Symbol("c", real=True)
    one, zero = mean + c / py, mean - c / (1 - py)  # P(S=1|Y=1), P(S=1|Y=0)
    ratio = (1 - one) * zero / (one * (1 - zero))
    inside = (one, 1 - one, zero, 1 - zero, 1 - py)
    terms = ((side * c, 1 / py, 1 / (1 - py), 1 / one, 1 / (1 - zero)),)
    return Sign(regime, claim, side * (1 - ratio), terms, given=(side * c,), positive=inside)


def blind_steps() -> list[Step]:
    """The program is one-dimensional in delta: its range, the distortion and rate along it, and the concavity of H(S|Y)."""
    P11, w_I, w_F, c = sp.symbols("P_11 w_I w_F c", real=True)
    w1 = p - w_I * q - w_F * (1 - q)  # the weight of the constant 1 that the output law leaves
    joint = w_I * q + w1 * q  # P(X = 1, Y = 1)
    py, mean = sp.symbols("p_Y s_0", positive=True)
    inside = (mean + c / py, 1 - mean - c / py, mean - c / (1 - py), 1 - mean + c / (1 - py), 1 - py)
    loss = binary_equivocation(py, mean, c).rewrite(sp.log)
    steps: list[Step] = preliminaries()
    steps += [
        Identity(
            "", "Cov(X, Y) is q (1-q) (w_I - w_F), whatever the constants' weights", joint - p * q, q * (1 - q) * (w_I - w_F)
        ),
        Identity("", "P(X != Y) = D_ind - 2 Cov(X, Y)", q + p - 2 * P11, (q + p - 2 * p * q) - 2 * (P11 - p * q)),
        Identity("", "H(S|Y) has its stationary point at covariance 0", sp.diff(loss, c).subs(c, 0), 0),
        Identity(
            "",
            "the slope of H(S|Y) is log2 of the odds ratio of its posteriors",
            sp.diff(loss, c),
            log2(inside[1]) - log2(inside[0]) + log2(inside[2]) - log2(inside[3]),
        ),
        slope_sign("", 1, "at positive covariance that ratio is at most 1: the loss falls away from 0"),
        slope_sign("", -1, "at negative covariance it is at least 1: the loss falls away from 0"),
        Sign(
            "",
            "H(S|Y) is concave in the covariance",
            -sp.diff(loss, c, 2) * sp.log(2),
            ((1 / py, 1 / inside[0]), (1 / py, 1 / inside[1]), (1 / (1 - py), 1 / inside[2]), (1 / (1 - py), 1 / inside[3])),
            positive=inside,
        ),
        Identity(
            "",
            "Cov(S, Y) = (1 - 2 q_S1) Cov(X, Y), since P(S=1|X=x) = q_S1 + (1 - 2 q_S1) x",
            (q_S1 * (p - P11) + (1 - q_S1) * P11) - ((1 - q) * q_S1 + q * (1 - q_S1)) * p,
            gain * (P11 - p * q),
        ),
        # P(X=1, Y=1) <= min(q, p) and >= max(0, p + q - 1): with Y = X, or its flip, alone both ends are attained.
        Identity("", "largest covariance, q_Y >= q_X: P(X=1, Y=1) = q", q * (1 - q) * (1 - p) / (1 - q) + p * q, q),
        Identity("", "largest covariance, q_Y <= q_X: P(X=1, Y=1) = p", q * (1 - q) * p / q + p * q, p),
        Identity("", "least covariance, q_Y <= 1 - q_X: P(X=1, Y=1) = 0", -q * (1 - q) * p / (1 - q) + p * q, 0),
        Identity("", "least covariance, q_Y >= 1 - q_X: P(X=1, Y=1) = p + q - 1", -q * (1 - q) * (1 - p) / q + p * q, p + q - 1),
        Sign(
            "",
            "the rate (w_I + w_F) H_b(q_X) of a covariance is least with one informative map: w_I + w_F >= |w_I - w_F|",
            (w_I + w_F) - (w_I - w_F),
            ((2, w_F),),
            given=(w_F,),
        ),
    ]
    return steps


def side_steps(minimised: str) -> list[Step]:
    """What concavity (shown before) says on each side of covariance 0, with budgets and end values as plain symbols.

    H_0 = H_b(q_S) at covariance 0, H_end at the end of one side, t the fraction of the way, C the budget.
    """
    t, H_0, H_end, budget, delta = sp.symbols("t H_0 H_end C delta", positive=True)
    chord = (1 - t) * (H_0 - budget) + t * (H_end - budget)
    above = (H_0 - budget, H_end - budget)
    blocked = Sign(
        "infeasible",
        "a side whose end misses the budget misses it everywhere (its chord lies above C, the loss above its chord): so if both do",
        chord,
        ((1 - t, H_0 - budget), (t, H_end - budget)),
        given=(1 - t,),
        positive=above,
    )
    monotone = "the loss falls away from 0 on this side, so its feasible part is [root, end], and the {} is best"
    ends = q * (1 - q)
    if minimised == "distortion":
        value = q + p - 2 * p * q
        return [
            blocked,
            slope_sign("anticorrelated", -1, "the positive side is blocked in the same way; here " + monotone.format("root x_C")),
            Identity(
                "anticorrelated", "its distortion, q_Y >= q_X", value + 2 * delta, p - q + 2 * (ends * (1 - p) / (1 - q) + delta)
            ),
            Identity("anticorrelated", "its distortion, q_Y <= q_X", value + 2 * delta, q - p + 2 * (ends * p / q + delta)),
            Identity(
                "rate-limited",
                "largest covariance w q (1-q), q_Y >= q_X",
                value - 2 * ends * t,
                p - q + 2 * ends * ((1 - p) / (1 - q) - t),
            ),
            Identity(
                "rate-limited", "largest covariance w q (1-q), q_Y <= q_X", value - 2 * ends * t, q - p + 2 * ends * (p / q - t)
            ),
            Identity(
                "marginal-limited", "largest covariance, q_Y >= q_X: the distortion", value - 2 * ends * (1 - p) / (1 - q), p - q
            ),
            Identity("marginal-limited", "largest covariance, q_Y <= q_X: the distortion", value - 2 * ends * p / q, q - p),
        ]
    wanted, D = sp.symbols("delta_D D", real=True)
    nearer, farther = sp.symbols("x_near x_far", nonnegative=True)
    return [
        blocked,
        Identity(
            "distortion too small",
            "the distortion D_ind - 2 delta meets D from covariance delta_D on",
            sp.solve(q + p - 2 * p * q - 2 * wanted - D, wanted)[0],
            (q + p - 2 * p * q - D) / 2,
        ),
        slope_sign("correlated", 1, monotone.format("covariance nearest to 0 that both budgets allow")),
        slope_sign("anticorrelated", -1, monotone.format("root x^-")),
        Sign(
            "either side",
            "the rate grows with |covariance|, so the nearer of the two sides is best",
            h * farther / ends - h * nearer / ends,
            ((h, farther - nearer, 1 / q, 1 / (1 - q)),),
            given=(farther - nearer,),
            positive=(q, 1 - q),
        ),
    ]
