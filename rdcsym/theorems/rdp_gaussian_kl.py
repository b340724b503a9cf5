"""rdp-gaussian-kl: least rate R(D, P) of a Gaussian source, output law free in a ball KL(p_Y || p_X) <= P.

Problem: X ~ N(mu_X, sigma_X^2); minimise I(X;Y) subject to E (X-Y)^2 <= D and KL(p_Y || p_X) <= P (bits). Kind: tight. Source:
Zhang, Qian, Chen, Khisti, NeurIPS 2021. Here s(P) = sigma_X sqrt(-W0(-exp(-2P - 1))), P in nats, in closed form.
"""

from __future__ import annotations

from rdcsym.theorems._rdp_gaussian import certified, theorem
from rdcsym.theorems.drpc_gaussian_kl import BALL, LEAST_DEVIATION, ball_steps

THEOREM = theorem(
    "rdp-gaussian-kl",
    "Rate-distortion-perception function of a scalar Gaussian source, perception by relative entropy",
    "kl",
    certified(BALL, LEAST_DEVIATION),
    ball_steps(),
)
