"""Characterisation: a published statement that a function *is* another one. No formula, so no Theorem; it is kept beside them.

Such a statement is confirmed or refuted by certified values of both functions. A new one is an entry here and its search in
`rdcsym.oracles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rdcsym.problem import InputError, nearest


@dataclass(frozen=True, kw_only=True)
class Characterisation:
    """published: LaTeX displays of what the source says. remark: what is true instead, and why, in words."""

    name: str
    title: str
    source: str
    published: tuple[str, ...]
    remark: str


_MARGINALS: Final = r"P_X = p_X,\; P_Y = p_Y"

CHARACTERISATIONS: Final = (
    Characterisation(
        name="drc-discrete-asymptotic",
        title="Asymptotic distortion-rate-classification function of a discrete source with given output law",
        source="Nguyen, Nguyen, Bose, ICLR 2026, Theorem 3 (single-letter characterisation)",
        published=(rf"D(R, C) = \min_{{{_MARGINALS}}} \left\{{ E\, d(X, Y) : I(X; Y) \leq R,\; H(S \mid Y) \leq C \right\}}",),
        remark=(
            "The asymptotic definition bounds averages over the letters of a block, so the letters may share their time between "
            "couplings. The single-letter minimum is not convex in (R, C); the asymptotic function is its lower convex envelope, "
            "the least average cost of at most three couplings whose average I(X;Y) and H(S|Y) are within the budgets."
        ),
    ),
)


def characterisations() -> list[str]:
    """The names of all characterisations."""
    return [c.name for c in CHARACTERISATIONS]


def characterisation(name: str) -> Characterisation:
    """The characterisation of that name. Raises InputError, with the nearest names, where there is none."""
    for known in CHARACTERISATIONS:
        if known.name == name:
            return known
    raise InputError("characterisation", name, "is none that is known", nearest(str(name), characterisations()))
