"""A form in the paper: its regimes in one display, each with its condition and name, then the definitions, a line each."""

from __future__ import annotations

import re
from typing import Final

import sympy as sp

from rdcsym.evaluate import Root
from rdcsym.form import Form, Regime
from rdcsym.latex import needed, regime_condition, regime_kind, render, render_definition
from rdcsym.latex_layout import bind, break_sum, unbreakable, width
from rdcsym.prose import prose

LINE: Final = 82.0  # letters of a formula that fit on a line of the paper
_RELATIONS: Final = {"tight": "=", "lower": r"\ge", "upper": r"\le"}


def statement(form: Form) -> str:
    """The display of the regimes and the definitions that they use."""
    relation = f"{form.value} {_RELATIONS[form.kind]} "
    if len(form.regimes) == 1 and form.regimes[0].condition == sp.true:
        parts = [formula(relation + render(form.regimes[0].value))]
    else:
        rows = r" \\[3pt] ".join(_regime(form, r, LINE - width(relation) - 4) for r in form.regimes)
        body = rf"{relation}\left\{{\begin{{array}}{{@{{}}l@{{\quad}}l@{{}}}} {rows} \end{{array}}\right."
        parts = [rf"\fit{{{body}}}"]
    definitions = needed(form)
    if definitions:
        parts.append(r"\noindent where" if len(definitions) > 1 else r"\noindent with")
    for definition in definitions:
        note = rf"\hspace{{1.2em}}{{\small({prose(definition.note)})}}" if definition.note else ""
        if isinstance(definition.value, Root):
            root = definition.value
            text = (
                rf"${render(definition.symbol)}$, the root in ${render(definition.value.variable)}$ of "
                if root.variable != definition.symbol
                else ""
            )
            text = text or rf"${render(definition.symbol)}$, the root of "
            line = (
                text
                + rf"$\displaystyle {bind(render(root.equation))} = 0$ in $[{render(root.low)},\, {render(root.high)}]${note}"
            )
            parts.append(rf"\defined{{{line}}}")
        else:
            parts.append(formula(render_definition(definition, note=False), note))
    return "\n".join(parts)


def formula(latex: str, note: str = "") -> str:
    """A formula on lines of its own: broken by LaTeX where it may break, shrunk only where it cannot."""
    if unbreakable(latex) > LINE:
        return rf"\fit{{{latex}}}{note}"
    return rf"\defined{{$\displaystyle {bind(latex)}${note}}}"


def _regime(form: Form, regime: Regime, room: float) -> str:
    """One regime: its value, its condition and its name; on several rows where one is too narrow."""
    value, condition = render(regime.value), regime_condition(form, regime)
    if regime.kind is not None and regime.kind != form.kind:
        value = rf"\text{{{'at least ' if regime.kind == 'lower' else 'at most '}}} {value}"
        condition += regime_kind(form, regime)
    name = rf"\text{{\small\itshape {_short(regime.name)}}}"
    if width(value) + width(condition) + 0.9 * len(regime.name) + 5 <= room:
        return rf"\displaystyle {value} & {condition} \quad {name}"
    lines = break_sum(value, room)
    below = break_sum(condition, room, conditions=True)
    if width(below[-1]) + 0.9 * len(regime.name) + 4 <= room:
        below[-1] += rf" \quad {name}"
    else:
        below.append(name)
    rows = [
        rf"\displaystyle {lines[0]}",
        *(rf"\displaystyle \quad {line}" for line in lines[1:]),
        *(rf"\quad {line}" for line in below),
    ]
    return r" \\ ".join(rf"\multicolumn{{2}}{{@{{}}l@{{}}}}{{{row}}}" for row in rows)


def _short(name: str) -> str:
    return prose(re.sub(r"\s+", " ", name))
