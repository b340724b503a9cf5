"""A peer for the training's speed: a plain DCGAN of about the size of the paper's networks (Radford et al. 2016), trained as
WGAN-GP plainly is.

Ours to write and to time, in the same run and on the same batches; it is not the authors' code, and is for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from deep.batches import Batches
from deep.losses import PENALTY

LATENT: Final = 16
LEARNING_RATE: Final = 2e-4  # of Adam, as in DCGAN
BETAS: Final = (0.5, 0.9)
WEIGHT: Final = 0.005  # of the critic's and the classifier's terms: any number costs the same time


@dataclass(frozen=True)
class Sizes:
    """(channels of the first layer, units of a hidden linear layer) of each network; 0 units: no such layer.

    Each of `halvings` convolutions halves the side, and each but the first doubles the channels; the critic has three.
    """

    shape: tuple[int, int, int]
    halvings: int
    generator: tuple[int, int]
    critic: tuple[int, int]
    classifier: tuple[int, int]


# About 0.8, 1.0 and 0.02 million parameters (MNIST), and 1.7, 1.0 and 0.27 million (SVHN). A good share of them stands in linear
# layers, where they cost least time: the same numbers in wider convolutions would make a slower peer.
SIZES: Final = {
    "mnist-sr": Sizes((1, 28, 28), 2, (64, 40), (48, 368), (16, 0)),
    "svhn-denoise": Sizes((3, 32, 32), 3, (64, 48), (64, 80), (40, 0)),
}


class Peer:
    """Its networks and its training step."""

    def __init__(self, sizes: Sizes, device: torch.device) -> None:
        torch.manual_seed(0)
        self.device = device
        self.encoder = _encoder(sizes, sizes.generator, sizes.halvings, LATENT, normalised=True).to(device)
        self.decoder = _decoder(sizes).to(device)
        self.critic = _encoder(sizes, sizes.critic, 3, 1, normalised=False).to(device)
        self.classifier = _encoder(sizes, sizes.classifier, sizes.halvings, 10, normalised=True).to(device)
        rated = [*self.encoder.parameters(), *self.decoder.parameters(), *self.classifier.parameters()]
        self.optimizer = torch.optim.Adam(rated, lr=LEARNING_RATE, betas=BETAS)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=LEARNING_RATE, betas=BETAS)

    def parameters(self) -> dict[str, int]:
        """How many each network has; encoder and decoder are one generator."""
        generator = parameters(self.encoder) + parameters(self.decoder)
        return {"generator": generator, "critic": parameters(self.critic), "classifier": parameters(self.classifier)}

    def step(self, k: int, batches: Batches) -> None:
        """One step of the critic, with the gradient penalty on the whole batch, and one of the generator and classifier."""
        batch = batches.batch(k)
        z = torch.tanh(self.encoder(batch.x))
        y = self.decoder(z + (torch.round(z) - z).detach() + torch.rand_like(z) - 0.5)
        self._critic_step(batch.clean, y.detach())
        entropy = nn.functional.cross_entropy(self.classifier(y), batch.labels)
        self.critic.requires_grad_(False)
        loss = ((y - batch.wanted) ** 2).mean() + WEIGHT * (entropy - self.critic(y).mean())
        self.critic.requires_grad_(True)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def _critic_step(self, clean: Tensor, y: Tensor) -> None:
        mix = torch.rand((len(y), 1, 1, 1), device=self.device)
        between = (mix * clean + (1.0 - mix) * y).requires_grad_()
        gradient = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)[0]
        penalty = PENALTY * ((gradient.flatten(1).norm(dim=1) - 1.0) ** 2).mean()
        loss = self.critic(y).mean() - self.critic(clean).mean() + penalty
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()


def parameters(network: nn.Module) -> int:
    """The number of a network's parameters."""
    return sum(p.numel() for p in network.parameters())


def _encoder(sizes: Sizes, widths: tuple[int, int], halvings: int, outputs: int, normalised: bool) -> nn.Sequential:
    """Strided 4 x 4 convolutions and linear layers; batch normalisation for all but the critic, as WGAN-GP wants."""
    layers: list[nn.Module] = []
    (width, hidden), channels, side = widths, sizes.shape[0], sizes.shape[1]
    for i in range(halvings):
        layers.append(nn.Conv2d(channels, width << i, 4, stride=2, padding=1))
        if normalised and i:
            layers.append(nn.BatchNorm2d(width << i))
        layers.append(nn.LeakyReLU(0.2))
        channels, side = width << i, side // 2
    layers.append(nn.Flatten())
    features = channels * side**2
    if hidden:
        layers += [nn.Linear(features, hidden), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(hidden or features, outputs))


def _decoder(sizes: Sizes) -> nn.Sequential:
    """Linear layers and transposed 4 x 4 convolutions, each doubling the side."""
    width, hidden = sizes.generator
    side, channels = sizes.shape[1] >> sizes.halvings, width << (sizes.halvings - 1)
    layers: list[nn.Module] = [nn.Linear(LATENT, hidden), nn.ReLU()]
    layers += [nn.Linear(hidden, channels * side**2), nn.Unflatten(1, (channels, side, side)), nn.ReLU()]
    for _ in range(sizes.halvings - 1):
        layers += [nn.ConvTranspose2d(channels, channels // 2, 4, stride=2, padding=1), nn.BatchNorm2d(channels // 2), nn.ReLU()]
        channels //= 2
    return nn.Sequential(*layers, nn.ConvTranspose2d(channels, sizes.shape[0], 4, stride=2, padding=1), nn.Sigmoid())
