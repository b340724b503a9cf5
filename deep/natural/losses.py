"""Squared error against a clean photograph that nobody has: Stein's unbiased risk estimate.

For X = X0 + N, N Gaussian with variance s^2 for each of the d values and f weakly differentiable (Stein 1981, Theorem 1),

    E |f(X) - X0|^2 / d = E [ |f(X) - X|^2 / d - s^2 + 2 s^2 div f(X) / d ],

the divergence by one random direction b of independent signs (Ramani et al. 2008): b . (f(X + e b) - f(X - e b)) / 2e. Here it is
taken of the moved inputs, X + e b and X - e b, as it stands: their noise, N + e b, has variance s^2 + e^2 and is normal but for
terms of order e^2 / s^2, which is the order of the estimate's bias (.3 % at sigma 25 of 255; much at sigma below 5).

Two things matter for whoever minimises it. A one-sided quotient, f(X + e b) - f(X), can be gamed: the moved input has a little
more noise than the other, which a network that looks at a whole patch can tell, and learns to answer (it did after some two
thousand steps). The exact derivative can not, but its own gradient leaves out what the kinks of rectifiers do on average, and the
training stands still. Of the two sides none has more noise, and kinks count.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

PROBE: Final = 0.005  # e, in grey values of [0, 1]: far above float32's rounding, a twentieth of the task's noise


def both_sides(x: Tensor, direction: Tensor) -> Tensor:
    """(2N, C, H, W): x + e b, then x - e b, of x and signs b (N, C, H, W)."""
    return torch.cat((x + PROBE * direction, x - PROBE * direction))


def moved_sigma(sigma: Tensor) -> Tensor:
    """The standard deviation of the moved inputs' noise, in grey values of [0, 1]; 0 for a photograph without noise."""
    return torch.where(sigma > 0, torch.sqrt(sigma**2 + PROBE**2), sigma)


def stein(y: Tensor, moved: Tensor, direction: Tensor, sigma: Tensor) -> Tensor:
    """Estimates (N,) of the mean squared error of y = f(moved), both (2N, C, H, W), moved by `both_sides`.

    sigma (N,): standard deviation of the noise in x, in grey values of [0, 1]. The move is noise too, of variance e^2, and counts
    as such: the error is that of f at an input whose standard deviation is `moved_sigma`.
    """
    variance = sigma**2 + PROBE**2
    up, down = y.chunk(2)
    error = ((y - moved) ** 2).mean(dim=(1, 2, 3)).view(2, -1).mean(dim=0)
    divergence = (direction * (up - down)).mean(dim=(1, 2, 3)) / (2.0 * PROBE)
    return error + variance * (2.0 * divergence - 1.0)
