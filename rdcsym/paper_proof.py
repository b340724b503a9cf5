"""A derivation in the paper: regime by regime and case by case, each step with its kind, as the machine checked it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import sympy as sp

from rdcsym.latex import render
from rdcsym.latex_layout import bind, slim, unbreakable, width
from rdcsym.paper_statement import LINE
from rdcsym.proof import Case, Derivation, Identity, Lemma, Sign, Step
from rdcsym.prose import prose

_INLINE: Final = 34.0  # letters: a formula no wider stands in the line of its claim
_TALL: Final = (r"\frac", r"\int", r"\sum", r"\begin")


def derivation(steps: Derivation, lemmas: Sequence[tuple[str, str]]) -> str:
    """The proof. `lemmas`: the cited ones of the whole paper, as (claim, source), in the order of their numbers."""
    kinds = Counter(step.kind for step in steps if step.is_proof)
    counted = ", ".join(f"{n} {kind if n == 1 else _plural(kind)}" for kind, n in kinds.items())
    cited = len(steps.lemmas)
    head = rf"\paragraph{{Proof, as checked.}} {sum(kinds.values())} steps ({counted}) were checked by computer algebra"
    head += f"; {cited} cited lemma{'s' * (cited != 1)}." if cited else "."
    parts = [head, r"{\small"]
    for regime in dict.fromkeys(step.regime for step in sorted(steps, key=lambda s: bool(s.regime))):
        name = rf"In the regime \emph{{{prose(regime)}}}." if regime else "For all regimes."
        parts += [rf"\proofpart{{{name}}}", *_blocks([step for step in steps if step.regime == regime], lemmas)]
    return "\n".join([*parts, r"\qed\par}"])


def _blocks(steps: Sequence[Step], lemmas: Sequence[tuple[str, str]]) -> list[str]:
    """The steps of one regime, each case with those that follow it."""
    parts: list[str] = []
    plain: list[str] = []
    for step in steps:
        if isinstance(step, Case):
            parts += _immediate(plain)
            plain = []
            parts.append(_case(step))
        elif _trivial(step):
            plain.append(step.claim)
        else:
            parts.append(_step(step, lemmas))
    return parts + _immediate(plain)


def _case(case: Case) -> str:
    assumed = [_assumption(g, r"\ge") for g in case.given] + [_assumption(p, ">") for p in case.positive]
    claim = "" if case.claim == "assume" else f" ({prose(case.claim)})"
    value = sp.sympify(case.value)
    shown = render(value)
    style = r"\displaystyle " if r"\frac" in shown else ""
    aim = (
        "no code meets the budgets"
        if value == sp.oo
        else f"the value is ${style}{bind(shown)}$"
        if unbreakable(shown) < LINE
        else "the value is the form's"
    )
    return rf"\prooftext{{\textbf{{Case}}{claim}. Assume {', '.join(assumed)}. To show: {aim}.}}" if assumed else (
        rf"\prooftext{{\textbf{{Case}}{claim}. To show: {aim}.}}"
    )  # fmt: skip


def _assumption(expression: object, relation: str) -> str:
    shown = render(expression)
    style = r"\displaystyle " if r"\frac" in shown else ""  # no tiny fractions
    return f"${style}{bind(shown)} {relation} 0$"


def _step(step: Step, lemmas: Sequence[tuple[str, str]]) -> str:
    if isinstance(step, Lemma):
        number = lemmas.index((step.claim, step.source)) + 1
        return rf"\proofstep{{cited}}{{{prose(step.claim)} (Lemma~\ref{{lem:{number}}}).}}"
    shown = _formula(step)
    claim = prose(step.claim)
    if not shown:
        return rf"\proofstep{{{step.kind}}}{{{claim}.}}"
    if width(shown) <= _INLINE and not any(t in shown for t in _TALL):
        return rf"\proofstep{{{step.kind}}}{{{claim}: ${shown}$.}}"
    if unbreakable(shown) > LINE:
        return rf"\proofstep{{{step.kind}}}{{{claim}:}}\fit{{{shown}}}"
    return rf"\proofstep{{{step.kind}}}{{{claim}:}}\proofformula{{{bind(shown)}}}"


def _formula(step: Step) -> str:
    if isinstance(step, Sign):
        relation = ">" if step.strict else r"\ge"
        assumed = len(step.terms) == 1 and len(step.terms[0]) == 1 and sp.sympify(step.terms[0][0]) == sp.sympify(step.expression)
        if assumed:
            return rf"{render(step.expression)} {relation} 0"
    return slim(step.latex())


def _trivial(step: Step) -> bool:
    """Whether both sides are one expression as they stand, or a sign is that of 0."""
    if isinstance(step, Identity):
        return bool(sp.sympify(step.lhs) == sp.sympify(step.rhs))
    return isinstance(step, Sign) and not step.strict and sp.sympify(step.expression) == 0


def _immediate(claims: Sequence[str]) -> list[str]:
    """The trivial steps in one paragraph, those that share a beginning under it."""
    if not claims:
        return []
    said = []
    for prefix, group in groupby(claims, key=lambda c: "".join(c.partition(": ")[:2]) if ": " in c else ""):
        said.append(prefix + "; ".join(c.removeprefix(prefix) for c in group))
    count = f"{len(claims)} steps" if len(claims) > 1 else "1 step"
    return [rf"\proofstep{{immediate}}{{{prose('; '.join(said))} ({count}: the two sides are one expression).}}"]


def _plural(kind: str) -> str:
    return {"identity": "identities", "sign on a box": "signs on boxes"}.get(kind, kind + "s")
