"""Plain text of the theorem files as LaTeX: words as words, what is mathematics in them ("H(S|Y) <= C") as mathematics."""

from __future__ import annotations

import re
import unicodedata

from rdcsym.latex import GREEK, symbol_latex

_TOKENS = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+(?:\.\d+)*)|(?P<word>[^\W\d_][^\W_]*(?:_[^\W_]+)*)|(?P<op><=|>=|!=|->|\|\||\.\.\.|.)",
    re.DOTALL,
)
_NORM = re.compile(r"\|\|([A-Za-z0-9 _+-]{1,30})\|\|")
_WORDS = {
    "log": r"\log ", "ln": r"\ln ", "log2": r"\log_2 ", "exp": r"\exp ", "max": r"\max ", "min": r"\min ", "inf": r"\infty ",
    "xor": r"\oplus ", "eps": r"\varepsilon ", "sum": r"\sum ", "KL": r"\mathrm{KL}", "TV": r"\mathrm{TV}",
    "Cov": r"\mathrm{Cov}", "Var": r"\mathrm{Var}", "Bern": r"\mathrm{Bern}", "W2": r"W_2", "W0": r"W_0", "det": r"\det ",
}  # fmt: skip
_AMBIGUOUS = frozenset({"min", "max", "inf", "sum", "a", "KL", "TV", "xi"})  # words of English, or of prose, on their own
_OPERATORS = {
    "<=": r"\le ", ">=": r"\ge ", "!=": r"\ne ", "->": r"\to ", "||": r"\,\|\,", "...": r"\ldots ", "*": r"\cdot ", "~": r"\sim ",
}  # fmt: skip
_BINARY = frozenset(["<=", ">=", "!=", "->", "||", "=", "<", ">", "+", "-", "*", "/", "^", "|", "~"])
_ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "|": r"\textbar{}"}
_ESCAPES |= {c: "\\" + c for c in "&%$#_{}"} | {"<": r"$<$", ">": r"$>$"}
_UNICODE = {"≤": "<=", "≥": ">=", "≠": "!=", "∞": "inf", "×": " x ", "·": "*", "−": "-", "–": "--", "—": "---", "‖": "||",
            "→": "->",
            "…": "...", "’": "'", "“": "``", "”": "''", "²": "^2", "√": "sqrt", "⊕": "xor", "½": "1/2"}  # fmt: skip


def escape(text: str) -> str:
    """Plain text made safe for LaTeX, nothing read as mathematics."""
    return "".join(_ESCAPES.get(c, c) for c in text)


def ended(text: str) -> str:
    """The text with a full stop, where it has no other end."""
    text = text.strip()
    return text if not text or text[-1] in ".!?" else text + "."


def prose(text: str) -> str:
    """Plain text as LaTeX; formulas in it, as they are written in source code, become mathematics."""
    pieces: list[tuple[bool, str]] = []
    for i, part in enumerate(_NORM.split(_ascii(text))):
        tokens = [(m.lastgroup or "", m.group()) for m in _TOKENS.finditer(part)]
        pieces += [(True, rf"\lVert {_math(tokens)} \rVert")] if i % 2 else _runs(tokens)
    return _join(pieces)


def _ascii(text: str) -> str:
    """The text in letters and signs that every LaTeX engine has: Greek spelt out, signs as they are typed."""
    shown = []
    for c in text:
        name = unicodedata.name(c, "")
        if c in _UNICODE:
            shown.append(_UNICODE[c])
        elif name.startswith("GREEK SMALL LETTER ") and name[19:].lower() in GREEK:
            shown.append(name[19:].lower())
        elif ord(c) < 0x180:
            shown.append(c)
        else:
            shown.append(unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode() or "?")
    return "".join(shown)


def _runs(tokens: list[tuple[str, str]]) -> list[tuple[bool, str]]:
    """The text in pieces, each (is mathematics, LaTeX)."""
    pieces: list[tuple[bool, str]] = []
    i = 0
    while i < len(tokens):
        suffix = i > 0 and tokens[i - 1][1] == "'"  # the label's
        end = i if suffix else _math_end(tokens, i)
        if end > i:
            pieces.append((True, _math(tokens[i:end])))
            i = end
        else:
            alone = tokens[i][1] in ("<=", ">=", "!=", "->", "||")
            pieces.append((alone, _OPERATORS[tokens[i][1]]) if alone else (False, escape(tokens[i][1])))
            i += 1
    return pieces


def _join(pieces: list[tuple[bool, str]]) -> str:
    shown = "".join(f"${latex.strip()}$" if is_math else latex for is_math, latex in pieces)
    return shown.replace(r"\rVert$\textasciicircum{}2", r"\rVert^2$")


def _math_end(tokens: list[tuple[str, str]], start: int) -> int:
    """Where the formula that begins at `start` ends; `start` where none does."""
    i, last, sure = start, start, False
    while i < len(tokens):
        after = _atom_end(tokens, i)
        if after == i:
            break
        sure = sure or tokens[i][0] == "word" or after - i > 1
        last = after
        i = _skip(tokens, after)
        if i < len(tokens) and tokens[i][1] in _BINARY:
            operator, following = tokens[i][1], _skip(tokens, i + 1)
            if operator == "^" and following < len(tokens) and tokens[following][1] in "+-":
                last = i = following + 1  # x^-
                sure = True
                continue
            if following < len(tokens) and _atom_end(tokens, following) > following:
                hyphen = (
                    operator == "-"
                    and i == last
                    and following == i + 1
                    and tokens[start][0] != "number"
                    and not _mathy(tokens, following)
                )
                if hyphen:
                    break
                i, sure = following, True
                continue
            break
        if i == after and i < len(tokens) and tokens[i][1] in "([" and _bracket_end(tokens, i) == i:
            break
        if i == last and tokens[i - 1][0] == "number" and i < len(tokens) and tokens[i][0] == "word" and not _mathy(tokens, i):
            break  # 8x8 digits
    lone = last == start + 1 and tokens[start][1] in _AMBIGUOUS | {"I", "A"}
    return last if sure and not (lone and tokens[start][1] != "I") else start


def _atom_end(tokens: list[tuple[str, str]], i: int) -> int:
    """The end of the atom at i: a number, a name, a function with its brackets, a bracket of formulas, a sign before one."""
    kind, text = tokens[i]
    if kind == "number":
        return i + 1
    if kind == "word":
        if text == "sqrt":
            following = _skip(tokens, i + 1)
            return _atom_end(tokens, following) if following < len(tokens) else i
        if not _mathy(tokens, i):
            return i
        return i + 1
    if text == "-" or text == "|":
        following = i + 1
        joined = text == "-" and i > 0 and tokens[i - 1][0] in ("word", "number")  # one-shot
        if text == "-" and not joined and following < len(tokens) and tokens[following][0] != "space":
            return max(i, after) if (after := _atom_end(tokens, following)) > following else i
        closing = next((j for j in range(i + 1, len(tokens)) if tokens[j][1] == "|"), None)
        if text == "|" and closing is not None and _all_math(tokens[i + 1 : closing]):
            return closing + 1
        return i
    return _bracket_end(tokens, i) if text in "([" else i + 1 if text == "..." else i


def _bracket_end(tokens: list[tuple[str, str]], i: int) -> int:
    """Behind the bracket that closes the one at i, if all between is mathematics; else i."""
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j][1] in "([") - (tokens[j][1] in ")]") if tokens[j][0] == "op" else 0
        if depth == 0:
            return j + 1 if _all_math(tokens[i + 1 : j]) else i
    return i


def _all_math(tokens: list[tuple[str, str]]) -> bool:
    words = [t for t in tokens if t[0] == "word"]
    return bool(tokens) and all(_is_name(w) or w in ("a", "sqrt", "end", "far", "near") for _, w in words) and tokens[0][1] != "="


def _mathy(tokens: list[tuple[str, str]], i: int) -> bool:
    word = tokens[i][1]
    if word == "x" and i >= 2 and tokens[i - 2][0] == "number" and i + 2 < len(tokens) and tokens[i + 2][0] == "number":
        return False  # 8 x 8
    if word == "a" or word in _AMBIGUOUS:  # a name only where a formula goes on
        following = tokens[i + 1][1] if i + 1 < len(tokens) else ""
        before = tokens[i - 1][1] if i else ""
        return following in ("(", "^", "_") or (following in ("*", "/") and word == "a") or (word == "inf" and before == " ")
    return _is_name(word)


def _is_name(word: str) -> bool:
    if not word.isascii():
        return False
    if word in _WORDS or word in GREEK or len(word) == 1:
        return True
    head = word.split("_")[0]
    if "_" in word:
        return len(head) == 1 or head in GREEK or head in _WORDS
    return len(word) == 2 and (word[1].isdigit() or (word[0].islower() and word[1].isupper()))


def _skip(tokens: list[tuple[str, str]], i: int) -> int:
    return i + 1 if i < len(tokens) and tokens[i][0] == "space" else i


def _math(tokens: list[tuple[str, str]]) -> str:
    """The tokens of a formula as LaTeX."""
    shown, i = "", 0
    while i < len(tokens):
        kind, text = tokens[i]
        if text == "sqrt":
            first = _skip(tokens, i + 1)
            end = _atom_end(tokens, first)
            inner = tokens[first + 1 : end - 1] if tokens[first][1] == "(" else tokens[first:end]
            shown += rf"\sqrt{{{_math(inner)}}}"
            i = end
            continue
        if text == "^" and i + 1 < len(tokens):
            end = max(_atom_end(tokens, i + 1), i + 2)
            inner = tokens[i + 2 : end - 1] if tokens[i + 1][1] == "(" else tokens[i + 1 : end]
            shown += f"^{{{_math(inner)}}}"
            i = end
            continue
        if kind == "word":
            shown += _name(text, i + 1 < len(tokens) and tokens[i + 1][0] == "space")
        elif kind == "space":
            shown += r"\ " if i and tokens[i - 1][1] == "," else " "
        else:
            shown += _OPERATORS.get(text, text)
        i += 1
    return shown


def _name(word: str, apart: bool) -> str:
    """A name of a formula; `apart`: a space follows it."""
    head, _, tail = word.partition("_")
    if word == "E" and apart:
        return r"\mathrm{E}\,"
    if word in _WORDS:
        return _WORDS[word]
    if tail and head in ("sum", "max", "min"):
        return rf"\{head}_{{{tail}}} "
    plain = len(word) == 1 or (len(word) == 2 and word.isalpha() and word not in GREEK)
    shown = word if plain else symbol_latex(word)
    return shown + " " * bool(re.search(r"\\[A-Za-z]+$", shown))
