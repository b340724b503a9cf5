"""`rdcsym bench images` on tiny photographs: its files, one JSON object, its holes by name, one line for a mistake."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("PIL")
pytest.importorskip("matplotlib")
from bench_images_samples import Halved, Judge, photographs

from deep.bench import images_methods
from deep.bench.images import Study
from deep.bench.images_rows import Noisy, Row, listed, one
from rdcsym.cli import bench_images
from rdcsym.cli.main import run
from rdcsym.problem import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path / "data"))
    return photographs(tmp_path / "data")


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The command with rows of the test's own; its arguments but for the folders."""

    def lacking():
        raise InputError("model", "natural", "is not in this package", "train it")

    judge = Judge()
    rows = [
        *one("noisy", "input", Noisy),
        *(Row(f"halved {k}", "ours", lambda k=k: Halved(f"halved {k}"), "halved") for k in range(2)),
        *listed("lacking", "peer", lacking),
    ]
    monkeypatch.setattr(images_methods, "rows_of", lambda study: rows)
    monkeypatch.setattr(images_methods, "metrics", lambda: judge.metrics)
    folders = ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "out")]
    return lambda *arguments: run(["bench", "images", "--set", "set12", "--limit", "2", *folders, *arguments])


@pytest.mark.parametrize(
    ("arguments", "folder"), [([], "benchmarks/results"), (["--limit", "1"], "bench"), (["--row", "x"], "bench")]
)
def test_a_part_does_not_take_the_place_of_the_whole_table(monkeypatch, arguments, folder):
    folders = []
    monkeypatch.setattr(bench_images, "run", lambda *given: folders.append(given[-2]))
    assert run(["bench", "images", *arguments]) == 0
    assert run(["bench", "images", *arguments, "--out", "mine"]) == 0
    assert folders == [folder, "mine"]


def test_files_and_json(bench, tmp_path, capsys):
    assert bench("--json") == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    out = tmp_path / "out"
    held = json.loads((out / "images.json").read_text())
    assert {**held, "files": told["files"]} == told
    assert held["format"] == "rdcsym bench images 1"
    (table,) = held["tables"]
    assert table["title"] == "set12, sigma = 25, 2 photographs"
    assert [row["row"] for row in table["rows"]] == ["noisy", "halved 0", "halved 1"]
    assert [hole["row"] for hole in table["holes"]] == ["lacking"]
    assert table["metric_holes"] == {"pi": "no model"}
    assert len((out / "images_each.csv").read_text().splitlines()) == 1 + 6
    for name in ("images.png", "images_page.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in out.iterdir()) == sorted(path.rpartition("/")[2] for path in told["files"])


def test_the_table_names_its_holes(bench, capsys, monkeypatch):
    monkeypatch.setattr(bench_images, "_draw", lambda *told: [])  # another test draws
    assert bench("--row", "halved", "--row", "lacking") == 0
    shown = capsys.readouterr().out
    assert "not measured: lacking: model = natural" in shown
    assert "not measured: pi: no model" in shown
    assert "noisy" not in shown.partition("not measured")[0]
    assert "PSNR" in shown


def test_a_set_that_is_missing_is_a_hole_unless_it_is_the_first(bench, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(bench_images, "_draw", lambda *told: [])
    monkeypatch.setattr(images_methods, "studies", lambda data, sigma: [Study("set12", 25.0), Study("nuclei", 10.0)])
    assert bench("--json") == 0
    first, second = json.loads(capsys.readouterr().out)["tables"]
    assert len(first["rows"]) == 3
    assert second["rows"] == []
    assert [hole["row"] for hole in second["holes"]] == ["nuclei"]
    assert "rdcsym data nuclei --download" in (tmp_path / "out/images.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--row", "halvd"), "halved"),
        (("--set", "kodak"), "kodak24"),
        (("--set", "kodak24"), "--download"),
        (("--quick",), "--quick"),
        (("--set", "bsds-train200"), "trained on"),
    ],
)
def test_mistakes(bench, capsys, arguments, said):
    assert bench(*arguments) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
