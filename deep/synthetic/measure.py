"""The operating point of a run of a synthetic task: test samples through one real file, and what came out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from deep.bitstream import OVERHEAD
from deep.intervals import NORMAL_95, Quantity, mean_of, quantity
from deep.machine import machine
from deep.operating_point import FILE
from deep.operating_point import FORMAT as POINT_FORMAT
from deep.synthetic.gauss_codec import GaussCodec
from deep.synthetic.lattice import SIDE
from deep.synthetic.model import SyntheticModel, compress, decompress, load_model
from deep.synthetic.source import BernoulliSource, GaussSource, bernoulli_source, gauss_source
from deep.tables import Tables
from rdcsym.files import write_atomically
from rdcsym.problem import FloatArray

TEST_SEED: Final = 1  # of the test samples: all runs of a source are measured on the same
FILE_SEED: Final = 0  # of the test file's dither
RATE: Final = "bits/block"


def measure_synthetic(folder: str | Path) -> dict[str, Any]:
    """Measure a finished run, write operating_point.json into its folder and return what it holds.

    classification_loss is an upper estimate of the sum over a sample's components of h(S_i|Y_i) or H(S_i|Y_i): the entropy of the
    Gaussian (the flip) that has the error of the best linear (the plain) guess of S_i from Y_i, the seed unseen. Raises
    InputError.
    """
    place, model = Path(folder), load_model(folder)
    gaussian = isinstance(model.codec, GaussCodec)
    options = model.config.options
    source = gauss_source(options) if gaussian else bernoulli_source(options, model.config.rate)
    x: Any = source.sample(source.test, TEST_SEED)[0]
    data, cost = compress(model, x, FILE_SEED)
    y = decompress(model, data)
    errors = (np.asarray(x, dtype=np.float64) - y) ** 2
    found = {
        "format": POINT_FORMAT,
        "task": model.config.task,
        "run": place.resolve().name,
        "mode": model.config.mode,
        "pairing": model.config.pairing,
        "config": model.config.to_json(),
        "steps": model.steps,
        "machine": model.machine,
        "measured_on": machine(torch.device("cpu")),
        "model": model.fingerprint.hex(),
        "test_images": source.test,
        "data": "generated",
        "dimensions": source.dimensions,
        "source": {**source.to_json(), **_output_law(y, isinstance(source, GaussSource))},
        "quantities": {
            **_rates(model, data, cost, source.test),
            "distortion_input": mean_of(
                errors.mean(axis=1), unit="MSE/dimension", what="mean squared error of the decoded sample to the encoder's input"
            ),
            "classification_loss": _label_loss(source, x, y),
        },
        "missing": {},
    }
    write_atomically(place / FILE, json.dumps(found, indent=1, allow_nan=False) + "\n")
    return found


def _label_loss(source: GaussSource | BernoulliSource, x: Any, y: Any) -> Quantity:
    return gaussian_loss(x, y, np.array(source.kappa)) if isinstance(source, GaussSource) else flip_loss(x, y, source.q_S1)


def gaussian_loss(x: FloatArray, y: FloatArray, kappa: FloatArray) -> Quantity:
    """sum_i 1/2 log2(2 pi e var(S_i - a_i Y_i)) of inputs and outputs (N, n), with the delta method's interval.

    S_i is kappa_i times X_i in units of its deviation, and a noise that no code sees: the residual variance is
    1 - kappa_i^2 r_i^2, r_i the correlation of X_i and Y_i. Labels that were drawn would only add their own noise. r_i^2 is taken
    without the bias that it has where nothing is told, and no loss exceeds that of telling nothing.
    """
    count = len(x)
    a, b = (z / np.sqrt(np.maximum((z**2).mean(0), np.finfo(float).tiny)) for z in (x, y))
    r = (a * b).mean(0)
    variance = 1 - kappa**2 + kappa**2 * (1 - r**2) * count / (count - 1)
    value = 0.5 * np.log2(2 * math.pi * math.e * variance).sum()
    influence = (kappa**2 * r / variance * (r * (a**2 + b**2) / 2 - a * b)).sum(1) / math.log(2)
    what = "sum of the entropies of Gaussians with the residual variances of S_i given Y_i: h(S_i|Y_i) is no larger"
    return _loss(value, influence, 0.5 * math.log2(2 * math.pi * math.e) * len(kappa), what)


def flip_loss(x: Any, y: Any, q_S1: float) -> Quantity:
    """sum_i H_b(P(S_i != Y_i)) of bits (N, n), with the delta method's interval.

    P(S_i != Y_i) is d * q_S1 = d + q_S1 - 2 d q_S1 with d = P(X_i != Y_i), as S_i is X_i flipped by a noise that no code sees.
    Near d = 1/2 the entropy's slope vanishes and its curvature biases it downwards: that is added back, up to a whole bit.
    """
    wrong = (x != y).astype(np.float64)
    d, turn = wrong.mean(0), 1 - 2 * q_S1
    p = np.clip(q_S1 + turn * d, 1e-12, 1 - 1e-12)
    bias = turn**2 * d * (1 - d) / (2 * math.log(2) * p * (1 - p) * (len(wrong) - 1))
    value = (bias - p * np.log2(p) - (1 - p) * np.log2(1 - p)).sum()
    influence = (turn * (wrong - d) * np.log2((1 - p) / p)).sum(1)
    what = "sum of the binary entropies of the shares of S_i that differ from Y_i: H(S_i|Y_i) is no larger"
    return _loss(value, influence, float(wrong.shape[1]), what)


def _loss(value: float, influence: FloatArray, most: float, what: str) -> Quantity:
    """The quantity of an estimate with influence (N,) that cannot truly exceed `most`."""
    half = NORMAL_95 * float(influence.std(ddof=1)) / math.sqrt(len(influence))
    shown, low, high = (min(float(end), most) for end in (value, value - half, value + half))
    return quantity(shown, low, high, unit=RATE, kind="upper estimate", what=what)


def _output_law(y: Any, gaussian: bool) -> dict[str, list[float]]:
    """Second moments of the outputs, by component, or shares of ones: to be held against the law that was asked for."""
    if gaussian:
        return {"output_sigma": np.sqrt((y**2).mean(0)).tolist()}
    return {"output_q": y.mean(0).tolist()}


def _rates(model: SyntheticModel, data: bytes, cost: FloatArray, count: int) -> dict[str, Quantity]:
    size, each = len(data), cost * (len(cost) / count)  # E8 codes eight samples at a time
    nominal = quantity(
        nominal_rate(model),
        None,
        None,
        unit=RATE,
        kind="nominal",
        what="sum over the coded components of log2 of the number of symbols of their tables: no real rate",
    )
    what = "exact cost of the symbols under the integer tables"
    found = {"rate_nominal": nominal, "rate_cross_entropy": mean_of(each, unit=RATE, kind="estimate", what=what)}
    for name, length, of in (
        ("rate_payload", size - OVERHEAD, f"payload of one file that holds all {count} test samples"),
        ("rate_on_disk", size, f"one file that holds all {count} test samples, header and checksum ({OVERHEAD} bytes) included"),
    ):
        found[name] = mean_of(each, unit=RATE, what=f"{of}, over their number", value=8.0 * length / count)
    return found


def nominal_rate(model: SyntheticModel) -> float:
    """Bits a sample if all symbols of a table were given equal lengths."""
    tables = model.codec.tables
    if tables is None:
        return 0.0
    if isinstance(tables, Tables):
        components = len(model.codec.active) if isinstance(model.codec, GaussCodec) else 1
        return float(np.log2(tables.sizes.reshape(components, -1)[:, 0]).sum())
    # Eight coordinates; the parity of the last is known, the coset is one bit.
    sizes = tables.coordinates.sizes.reshape(len(tables.mass), -1)[:, 0]
    return float((np.log2(sizes) * SIDE).sum() / SIDE)
