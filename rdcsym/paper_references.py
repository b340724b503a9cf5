"""The lists at the end of the paper: the lemmas cited and the works that the theorems name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rdcsym.prose import ended, prose
from rdcsym.theorem import Theorem


def lemmas(lemmas: Sequence[tuple[str, str]], theorems: Sequence[Theorem]) -> str:
    if not lemmas:
        return ""
    items = []
    for i, (claim, source) in enumerate(lemmas, start=1):
        used = [
            rf"\ref{{thm:{t.name}}}" for t in theorems if any((s.claim, s.source) == (claim, source) for s in t.derivation.lemmas)
        ]
        where = f" Used in Theorem{'s' * (len(used) > 1)} {', '.join(used)}."
        items.append(rf"\item\label{{lem:{i}}} {prose(ended(claim))} \textit{{Source:}} {prose(ended(source))}{where}")
    head = (
        r"\section{Lemmas cited}"
        + "\nResults of others on which the proofs rest. They are cited; no count above takes them for checked."
    )
    return "\n".join(
        [
            head,
            r"\begin{enumerate}\renewcommand{\labelenumi}{L\arabic{enumi}.}\renewcommand{\theenumi}{L\arabic{enumi}}",
            *items,
            r"\end{enumerate}",
        ]
    )


def references(theorems: Sequence[Theorem]) -> str:
    """The works that the sources name, each once, as the theorems name them."""
    works: dict[str, list[str]] = {}
    for t in theorems:
        published = [] if t.published is None else [t.published.source]
        for text in (t.certified.source, *published, *(s.source for s in t.derivation.lemmas)):
            for work in filter(None, map(_work, re.split(r";|(?<=\d{4})\)?, and ", text))):
                works.setdefault(work, []).append(t.name)
    if not works:
        return ""
    items = [rf"\item {prose(ended(work))}" for work in sorted(works)]
    return "\n".join([r"\section*{References}", r"\begin{itemize}\setlength{\itemsep}{0pt}", *items, r"\end{itemize}"])


def _work(text: str) -> str:
    """The work in a source line: without the place in it, and nothing where the line names no work."""
    text = re.sub(r"\([^)]*\)", "", text).strip(" .,")
    text = re.sub(r"^.*? of (?=[A-Z][a-z]+, )", "", text)
    text = re.split(
        r",? (?:Theorem|Section|Sect\.|Chapter|Lemma|Equation|Eq\.|Proposition|Corollary|Appendix|as published|inverted)", text
    )[0].strip(" ,")
    return text if re.match(r"[A-Z]", text) and re.search(r"\b(1[89]|20)\d\d\b|Elements of", text) else ""
