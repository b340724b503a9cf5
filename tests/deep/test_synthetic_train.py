"""Runs of the synthetic tasks: folder, resumption, real files on any number of threads, operating points against the limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.compare import judge, read_run  # noqa: E402
from deep.config import TrainConfig, changed  # noqa: E402
from deep.limits import limit  # noqa: E402
from deep.run import load_tensors  # noqa: E402
from deep.synthetic import train as synthetic  # noqa: E402
from deep.synthetic.model import load_model  # noqa: E402
from deep.synthetic.train import compress_array, decompress_array, train_synthetic  # noqa: E402
from deep.train import train  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
SMALL = {"sigma_X": [1.5, 0.8], "sigma_Y": [1.2, 0.9], "kappa": [0.5, 0.9], "test": 4000}
GAUSS = TrainConfig(
    task="gauss-vector", steps=40, batch=512, learning_rate=0.08, lambda_r=0.1, lambda_c=0.02, log_every=10, checkpoint_every=15, options=SMALL
)  # fmt: skip
CONFIGS = {
    "scalar": GAUSS,
    "e8": changed(GAUSS, rate=2.5, options={**SMALL, "lattice": "e8"}),
    "block": TrainConfig(
        task="bernoulli-block", steps=40, batch=128, learning_rate=0.1, log_every=10, checkpoint_every=15,
        options={"block": 8, "bits": 4, "restarts": 2, "test": 4000},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {name: train(config, folder / name) for name, config in CONFIGS.items()}


def samples(name: str, count: int = 100) -> np.ndarray:
    random = np.random.default_rng(6)
    return random.integers(0, 2, (count, 8), dtype=np.uint8) if name == "block" else random.normal(size=(count, 2))


@pytest.mark.parametrize("name", CONFIGS)
def test_operating_points_stand_above_the_limit(runs, name):
    point = read_run(runs[name])
    found = judge(point, limit)
    assert found.verdict == "above"
    assert 0 < found.in_bits.value < 0.4
    quantities = point.quantities
    assert quantities["rate_cross_entropy"].value < quantities["rate_payload"].value * 1.001 < quantities["rate_on_disk"].value
    assert quantities["rate_payload"].value < quantities["rate_nominal"].value
    assert quantities["classification_loss"].kind == "upper estimate"
    assert quantities["distortion_input"].low < quantities["distortion_input"].value
    if name != "block":
        np.testing.assert_allclose(point.source["output_sigma"], SMALL["sigma_Y"], rtol=0.06)


@pytest.mark.parametrize("name", CONFIGS)
def test_files_go_round(runs, name):
    x = samples(name)
    data = compress_array(runs[name], x, 7)
    y = decompress_array(runs[name], data)
    assert y.shape == x.shape
    np.testing.assert_array_equal(y, decompress_array(runs[name], compress_array(runs[name], x, 7)))
    for cut in (data[:-1], data + b"\0", data[:50], b""):
        with pytest.raises(InputError, match=r"cut short|goes on|empty"):
            decompress_array(runs[name], cut)
    damaged = bytearray(data)
    damaged[60] ^= 4
    with pytest.raises(InputError, match="damaged"):
        decompress_array(runs[name], bytes(damaged))


def test_a_file_of_another_model_is_refused(runs):
    data = compress_array(runs["scalar"], samples("scalar"), 7)
    with pytest.raises(InputError, match="written by model"):
        decompress_array(runs["e8"], data)


def test_another_process_on_other_threads_decodes_the_same(runs, tmp_path):
    program = (
        "import sys, numpy as np, torch; from pathlib import Path; from deep.synthetic.train import decompress_array;"
        "[np.save(f + '.npy', decompress_array(r, Path(f).read_bytes())) for r, f in zip(sys.argv[1::2], sys.argv[2::2])]"
    )
    arguments = []
    for name in CONFIGS:
        (tmp_path / name).write_bytes(compress_array(runs[name], samples(name, 1000), 3))
        arguments += [str(runs[name]), str(tmp_path / name)]
    other = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads() + 2)}
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, cwd=ROOT, env=other)
    for name in CONFIGS:
        here = decompress_array(runs[name], (tmp_path / name).read_bytes())
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), here)


@pytest.mark.parametrize("name", CONFIGS)
def test_killed_and_resumed_gives_the_same(runs, name, tmp_path, monkeypatch):
    class Killed(Exception):
        pass

    def progress(step, steps, metrics):
        if step == 20:
            raise Killed

    with pytest.raises(Killed):
        train_synthetic(CONFIGS[name], tmp_path / name, progress=progress)
    assert load_tensors(tmp_path / name / "checkpoint.pt", "checkpoint", "")["step"] == 15
    train_synthetic(CONFIGS[name], tmp_path / name, resume=True)
    assert load_model(tmp_path / name).fingerprint == load_model(runs[name]).fingerprint
    for file in ("operating_point.json", "metrics.jsonl"):
        assert (tmp_path / name / file).read_text() == (runs[name] / file).read_text()
    assert not (tmp_path / name / "checkpoint.pt").exists()


def test_a_finished_run_is_left_alone_and_measured_where_it_was_not(runs, monkeypatch):
    before = (runs["block"] / "operating_point.json").read_text()
    (runs["block"] / "operating_point.json").unlink()
    monkeypatch.setattr(synthetic, "_train", None)
    train_synthetic(CONFIGS["block"], runs["block"], resume=True)
    assert (runs["block"] / "operating_point.json").read_text() == before
    assert json.loads(before)["source"]["kind"] == "bernoulli-block"


def test_a_target_rate_is_met():
    from deep.synthetic.gauss_training import GaussTraining
    from deep.synthetic.source import gauss_source

    config = changed(GAUSS, rate=2.0, steps=150)
    training = GaussTraining(config, gauss_source(config.options))
    rates = [training.step(k)["rate"] for k in range(config.steps)]
    assert np.mean(rates[-20:]) == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("mode", ["private", "deterministic"])
def test_only_shared_randomness_keeps_the_law(mode, tmp_path):
    with pytest.raises(InputError, match=f"mode = {mode}"):
        train(changed(GAUSS, mode=mode), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "x", "text"),
    [
        ("scalar", np.zeros((3, 5)), "does not fit"),
        ("scalar", np.full((3, 2), np.inf), "no finite number"),
        ("scalar", np.full((3, 2), np.nan), "not a number"),
        ("scalar", np.zeros(2), "dimensions"),
        ("scalar", np.zeros((0, 2)), "must be 1 to"),
        ("block", np.full((3, 8), 0.5), "must be 0 and 1"),
    ],
)
def test_bad_samples(runs, name, x, text):
    with pytest.raises(InputError, match=text):
        compress_array(runs[name], x)


def test_a_model_of_images_is_refused(tmp_path):
    torch.save({"format": "rdcsym model 1"}, tmp_path / "model.pt")
    with pytest.raises(InputError, match="run of a synthetic task"):
        load_model(tmp_path)
