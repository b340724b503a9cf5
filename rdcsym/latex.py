"""Forms and derivations to LaTeX that compiles with amsmath alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from rdcsym.evaluate import Root

if TYPE_CHECKING:
    from rdcsym.form import Definition, Form
    from rdcsym.theorem import Theorem

_NAMES = {
    "C_min": r"C_{\min}",
    "D_ind": r"D_{\mathrm{ind}}",
    "D_tradeoff": r"D_{\mathrm{tr}}",
    "w_max": r"w_{\max}",
    "rho_bar": r"\bar\rho",
    "rho_S2": r"\rho_S^2",
    "q_S1": r"q_{S_1}",
    "h_S": r"h(S)",
    "P_e": r"P_e",
    "nu_S": r"\nu_S",
    "h": r"h_X",
    "a": r"h_{S|X}",
    "b": r"h_S",
    "h_X": r"h(X)",
    "sigma_X": r"\sigma_X",
    "sigma_Y": r"\sigma_Y",
    "sigma_S": r"\sigma_S",
    "H_plus": r"H^+",
    "H_minus": r"H^-",
    "x_plus": r"x^+",
    "x_minus": r"x^-",
    "r_plus": r"r^+",
    "r_minus": r"r^-",
}


def render(expression: Any) -> str:
    """An expression as LaTeX, with the project's names for its symbols."""
    expression = sp.sympify(expression)
    names = {s: _NAMES[s.name] for s in expression.free_symbols if s.name in _NAMES}
    return str(sp.latex(expression, symbol_names=names))


def render_lines(form: Form) -> list[str]:
    """The statement, then each definition that it needs, as separate formulas."""
    cases = [rf"{render(r.value)} & \text{{if }} {render(r.condition)}" for r in form.regimes]
    if form.regimes and form.regimes[-1].condition == sp.true:
        cases[-1] = rf"{render(form.regimes[-1].value)} & \text{{otherwise}}"
    if len(cases) == 1 and form.regimes[0].condition == sp.true:
        statement = render(form.regimes[0].value)
    else:
        statement = r"\begin{cases} " + r" \\ ".join(cases) + r" \end{cases}"
    relation = {"tight": "=", "lower": r"\ge", "upper": r"\le"}[form.kind]
    return [f"{form.value} {relation} {statement}", *(_definition(d) for d in needed(form))]


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


def _definition(definition: Definition) -> str:
    name, value = render(definition.symbol), definition.value
    if isinstance(value, Root):
        text = rf"{name} = \text{{root of }} {render(value.equation)} = 0 \text{{ in }} "
        return text + rf"\left[{render(value.low)},\ {render(value.high)}\right]"
    note = rf" \quad \text{{({definition.note})}}" if definition.note else ""
    return f"{name} = {render(value)}{note}"


def escape(text: str) -> str:
    """Plain text made safe for LaTeX."""
    table = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "|": r"\textbar{}"}
    table |= {c: "\\" + c for c in "&%$#_{}"} | {"<": r"$<$", ">": r"$>$"}
    return "".join(table.get(c, c) for c in text)


def document(theorems: list[Theorem]) -> str:
    """A LaTeX document (amsmath only) that states the theorems, the published forms and the steps of each derivation."""
    parts = [_PREAMBLE]
    for theorem in theorems:
        parts += [rf"\section*{{\texttt{{{escape(theorem.name)}}}}}", escape(theorem.title) + ". " + escape(theorem.source)]
        parts.append(_display(theorem.certified))
        if theorem.published is not None:
            parts += [r"\paragraph{Published form.} " + escape(theorem.published.source), _display(theorem.published)]
            parts.append(escape(theorem.published.remark))
        parts.append(r"\paragraph{Derivation.}\begin{itemize}")
        for step in theorem.derivation:
            formula = step.latex()
            shown = rf": {{\small $\displaystyle {formula}$}}" if formula else ""
            where = f"[{escape(step.regime)}] " if step.regime else ""
            parts.append(rf"\item {{{where}}}\emph{{{step.kind}}}: {escape(step.claim)}{shown}")
        parts.append(r"\end{itemize}")
    return "\n".join([*parts, r"\end{document}", ""])


def _display(form: Form) -> str:
    # A wide formula shrinks to the page instead of running off it.
    return "\n".join(rf"\fit{{{line}}}" for line in render_lines(form))


_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage{amsmath,amssymb,graphicx}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}\raggedright\sloppy
\newsavebox{\fitbox}
\newcommand{\fit}[1]{\par\smallskip\sbox{\fitbox}{$\displaystyle #1$}%
  \ifdim\wd\fitbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\fitbox}}\else\usebox{\fitbox}\fi\par\smallskip}
\begin{document}"""
