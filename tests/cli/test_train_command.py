"""`rdcsym train` and `rdcsym sweep`: what they print, what they leave, and what they refuse in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.tasks import tasks
from rdcsym.cli.main import run
from rdcsym.cli.train import TASKS

TINY = [
    "--set",
    "steps=20",
    "--set",
    "batch=32",
    "--set",
    "width=8",
    "--set",
    "latent=4",
    "--set",
    "device=cpu",
    "--set",
    "threads=1",
    "--set",
    "rate=4",
]
POINT = {
    "task": "digits-sr", "mode": "common", "pairing": "unpaired", "steps": 20, "test_images": 360, "machine": "CPU",
    "source": {"kind": "images"},
    "quantities": {
        "rate_on_disk": {"value": 4.5, "low": 4.0, "high": 5.0, "unit": "bits/image", "kind": "measured", "what": "of a file"},
        "rate_nominal": {"value": 16, "low": None, "high": None, "unit": "bits/image", "kind": "nominal", "what": "no rate"},
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def _quick(monkeypatch):
    """A measurement that takes no time."""

    def measure(folder, progress=None):
        if progress is not None:
            progress(0, 1, "coding")
        (Path(folder) / "operating_point.json").write_text(json.dumps(POINT))

    monkeypatch.setattr("deep.operating_point.measure", measure)


def test_train_and_measure(capsys):
    assert run(["train", "--task", "digits-sr", "--out", "run", *TINY, "--json"]) == 0
    shown = capsys.readouterr()
    point = json.loads(shown.out)
    assert shown.err == ""
    assert (point["task"], point["steps"], point["test_images"]) == ("digits-sr", 20, 360)
    assert {"rate_on_disk", "rate_payload", "distortion_input", "accuracy_clean"} < set(point["quantities"])
    before = Path("run/model.pt").read_bytes()
    assert run(["train", "--out", "run", "--resume"]) == 0  # finished: nothing is done again, the point is shown
    table = capsys.readouterr().out
    for name, quantity in point["quantities"].items():
        row = next(line for line in table.splitlines() if line.startswith(f" {name} "))
        assert f"{quantity['value']:.4g}" in row
        assert quantity["unit"] in row
    assert "rdcsym compress --model run" in table
    assert Path("run/model.pt").read_bytes() == before


@pytest.mark.usefixtures("_quick")
def test_the_table_says_what_each_number_is(capsys):
    assert run(["train", "--task", "digits-sr", "--out", "run", *TINY, "--set", "steps=2"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""  # no bar where there is no terminal
    assert re.search(r"rate_on_disk +4\.5 +4 to 5 +bits/image +measured +of a file", shown.out)
    assert re.search(r"rate_nominal +16 +- +bits/image +nominal +no rate", shown.out)


@pytest.mark.usefixtures("_quick")
def test_an_interrupt_says_how_to_go_on(capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("deep.train.train", interrupted)
    assert run(["train", "--task", "digits-sr", "--out", "run"]) == 130
    assert capsys.readouterr().err == "rdcsym: interrupted; go on with: rdcsym train --out run --resume\n"


@pytest.mark.usefixtures("_quick")
def test_only_the_first_process_of_torchrun_measures(capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr("deep.train.train", lambda *arguments, **options: None)
    assert run(["train", "--task", "digits-sr", "--out", "run"]) == 0
    assert capsys.readouterr().out == ""
    assert not Path("run").exists()


@pytest.mark.parametrize("missing", ["torch", "constriction"])
def test_a_missing_package_is_named_with_its_extra(capsys, monkeypatch, missing):
    monkeypatch.setattr("rdcsym.cli.extras.find_spec", lambda name: None if name == missing else object())
    assert run(["train", "--task", "digits-sr", "--out", "run"]) == 2
    assert capsys.readouterr().err == f"rdcsym: train = {missing}: is not installed; pip install 'rdcsym[deep]'\n"


def test_the_help_names_every_task():
    assert re.findall(r"[a-z][a-z0-9-]+-[a-z0-9-]+", TASKS) == tasks()


WRONG = {
    "no task": (["train", "--out", "run"], "--task"),
    "an unknown task": (["train", "--task", "digit-sr", "--out", "run"], "digits-sr"),
    "no folder": (["train", "--task", "digits-sr"], "--out"),
    "an empty folder name": (["train", "--task", "digits-sr", "--out", ""], "out"),
    "a wrong setting": (["train", "--task", "digits-sr", "--out", "run", "--set", "step=3"], "steps"),
    "a wrong value": (["train", "--task", "digits-sr", "--out", "run", "--set", "rate=-1"], "rate"),
    "no settings file": (["train", "--task", "digits-sr", "--out", "run", "--config", "absent.json"], "absent.json"),
    "a folder that is a file": (["train", "--task", "digits-sr", "--out", "plain"], "plain"),
    "nothing to resume": (["train", "--out", "run", "--resume"], "--task"),
    "a sweep over nothing": (["sweep", "--task", "digits-sr", "--out", "run"], "--over"),
    "a sweep over no values": (["sweep", "--task", "digits-sr", "--out", "run", "--over", "rate="], "NAME=VALUE"),
    "a sweep with a wrong value": (["sweep", "--task", "digits-sr", "--out", "run", "--over", "steps=1,0"], "steps"),
    "no jobs": (["sweep", "--task", "digits-sr", "--out", "run", "--over", "seed=0", "--jobs", "0"], "--jobs"),
    "processes here and a cluster": (
        ["sweep", "--task", "digits-sr", "--out", "run", "--over", "seed=0", "--jobs", "2", "--dask", "tcp://127.0.0.1:1"],
        "--dask",
    ),
    "a benchmark that is none": (["bench", "sovlers"], "solvers"),
    "a benchmark of no photographs": (["bench", "images", "--set", "kodak"], "kodak24"),
    "a benchmark of a synthetic task": (["bench", "deep", "--task", "gauss-vector"], "gauss-vector"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input(case, capsys, tmp_path):
    arguments, named = WRONG[case]
    Path("plain").write_text("mine")
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1, shown.err
    assert named in shown.err, shown.err
    assert [p.name for p in tmp_path.iterdir()] == ["plain"]
    assert Path("plain").read_text() == "mine"


@pytest.mark.usefixtures("_quick")
def test_sweep(capsys, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr("deep.executor.local", ThreadPoolExecutor)  # processes have tests of their own
    sweep = [
        "sweep",
        "--task",
        "digits-sr",
        "--out",
        "sweep",
        "--over",
        "rate=4,8",
        *TINY[:-2],
        "--set",
        "steps=2",
        "--jobs",
        "1",
    ]
    assert run(sweep) == 0
    shown = capsys.readouterr()
    assert re.search(r"rate=4 +4\.5 \(4 to 5\)", shown.out)
    assert "2 finished, 0 failed" in shown.out
    assert "rate=8 finished" in shown.err
    Path("sweep/rate=16").write_text("in the way")
    sweep[sweep.index("rate=4,8")] = "rate=4,16"
    assert run([*sweep, "--resume", "--json"]) == 1
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert shown.err == ""
    assert found["failed"] == 1
    assert [(p["name"], p["status"]) for p in found["points"]] == [("rate=4", "finished"), ("rate=16", "failed")]
    assert found["points"][0]["operating_point"] == POINT
    assert "is a file" in found["points"][1]["error"]
    assert run([*sweep, "--resume"]) == 1
    assert "rate=16 failed" in capsys.readouterr().out
