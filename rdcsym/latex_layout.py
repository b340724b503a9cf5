"""How wide a formula will be, and where it can break: measured on the LaTeX text, since no engine may be at hand."""

from __future__ import annotations

import re
from typing import Final

_TOKENS: Final = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}^_&]|\s+|.", re.DOTALL)
_WIDE: Final = {
    r"\log": 2.6,
    r"\ln": 1.7,
    r"\exp": 2.6,
    r"\min": 3.0,
    r"\max": 3.2,
    r"\int": 1.6,
    r"\sum": 2.2,
    r"\infty": 1.8,
    r"\quad": 2.0,
}
_EMPTY: Final = frozenset({r"\left", r"\right", r"\,", r"\!", r"\:", r"\;", r"\displaystyle", r"\textstyle"}) | {
    r"\mathrm", r"\sqrt", r"\operatorname", r"\limits", r"\mathit", r"\bar", r"\hat", r"\tilde", r"\mathbb", r"\mathcal",
    r"\small", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr",
}  # fmt: skip
_RELATIONS: Final = frozenset({"=", "<", ">", r"\le", r"\ge", r"\leq", r"\geq", r"\ne", r"\neq", r"\in", r"\Leftrightarrow"})
_BREAKS: Final = _RELATIONS | {"+", "-", r"\cdot"}
_TALL: Final = (r"\frac", r"\sqrt", r"\sum", r"\int", r"\begin", r"\max_", r"\min_", r"\prod", r"\bigl", r"\Bigl")
_SPACED: Final = 2.2  # a relation or a sum's sign, with the space on both sides; letters are 1
_SCRIPT: Final = 0.72
_LONGEST_GROUP: Final = 26.0  # a longer one in tall brackets gets brackets of a fixed size, so that lines can break in it


def width(latex: str) -> float:
    """The width of a formula on one line, in letters of about half an em."""
    return _width(_TOKENS.findall(latex))


def unbreakable(latex: str) -> float:
    """The width of the widest part in which the formula cannot be broken across lines."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in _TOKENS.findall(latex):
        depth += (token in ("{", r"\left", r"\begin")) - (token in ("}", r"\right", r"\end"))
        parts[-1].append(token)
        if depth == 0 and token in _BREAKS:
            parts.append([])
    return max(_width(part) for part in parts)


def slim(latex: str) -> str:
    r"""The formula with \left( ... \right) as plain brackets where nothing tall, or too much, stands in them, for line breaks."""
    opening = list(re.finditer(r"\\left(\(|\[|\\\{|\|)", latex))
    for match in reversed(opening):  # the innermost last one first: what follows it is done already
        end = _partner(latex, match.end())
        if end is None:
            continue
        inner, closing = latex[match.end() : end].strip(), re.match(r"\\right(\)|\]|\\\}|\|)", latex[end:])
        tall = any(t in inner for t in _TALL)
        if closing is None or (tall and width(inner) <= _LONGEST_GROUP):
            continue
        a, b = match.group(1), closing.group(1)
        if tall:
            a, b = rf"\Bigl{a} ", rf" \Bigr{b}"
        elif a == "|":
            a, b = r"\lvert ", r"\rvert "
            inner = re.sub(r"^\{(.*)\}$", r"\1", inner)
        latex = latex[: match.start()].removesuffix(r"\!") + a + inner + b + latex[end + closing.end() :]
    return latex


def _partner(latex: str, start: int) -> int | None:
    depth = 0
    for match in re.finditer(r"\\left(?![a-z])|\\right(?![a-z])", latex[start:]):
        if match.group() == r"\right":
            if depth == 0:
                return start + match.start()
            depth -= 1
        else:
            depth += 1
    return None


def _width(tokens: list[str]) -> float:
    total, i = 0.0, 0
    while i < len(tokens):
        token = tokens[i]
        if token in (r"\frac", r"\tfrac"):
            first, i = _argument(tokens, i + 1)
            second, i = _argument(tokens, i)
            total += (0.8 if token == r"\tfrac" else 1.0) * max(_width(first), _width(second)) + 0.5
            continue
        if token in ("^", "_"):
            inner, i = _argument(tokens, i + 1)
            total += _SCRIPT * _width(inner)
            continue
        if token == r"\text":
            inner, i = _argument(tokens, i + 1)
            total += 0.95 * len("".join(inner))
            continue
        if token in (r"\begin", r"\end"):
            _, i = _argument(tokens, i + 1)
            total += 1.0
            if token == r"\begin":
                end = next((j for j in range(i, len(tokens)) if tokens[j] == r"\end"), len(tokens))
                total += _table(tokens[i:end])
                i = end
            continue
        total += _one(token)
        i += 1
    return total


def _table(tokens: list[str]) -> float:
    rows: list[list[str]] = [[]]
    for token in tokens:
        if token == r"\\":
            rows.append([])
        else:
            rows[-1].append(token)
    return max(_width(row) for row in rows)


def _one(token: str) -> float:
    if token in _EMPTY or token in "{}" or token.isspace() or token in (r"\\", "&"):
        return 2.0 * (token == "&")
    if token in _BREAKS:
        return _SPACED
    return _WIDE.get(token, 0.6 if token in "()[]|,.!" else 1.05)


def _argument(tokens: list[str], i: int) -> tuple[list[str], int]:
    """The argument that begins at i (a group without its braces, or one token), and the place behind it."""
    while i < len(tokens) and tokens[i].isspace():
        i += 1
    if i >= len(tokens) or tokens[i] != "{":
        return tokens[i : i + 1], i + 1
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j] == "{") - (tokens[j] == "}")
        if depth == 0:
            return tokens[i + 1 : j], j + 1
    return tokens[i + 1 :], len(tokens)


def break_sum(latex: str, room: float, conditions: bool = False) -> list[str]:
    r"""The formula in lines of at most `room` letters where its sums (or, for conditions, its "and" and "or") let it break."""
    pieces: list[str] = [""]
    depth = 0
    tokens = re.findall(r"\\text\{ (?:and|or) \}|\\[A-Za-z]+\*?|\\.|[{}^_&]|\s+|.", latex)
    for token in tokens:
        depth += (token in ("{", r"\left", r"\begin", "(")) - (token in ("}", r"\right", r"\end", ")"))
        joint = token.startswith(r"\text{ ") if conditions else token in "+-"
        if joint and depth == 0 and pieces[-1].strip():
            pieces.append("")
        pieces[-1] += token
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if width(lines[-1] + piece) <= room:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.strip() for line in lines]


def bind(latex: str) -> str:
    """The formula with short bracketed sums held together, so that a line does not break inside (1 - q)."""
    return re.sub(r"(?<![a-z{])\(([^(){}\\]{1,14})\)", r"{(\1)}", latex)
