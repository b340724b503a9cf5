"""rdp-gaussian-w2: least rate R(D, P) of a Gaussian source, output law free in a ball W2^2(p_X, p_Y) <= P.

Problem: X ~ N(mu_X, sigma_X^2); minimise I(X;Y) subject to E (X-Y)^2 <= D and W2^2 <= P (squared units). Kind: tight. Source:
Zhang, Qian, Chen, Khisti, NeurIPS 2021, whose closed form is this one with s(P) = sigma_X - sqrt P written out.
"""

from __future__ import annotations

from rdcsym.theorems._gaussian import P, sigma_X
from rdcsym.theorems._rdp_gaussian import certified, theorem
from rdcsym.theorems.drpc_gaussian_w2 import BALL, LEAST_DEVIATION, ball_steps

THEOREM = theorem(
    "rdp-gaussian-w2",
    "Rate-distortion-perception function of a scalar Gaussian source, perception by squared Wasserstein distance",
    "w2",
    certified(BALL, LEAST_DEVIATION),
    ball_steps(),
    boundaries=((P, sigma_X**2),),
)
