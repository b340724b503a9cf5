"""The paper's Theorem 3 in `rdcsym certify`: refuted by a witness of the search's own, on which both functions are certified."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from rdcsym.characterisation import characterisation, characterisations
from rdcsym.cli.main import run
from rdcsym.oracles.time_sharing import Draw, find_time_sharing
from rdcsym.problem import InputError

NAME = "drc-discrete-asymptotic"


def test_certify_lists_it_and_refutes_it(tmp_path, capsys):
    assert run(["certify", "--theorem", NAME, "--out", str(tmp_path / "r"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert (row["theorem"], row["form"], row["verdict"]) == (NAME, "published", "refuted")
    (witness,) = row["witnesses"]
    assert witness["claimed"] > 1.2 * witness["truth"]["upper"]
    assert witness["truth"]["upper"] - witness["truth"]["lower"] < 1e-5
    assert all(Fraction(witness["point"][budget]).denominator <= 20 for budget in ("R", "C"))
    # The same seed finds the same witness.
    again = find_time_sharing(0).witness
    assert again is not None
    assert again.draw.point() | {"d": witness["point"]["d"]} == witness["point"]
    assert again.single.lower > again.shared.upper
    page = (tmp_path / "r" / "report.html").read_text()
    assert NAME in page
    assert witness["reason"] in page


def test_a_draw_is_shown_in_rationals():
    draw = Draw((1, 2), (1, 1), (Fraction(0), Fraction(1, 2)), Fraction(1), Fraction(3, 4))
    assert draw.point() == {"p_X": "[1/3, 2/3]", "p_Y": "[1/2, 1/2]", "p_S1|X": "[0, 1/2]", "R": "1", "C": "3/4"}


def test_an_unknown_name_is_a_clear_error():
    assert characterisations() == [NAME]
    assert characterisation(NAME).source.endswith("Theorem 3 (single-letter characterisation)")
    with pytest.raises(InputError, match=NAME):
        characterisation("drc-discrete-asymptotics")
