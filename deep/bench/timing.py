"""The jobs of the benchmark, each run in a process of its own: how fast training and coding are, and the memory they take.

Images are random bytes of the task's shape, and the networks are hardly trained: the time depends on sizes, not on what is shown.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from deep.batches import Batches, image_shape
from deep.bench.peer import SIZES, Peer, parameters
from deep.config import TrainConfig, config_for
from deep.data import Split
from deep.machine import machine
from deep.parallel import Processes
from deep.run import Model, fingerprint
from deep.tasks import Task, task
from deep.train import Training, device_of
from rdcsym.machine import MEGABYTE, peak_memory

BATCH: Final = 64
CRITIC_STEPS: Final = 1
IMAGES: Final = 2048  # to draw batches from
WARM_UP: Final = 5  # steps, before anything is timed
MEMORY_STEPS: Final = 5
CODED: Final = 1000  # images in the file whose coding is timed


@dataclass(frozen=True)
class Effort:
    """threads: of torch. repeats: timed blocks. seconds: about how long a block of training steps takes."""

    threads: int
    repeats: int = 7
    seconds: float = 3.0


def time_training(name: str, effort: Effort) -> dict[str, Any]:
    """Images a second in each block, ours and the peer's in turn (None where the task has no peer), and where it was."""
    torch.set_num_threads(effort.threads)
    config, batches, training = _ours(name)
    steps: dict[str, Callable[[int], Any]] = {"rdcsym": lambda k: training.step(k, batches)}
    counts = {"rdcsym": _parameters(training)}
    if name in SIZES:
        peer = Peer(SIZES[name], training.device)
        steps["peer"] = lambda k: peer.step(k, batches)
        counts["peer"] = peer.parameters()
    sizes = {which: max(1, round(effort.seconds / _seconds(step, WARM_UP, training.device))) for which, step in steps.items()}
    speeds: dict[str, list[float]] = {which: [] for which in steps}
    for _ in range(effort.repeats):  # in turn, so that whatever else the machine does falls on both alike
        for which, step in steps.items():
            speeds[which].append(config.batch / _seconds(step, sizes[which], training.device))
    return {"speeds": speeds, "parameters": counts, "machine": machine(training.device), "cuda": training.device.type == "cuda"}


def memory_of_training(name: str, which: str, effort: Effort) -> dict[str, float]:
    """Peak memory of a process that trains, in megabytes: resident, of it before the networks were made, and CUDA's."""
    torch.set_num_threads(effort.threads)
    before = peak_memory()
    config, batches, training = _ours(name)
    step: Callable[[int], Any] = lambda k: training.step(k, batches)  # noqa: E731
    if which == "peer":
        del training
        gc.collect()
        peer = Peer(SIZES[name], device_of(config))
        step = lambda k: peer.step(k, batches)  # noqa: E731
    for k in range(MEMORY_STEPS):
        step(k)
    cuda = torch.cuda.max_memory_allocated() / MEGABYTE if torch.cuda.is_available() else 0.0
    return {"resident": peak_memory(), "before": before, "cuda": cuda}


def time_coding(name: str, effort: Effort) -> dict[str, list[float]]:
    """Images a second, image to bytes and bytes to image, in each repeat, with one file of `CODED` images."""
    from deep.coding import compress, decompress

    torch.set_num_threads(effort.threads)
    config, batches, training = _ours(name)
    for k in range(WARM_UP):
        training.step(k, batches)
    codec = training.networks.codec.eval()
    tables = codec.entropy_model.tables(codec.levels)
    model = Model(config, training.networks, tables, fingerprint(codec, tables), WARM_UP, "")
    x = torch.from_numpy(_random_images(task(name), CODED).clean).float() / 255.0
    data = compress(model, x, 0)
    decompress(model, data)
    speeds: dict[str, list[float]] = {"encoding": [], "decoding": []}
    for _ in range(effort.repeats):
        start = time.perf_counter()
        data = compress(model, x, 0)
        middle = time.perf_counter()
        decompress(model, data)
        speeds["encoding"].append(CODED / (middle - start))
        speeds["decoding"].append(CODED / (time.perf_counter() - middle))
    return speeds


def _ours(name: str) -> tuple[TrainConfig, Batches, Training]:
    """Our training of a task, as `rdcsym train` makes it, but for the batch and on random images."""
    chosen = task(name)
    config = config_for(name, {"batch": BATCH, "critic_steps": CRITIC_STEPS, "rate": 8.0}, defaults=chosen.defaults)
    device = device_of(config)
    return config, Batches(chosen, _random_images(chosen, IMAGES), config, device), Training(config, chosen, device, Processes())


def _random_images(chosen: Task, count: int) -> Split:
    rng = np.random.default_rng(0)
    shape = (count, *image_shape(chosen))
    return Split(rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(0, chosen.labels, count))


def _parameters(training: Training) -> dict[str, int]:
    codec, critic, classifier = training.networks.codec, training.networks.critic, training.networks.classifier
    return {"generator": parameters(codec), "critic": parameters(critic), "classifier": parameters(classifier)}


def _seconds(step: Callable[[int], Any], count: int, device: torch.device) -> float:
    """The mean time of a step."""
    start = time.perf_counter()
    for k in range(count):
        step(k)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / count
