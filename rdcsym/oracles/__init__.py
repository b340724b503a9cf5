"""Certified intervals for a theorem's function at an operating point, by the solvers alone: no formula of the theory is used.

The one room besides the command line that sees the solvers, imported where they are used: `import rdcsym` needs none of them.
One file a family of sources; each maps a theorem's name to a function of an operating point (parameter -> number, bits).
"""

from __future__ import annotations

from typing import Any

from rdcsym.oracles import bernoulli, coding, gaussian, gaussian_vector
from rdcsym.oracles.refutation import Refutation, refute
from rdcsym.oracles.rounding import within_rounding
from rdcsym.problem import InputError
from rdcsym.refute import Interval, Oracle
from rdcsym.theorem import Theorem

__all__ = ["Refutation", "certified_interval", "oracle", "refute", "within_rounding"]

ORACLES: dict[str, Oracle] = {**bernoulli.ORACLES, **gaussian.ORACLES, **coding.ORACLES, **gaussian_vector.ORACLES}


def oracle(theorem: Theorem) -> Oracle:
    """The oracle of a theorem: from an operating point (parameter -> number, bits) to a certified, verified interval."""
    if theorem.name not in ORACLES:
        raise InputError("theorem", theorem.name, "has no solver to hold it against", f"known: {', '.join(ORACLES)}")
    return ORACLES[theorem.name]


def certified_interval(name: str, **point: Any) -> Interval:
    """A certified interval for the function of theorem `name` at one operating point, in bits; needs the extra `solvers`.

    The two ends were proved from a code and from multipliers, whatever the theorem says. lower = upper = inf: proved infeasible.
    Raises InputError for a parameter that is missing, unknown or outside its domain.
    """
    from rdcsym.theorems import theorem

    chosen = theorem(name)
    chosen.evaluate(**point)  # names what is wrong with the point, if anything
    defaults = {p.name: p.default for p in chosen.parameters if p.default is not None}
    return oracle(chosen)({**defaults, **point})
