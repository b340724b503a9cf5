"""Training of a codec: MSE + lambda_r R + lambda_p W1 + lambda_c CE (see `config` for each term), killed and resumed with the
same result.

    python -m deep.train --task digits-sr --out RUN [--set key=value ...] [--resume]

needs torch, numpy, scipy and sympy only; `rdcsym train` is the same with a progress bar, and measures the operating point at
the end. Under `torchrun` each process takes its share of every batch and gradients are averaged.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import torch

from deep.batches import Batch, Batches, image_shape, images_of
from deep.checkpoint import Log, load_checkpoint, prepare_folder, save_checkpoint
from deep.config import TrainConfig
from deep.losses import critic_loss, with_gradient_share
from deep.machine import machine
from deep.parallel import Processes
from deep.run import Networks, build, save_model
from deep.settings import settings
from deep.tasks import Task, task
from rdcsym.problem import InputError

Progress = Callable[[int, int, Mapping[str, float]], None]

LEAST_RATE_SHARE: Final = 0.02  # of the first learning rate: where its cosine ends
MULTIPLIER_STEP: Final = 0.05  # relative change of lambda_r in a step at which the rate misses its target by its whole size
FIRST_PRICE: Final = 1e-3  # of the whole rate asked for, in units of the squared error: cheap until the codec can use it
GENEROSITY: Final = 4.0  # the first step's target of the rate, as a multiple of the last one
TARGET_SHARE: Final = 0.98  # of the rate asked for is aimed at: new images cost about 1 % more, and a file has a header
GENEROUS_SHARE: Final = 0.5  # of the steps: after them the target is the rate asked for
BITS_PER_NAT: Final = 1.4426950408889634
DENSITY_SHARE: Final = 10.0  # the densities' learning rate, times the others': they must keep up with the encoder
CRITIC_BETAS: Final = (0.5, 0.9)  # of Adam, as in Gulrajani et al. 2017


def train(config: TrainConfig, out: str | Path, resume: bool = False, progress: Progress | None = None) -> Path:
    """Train into the folder `out` and return it; `progress(step, steps, metrics)` is called every `log_every` steps.

    resume: go on from the last checkpoint (the result is the same as without the interruption, on the same machine and number of
    threads); a finished run is left as it is. Without it a folder that holds a run is refused. Raises InputError.
    """
    folder, chosen = Path(out), task(config.task)
    if config.augment and chosen.kind != "images":
        raise InputError("augment", True, f"is for small images with labels, not for {chosen.name}", "leave it out")
    if chosen.kind == "photographs":
        from deep.natural.train import train_natural

        return train_natural(config, chosen, folder, resume, progress)
    if chosen.kind != "images":
        from deep.synthetic.train import train_synthetic

        return Path(train_synthetic(config, folder, resume, progress))
    processes = Processes.join()
    try:
        if prepare_folder(folder, config, resume, processes.rank):
            _train_images(config, chosen, folder, processes, progress)
    finally:
        processes.leave()
    return folder


def device_of(config: TrainConfig) -> torch.device:
    """The device asked for; InputError where there is none."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError("device", "cuda", "is not available here", "use device=cpu, or device=auto")
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted if config.device == "auto" else config.device)


def rate_target(config: TrainConfig, k: int) -> float:
    """Bits per image aimed at in step k: a codec that has to be frugal before it knows what matters learns to send nothing."""
    assert config.rate is not None
    left = max(0.0, 1.0 - k / (GENEROUS_SHARE * config.steps))
    return float(TARGET_SHARE * config.rate * GENEROSITY**left)


class Training:
    """The state of a training: networks, optimisers, multiplier of the rate; `step(k)` is a function of it and of k."""

    def __init__(self, config: TrainConfig, chosen: Task, device: torch.device, processes: Processes) -> None:
        self.config, self.device, self.processes = config, device, processes
        self.networks = build(image_shape(chosen), chosen.labels, config)
        for network in (self.networks.codec, self.networks.critic, self.networks.classifier):
            network.to(device)
        density = list(self.networks.codec.entropy_model.parameters())
        others = [p for name, p in self.networks.codec.named_parameters() if not name.startswith("entropy_model.")]
        others += self.networks.classifier.parameters()
        fused = device.type == "cuda"
        self.codec_optimizer = torch.optim.Adam(
            [{"params": others, "share": 1.0}, {"params": density, "share": DENSITY_SHARE}], lr=config.learning_rate, fused=fused
        )
        self.critic_optimizer = torch.optim.Adam(
            self.networks.critic.parameters(), lr=config.learning_rate, betas=CRITIC_BETAS, fused=fused
        )
        self.lambda_r = config.lambda_r if config.rate is None else min(config.lambda_r, FIRST_PRICE / (GENEROSITY * config.rate))
        self.codec = torch.compile(self.networks.codec) if config.compile else self.networks.codec

    def step(self, k: int, batches: Batches) -> dict[str, torch.Tensor]:
        """One step of the critic and one of the codec and its classifier; the terms of the loss, detached."""
        share = 0.5 * (1.0 + torch.cos(torch.tensor(torch.pi * k / self.config.steps)).item())
        rate_share = LEAST_RATE_SHARE + (1.0 - LEAST_RATE_SHARE) * share
        for optimizer in (self.codec_optimizer, self.critic_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = self.config.learning_rate * rate_share * group.get("share", 1.0)
        batch = batches.batch(k)
        generator = batches.generator(k, 3)
        shape = (len(batch.x), self.config.latent)
        rows = torch.randint(self.config.levels, shape, generator=generator).to(self.device)
        relaxation = (torch.rand(shape, generator=generator) - 0.5).to(self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.config.amp and self.device.type == "cuda"):
            coded = self.codec(batch.x, rows, relaxation)
        y, bits = coded.y.float(), coded.bits.float().mean()
        w1 = self._critic_steps(batch, y.detach(), generator)
        terms = self._codec_step(batch, y, bits)
        if self.config.rate is not None:
            miss = self.processes.mean(terms["rate"]).item() / rate_target(self.config, k) - 1.0
            self.lambda_r *= 1.0 + MULTIPLIER_STEP * max(-1.0, min(1.0, miss))
        return {**terms, "w1": w1}

    def _critic_steps(self, batch: Batch, y: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        w1 = torch.zeros((), device=self.device)
        for _ in range(self.config.critic_steps):
            count = min(len(batch.clean), len(y))
            mix = torch.rand((count, 1, 1, 1), generator=generator).to(self.device)
            loss, w1 = critic_loss(self.networks.critic, batch.clean[:count], y[:count], mix)
            self.critic_optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.processes.average_gradients(self.networks.critic.parameters())
            self.critic_optimizer.step()
        return w1

    def _codec_step(self, batch: Batch, y: torch.Tensor, bits: torch.Tensor) -> dict[str, torch.Tensor]:
        config, networks = self.config, self.networks
        mse = ((y - batch.wanted) ** 2).mean()
        logits = networks.classifier(with_gradient_share(y, config.lambda_c))
        cross_entropy = torch.nn.functional.cross_entropy(logits, batch.labels) * BITS_PER_NAT
        loss = mse + self.lambda_r * bits + cross_entropy
        if config.lambda_p > 0 and config.critic_steps > 0:
            networks.critic.requires_grad_(False)
            loss = loss - config.lambda_p * networks.critic(y).mean()
            networks.critic.requires_grad_(True)
        self.codec_optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.processes.average_gradients([*networks.codec.parameters(), *networks.classifier.parameters()])
        self.codec_optimizer.step()
        accuracy = (logits.detach().argmax(1) == batch.labels).float().mean()
        detached = {"distortion": mse, "rate": bits, "cross_entropy": cross_entropy}
        return {**{name: value.detach() for name, value in detached.items()}, "accuracy": accuracy}


def _train_images(config: TrainConfig, chosen: Task, folder: Path, processes: Processes, progress: Progress | None) -> None:
    if config.threads:
        torch.set_num_threads(config.threads)
    device = processes.device(device_of(config))
    batches = Batches(chosen, images_of(chosen).train, config, device, processes.rank, processes.ranks)
    training = Training(config, chosen, device, processes)
    first = load_checkpoint(folder, training)
    with Log(folder, first, processes.rank) as log:
        for k in range(first, config.steps):
            terms = training.step(k, batches)
            done = k + 1
            if done % config.log_every == 0 or done == config.steps:
                shown = {name: value.item() for name, value in terms.items()} | {"lambda_r": training.lambda_r}
                _check_finite(shown, done)
                log.write(done, shown)
                if progress is not None and processes.rank == 0:
                    progress(done, config.steps, shown)
            if processes.rank == 0 and done % config.checkpoint_every == 0 and done < config.steps:
                save_checkpoint(folder, training, done)
    if processes.rank == 0:
        finish(folder, training.networks, chosen, config, device)


def _check_finite(metrics: Mapping[str, float], step: int) -> None:
    """InputError at once for a training that has diverged: the rest of its steps would be wasted."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise InputError(name, value, f"is no number at step {step}: the training diverged", "lower the learning_rate")


def finish(folder: Path, networks: Networks, chosen: Task, config: TrainConfig, device: torch.device) -> None:
    """Write model.pt; the checkpoint is no longer needed."""
    save_model(folder, networks, config, image_shape(chosen), chosen.labels, config.steps, machine(device))
    (folder / "checkpoint.pt").unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line that needs no library for command lines; exit status 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m deep.train", description="Train a codec into a run folder.")
    parser.add_argument("--task")
    parser.add_argument("--out", required=True)
    parser.add_argument("--config", help="JSON or TOML file of settings")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    try:
        train(settings(given.task, given.out, given.config, given.set, given.resume), given.out, given.resume, _print_progress)
    except InputError as error:
        print(f"deep.train: {error}", file=sys.stderr)
        return 2
    return 0


def _print_progress(step: int, steps: int, metrics: Mapping[str, float]) -> None:
    print(f"{step}/{steps} " + " ".join(f"{name} {value:.4g}" for name, value in metrics.items()), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
