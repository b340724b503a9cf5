"""Runs and limits made up for the tests of `compare`: a source whose limit is one line of algebra."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIGMA, TAU, KAPPA = 2.0, 1.5, 0.9
GAUSSIAN = {"kind": "gauss-vector", "sigma_X": [SIGMA], "sigma_Y": [TAU], "kappa": [KAPPA]}


@dataclass(frozen=True)
class FakeLimit:
    lower: float
    upper: float
    kind: str = "certified limit"
    what: str = "one Gaussian component, in closed form"


def closed_form(rate: float) -> float:
    """Least E (X - Y)^2 of Gaussians of deviations SIGMA, TAU at a rate in bits."""
    return SIGMA**2 + TAU**2 - 2 * SIGMA * TAU * math.sqrt(1 - 2 ** (-2 * rate))


def least_loss(rate: float) -> float:
    """Least h(S|Y) in bits of a label of unit variance, correlated by KAPPA with X."""
    return 0.5 * math.log2(2 * math.pi * math.e * (1 - KAPPA**2 * (1 - 2 ** (-2 * rate))))


def inverse(distortion: float, classification: float | None = None) -> float:
    """Least rate for a distortion and a loss: the larger of what each asks for."""
    cosine = max(0.0, (SIGMA**2 + TAU**2 - distortion) / (2 * SIGMA * TAU))
    needed = [cosine**2]
    if classification is not None:
        needed.append((1 - 2 ** (2 * classification) / (2 * math.pi * math.e)) / KAPPA**2)
    most = max(needed)
    return math.inf if most >= 1 else -0.5 * math.log2(1 - max(0.0, most))


def fake_limit(
    source: Mapping[str, Any], *, rate: float | None = None, distortion: float | None = None, classification: float | None = None
) -> FakeLimit | None:
    if source["kind"] != "gauss-vector":
        return None
    if rate is None:
        assert distortion is not None
        value = inverse(distortion, classification)
    else:
        blocked = classification is not None and classification < least_loss(rate)
        value = math.inf if blocked else closed_form(rate)
    return FakeLimit(value, value)


def quantity(value: float, error: float | None = None, kind: str = "measured", unit: str = "bits/image") -> dict[str, Any]:
    ends = {"low": None, "high": None} if error is None else {"low": value - error, "high": value + error}
    return {"value": value, **ends, "unit": unit, "kind": kind, "what": "made up for a test"}


def operating_point(**changes: Any) -> dict[str, Any]:
    """A sound operating_point.json of images."""
    rate = changes.pop("rate", 8.0)
    quantities = {
        "rate_nominal": quantity(rate, kind="nominal"),
        "rate_payload": quantity(rate - 0.1, 0.02),
        "rate_on_disk": quantity(rate + 0.05, 0.02),
        "distortion_input": quantity(changes.pop("distortion", 0.02), 0.0005, unit="MSE/dimension"),
        "accuracy_cotrained": quantity(changes.pop("accuracy", 0.7), 0.009, unit=""),
        "accuracy_clean": quantity(0.65, 0.009, unit=""),
        "classification_loss_upper": quantity(changes.pop("loss", 1.1), 0.03, "upper estimate", "bits"),
        "perception_w1": quantity(0.02, kind="estimate", unit="grey value"),
    }
    config = {"task": "toy-images", "seed": 0, "rate": rate, "lambda_c": 0.005, "mode": "common"} | changes.pop("config", {})
    whole = {
        "format": "rdcsym operating point 1", "task": "toy-images", "run": "toy", "mode": config["mode"], "pairing": "unpaired",
        "config": config, "steps": 3000, "machine": "2 cores, made up", "test_images": 10000, "dimensions": 64,
        "source": {"kind": "images"}, "quantities": quantities,
    }  # fmt: skip
    return whole | changes


def gaussian_point(above: float = 0.1, rate: float = 1.0, error: float = 0.02, **changes: Any) -> dict[str, Any]:
    """A point of the Gaussian source, `above` its limit in distortion."""
    quantities = {
        "rate_on_disk": quantity(rate, 0.0),
        "rate_nominal": quantity(rate + 0.5, kind="nominal"),
        "distortion_input": quantity(closed_form(rate) + above, error, unit="MSE/dimension"),
        "classification_loss": quantity(least_loss(rate) + 0.1, 0.01, unit="bits"),
    }
    config = {"task": "toy-gauss", "seed": 0, "rate": rate, "mode": "common"}
    source = {**GAUSSIAN, "output_sigma": [TAU]}
    return (
        operating_point(
            task="toy-gauss", run=f"gauss {rate:g}", source=source, dimensions=1, quantities=quantities, config=config
        )
        | changes
    )


def write_run(folder: Path, found: Mapping[str, Any], samples: bool = False) -> Path:
    """The folder of a run, with sample images where wanted."""
    folder.mkdir(parents=True)
    (folder / "operating_point.json").write_text(json.dumps(found), encoding="utf-8")
    if samples:
        rng = np.random.default_rng(0)
        clean = (np.kron(rng.integers(0, 2, (8, 1, 4, 4)), np.ones((1, 1, 2, 2))) * 255).astype(np.uint8)
        noise = rng.normal(0, 60 / found["quantities"]["rate_on_disk"]["value"], clean.shape)
        output = np.clip(clean + noise, 0, 255).astype(np.uint8)
        np.savez(folder / "samples.npz", input=clean // 2 + 64, output=output, clean=clean)
    return folder
