"""Bad input is named in one line; good input is kept exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import DiscreteProblem, solve
from solvers.problem import operating_point, support

GOOD: dict[str, Any] = {"p_X": [0.5, 0.5], "p_Y": [0.25, 0.75], "cost": [[0.0, 1.0], [1.0, 0.0]]}
LABELLED: dict[str, Any] = {**GOOD, "p_S_given_X": [[0.9, 0.1], [0.1, 0.9]]}
NAN, INF = math.nan, math.inf

BAD_PROBLEMS: list[tuple[str, dict[str, Any], str]] = [
    ("mass above 1", {"p_X": [0.5, 0.6]}, "p_X"),
    ("mass below 1", {"p_Y": [0.5, 0.49]}, "p_Y"),
    ("no mass", {"p_X": [0.0, 0.0]}, "p_X"),
    ("negative mass", {"p_X": [1.5, -0.5]}, "p_X"),
    ("nan mass", {"p_Y": [NAN, 1.0]}, "p_Y"),
    ("infinite mass", {"p_Y": [INF, 1.0]}, "p_Y"),
    ("empty law", {"p_X": []}, "p_X"),
    ("law of two dimensions", {"p_X": [[0.5, 0.5]]}, "p_X"),
    ("law of words", {"p_X": ["a", "b"]}, "p_X"),
    ("law of complex numbers", {"p_X": [0.5 + 1j, 0.5]}, "p_X"),
    ("ragged cost", {"cost": [[0.0, 1.0], [1.0]]}, "cost"),
    ("cost of another shape", {"cost": [[0.0, 1.0]]}, "cost"),
    ("flat cost", {"cost": [0.0, 1.0, 1.0, 0.0]}, "cost"),
    ("nan cost", {"cost": [[0.0, NAN], [1.0, 0.0]]}, "cost"),
    ("infinite cost", {"cost": [[0.0, INF], [1.0, 0.0]]}, "cost"),
    ("three rows for two symbols", {"p_S_given_X": [[1.0], [1.0], [1.0]]}, "p_S_given_X"),
    ("label row above 1", {"p_S_given_X": [[0.9, 0.2], [0.1, 0.9]]}, "p_S_given_X"),
    ("negative label row", {"p_S_given_X": [[1.1, -0.1], [0.1, 0.9]]}, "p_S_given_X"),
    ("nan label row", {"p_S_given_X": [[NAN, 1.0], [0.1, 0.9]]}, "p_S_given_X"),
    ("no labels", {"p_S_given_X": np.zeros((2, 0))}, "p_S_given_X"),
    ("flat label rows", {"p_S_given_X": [0.5, 0.5]}, "p_S_given_X"),
]

BAD_QUESTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("negative rate", {"rate": -0.1}, "rate"),
    ("nan rate", {"rate": NAN}, "rate"),
    ("many rates", {"rate": [0.1, 0.2]}, "rate"),
    ("rate in words", {"rate": "half"}, "rate"),
    ("nothing asked", {"rate": None}, "rate"),
    ("both asked", {"rate": 0.1, "distortion": 0.1}, "rate"),
    ("negative distortion", {"rate": None, "distortion": -1.0}, "distortion"),
    ("negative classification", {"rate": 0.1, "classification": -0.1}, "classification"),
    ("nan classification", {"rate": 0.1, "classification": NAN}, "classification"),
    ("unknown setting", {"rate": 0.1, "setting": "one-shot"}, "setting"),
    ("unknown method", {"rate": 0.1, "method": "magic"}, "method"),
    ("unknown units", {"rate": 0.1, "units": "bytes"}, "units"),
    ("perception", {"rate": 0.1, "perception": 0.1}, "perception"),
    ("seed outside one-shot", {"rate": 0.1, "classifier_sees_seed": True}, "classifier_sees_seed"),
    ("seed in words", {"rate": 0.1, "setting": "oneshot", "classifier_sees_seed": "no"}, "classifier_sees_seed"),
    ("tolerance of 1", {"rate": 0.1, "tolerance": 1.0}, "tolerance"),
    ("nan tolerance", {"rate": 0.1, "tolerance": NAN}, "tolerance"),
    ("method in one-shot", {"rate": 0.1, "setting": "oneshot", "method": "conic"}, "method"),
]


@pytest.mark.parametrize(("changes", "argument"), [b[1:] for b in BAD_PROBLEMS], ids=[b[0] for b in BAD_PROBLEMS])
def test_bad_problems(changes: dict[str, Any], argument: str) -> None:
    with pytest.raises(InputError) as caught:
        DiscreteProblem(**{**LABELLED, **changes})
    assert str(caught.value).startswith(argument)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("question", "argument"), [b[1:] for b in BAD_QUESTIONS], ids=[b[0] for b in BAD_QUESTIONS])
def test_bad_questions(question: dict[str, Any], argument: str) -> None:
    with pytest.raises(InputError) as caught:
        solve(DiscreteProblem(**LABELLED), **question)
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)


def test_a_label_constraint_needs_a_label() -> None:
    with pytest.raises(InputError, match="p_S_given_X"):
        solve(DiscreteProblem(**GOOD), rate=0.1, classification=0.5)


def test_too_many_maps_says_how_many() -> None:
    n = 12
    problem = DiscreteProblem(np.full(n, 1 / n), np.full(n, 1 / n), 1 - np.eye(n))
    with pytest.raises(InputError, match=r"12\^12 = 8.92e\+12 maps"):
        solve(problem, rate=1.0, setting="oneshot")


def test_an_infinite_distortion_is_no_constraint() -> None:
    found = solve(DiscreteProblem(**GOOD), distortion=INF)
    assert found.verify()
    assert (found.lower, found.upper) == (0.0, 0.0)


def test_no_problem_at_all() -> None:
    with pytest.raises(InputError, match="DiscreteProblem"):
        solve([0.5, 0.5], rate=1.0)  # type: ignore[arg-type]


def test_mass_off_by_rounding_is_renormalised_once() -> None:
    problem = DiscreteProblem([0.5, 0.5 + 1e-7], [0.25, 0.75], GOOD["cost"])
    assert math.fsum(problem.p_X) == pytest.approx(1.0, abs=1e-15)
    assert problem.p_X[1] / problem.p_X[0] == pytest.approx(1 + 2e-7, rel=1e-14)
    again = DiscreteProblem(problem.p_X, problem.p_Y, problem.cost)
    np.testing.assert_allclose(again.p_X, problem.p_X, rtol=2e-16)


def test_arrays_are_copied_and_read_only() -> None:
    mine = np.array([0.5, 0.5])
    problem = DiscreteProblem(mine, mine, GOOD["cost"])
    mine[0] = 9
    assert problem.p_X[0] == problem.p_Y[0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        problem.p_X[0] = 1.0


def test_support_drops_empty_symbols_and_labels() -> None:
    label = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]
    problem = DiscreteProblem([0.5, 0.0, 0.5], [1.0, 0.0], np.arange(6.0).reshape(3, 2), label)
    where = support(problem)
    assert where.cost.tolist() == [[0.0], [4.0]]
    assert where.label is not None
    assert where.label.tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert where.full_plan(np.ones((2, 1))).tolist() == [[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]


def test_operating_point_in_nats() -> None:
    point = operating_point(
        DiscreteProblem(**LABELLED), rate=1.0, distortion=None, classification=0.5, perception=None,
        setting="single-letter", units="bits", classifier_sees_seed=None,
    )  # fmt: skip
    assert point.rate_nats == math.log(2)
    assert point.classification_nats == 0.5 * math.log(2)
    assert (point.minimises_rate, point.has_classification) == (False, True)
