"""What a person can get wrong on the command line: exit status 2, one line that names argument, value and fix, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rdcsym.cli.main import run

GOOD = {"p_X": [0.5, 0.5], "p_Y": [0.5, 0.5], "cost": [[0.0, 1.0], [1.0, 0.0]], "p_S_given_X": [[0.9, 0.1], [0.1, 0.9]]}
SAMPLES = {"x": np.zeros((40, 4)), "y": np.zeros((40, 4)), "labels": np.zeros(40)}
CURVE = ["curve", "drc-bernoulli-oneshot", "--x", "R", "--set", "C=.9", "--set", "q_X=.3", "--set", "q_Y=.4", "--set", "q_S1=.1"]

COMMAND_LINES = {
    "unknown command": (["certfy"], "certify"),
    "unknown option": (["certify", "--thorogh"], "--thorough"),
    "unknown theorem": (["certify", "--theorem", "drc-gausian"], "drc-gaussian"),
    "unknown theorem to typeset": (["latex", "drc-bernouli-oneshot"], "drc-bernoulli-oneshot"),
    "nothing to typeset": (["latex"], "--all"),
    "one and all": (["latex", "fano", "--all"], "one theorem or --all"),
    "a seed below 0": (["certify", "--seed", "-1"], "--seed"),
    "no file": (["certify", "--data", "absent.npz"], "absent.npz"),
    "no problem file": (["solve", "absent.npz", "--rate", "1"], "absent.npz"),
    "no picture named": (["curve", "fano", "--x", "C"], "--out"),
    "an unknown picture format": ([*CURVE, "--out", "d.gif"], ".png"),
    "an unknown parameter along x": (["curve", "fano", "--x", "K", "--out", "d.png"], "K"),
    "a missing axis": (["curve", "fano", "--out", "d.png"], "--x"),
    "a parameter without a value": (["curve", "drc-gaussian", "--x", "R", "--set", "C=3", "--out", "d.png"], "sigma_X"),
    "an unknown parameter": ([*CURVE, "--set", "q_Z=.1", "--out", "d.png"], "q_Z"),
    "an assignment without =": ([*CURVE, "--set", "q_X", "--out", "d.png"], "NAME=VALUE"),
    "a value that is no number": (["curve", "drc-bernoulli-oneshot", "--x", "R", "--set", "q_X=much", "--out", "d.png"], "much"),
    "a value outside its domain": (["curve", "rd-bernoulli", "--x", "D", "--set", "q_X=1.5", "--out", "d.png"], "q_X = 1.5"),
    "lines without values": ([*CURVE, "--lines", "C", "--out", "d.png"], "--lines"),
    "a line's value outside its domain": ([*CURVE[:4], "--set", "q_X=.3", "--set", "q_Y=.4", "--set", "q_S1=.1", "--lines", "C=-1", "--out", "d.png"], "C = -1"),
    "a range upside down": ([*CURVE, "--range", "1,0", "--out", "d.png"], "--range"),
    "a range of one number": ([*CURVE, "--range", "1", "--out", "d.png"], "--range"),
    "a range outside the domain": ([*CURVE, "--range=-2,-1", "--out", "d.png"], "R"),
    "the axis set as well": ([*CURVE, "--set", "R=.5", "--out", "d.png"], "--x R"),
    "a line's parameter set as well": ([*CURVE, "--lines", "C=.4,.5", "--out", "d.png"], "--lines C"),
    "two values for one parameter": ([*CURVE, "--set", "q_X=.2", "--out", "d.png"], "second value"),
    "an empty value": (["curve", "rd-bernoulli", "--x", "D", "--set", "q_X=", "--out", "d.png"], "--set q_X"),
    "an infinite range": ([*CURVE, "--range", "0,inf", "--out", "d.png"], "finite"),
    "no codewords": (["certify", "--data", "digits", "--codewords", "0"], "--codewords"),
    "an empty folder name": (["certify", "--theorem", "fano", "--out", ""], "empty"),
    "a theorem without its option": (["certify", "fano"], "fano"),
    "no published form": (["curve", "rd-bernoulli", "--x", "D", "--set", "q_X=.3", "--published", "--out", "d.png"], "--published"),
    "correlation above 1": (
        ["curve", "drc-gaussian", "--x", "R", "--out", "d.png", *["--set", "C=3", "--set", "sigma_X=1", "--set", "sigma_Y=1", "--set", "sigma_S=1", "--set", "theta=2"]],
        "theta",
    ),
}  # fmt: skip

PROBLEMS = {
    "mass not 1": ({"p_X": [0.5, 0.6]}, [], "p_X"),
    "negative mass": ({"p_Y": [1.5, -0.5]}, [], "p_Y"),
    "nan mass": ({"p_X": [0.5, float("nan")]}, [], "p_X"),
    "shapes that disagree": ({"cost": [[0.0, 1.0]]}, [], "cost"),
    "infinite cost": ({"cost": [[0.0, np.inf], [1.0, 0.0]]}, [], "cost"),
    "nan cost": ({"cost": [[0.0, np.nan], [1.0, 0.0]]}, [], "cost"),
    "labels of another source": ({"p_S_given_X": [[0.9, 0.1]]}, [], "p_S_given_X"),
    "label rows not 1": ({"p_S_given_X": [[0.9, 0.2], [0.1, 0.9]]}, [], "p_S_given_X"),
    "text for numbers": ({"p_X": ["a", "b"]}, [], "p_X"),
    "a pickled array": ({"p_X": np.array([0.5, {}], dtype=object)}, [], "p_X"),
    "a missing key": ({"cost": None}, [], "cost"),
    "no label for a classification budget": ({"p_S_given_X": None}, ["--classification", ".5"], "p_S_given_X"),
    "negative rate": ({}, ["--rate", "-1"], "rate"),
    "nan rate": ({}, ["--rate", "nan"], "rate"),
    "no budget": ({}, ["--rate", None], "rate"),
    "negative distortion": ({}, ["--rate", None, "--distortion", "-1"], "distortion"),
    "two objectives": ({}, ["--distortion", "1"], "distortion"),
    "negative classification": ({}, ["--classification", "-.5"], "classification"),
    "unknown setting": ({}, ["--setting", "onshot"], "oneshot"),
    "unknown units": ({}, ["--units", "bytes"], "bits"),
    "a seed where there is none": ({}, ["--blind"], "--blind"),
    "a rate that is no number": ({}, ["--rate", "fast"], "fast"),
}

DATA = {
    "missing labels": ({"labels": None}, "labels"),
    "fewer samples than codewords": ({"x": np.zeros((3, 4)), "labels": np.zeros(3)}, "x"),
    "labels of another length": ({"labels": np.zeros(7)}, "labels"),
    "images of another size": ({"y": np.zeros((40, 9))}, "x"),
    "nan pixels": ({"y": np.full((40, 4), np.nan)}, "y"),
    "pickled labels": ({"labels": np.array([None] * 40, dtype=object)}, "labels"),
}


def complain(capsys, arguments: list[str], named: str) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1, shown.err
    assert "Traceback" not in shown.err
    assert named in shown.err, shown.err


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("case", COMMAND_LINES)
def test_command_lines(case, capsys, tmp_path):
    arguments, named = COMMAND_LINES[case]
    complain(capsys, arguments, named)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == []


@pytest.mark.parametrize("case", PROBLEMS)
def test_problem_files(case, capsys, tmp_path):
    change, options, named = PROBLEMS[case]
    arrays = {k: np.asarray(v) for k, v in {**GOOD, **change}.items() if v is not None}
    np.savez(tmp_path / "p.npz", **arrays)
    rate = ["--rate", ".5"] if "--rate" not in options else []
    complain(capsys, ["solve", "p.npz", *rate, *(o for o in _given(options))], named)


def _given(options: list[str | None]) -> list[str]:
    """The options without those whose value is None."""
    if None in options:
        at = options.index(None)
        options = options[: at - 1] + options[at + 1 :]
    return [o for o in options if o is not None]


@pytest.mark.parametrize("case", DATA)
def test_data_files(case, capsys, tmp_path):
    change, named = DATA[case]
    np.savez(tmp_path / "d.npz", **{k: np.asarray(v) for k, v in {**SAMPLES, **change}.items() if v is not None})
    complain(capsys, ["certify", "--data", "d.npz", "--out", "report"], named)
    assert not any((tmp_path / "report").glob("*")) if (tmp_path / "report").exists() else True


def test_truncated_files(capsys, tmp_path):
    np.savez(tmp_path / "whole.npz", **GOOD)
    (tmp_path / "p.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:300])
    complain(capsys, ["solve", "p.npz", "--rate", "1"], "p.npz")
    (tmp_path / "p.npz").write_bytes(b"")
    complain(capsys, ["certify", "--data", "p.npz"], "p.npz")


def test_an_output_folder_that_is_a_file(capsys, tmp_path):
    (tmp_path / "report").write_text("mine")
    complain(capsys, ["certify", "--theorem", "fano", "--out", "report"], "report")
    assert (tmp_path / "report").read_text() == "mine"


def test_an_output_folder_that_cannot_be_written(capsys, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)  # even root is refused here, whom a folder's mode would not stop
    for command in (["latex", "fano", "--out", "closed"], ["certify", "--theorem", "fano", "--out", "closed"]):
        complain(capsys, command, "Permission denied")


def test_an_output_path_below_a_file(capsys, tmp_path):
    Path("plain").write_text("")
    complain(capsys, ["certify", "--theorem", "fano", "--out", "plain/report"], "plain/report")
