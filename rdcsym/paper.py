"""The catalogue, or one theorem of it, as a LaTeX paper: statements, proofs as checked, and what the solvers found.

The text is made here from the theorems alone; what needs a solver or a drawing (verdicts, witnesses, figures) is handed in as
`Evidence`. Needs of LaTeX no more than amsmath, amsthm, amssymb, graphicx, geometry, longtable and hyperref.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rdcsym.form import Form, Parameter
from rdcsym.latex import symbol_latex
from rdcsym.paper_proof import derivation
from rdcsym.paper_statement import statement
from rdcsym.paper_text import PREAMBLE, SETTING
from rdcsym.prose import escape, prose
from rdcsym.theorem import Theorem

KINDS: Final = {"tight": "exact", "lower": "lower bound", "upper": "upper bound"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A witness against a published form; the numbers are text, rounded so that the one lies outside the other."""

    point: Mapping[str, str]  # parameter -> rational
    regime: str
    claimed: str
    interval: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture in a file beside the document, and what it shows."""

    file: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the solvers and the pen add to one theorem; all of it may be missing."""

    verdict: str = ""  # of the certified form: "certified", "gap", "failed"
    published_verdict: str = ""
    points: int = 0  # operating points at which the certified form was held against certified intervals
    worst: float = 0.0  # largest relative distance of a value from its interval
    method: str = ""
    notes: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    figures: Sequence[Figure] = ()


def paper(theorems: Sequence[Theorem], evidence: Mapping[str, Evidence], left_out: Sequence[str] = (), version: str = "") -> str:
    """The document. `left_out` says in words what is missing from it and why; `evidence` is by theorem name.

    One theorem makes a short paper, without abstract and catalogue.
    """
    known = {t.name: evidence.get(t.name, Evidence()) for t in theorems}
    lemmas = list(dict.fromkeys((lemma.claim, lemma.source) for t in theorems for lemma in t.derivation.lemmas))
    whole = len(theorems) > 1
    title = _TITLE if whole else escape(theorems[0].title)
    parts = [PREAMBLE, rf"\title{{{title}}}", rf"\author{{the rdcsym authors}}\date{{rdcsym {escape(version)}}}", r"\begin{document}", r"\maketitle"]
    if whole:
        parts += [r"\begin{abstract}", _abstract(theorems, known), *(prose(text) for text in left_out), r"\end{abstract}"]
    parts += [SETTING, *([] if whole else [prose(text) for text in left_out])]
    if whole:
        parts.append(_catalogue(theorems, known))
    parts.append(r"\section{Theorems}" if whole else r"\section{Theorem}")
    parts += [_section(t, known[t.name], lemmas) for t in theorems]
    parts += [_lemmas(lemmas, theorems), _references(theorems), r"\end{document}", ""]
    return "\n\n".join(filter(None, parts))


_TITLE: Final = r"Limits of lossy compression under distortion, perception\\ and classification constraints: a machine-checked catalogue"


def _abstract(theorems: Sequence[Theorem], evidence: Mapping[str, Evidence]) -> str:
    steps = sum(step.is_proof for t in theorems for step in t.derivation)
    cited = len({lemma.claim for t in theorems for lemma in t.derivation.lemmas})
    exact = sum(t.certified.kind == "tight" for t in theorems)
    text = (
        f"This paper was written by a program from a catalogue of {len(theorems)} theorems, {exact} of them exact and "
        f"{len(theorems) - exact} bounds. Each is given with its proof as a machine checked it: {steps} identities and signs were "
        f"verified by computer algebra, and {cited} results of others are cited and nowhere counted as checked. "
    )
    points = sum(e.points for e in evidence.values())
    if points:
        text += (
            f"The formulas were held against certified intervals at {points} operating points, on every regime and every regime "
            "boundary; such an interval has an upper end that a code attains and a lower end that multipliers prove. "
        )
    refuted = [n for n, e in evidence.items() if e.published_verdict == "refuted"]
    if refuted:
        found = sum(len(evidence[n].findings) for n in refuted)
        text += (
            f"Of {sum(t.published is not None for t in theorems)} published forms that differ from ours {len(refuted)} are refuted: "
            f"{found} operating points in small rational numbers are given at which the published value cannot be true."
        )
    return text


def _catalogue(theorems: Sequence[Theorem], evidence: Mapping[str, Evidence]) -> str:
    rows = []
    for t in theorems:
        e = evidence[t.name]
        ours = f"{e.verdict}, {e.points} points" if e.verdict else "proof only"
        theirs = "" if t.published is None else (e.published_verdict or "not held against a solver")
        function = f"${t.certified.value}$, {prose(t.problem.source)}, {prose(t.problem.setting)}"
        cells = [rf"\ref{{thm:{t.name}}}", _typewriter(t.name), function, _kinds(t.certified), ours, theirs, rf"\pageref{{thm:{t.name}}}"]
        rows.append(" & ".join(cells) + r" \\")
    head = r"No. & name & function & kind & verdict & published form & page \\ \hline"
    columns = r"r>{\raggedright}p{.24\linewidth}>{\raggedright}p{.21\linewidth}>{\raggedright}p{.12\linewidth}>{\raggedright}p{.11\linewidth}>{\raggedright}p{.11\linewidth}r"
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
        rf"\subsection{{{prose(theorem.title)}}}",
        rf"\begin{{theorem}}[{_typewriter(theorem.name)}]\label{{thm:{theorem.name}}}",
        _problem(theorem) + " " + _given(form.parameters) + _required(form),
        statement(form),
        r"\end{theorem}",
        rf"\noindent\textit{{Kind:}} {_kinds(form)}. \textit{{Source:}} {prose(_ended(form.source))}",
        prose(form.remark),
        _confirmed(evidence),
        *_figures(evidence.figures),
        derivation(theorem.derivation, lemmas),
    ]
    if theorem.published is not None:
        parts += _published(theorem.published, form, evidence)
    return "\n\n".join(filter(None, parts))


def _problem(theorem: Theorem) -> str:
    p = theorem.problem
    parts = [f"{p.value} of a {p.source.capitalize() if p.source == 'gaussian' else p.source} source, {p.setting}"]
    parts.append(f"distortion: {p.distortion}" if p.distortion else "")
    parts.append(f"classification loss {p.classification}" if p.classification else "")
    parts.append(f"perception: {_PERCEPTIONS.get(p.perception, p.perception)}" if p.perception else "")
    parts.append("law of Y given" if p.output == "given" else "law of Y free")
    text = "; ".join(filter(None, parts))
    return prose(_ended(f"{text[:1].upper()}{text[1:]}"))


_PERCEPTIONS: Final[dict[str, str]] = {"kl": "relative entropy KL(p_Y || p_X)", "w2": "squared Wasserstein distance", "tv": "total variation"}


def _given(parameters: Sequence[Parameter]) -> str:
    shown = []
    for p in parameters:
        unit = f", {prose(p.unit)}" if p.unit else ""
        default = "" if p.default is None else f", default {_number(p.default)}"
        vector = ", one entry a component" if p.vector else ""
        shown.append(f"${symbol_latex(p.name)}{_domain(p)}$ ({prose(p.meaning)}{unit}{vector}{default})")
    return "Parameters: " + "; ".join(shown) + "."


def _domain(p: Parameter) -> str:
    if math.isinf(p.low) and math.isinf(p.high):
        return r" \in \mathbb{R}"
    if math.isinf(p.high):
        return rf" \ge {_bare(p.low)}"
    return rf" \in [{_bare(p.low)}, {_bare(p.high)}]" if not math.isinf(p.low) else rf" \le {_bare(p.high)}"


def _required(form: Form) -> str:
    return "".join(f" Required: {prose(_ended(r.fix))}" for r in form.requirements)


def _confirmed(evidence: Evidence) -> str:
    if not evidence.verdict:
        return ""
    worst = "always inside" if evidence.worst == 0 else rf"at most ${_power(evidence.worst)}$ (relative) outside, which is rounding"
    text = rf"\noindent\textit{{Held against solvers:}} {evidence.verdict}. At {evidence.points} operating points, random ones in every regime and at "
    text += f"every regime boundary, the value was compared with a certified interval ({prose(evidence.method)}): {worst}."
    return text + "".join(" " + prose(_ended(note)) for note in evidence.notes)


def _figures(figures: Sequence[Figure]) -> list[str]:
    """Two side by side; each figure stays where the text is."""
    rows = []
    for i in range(0, len(figures), 2):
        pair = figures[i : i + 2]
        boxes = [
            rf"\begin{{minipage}}[t]{{.485\linewidth}}\centering\includegraphics[width=\linewidth]{{{f.file}}}\par"
            rf"{{\footnotesize\raggedright {prose(f.caption)}\par}}\end{{minipage}}"
            for f in pair
        ]
        rows.append(r"\begin{center}" + r"\hfill".join(boxes) + r"\end{center}")
    return rows


def _published(form: Form, certified: Form, evidence: Evidence) -> list[str]:
    parts = [rf"\paragraph{{Published form.}} {prose(_ended(form.source))} It is stated as"]
    if form.parameters != certified.parameters:
        parts[0] = parts[0].removesuffix(" It is stated as") + " " + _given(form.parameters) + " It is stated as"
    parts += [statement(form), prose(form.remark)]
    if evidence.findings:
        parts.append(_witnesses(evidence.findings))
    elif evidence.published_verdict:
        parts.append(f"The search found no witness against it; verdict: {evidence.published_verdict}.")
    return parts


def _witnesses(findings: Sequence[Finding]) -> str:
    """The table of the operating points at which the published value cannot be true."""
    head = r"operating point & published value & certified interval & regime, and what is wrong \\ \hline"
    rows = []
    for f in findings:
        point = ", ".join(f"${symbol_latex(n)} = {_rational(v)}$" for n, v in f.point.items())
        rows.append(f"{point} & ${f.claimed}$ & ${f.interval}$ & {prose(f.regime)}: {prose(f.reason)} \\\\")
    columns = r">{\raggedright}p{.32\linewidth}>{\raggedright}p{.15\linewidth}>{\raggedright}p{.20\linewidth}>{\raggedright\arraybackslash}p{.25\linewidth}"
    return "\n".join(
        [r"\noindent\textit{Witnesses against it} (found by search, shrunk to small rationals; amounts of information in bits):",
         r"{\small\renewcommand{\arraystretch}{1.2}", rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}", head, r"\endhead", *rows, r"\end{longtable}}"]
    )  # fmt: skip


def _lemmas(lemmas: Sequence[tuple[str, str]], theorems: Sequence[Theorem]) -> str:
    if not lemmas:
        return ""
    items = []
    for i, (claim, source) in enumerate(lemmas, start=1):
        used = [rf"\ref{{thm:{t.name}}}" for t in theorems if any((s.claim, s.source) == (claim, source) for s in t.derivation.lemmas)]
        where = f" Used in Theorem{'s' * (len(used) > 1)} {', '.join(used)}."
        items.append(rf"\item\label{{lem:{i}}} {prose(_ended(claim))} \textit{{Source:}} {prose(_ended(source))}{where}")
    head = r"\section{Lemmas cited}" + "\nResults of others on which the proofs rest. They are cited; no count above takes them for checked."
    return "\n".join([head, r"\begin{enumerate}\renewcommand{\labelenumi}{L\arabic{enumi}.}\renewcommand{\theenumi}{L\arabic{enumi}}", *items, r"\end{enumerate}"])


def _references(theorems: Sequence[Theorem]) -> str:
    """The works that the sources name, each once, as the theorems name them."""
    works: dict[str, list[str]] = {}
    for t in theorems:
        published = [] if t.published is None else [t.published.source]
        for text in (t.certified.source, *published, *(s.source for s in t.derivation.lemmas)):
            for work in filter(None, map(_work, re.split(r";|(?<=\d{4})\)?, and ", text))):
                works.setdefault(work, []).append(t.name)
    if not works:
        return ""
    items = [rf"\item {prose(_ended(work))}" for work in sorted(works)]
    return "\n".join([r"\section*{References}", r"\begin{itemize}\setlength{\itemsep}{0pt}", *items, r"\end{itemize}"])


def _work(text: str) -> str:
    """The work in a source line: without the place in it, and nothing where the line names no work."""
    text = re.sub(r"\([^)]*\)", "", text).strip(" .,")
    text = re.sub(r"^.*? of (?=[A-Z][a-z]+, )", "", text)
    text = re.split(r",? (?:Theorem|Section|Sect\.|Chapter|Lemma|Equation|Eq\.|Proposition|Corollary|Appendix|as published|inverted)", text)[0].strip(" ,")
    return text if re.match(r"[A-Z]", text) and re.search(r"\b(1[89]|20)\d\d\b|Elements of", text) else ""


def _ended(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else text + "."


def _typewriter(name: str) -> str:
    return r"\texttt{" + escape(name).replace("-", r"-\allowbreak{}") + "}"


def _rational(text: str) -> str:
    match = re.fullmatch(r"(-?)(\d+)/(\d+)", text)
    return rf"{match[1]}\tfrac{{{match[2]}}}{{{match[3]}}}" if match else text.replace("inf", r"\infty")


def _bare(value: float) -> str:
    return r"\infty" if value == math.inf else r"-\infty" if value == -math.inf else f"{value:g}"


def _number(value: float) -> str:
    return f"${_bare(value)}$"


def _power(value: float) -> str:
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


_VERDICTS: Final = (
    r"\emph{Certified}: every step of the proof was checked by computer algebra, and at every tested operating point the value lies in a "
    r"certified interval. \emph{Refuted}: at a witness the published value lies outside such an interval. \emph{Gap}: the intervals are "
    r"too wide to decide."
)


def document(theorems: Sequence[Theorem]) -> str:
    """The paper without evidence: statements and proofs."""
    return paper(theorems, {})


