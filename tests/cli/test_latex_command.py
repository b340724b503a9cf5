"""`rdcsym latex --pdf`: the paper with its witnesses and figures, and what happens where solvers or matplotlib are missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess

import pytest

from rdcsym import theorem, theorems
from rdcsym.cli import evidence, latex
from rdcsym.cli.main import run
from rdcsym.prose import prose

pytestmark = pytest.mark.latex
NEEDED = all(importlib.util.find_spec(m) for m in ("cvxpy", "flint", "matplotlib"))
needs_all = pytest.mark.skipif(not NEEDED, reason="witnesses and figures need the extras `solvers` and `plot`")


@pytest.fixture
def engine():
    found = next((e for e in latex.ENGINES if shutil.which(e)), None)
    if found is None:
        assert not os.environ.get("RDCSYM_REQUIRE_LATEX"), "CI must have a LaTeX engine"
        pytest.skip("no LaTeX engine on this machine")
    return found


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(evidence, "_PER_REGIME", 3)


@needs_all
def test_a_paper_has_its_witnesses_and_figures_and_can_be_typeset_again(engine, quick, tmp_path, capsys):
    assert run(["latex", "drc-bernoulli-oneshot", "--pdf", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    stem = "drc-bernoulli-oneshot"
    assert captured.out.split() == [str(tmp_path / f"{stem}.pdf"), str(tmp_path / f"{stem}.tex")]
    assert captured.err == ""
    assert {p.name for p in (tmp_path / f"{stem}-figures").iterdir()} == {f"{stem}-1.pdf", f"{stem}-2.pdf"}
    assert {p.name for p in tmp_path.iterdir()} == {f"{stem}.pdf", f"{stem}.tex", f"{stem}-figures"}
    text = (tmp_path / f"{stem}.tex").read_text(encoding="utf-8")
    assert text.count(r"\includegraphics") == 2
    assert "Witnesses against it" in text
    assert r"\tfrac{" in text
    assert "left out" not in text
    again = subprocess.run([engine, "-interaction=nonstopmode", f"{stem}.tex"], cwd=tmp_path, capture_output=True, check=True)
    assert b"Overfull" not in again.stdout


@needs_all
def test_two_theorems_are_gathered_side_by_side(tmp_path):
    found, left_out = evidence.gather(["rd-gaussian", "fano"], tmp_path, "figures", quiet=True)
    assert not left_out
    assert {n: e.verdict for n, e in found.items()} == {"rd-gaussian": "certified", "fano": "certified"}
    assert found["fano"].published_verdict == "certified"
    assert not found["fano"].findings
    assert all((tmp_path / f.file).exists() for e in found.values() for f in e.figures)


@needs_all
def test_the_witnesses_of_the_paper_are_witnesses(quick, tmp_path):
    """Each point of the table, read back, has the claimed value, and the certified form says otherwise."""
    found, left_out = evidence.gather(["drc-bernoulli-oneshot"], tmp_path, "figures", quiet=True)
    assert not left_out
    chosen = theorem("drc-bernoulli-oneshot")
    findings = found["drc-bernoulli-oneshot"].findings
    assert findings
    for f in findings:
        point = {n: eval(v, {"__builtins__": {}}) for n, v in f.point.items()}  # rationals
        assert float(f.claimed.replace(r"\infty", "inf").replace(" \\cdot 10^{", "e").rstrip("}")) == pytest.approx(
            chosen.published.evaluate(**point), rel=1e-6
        )
        assert chosen.published.evaluate(**point) != pytest.approx(chosen.evaluate(**point), rel=1e-3)


def test_without_solvers_and_matplotlib_the_paper_is_made_and_says_what_is_missing(engine, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(evidence, "find_spec", lambda name: None)
    assert run(["latex", "fano", "--pdf", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 2
    assert "matplotlib is not installed" in captured.err
    text = (tmp_path / "fano.tex").read_text(encoding="utf-8")
    for line in captured.err.splitlines():
        assert prose(line.removeprefix("rdcsym: ")) in text
    assert r"\includegraphics" not in text
    assert {p.name for p in tmp_path.iterdir()} == {"fano.pdf", "fano.tex"}


def test_plain_asks_nobody(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(latex, "gather", None)
    assert run(["latex", "fano", "--plain", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "fano.tex")


def test_no_engine_is_said_before_the_work_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(latex, "gather", None)
    monkeypatch.setattr(latex.shutil, "which", lambda name: None)
    assert run(["latex", "fano", "--pdf", "--out", str(tmp_path)]) == 2
    assert "no LaTeX engine" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@needs_all
def test_the_whole_paper_with_all_its_evidence(engine, tmp_path, capsys):
    assert run(["latex", "--all", "--pdf", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "rdcsym.tex").read_text(encoding="utf-8")
    assert text.count(r"\includegraphics") == sum(len(theorem(n).examples) for n in theorems())
    assert text.count("Witnesses against it") >= 4
    assert "Not confirmed" not in text
