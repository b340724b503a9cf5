"""Learning the words of a block code by gradient descent with annealing.

The decoder is a product network: symbol j of the word of message m is the product over the message's ones i of t_ij =
tanh(w_ij), with -1 for 1 and +1 for 0: a linear code over GF(2) once the t are signs, and smooth before. Loss, with d the
expected Hamming distance and T falling geometrically:

    -T log sum over words of exp(-d(x, word) / T),  averaged over blocks,

the soft minimum of deterministic annealing (Rose 1998). Several starts are trained side by side; the best by its exact
distortion over all blocks is kept. Plain straight-through training of a binary latent ends at time sharing here: a code that
copies k of n bits is a stationary point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from deep.config import TrainConfig
from deep.synthetic.bernoulli_code import BernoulliCodec, bernoulli_codec
from deep.synthetic.source import BernoulliSource

HOTTEST: Final = 0.5
COLDEST: Final = 0.1
COOLING: Final = 0.8  # share of the steps over which the temperature falls
SPREAD: Final = 0.8  # of the first weights


class BernoulliTraining:
    """The state of a training; `step(k)` is a function of it, of k and of the seed."""

    def __init__(self, config: TrainConfig, source: BernoulliSource) -> None:
        self.config, self.source = config, source
        generator = torch.Generator().manual_seed(config.seed)
        shape = (source.restarts, source.bits, source.block)
        self.weight = (SPREAD * torch.randn(shape, generator=generator)).requires_grad_()
        self.optimizer = torch.optim.Adam([self.weight], lr=config.learning_rate)

    def step(self, k: int) -> dict[str, float]:
        """One step on fresh blocks; distortion of the best start's hard words on them."""
        n, config = self.source.block, self.config
        temperature = HOTTEST * (COLDEST / HOTTEST) ** min(1.0, k / (COOLING * config.steps))
        generator = torch.Generator().manual_seed((config.seed << 24) + k + 1)
        x = 1.0 - 2.0 * torch.randint(2, (config.batch, n), generator=generator)
        distance = (n - x @ _words(torch.tanh(self.weight)).transpose(1, 2)) / 2  # (starts, batch, words)
        soft = -temperature * torch.logsumexp(-distance / temperature, 2)
        self.optimizer.zero_grad()
        soft.mean(1).sum().backward()
        self.optimizer.step()
        reached = distance.detach().min(2).values.mean(1).min().item() / n
        return {"distortion": reached, "rate": float(self.source.bits), "temperature": temperature}

    def codec(self) -> BernoulliCodec:
        """The best start's codec."""
        hard = _words(torch.where(self.weight.detach() > 0, 1.0, -1.0))
        made = [bernoulli_codec((words < 0).to(torch.uint8).numpy()) for words in hard]
        return min(made, key=lambda pair: pair[1])[0]

    def state(self) -> dict[str, Any]:
        """What the steps to come depend on: tensors and plain data."""
        return {"weight": self.weight.detach(), "optimizer": self.optimizer.state_dict()}

    def restore(self, found: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        with torch.no_grad():
            self.weight.copy_(found["weight"])
        self.optimizer.load_state_dict(found["optimizer"])


def _words(t: Tensor) -> Tensor:
    """Words of all messages, (starts, 2^k, n), for t (starts, k, n)."""
    words = torch.ones(t.shape[0], 1, t.shape[2])
    for row in t.unbind(1):
        words = torch.cat([words, words * row[:, None]], 1)
    return words
