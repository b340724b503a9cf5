"""A formula as text or LaTeX: what is read, what it means, and that nothing else gets through."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import sympy as sp
from scipy.special import lambertw

from rdcsym import InputError, theorem, theorems
from rdcsym.conjecture import claim, vocabulary
from rdcsym.evaluate import Root
from rdcsym.form import Definition, Parameter, Regime
from rdcsym.formula import parse_condition, parse_text
from rdcsym.formula_build import Vocabulary
from rdcsym.formula_latex import looks_like_latex, parse_latex, parse_latex_condition
from rdcsym.latex import render_lines
from rdcsym.operating_points import each, random_points, valid
from rdcsym.precise import precise_value

POINT = {"R": 0.5, "C": 0.75, "q_X": 0.3, "q_Y": 0.4, "q_S1": 0.1}
GAUSS = {"R": 1.5, "C": 2.0, "mu_X": 0.25, "sigma_X": 2.0, "mu_Y": -0.5, "sigma_Y": 1.5, "sigma_S": 1.0, "theta": 0.5}
H = -0.3 * math.log2(0.3) - 0.7 * math.log2(0.7)


def value(text, name="drc-bernoulli-oneshot", point=POINT):
    """In many digits; and float64 must agree."""
    made = claim(theorem(name), text)
    precise = made.exact_value(point)
    quick = float(made.values({n: np.array([x]) for n, x in point.items()})[0])
    assert quick == pytest.approx(precise, rel=1e-12, nan_ok=True)
    return precise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/4 + .5*2e-1", 0.35),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2**-1", 0.5),
        ("q_X*R", 0.15),
        ("D(R, C) = R", 0.5),
        ("H_b(q_X)", H),
        ("binary_entropy(q_X)", H),
        ("log(2)", math.log(2)),
        ("ln(E)", 1),
        ("log2(8) + log10(100) + log(27, 3)", 8),
        ("exp(1) - E", 0),
        ("sqrt(2)*sqrt(2)", 2),
        ("Max(R, C, 1/8) - Min(R, C)", 0.25),
        ("abs(q_X - q_Y) + sign(-R)", -0.9),
        ("LambertW(-exp(-2*R - 1))", -0.15859433956303937),
        ("pi - pi", 0),
        ("oo", math.inf),
        ("kappa", 0.6 / 0.7),
        ("1 if R < 1/4 else 2 if C <= 3/4 else 3", 2),
        ("Piecewise((1, R > 1), (2, (C > 1/2) & ~(q_X >= 1/2)), (3, True))", 2),
        ("Piecewise((1, Or(R > 1, Not(And(C > 1/2, R == 1/2)))), (2, True))", 2),
        ("Piecewise((1, R > 1))", math.nan),
        ("3*Piecewise((q_X, 0 < R <= 1/2), (oo, True)) + 1", 1.9),
        ("s = 2*R; t = s + 1\n s*t", 2),
        ("q = R; q", 0.5),  # an own definition may hide one of the theorem
        ("sqrt(q_X - q_Y)", math.nan),
    ],
)
def test_text_means_what_it_says(text, expected):
    assert value(text) == pytest.approx(expected, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\sigma_X^2 2^{-2R}", 4 * 2**-3),
        (r"\sigma_{X}^{2} \cdot 2^{- 2 R}", 0.5),
        (r"\tfrac12\log_2\frac{\sigma_X^2}{\sigma_Y^2}", 0.5 * math.log2(4 / 2.25)),
        (r"\frac{1}{2}\log_{2} 2\pi e \sigma_Y^2", 0.5 * math.log2(2 * math.pi * math.e * 2.25)),
        (r"\log{\left(\sigma_X \right)}^{2}", math.log(2) ** 2),
        (r"\ln^2(\sigma_X)", math.log(2) ** 2),
        (r"|\mu_X - \mu_Y| + \left|\mu_Y\right| + \lvert -R \rvert", 0.75 + 0.5 + 1.5),
        (r"\sqrt[3]{8} + \sqrt{4}", 4),
        (r"\min\left(R, C\right) + \max\{R, C, 3\}", 4.5),
        (r"\max(0, 1-R)", 0),
        (r"\left(-W_0\!\left(-e^{-2 R - 1}\right)\right)", -lambertw(-math.exp(-4)).real),
        (r"H_b\!\left(\frac{1}{4}\right) - H_b(1/4)", 0),
        (r"h(S) - h(S)", 0),
        (r"\rho_S^2", 0.0625),
        (r"\rho_S^{2}", 0.0625),
        (r"\bar\rho + \rho - \bar{\rho}", math.sqrt(1 - 2**-3)),
        (r"\begin{cases} 1 & \text{if } R < 1 \\ 2, & C \ge 2 \wedge 0 < R \le \frac32 \\ 3 & \text{otherwise} \end{cases}", 2),
        (r"\begin{cases} 1, & R > 2 \vee C > 3 \\ \infty, & \text{else.} \end{cases}", math.inf),
        (r"1 + 2 \begin{cases} R & R > 1 \\ 0 & \text{otherwise} \end{cases}", 4),
        (r"D(R,C) = \frac12 R", 0.75),
        (r"\begin{aligned} D &= a^2 \\ a &= 2 R \quad \text{(twice = two times)} \end{aligned}", 9),
        (r"\begin{aligned} D(R, C) &= z \\ z &= \text{root of } x^2 - R = 0 \text{ in } \left[0,\ 2\right] \end{aligned}", math.sqrt(1.5)),
        (r"2 \times 3 / 4", 1.5),
        (r"R(1 + R)", 3.75),
    ],
)  # fmt: skip
def test_latex_means_what_it_says(text, expected):
    made = claim(theorem("drc-gaussian"), text if looks_like_latex(text) else rf"{text}\,")
    assert made.exact_value(GAUSS) == pytest.approx(expected, rel=1e-12)


TEXTUAL = [n for n in theorems() if not any(p.vector for p in theorem(n).parameters)]
FORMS = [(n, which) for n in TEXTUAL for which in ("certified", "published") if getattr(theorem(n), which) is not None]


@pytest.mark.parametrize(("name", "which"), FORMS)
def test_the_catalogue_reads_its_own_latex(name, which):
    """Statement with its definitions, for every form: read back, it has the form's values at random points."""
    form = getattr(theorem(name), which)
    read = parse_latex(form.latex(), vocabulary(theorem(name)))
    assert read.relation == {"tight": "=", "lower": ">=", "upper": "<="}[form.kind]
    regimes = tuple(Regime(f"case {i}", c, v) for i, (v, c) in enumerate(read.cases))
    again = dataclasses.replace(form, regimes=regimes, definitions=(*theorem(name).certified.definitions, *read.definitions))
    points = valid(form, random_points(form, 40, np.random.default_rng(0)))
    for point in each(points):
        if abs(point.get("theta", 0.0)) > (1 - 1e-12) * point.get("sigma_S", np.inf) * point.get("sigma_X", 1.0):
            continue  # rounding may carry rho_S^2 above 1, which the form forgives and its text does not
        expected, unit = precise_value(form, point), float(form.quantity(form.unit, **point).flat[0])
        assert precise_value(again, point) == pytest.approx(expected, rel=1e-9, abs=1e-9 * unit), point


@pytest.mark.parametrize("name", TEXTUAL)
def test_the_statement_alone_is_read_with_the_theorem_s_definitions(name):
    form = theorem(name).certified
    made = claim(theorem(name), render_lines(form)[0], {"tight": "exact"}.get(form.kind, form.kind))
    points = valid(form, random_points(form, 200, np.random.default_rng(1)))
    np.testing.assert_allclose(made.values(points), form.evaluate(**points), rtol=1e-9, atol=1e-12)


ATTACKS = {
    "a call of the system": "__import__('os').system('x')",
    "an attribute": "q_X.real",
    "a dunder": "().__class__.__bases__",
    "lambda": "lambda x: x",
    "a comprehension": "[x for x in (1, 2)]",
    "a generator": "Max(x for x in (1, 2))",
    "an assignment": "(R := 3)",
    "eval": "eval('1')",
    "open": "open('f')",
    "a string": "'a'*9999999999",
    "an f-string": "f'{R}'",
    "a keyword": "Max(R, key=1)",
    "a star": "Max(*R)",
    "an index": "R[0]",
    "a shift": "1 << 9999999999",
    "a remainder": "R % 2",
    "await": "await R",
    "a null byte": "R\x00",
    "a tower of powers": "9**9**9**9",
    "a power of a power": "(9**999)**999",
    "a power in disguise": "exp(log(10)*1000000000)",
    "a root of a huge power": "2^(1000000001/2)",
    "a huge power of a product": "(2*R)^1000000000",
    "a huge number": "1e999",
    "many huge numbers": "1e99*1e99*1e99*1e99",
    "many digits": "9"*4500,
    "other numbers": "0x10 + 1_000 + 1j",
    "a long text": "R + "*2000 + "R",
    "deep brackets": "("*2000 + "1" + ")"*2000,
    "deep functions": "sqrt("*90 + "R" + ")"*90,
    "a deep power": "2**"*1500 + "2",
    "deep signs": "-"*4000 + "1",
    "deep negations": "not "*1000 + "1",
    "many terms": "+".join(["1"]*2500),
    "a division by zero": "1/0",
    "an imaginary number": "sqrt(-1)",
    "an unknown name": "q_Z + 1",
    "an unknown function": "gamma(R)",
    "a condition for a value": "R < C",
    "a value for a condition": "R & C",
    "half a formula": "R +",
    "nothing": " ",
    "a missing definition": "R; C",
    "a parameter defined anew": "R = 1; R",
    "one name twice": "s = 1; s = 2; s",
    "too many arguments": "sqrt(R, C)",
    "no arguments": "Max()",
    "a sum without vectors": "sum(R)",
    "cases that are none": "Piecewise(1, 2)",
    "an unknown LaTeX command": r"\input{/etc/passwd}",
    "LaTeX that writes": r"\write18{x}",
    "a LaTeX definition": r"\def\x{1} \x",
    "an open brace": r"\frac{1}{2",
    "an open bar": r"|\mu",
    "cases left open": r"\begin{cases} 1 & R < 1",
    "another environment": r"\begin{verbatim} 1 \end{verbatim}",
    "an ambiguous exponent": r"\frac{R}{2}^12",
    "deep LaTeX": r"\sqrt{"*2000 + "R" + "}"*2000,
    "long LaTeX": r"\alpha"*9000,
    "a LaTeX tower": r"{9^{9^{9^{9}}}}",
    "LaTeX without an end": r"\frac{1}",
    "a case without its condition": r"\begin{cases} 1 \\ 2 & R < 1 \end{cases}",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_everything_else_is_one_line_that_says_where(attack, monkeypatch):
    monkeypatch.setattr("builtins.eval", None)
    monkeypatch.setattr("builtins.exec", None)
    monkeypatch.setattr(sp, "sympify", _refuse_text(sp.sympify))
    with pytest.raises(InputError) as caught:
        claim(theorem("drc-bernoulli-oneshot"), ATTACKS[attack])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    with pytest.raises(InputError):
        claim(theorem("drc-bernoulli-oneshot"), "R", where=ATTACKS[attack].replace("R < C", "R"))


def _refuse_text(sympify):
    """sympify of a text would run it."""

    def guarded(value, *arguments, **keywords):
        assert not isinstance(value, str), value
        return sympify(value, *arguments, **keywords)

    return guarded


@pytest.mark.parametrize(
    ("text", "position"), [("R + q_Z", 5), ("R + 2*foo(R)", 7), (r"\sigma_X + R", 1), (r"R + \foo", 5), ("s = 2; R + é", 12)]
)
def test_an_error_names_the_position(text, position):
    with pytest.raises(InputError, match=f"at character {position},"):
        claim(theorem("drc-bernoulli-oneshot"), text)


def test_a_bound_must_be_claimed_as_one():
    with pytest.raises(InputError, match="claim lower"):
        claim(theorem("fano"), "P_e(C) >= C/8")
    assert claim(theorem("fano"), r"P_e(C) \ge \frac{C}{8}", "lower").kind == "lower"
    with pytest.raises(InputError, match="kind of claim"):
        claim(theorem("fano"), "C", "tight")


def test_conditions():
    known = vocabulary(theorem("drc-bernoulli-oneshot"))
    text, latex = parse_condition("R < 1 & C > 0 | R == 2", known), parse_latex_condition(r"R < 1 \wedge C > 0 \vee R = 2", known)
    assert text.cases == latex.cases
    with pytest.raises(InputError, match="condition"):
        parse_condition("R + 1", known)


def test_vectors_are_summed():
    x = sp.Symbol("sigma_X")
    vectors = Vocabulary((Parameter(symbol=x, low=0, high=1, meaning="x", draw=sp.Symbol("u"), vector=True),))
    assert parse_text("sum(sigma_X^2) + 1", vectors).cases
    for bad in ("sigma_X + 1", "sum(2)", "sum(sum(sigma_X))"):
        with pytest.raises(InputError, match="vector"):
            parse_text(bad, vectors)


def test_a_value_in_many_digits():
    """Where float64 cancels, the value is still right; conditions are read exactly; what is undefined is nan."""
    made = claim(theorem("drc-gaussian"), "sigma_X^2 + sigma_Y^2 - 2*sigma_X*sigma_Y*sqrt(1 - 2^(-2*R))")
    equal = {**GAUSS, "R": 40.0, "sigma_X": 2.0, "sigma_Y": 2.0}
    assert made.exact_value(equal) == pytest.approx(4 * 2.0**-80, rel=1e-9, abs=0)
    undefined = claim(theorem("drc-gaussian"), "Piecewise((1, sqrt(mu_Y) < 1), (2, True))")
    assert math.isnan(undefined.exact_value(GAUSS))
    form = theorem("drc-gaussian").certified
    root = dataclasses.replace(
        form, definitions=(Definition(sp.Symbol("z"), Root(sp.Symbol("x"), sp.Symbol("x") ** 3 - sp.Symbol("R"), sp.S.Zero, sp.Integer(9))),),
        regimes=(Regime("z", sp.true, sp.Symbol("z")),),
    )  # fmt: skip
    assert precise_value(root, GAUSS) == pytest.approx(1.5 ** (1 / 3), rel=1e-14)


@pytest.mark.parametrize("name", TEXTUAL)
def test_many_digits_agree_with_float64(name):
    form = theorem(name).certified
    points = valid(form, random_points(form, 25, np.random.default_rng(2)))
    unit = form.quantity(form.unit, **points)
    for point, expected, size in zip(each(points), form.evaluate(**points), unit, strict=True):
        assert precise_value(form, point) == pytest.approx(expected, rel=1e-4, abs=1e-9 * size)
