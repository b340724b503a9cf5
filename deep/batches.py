"""What a step sees: images on the device, chosen and degraded as a function of (seed, step) alone, so that a resumed
training sees the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from deep.config import TrainConfig
from deep.data import Images, Split, load
from deep.tasks import Task
from rdcsym.problem import InputError


def image_shape(task: Task) -> tuple[int, int, int]:
    """(C, H, W) of a task's images; InputError for a synthetic source, which has none."""
    if len(task.shape) != 3:
        raise InputError("task", task.name, "has no images", "use a task of images: see `rdcsym train --help`")
    return task.shape[0], task.shape[1], task.shape[2]


def images_of(task: Task) -> Images:
    """The data set of a task of images."""
    image_shape(task)
    assert task.data is not None, "a task of images names its data set"
    return load(task.data)


@dataclass(frozen=True, eq=False)
class Batch:
    """x: what the encoder sees (N, C, H, W). wanted: what the squared error is taken to. clean: images for the critic.
    labels (N,) of x.
    """

    x: Tensor
    wanted: Tensor
    clean: Tensor
    labels: Tensor


def moved(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image (N, C, H, W) mirrored with probability 1/2 and moved by up to H // 8 pixels; its edges are reflected."""
    n, _, height, width = images.shape
    reach = height // 8
    padded = functional.pad(images, (reach, reach, reach, reach), mode="reflect")
    down, right = torch.randint(2 * reach + 1, (2, n), generator=generator).tolist()
    mirrored = torch.randint(2, (n,), generator=generator).bool().to(images.device)
    cut = torch.stack([padded[k, :, down[k] : down[k] + height, right[k] : right[k] + width] for k in range(n)])
    return torch.where(mirrored[:, None, None, None], cut.flip(3), cut)


class Batches:
    """Batches of a training split, kept on the device as 8-bit images.

    Unpaired: the encoder sees degraded images of the first half and the critic clean images of the second, so that no clean
    counterpart of any input takes part. Supervised: pairs from the whole split. `rank` of `ranks` processes takes its share of
    each batch.
    """

    def __init__(
        self, task: Task, split: Split, config: TrainConfig, device: torch.device, rank: int = 0, ranks: int = 1
    ) -> None:
        self.task, self.config, self.device, self.rank, self.ranks = task, config, device, rank, ranks
        self.images = torch.from_numpy(split.clean).to(device)
        self.labels = torch.from_numpy(split.labels).to(device)
        unpaired = config.pairing == "unpaired"
        self.sources = len(self.images) // 2 if unpaired else len(self.images)
        self.first_clean = self.sources if unpaired else 0
        # A degradation without randomness is done once: bicubic interpolation costs as much as a training step.
        self.degraded = None if task.random or config.augment else self._degraded_once()

    def _degraded_once(self) -> Tensor:
        parts = []
        for i in range(0, self.sources, 1024):
            x = self.task.degrade(self.images[i : min(i + 1024, self.sources)].float() / 255.0, torch.Generator())
            parts.append(torch.round(x * 255.0).to(torch.uint8))
        return torch.cat(parts)

    def generator(self, step: int, stream: int) -> torch.Generator:
        """Randomness of one step and purpose, the same on every device and in every process but for its rank."""
        seed = ((self.config.seed * 1_000_003 + step) * 16 + stream) * 64 + self.rank
        return torch.Generator().manual_seed(seed % 2**63)

    def batch(self, step: int) -> Batch:
        """The batch of a step: each image of an epoch once, in an order of its own."""
        each = math.ceil(self.config.batch / self.ranks)
        chosen = self._chosen(step, each, self.sources, 0)
        others = self._chosen(step, each, len(self.images) - self.first_clean, 1) + self.first_clean
        paired = self._shown(chosen, self.generator(step, 4))
        if self.degraded is not None:
            x = self.degraded[chosen].float() / 255.0
        else:
            x = torch.round(self.task.degrade(paired, self.generator(step, 2)) * 255.0) / 255.0
        clean = self._shown(others, self.generator(step, 5))
        supervised = self.config.pairing == "supervised"
        return Batch(x, paired if supervised else x, clean, self.labels[chosen])

    def _shown(self, chosen: Tensor, generator: torch.Generator) -> Tensor:
        """The clean images of these numbers in [0, 1], moved where the settings say so."""
        images = self.images[chosen].float() / 255.0
        return moved(images, generator) if self.config.augment else images

    def _chosen(self, step: int, each: int, count: int, stream: int) -> Tensor:
        """Indices below `count`: the step's slice of a permutation that changes with the epoch."""
        whole = min(each * self.ranks, count)
        per_epoch = count // whole
        epoch, place = divmod(step, per_epoch)
        seed = (self.config.seed * 1_000_003 + epoch) * 2 + stream
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed % 2**63))
        start = place * whole + self.rank * (whole // self.ranks)
        return order[start : start + whole // self.ranks].to(self.device)
