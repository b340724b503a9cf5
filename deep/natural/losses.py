"""Squared error against a clean photograph that nobody has: Stein's unbiased risk estimate.

For X = X0 + N, N Gaussian with variance s^2 for each of the d values and f differentiable (Stein 1981, Theorem 1),

    E |f(X) - X0|^2 / d = E [ |f(X) - X|^2 / d - s^2 + 2 s^2 div f(X) / d ],

the divergence by one random direction b of independent signs (Ramani et al. 2008): b . (f(X + e b) - f(X)) / e. The quantizer's
noise is held fixed between the two, which is what makes f differentiable.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor

PROBE: Final = 0.01  # e, in grey values of [0, 1]: far above float32's rounding, far below what an edge is


def stein(y: Tensor, moved: Tensor, x: Tensor, direction: Tensor, sigma: Tensor) -> Tensor:
    """Estimates (N,) of the mean squared error of y = f(x); moved = f(x + PROBE direction), all (N, 3, H, W).

    sigma (N,): standard deviation of the noise in x, in grey values of [0, 1]; 0 gives the plain error to x.
    """
    error = ((y - x) ** 2).mean(dim=(1, 2, 3))
    divergence = (direction * (moved - y)).mean(dim=(1, 2, 3)) / PROBE
    return error + sigma**2 * (2.0 * divergence - 1.0)
