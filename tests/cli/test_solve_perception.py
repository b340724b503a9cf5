"""`rdcsym solve --perception RADIUS --ball KIND`: a free output law from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rdcsym.cli.main import run


@pytest.fixture
def problem(tmp_path):
    path = tmp_path / "problem.npz"
    hamming = 1 - np.eye(2)
    np.savez(path, p_X=[0.7, 0.3], p_Y=[0.7, 0.3], cost=hamming, ground=hamming)
    return str(path)


@pytest.mark.parametrize("ball", ["tv", "kl", "w"])
def test_a_ball_lowers_the_rate(ball, problem, capsys):
    shown = []
    for options in ([], ["--perception", ".05", "--ball", ball]):
        assert run(["solve", problem, "--distortion", ".2", *options, "--json"]) == 0
        shown.append(json.loads(capsys.readouterr().out))
    given, free = shown
    assert free["status"] == "certified"
    assert free["checked"] is True
    assert (free["perception"], free["ball"]) == (0.05, ball)
    assert free["upper"] < given["lower"]
    if ball != "kl":
        assert free["upper"] == pytest.approx(0.1734513581867, rel=1e-9)


def test_bad_balls(problem, tmp_path, capsys):
    bare = tmp_path / "bare.npz"
    np.savez(bare, p_X=[0.7, 0.3], p_Y=[0.7, 0.3], cost=1 - np.eye(2))
    for path, options, named in (
        (problem, ["--perception", ".1"], "--ball"),
        (problem, ["--ball", "tv"], "--perception"),
        (problem, ["--perception", ".1", "--ball", "hellinger"], "hellinger"),
        (problem, ["--perception", "-1", "--ball", "tv"], "perception"),
        (str(bare), ["--perception", ".1", "--ball", "w"], "ground"),
    ):
        assert run(["solve", path, "--rate", ".5", *options]) == 2
        complaint = capsys.readouterr().err
        assert named in complaint
        assert complaint.strip().count("\n") == 0
