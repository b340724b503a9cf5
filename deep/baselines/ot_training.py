"""The training of OTDenoising on noisy photographs and, of other scenes, clean ones.

Two phases:

1. warm start, without clean images (Pang et al., "Recorrupted-to-recorrupted", CVPR 2021): with fresh noise z of the deviation
   sigma, f is fitted to X - z / a at X + a z; the noises of the two are independent, so f tends to the conditional mean.
2. transport (Wang et al. 2023): min over f of E||f(X) - X|| + weight * W1(f(X), clean), the norm and W1 over patches in the same
   Euclidean distance, W1 by a critic with gradient penalty (Gulrajani et al. 2017). By the triangle inequality every weight > 1
   has the solution of the constrained problem, in which f(X) has the law of clean patches: no weight has to be tuned to infinity,
   as with the squared norm. The authors' public code has the root of the mean square, too.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from deep.baselines.fitting import fit, generator
from deep.baselines.ot_networks import Denoiser, PatchCritic
from deep.baselines.patches import WHITE, Bytes, crops
from deep.baselines.training_data import clean_half, noisy_half
from deep.baselines.weights_files import FOLDER, save_weights
from deep.machine import machine

PENALTY: Final = 10.0  # of the critic's gradient
_BETAS: Final = (0.5, 0.9)
_WARM_END: Final = 2.0 / 15.0  # of the warm start's rate, at its end: the average over the second phase does the rest
_PARTS: Final = ("denoiser", "critic", "averaged", "warm_optimiser", "optimiser", "critic_optimiser")


@dataclass(frozen=True, kw_only=True)
class OTSettings:
    """Everything that the weights depend on but for the data; sigma is the noise's deviation, of 255."""

    sigma: float = 25.0
    steps: int = 3600  # of the learning rates' schedule
    stop: int = 3200  # training ends here: the best of four on held-out photographs (28.7 dB, .142)
    warm_steps: int = 2600
    critic_steps: int = 250  # at the beginning of the second phase, with f held still
    weight: float = 10.0  # of W1
    batch: int = 16
    side: int = 32
    recorruption: float = 0.5  # a
    warm_rate: float = 1e-3
    rate: float = 1.5e-5  # of f: far below the critic's, or f swings between blur and noise
    critic_rate: float = 4e-4
    penalty_every: int = 2
    average: float = 0.998  # of the moving average of the weights over the second phase
    seed: int = 0


class OTTraining:
    """A deep.baselines.fitting.Trainee. noisy, clean: photographs uint8 (H, W, 3), of different scenes."""

    def __init__(self, noisy: list[Bytes], clean: list[Bytes], settings: OTSettings) -> None:
        torch.manual_seed(settings.seed)
        self.noisy, self.clean, self.settings = noisy, clean, settings
        self.denoiser, self.critic = Denoiser(), PatchCritic()
        self.averaged = copy.deepcopy(self.denoiser).requires_grad_(False)
        self.warm_optimiser = torch.optim.Adam(self.denoiser.parameters(), lr=settings.warm_rate)
        self.optimiser = torch.optim.Adam(self.denoiser.parameters(), lr=settings.rate, betas=_BETAS)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), lr=settings.critic_rate, betas=_BETAS)

    def step(self, k: int) -> dict[str, float]:
        """Step k of either phase."""
        s = self.settings
        rng = generator(s.seed, k)
        noisy = crops(self.noisy, s.batch, s.side, seed=s.seed, step=2 * k)
        if k < s.warm_steps:
            return self._warm_step(k, noisy, rng)
        clean = crops(self.clean, s.batch, s.side, seed=s.seed, step=2 * k + 1)
        return self._transport_step(k, noisy, clean, rng)

    def _warm_step(self, k: int, noisy: Tensor, rng: torch.Generator) -> dict[str, float]:
        s = self.settings
        self.warm_optimiser.param_groups[0]["lr"] = s.warm_rate * (1.0 - (1.0 - _WARM_END) * k / s.warm_steps)
        z = torch.randn(noisy.shape, generator=rng) * (s.sigma / WHITE)
        loss = ((self.denoiser(noisy + s.recorruption * z) - (noisy - z / s.recorruption)) ** 2).mean()
        self.warm_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.warm_optimiser.step()
        self.averaged.load_state_dict(self.denoiser.state_dict())
        return {"loss": float(loss.detach())}

    def _transport_step(self, k: int, noisy: Tensor, clean: Tensor, rng: torch.Generator) -> dict[str, float]:
        s = self.settings
        since = k - s.warm_steps
        frozen = since < s.critic_steps
        left = (s.steps - k) / max(s.steps - s.warm_steps, 1)
        for optimiser, rate in ((self.optimiser, s.rate), (self.critic_optimiser, s.critic_rate)):
            optimiser.param_groups[0]["lr"] = rate * min(1.0, 2.0 * left)
        with torch.set_grad_enabled(not frozen):
            restored = self.denoiser(noisy)
        shown = restored.detach()
        if frozen:  # it sees everything between f(X) and X, so that it knows noise before f could take to it
            shown = shown.lerp(noisy, torch.rand((s.batch, 1, 1, 1), generator=rng))
        gap, penalty = self._critic_step(shown, clean, rng, since % s.penalty_every == 0)
        distance = (restored - noisy).flatten(1).norm(dim=1).mean()
        if not frozen:
            self.critic.requires_grad_(False)
            # Divided by the weight: the critic's share of the step keeps its size whatever the weight.
            loss = distance / s.weight - self.critic(restored).mean()
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.critic.requires_grad_(True)
            self.optimiser.step()
            with torch.no_grad():
                for mean, value in zip(self.averaged.parameters(), self.denoiser.parameters(), strict=True):
                    mean.lerp_(value, 1.0 - s.average)
        return {"w1": gap, "penalty": penalty, "distance": float(distance.detach())}

    def _critic_step(self, restored: Tensor, clean: Tensor, rng: torch.Generator, penalised: bool) -> tuple[float, float]:
        """One step of the critic: its estimate of W1, and the penalty (NaN is never logged: 0 where it was left out)."""
        s = self.settings
        scores = self.critic(torch.cat([clean, restored]))
        gap = scores[: len(clean)].mean() - scores[len(clean) :].mean()
        loss, penalty = -gap, torch.zeros(())
        if penalised:
            half = len(clean) // 2
            mix = torch.rand((half, 1, 1, 1), generator=rng)
            between = (mix * clean[:half] + (1.0 - mix) * restored[:half]).requires_grad_()
            gradient = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)[0]
            penalty = ((gradient.flatten(1).norm(dim=1) - 1.0) ** 2).mean()
            loss = loss + s.penalty_every * PENALTY * penalty
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return float(gap.detach()), float(penalty.detach())

    def state(self) -> dict[str, Any]:
        """Networks and optimisers."""
        return {name: getattr(self, name).state_dict() for name in _PARTS}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])


def train(out: Path, settings: OTSettings, *, save: bool = False, folder: Path = FOLDER) -> None:
    """Train on BSDS500 in the run folder `out`, or resume; with `save`, enter the weights into `folder`."""
    training = OTTraining(noisy_half(settings.sigma), clean_half(), settings)
    fit(training, out, asdict(settings), until=settings.stop)
    if save:
        record = {"settings": asdict(settings), "machine": machine(torch.device("cpu"))}
        save_weights(f"ot_denoising_sigma{settings.sigma:g}", training.averaged.state_dict(), record, folder)
