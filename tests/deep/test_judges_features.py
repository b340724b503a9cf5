"""Judges on SqueezeNet's features: a convex fit, calibrated, kept under a hash; what an operating point says of and without them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from metric_samples import SQUEEZE, needs_weights

from deep import judges_features as features
from deep.data import Images, Split
from deep.judges import clean_judge, cross_entropy_bits, part
from deep.judges_features import feature_kind, has_features
from deep.measurements import Coded
from deep.metrics import NoValueError, judge_distance
from deep.operating_point import _by_features
from deep.reconstructions import Reconstructions

CPU = torch.device("cpu")


def textures(count: int, seed: int, wrong: float = 0.1) -> Split:
    """Stripes across or upright, at any phase and in any colour, and which of the two, told wrongly with probability `wrong`."""
    rng = np.random.default_rng(seed)
    bit, phase = rng.integers(0, 2, count), rng.uniform(0, 6.3, (count, 1, 1, 1))
    y, x = np.mgrid[:16, :16]
    along = np.where(bit[:, None, None, None] == 1, x, y)
    wave = np.sin(1.6 * along + phase) * rng.uniform(30, 60, (count, 3, 1, 1)) + 128
    clean = np.clip(wave + rng.normal(0, 6, wave.shape), 0, 255).astype(np.uint8)
    return Split(clean, (bit ^ (rng.random(count) < wrong)).astype(np.int64))


def test_features_are_of_colour_images_that_are_not_too_small():
    assert has_features((5, 3, 32, 32))
    assert not has_features((5, 1, 28, 28))
    assert not has_features((5, 3, 8, 8))


@needs_weights(SQUEEZE)
def test_a_judge_learns_and_is_calibrated_and_no_better_than_what_is_known():
    known = -(0.1 * np.log2(0.1) + 0.9 * np.log2(0.9))
    judge, test = feature_kind().trained(textures(300, 1), textures(150, 2), 2, CPU), textures(400, 3)
    logits = judge.logits(test.clean)
    assert (logits.argmax(1).numpy() == test.labels).mean() > 0.85
    loss = cross_entropy_bits(logits, test.labels)
    assert known - 3 * loss.std() / 20 < loss.mean() < known + 0.15
    raw = cross_entropy_bits(logits * judge.temperature, test.labels).mean()
    assert loss.mean() < raw + 0.01


@needs_weights(SQUEEZE)
def test_the_fit_is_the_minimum_of_a_convex_function():
    split = textures(80, 4)
    network = feature_kind().trained(split, textures(40, 5), 2, CPU).network
    found = network.reduce(torch.from_numpy(split.clean).float() / 255.0)
    loss = torch.nn.functional.cross_entropy(network.of_features(found), torch.from_numpy(split.labels))
    loss = loss + features.PENALTY * network.linear.weight.square().sum()
    network.zero_grad()
    loss.backward()
    assert all(p.grad.abs().max() < 1e-4 for p in network.linear.parameters())


@needs_weights(SQUEEZE)
def test_a_clean_judge_is_kept_apart_from_the_convolutional_one(tmp_path, monkeypatch):
    split = textures(60, 6)
    first = clean_judge(split, 2, CPU, tmp_path, feature_kind())
    (file,) = tmp_path.iterdir()
    monkeypatch.setattr(features, "_fit", None)
    again = clean_judge(split, 2, CPU, tmp_path, feature_kind())
    assert torch.equal(first.logits(split.clean), again.logits(split.clean))
    clean_judge(split, 2, CPU, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.undo()
    file.write_bytes(file.read_bytes()[:-50])
    assert torch.equal(clean_judge(split, 2, CPU, tmp_path, feature_kind()).logits(split.clean), first.logits(split.clean))
    assert judge_distance(first, split.clean[:30], split.clean[30:]) > 0  # its features do for a distance of sets


def coded(clean: np.ndarray) -> tuple[Coded, Images, Reconstructions]:
    train, test = textures(80, 7), textures(40, 8)
    images = Images(train, Split(test.clean if clean.shape[1] == 3 else clean, test.labels), 2, "")
    none = np.zeros((len(clean), 1))
    whole = Coded(clean, clean, clean, none.astype(np.int64), none[:, 0], none[:, 0], None)
    return whole, images, Reconstructions(part(train, slice(40)), part(train, slice(40, 80)), 40, 1)


@needs_weights(SQUEEZE)
def test_what_an_operating_point_says_of_them(tmp_path):
    found, missing = _by_features(*coded(textures(40, 8).clean), tmp_path)
    names = ("features", "features_on_clean", "features_held_out")
    assert set(found) == {f"{what}_{name}" for what in ("accuracy", "cross_entropy") for name in names}
    assert missing == {}
    assert found["accuracy_features"] | {"what": ""} == found["accuracy_features_on_clean"] | {"what": ""}
    assert "40 and calibrated on 40" in found["accuracy_features_held_out"]["what"]
    assert all(q["kind"] == ("measured" if name.startswith("accuracy") else "estimate") for name, q in found.items())


def test_without_the_weights_there_is_one_line_and_of_grey_images_none(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    found, missing = _by_features(*coded(textures(40, 8).clean), tmp_path)
    assert found == {}
    assert SQUEEZE in missing["accuracy_features"]
    with pytest.raises(NoValueError):
        feature_kind()
    assert _by_features(*coded(np.zeros((40, 1, 28, 28), np.uint8)), tmp_path) == ({}, {})
