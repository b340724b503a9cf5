"""What the solvers and the pen add to the paper, as data that are handed in, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rdcsym.latex import symbol_latex
from rdcsym.prose import ended, prose


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


def confirmed(evidence: Evidence) -> str:
    if not evidence.verdict:
        return ""
    worst = "always inside" if evidence.worst == 0 else rf"at most ${_power(evidence.worst)}$ (relative) outside"
    worst += ", which is rounding" if evidence.verdict == "certified" and evidence.worst else ""
    text = rf"\noindent\textit{{Held against solvers:}} {evidence.verdict}. At {evidence.points} operating points, "
    text += "random ones in every regime and at every regime boundary, the value was compared with a certified interval "
    text += f"({prose(evidence.method)}): {worst}."
    return text + "".join(" " + prose(ended(note)) for note in evidence.notes)


def figures(figures: Sequence[Figure]) -> list[str]:
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


def witnesses(findings: Sequence[Finding]) -> str:
    """The table of the operating points at which the published value cannot be true."""
    head = r"operating point & published value & certified interval & regime, and what is wrong \\ \hline"
    rows = []
    for f in findings:
        point = ", ".join(f"${symbol_latex(n)} = {_rational(v)}$" for n, v in f.point.items())
        rows.append(f"{point} & ${f.claimed}$ & ${f.interval}$ & {prose(f.regime)}: {prose(f.reason)} \\\\")
    columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{w}\linewidth}}" for w in (0.32, 0.15, 0.2, 0.25))
    return "\n".join(
        [r"\noindent\textit{Witnesses against it} (found by search, shrunk to small rationals; amounts of information in bits):",
         r"{\small\renewcommand{\arraystretch}{1.2}", rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}", head,
         r"\endhead", *rows, r"\end{longtable}}"]
    )  # fmt: skip


def _rational(text: str) -> str:
    match = re.fullmatch(r"(-?)(\d+)/(\d+)", text)
    return rf"{match[1]}\tfrac{{{match[2]}}}{{{match[3]}}}" if match else text.replace("inf", r"\infty")


def _power(value: float) -> str:
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
