r"""LaTeX mathematics as tokens: commands, numbers, letters, signs; spacing and sizes (`\left`, `\,`, `\!`) are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rdcsym.formula_build import Builder


@dataclass(frozen=True)
class Token:
    """One token and its position. bare: a number that does not stand alone in braces, so that `^12` is not `^{12}`."""

    text: str
    at: int
    bare: bool = True


_SIZES = r"\\(?:left|right|bigl?|bigr|Bigl?|Bigr|displaystyle|limits|nolimits)(?![A-Za-z])\.?"
_SPACE = re.compile(rf"\s+|~|\\[,!:;> ]|\\q?quad\b|{_SIZES}|\$|%.*")
_WORDS = re.compile(r"\\(?:text|mathrm|operatorname|textrm|mathit|mathbf|textit)\*?\s*\{([^{}\\$]*)\}")
_TOKEN = re.compile(
    r"\\(?:begin|end)\s*\{[a-z]+\*?\}|\\\\(?:\[[^\]]*\])?|\\[A-Za-z]+|\\[{}|]"
    r"|\d+(?:\.\d*)?|\.\d+|[A-Za-z]|[-+*/^_=<>()\[\]{}|&,;.]"
)
_ALIASES = {
    r"\dots": "...", r"\lbrace": r"\{", r"\rbrace": r"\}", r"\lvert": "|", r"\rvert": "|", r"\vert": "|", r"\mid": "|", r"\|":
    "|", r"\varrho": r"\rho", r"\colon": ":",
}  # fmt: skip
_ENVIRONMENTS = {
    "aligned": "aligned",
    "align": "aligned",
    "align*": "aligned",
    "split": "aligned",
    "cases": "cases",
    "dcases": "cases",
}
_ACCENTS = {r"\bar", r"\hat", r"\tilde", r"\overline"}


def tokens(builder: Builder, text: str) -> list[Token]:
    """The tokens of a text, braces around a single one left out. Raises InputError at a character that has no meaning."""
    found: list[Token] = []
    i = 0
    while i < len(text):
        space, words = _SPACE.match(text, i), _WORDS.match(text, i)
        token = None if space or words else _TOKEN.match(text, i)
        if words:
            found.append(Token(rf"\text{{{' '.join(words[1].split()).rstrip('.,:')}}}", i))
        elif token:
            found.append(Token(_plain(builder, token[0], i), i))
        elif not space:
            raise builder.error(i, f"{text[i]!r} has no meaning in a formula", "mend the notation")
        i = (space or words or token).end()  # type: ignore[union-attr]
    return _single(found)


def _plain(builder: Builder, text: str, at: int) -> str:
    environment = re.match(r"\\(begin|end)\s*\{([a-z]+\*?)\}", text)
    if environment:
        if environment[2] not in _ENVIRONMENTS:
            raise builder.error(at, f"{environment[2]} is no environment of a formula", "use cases and aligned")
        return rf"\{environment[1]}{{{_ENVIRONMENTS[environment[2]]}}}"
    return r"\\" if text.startswith(r"\\") else _ALIASES.get(text, text)


def _single(found: list[Token]) -> list[Token]:
    """Braces around one token add nothing: `q_{X}` is `q_X`; and a fraction of digits, `\\tfrac12`, is one of two numbers."""
    changed = True
    while changed:
        changed, kept, i = False, [], 0
        while i < len(found):
            if i + 2 < len(found) and found[i].text == "{" and found[i + 2].text == "}" and found[i + 1].text not in "{}&":
                kept.append(Token(found[i + 1].text, found[i + 1].at, bare=False))
                i, changed = i + 3, True
            elif found[i].text in _ACCENTS and i + 1 < len(found) and found[i + 1].text != "{":
                kept.append(Token(found[i].text + " " + found[i + 1].text, found[i].at))
                i, changed = i + 2, True
            else:
                kept.append(found[i])
                i += 1
        found = kept
    return _digits(found)


def _digits(found: list[Token]) -> list[Token]:
    """`\\frac12` is `\\frac{1}{2}`: the first digit of a bare number is the numerator, the next the denominator."""
    kept: list[Token] = []
    for i, token in enumerate(found):
        number = token.text.isdigit() and token.bare and len(token.text) > 1
        if number and i and found[i - 1].text in (r"\frac", r"\tfrac", r"\dfrac"):
            kept += [Token(digit, token.at + k, bare=False) for k, digit in enumerate(token.text)]
        else:
            kept.append(token)
    return kept


def argument_end(found: Sequence[Token], start: int, stop: int) -> int:
    """The index of the bracket that closes the one at `start`, or `stop`."""
    depth = 0
    for i in range(start, stop):
        depth += (found[i].text in ("(", "[", "{", r"\{")) - (found[i].text in (")", "]", "}", r"\}"))
        if depth == 0:
            return i
    return stop


def drop(reader: Any, texts: set[str], keep: set[str]) -> None:
    """Move a reader past tokens that carry no meaning where it stands."""
    while reader._text() in texts - keep:
        reader.i += 1
