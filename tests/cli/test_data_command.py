"""`rdcsym data`: what is at hand and where, one JSON object when asked, one line for a mistake."""

from __future__ import annotations

import json

import pytest

from rdcsym.cli.main import run

PHOTOGRAPHS = {"kodak24", "bsds-train200", "cbsd68", "set12", "nuclei", "sidd"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    return tmp_path


def test_the_list(capsys, folder):
    assert run(["data"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert str(folder) in lines[0]
    assert {line.split()[0] for line in lines[1:]} == {"digits", "mnist", "svhn", "cifar10", "tiny-imagenet"} | PHOTOGRAPHS
    assert "embedded" in lines[1]
    assert "rdcsym data mnist --download" in lines[2]


def test_json(capsys, folder):
    for part in ("train", "test"):
        (folder / f"{part}_32x32.mat").write_bytes(b"")
    assert run(["data", "svhn", "mnist", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(folder)
    svhn, mnist = told["sets"]
    assert (svhn["name"], svhn["found"], svhn["format"], len(svhn["files"])) == ("svhn", True, "MATLAB", 2)
    assert mnist == {"name": "mnist", "found": False, "format": None, "files": []}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["data", "mnits"], "mnist"),
        (["data", "--download"], "NAME"),
        (["data", "digits", "--download"], "digits"),
        (["data", "sidd", "--download"], "by hand"),
        (["data", "kodak"], "kodak24"),
    ],
)
def test_mistakes(capsys, arguments, named, folder):
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert named in shown.err
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_none(capsys, monkeypatch, folder):
    monkeypatch.setenv("RDCSYM_DATA", str(folder / "absent"))
    assert run(["data"]) == 2
    assert "RDCSYM_DATA" in capsys.readouterr().err


def test_download(capsys, monkeypatch, folder):
    import hashlib

    from deep.data import digits, load, save
    from deep.data.download import SOURCES, Source

    save(load("digits"), folder / "public.npz")
    data = (folder / "public.npz").read_bytes()
    source = Source((folder / "public.npz").as_uri(), "mnist.npz", "md5", hashlib.md5(data).hexdigest())
    monkeypatch.setitem(SOURCES, "mnist", (source,))
    assert run(["data", "mnist", "--download"]) == 0
    assert "embedded digits" in capsys.readouterr().out  # the file that was served is the digits, and loads
    assert len(load("mnist").test) == digits.TEST
