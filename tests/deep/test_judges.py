"""Judges and intervals: calibrated, never below the loss that is known, kept under a hash; intervals that cover as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deep import judges
from deep.data import Split
from deep.intervals import mean_of, share_of
from deep.judges import clean_judge, cross_entropy_bits, drawn, part, trained

CPU = torch.device("cpu")


def flipped(count: int, seed: int, rate: float = 0.1) -> Split:
    """Images whose brightness tells one bit, and labels that are this bit flipped at `rate`: H(S|Y) = H_b(rate)."""
    rng = np.random.default_rng(seed)
    bit = rng.integers(0, 2, count)
    clean = np.clip(100 + 60 * bit[:, None, None, None] + rng.normal(0, 10, (count, 1, 8, 8)), 0, 255).astype(np.uint8)
    return Split(clean, (bit ^ (rng.random(count) < rate)).astype(np.int64))


def test_the_loss_of_a_held_out_judge_is_just_above_what_is_known(monkeypatch):
    monkeypatch.setattr(judges, "STEPS", 100)
    known = -(0.1 * math.log2(0.1) + 0.9 * math.log2(0.9))
    judge = trained(flipped(3000, 1), flipped(2000, 2), 2, CPU)
    test = flipped(20_000, 3)
    loss = mean_of(cross_entropy_bits(judge.logits(test.clean), test.labels), unit="bits", what="")
    assert loss["high"] > known
    assert loss["value"] < known + 0.02


def test_calibration_mends_an_overconfident_judge(monkeypatch):
    """Labels that the images do not tell are learned by heart; the temperature turns certainty back into doubt."""
    monkeypatch.setattr(judges, "EPOCHS", 200)
    judge = trained(flipped(150, 4, 0.3), flipped(1000, 5, 0.3), 2, CPU)
    test = flipped(4000, 6, 0.3)
    logits = judge.logits(test.clean)
    raw, calibrated = (cross_entropy_bits(x, test.labels).mean() for x in (logits * judge.temperature, logits))
    assert judge.temperature > 1.2
    assert calibrated < raw - 0.02
    assert calibrated < 1.01  # at worst it knows that it knows nothing


def test_judges_are_the_same_again_and_leave_the_random_state_alone(monkeypatch):
    monkeypatch.setattr(judges, "STEPS", 10)
    torch.rand(3)  # somewhere that no judge leaves it
    before = torch.get_rng_state()
    a, b = (trained(flipped(500, 1), flipped(200, 2), 2, CPU) for _ in range(2))
    assert a.temperature == b.temperature
    assert all(torch.equal(p, q) for p, q in zip(a.network.parameters(), b.network.parameters(), strict=True))
    assert torch.equal(before, torch.get_rng_state())


def test_a_clean_judge_is_trained_once_for_the_same_images(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "STEPS", 10)
    split = flipped(300, 1)
    first = clean_judge(split, 2, CPU, tmp_path)
    (file,) = tmp_path.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(judges, "trained", None)
        again = clean_judge(flipped(300, 1), 2, CPU, tmp_path)
    assert torch.equal(first.logits(split.clean), again.logits(split.clean))
    clean_judge(part(split, slice(299)), 2, CPU, tmp_path)
    monkeypatch.setattr(judges, "STEPS", 11)
    clean_judge(split, 2, CPU, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3  # other images and another recipe have files of their own
    monkeypatch.setattr(judges, "STEPS", 10)
    for damaged in (b"", b"junk", file.read_bytes()[:-100]):
        file.write_bytes(damaged)
        assert torch.equal(clean_judge(split, 2, CPU, tmp_path).logits(split.clean), first.logits(split.clean))
        assert file.stat().st_size > 1000


def test_images_are_drawn_of_every_class_though_these_come_by_turns_and_may_pass_several_times():
    labels = np.tile(np.arange(2500) % 100, 4)
    found = drawn(np.arange(10_000), 5000)
    assert len(set(labels[found])) == 100
    assert len({k % 2500 for k in found}) > 2200
    assert (np.diff(found) > 0).all()
    assert drawn(np.arange(7), 9).tolist() == list(range(7))


def test_both_parts_of_clean_images_hold_all_classes_where_these_come_by_turns(tmp_path, monkeypatch):
    split = Split(np.zeros((400, 1, 8, 8), np.uint8), np.arange(400) % 10)
    parts = []
    monkeypatch.setattr(judges, "trained", lambda seen, held, *given: parts.extend((seen, held)) or trained(seen, held, *given))
    monkeypatch.setattr(judges, "STEPS", 1)
    clean_judge(split, 10, CPU, tmp_path)
    assert [len(p) for p in parts] == [360, 40]
    assert [len(set(p.labels)) for p in parts] == [10, 10]


def test_a_cache_that_cannot_be_written_is_no_hindrance(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "STEPS", 5)
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert clean_judge(flipped(100, 1), 2, CPU, tmp_path / "file").temperature > 0


def test_an_interval_of_a_mean_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(2000):
        q = mean_of(rng.exponential(2.0, 400), unit="bits", what="")
        hits.append(q["low"] <= 2.0 <= q["high"])
    assert abs(np.mean(hits) - 0.95) < 0.015
    shifted = mean_of([1.0, 2.0, 3.0], unit="bits", what="", value=2.5)
    assert shifted["value"] == 2.5
    assert math.isclose(shifted["high"] - 2.5, 2.5 - shifted["low"])
    assert mean_of([4.0], unit="bits", what="") | {"what": ""} == {
        "value": 4.0,
        "low": None,
        "high": None,
        "unit": "bits",
        "kind": "measured",
        "what": "",
    }


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0)])
def test_wilson_s_interval(hits, of, low, high):
    q = share_of(np.arange(of) < hits, what="")
    assert (round(q["low"], 4), q["value"], round(q["high"], 4)) == (low, hits / of, high)
