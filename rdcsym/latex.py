"""Formulas as LaTeX that compiles with amsmath alone: expressions with the field's names, and the statement of a form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import sympy as sp
from sympy.printing.latex import LatexPrinter, tex_greek_dictionary

from rdcsym.evaluate import Root
from rdcsym.latex_layout import slim, width

if TYPE_CHECKING:
    from rdcsym.form import Definition, Form, Regime

_NAMES: Final = {
    "C_min": r"C_{\min}",
    "D_ind": r"D_{\mathrm{ind}}",
    "D_tradeoff": r"D_{\mathrm{tr}}",
    "w_max": r"w_{\max}",
    "rho_bar": r"\bar\rho",
    "rho_S2": r"\rho_S^2",
    "Rc": "R_c",
    "h_S": r"h(S)",
    "h": r"h_X",
    "a": r"h_{S|X}",
    "b": r"h_S",
    "h_X": r"h(X)",
    "eps": r"\varepsilon",
    "inf": r"\infty",
}
_SIGNS: Final = {"plus": "+", "minus": "-", "star": r"*"}
GREEK: Final = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi",
    "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi",
    "Omega",
})  # fmt: skip

_LONGEST_FRACTION: Final = 62.0  # letters; a longer one is written with a slash, so that it can break
_RELATIONS: Final = {"tight": "=", "lower": r"\ge", "upper": r"\le"}
_BOUND_THERE: Final = {"tight": "exact there", "lower": "lower bound there", "upper": "upper bound there"}


def symbol_latex(name: str) -> str:
    """A symbol's name, as it stands in the source, as LaTeX: q_S1, rho_bar, x_plus."""
    if name in _NAMES:
        return _NAMES[name]
    head, *rest = name.split("_")
    power = "".join(_SIGNS[r] for r in rest if r in _SIGNS)
    below = ",".join(_part(r) for r in rest if r not in _SIGNS)
    return (
        _part(head, subscript=False)
        + (f"_{{{below}}}" if len(below) > 1 else f"_{below}" if below else "")
        + (f"^{power}" if power else "")
    )


def _part(text: str, subscript: bool = True) -> str:
    if text in GREEK:
        return "\\" + text
    if text in tex_greek_dictionary:
        return str(tex_greek_dictionary[text])
    split = re.fullmatch(r"([A-Za-z]+?)(\d+)", text)
    if split:
        return f"{_part(split[1], subscript)}_{{{split[2]}}}" if len(split[2]) > 1 else f"{_part(split[1], subscript)}_{split[2]}"
    short = len(text) == 1 or text.isdigit() or (len(text) == 2 and text.isupper())
    return text if short else rf"\mathrm{{{text}}}"


class _Log2(sp.Function):
    """log2(x), for printing only."""


class _Printer(LatexPrinter):
    """SymPy's printer with the field's habits: log_2, a sum that begins with a positive term, small brackets."""

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return symbol_latex(str(expr.name))

    def _print__Log2(self, expr: Any, exp: str | None = None) -> str:
        return self._logarithm(r"\log_2", expr.args[0], exp)

    def _print_log(self, expr: Any, exp: str | None = None) -> str:
        return self._logarithm(r"\ln", expr.args[0], exp)

    def _logarithm(self, name: str, argument: Any, exp: str | None) -> str:
        inner = str(self._print(argument))
        simple = argument.is_Symbol or (argument.is_Integer and argument >= 0) or (inner.startswith(r"\frac") and argument.is_Mul)
        body = f"{name} {inner}" if simple else rf"{name}\left({inner}\right)"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body

    def _as_ordered_terms(self, expr: Any, order: str | None = None) -> list[Any]:
        terms = list(super()._as_ordered_terms(expr, order=order))
        first = next((i for i, t in enumerate(terms) if not t.could_extract_minus_sign()), 0)
        return [terms[first], *terms[:first], *terms[first + 1 :]]

    def _print_Mul(self, expr: Any) -> str:
        folded = _fold_log2(expr) if expr.is_Mul else expr  # SymPy asks for fractions like 1/x here too
        if folded is not expr and not folded.is_Mul:
            return str(self._print(folded))
        shown = str(super()._print_Mul(folded))
        if shown.count(r"\frac") > 1 or (r"\frac" in shown and width(shown) > _LONGEST_FRACTION):
            sign, positive = ("- ", -folded) if folded.could_extract_minus_sign() else ("", folded)
            above, below = sp.fraction(positive, exact=True)
            if above == 1 or below.is_Number:
                return shown
            parts = [str(self._print(x)) for x in (above, below)]
            if any(r"\frac" in part for part in parts) or width(shown) > _LONGEST_FRACTION:
                return f"{sign}{_grouped(above, parts[0])} \\big/ {_grouped(below, parts[1], True)}"
        return shown

    def _print_Pow(self, expr: Any) -> str:
        if expr.exp == sp.Rational(1, 2):
            return rf"\sqrt{{{_bare(str(self._print(expr.base)))}}}"
        return str(super()._print_Pow(expr))

    def _print_Piecewise(self, expr: Any) -> str:
        when = [r"\text{otherwise}" if c == sp.true else r"\text{if } " + str(self._print(c)) for _, c in expr.args]
        rows = [f"{self._print(v)} & {w}" for (v, _), w in zip(expr.args, when, strict=True)]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_And(self, expr: Any) -> str:
        return r" \text{ and } ".join(self._side(a) for a in sorted(expr.args, key=sp.default_sort_key))

    def _print_Or(self, expr: Any) -> str:
        return r" \text{ or } ".join(self._side(a) for a in sorted(expr.args, key=sp.default_sort_key))

    def _side(self, part: Any) -> str:
        shown = str(self._print(part))
        return rf"\left({shown}\right)" if isinstance(part, sp.And | sp.Or) else shown


def _grouped(expression: Any, shown: str, below: bool = False) -> str:
    """A numerator or denominator for a slash: a sum, and a product below it, in brackets."""
    size = "Big" if r"\frac" in shown else "big"
    return rf"\{size}l( {shown} \{size}r)" if expression.is_Add or (below and expression.is_Mul) else shown


def _bare(latex: str) -> str:
    """Without the one pair of brackets that encloses all of it, if there is one."""
    if not (latex.startswith(r"\left(") and latex.endswith(r"\right)")):
        return latex
    inner = latex[len(r"\left(") : -len(r"\right)")]
    depth = 0
    for match in re.finditer(r"\\(left|right)(?![a-z])", inner):
        depth += 1 if match[1] == "left" else -1
        if depth < 0:
            return latex
    return inner


def _fold_log2(product: Any) -> Any:
    """A product with log(x)/log(2), or its inverse, written with log2."""
    two, args = sp.log(2), list(product.args)
    for power in (1, -1):
        if sp.Pow(two, -power) not in args:
            continue
        for i, arg in enumerate(args):
            base = arg if power == 1 else (arg.base if arg.is_Pow and arg.exp == -1 else None)
            if base is None or base == two or not _logarithmic(base):
                continue
            args[i] = _to_log2(base) ** power
            args.remove(sp.Pow(two, -power))
            return sp.Mul(*args)
    return product


def _logarithmic(expression: Any) -> bool:
    """Whether it is a logarithm, or a sum each term of which has one as a factor."""
    if isinstance(expression, sp.log):
        return True
    if expression.is_Add:
        return all(any(isinstance(f, sp.log) and f != sp.log(2) for f in sp.Mul.make_args(t)) for t in expression.args)
    return False


def _to_log2(expression: Any) -> Any:
    if isinstance(expression, sp.log):
        return _Log2(expression.args[0])
    terms = []
    for term in expression.args:
        factors = list(sp.Mul.make_args(term))
        i = next(i for i, f in enumerate(factors) if isinstance(f, sp.log) and f != sp.log(2))
        terms.append(sp.Mul(*factors[:i], _Log2(factors[i].args[0]), *factors[i + 1 :]))
    return sp.Add(*terms)


def render(expression: Any) -> str:
    """An expression as LaTeX, with the project's names for its symbols."""
    shown = slim(str(_Printer().doprint(sp.sympify(expression))))
    return shown.replace(r"\arg\min", r"\operatorname{argmin}").replace(r"\arg\max", r"\operatorname{argmax}")


def render_lines(form: Form) -> list[str]:
    """The statement, then each definition that it needs, as separate formulas."""
    if len(form.regimes) == 1 and form.regimes[0].condition == sp.true:
        statement = render(form.regimes[0].value)
    else:
        rows = [f"{regime_value(form, r)} & {regime_condition(form, r)}{regime_kind(form, r)}" for r in form.regimes]
        statement = r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
    return [f"{form.value} {_RELATIONS[form.kind]} {statement}", *(render_definition(d) for d in needed(form))]


def regime_value(form: Form, regime: Regime) -> str:
    """A regime's expression."""
    return render(regime.value)


def regime_condition(form: Form, regime: Regime) -> str:
    r"""A regime's condition, with its "if"; "otherwise" for the last that always holds."""
    if regime.condition == sp.true and len(form.regimes) > 1:
        return r"\text{otherwise}"
    return rf"\text{{if }} {render(regime.condition)}"


def regime_kind(form: Form, regime: Regime) -> str:
    """What to say where a regime's kind is not the form's: "(lower bound there)"."""
    differs = regime.kind is not None and regime.kind != form.kind
    return rf"\ \text{{ ({_BOUND_THERE[regime.kind or form.kind]})}}" if differs else ""


def render_form(form: Form) -> str:
    """The whole form as one display (an `aligned`; put it between dollar signs or in an equation)."""
    lines = [line.replace(" = ", " &= ", 1) if " = " in line else "& " + line for line in render_lines(form)]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def needed(form: Form) -> list[Definition]:
    """The definitions that the regimes use, directly or through others, in order."""
    used = {s.name for r in form.regimes for e in (r.condition, r.value) for s in sp.sympify(e).free_symbols}
    kept: list[Definition] = []
    for definition in reversed(form.definitions):
        if definition.symbol.name in used:
            kept.append(definition)
            value = definition.value
            parts = (value.equation, value.low, value.high) if isinstance(value, Root) else (value,)
            used |= {s.name for part in parts for s in sp.sympify(part).free_symbols}
    return kept[::-1]


def render_definition(definition: Definition, note: bool = True) -> str:
    """A definition as one formula; its note behind it, as text, unless the caller sets that itself."""
    name, value = render(definition.symbol), definition.value
    said = rf" \quad \text{{({definition.note})}}" if note and definition.note else ""
    if isinstance(value, Root):
        text = rf"{name} = \text{{root of }} {render(value.equation)} = 0 \text{{ in }} "
        return text + rf"[{render(value.low)},\ {render(value.high)}]" + said
    return f"{name} = {render(value)}{said}"
