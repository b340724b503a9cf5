"""`rdcsym examples`, `compress` and `decompress`: pictures to bytes and back, and what is refused in one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")
Image = pytest.importorskip("PIL.Image")

from deep.config import TrainConfig, changed  # noqa: E402
from deep.train import train  # noqa: E402
from rdcsym.cli.main import run  # noqa: E402

TINY = TrainConfig(task="digits-sr", steps=20, batch=32, width=8, latent=4, rate=8, log_every=10, device="cpu", threads=1)
HEADER = 43  # bytes of a file that are no payload


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A folder with a model, another one of the same kind, and a run that is not finished."""
    folder = tmp_path_factory.mktemp("models")
    train(TINY, folder / "run")
    train(changed(TINY, seed=1, steps=2), folder / "other")
    shutil.copytree(folder / "run", folder / "unfinished")
    (folder / "unfinished" / "model.pt").unlink()
    return folder


@pytest.fixture(autouse=True)
def _in_a_folder_with_models(models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("run", "other", "unfinished"):
        (tmp_path / name).symlink_to(models / name)


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_pictures_to_bytes_and_back(capsys):
    assert run(["examples", "digits-sr", "in.png", "--count", "100"]) == 0
    assert pixels("in.png").shape == (800, 8)
    assert run(["compress", "--model", "run", "in.png", "out.rdc", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    size = Path("out.rdc").stat().st_size
    assert (told["images"], told["bytes"], told["payload_bytes"]) == (100, size, size - HEADER)
    assert told["bits_per_image_on_disk"] == 8 * size / 100
    assert run(["decompress", "--model", "run", "out.rdc", "back.png"]) == 0
    assert capsys.readouterr().out == "back.png: 100 images\n"
    from deep.coding import decompress
    from deep.run import load_model

    images = decompress(load_model("run"), Path("out.rdc").read_bytes())
    assert np.array_equal(pixels("back.png"), images.reshape(800, 8))


def test_the_seed_is_random_unless_it_is_given(capsys):
    run(["examples", "digits-sr", "in.png", "--count", "3"])
    for name, seed in (("a", ["--seed", "7"]), ("b", ["--seed", "7"]), ("c", []), ("d", []), ("e", ["--seed", str(2**64 - 1)])):
        assert run(["compress", "--model", "run", "in.png", f"{name}.rdc", *seed]) == 0
    assert "3 images in" in capsys.readouterr().out
    data = {name: Path(f"{name}.rdc").read_bytes() for name in "abcde"}
    assert data["a"] == data["b"]
    assert len({data[name] for name in "acde"}) == 4


def test_one_image_in_colour_that_is_grey(capsys):
    run(["examples", "digits-sr", "in.png", "--count", "1", "--first", "5"])
    with Image.open("in.png") as picture:
        picture.convert("RGB").save("rgb.png")
    for name in ("in", "rgb"):
        assert run(["compress", "--model", "run", f"{name}.png", f"{name}.rdc", "--seed", "0"]) == 0
    assert Path("in.rdc").read_bytes() == Path("rgb.rdc").read_bytes()
    assert "rgb.rdc: 1 image in" in capsys.readouterr().out


def test_another_process_with_other_threads_restores_the_same():
    run(["examples", "digits-sr", "in.png"])
    run(["compress", "--model", "run", "in.png", "out.rdc"])
    run(["decompress", "--model", "run", "out.rdc", "here.png"])
    command = [sys.executable, "-m", "rdcsym.cli", "decompress", "--model", "run", "out.rdc", "there.png"]
    root = Path(__file__).parent.parent.parent
    subprocess.run(
        command, check=True, env={**os.environ, "OMP_NUM_THREADS": "3", "PYTHONPATH": str(root)}, stdout=subprocess.DEVNULL
    )
    assert Path("here.png").read_bytes() == Path("there.png").read_bytes()


def test_examples_are_those_that_runs_are_measured_on():
    from deep.data import clean_tensor, load
    from deep.tasks import task

    test = load("digits").test
    degraded = task("digits-sr").degrade_test(clean_tensor(test)) * 255
    assert run(["examples", "digits-sr", "in.png", "--first", "2", "--count", "4"]) == 0
    assert np.abs(pixels("in.png") - degraded[2:6].reshape(32, 8).numpy()).max() <= 0.5
    assert run(["examples", "digits-sr", "clean.png", "--first", "2", "--count", "4", "--clean"]) == 0
    assert np.array_equal(pixels("clean.png"), test.clean[2:6].reshape(32, 8))


def test_samples_of_a_synthetic_source(capsys, models):
    if not (models / "gauss").exists():
        train(TrainConfig(task="gauss-vector", steps=3, threads=1), models / "gauss")
    model = ["--model", str(models / "gauss")]
    assert run(["examples", "gauss-vector", "in.npy", "--count", "50", *model]) == 0
    x = np.load("in.npy")
    assert x.shape[0] == 50
    assert run(["compress", *model, "in.npy", "out.rdc", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["blocks"], told["bytes"]) == (50, Path("out.rdc").stat().st_size)
    assert run(["decompress", *model, "out.rdc", "back.npy"]) == 0
    assert np.load("back.npy").shape == x.shape
    capsys.readouterr()
    np.save("line.npy", x[0])
    np.save("words.npy", np.array([["a", "b"]]))
    np.save("objects.npy", np.array([[None]], dtype=object), allow_pickle=True)
    run(["examples", "digits-sr", "in.png"])
    capsys.readouterr()
    for name in ("line.npy", "words.npy", "objects.npy", "in.png", "absent.npy"):
        assert run(["compress", *model, name, "x.rdc"]) == 2
        assert name in capsys.readouterr().err
    assert run(["decompress", *model, "out.rdc", "x.png"]) == 2
    assert run(["decompress", "--model", "run", "out.rdc", "x.png"]) == 2
    assert run(["examples", "gauss-vector", "x.npy", "--clean"]) == 2
    assert capsys.readouterr().err.count("\n") == 3
    assert not list(Path().glob("x.*"))


def _wide() -> None:
    Image.fromarray(np.zeros((8, 9), np.uint8)).save("wide.png")


def _colour() -> None:
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save("colour.png")


def _cut() -> None:
    Path("cut.rdc").write_bytes(Path("out.rdc").read_bytes()[:-1])


def _damaged() -> None:
    data = bytearray(Path("out.rdc").read_bytes())
    data[-1] ^= 1
    Path("damaged.rdc").write_bytes(data)


def _nothing() -> None:
    return


WRONG = {
    "no model": (["compress", "--model", "absent", "in.png", "x.rdc"], _nothing, "absent"),
    "a run that is not finished": (["compress", "--model", "unfinished", "in.png", "x.rdc"], _nothing, "model.pt"),
    "no picture": (["compress", "--model", "run", "absent.png", "x.rdc"], _nothing, "absent.png"),
    "another size": (["compress", "--model", "run", "wide.png", "x.rdc"], _wide, "9 pixels wide"),
    "colour": (["compress", "--model", "run", "colour.png", "x.rdc"], _colour, "grey"),
    "another ending": (["compress", "--model", "run", "in.png", "x.jpg"], _nothing, ".rdc"),
    "a seed below 0": (["compress", "--model", "run", "in.png", "x.rdc", "--seed", "-1"], _nothing, "seed"),
    "a seed too large": (["compress", "--model", "run", "in.png", "x.rdc", "--seed", str(2**64)], _nothing, "seed"),
    "a compressed file to compress": (["compress", "--model", "run", "out.rdc", "x.rdc"], _nothing, "no picture"),
    "no file": (["decompress", "--model", "run", "absent.rdc", "x.png"], _nothing, "absent.rdc"),
    "a picture to decompress": (["decompress", "--model", "run", "in.png", "x.png"], _nothing, "no .rdc file"),
    "another model's file": (["decompress", "--model", "other", "out.rdc", "x.png"], _nothing, "model"),
    "a file cut short": (["decompress", "--model", "run", "cut.rdc", "x.png"], _cut, "cut short"),
    "a damaged file": (["decompress", "--model", "run", "damaged.rdc", "x.png"], _damaged, "damaged"),
    "a lossy format": (["decompress", "--model", "run", "out.rdc", "x.jpg"], _nothing, ".png"),
    "a folder to read": (["decompress", "--model", "run", "run", "x.png"], _nothing, "run"),
    "an unknown task": (["examples", "digit-sr", "x.png"], _nothing, "digits-sr"),
    "examples that are not there": (["examples", "digits-sr", "x.png", "--first", "350", "--count", "11"], _nothing, "360"),
    "no examples": (["examples", "digits-sr", "x.png", "--count", "0"], _nothing, "--count"),
    "a picture of numbers": (["examples", "gauss-vector", "x.png"], _nothing, ".npy"),
    "a model for images that are always the same": (["examples", "digits-sr", "x.png", "--model", "run"], _nothing, "--model"),
    "samples of no run": (["examples", "gauss-vector", "x.npy", "--model", "absent"], _nothing, "absent"),
    "samples of another task's run": (["examples", "gauss-vector", "x.npy", "--model", "run"], _nothing, "digits-sr"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input(case, capsys, tmp_path):
    arguments, prepare, named = WRONG[case]
    run(["examples", "digits-sr", "in.png", "--count", "2"])
    run(["compress", "--model", "run", "in.png", "out.rdc", "--seed", "1"])
    prepare()
    before = {p.name for p in tmp_path.iterdir()}
    capsys.readouterr()
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1, shown.err
    assert named in shown.err, shown.err
    assert {p.name for p in tmp_path.iterdir()} == before


def test_a_target_that_cannot_be_written_is_left_alone(capsys):
    run(["examples", "digits-sr", "in.png", "--count", "2"])
    Path("taken.rdc").mkdir()
    assert run(["compress", "--model", "run", "in.png", "taken.rdc"]) == 2
    assert "taken.rdc" in capsys.readouterr().err
    assert list(Path("taken.rdc").iterdir()) == []
