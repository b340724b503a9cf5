"""Training: killed and resumed with the same result, folders that are refused, few dependencies, several processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from deep.checkpoint import check_same_settings  # noqa: E402
from deep.config import TrainConfig, changed  # noqa: E402
from deep.run import load_model, load_tensors  # noqa: E402
from deep.train import main, train  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
TINY = TrainConfig(
    task="digits-sr", steps=30, batch=32, width=8, latent=4, rate=4, log_every=5, checkpoint_every=10, device="cpu", threads=1
)

# Trains one run to its end, then another that is killed after its second checkpoint, where nothing but torch, numpy, scipy
# and sympy can be imported.
BARE = """
import os, signal, sys
from pathlib import Path
for name in ("click", "rich", "cvxpy", "ot", "constriction", "PIL", "matplotlib", "tensorboardX", "sklearn", "hypothesis"):
    sys.modules[name] = None
import json
from deep.config import config_from_json
from deep.train import train
config = config_from_json(json.loads(sys.argv[1]))
train(config, "whole")
def kill(step, steps, metrics):
    if step == 25:
        Path("seen").write_text(str(step))
        os.kill(os.getpid(), signal.SIGKILL)
train(config, "killed", progress=kill)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with a run that was trained in one go and one that was killed at step 25, in a process with few packages."""
    folder = tmp_path_factory.mktemp("runs")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", BARE, json.dumps(TINY.to_json())], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == -9, done.stderr
    assert (folder / "seen").read_text() == "25"
    return folder


def weights(run: Path) -> dict[str, torch.Tensor]:
    found = load_tensors(run / "model.pt", "model", "")
    parts = {f"{part}.{name}": value for part, state in found["networks"].items() for name, value in state.items()}
    return parts | {f"tables.{name}": value for name, value in found["tables"].items()}


def same(one: Path, two: Path) -> bool:
    first, second = weights(one), weights(two)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_few_packages_are_enough(runs):
    model = load_model(runs / "whole")
    assert model.steps == 30
    assert not (runs / "whole" / "checkpoint.pt").exists()
    lines = [json.loads(line) for line in (runs / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 25, 30]
    assert {"distortion", "rate", "accuracy", "cross_entropy", "w1", "lambda_r"} < set(lines[0])


def test_a_killed_training_goes_on_to_the_same_result(runs, tmp_path):
    run = shutil.copytree(runs / "killed", tmp_path / "run")
    assert not (run / "model.pt").exists()
    assert load_tensors(run / "checkpoint.pt", "checkpoint", "")["step"] == 20
    with (run / "metrics.jsonl").open("a") as log:
        log.write('{"step": 28, "dist')  # as a kill may cut a line
    train(TINY, run, resume=True)
    assert same(run, runs / "whole")
    assert (run / "metrics.jsonl").read_text() == (runs / "whole" / "metrics.jsonl").read_text()
    assert load_model(run).fingerprint == load_model(runs / "whole").fingerprint


def test_another_seed_is_another_result(runs, tmp_path):
    train(changed(TINY, seed=1, steps=2), tmp_path / "run")
    train(changed(TINY, steps=2), tmp_path / "other")
    assert not same(tmp_path / "run", tmp_path / "other")


def test_a_finished_run_is_left_as_it_is(runs):
    before = (runs / "whole" / "model.pt").read_bytes()
    train(TINY, runs / "whole", resume=True, progress=lambda *_: pytest.fail("trained again"))
    assert (runs / "whole" / "model.pt").read_bytes() == before


def test_a_folder_in_use_is_refused(runs, tmp_path):
    for run in ("whole", "killed"):
        with pytest.raises(InputError, match="--resume"):
            train(TINY, runs / run)
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        train(TINY, tmp_path)
    with pytest.raises(InputError, match="file"):
        train(TINY, tmp_path / "notes")
    assert [p.name for p in tmp_path.iterdir()] == ["notes"]


@pytest.mark.parametrize("change", [{"seed": 1}, {"steps": 40}, {"lambda_c": 0.1}, {"mode": "private"}, {"rate": None}])
def test_other_settings_are_no_continuation(runs, change):
    before = (runs / "killed" / "config.json").read_text()
    with pytest.raises(InputError, match=f"^{next(iter(change))} = .*resumed"):
        train(changed(TINY, **change), runs / "killed", resume=True)
    assert (runs / "killed" / "config.json").read_text() == before


@pytest.mark.parametrize("name", ["natural-denoise", "gauss-vector", "bernoulli-block"])
def test_only_small_images_are_augmented(tmp_path, name):
    with pytest.raises(InputError, match=r"^augment = True: is for small images"):
        train(TrainConfig(task=name, augment=True), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_older_than_a_setting_goes_on_at_its_default(tmp_path):
    held = TINY.to_json()
    del held["augment"]
    (tmp_path / "config.json").write_text(json.dumps(held))
    check_same_settings(tmp_path, TINY)
    with pytest.raises(InputError, match=r"^augment = True.*resumed, which has False"):
        check_same_settings(tmp_path, changed(TINY, augment=True))


def test_a_damaged_checkpoint_is_named(runs, tmp_path):
    run = shutil.copytree(runs / "killed", tmp_path / "run")
    whole = (run / "checkpoint.pt").read_bytes()
    (run / "checkpoint.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="checkpoint"):
        train(TINY, run, resume=True)


def test_a_diverged_training_ends_at_once(tmp_path):
    steps = []
    with pytest.raises(InputError, match="diverged"):
        train(changed(TINY, learning_rate=1e9), tmp_path / "run", progress=lambda step, *_: steps.append(step))
    assert len(steps) < 4
    assert "NaN" not in (tmp_path / "run" / "metrics.jsonl").read_text()
    assert not (tmp_path / "run" / "model.pt").exists()


@pytest.mark.parametrize("mode", ["private", "deterministic"])
def test_every_mode_and_pairing_trains(tmp_path, mode):
    train(changed(TINY, mode=mode, pairing="supervised", steps=2, critic_steps=0, rate=None), tmp_path / "run")
    assert load_model(tmp_path / "run").config.mode == mode


def test_command_line(tmp_path, capsys):
    flags = [f"{name}={value}" for name, value in TINY.to_json().items() if name not in ("options", "task")]
    assignments = [part for flag in [*flags, "steps=2", "log_every=1"] for part in ("--set", flag)]
    assert main(["--task", "digits-sr", "--out", str(tmp_path / "run"), *assignments]) == 0
    assert "2/2 distortion" in capsys.readouterr().err
    assert main(["--out", str(tmp_path / "run"), "--resume"]) == 0
    assert main(["--task", "digits-sr", "--out", str(tmp_path / "run")]) == 2
    assert main(["--task", "digit-sr", "--out", str(tmp_path / "other")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 2
    assert "digits-sr" in told
    assert not (tmp_path / "other").exists()


def test_no_cuda(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(InputError, match="device"):
        train(changed(TINY, device="cuda"), tmp_path / "run")


def test_two_processes_train_one_model(tmp_path):
    """torchrun with two processes: one run folder, whose steps are those of whole batches."""
    if not torch.distributed.is_available():
        pytest.skip("torch has no distributed package")
    settings = [f"{name}={value}" for name, value in TINY.to_json().items() if name not in ("options", "task", "steps")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "deep.train"]
    command += ["--task", "digits-sr", "--out", str(tmp_path / "run"), "--set", "steps=10"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *(part for s in settings for part in ("--set", s))],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("10/10 distortion") == 1  # one process speaks
    assert load_model(tmp_path / "run").steps == 10
    assert [json.loads(line)["step"] for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()] == [5, 10]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]
