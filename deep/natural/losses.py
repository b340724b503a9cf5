"""Squared error against a clean photograph that nobody has: Stein's unbiased risk estimate.

For X = X0 + N, N Gaussian with variance s^2 for each of the d values and f differentiable (Stein 1981, Theorem 1),

    E |f(X) - X0|^2 / d = E [ |f(X) - X|^2 / d - s^2 + 2 s^2 div f(X) / d ],

the divergence by one random direction b of independent signs (Hutchinson 1990; Ramani et al. 2008): b . J(X) b, the derivative
taken exactly. A difference quotient in its place is not unbiased: the moved input has a little more noise, which a network that
looks at a whole patch can tell, and learns to answer (with moves of .01 it did so after some two thousand steps).
"""

from __future__ import annotations

import torch
from torch import Tensor


def stein(y: Tensor, x: Tensor, direction: Tensor, sigma: Tensor) -> Tensor:
    """Estimates (N,) of the mean squared error of y = f(x), both (N, 3, H, W), x with `requires_grad`; y is of x alone.

    sigma (N,): standard deviation of the noise in x, in grey values of [0, 1]; 0 gives the plain error to x. direction: signs.
    """
    error = ((y - x.detach()) ** 2).mean(dim=(1, 2, 3))
    (pulled,) = torch.autograd.grad((y * direction).sum(), x, create_graph=True)
    divergence = (direction * pulled).mean(dim=(1, 2, 3))
    return error + sigma**2 * (2.0 * divergence - 1.0)
