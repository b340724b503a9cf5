"""The paper: it compiles without a complaint, and has what it promises: statements, proofs, witnesses, figures."""

from __future__ import annotations

import os
import re
import shutil

import pytest
import sympy as sp

from rdcsym import theorem, theorems
from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime
from rdcsym.paper import Evidence, Figure, Finding, document, paper
from rdcsym.prose import escape
from rdcsym.theorem import Theorem

pytestmark = pytest.mark.latex
_COMPLAINTS = ("Overfull", "undefined", "multiply defined", "LaTeX Warning", "Missing character", "pdfTeX warning")
FINDING = Finding(
    point={"R": "1/4", "q_X": "1/3"}, regime="rate-limited", claimed="-0.25", interval=r"[0.5,\allowbreak\ 0.5]", reason="too low"
)


@pytest.fixture
def typeset():
    from rdcsym.cli.latex import ENGINES
    from rdcsym.cli.latex import typeset as run

    if not any(shutil.which(e) for e in ENGINES):
        assert not os.environ.get("RDCSYM_REQUIRE_LATEX"), "CI must have a LaTeX engine"
        pytest.skip("no LaTeX engine on this machine")

    def typeset_text(text, folder):
        source = folder / "paper.tex"
        source.write_text(text, encoding="utf-8")
        log = run(source)
        assert source.with_suffix(".pdf").stat().st_size > 10_000
        return [line for line in log.splitlines() if any(c in line for c in _COMPLAINTS)]

    return typeset_text


def test_the_whole_paper_compiles_without_a_complaint(typeset, tmp_path):
    text = document([theorem(n) for n in theorems()])
    assert typeset(text, tmp_path) == []
    for name in theorems():
        assert rf"\label{{thm:{name}}}" in text
        assert escape(name).replace("-", r"-\allowbreak{}") in text
    lemmas = {lemma.source for n in theorems() for lemma in theorem(n).derivation.lemmas}
    assert len(lemmas) <= len(re.findall(r"\\item\\label\{lem:", text))
    steps = sum(step.is_proof for n in theorems() for step in theorem(n).derivation)
    assert f"{steps} identities and signs" in text


def test_formulas_are_rarely_shrunk(tmp_path):
    r"""\fit shrinks what is wider than a line; nearly all formulas must break instead."""
    text = document([theorem(n) for n in theorems()])
    shrunk = [m for m in re.findall(r"\\fit\{(.*)\}", text) if r"\begin{array}" not in m]
    assert len(shrunk) <= 0.02 * text.count(r"\proofstep"), shrunk


def test_a_witness_and_a_figure_are_in_the_paper(typeset, tmp_path):
    pytest.importorskip("matplotlib", reason="figures need the extra `plot`")
    from rdcsym.cli.curves import theorem_curves
    from rdcsym.cli.plots import write_curve

    write_curve(theorem_curves(theorem("drc-gaussian"), solved=False)[0], [], tmp_path / "figures" / "one.pdf")
    figure = Figure(file="figures/one.pdf", caption="distortion D against R at q_X = .5, 100% of it")
    found = Evidence(
        verdict="certified",
        published_verdict="refuted",
        points=17,
        worst=3e-16,
        method="exact",
        findings=[FINDING],
        figures=[figure] * 3,
    )
    text = paper([theorem("drc-gaussian"), theorem("fano")], {"drc-gaussian": found}, ["Some things are left out."], "1.0")
    assert typeset(text, tmp_path) == []
    assert text.count(r"\includegraphics") == 3
    assert "Not confirmed" not in text
    assert r"\textbf{Not confirmed}" in paper(
        [theorem("drc-gaussian"), theorem("fano")], {"fano": Evidence(verdict="failed", points=1)}
    )
    for part in (
        r"$R = \tfrac{1}{4}$",
        "$-0.25$",
        "too low",
        "17 operating points",
        r"3.0 \cdot 10^{-16}",
        "Some things are left out",
        "refuted",
    ):
        assert part in text


def test_one_theorem_makes_a_short_paper(typeset, tmp_path):
    text = document([theorem("fano")])
    assert typeset(text, tmp_path) == []
    assert "abstract" not in text
    assert r"\section{The catalogue}" not in text
    assert "Gibbs" in text
    assert "Lemmas cited" in text


def test_long_awkward_and_partial_forms_compile(typeset, tmp_path):
    """A form that no theorem has: long sums, fractions, conditions and names, and regimes that are only bounds."""
    names = sp.symbols("R lambda_long_name w_F x_far sigma_X q_S1", positive=True)
    R, lam = names[:2]
    long_sum = sp.Add(*(sp.sqrt(a + b) * a**2 / (b + 3) for a in names for b in names))
    fraction = sp.Add(*names) ** 3 / sp.Add(*(a * b for a in names for b in names))
    parameters = tuple(
        Parameter(symbol=s, low=0.0, high=1.0, meaning="a_b 50% of {all} & more ~ ^ \\ < > | # $ é", draw=UNIFORM, unit="m^2")
        for s in names
    )
    regimes = (
        Regime(
            "a name that is far too long to stand beside anything at all, really",
            sp.And(*(a < b + 1 for a in names for b in names if a != b)),
            long_sum,
        ),
        Regime("below", (R > lam) | (R < fraction), fraction / 7, kind="lower"),
        Regime("infeasible", sp.true, sp.oo),
    )
    form = Form(
        value="R(D, C)", parameters=parameters, regimes=regimes, source="Someone 1999; another, Theorem 3", remark="no_remark <= 5%",
        definitions=(Definition(lam, sp.Piecewise((long_sum, R > 1), (fraction, True)), "a note with q_S1 >= 1 " * 6),),
    )  # fmt: skip
    sample = theorem("drc-gaussian")
    odd = Theorem(
        name="odd-one",
        title="A & b_c of 50%",
        problem=sample.problem,
        certified=form,
        derivation=sample.derivation,
        published=form,
    )
    text = document([odd, theorem("fano")])
    assert typeset(text, tmp_path) == []
    assert "at least" in text
    assert "lower bound there" in text
    assert "exact; lower bound in part" in text
