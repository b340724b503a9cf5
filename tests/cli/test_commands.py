"""`latex`, `curve`, `solve`, `--help`: what they print and write."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rdcsym import theorem, theorems
from rdcsym.cli.main import run

GAUSSIAN = ["--set", "C=3", "--set", "sigma_X=1", "--set", "sigma_Y=1", "--set", "sigma_S=1", "--set", "theta=.5"]


@pytest.fixture
def problem(tmp_path):
    path = tmp_path / "p.npz"
    np.savez(path, p_X=[0.5, 0.5], p_Y=[0.5, 0.5], cost=[[0.0, 1.0], [1.0, 0.0]], p_S_given_X=[[0.9, 0.1], [0.1, 0.9]])
    return str(path)


@pytest.mark.parametrize("command", ["certify", "latex", "curve", "list", "solve"])
def test_help_has_an_example(command, capsys):
    assert run([command, "--help"]) == 0
    assert f"Example: rdcsym {command}" in capsys.readouterr().out


def test_help_and_version(capsys):
    assert run(["--help"]) == 0
    assert run(["--version"]) == 0
    assert "rdcsym, version" in capsys.readouterr().out


def test_list(capsys):
    assert run(["list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(theorems())
    assert run(["list", "drc-gaussian"]) == 0
    shown = capsys.readouterr().out
    assert "sigma_S" in shown
    assert "bits" in shown
    assert "rate-limited" in shown


def test_no_command_shows_the_help(capsys):
    assert run([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_curve_takes_fractions(capsys):
    arguments = ["curve", "rd-bernoulli", "--x", "D", "--set", "q_X=1/3", "--range", "0,.2", "--json"]
    assert run(arguments) == 0
    assert json.loads(capsys.readouterr().out)["fixed"] == {"q_X": 1 / 3}


def test_latex_prints_the_statement(capsys):
    assert run(["latex", "drc-gaussian"]) == 0
    assert capsys.readouterr().out.strip() == theorem("drc-gaussian").latex()


def test_latex_writes_a_document(tmp_path, capsys):
    assert run(["latex", "fano", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "fano.tex").read_text()
    assert text.startswith(r"\documentclass")
    assert "Gibbs" in text
    assert capsys.readouterr().out.strip() == str(tmp_path / "fano.tex")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_curve_draws(suffix, tmp_path):
    out = tmp_path / f"d.{suffix}"
    assert run(["curve", "drc-gaussian", "--x", "R", "--lines", "mu_Y=0,1", *GAUSSIAN, "--out", str(out)]) == 0
    assert out.stat().st_size > 2000
    assert [p.name for p in tmp_path.iterdir()] == [out.name]


def test_curve_numbers_are_those_of_evaluate(capsys):
    assert run(["curve", "drc-gaussian", "--x", "R", *GAUSSIAN, "--published", "--range", "0,2", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    value = theorem("drc-gaussian").evaluate(R=shown["values"][200], C=3, sigma_X=1, sigma_Y=1, sigma_S=1, theta=0.5)
    assert shown["lines"][0]["certified"][200] == value
    assert len(shown["lines"][0]["published"]) == len(shown["values"])


def test_solve_prints_an_interval_and_json(problem, capsys):
    assert run(["solve", problem, "--rate", ".5"]) == 0
    assert "certified" in capsys.readouterr().out
    assert run(["solve", problem, "--rate", ".5", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["checked"] is True
    assert shown["status"] == "certified"
    assert shown["lower"] <= 0.11002786443835955 <= shown["upper"]  # H_b^-1(1/2): a symmetric channel has uniform output
    assert np.sum(shown["plan"]) == pytest.approx(1)


def test_solve_infeasible_is_a_result(problem, capsys):
    assert run(["solve", problem, "--rate", ".1", "--classification", ".5", "--setting", "oneshot", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["status"], shown["lower"], shown["upper"]) == ("infeasible", "inf", "inf")
    assert run(["solve", problem, "--rate", ".1", "--classification", ".5"]) == 0
    assert "infeasible" in capsys.readouterr().out


def test_solve_for_the_least_rate_in_nats(problem, capsys):
    assert run(["solve", problem, "--distortion", ".11", "--units", "nats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == "rate (nats)"
