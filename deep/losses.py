"""Terms of the training loss that are more than a line: the critic's, and the share of a gradient."""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor, nn

PENALTY: Final = 10.0  # weight of the gradient penalty, as in Gulrajani et al. 2017
PENALTY_SHARE: Final = 4  # the penalty is taken on every fourth image of a batch: it costs a second derivative


def critic_loss(critic: nn.Module, clean: Tensor, outputs: Tensor, mix: Tensor) -> tuple[Tensor, Tensor]:
    """(loss to minimise, estimate of W1) of clean images and codec outputs, both (N, C, H, W); mix (N, 1, 1, 1) in [0, 1].

    WGAN-GP (Gulrajani et al. 2017): the gradient's norm is held to 1 between the two, in the norm that `config` documents. The
    estimate is a lower bound on W1 only for a critic that is 1-Lipschitz, which the penalty encourages and does not enforce.
    """
    both = critic(torch.cat((clean, outputs)))
    w1 = both[: len(clean)].mean() - both[len(clean) :].mean()
    some = slice(None, None, PENALTY_SHARE)
    between = (mix[some] * clean[some] + (1.0 - mix[some]) * outputs[some]).requires_grad_()
    gradient = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
    norm = gradient.flatten(1).norm(dim=1) * math.sqrt(gradient[0].numel())
    return PENALTY * ((norm - 1.0) ** 2).mean() - w1, w1.detach()


class _Share(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, share: float) -> Tensor:
        ctx.share = share
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] * ctx.share, None


def with_gradient_share(y: Tensor, share: float) -> Tensor:
    """y, whose gradient is multiplied by `share`: one backward pass trains the classifier fully and the codec by lambda_c."""
    return _Share.apply(y, share)  # type: ignore[no-any-return,no-untyped-call]
