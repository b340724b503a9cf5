"""Operating points: what they hold, that it comes from the file's images, that it is the same again, and what is told when it cannot be."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from run_samples import digits_run, inputs

from deep import coding, judges, operating_point, reconstructions
from deep.bitstream import OVERHEAD
from deep.coding import compress, decompress
from deep.data import load
from deep.measurements import code_test_set, fano, notes
from deep.operating_point import main, measure
from deep.run import load_model
from deep.tasks import task
from rdcsym import theorem
from rdcsym.problem import InputError

pytest.importorskip("constriction")

NAMES = {
    *(f"rate_{name}" for name in ("nominal", "cross_entropy", "payload", "on_disk")),
    *(f"{what}_{name}" for what in ("accuracy", "cross_entropy") for name in ("cotrained", "clean", "clean_on_clean")),
    *("distortion_input", "distortion_clean", "accuracy_held_out", "classification_loss_upper", "fano_error"),
    *("perception_w1", "perception_w1_input"),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Judges of some steps: their quality is looked at elsewhere."""
    monkeypatch.setattr(judges, "STEPS", 40)
    monkeypatch.setattr(reconstructions, "MOST_PASSES", 2)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A measured run."""
    run = digits_run(tmp_path_factory.getbasetemp())
    place = tmp_path_factory.mktemp("points") / "run"
    shutil.copytree(run, place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "STEPS", 40)
        patch.setattr(reconstructions, "MOST_PASSES", 2)
        measure(place, device="cpu", cache=place.parent / "cache")
    return place


@pytest.fixture(scope="module")
def found(place) -> dict:
    return json.loads((place / "operating_point.json").read_text(encoding="utf-8"))


def value(found: dict, name: str) -> float:
    return found["quantities"][name]["value"]


def test_every_quantity_is_there_with_its_interval_unit_and_kind(found, place):
    assert found["quantities"].keys() == NAMES
    assert found["missing"] == {}
    assert found["notes"] == []
    for name, q in found["quantities"].items():
        assert q.keys() == {"value", "low", "high", "unit", "kind", "what"}
        assert q["kind"] in ("measured", "estimate", "upper estimate", "bound", "nominal")
        assert q["unit"]
        assert len(q["what"]) > 20
        if name != "rate_nominal":
            assert q["low"] < q["value"] < q["high"]
    assert (found["task"], found["run"], found["mode"], found["pairing"]) == ("digits-sr", "run", "common", "unpaired")
    assert (found["test_images"], found["dimensions"], found["source"]) == (360, 64, {"kind": "images"})
    assert found["steps"] == found["config"]["steps"] == 60
    assert found["machine"]
    assert found["measured_on"]


def test_compare_reads_it(place):
    from deep.compare import read_run, read_samples

    point = read_run(place)
    assert point.rate_name == "rate_on_disk"
    assert point.loss is not None
    assert not isinstance(read_samples(place), str)


def test_the_notions_of_rate_are_of_one_file_of_the_whole_test_set(found, place):
    data = compress(load_model(place), inputs(360))
    assert value(found, "rate_on_disk") == 8 * len(data) / 360
    assert math.isclose(value(found, "rate_on_disk") - value(found, "rate_payload"), 8 * OVERHEAD / 360)
    assert (
        abs(value(found, "rate_payload") - value(found, "rate_cross_entropy")) <= 0.01 * value(found, "rate_payload") + 16 / 360
    )
    assert value(found, "rate_nominal") > value(found, "rate_cross_entropy")


def test_distortion_and_accuracy_are_those_of_the_images_in_the_file(found, place):
    model, test, x = load_model(place), load("digits").test, inputs(360)
    y = decompress(model, compress(model, x)) / 255.0
    for name, other in (("input", x.numpy()), ("clean", test.clean / 255.0)):
        each = ((y - other) ** 2).mean(axis=(1, 2, 3))
        q = found["quantities"][f"distortion_{name}"]
        assert math.isclose(q["value"], each.mean(), rel_tol=1e-6)
        assert math.isclose(q["high"] - q["value"], 1.96 * each.std(ddof=1) / math.sqrt(360), rel_tol=1e-3)
    with torch.no_grad():
        logits = model.networks.classifier(torch.from_numpy(y).float()).double()
        w1 = (
            model.networks.critic(torch.from_numpy(test.clean).float() / 255).mean()
            - model.networks.critic(torch.from_numpy(y).float()).mean()
        )
    assert value(found, "accuracy_cotrained") == (logits.argmax(1).numpy() == test.labels).mean()
    nats = torch.nn.functional.cross_entropy(logits, torch.from_numpy(test.labels)).item()
    assert math.isclose(value(found, "cross_entropy_cotrained"), nats / math.log(2), rel_tol=1e-5)
    assert math.isclose(value(found, "perception_w1"), w1.item(), rel_tol=1e-3)


def test_samples_are_one_decoded_image_of_each_class(place):
    model, test, x = load_model(place), load("digits").test, inputs(360)
    first = [int(np.argmax(test.labels == label)) for label in range(10)]
    with np.load(place / "samples.npz") as samples:
        assert np.array_equal(samples["output"], decompress(model, compress(model, x))[first])
        assert np.array_equal(samples["clean"], test.clean[first])
        assert np.array_equal(samples["input"] / np.float32(255), x.numpy()[first])
        assert all(samples[name].dtype == np.uint8 for name in ("input", "output", "clean"))


def test_measured_again_it_is_the_same_and_the_clean_judge_is_taken_from_its_cache(place, monkeypatch):
    before = {name: (place / name).read_bytes() for name in ("operating_point.json", "samples.npz")}
    kept, trainings = list((place.parent / "cache").iterdir()), []
    real = judges.trained
    monkeypatch.setattr(operating_point, "trained", lambda *given: trainings.append("held out") or real(*given))
    monkeypatch.setattr(judges, "trained", lambda *given: trainings.append("clean") or real(*given))
    stages: list[tuple[int, int]] = []
    measure(place, device="cpu", cache=place.parent / "cache", progress=lambda stage, of, what: stages.append((stage, of)))
    assert {name: (place / name).read_bytes() for name in before} == before
    assert list((place.parent / "cache").iterdir()) == kept
    assert trainings == ["held out"]
    assert stages == [(k, 5) for k in range(5)]


def test_without_the_coder_all_but_the_rates_of_files_is_measured_to_the_same_values(place, found, tmp_path, monkeypatch):
    shutil.copytree(place, tmp_path / "run")
    monkeypatch.setattr(coding, "find_spec", lambda name: None)
    bare = measure(tmp_path / "run", device="cpu", cache=place.parent / "cache")
    files = {"rate_payload", "rate_on_disk"}
    assert bare["missing"].keys() == files
    assert all("constriction is not installed" in why for why in bare["missing"].values())
    assert bare["quantities"] == {name: q for name, q in found["quantities"].items() if name not in files}


def test_fano_is_taken_at_the_loss_and_stays_within_what_the_labels_allow(found):
    loss = found["quantities"]["classification_loss_upper"]
    error = found["quantities"]["fano_error"]
    for end in ("value", "low", "high"):
        assert math.isclose(error[end], float(theorem("fano").evaluate(C=loss[end], M=10.0)), rel_tol=1e-9)
    assert error["kind"] == "estimate"
    beyond = fano({"value": 3.5, "low": -0.1, "high": 3.7}, 10)
    assert math.isclose(beyond["value"], 0.9)
    assert (beyond["low"], beyond["high"]) == (0.0, beyond["value"])
    assert fano({"value": 1.0, "low": None, "high": None}, 2)["low"] is None


def test_latent_variables_beyond_the_tables_are_told_of(place):
    model = load_model(place)
    with torch.no_grad():
        model.networks.codec.encoder.head[-1].weight *= 30.0
    coded = code_test_set(model, task("digits-sr"), load("digits"))
    (note,) = notes(coded)
    assert "outside the entropy tables" in note


def test_an_untrained_critic_says_nothing(place, tmp_path):
    shutil.copytree(place, tmp_path / "run")
    kept = torch.load(tmp_path / "run" / "model.pt", weights_only=True)
    kept["config"]["critic_steps"] = 0
    torch.save(kept, tmp_path / "run" / "model.pt")
    found = measure(tmp_path / "run", device="cpu", cache=place.parent / "cache")
    assert found["missing"].keys() == {"perception_w1", "perception_w1_input"}
    assert "perception_w1" not in found["quantities"]


def test_what_is_no_finished_run_is_one_line(tmp_path, capsys):
    with pytest.raises(InputError, match="does not exist"):
        measure(tmp_path)
    with pytest.raises(InputError, match="device"):
        measure(tmp_path, device="tpu")
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_entry_prints_every_quantity(place, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.parent / "user"))
    assert main([str(place), "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in f"\n{printed}" for name in NAMES)
    assert list((place.parent / "user" / "rdcsym" / "classifiers").glob("*.pt"))
