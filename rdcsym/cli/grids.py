"""Gaussian theorems held against discrete grids: a second, coarser confirmation that shares nothing with Gaussian algebra.

X and Y are quantised to the conditional means of cells, and the discrete problem is solved to a certified interval. The bracket
for the line adds the discretisation error. It is for a *given* output law; where the law is free, the theorem's own output is
taken, and that no other law in the ball does better rests on the dual certificates alone. The grids have unlimited common
randomness: with less of it a distortion may only lie above their bracket.
"""

from __future__ import annotations

import math
from typing import Any

from rdcsym.refute import Interval as Bracket
from rdcsym.refute import distance
from rdcsym.theorem import Theorem

CELLS = 40


def grid_notes(theorem: Theorem) -> tuple[list[str], str]:
    """What the grids say at the theorem's example points, in words; and what failed, if anything ("" otherwise)."""
    if theorem.problem.source != "gaussian" or theorem.certified.kind != "tight" or any(p.vector for p in theorem.parameters):
        return [], ""  # a grid is for one tight scalar function
    notes = []
    for example in theorem.examples:
        for share in (0.4, 0.8):
            point = {**_defaults(theorem), **example.fixed, example.x.name: example.low + share * (example.high - example.low)}
            value = theorem.evaluate(**point)
            rate, distortion = (value, point["D"]) if theorem.problem.value == "rate" else (point["R"], value)
            if not 0 < rate < float("inf") or not distortion < float("inf"):
                continue
            if theorem.problem.value == "rate" and theorem.regime(**point) == "classification-limited":
                continue  # there the rate is that of the label, not of the distortion
            bracket, error = _bracket(point, rate, _output_deviation(theorem, point, rate, distortion))
            limited = point.get("Rc", math.inf) < math.inf
            notes.append(
                f"at {_text(point)}: D = {distortion:.6g} {'in or above' if limited else 'in'} the grid's bracket ["
                f"{bracket.lower:.6g}, {bracket.upper:.6g}] ({CELLS} x {CELLS} cells, discretisation error {error:.2g} in sqrt D)"
            )
            if distance(distortion, bracket, "upper" if limited else "tight") > 0:
                return notes, f"outside the grid's bracket: {notes[-1]}"
    return notes, ""


def _bracket(point: dict[str, float], rate: float, sigma_Y: float) -> tuple[Bracket, float]:
    from solvers import solve_gaussian_on_grid

    mean_Y = point.get("mu_Y", point["mu_X"])
    found = solve_gaussian_on_grid(
        rate=rate, mu_X=point["mu_X"], sigma_X=point["sigma_X"], mu_Y=mean_Y, sigma_Y=sigma_Y, n=CELLS
    )  # fmt: skip
    found.verify()
    return Bracket(lower=found.lower, upper=found.upper, method="grid"), found.discretisation


def _output_deviation(theorem: Theorem, point: dict[str, float], rate: float, distortion: float) -> float:
    """sigma_Y: given, or that of the optimal output. E (X-Y)^2 = sigma_X^2 + sigma_Y^2 - 2 sigma_X sigma_Y rho decides it."""
    if "sigma_Y" in point:
        return point["sigma_Y"]
    rho, sigma = (1 - 2 ** (-2 * rate)) ** 0.5, point["sigma_X"]
    root = max(0.0, distortion - sigma**2 * (1 - rho**2)) ** 0.5
    return float(sigma * rho + root)


def _defaults(theorem: Theorem) -> dict[str, Any]:
    return {p.name: p.default for p in theorem.parameters if p.default is not None}


def _text(point: dict[str, float]) -> str:
    return ", ".join(f"{n} = {v:.4g}" for n, v in point.items())
