"""The image codecs' results: made-up runs become a table, a CSV, a JSON and pictures. That trainings are good is not tested."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
matplotlib_image = pytest.importorskip("matplotlib.image")

from compare_samples import operating_point, quantity, write_run  # noqa: E402

SCRIPTS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def codecs(monkeypatch):
    """The script, which Python would not find by name: a module of the standard library has it."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("codecs_script", SCRIPTS / "codecs.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "codecs_script", module)
    spec.loader.exec_module(module)
    return module


def add(folder, task="mnist-sr", rate=8.0, samples=True, **settings):
    """A run of made-up numbers in folder/TASK; where it lies."""
    given = {"mode": "common", "pairing": "unpaired", "seed": 0, "lambda_c": 0.02} | settings
    name = ",".join(f"{key}={value}" for key, value in given.items()) + f",rate={rate:g}"
    distortion = 0.02 + 0.001 * given["seed"]
    config = {"task": task, "rate": rate, **given}
    found = operating_point(
        rate=rate, distortion=distortion, task=task, run=name, pairing=given["pairing"], config=config, model="ab"
    )
    found["quantities"]["distortion_clean"] = quantity(0.03, 0.001, unit="MSE/dimension")
    found["quantities"]["accuracy_clean_on_clean"] = quantity(0.98, 0.001, unit="")
    found["quantities"]["perception_w1_input"] = quantity(0.1, 0.01, kind="estimate", unit="grey value")
    return write_run(folder / task / name, found, samples)


def collect(codecs, folder, task="mnist-sr"):
    return codecs.main(["--runs", str(folder), "--task", task, "--out", str(folder / "out")])


def test_two_seeds_are_one_setting_with_its_standard_error(codecs, tmp_path, capsys):
    for seed in (0, 1):
        add(tmp_path, seed=seed)
    assert collect(codecs, tmp_path) == 0
    whole = json.loads((tmp_path / "out" / "mnist-sr.json").read_text(encoding="utf-8"))
    (group,) = whole["groups"]
    assert (group["seeds"], group["error_bar"], group["rate_asked"]) == (2, "standard error over 2 seeds", 8.0)
    d = group["quantities"]["distortion_input"]
    assert (d["value"], d["low"], d["high"]) == pytest.approx((0.0205, 0.02, 0.021))
    assert [row["quantities"]["distortion_input"]["value"] for row in whole["runs"]] == [0.02, 0.021]
    assert whole["authors"]["published"][1] == {"rate_nominal": 8.0, "distortion_input": 0.0236, "accuracy_cotrained": 0.683}
    text = capsys.readouterr().out
    assert "standard error over seeds" in text
    assert "beside 8 nominal bits published: common randomness: 8.05±0 bits" in text
    assert "MSE to input 0.02050±0.00050 (published 0.0236)" in text
    assert str(tmp_path) not in "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").glob("mnist-sr.[cj]s*"))


def test_the_csv_holds_each_quantity_with_its_interval_and_kind(codecs, tmp_path):
    add(tmp_path, rate=4.0)
    add(tmp_path, rate=8.0, mode="private", samples=False)
    assert collect(codecs, tmp_path) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "mnist-sr.csv").read_text(encoding="utf-8").splitlines()))
    assert [(r["mode"], r["rate"], r["seed"], r["steps"], r["machine"]) for r in rows] == [
        ("common", "4.0", "0", "3000", "2 cores, made up"),
        ("private", "8.0", "0", "3000", "2 cores, made up"),
    ]
    assert (rows[0]["distortion_input"], rows[0]["distortion_input_kind"]) == ("0.02", "measured")
    assert float(rows[0]["distortion_input_low"]) == pytest.approx(0.0195)
    assert rows[1]["classification_loss_upper_kind"] == "upper estimate"


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("mnist-sr", [{"mode": "common"}, {"mode": "private"}]),
        ("svhn-inpaint", [{"lambda_c": w, "pairing": p} for w in (0.0, 0.02) for p in ("unpaired", "supervised")]),
    ],
)
def test_pictures(codecs, tmp_path, task, settings):
    for each in settings:
        for rate in (4.0, 32.0):
            add(tmp_path, task, rate, **each)
    assert collect(codecs, tmp_path, task) == 0
    for name in (task, f"{task}-samples"):
        height, width = matplotlib_image.imread(tmp_path / "out" / f"{name}.png").shape[:2]
        assert height > 200
        assert width > 600
    first = (tmp_path / "out" / f"{task}.png").read_bytes()
    assert collect(codecs, tmp_path, task) == 0
    assert (tmp_path / "out" / f"{task}.png").read_bytes() == first


def test_lines_are_told_apart_by_what_differs(codecs, tmp_path):
    from codecs_panels import lines
    from codecs_results import campaign

    add(tmp_path, "svhn-denoise", lambda_c=0.0)
    assert [name for name, _, _ in lines(campaign("svhn-denoise", tmp_path))] == ["common randomness"]
    add(tmp_path, "svhn-denoise", lambda_c=0.002, seed=1)
    found = campaign("svhn-denoise", tmp_path)
    assert found.varied == ("lambda_c",)
    assert [name for name, _, _ in lines(found)] == ["λc = 0", "λc = 0.002"]


def test_a_sweeps_own_folder_and_nothing_at_all(codecs, tmp_path, capsys):
    add(tmp_path)
    assert collect(codecs, tmp_path, "digits-sr") == 1
    assert "no operating_point.json of digits-sr" in capsys.readouterr().err
    (tmp_path / "mnist-sr" / "sweep.json").write_text("{}", encoding="utf-8")
    add(tmp_path / "mnist-sr", "digits-sr")
    assert codecs.main(["--runs", str(tmp_path / "mnist-sr"), "--task", "mnist-sr", "--out", str(tmp_path / "out")]) == 0
    assert "1 operating points of other tasks are left out" in capsys.readouterr().err


def test_a_damaged_run_is_one_line(codecs, tmp_path, capsys):
    (add(tmp_path) / "operating_point.json").write_text("{", encoding="utf-8")
    assert collect(codecs, tmp_path) == 2
    error = capsys.readouterr().err
    assert error.startswith("codecs.py: ")
    assert error.count("\n") == 1


def test_campaigns_name_their_points_as_a_sweep_does(codecs):
    names = [p.name for p in codecs.points("mnist-sr")]
    assert len(names) == len(set(names)) == 24
    assert names[0] == "mode=common,seed=0,rate=4"
    for task in codecs.CAMPAIGNS:
        assert all(p.config.task == task for p in codecs.points(task))


def test_what_is_missing_is_trained_through_a_sweep(codecs, tmp_path, monkeypatch, capsys):
    def sweep(points, out, executor, *, threads, resume, progress):
        assert (out, resume) == (tmp_path / "digits-sr", True)
        for p in points[:1]:
            add(tmp_path, "digits-sr", **{**p.settings, "rate": p.config.rate})
        return [{"name": p.name, "status": "failed" if i else "finished"} for i, p in enumerate(points)]

    monkeypatch.setattr(codecs, "sweep", sweep)
    arguments = ["--runs", str(tmp_path), "--task", "digits-sr", "--train", "--out", str(tmp_path / "out")]
    assert codecs.main(arguments) == 1
    assert (tmp_path / "out" / "digits-sr.png").exists()
    capsys.readouterr()
