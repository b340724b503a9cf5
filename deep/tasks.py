"""The experiments by name: which source, how it is degraded, what the codec is asked for. `task("mnist-sr")`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal

import torch
from torch import Tensor

from deep.degrade import average_blocks, bicubic, gaussian_noise, inpaint
from rdcsym.problem import InputError, nearest

Kind = Literal["images", "photographs", "gauss-vector", "bernoulli-block"]
Apply = Callable[[Tensor, torch.Generator], Tensor]

TEST_SEED: Final = 1  # of the degradation of every test set: all runs are measured on the same images


@dataclass(frozen=True, kw_only=True)
class Task:
    """One experiment. X: the degraded image; Y: one that looks clean; S: the label.

    data: the name of its set for `deep.data.load` (of photographs: for `deep.data.photographs`), or None where the source is
    synthetic (`kind` says which). degradation: in words. shape: (C, H, W) of an image, empty for synthetic sources and for
    photographs, which have any size. labels: the number of classes in the public original (a set at hand may hold fewer:
    `Images.classes`). random: whether the degradation draws anything. sigma: of Gaussian noise on photographs, of 255; 0 where
    the noise is real. tested_on: the set of the test photographs. defaults: training settings that suit the task, by name.
    """

    name: str
    summary: str
    degradation: str
    kind: Kind = "images"
    data: str | None = None
    shape: tuple[int, ...] = ()
    labels: int = 0
    random: bool = False
    sigma: float = 0.0
    tested_on: str = ""
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    apply: Apply | None = field(default=None, repr=False)

    def degrade(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """X of clean images, both float32 (N, C, H, W) in [0, 1]; the same generator state gives the same X.

        Raises InputError for a synthetic source, which generates X itself, and for images of another shape.
        """
        if self.apply is None:
            raise InputError("task", self.name, "has no images to degrade", "its source generates X: see deep.synthetic")
        if tuple(clean.shape[1:]) != self.shape:
            problem = f"does not fit the task {self.name}, whose images are {self.shape}"
            raise InputError("images", f"shape {tuple(clean.shape)}", problem, "choose the task of these images")
        return self.apply(clean, generator)

    def degrade_test(self, clean: Tensor) -> Tensor:
        """X of a whole test set, always the same: drawn on the CPU from `TEST_SEED`."""
        return self.degrade(clean, torch.Generator().manual_seed(TEST_SEED))


def _fixed(degradation: Callable[[Tensor], Tensor]) -> Apply:
    """A degradation that draws nothing, called like those that do."""
    return lambda clean, generator: degradation(clean)


def _noise(sigma: float) -> Apply:
    return lambda clean, generator: gaussian_noise(clean, sigma, generator)


def _photographs() -> tuple[Task, ...]:
    """The tasks of the fully convolutional codec: see `deep.natural`."""
    shared = {"lambda_p": 0.03, "latent": 96, "width": 48, "levels": 16, "batch": 8, "learning_rate": 1e-3, "log_every": 20}
    return (
        Task(
            name="natural-denoise",
            summary="denoising of photographs of any size; BSDS500's training images",
            degradation="Gaussian noise, sigma 25 of 255 (a model is told sigma and is trained for others too)",
            kind="photographs",
            data="bsds-train200",
            random=True,
            sigma=25.0,
            tested_on="kodak24",
            defaults=MappingProxyType({**shared, "steps": 6000, "checkpoint_every": 200}),
        ),
        Task(
            name="nuclei-denoise",
            summary="denoising of microscope images of nuclei, grey, 256 x 256",
            degradation="Gaussian noise, sigma 10 of 255",
            kind="photographs",
            data="nuclei",
            random=True,
            sigma=10.0,
            tested_on="nuclei",
            defaults=MappingProxyType({**shared, "steps": 1500, "checkpoint_every": 200}),
        ),
        Task(
            name="sidd-denoise",
            summary="denoising of photographs of smartphones: real noise",
            degradation="the noise of a small sensor",
            kind="photographs",
            data="sidd",
            random=True,
            tested_on="sidd",
            defaults=MappingProxyType(
                {**shared, "steps": 1500, "checkpoint_every": 200, "pairing": "supervised", "options": {"distortion": "clean"}}
            ),
        ),
    )


_RGB: Final = (3, 32, 32)
_TASKS: Final = {
    t.name: t
    for t in (
        Task(
            name="digits-sr",
            summary="super-resolution of scikit-learn's digits, 8 x 8; part of the package",
            degradation="each 2 x 2 block averaged",
            data="digits",
            shape=(1, 8, 8),
            labels=10,
            defaults=MappingProxyType(
                {"rate": 12.0, "latent": 12, "width": 32, "steps": 900, "batch": 64, "lambda_p": 0.1, "lambda_c": 0.02}
            ),
            apply=_fixed(average_blocks),
        ),
        Task(
            name="mnist-sr",
            summary="super-resolution of MNIST, 28 x 28",
            degradation="bicubic, 4 times down and up again",
            data="mnist",
            shape=(1, 28, 28),
            labels=10,
            defaults=MappingProxyType({"rate": 8.0, "latent": 24, "steps": 1500, "batch": 64, "lambda_p": 0.1, "lambda_c": 0.02}),
            apply=_fixed(partial(bicubic, factor=4)),
        ),
        Task(
            name="svhn-denoise",
            summary="denoising of house numbers, 32 x 32 RGB",
            degradation="Gaussian noise, sigma 20 of 255, clipped",
            data="svhn",
            shape=_RGB,
            labels=10,
            random=True,
            defaults=MappingProxyType(
                {"rate": 128.0, "latent": 64, "steps": 2500, "batch": 64, "lambda_p": 0.05, "lambda_c": 0.002}
            ),
            apply=_noise(20.0),
        ),
        Task(
            name="svhn-inpaint",
            summary="inpainting of house numbers, 32 x 32 RGB",
            degradation="a grey square of 12 x 12 pixels at a random place",
            data="svhn",
            shape=_RGB,
            labels=10,
            random=True,
            defaults=MappingProxyType(
                {"rate": 128.0, "latent": 64, "steps": 2500, "batch": 64, "lambda_p": 0.05, "lambda_c": 0.002}
            ),
            apply=inpaint,
        ),
        Task(
            name="cifar10-denoise",
            summary="denoising of CIFAR-10, 32 x 32 RGB",
            degradation="Gaussian noise, sigma 25 of 255, clipped",
            data="cifar10",
            shape=_RGB,
            labels=10,
            random=True,
            defaults=MappingProxyType(
                {"rate": 256.0, "latent": 96, "steps": 4000, "batch": 64, "lambda_p": 0.05, "lambda_c": 0.002}
            ),
            apply=_noise(25.0),
        ),
        Task(
            name="tiny-imagenet-denoise",
            summary="denoising of Tiny ImageNet, 64 x 64 RGB",
            degradation="Gaussian noise, sigma 25 of 255, clipped",
            data="tiny-imagenet",
            shape=(3, 64, 64),
            labels=200,
            random=True,
            defaults=MappingProxyType(
                {"rate": 512.0, "latent": 192, "steps": 6000, "batch": 64, "lambda_p": 0.05, "lambda_c": 0.002}
            ),
            apply=_noise(25.0),
        ),
        *_photographs(),
        Task(
            name="gauss-vector",
            summary="cross-domain vector Gaussian with Gaussian labels, as in drc-gaussian-vector: the limit is known exactly",
            degradation="X is generated beside its label; Y has a law of its own",
            kind="gauss-vector",
            defaults=MappingProxyType(
                {"rate": 8.0, "steps": 300, "batch": 1024, "learning_rate": 0.03, "lambda_r": 0.05, "lambda_c": 0.0}
            ),
            random=True,
        ),
        Task(
            name="bernoulli-block",
            summary="blocks of cross-domain Bernoulli symbols with binary labels: the limit is known exactly",
            degradation="X is generated beside its label; Y has a law of its own",
            kind="bernoulli-block",
            defaults=MappingProxyType({"steps": 250, "batch": 512, "learning_rate": 0.05}),
            random=True,
        ),
    )
}


def tasks() -> list[str]:
    """The names of all tasks."""
    return list(_TASKS)


def task(name: str) -> Task:
    """The task of this name; InputError with the nearest names for one that is unknown."""
    if name not in _TASKS:
        raise InputError("task", name, "is no known task", nearest(name, _TASKS))
    return _TASKS[name]
