"""`rdcsym export`: prints or writes the source; bad input is one line."""

from __future__ import annotations

import pytest

from rdcsym import theorem
from rdcsym.cli.main import run
from rdcsym.export import LANGUAGES, export


@pytest.mark.parametrize("language", LANGUAGES)
def test_export_prints_or_writes(language, tmp_path, capsys):
    text = export(theorem("drc-gaussian").certified, language, "drc_gaussian")
    assert run(["export", "drc-gaussian", "--to", language]) == 0
    assert capsys.readouterr().out == text
    out = tmp_path / "made.txt"
    assert run(["export", "drc-gaussian", "--to", language, "--published", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert out.read_text(encoding="utf-8") == export(theorem("drc-gaussian").published, language, "drc_gaussian")


def test_help_has_an_example(capsys):
    assert run(["export", "--help"]) == 0
    assert "Example: rdcsym export" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["drc-gausian", "--to", "c"], "drc-gaussian"),
        (["drc-gaussian", "--to", "rust"], "--to = rust"),
        (["rd-gaussian", "--to", "c", "--published"], "--published"),
        (["drc-gaussian-vector", "--to", "numpy"], "sigma_X"),
        (["drc-gaussian"], "--to"),
    ],
)
def test_bad_input_is_one_line(arguments, word, capsys):
    assert run(["export", *arguments]) == 2
    captured = capsys.readouterr()
    assert word in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
