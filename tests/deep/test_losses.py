"""The critic's estimate against transports that are known, and the classifier's share of the gradient."""

from __future__ import annotations

import torch

from deep.losses import critic_loss, with_gradient_share
from deep.networks import Critic


def test_the_critic_finds_the_distance_of_two_grey_levels():
    """Images all .3 against all .7: in the norm of `config` (root mean square over pixels) their W1 is .4 whatever the size."""
    for side in (8, 12):
        torch.manual_seed(0)
        critic = Critic((1, side, side), 8)
        optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
        dark, light = torch.full((8, 1, side, side), 0.3), torch.full((8, 1, side, side), 0.7)
        estimates = []
        for _ in range(200):
            loss, w1 = critic_loss(critic, light, dark, torch.rand(8, 1, 1, 1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            estimates.append(w1.item())
        assert abs(sum(estimates[-50:]) / 50 - 0.4) < 0.03


def test_a_flat_critic_pays():
    critic = Critic((1, 8, 8), 4)
    for weights in critic.parameters():
        torch.nn.init.zeros_(weights)
    dark, light, mix = torch.full((8, 1, 8, 8), 0.3), torch.full((8, 1, 8, 8), 0.7), torch.rand(8, 1, 1, 1)
    assert critic_loss(critic, light, dark, mix)[0].item() == 10.0


def test_a_share_of_the_gradient():
    y = torch.ones(3, requires_grad=True)
    weight = torch.ones(3, requires_grad=True)
    shared = with_gradient_share(y, 0.25) * weight
    assert torch.equal(shared, torch.ones(3))
    shared.sum().backward()
    assert torch.equal(y.grad, torch.full((3,), 0.25))
    assert torch.equal(weight.grad, torch.ones(3))
