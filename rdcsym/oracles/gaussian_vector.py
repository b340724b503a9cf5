"""Intervals for parallel Gaussian components: explicit channels against multipliers of the budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdcsym.oracles.verified import verified
from rdcsym.refute import Interval, Oracle

_BUDGETS = {"R": "rate", "D": "distortion", "C": "classification", "P": "perception"}
_VECTORS = ("sigma_X", "sigma_Y", "kappa")


def _parallel(point: Mapping[str, Any]) -> Interval:
    from solvers import solve_gaussian_parallel

    known: dict[str, Any] = {_BUDGETS[n]: float(point[n]) for n in _BUDGETS if n in point}
    known |= {n: point[n] for n in _VECTORS if n in point}
    found = solve_gaussian_parallel(**known)
    return verified(found, "parallel Gaussian channels and multipliers, in ball arithmetic")


ORACLES: dict[str, Oracle] = {
    "rd-gaussian-vector": _parallel,
    "drc-gaussian-vector": _parallel,
    "rdc-gaussian-vector": _parallel,
    "drpc-gaussian-vector-w2": _parallel,
}
