"""Fitting DeCompress's codec to noisy photographs.

The loss is the length of a two-part description of a noisy patch y by its reconstruction v, in bits:

    bits(v) + slope * ||y - v||^2 / (2 ln 2 sigma^2),

at slope 1 the code of v and then of y given v under Gaussian noise of deviation sigma, up to a constant. For Gaussian sources it
is the point of the rate-distortion curve where the distortion to y is sigma^2: what is thrown away is the noise.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from deep.baselines.decompress_codec import LATENT, SIDE, VALUES, PatchCodec, scaled
from deep.baselines.fitting import fit, generator
from deep.baselines.patches import WHITE, Bytes
from deep.baselines.training_data import noisy_all
from deep.baselines.weights_files import FOLDER, save_weights
from deep.machine import machine

_START_PATCHES: Final = 20000
_STEP_OF_SIGMA: Final = 2.5  # the first quantiser step


@dataclass(frozen=True, kw_only=True)
class CodecSettings:
    """Everything that the weights depend on but for the data; sigma is the noise's deviation, of 255."""

    sigma: float = 25.0
    slope: float = 1.0
    steps: int = 3500
    batch: int = 1024
    rate: float = 1e-3
    model_rate: float = 5e-3  # of the entropy model
    seed: int = 0


class CodecTraining:
    """A deep.baselines.fitting.Trainee. noisy: photographs uint8 (H, W, 3), each side at least 8."""

    def __init__(self, noisy: list[Bytes], settings: CodecSettings) -> None:
        torch.manual_seed(settings.seed)
        self.noisy, self.settings = noisy, settings
        self.codec = PatchCodec()
        self.codec.start_from(self.patches(_START_PATCHES, -1), _STEP_OF_SIGMA * settings.sigma / WHITE)
        model = list(self.codec.entropy_model.parameters())
        networks = [*self.codec.encoder.parameters(), *self.codec.decoder.parameters()]
        self.optimiser = torch.optim.Adam([{"params": networks}, {"params": model}], lr=settings.rate)

    def patches(self, count: int, k: int) -> Tensor:
        """`count` patches (count, 192) drawn uniformly from (seed, k)."""
        rng = np.random.default_rng([self.settings.seed, k + 1])
        out = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
        chosen = rng.integers(len(self.noisy), size=count)
        places = rng.random((count, 2))
        for i in range(count):
            photograph = self.noisy[chosen[i]]
            top, left = (int(places[i, axis] * (photograph.shape[axis] - SIDE + 1)) for axis in (0, 1))
            out[i] = photograph[top : top + SIDE, left : left + SIDE]
        return torch.from_numpy(scaled(out).reshape(count, VALUES))

    def step(self, k: int) -> dict[str, float]:
        """One step of Adam: bits per pixel and the distortion to the noisy patches, as a share of sigma^2, to be logged."""
        s = self.settings
        left = max(1.0 - k / s.steps, 0.02)
        for group, rate in zip(self.optimiser.param_groups, (s.rate, s.model_rate), strict=True):
            group["lr"] = rate * left
        patches = self.patches(s.batch, k)
        noise = torch.rand((s.batch, LATENT), generator=generator(s.seed, k)) - 0.5
        decoded, bits = self.codec(patches, noise)
        distortion = ((decoded - patches) ** 2).sum(1).mean() * (WHITE / s.sigma) ** 2  # of 192 values, in units of sigma^2
        loss = (bits.mean() + s.slope * distortion / (2.0 * math.log(2.0))) / SIDE**2
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return {
            "bpp": float(bits.detach().mean()) / SIDE**2,
            "share": float(distortion.detach()) / VALUES,
            "loss": float(loss.detach()),
        }

    def state(self) -> dict[str, Any]:
        """Codec and optimiser."""
        return {"codec": self.codec.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.codec.load_state_dict(state["codec"])
        self.optimiser.load_state_dict(state["optimiser"])


def train(out: Path, settings: CodecSettings, *, save: bool = False, folder: Path = FOLDER) -> None:
    """Fit to noisy BSDS500 in the run folder `out`, or resume; with `save`, enter the weights into `folder`."""
    training = CodecTraining(noisy_all(settings.sigma), settings)
    fit(training, out, asdict(settings))
    if save:
        record = {"settings": asdict(settings), "machine": machine(torch.device("cpu"))}
        save_weights(f"decompress_sigma{settings.sigma:g}", training.codec.state_dict(), record, folder)
