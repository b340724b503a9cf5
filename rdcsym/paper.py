"""The catalogue, or one theorem of it, as a LaTeX paper: statements, proofs as checked, and what the solvers found.

The text is made here from the theorems alone; what needs a solver or a drawing (verdicts, witnesses, figures) is handed in as
`Evidence`. Needs of LaTeX no more than amsmath, amsthm, amssymb, graphicx, geometry, longtable and hyperref.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from rdcsym.form import Form, Parameter
from rdcsym.latex import symbol_latex
from rdcsym.paper_evidence import Evidence, Figure, Finding, confirmed, figures, witnesses
from rdcsym.paper_proof import derivation
from rdcsym.paper_references import lemmas as cited_lemmas
from rdcsym.paper_references import references
from rdcsym.paper_statement import statement
from rdcsym.paper_text import PREAMBLE, SETTING
from rdcsym.prose import ended, escape, prose
from rdcsym.theorem import Theorem

__all__ = ["Evidence", "Figure", "Finding", "document", "paper"]

_BOUNDLESS: Final = 1e100  # an end of a domain that only keeps floating point from overflowing
_NAMES: Final[dict[str, str]] = {"bernoulli": "Bernoulli", "gaussian": "Gaussian", "oneshot": "one-shot"}
KINDS: Final = {"tight": "exact", "lower": "lower bound", "upper": "upper bound"}


def paper(theorems: Sequence[Theorem], evidence: Mapping[str, Evidence], left_out: Sequence[str] = (), version: str = "") -> str:
    """The document. `left_out` says in words what is missing from it and why; `evidence` is by theorem name.

    One theorem makes a short paper, without abstract and catalogue.
    """
    known = {t.name: evidence.get(t.name, Evidence()) for t in theorems}
    lemmas = list(dict.fromkeys((lemma.claim, lemma.source) for t in theorems for lemma in t.derivation.lemmas))
    whole = len(theorems) > 1
    title = _TITLE if whole else escape(theorems[0].title)
    parts = [
        PREAMBLE,
        rf"\title{{{title}}}",
        rf"\author{{the rdcsym authors}}\date{{rdcsym {escape(version)}}}",
        r"\begin{document}",
        r"\maketitle",
    ]
    if whole:
        parts += [r"\begin{abstract}", _abstract(theorems, known), *(prose(text) for text in left_out), r"\end{abstract}"]
    parts += [SETTING, *([] if whole else [prose(text) for text in left_out])]
    if whole:
        parts.append(_catalogue(theorems, known))
    parts.append(r"\section{Theorems}" if whole else r"\section{Theorem}")
    parts += [_section(t, known[t.name], lemmas) for t in theorems]
    parts += [cited_lemmas(lemmas, theorems), references(theorems), r"\end{document}", ""]
    return "\n\n".join(filter(None, parts))


_TITLE: Final = (
    r"Limits of lossy compression under distortion, perception\\ and classification constraints: a machine-checked catalogue"
)


def _abstract(theorems: Sequence[Theorem], evidence: Mapping[str, Evidence]) -> str:
    steps = sum(step.is_proof for t in theorems for step in t.derivation)
    cited = len({lemma.claim for t in theorems for lemma in t.derivation.lemmas})
    exact = sum(t.certified.kind == "tight" for t in theorems)
    text = (
        f"This paper was written by a program from a catalogue of {len(theorems)} theorems, {exact} of them exact and "
        f"{len(theorems) - exact} bounds. Each is given with its proof as a machine checked it: {steps} identities and signs "
        f"were verified by computer algebra, and {cited} results of others are cited and nowhere counted as checked. "
    )
    points = sum(e.points for e in evidence.values())
    if points:
        text += (
            f"The formulas were held against certified intervals at {points} operating points, on every regime and every regime "
            "boundary; such an interval has an upper end that a code attains and a lower end that multipliers prove. "
        )
    failed = [_typewriter(n) for n, e in evidence.items() if e.verdict in ("failed", "gap")]
    if failed:
        text += rf"\textbf{{Not confirmed}} when this was made, for the reasons given there: {', '.join(failed)}. "
    refuted = [n for n, e in evidence.items() if e.published_verdict == "refuted"]
    if refuted:
        found = sum(len(evidence[n].findings) for n in refuted)
        text += (
            f"Of {sum(t.published is not None for t in theorems)} published forms that differ from ours {len(refuted)} are "
            f"refuted: {found} operating points in small rational numbers are given at which the published value cannot be true."
        )
    return text


def _catalogue(theorems: Sequence[Theorem], evidence: Mapping[str, Evidence]) -> str:
    rows = []
    for t in theorems:
        e = evidence[t.name]
        ours = f"{e.verdict}, {e.points} points" if e.verdict else "proof only"
        theirs = "" if t.published is None else (e.published_verdict or "not held against a solver")
        function = f"${t.certified.value}$, {_named(t.problem.source)}, {_named(t.problem.setting)}"
        cells = [
            rf"\ref{{thm:{t.name}}}",
            _typewriter(t.name),
            function,
            _kinds(t.certified),
            ours,
            theirs,
            rf"\pageref{{thm:{t.name}}}",
        ]
        rows.append(" & ".join(cells) + r" \\")
    head = r"No. & name & function & kind & verdict & published form & page \\ \hline"
    columns = "r" + "".join(rf">{{\raggedright}}p{{{w}\linewidth}}" for w in (0.24, 0.21, 0.12, 0.11, 0.11)) + "r"
    return "\n".join(
        [r"\section{The catalogue}", _VERDICTS, r"{\small\setlength{\tabcolsep}{4pt}\renewcommand{\arraystretch}{1.15}",
         rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}", head, r"\endhead", *rows, r"\end{longtable}}"]
    )  # fmt: skip


def _kinds(form: Form) -> str:
    other = {r.kind for r in form.regimes if r.kind not in (None, form.kind)}
    return KINDS[form.kind] + "".join(f"; {KINDS[k]} in part" for k in sorted(filter(None, other)))


def _section(theorem: Theorem, evidence: Evidence, lemmas: Sequence[tuple[str, str]]) -> str:
    form = theorem.certified
    parts = [
        rf"\subsection{{\texorpdfstring{{{prose(theorem.title)}}}{{{escape(theorem.name)}}}}}",
        rf"\begin{{theorem}}[{_typewriter(theorem.name)}]\label{{thm:{theorem.name}}}",
        _problem(theorem) + " " + _given(form.parameters) + _required(form),
        statement(form),
        r"\end{theorem}",
        rf"\noindent\textit{{Kind:}} {_kinds(form)}. \textit{{Source:}} {prose(ended(form.source))}",
        prose(form.remark),
        confirmed(evidence),
        *figures(evidence.figures),
        derivation(theorem.derivation, lemmas),
    ]
    if theorem.published is not None:
        parts += _published(theorem.published, form, evidence)
    return "\n\n".join(filter(None, parts))


def _problem(theorem: Theorem) -> str:
    p = theorem.problem
    least = "" if p.value == "information" else "least "
    parts = [f"{least}{p.value} of a {_named(p.source)} source, {_named(p.setting)}"]
    parts.append(f"distortion: {p.distortion}" if p.distortion else "")
    parts.append(f"classification loss {p.classification}" if p.classification else "")
    parts.append(f"perception: {_PERCEPTIONS.get(p.perception, p.perception)}" if p.perception else "")
    parts.append("law of Y given" if p.output == "given" else "law of Y free")
    text = "; ".join(filter(None, parts))
    return prose(ended(f"{text[:1].upper()}{text[1:]}"))


def _named(word: str) -> str:
    return _NAMES.get(word, word)


_PERCEPTIONS: Final[dict[str, str]] = {
    "kl": "relative entropy KL(p_Y || p_X)",
    "w2": "squared Wasserstein distance",
    "tv": "total variation",
}


def _given(parameters: Sequence[Parameter]) -> str:
    shown = []
    for p in parameters:
        unit = f", {prose(p.unit)}" if p.unit else ""
        default = "" if p.default is None else f", default {_number(p.default)}"
        vector = ", one entry a component" if p.vector else ""
        shown.append(f"${symbol_latex(p.name)}{_domain(p)}$ ({prose(p.meaning)}{unit}{vector}{default})")
    return "Parameters: " + "; ".join(shown) + "."


def _domain(p: Parameter) -> str:
    below, above = (abs(end) >= _BOUNDLESS for end in (p.low, p.high))
    if below and above:
        return r" \in \mathbb{R}"
    if above:
        return rf" \ge {_bare(p.low)}"
    return rf" \le {_bare(p.high)}" if below else rf" \in [{_bare(p.low)}, {_bare(p.high)}]"


def _required(form: Form) -> str:
    return "".join(f" Required: {prose(ended(r.fix))}" for r in form.requirements)


def _published(form: Form, certified: Form, evidence: Evidence) -> list[str]:
    parts = [rf"\paragraph{{Published form.}} {prose(ended(form.source))} It is stated as"]
    if form.parameters != certified.parameters:
        parts[0] = parts[0].removesuffix(" It is stated as") + " " + _given(form.parameters) + " It is stated as"
    parts += [statement(form), prose(form.remark)]
    if evidence.findings:
        parts.append(witnesses(evidence.findings))
    elif evidence.published_verdict:
        parts.append(f"The search found no witness against it; verdict: {evidence.published_verdict}.")
    return parts


def _typewriter(name: str) -> str:
    return r"\texttt{" + escape(name).replace("-", r"-\allowbreak{}") + "}"


def _bare(value: float) -> str:
    return r"\infty" if value == math.inf else r"-\infty" if value == -math.inf else f"{value:g}"


def _number(value: float) -> str:
    return f"${_bare(value)}$"


_VERDICTS: Final = (
    r"\emph{Certified}: every step of the proof was checked by computer algebra, and at every tested operating point the value "
    r"lies in a certified interval. \emph{Refuted}: at a witness the published value lies outside such an interval. "
    r"\emph{Gap}: the intervals are too wide to decide."
)


def document(theorems: Sequence[Theorem]) -> str:
    """The paper without evidence: statements and proofs."""
    return paper(theorems, {})
