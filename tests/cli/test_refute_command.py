"""`rdcsym refute`: what it prints, its exit status, and the guide docs/refute.md, every example of which is run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from rdcsym.cli.main import run

GUIDE = (Path(__file__).parents[2] / "docs" / "refute.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, flags=re.DOTALL)
    for line in block.splitlines()
    if line.startswith("rdcsym")
]
REFUTED = ("Max(0, log(",)


def test_a_witness_is_exit_status_1(capsys):
    assert run(["refute", "rd-gaussian", "Max(0, log(sigma_X^2/D)/2)"]) == 1
    shown = capsys.readouterr().out
    assert re.search(r"at +D = [\d/]+, mu_X = 0, sigma_X = [\d/]+", shown)
    assert "claimed" in shown
    assert "certified" in shown
    assert shown.strip() == re.search(r"```text\n(.*?)```", GUIDE, flags=re.DOTALL)[1].strip()


def test_no_witness_is_exit_status_0_and_never_a_proof(capsys):
    assert run(["refute", "rd-gaussian", "Max(0, log2(sigma_X^2/D)/2)", "--points", "30"]) == 0
    shown = capsys.readouterr().out
    assert "not refuted in 30 points" in shown
    assert "proved" not in shown.replace("proves nothing", "")


def test_a_broken_law_is_shown(capsys):
    assert run(["refute", "rd-bernoulli", "D", "--set", "q_X=1/2", "--where", "D < 1/4", "--points", "5"]) == 1
    shown = capsys.readouterr().out
    assert "breaks the law 'monotone in D'" in shown
    assert "should be at most" in shown


def test_json_is_one_object(capsys):
    assert run(["refute", "drc-gaussian", r"\sigma_X^2 + \sigma_Y^2", "--set", "mu_X=1/2", "--points", "9", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "refuted"
    assert found["fixed"] == {"mu_X": 0.5}
    witness = found["witnesses"][0]
    assert set(witness) == {"point", "regime", "claimed", "truth", "reason"}
    assert run(["refute", "rd-gaussian", "0", "--claim", "lower", "--points", "9", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["points"], found["witnesses"]) == ("not refuted", 9, [])
    assert run(["refute", "rd-gaussian", "oo", "--points", "9", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["witnesses"][0]["claimed"] == "inf"


BAD = {
    "code for a formula": (["rd-gaussian", "__import__('os').system('x')"], "character 1"),
    "an attribute": (["rd-gaussian", "D.real"], "dot"),
    "an unknown name": (["rd-gaussian", "sigma_Y + D"], "sigma_X"),
    "an unknown theorem": (["rd-gausian", "D"], "rd-gaussian"),
    "no formula": (["rd-gaussian"], "FORMULA"),
    "an empty formula": (["rd-gaussian", ""], "empty"),
    "an unknown claim": (["rd-gaussian", "D", "--claim", "uper"], "upper"),
    "no points": (["rd-gaussian", "D", "--points", "0"], "points"),
    "a bad condition": (["rd-gaussian", "D", "--where", "D + 1"], "where"),
    "a condition that never holds": (["rd-gaussian", "D", "--where", "D < 0"], "where"),
    "a bad value": (["rd-gaussian", "D", "--set", "sigma_X=wide"], "--set sigma_X"),
    "an unknown parameter": (["rd-gaussian", "D", "--set", "sigma_Y=1"], "sigma_X"),
    "two values": (["rd-gaussian", "D", "--set", "sigma_X=1", "--set", "sigma_X=2"], "second value"),
    "no assignment": (["rd-gaussian", "D", "--set", "sigma_X"], "NAME=VALUE"),
    "a value outside its domain": (["rd-gaussian", "D", "--set", "sigma_X=-1"], "sigma_X"),
    "a bound claimed as exact": (["fano", "P_e(C) >= C/8"], "claim lower"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_status_2(case, capsys):
    arguments, word = BAD[case]
    assert run(["refute", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert word in said.err


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL))
def test_the_guide_s_python_runs(block):
    exec(block, {})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_guide_s_commands_do_what_it_says(command, capsys):
    words = shlex.split(command)[1:]
    words += [] if "--points" in words else ["--points", "25"]
    assert run(words) == (1 if any(text in command for text in REFUTED) else 0)


def test_help_has_an_example(capsys):
    assert run(["refute", "--help"]) == 0
    assert "Example: rdcsym refute" in capsys.readouterr().out
