"""Formulas and prose as LaTeX: the field's names, brackets where they are needed, lines that can break."""

from __future__ import annotations

import pytest
import sympy as sp

from rdcsym import theorem, theorems
from rdcsym.form import Form, Regime
from rdcsym.information import gaussian_information, least_variance_ratio, squared_correlation
from rdcsym.latex import needed, render, render_lines, symbol_latex
from rdcsym.latex_layout import bind, break_sum, slim, unbreakable, width
from rdcsym.prose import escape, prose

x, y, C, S = sp.symbols("x y C s")


@pytest.mark.parametrize("name", theorems())
def test_a_statement_defines_every_symbol_it_uses(name):
    for form in filter(None, (theorem(name).certified, theorem(name).published)):
        lines = render_lines(form)
        assert len(lines) == 1 + len(needed(form))
        known = {p.symbol for p in form.parameters} | {d.symbol for d in needed(form)}
        used = {s for r in form.regimes for e in (r.condition, r.value) for s in sp.sympify(e).free_symbols}
        assert used <= known
        assert form.latex().count(r"\begin{aligned}") == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C_min", r"C_{\min}"), ("q_S1", "q_{S_1}"), ("x_plus", "x^+"), ("sigma_X", r"\sigma_X"), ("x_far", r"x_{\mathrm{far}}"),
        ("rho_S2", r"\rho_S^2"), ("lambda", r"\lambda"), ("s0", "s_0"), ("delta_D_max", r"\delta_{D,\mathrm{max}}"),
    ],
)  # fmt: skip
def test_names(name, shown):
    assert symbol_latex(name) == shown
    assert render(sp.Symbol(name)) == shown


def test_a_sum_as_an_argument_gets_brackets():
    assert render(squared_correlation(S - C)) == "(1 - 2^{-2 (s - C)})"
    assert "(s - C)" in render(gaussian_information(S - C))
    assert "-2 (s - C)" in render(least_variance_ratio(S - C))
    assert render(squared_correlation(C)) == "(1 - 2^{-2 C})"
    assert render(sp.sqrt(squared_correlation(C))) == r"\sqrt{1 - 2^{-2 C}}"


def test_a_quotient_of_logarithms_is_a_logarithm_to_base_2():
    p = sp.Symbol("p", positive=True)
    assert render(sp.log(p) / sp.log(2)) == r"\log_2 p"
    assert render(3 * sp.log(p + 1) / (2 * sp.log(2))) == r"\frac{3 \log_2(p + 1)}{2}"
    assert render(C * sp.log(2) / sp.log(p)) == r"\frac{C}{\log_2 p}"
    assert render(-x * (sp.log(p) - 2 * sp.log(p + 1)) / sp.log(2)) == r"- x (\log_2 p - 2 \log_2(p + 1))"
    assert render(sp.log(p)) == r"\ln p"
    assert render(C * sp.log(2)) == r"C \ln 2"
    assert render(x / sp.log(2)) == r"\frac{x}{\ln 2}"


def test_printing_changes_no_value():
    """What the printer folds is still the expression: the log2 node stands for a quotient of logarithms."""
    from rdcsym.latex import _fold_log2, _Log2

    p, q = sp.symbols("p q", positive=True)
    for e in (x * sp.log(p) / sp.log(2), sp.log(2) * x / sp.log(p), (y * sp.log(p) - sp.log(q) / 3) * x / sp.log(2)):
        assert sp.simplify(_fold_log2(e).replace(_Log2, lambda z: sp.log(z) / sp.log(2)) - e) == 0


def test_a_fraction_in_a_fraction_is_written_with_a_slash():
    a, b = sp.symbols("a1 b1")
    shown = render((x + a / b) / (1 - y))
    assert shown.count(r"\frac") == 1
    assert r"\big/" in shown
    assert render(x * (a / b + 1)).count(r"\frac") == 1


def test_brackets_grow_only_around_what_is_tall():
    assert slim(r"\left(a + \left[b\right]\right)") == "(a + [b])"
    assert slim(r"\left(\frac{a}{b} + \left(c\right)\right)") == r"\left(\frac{a}{b} + (c)\right)"
    assert slim(r"f\!\left(x\right)") == "f(x)"
    assert slim(r"\left|{p - q}\right|") == r"\lvert p - q\rvert "
    assert slim(r"\left(a") == r"\left(a"


def test_width_and_breaks():
    assert width("a + b") < width("a + b + c")
    assert width(r"\frac{a}{b + c}") < width("a / (b + c)")
    assert unbreakable("a + b + c + d") < width("a + b + c + d") / 2
    assert unbreakable(r"\frac{a + b + c}{d}") > unbreakable("a + b + c")
    assert bind("x (1 - q) (a + b + c + d + e + f)") == "x {(1 - q)} (a + b + c + d + e + f)"
    assert break_sum("a + b - c", 7) == ["a + b", "- c"]
    assert break_sum("(a + b)", 2) == ["(a + b)"]
    assert break_sum(r"x < 1 \text{ and } y < 2", 8, conditions=True) == ["x < 1", r"\text{ and } y < 2"]


def test_a_regime_that_is_only_a_bound_says_so():
    R = sp.Symbol("R", positive=True)
    regimes = (Regime("far", R > 1, sp.Integer(2), kind="lower"), Regime("near", sp.true, R))
    form = Form(value="D(R)", parameters=(), definitions=(), regimes=regimes, source="a test")
    assert "lower bound there" in render_lines(form)[0]
    form = Form(value="D(R)", parameters=(), definitions=(), regimes=regimes, source="a test", kind="lower")
    assert "bound there" not in render_lines(form)[0]
    assert r"D(R) \ge" in render_lines(form)[0]


def test_escapes():
    assert escape("50% of a_b & {c} < d") == r"50\% of a\_b \& \{c\} $<$ d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("H(S|Y) <= C", r"$H(S|Y) \le  C$"),
        ("the weight of q_S1 is at most 1", "the weight of $q_{S_1}$ is at most 1"),
        ("the label's rate", "the label's rate"),
        ("one-shot code", "one-shot code"),
        ("active-C regimes", "active-$C$ regimes"),
        ("a rate <= that of the form", r"a rate $\le$ that of the form"),
        ("8 x 8 digits of 1959", "8 x 8 digits of 1959"),
        ("σ_X ≤ 1 and 50% {sure}", r"$\sigma_X \le  1$ and 50\% \{sure\}"),
        ("t - log t = 2P + 1", r"$t - \log  t = 2P + 1$"),
        ("sqrt(E (X-Y)^2)", r"$\sqrt{\mathrm{E}\, (X-Y)^{2}}$"),
        ("Cover and Thomas, Theorem 10.3.1", "Cover and Thomas, Theorem 10.3.1"),
        ("E ||X - Y||^2 of it", r"$E$ $\lVert X - Y \rVert^2$ of it"),
        ("KL(p_Y || p_X)", r"$\mathrm{KL}(p_Y \,\|\, p_X)$"),
        ("the |covariance|", r"the \textbar{}covariance\textbar{}"),
        ("C:\\path_with_parts ~ ^", None),
        ("((x", None),
        ("", ""),
    ],
)
def test_prose(text, shown):
    made = prose(text)
    assert made.count("$") % 2 == 0
    assert made.count("{") - made.count(r"\{") == made.count("}") - made.count(r"\}")
    if shown is not None:
        assert made == shown


def test_prose_of_the_catalogue_is_balanced():
    for name in theorems():
        t = theorem(name)
        texts = [t.title, t.source, t.certified.remark, *(s.claim for s in t.derivation), *(p.meaning for p in t.parameters)]
        for text in texts:
            made = prose(text)
            assert made.count("$") % 2 == 0, text
            assert "\\_{" not in made, text
