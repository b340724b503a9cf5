"""Classifiers that are trained apart from the codec and only judge its outputs, with calibrated probabilities.

Each is trained for a limited number of steps on one set of images, and its logits are then divided by the temperature that
minimises the cross-entropy on another set (Guo et al., "On calibration of modern neural networks", 2017). A poor judge makes an
upper estimate of H(S|Y) less tight, never wrong: the expected cross-entropy of any classifier is at least H(S|Y).
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn import functional

from deep.data import Split
from deep.networks import Classifier
from deep.run import load_tensors, save_tensors
from rdcsym.problem import NATS_PER_BIT, InputError

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int64]

FORMAT: Final = "rdcsym classifier 2"
WIDTH: Final = 32  # that of the classifier trained along with the codec
STEPS: Final = 500  # at most
EPOCHS: Final = 30  # at most: small sets are learned by heart soon
BATCH: Final = 128
LEARNING_RATE: Final = 1e-2
WARM_UP: Final = 0.2  # share of the steps in which the learning rate rises; it then falls along a cosine
WEIGHT_DECAY: Final = 0.1  # strong, as the smaller sets have some hundreds of images
SEED: Final = 0
CALIBRATION_SHARE: Final = 10  # of clean images, one in so many calibrates, drawn at random
CHUNK: Final = 512  # images at a time where nothing is learned


@dataclass(frozen=True, eq=False)
class Judge:
    """A trained classifier and the temperature that calibrates it."""

    network: torch.nn.Module
    temperature: float

    def logits(self, images: Bytes) -> Tensor:
        """Calibrated logits, float64 (N, classes) on the CPU, of images (N, C, H, W)."""
        return logits_of(self.network, images) / self.temperature


@dataclass(frozen=True, eq=False)
class Kind:
    """How judges of a kind come about.

    empty(shape, classes): the network before its training. trained(seen, held, classes, device): see `trained`. recipe(): what a
    judge depends on besides its images.
    """

    empty: Callable[[tuple[int, int, int], int], torch.nn.Module]
    trained: Callable[[Split, Split, int, torch.device], Judge]
    recipe: Callable[[], tuple[Any, ...]]


@torch.no_grad()
def logits_of(network: torch.nn.Module, images: Bytes) -> Tensor:
    """What a network says of 8-bit images (N, C, H, W): float64 on the CPU, (N, classes), or (N,) of a critic."""
    device = next(network.parameters()).device
    parts = [network(_floats(torch.from_numpy(images[i : i + CHUNK]).to(device))) for i in range(0, len(images), CHUNK)]
    return torch.cat(parts).double().cpu()


def cross_entropy_bits(logits: Tensor, labels: Labels) -> NDArray[np.float64]:
    """-log2 of the probability of each label: (N,)."""
    nats = functional.cross_entropy(logits, torch.from_numpy(labels), reduction="none")
    return np.asarray(nats.numpy() / NATS_PER_BIT, dtype=np.float64)


def trained(seen: Split, held: Split, classes: int, device: torch.device) -> Judge:
    """A judge trained on `seen` and calibrated on `held`; the same for the same images, device and number of threads."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = Classifier(_shape(seen), classes, WIDTH)
    network.to(device)
    images, labels = torch.from_numpy(seen.clean).to(device), torch.from_numpy(seen.labels).to(device)
    batch = min(BATCH, len(images))
    steps = min(STEPS, EPOCHS * (len(images) // batch))
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    generator = torch.Generator().manual_seed(SEED)
    order = torch.empty(0, dtype=torch.int64)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * _rate_share(step / steps)
        if len(order) < batch:
            order = torch.randperm(len(images), generator=generator)
        chosen, order = order[:batch].to(device), order[batch:]
        loss = functional.cross_entropy(network(_floats(images[chosen])), labels[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return Judge(network.eval(), temperature(logits_of(network, held.clean), held.labels))


def convolutional() -> Kind:
    """The kind of judge that `trained` makes: a small convolutional network that has seen nothing but the set."""

    def recipe() -> tuple[Any, ...]:
        return WIDTH, STEPS, EPOCHS, BATCH, LEARNING_RATE, WARM_UP, WEIGHT_DECAY, SEED, CALIBRATION_SHARE

    return Kind(lambda shape, classes: Classifier(shape, classes, WIDTH), lambda *given: trained(*given), recipe)


def clean_judge(split: Split, classes: int, device: torch.device, cache: Path | None = None, kind: Kind | None = None) -> Judge:
    """A judge of clean images, convolutional by default: trained on nine in ten images of `split`, calibrated on the others.

    cache: folder where judges are kept under a hash of their images, labels and recipe, so that all runs on a set share one; by
    default `rdcsym/classifiers` in the user's cache. Where it cannot be written or read, the judge is trained again.
    """
    kind = kind or convolutional()
    path = (cache or cache_folder()) / f"{_digest(split, classes, kind.recipe())}.pt"
    with contextlib.suppress(InputError, KeyError, TypeError, RuntimeError):  # a damaged file is as good as none
        kept = load_tensors(path, "classifier", "remove it")
        if kept["format"] == FORMAT:
            network = kind.empty(_shape(split), classes)
            network.load_state_dict(kept["network"])
            return Judge(network.to(device).eval(), float(kept["temperature"]))
    number = np.arange(len(split))
    held = drawn(number, max(1, len(split) // CALIBRATION_SHARE))
    judge = kind.trained(part(split, np.setdiff1d(number, held)), part(split, held), classes, device)
    state = {name: value.cpu() for name, value in judge.network.state_dict().items()}
    with contextlib.suppress(InputError):
        save_tensors(path, {"format": FORMAT, "network": state, "temperature": judge.temperature})
    return judge


def cache_folder() -> Path:
    """Where judges of clean images are kept: within the user's cache."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named else Path.home() / ".cache") / "rdcsym" / "classifiers"


def drawn(which: NDArray[np.int64], most: int, seed: int = SEED) -> NDArray[np.int64]:
    """At most so many of them, at random and in their order: a set may be sorted by class, or hold its classes by turns, and
    steps through it would miss some.
    """
    return np.sort(np.random.default_rng(seed).permutation(which)[:most])


def part(split: Split, chosen: Any) -> Split:
    """The chosen images and their labels."""
    return Split(split.clean[chosen], split.labels[chosen])


def temperature(logits: Tensor, labels: Labels) -> float:
    """The temperature of least cross-entropy; the loss is convex in its inverse. Between 1/20 and 20."""
    target = torch.from_numpy(labels)

    def loss(log_temperature: float) -> float:
        return float(functional.cross_entropy(logits / math.exp(log_temperature), target))

    return math.exp(minimize_scalar(loss, bounds=(-math.log(20.0), math.log(20.0)), method="bounded").x)


def _rate_share(done: float) -> float:
    if done < WARM_UP:
        return (done + 0.01) / (WARM_UP + 0.01)
    return 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1.0 - WARM_UP))


def _floats(images: Tensor) -> Tensor:
    return images.float() / 255.0


def _shape(split: Split) -> tuple[int, int, int]:
    channels, height, width = split.clean.shape[1:]
    return channels, height, width


def _digest(split: Split, classes: int, recipe: tuple[Any, ...]) -> str:
    digest = hashlib.blake2b(repr(((FORMAT, *recipe), classes, split.clean.shape)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(split.clean).data)
    digest.update(np.ascontiguousarray(split.labels.astype("<i8")).data)
    return digest.hexdigest()
