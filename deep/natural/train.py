"""Training of a codec of photographs; see `options` for the loss. Killed and resumed with the same result.

`rdcsym train --task natural-denoise --out RUN` and `python -m deep.train` come here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from deep.checkpoint import Log, prepare_folder
from deep.config import TrainConfig
from deep.losses import critic_loss
from deep.natural.codec import NaturalCodec
from deep.natural.grain import drawn_grain
from deep.natural.losses import both_sides, moved_sigma, stein
from deep.natural.model import load_estimator, load_start, save_model
from deep.natural.networks import STRIDE, Critic, start_linear
from deep.natural.noise_level import estimated_sigma
from deep.natural.options import QUALITY_STEPS, options_of
from deep.natural.patches import Source, check_sizes, crops, halves
from deep.natural.sources import training_source
from deep.run import load_tensors, save_tensors
from deep.tasks import Task
from rdcsym.problem import InputError

CRITIC_WIDTH: Final = 48
CRITIC_BETAS: Final = (0.0, 0.9)
LEAST_RATE_SHARE: Final = 0.01  # of the first learning rate: where its cosine ends
MOST_NORM: Final = 0.1  # of a gradient, in units of 255 sqrt(most_lambda): a rare patch must not undo an epoch
MOST_ESTIMATOR_NORM: Final = 15.0  # of a gradient of 255 times the estimator's error; 1 to 3 is usual
WARM_UP: Final = 50  # steps
MOST_SPREAD: Final = 2.2  # times the task's sigma
WHITE: Final = 255.0
FIRST_BLOCKS: Final = 20_000  # whose principal components the transforms start with


class NaturalTraining:
    """The state of a training; `step(k)` is a function of it and of k."""

    def __init__(self, config: TrainConfig, chosen: Task, source: Source) -> None:
        self.config, self.options, self.sigma = config, options_of(config), chosen.sigma
        check_sizes(source, self.options.patch)
        _check_unused(config)
        if self.options.distortion == "sure" and not chosen.sigma:
            raise InputError("options.distortion", "sure", "needs Gaussian noise of known sigma", "use input or clean")
        if self.options.synthetic_share and self.options.distortion != "sure":
            fix = "leave it 0: distortion=clean learns from pairs already, and input has no estimator"
            raise InputError("options.synthetic_share", self.options.synthetic_share, "goes with distortion=sure only", fix)
        paired = config.pairing == "supervised"
        self.seen, self.clean = (source, source) if paired else halves(source)
        torch.manual_seed(config.seed)
        self.codec = NaturalCodec(config)
        self.critic = Critic(CRITIC_WIDTH)
        if self.options.start:
            load_start(self.options.start, self.codec, None if self.options.fresh_critic else self.critic)
        else:
            _, blocks = crops(self.clean, FIRST_BLOCKS, STRIDE, np.random.default_rng(config.seed))
            start_linear(self.codec.encoder, self.codec.decoder, blocks)
            if self.codec.estimator is not None:
                start_linear(self.codec.estimator.encoder, self.codec.estimator.decoder, blocks)
        if self.options.start_estimator:
            load_estimator(self.options.start_estimator, self.codec)
        self.codec = self.codec.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        estimates = [] if self.codec.estimator is None else list(self.codec.estimator.parameters())
        others = [value for name, value in self.codec.named_parameters() if not name.startswith("estimator.")]
        # One after the other: each has its own part of the steps, and its own schedule in it.
        self.first_steps = round(self.options.estimator_share * config.steps) if estimates else 0
        if estimates and not self.options.estimator_share and not (self.options.start or self.options.start_estimator):
            fix = "train it for a share of the steps, or name a run in start_estimator"
            raise InputError("options.estimator_share", self.options.estimator_share, "leaves the estimator untrained", fix)
        self.optimizer = torch.optim.Adam(others, lr=config.learning_rate)
        self.estimator_optimizer = torch.optim.Adam(estimates or [torch.zeros(1)], lr=config.learning_rate)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=self.options.critic_rate, betas=CRITIC_BETAS)

    def step(self, k: int) -> dict[str, float]:
        """Step k of the estimator or, after its last one, of the codec and in time of the critic; the terms of the loss."""
        rng = np.random.default_rng((self.config.seed, k))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        if k < self.first_steps:
            return self._estimator_step(k, rng, generator)
        return self._codec_step(k, rng, generator)

    def _estimator_step(self, k: int, rng: np.random.Generator, generator: torch.Generator) -> dict[str, float]:
        """Stein's estimate of the error to the clean photograph, or the error itself where the pairs are known."""
        synthetic = k >= (1.0 - self.options.synthetic_share) * self.first_steps
        x, target, sigma = self._noisy(rng, generator, self.clean if synthetic else self.seen)
        if self.options.distortion == "sure" and not synthetic:
            direction = torch.randint(0, 2, x.shape, generator=generator).float() * 2.0 - 1.0
            moved = both_sides(x, direction).contiguous(memory_format=torch.channels_last)
            told = WHITE * moved_sigma(sigma / WHITE)
            y = self.codec.estimate(moved, torch.cat((told, told)))
            error = stein(y, moved, direction, sigma / WHITE)
            y = y[: len(x)]
        else:
            y = self.codec.estimate(x.contiguous(memory_format=torch.channels_last), sigma)
            error = ((y - target) ** 2).mean(dim=(1, 2, 3))
        loss = WHITE * error.mean()
        norm = self._descend(self.estimator_optimizer, loss, k, self.first_steps, MOST_ESTIMATOR_NORM)
        clean_error = ((y.detach() - target) ** 2).mean()  # shown only: no gradient comes from it
        return {"loss": float(loss.detach()), "estimate_error": float(clean_error), "norm": norm}

    def _codec_step(self, k: int, rng: np.random.Generator, generator: torch.Generator) -> dict[str, float]:
        config, options = self.config, self.options
        done, steps = k - self.first_steps, config.steps - self.first_steps
        x, target, sigma = self._noisy(rng, generator, self.seen)
        count, sites = len(x), options.patch // STRIDE
        quality = torch.from_numpy(rng.integers(0, QUALITY_STEPS * (options.qualities - 1) + 1, count) / QUALITY_STEPS).float()
        if self.codec.estimator is not None:
            fresh = torch.from_numpy(rng.random(count) < options.clean_share)
            other = crops(self.clean, count, options.patch, rng)[1]
            here = fresh[:, None, None, None]
            x, target, sigma = torch.where(here, other, x), torch.where(here, other, target), torch.where(fresh, 0.0, sigma)
        with torch.no_grad():
            estimate = self.codec.estimate(x.contiguous(memory_format=torch.channels_last), sigma)
        adversarial = config.lambda_p > 0 and done >= options.critic_from * steps
        realism = (torch.arange(count) % 2).float() if adversarial else torch.zeros(count)
        weight = torch.tensor([options.rate_weight(q) for q in quality.tolist()]) * WHITE**2
        noise = torch.rand((count, config.latent, sites, sites), generator=generator) - 0.5
        coded = self.codec(estimate, quality, realism, noise, drawn_grain(x.shape, generator))
        wanted = target if options.distortion == "clean" else estimate
        distortion = ((coded.y - wanted) ** 2).mean(dim=(1, 2, 3))
        balance = torch.sqrt(WHITE**2 * options.rate_weight((options.qualities - 1) / 2) / weight)
        loss = (balance * (weight * distortion + coded.bits_per_pixel)).mean()
        terms = {"distortion": distortion.mean(), "rate": coded.bits_per_pixel.mean()}
        if adversarial:
            judged = coded.y[realism > 0]
            terms["w1"] = self._critic_step(judged.detach(), rng, generator)
            self.critic.requires_grad_(False)
            loss = loss - config.lambda_p * ((balance * weight)[realism > 0] * self.critic(judged)).sum() / count
            self.critic.requires_grad_(True)
        norm = self._descend(self.optimizer, loss, done, steps, MOST_NORM * WHITE * math.sqrt(options.most_lambda))
        clean_error = ((coded.y.detach() - target) ** 2).mean()
        shown = {name: float(value.detach()) for name, value in terms.items()}
        return shown | {"loss": float(loss.detach()), "norm": norm, "clean_error": float(clean_error)}

    def _descend(self, optimizer: torch.optim.Optimizer, loss: Tensor, done: int, steps: int, most: float) -> float:
        """One step of `steps`, at the learning rate of its time; the gradient's norm before it was clipped to `most`."""
        share = 0.5 * (1.0 + math.cos(math.pi * done / steps))
        share = (LEAST_RATE_SHARE + (1.0 - LEAST_RATE_SHARE) * share) * min(1.0, (done + 1) / WARM_UP)
        for group in optimizer.param_groups:
            group["lr"] = self.config.learning_rate * share
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        values = [value for group in optimizer.param_groups for value in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(values, most)
        optimizer.step()
        return float(norm)

    def _noisy(self, rng: np.random.Generator, generator: torch.Generator, source: Source) -> tuple[Tensor, Tensor, Tensor]:
        """(what the encoder sees, the clean patches, sigma of 255: of real noise an estimate, which is what a user has too)."""
        seen, clean = crops(source, self.config.batch, self.options.patch, rng)
        if not self.sigma:
            pixels = torch.round(seen * WHITE).byte().permute(0, 2, 3, 1).numpy()
            return seen, clean, torch.tensor([estimated_sigma(patch) for patch in pixels])
        spread = torch.from_numpy(rng.random(len(seen)) < self.options.spread)
        drawn = torch.from_numpy(rng.random(len(seen)) * MOST_SPREAD * self.sigma).float()
        sigma = torch.where(spread, drawn, torch.full_like(drawn, self.sigma))
        noise = torch.randn(clean.shape, generator=generator)
        return clean + noise * (sigma / WHITE)[:, None, None, None], clean, sigma

    def _critic_step(self, outputs: Tensor, rng: np.random.Generator, generator: torch.Generator) -> Tensor:
        w1 = torch.zeros(())
        for _ in range(self.config.critic_steps):
            _, clean = crops(self.clean, len(outputs), self.options.patch, rng)
            mix = torch.rand((len(outputs), 1, 1, 1), generator=generator)
            loss, w1 = critic_loss(self.critic, clean, outputs.contiguous(), mix)
            self.critic_optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.critic_optimizer.step()
        return w1

    def state(self) -> dict[str, Any]:
        """Everything that the steps to come depend on."""
        return {
            "codec": self.codec.state_dict(),
            "critic": self.critic.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers()],
        }

    def set_state(self, found: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        self.codec.load_state_dict(found["codec"])
        self.critic.load_state_dict(found["critic"])
        for optimizer, state in zip(self._optimizers(), found["optimizers"], strict=True):
            optimizer.load_state_dict(state)

    def _optimizers(self) -> tuple[torch.optim.Optimizer, ...]:
        return self.optimizer, self.estimator_optimizer, self.critic_optimizer


def train_natural(config: TrainConfig, chosen: Task, folder: Path, resume: bool, progress: Any = None) -> Path:
    """Train into `folder`, as `deep.train.train` says."""
    if not prepare_folder(folder, config, resume):
        return folder
    if config.threads:
        torch.set_num_threads(config.threads)
    training = NaturalTraining(config, chosen, training_source(chosen))
    first = _resumed(folder, training)
    with Log(folder, first) as log:
        gathered: list[dict[str, float]] = []
        for k in range(first, config.steps):
            gathered.append(training.step(k))
            done = k + 1
            if done % config.log_every == 0 or done in (training.first_steps, config.steps):
                shown = _means(gathered)
                gathered.clear()
                if not all(math.isfinite(value) for value in shown.values()):
                    fix = "use a smaller learning_rate" + ("" if done <= training.first_steps else " or lambda_p")
                    raise InputError("training", f"step {done}", "has diverged", fix)
                log.write(done, shown)
                if progress is not None:
                    progress(done, config.steps, shown)
            if done % config.checkpoint_every == 0 and done < config.steps:
                save_tensors(folder / "checkpoint.pt", {"step": done, **training.state()})
    save_model(folder, training.codec, training.critic, config, config.steps)
    (folder / "checkpoint.pt").unlink(missing_ok=True)
    return folder


def _check_unused(config: TrainConfig) -> None:
    """InputError for a setting that asks for something which photographs do not have."""
    if config.rate is not None:
        raise InputError("rate", config.rate, "has no meaning for photographs", "leave it out: the quality chooses the rate")
    for name, asked in (("device", "cuda"), ("amp", True), ("compile", True)):
        if getattr(config, name) == asked:
            raise InputError(name, asked, "is not there for photographs", "leave it out: they are trained on the CPU")


def _resumed(folder: Path, training: NaturalTraining) -> int:
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0
    found = load_tensors(path, "checkpoint", "remove it to start again")
    try:
        training.set_state(found)
        return int(found["step"])
    except (RuntimeError, ValueError, KeyError):  # networks, or what is kept of them, have changed since
        raise InputError("checkpoint", str(path), "is of another version", "remove it to start again") from None


def _means(gathered: list[dict[str, float]]) -> dict[str, float]:
    names = {name for terms in gathered for name in terms}
    return {name: float(np.mean([terms[name] for terms in gathered if name in terms])) for name in sorted(names)}
