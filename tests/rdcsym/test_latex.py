"""LaTeX: every formula and every proof compiles with a real engine."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
import sympy as sp

from rdcsym import theorem, theorems
from rdcsym.information import gaussian_information, least_variance_ratio, squared_correlation
from rdcsym.latex import document, escape, needed, render, render_lines

ENGINE = next((e for e in ("pdflatex", "lualatex", "xelatex") if shutil.which(e)), None)


@pytest.mark.parametrize("name", theorems())
def test_a_statement_defines_every_symbol_it_uses(name):
    for form in filter(None, (theorem(name).certified, theorem(name).published)):
        lines = render_lines(form)
        assert len(lines) == 1 + len(needed(form))
        known = {p.symbol for p in form.parameters} | {d.symbol for d in needed(form)}
        used = {s for r in form.regimes for e in (r.condition, r.value) for s in sp.sympify(e).free_symbols}
        assert used <= known
        assert form.latex().count(r"\begin{aligned}") == 1


def test_names_and_escapes():
    assert render(sp.Symbol("C_min")) == r"C_{\min}"
    assert escape("50% of a_b & {c} < d") == r"50\% of a\_b \& \{c\} $<$ d"


def test_a_sum_as_an_argument_gets_brackets():
    h, C = sp.symbols("s C")
    assert render(squared_correlation(h - C)) == r"\left(1 - 2^{-2 \left(- C + s\right)}\right)"
    assert r"\left(" in render(gaussian_information(h - C))
    assert r"-2 \left(" in render(least_variance_ratio(h - C))
    assert render(squared_correlation(C)) == r"\left(1 - 2^{-2 C}\right)"


@pytest.mark.latex
def test_every_formula_and_derivation_compiles(tmp_path):
    if ENGINE is None:
        assert not os.environ.get("RDCSYM_REQUIRE_LATEX"), "CI must have a LaTeX engine"
        pytest.skip("no LaTeX engine on this machine")
    (tmp_path / "all.tex").write_text(document([theorem(n) for n in theorems()]), encoding="utf-8")
    command = [ENGINE, "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "all.pdf").stat().st_size > 10_000
    assert "Overfull" not in done.stdout
