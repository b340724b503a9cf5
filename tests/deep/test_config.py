"""Settings of a training: where they come from, which wins, and how a wrong one is named."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

from deep.config import TrainConfig, changed, config_for, config_from_json, read_config
from deep.settings import settings
from rdcsym.problem import InputError

WRONG = {
    "an unknown setting": ("stepz=3", "steps"),
    "no assignment": ("steps", "NAME=VALUE"),
    "a name missing": ("=3", "NAME=VALUE"),
    "text for a number": ("steps=many", "steps"),
    "a fraction of a step": ("steps=1.5", "steps"),
    "no steps": ("steps=0", "steps"),
    "infinitely many steps": ("steps=inf", "steps"),
    "a rate of nothing": ("rate=0", "rate"),
    "nan": ("lambda_c=nan", "lambda_c"),
    "a negative weight": ("lambda_p=-1", "lambda_p"),
    "an unknown mode": ("mode=comon", "common"),
    "an unknown pairing": ("pairing=paired", "unpaired"),
    "levels that are no power of two": ("levels=12", "levels"),
    "a truth value that is none": ("amp=yes", "true or false"),
    "options that are no table": ("options=[1]", "options"),
    "options that are no JSON": ("options=e8", "options"),
    "another task": ("task=mnist-sr", "mnist-sr"),
    "a batch of one": ("batch=1", "batch"),
    "an empty value": ("seed=", "seed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_named(case):
    flag, named = WRONG[case]
    with pytest.raises(InputError, match=named):
        config_for("digits-sr", flags=[flag])


def test_flags_win_over_the_file_and_the_file_over_the_task():
    found = config_for("digits-sr", {"steps": 7, "rate": 3}, ["rate=5"], {"steps": 1, "rate": 1, "width": 9})
    assert (found.steps, found.rate, found.width) == (7, 5.0, 9)
    assert config_for("digits-sr", {"rate": 3}, ["rate=none"]).rate is None
    assert config_for("digits-sr", flags=["amp=True"]).amp is True
    assert config_for("digits-sr", flags=["amp=false"]).amp is False  # text that argparse's type=bool would make true


def test_options_are_merged_one_by_one():
    found = config_for(
        "gauss-vector", {"options": {"lattice": "z", "sigma_X": [1, 2]}}, ["options.lattice=e8", "options.kappa=[0.5,0.1]"]
    )
    assert found.options == {"lattice": "e8", "sigma_X": [1, 2], "kappa": [0.5, 0.1]}
    assert config_for("gauss-vector", flags=['options={"block": 15}', "options.q=.5"]).options == {"block": 15, "q": 0.5}


def test_json_and_back():
    config = config_for("digits-sr", flags=["rate=8", "mode=private"])
    assert config_from_json(json.loads(json.dumps(config.to_json()))) == config
    assert changed(config, steps="9").steps == 9
    with pytest.raises(InputError, match="steps"):
        changed(config, steps=-1)
    with pytest.raises(AttributeError):
        config.steps = 3


@pytest.mark.parametrize(("name", "text"), [("c.json", '{"steps": 4, "rate": 2.5}'), ("c.toml", "steps = 4\nrate = 2.5\n")])
def test_files(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    found = settings("digits-sr", tmp_path / "run", tmp_path / name)
    assert (found.steps, found.rate) == (4, 2.5)


@pytest.mark.parametrize(
    ("content", "named"),
    [(None, "cannot be read"), (b"{steps", "JSON"), (b"[1]", "table"), (b"\xff\xfe", "JSON"), (b'{"a.b": 1}', "a.b")],
)
def test_bad_files(tmp_path, content, named):
    if content is not None:
        (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(InputError, match=named):
        settings("digits-sr", tmp_path / "run", tmp_path / "c.json")
    (tmp_path / "c.toml").write_text("steps = = 3")
    with pytest.raises(InputError, match="JSON or TOML"):
        read_config(tmp_path / "c.toml")


def test_the_task_may_stand_in_the_file_or_in_the_run(tmp_path):
    (tmp_path / "c.json").write_text('{"task": "digits-sr", "steps": 5}')
    named = settings(None, tmp_path / "run", tmp_path / "c.json")
    assert (named.task, named.steps) == ("digits-sr", 5)
    with pytest.raises(InputError, match="--task"):
        settings(None, tmp_path / "run")
    with pytest.raises(InputError, match="digits-sr"):
        settings("mnist-sr", tmp_path / "run", tmp_path / "c.json")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps(TrainConfig(task="digits-sr", steps=6, rate=3).to_json()))
    resumed = settings(None, tmp_path / "run", resume=True)
    assert (resumed.task, resumed.steps, resumed.rate) == ("digits-sr", 6, 3.0)
    assert settings("digits-sr", tmp_path / "run", flags=["log_every=3"], resume=True).log_every == 3
    assert settings("digits-sr", tmp_path / "run").steps != 6  # without resume the folder is not looked into


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_damaged_run(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json.*damaged"):
        settings("digits-sr", tmp_path, resume=True)
