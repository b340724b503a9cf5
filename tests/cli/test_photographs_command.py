"""`rdcsym compress` and `decompress` on photographs: any size, colour or grey; options that do not fit are named."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("PIL")

from natural_samples import photograph, run_of  # noqa: E402

from deep.data.photographs import read_photograph, write_photograph  # noqa: E402
from rdcsym.cli.main import run  # noqa: E402


def _out(capsys):
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("grey", [False, True])
def test_a_photograph_there_and_back(tmp_path, capsys, grey):
    source, file, back = tmp_path / "in.png", tmp_path / "a.rdc", tmp_path / "back.png"
    write_photograph(source, photograph(45, 62, grey=grey))
    flags = ["--quality", "1.5", "--sigma", "12", "--seed", "3", "--json"]
    assert run(["compress", "--model", str(run_of()), str(source), str(file), *flags]) == 0
    said = _out(capsys)
    assert (said["width"], said["height"], said["quality"], said["sigma"]) == (62, 45, 1.5, 12.0)
    assert said["bytes"] == file.stat().st_size
    assert said["bits_per_pixel"] == pytest.approx(8 * said["bytes"] / (62 * 45))
    assert run(["decompress", "--model", str(run_of()), str(file), str(back), "--realism", "0.5", "--json"]) == 0
    assert _out(capsys)["realism"] == 0.5
    pixels = read_photograph(back)
    assert pixels.shape == (45, 62, 3)
    assert bool((pixels == pixels[..., :1]).all()) or not grey


def test_the_noise_level_is_estimated_and_says_so(tmp_path, capsys):
    noise = np.random.default_rng(0).normal(128, 20, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    write_photograph(tmp_path / "in.png", noise)
    assert run(["compress", "--model", str(run_of()), str(tmp_path / "in.png"), str(tmp_path / "a.rdc"), "--json"]) == 0
    said = _out(capsys)
    assert said["sigma"] == pytest.approx(20, rel=0.1)
    assert said["sigma_is"] == "an estimate from the picture"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["compress", "in.png", "out.rdc"], "neither"),
        (["compress", "--task", "natural", "--model", "RUN", "in.png", "out.rdc"], "both"),
        (["compress", "--task", "painting", "in.png", "out.rdc"], "painting"),
        (["compress", "--model", "RUN", "in.png", "out.rdc", "--quality", "9"], "quality"),
        (["compress", "--model", "RUN", "in.png", "out.rdc", "--sigma", "-2"], "sigma"),
        (["compress", "--model", "RUN", "in.png", "out.png"], "out.png"),
        (["compress", "--model", "RUN", "missing.png", "out.rdc"], "missing.png"),
        (["decompress", "--model", "RUN", "in.png", "back.png"], "in.png"),
        (["decompress", "--model", "RUN", "in.rdc", "back.png", "--realism", "2"], "realism"),
        (["decompress", "--model", "RUN", "in.rdc", "back.jpg"], "back.jpg"),
        (["decompress", "in.rdc", "back.png"], "neither"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(tmp_path, monkeypatch, capsys, arguments, word):
    monkeypatch.chdir(tmp_path)
    write_photograph(tmp_path / "in.png", photograph(16, 16))
    assert run(["compress", "--model", str(run_of()), "in.png", "in.rdc", "--sigma", "5"]) == 0
    capsys.readouterr()
    before = sorted(tmp_path.iterdir())
    assert run([str(run_of()) if word == "RUN" else word for word in arguments]) == 2
    error = capsys.readouterr().err
    assert word in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
