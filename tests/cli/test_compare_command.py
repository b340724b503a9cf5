"""`rdcsym compare`: what it writes, prints and returns, and how it takes bad input."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from compare_samples import closed_form, fake_limit, gaussian_point, operating_point, write_run

pytest.importorskip("matplotlib", reason="the report needs the extra `plot`")
pytest.importorskip("jinja2", reason="the report needs the extra `plot`")

import rdcsym.cli.compare as module
from rdcsym.cli.main import run

PUBLISHED = "name,task,mode,kind,rate,rate_kind,distortion,accuracy\npaper 8,toy-images,common,published,8,nominal,0.0236,0.683\n"


@pytest.fixture(autouse=True)
def _fake_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "limit_of", lambda: fake_limit)


def images(folder: Path) -> list[str]:
    """A sweep over rates and weights of the label in two modes, one setting with two seeds."""
    settings = [(4.0, 0.0, 0), (4.0, 0.01, 0), (4.0, 0.01, 1), (8.0, 0.0, 0), (8.0, 0.01, 0)]
    runs = []
    for mode, worse in (("common", 1.0), ("private", 1.6)):
        for rate, weight, seed in settings:
            name = f"{mode} {rate:g} {weight:g} {seed}"
            distortion = worse * (0.04 - 0.002 * rate + 0.3 * weight + 0.001 * seed)
            found = operating_point(
                run=name, rate=rate, distortion=distortion, loss=2 - rate / 10 - 20 * weight,
                config={"lambda_c": weight, "seed": seed, "mode": mode},
            )  # fmt: skip
            runs.append(str(write_run(folder / name, found, samples=True)))
    return runs


def gauss(folder: Path, aboves: dict[str, float]) -> list[str]:
    return [
        str(
            write_run(
                folder / name,
                gaussian_point(above, rate=0.5 + 0.5 * i, run=name, config={"seed": 0, "rate": i, "mode": "common"}),
            )
        )
        for i, (name, above) in enumerate(aboves.items())
    ]


def whole(folder: Path) -> list[str]:
    """Runs of two tasks and a published point."""
    (folder / "paper.csv").write_text(PUBLISHED, encoding="utf-8")
    return [*images(folder), *gauss(folder, {"good": 0.01, "far": 0.3}), "--csv", str(folder / "paper.csv")]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One whole comparison: its folder, and what was printed."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.setattr(module, "limit_of", lambda: fake_limit)
        patch.setenv("COLUMNS", "250")
        assert run(["compare", *whole(folder), "--out", str(folder / "out")]) == 0
    return folder / "out", printed.getvalue()


def test_everything_is_said(done: tuple[Path, str]) -> None:
    words = (
        "common 4 0.01 0 (2 seeds)",
        "paper 8 (published)",
        "8 (nominal)",
        "at the limit",
        "above",
        "upper estimate of H(S|Y)",
    )
    for word in (*words, "2 cores, made up", "3000 steps", "distance in bits/dim", "no reference for toy-images"):
        assert word in done[1], word


def test_everything_is_written(done: tuple[Path, str]) -> None:
    names = {p.name for p in done[0].iterdir()}
    of_images = ("distortion", "accuracy-cotrained", "accuracy-clean", "classification-loss", "heatmap", "samples")
    of_gauss = ("distortion", "classification-loss", "heatmap")
    assert names == {"report.html", "compare.json", "points.csv"} | {f"{what}-toy-images.png" for what in of_images} | {
        f"{what}-toy-gauss.png" for what in of_gauss
    }
    page = (done[0] / "report.html").read_text(encoding="utf-8")
    words = ("paper 8", "published", "certified limit", "No exact limit is known", "standard error", "upper estimate")
    for word in (*words, "one Gaussian component", "made up for a test"):
        assert word in page, word
    assert "http:" not in page.replace("http://www.w3.org", "")
    assert "https:" not in page
    assert page.count("data:image/png;base64,") == 3


def test_pictures_are_not_trivial(done: tuple[Path, str]) -> None:
    import matplotlib.image

    for path in done[0].glob("*.png"):
        pixels = matplotlib.image.imread(path)[..., :3]
        assert pixels.std() > 0.05, path.name
        assert len(np.unique((pixels[::2, ::2] * 50).astype(int).reshape(-1, 3), axis=0)) > 30, path.name


def test_json_file(done: tuple[Path, str]) -> None:
    found = json.loads((done[0] / "compare.json").read_text(encoding="utf-8"))
    assert [t["task"] for t in found["tasks"]] == ["toy-gauss", "toy-images"]
    (good, far) = found["tasks"][0]["rows"]
    assert (good["verdict"], far["verdict"], found["beyond"]) == ("at", "above", [])
    assert far["distance_in_distortion"]["value"] == pytest.approx(0.3)
    assert far["limit"] == pytest.approx(closed_form(1.0))
    assert sum(row["seeds"] == 2 for row in found["tasks"][1]["rows"]) == 2


def test_the_same_call_writes_the_same_files(tmp_path: Path) -> None:
    arguments = ["compare", *gauss(tmp_path, {"good": 0.01}), "--out"]
    assert run([*arguments, "a"]) == run([*arguments, "b"]) == 0
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_json_is_one_object_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *gauss(tmp_path, {"good": 0.01}), "--out", "out", "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8")) == json.loads(shown.out)


def test_a_point_beyond_the_limit_fails_loudly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = gauss(tmp_path, {"good": 0.1, "impossible": -0.2})
    assert run(["compare", *runs, "--out", "out"]) == 1
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("BEYOND THE LIMIT: impossible")
    assert "BEYOND" in shown.out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Beyond the limit" in page
    assert line.split("bound is")[1][:20] in page
    assert run(["compare", *runs, "--out", "out", "--json"]) == 1
    shown = capsys.readouterr()
    assert len(json.loads(shown.out)["beyond"]) == 1


def test_a_codec_of_ones_own_against_a_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = {"kind": "gauss-vector", "sigma_X": [2.0], "sigma_Y": [1.5], "kappa": [0.9]}
    (tmp_path / "s.json").write_text(json.dumps(source), encoding="utf-8")
    low = closed_form(1.0) - 0.2
    (tmp_path / "p.csv").write_text(f"name,rate,distortion\nmine,1,{closed_form(0.8)}\nwrong,1,{low}\n", encoding="utf-8")
    assert run(["compare", "--csv", "p.csv", "--source", "s.json", "--out", "out"]) == 1
    assert "BEYOND THE LIMIT: wrong" in capsys.readouterr().err
    # In other units the same points, and without a source no limit.
    assert run(["compare", "--csv", "p.csv", "--out", "out"]) == 0
    assert "No source was given" in capsys.readouterr().out


def test_what_was_written_can_be_compared_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *images(tmp_path)[:2], "--out", "a", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert run(["compare", "--csv", "a/points.csv", "--out", "b", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    before, after = (
        sorted((p["name"], p["quantities"]["distortion_input"]["value"]) for p in found["tasks"][0]["points"])
        for found in (first, again)
    )
    assert before == after


def test_reference_of_a_real_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="degrading images needs the extra `deep`")
    runs = [str(write_run(tmp_path / "r", operating_point(task="digits-sr", run="r")))]
    arguments = ["compare", *runs, "--out", "out", "--reference-images", "8", "--json"]
    assert run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    reference = found["tasks"][0]["reference"]
    assert (reference["samples_x"], reference["rates"]) == (8, [0.0, 1.0, 2.0, 3.0])
    assert "not a bound" in found["reference"]["name"]
    (kept,) = (tmp_path / "out").glob("reference-*.json")
    written = kept.stat().st_mtime_ns
    assert run(arguments) == 0
    assert json.loads(capsys.readouterr().out)["tasks"][0]["reference"] == reference
    assert kept.stat().st_mtime_ns == written
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Reference, not a bound" in page
    assert "log2 N bits" in page
    assert run([*arguments[:-3], "--reference-images", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tasks"][0]["reference"] is None


BAD = {
    "nothing to compare": ([], "there is nothing to compare"),
    "no such run": (["absent"], "absent"),
    "no such table": (["--csv", "absent.csv"], "absent.csv"),
    "a table without rows": (["--csv", "empty.csv"], "empty.csv"),
    "no such source": (["--csv", "p.csv", "--source", "absent.json"], "absent.json"),
    "a source that is no JSON": (["--csv", "p.csv", "--source", "p.csv"], "is no JSON"),
    "an unknown source": (["--csv", "p.csv", "--source", "odd.json"], "laplace"),
    "a source for nothing": (["run", "--source", "odd.json"], "--source"),
    "units for nothing": (["run", "--units", "rate=bits"], "--units"),
    "an unknown unit": (["--csv", "p.csv", "--units", "rate=furlongs"], "furlongs"),
    "one image": (["run", "--reference-images", "1"], "--reference-images"),
    "a negative number of images": (["run", "--reference-images", "-4"], "--reference-images"),
    "a truncated run": (["cut"], "truncated"),
    "an unknown option": (["run", "--scv", "p.csv"], "--csv"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "run", operating_point())
    cut = write_run(tmp_path / "cut", operating_point()) / "operating_point.json"
    cut.write_text(cut.read_text()[:150])
    (tmp_path / "empty.csv").write_text("rate,distortion\n")
    (tmp_path / "p.csv").write_text("rate,distortion\n1,2\n")
    (tmp_path / "odd.json").write_text('{"kind": "laplace"}')
    arguments, named = BAD[case]
    assert run(["compare", *arguments, "--out", "out"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1, shown.err
    assert named in shown.err
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "run", operating_point())
    (tmp_path / "out").write_text("mine")
    assert run(["compare", "run", "--out", "out"]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_help_shows_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "--help"]) == 0
    shown = capsys.readouterr().out
    for word in ("rate_kind", "nominal", "Example: rdcsym compare", "bernoulli-block", "# units:"):
        assert word in shown
