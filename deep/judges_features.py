"""Judges that have seen more than the set: a linear classifier on the features of SqueezeNet, which was trained on ImageNet.

A small set of photographs teaches a network of its own next to nothing: of Tiny ImageNet's 100 classes and 5000 images, one test
image in seventeen, however good the codec is. On these features the same images teach one in two: what a codec does to an image
becomes visible. The weights are those of LPIPS in RDCSYM_DATA; where they are missing, so is the judge.

What such a judge says is an estimate, no upper one: SqueezeNet may have seen Tiny ImageNet's test images, which ImageNet holds.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deep.data import Split
from deep.judges import CALIBRATION_SHARE, Judge, Kind, drawn, logits_of, part, temperature
from deep.metrics.backbones import squeezenet
from deep.metrics.learned_patches import SQUEEZE_FILE
from deep.metrics.weights import weights_file

CHANNELS: Final = 3
LEAST_SIDE: Final = 16
ENLARGED: Final = 2  # times, before SqueezeNet, whose last map is 16 times smaller than what it is given
POOLED: Final = (1, 2)  # the last map's means over so many times so many parts
FEATURES: Final = 512 * sum(side * side for side in POOLED)
PENALTY: Final = 0.1  # of the squared weights, beside the mean cross-entropy in nats
STEPS: Final = 200  # of L-BFGS, at most
MOST_SEEN: Final = 5000  # images to learn from, and
MOST_HELD: Final = 1000  # to calibrate on: SqueezeNet takes some 10 ms for each on one thread
CHUNK: Final = 32  # images at a time
EPSILON: Final = 1e-6  # added to the deviation of a feature


class FeatureClassifier(nn.Module):
    """Image (N, 3, H, W) in [0, 1] to logits (N, classes)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, path: Path, classes: int) -> None:
        super().__init__()
        self.path = path
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))
        self.linear = nn.Linear(FEATURES, classes)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.of_features(self.reduce(x))

    def reduce(self, x: Tensor) -> Tensor:
        """Features (N, FEATURES), not yet scaled."""
        return features(x, self.path)

    def of_features(self, found: Tensor) -> Tensor:
        """Logits of features (N, FEATURES)."""
        return self.linear((found - self.mean) / self.deviation)  # type: ignore[no-any-return]


@torch.no_grad()
def features(x: Tensor, path: Path) -> Tensor:
    """Pooled features (N, FEATURES) of images (N, 3, H, W) in [0, 1]."""
    parts = []
    for i in range(0, len(x), CHUNK):
        large = functional.interpolate(x[i : i + CHUNK], scale_factor=ENLARGED, mode="bilinear", align_corners=False)
        last = squeezenet(large, path)[-1]
        parts.append(torch.cat([functional.adaptive_avg_pool2d(last, side).flatten(1) for side in POOLED], 1))
    return torch.cat(parts)


def has_features(shape: tuple[int, ...]) -> bool:
    """Whether SqueezeNet was made for such images, (N, C, H, W): in colour and not too small."""
    return shape[1] == CHANNELS and min(shape[2:]) >= LEAST_SIDE


def feature_kind() -> Kind:
    """Judges of this kind, always on the CPU, trained on at most MOST_SEEN images and calibrated on at most MOST_HELD.

    Raises NoValueError where the weights are missing.
    """
    path = weights_file(SQUEEZE_FILE)

    def trained(seen: Split, held: Split, classes: int, device: torch.device) -> Judge:
        seen, held = (part(s, drawn(np.arange(len(s)), most)) for s, most in ((seen, MOST_SEEN), (held, MOST_HELD)))
        network = FeatureClassifier(path, classes)
        batches = torch.split(torch.from_numpy(seen.clean), CHUNK)
        found = torch.cat([features(images.float() / 255.0, path) for images in batches])
        _fit(network, found, torch.from_numpy(seen.labels))
        return Judge(network.eval(), temperature(logits_of(network, held.clean), held.labels))

    def recipe() -> tuple[Any, ...]:
        weights = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()  # other weights, another judge
        return "features", weights, ENLARGED, POOLED, PENALTY, STEPS, MOST_SEEN, MOST_HELD, EPSILON, CALIBRATION_SHARE

    return Kind(lambda shape, classes: FeatureClassifier(path, classes), trained, recipe)


def _fit(network: FeatureClassifier, found: Tensor, labels: Tensor) -> None:
    """Multinomial logistic regression: a convex problem, so the start does not matter."""
    network.mean.copy_(found.mean(0))
    network.deviation.copy_(found.std(0, correction=0) + EPSILON)
    optimizer = torch.optim.LBFGS(network.linear.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = functional.cross_entropy(network.of_features(found), labels)
        value = value + PENALTY * network.linear.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
