"""`rdcsym surface`: its files, its words, resuming, and bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdcsym.cli.main import run as run_command


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "problem.npz"
    np.savez(
        path,
        p_X=rng.dirichlet(np.ones(4)),
        p_Y=rng.dirichlet(np.ones(3)),
        cost=rng.random((4, 3)),
        p_S_given_X=rng.dirichlet(np.ones(2), 4),
    )
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    status = run_command([str(a) for a in arguments])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_it_writes_a_picture_and_the_numbers(problem: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "surface"
    arguments = ("surface", problem, "--rates", "0,1,4", "--classifications", ".2,1,5", "--out", out)
    status, text, _ = run(capsys, *arguments)
    assert status == 0
    assert "20 points, both ends of each checked" in text
    with (out / "surface.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert all(float(r["lower"]) <= float(r["upper"]) for r in rows)
    points = json.loads((out / "surface.json").read_text())["points"]
    assert points[0]["status"] in ("certified", "infeasible", "gap")
    assert (out / "surface.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((out / "rows").glob("*.npz"))) == 4
    status, text, _ = run(capsys, *arguments, "--json")
    found = json.loads(text)
    assert found["certified"] + found["infeasible"] + found["gap"] == 20
    assert found["checked"] is True


def test_a_curve_over_rates(problem: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = run(capsys, "surface", problem, "--rates", ".1,1,5", "--out", tmp_path / "curve")
    assert status == 0
    assert "5 certified" in text


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        (["--rates", "1,2"], "--rates"),
        (["--rates", "2,1,3"], "--rates"),
        (["--rates", "0,1,0"], "--rates"),
        (["--rates", "a,b,c"], "--rates"),
        (["--rates", "0,1,2", "--classifications", "-1,1,2"], "--classifications"),
        (["--rates", "0,1,2", "--setting", "oneshot"], "setting"),
    ],
)
def test_bad_input_is_one_line(
    problem: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], named: str
) -> None:
    status, _, error = run(capsys, "surface", problem, *extra, "--out", tmp_path / "x")
    assert status == 2
    assert named in error
    assert error.count("\n") == 1
