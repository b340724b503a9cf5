"""The words of LaTeX mathematics that a formula may use, as tokens (see `latex_tokens`), and what they mean."""

from __future__ import annotations

SIGNS = {
    "<": "<", r"\lt": "<", ">": ">", r"\gt": ">", "=": "==", r"\ne": "!=", r"\neq": "!=",
    r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=",
}  # fmt: skip
AND, OR = {r"\wedge", r"\land", r"\text{and}"}, {r"\vee", r"\lor", r"\text{or}"}
TIMES = {r"\cdot", r"\times", "*"}
OPEN = {"(": ")", "[": "]", r"\{": r"\}", "{": "}"}
CLOSE = {
    *OPEN.values(),
    "|",
    "&",
    r"\\",
    r"\end{cases}",
    r"\end{aligned}",
    ",",
    ";",
    "+",
    "-",
    "/",
    "end",
    *TIMES,
    *AND,
    *OR,
    *SIGNS,
}
BARS = {"|", r"\lvert", r"\vert", r"\mid"}
FUNCTIONS = {
    r"\log": "log", r"\ln": "ln", r"\lg": "log10", r"\exp": "exp", r"\min": "min", r"\max": "max", r"\sgn": "sign",
    r"\text{sign}": "sign", r"\text{sgn}": "sign", r"\text{min}": "min", r"\text{max}": "max", r"\text{log}": "log",
}  # fmt: skip
NAMED = {
    ("H", "_", "b"): "H_b", ("h", "_", "b"): "H_b", ("W", "_", "0"): "W0", ("W", "("): "W0", ("I", "("): "binary_information",
}  # fmt: skip
EQUIVOCATION = ("H", "_", "{", "S", "|", "Y", "}")
IF = {r"\text{if}", r"\text{for}", r"\text{when}", r"\text{where}"}
OTHERWISE = {r"\text{otherwise}", r"\text{else}"}
INFINITY = {r"\infty"}
