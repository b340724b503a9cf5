"""What is measured of a run of images: its test set through a file, and each quantity with its interval.

Outputs are those of a real file: the test set is compressed into one, and distortion, accuracy and the rest are taken from the
8-bit images that come out. Where constriction is not installed there is no file and hence no rate of one; the outputs are then
decoded from the symbols directly, and are the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from deep.bitstream import OVERHEAD
from deep.codec import BATCH
from deep.coding import can_code, read_symbols, symbols_of, write_symbols
from deep.data import Images, clean_tensor
from deep.dither import IntArray
from deep.intervals import Quantity, mean_of, quantity, share_of
from deep.judges import Bytes, Judge, cross_entropy_bits, logits_of
from deep.run import Model
from deep.tables import bits
from deep.tasks import Task
from rdcsym.problem import FloatArray

FILE_SEED: Final = 0  # of the test file's dither
RATE: Final = "bits/image"
RATE_SHARE: Final = 0.01  # of the estimate, that the exact cost under the tables may differ from it,
RATE_SLACK: Final = 16.0  # and bits on top


@dataclass(frozen=True, eq=False)
class Coded:
    """The test set through a file. inputs, outputs, clean: uint8 (N, C, H, W). estimated, exact: bits of each image (N,) by the
    entropy model and by the integer tables. size: of the file in bytes, None where it could not be written.
    """

    inputs: Bytes
    outputs: Bytes
    clean: Bytes
    symbols: IntArray
    estimated: FloatArray
    exact: FloatArray
    size: int | None


@torch.no_grad()
def code_test_set(model: Model, chosen: Task, images: Images) -> Coded:
    """The whole test set through one file, or from symbol to image where no file can be written."""
    codec, clean = model.networks.codec, clean_tensor(images.test)
    inputs = torch.round(chosen.degrade_test(clean) * 255.0).to(torch.uint8)
    x = inputs.float() / 255.0
    seed = FILE_SEED
    symbols, rows, size = symbols_of(model, x, seed), codec.rows(seed, 0, len(x)), None
    exact = bits(model.tables, symbols, codec.table_index(rows)).sum(axis=1)
    if can_code():
        data = write_symbols(model, symbols, seed)
        size = len(data)
        symbols, rows = read_symbols(model, data, "test set")
    device = next(codec.parameters()).device
    at = torch.from_numpy(rows)
    parts = [codec(x[i : i + BATCH].to(device), at[i : i + BATCH].to(device)).bits for i in range(0, len(x), BATCH)]
    estimated = torch.cat(parts).double().cpu().numpy()
    return Coded(inputs.numpy(), codec.decode(symbols, rows), images.test.clean, symbols, estimated, exact, size)


def rates(coded: Coded) -> tuple[dict[str, Quantity], dict[str, str]]:
    """The notions of rate side by side, and which of them are missing."""
    n = len(coded.symbols)
    nominal = sum(math.log2(len(np.unique(column))) for column in coded.symbols.T)
    found = {
        "rate_nominal": quantity(
            nominal,
            None,
            None,
            unit=RATE,
            kind="nominal",
            what="sum over the latent variables of log2 of the number of symbols that occur on the test set: no real rate",
        ),
        "rate_cross_entropy": mean_of(
            coded.estimated, unit=RATE, kind="estimate", what="cross-entropy of the symbols under the learned entropy model"
        ),
    }
    if coded.size is None:
        why = "constriction is not installed, so no file was written: pip install 'rdcsym[deep]'"
        return found, {"rate_payload": why, "rate_on_disk": why}
    for name, size, what in (
        ("rate_payload", coded.size - OVERHEAD, f"payload of one file that holds all {n} test images"),
        (
            "rate_on_disk",
            coded.size,
            f"one file that holds all {n} test images, header and checksum ({OVERHEAD} bytes) included",
        ),
    ):
        found[name] = mean_of(coded.exact, unit=RATE, what=f"{what}, over their number", value=8.0 * size / n)
    return found, {}


def notes(coded: Coded) -> list[str]:
    """What a reader of the numbers should be told, one line each."""
    estimated, exact = float(coded.estimated.sum()), float(coded.exact.sum())
    if abs(exact - estimated) <= RATE_SHARE * estimated + RATE_SLACK:
        return []
    change = f"{100 * (exact / estimated - 1):+.3g} %"
    return [f"coded rate against estimated: {change}, as latent variables lie outside the entropy tables: train for longer"]


def distortions(coded: Coded) -> dict[str, Quantity]:
    """Mean squared error of the decoded 8-bit images to what the encoder was given, and to the clean images."""
    found = {}
    for name, other, of in (("input", coded.inputs, "the encoder's input"), ("clean", coded.clean, "the clean image")):
        each = ((coded.outputs.astype(np.float32) - other) ** 2).mean(axis=(1, 2, 3), dtype=np.float64) / 255.0**2
        what = f"mean squared error of the decoded image to {of}, grey values in [0, 1]"
        found[f"distortion_{name}"] = mean_of(each, unit="MSE/dimension", what=what)
    return found


def losses(model: Model, coded: Coded, images: Images, of_clean: Judge, held_out: Judge, how: str) -> dict[str, Quantity]:
    """What three classifiers make of the decoded test images, and Fano's inequality at the last one's loss."""
    labels, classes = images.test.labels, images.classes
    found: dict[str, Quantity] = {}
    apart = f"classifier trained apart on clean images ({images.classes} classes, calibrated)"
    for name, logits, who in (
        ("cotrained", logits_of(model.networks.classifier, coded.outputs), "classifier trained along with the codec"),
        ("clean", of_clean.logits(coded.outputs), apart),
        ("clean_on_clean", of_clean.logits(coded.clean), f"{apart}, on the clean test images themselves"),
        ("held_out", held_out.logits(coded.outputs), f"held-out classifier {how}"),
    ):
        each = cross_entropy_bits(logits, labels)
        found[f"accuracy_{name}"] = share_of(logits.argmax(1).numpy() == labels, what=f"accuracy of the {who}")
        found[f"cross_entropy_{name}"] = mean_of(each, unit="bits", what=f"cross-entropy of the {who}")
    loss = found.pop("cross_entropy_held_out")
    what = f"cross-entropy of the held-out classifier {how}: its expectation is at least H(S|Y)"
    found["classification_loss_upper"] = {**loss, "kind": "upper estimate", "what": what}
    found["fano_error"] = fano(loss, classes)
    return found


def losses_by_features(coded: Coded, images: Images, of_clean: Judge, of_outputs: Judge, how: str) -> dict[str, Quantity]:
    """What two linear classifiers of SqueezeNet's features make of the decoded test images: see `judges_features`.

    of_clean: trained on clean images; of_outputs: on outputs.
    """
    labels, network = images.test.labels, "linear classifier of SqueezeNet's features (trained on ImageNet)"
    found: dict[str, Quantity] = {}
    for name, logits, who in (
        ("features", of_clean.logits(coded.outputs), f"{network}, trained on clean images"),
        ("features_on_clean", of_clean.logits(coded.clean), f"{network}, trained on clean images, on the clean test images"),
        ("features_held_out", of_outputs.logits(coded.outputs), f"{network}, {how}"),
    ):
        each = cross_entropy_bits(logits, labels)
        found[f"accuracy_{name}"] = share_of(logits.argmax(1).numpy() == labels, what=f"accuracy of the {who}")
        what = f"cross-entropy of the {who}; no upper estimate of H(S|Y), as the network may have seen test images"
        found[f"cross_entropy_{name}"] = mean_of(each, unit="bits", kind="estimate", what=what)
    return found


def fano(loss: Quantity, classes: int) -> Quantity:
    """Least error probability at classification_loss_upper and at the ends of its interval: the inequality keeps their order."""
    from rdcsym import theorem

    ends = np.array([math.nan if loss[end] is None else loss[end] for end in ("value", "low", "high")])
    error = theorem("fano").evaluate(C=np.clip(np.nan_to_num(ends), 0.0, math.log2(classes)), M=float(classes))
    value, low, high = (None if math.isnan(end) else float(e) for end, e in zip(ends, np.asarray(error), strict=True))
    what = "Fano's inequality at classification_loss_upper: an estimate, no bound on the error, as that loss is an upper estimate"
    assert value is not None, "a measured loss is a number"
    return quantity(value, low, high, unit="probability", kind="estimate", what=what)


def perception(model: Model, coded: Coded) -> tuple[dict[str, Quantity], dict[str, str]]:
    """The critic's estimate of the Wasserstein-1 distance to the clean images, of outputs and, for reference, of inputs."""
    names = {"perception_w1": (coded.outputs, "decoded"), "perception_w1_input": (coded.inputs, "degraded input")}
    if model.config.critic_steps == 0:
        return {}, dict.fromkeys(names, "the critic was not trained (critic_steps = 0)")
    clean = logits_of(model.networks.critic, coded.clean)
    what = "mean of the co-trained critic on the clean less that on the {} test images: an estimate of W1, no bound"
    return {
        name: mean_of(clean - logits_of(model.networks.critic, other), unit="grey value", kind="estimate", what=what.format(of))
        for name, (other, of) in names.items()
    }, {}
