"""Models read back from a run folder: whole, or one clear error."""

from __future__ import annotations

import json

import pytest
import torch

from deep.config import TrainConfig
from deep.run import build, load_model, load_tensors, save_model, save_tensors
from rdcsym.problem import InputError

SHAPE = (1, 8, 8)


@pytest.fixture
def folder(tmp_path):
    config = TrainConfig(task="digits-sr", latent=3, width=4)
    save_model(tmp_path, build(SHAPE, 10, config), config, SHAPE, 10, 7, "a machine")
    return tmp_path


def test_a_model_is_read_back_whole(folder):
    model = load_model(folder)
    again = load_model(folder)
    assert model.steps == 7
    assert model.fingerprint == again.fingerprint
    assert len(model.fingerprint) == 8
    for one, other in zip(model.networks.codec.parameters(), again.networks.codec.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_fingerprint_knows_the_decoder_and_the_tables(folder):
    before = load_model(folder).fingerprint
    for part in ("codec", "tables"):
        found = load_tensors(folder / "model.pt", "model", "")
        if part == "codec":
            found["networks"]["codec"]["decoder.stem.0.bias"][0] += 1e-3
        else:
            found["tables"]["lowest"][0] += 1
        save_tensors(folder / "model.pt", found)
        assert load_model(folder).fingerprint != before
        before = load_model(folder).fingerprint


def test_bad_models_are_one_clear_error(folder):
    path = folder / "model.pt"
    whole = path.read_bytes()
    found = load_tensors(path, "model", "")
    cases = {
        "other networks": {**found, "networks": {**found["networks"], "codec": {}}},
        "format": {**found, "format": "rdcsym model 99"},
    }
    for named, content in cases.items():
        save_tensors(path, content)
        with pytest.raises(InputError, match=named):
            load_model(folder)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged or foreign"):
        load_model(folder)
    path.write_text(json.dumps({"not": "a model"}))
    with pytest.raises(InputError, match="damaged or foreign"):
        load_model(folder)
    path.unlink()
    with pytest.raises(InputError, match="does not exist"):
        load_model(folder)
