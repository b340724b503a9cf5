"""The fuzz in small: its first problems, and what it must notice. The whole of it is `python benchmarks/fuzz.py`."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solvers import DiscreteProblem, solve

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
SLICE = 200
LARGEST = 6


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("fuzz")


@pytest.fixture
def checks(fuzz: Any) -> Any:
    return sys.modules["fuzz_check"]


@pytest.mark.parametrize("part", range(4))
def test_the_first_problems_have_no_fault(checks: Any, part: int) -> None:
    rows = [checks.outcome(7, index, largest=LARGEST) for index in range(part, SLICE, 4)]
    assert [row for row in rows if row["fault"] is not None] == []
    assert {"certified", "infeasible"} <= {row["status"] for row in rows}


def test_every_malformed_input_is_named(checks: Any) -> None:
    rows = [checks.outcome(3, index * checks.MALFORMED_EVERY) for index in range(500)]
    assert [row for row in rows if row["fault"] is not None] == []
    assert len({row["kind"] for row in rows}) > 100


def test_a_problem_depends_on_its_index_alone(checks: Any) -> None:
    draw = sys.modules["fuzz_problems"].draw
    one, two = draw(0, 8), draw(0, 8)
    assert one.question == two.question
    assert (one.problem.cost == two.problem.cost).all()
    assert draw(0, 9).kind != one.kind or draw(0, 9).question != one.question


def test_faults_are_found(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that are wrong in one respect each, in place of the solver's."""
    problem = DiscreteProblem([0.3, 0.7], [0.4, 0.6], [[0, 1], [1, 0]])
    good = solve(problem, rate=0.5)
    checks.check_answer(good)
    for change, says in (
        ({"lower": good.upper, "upper": good.lower}, "order"),
        ({"lower": float("nan")}, "order"),
        ({"upper": float("inf"), "primal": None, "status": "gap"}, "no upper end"),
    ):
        with pytest.raises(checks.FuzzError, match=says):
            checks.check_answer(replace(good, **change))

    def fault() -> str:
        return str(checks.outcome(0, 1, largest=LARGEST)["fault"])

    def warns(problem: DiscreteProblem, **question: Any) -> Any:
        return np.zeros(1) / np.zeros(1)

    monkeypatch.setattr(checks, "solve", warns)
    assert "RuntimeWarning" in fault()
    monkeypatch.setattr(
        checks, "solve", lambda problem, **question: replace(good, lower=good.lower + 1e-3, upper=good.upper + 1e-3)
    )
    assert "CertificateError" in fault()
    # Each question by itself has an answer that holds, but the answers do not belong together.
    with pytest.raises(checks.FuzzError, match="does not meet"):
        checks._meets("costs doubled", (2 * good.lower, 2 * good.upper), good)
    monkeypatch.setattr(
        checks, "draw_malformed", lambda seed, index: sys.modules["fuzz_malformed"].Malformed("nothing", "x", dict)
    )
    assert checks.outcome(0, 0)["fault"] == "was accepted"


def test_a_stopped_run_is_taken_up_again(fuzz: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, out = tmp_path / "record.jsonl", tmp_path / "fuzz.json"
    row = {"index": 1, "kind": "known", "question": {}, "status": "certified", "fault": None, "seconds": 0.5}
    record.write_text(json.dumps(row) + "\n" + '{"index": 2, "ki')
    arguments = ["fuzz.py", "--problems", "3", "--jobs", "1", "--record", str(record), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert fuzz.main() == 0
    told = json.loads(out.read_text())
    assert told["problems"] == 3
    assert told["by_status"]["malformed"] == 1
    assert "known" in record.read_text()
    before = record.read_text()
    assert fuzz.main() == 0
    assert record.read_text() == before
