"""The proof that a linear program has a value, or no feasible point, as checked steps: a primal and a dual point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from rdcsym.proof import Case, Identity, Sign, Step

Row = tuple[str, Sequence[Any], Any]  # name, coefficients by column, right-hand side
Products = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class LinearProgram:
    """min <objective, w> over w >= 0 with the equalities and the budgets (rows <= right-hand side)."""

    columns: Sequence[str]
    equalities: Sequence[Row]
    budgets: Sequence[Row]
    objective: Sequence[Any] = ()

    def reduced_cost(self, column: int, objective: Any, dual: Sequence[Any], multipliers: Sequence[Any]) -> Any:
        equal = sum((u * row[column] for u, (_, row, _) in zip(dual, self.equalities, strict=True)), sp.S.Zero)
        below = sum((m * row[column] for m, (_, row, _) in zip(multipliers, self.budgets, strict=True)), sp.S.Zero)
        return objective - equal + below

    def bound(self, dual: Sequence[Any], multipliers: Sequence[Any]) -> Any:
        return _dot(dual, [right for _, _, right in self.equalities]) - _dot(multipliers, [right for _, _, right in self.budgets])


def linear_program_steps(
    regime: str,
    program: LinearProgram,
    *,
    value: Any,
    primal: Sequence[Any],
    dual: Sequence[Any],
    multipliers: Sequence[Any],
    signs: dict[str, Products],
    given: tuple[Any, ...] = (),
    positive: tuple[Any, ...] = (),
) -> list[Step]:
    """The proof that a linear program has a value, as steps.

    primal: the weights w that attain it. dual: multipliers of the equalities. multipliers: those of the budgets, all >= 0.
    `signs` holds, by what is to be shown ("w_I", "slack of R", "reduced cost of F", "multiplier of R"), the products that
    show it (see Sign); what is missing must be identically zero.
    """
    steps: list[Step] = [Case(regime, "assume", value, given, positive)]

    def sign(key: str, claim: str, expression: Any) -> None:
        terms = signs.get(key, ())
        steps.append(Sign(regime, claim, expression, terms, given, positive))

    for name, weight in zip(program.columns, primal, strict=True):
        sign(f"w_{name}", f"primal feasible: the weight of {name} is nonnegative", weight)
    for name, row, right in program.equalities:
        steps.append(Identity(regime, f"primal feasible: {name}", _dot(row, primal), right))
    for name, row, right in program.budgets:
        sign(f"slack of {name}", f"primal feasible: the budget {name} is met", right - _dot(row, primal))
    steps.append(Identity(regime, "the primal point attains the value", _dot(program.objective, primal), value))
    for (name, _, _), multiplier in zip(program.budgets, multipliers, strict=True):
        sign(f"multiplier of {name}", f"dual feasible: the multiplier of {name} is nonnegative", multiplier)
    for j, name in enumerate(program.columns):
        reduced = program.reduced_cost(j, program.objective[j], dual, multipliers)
        sign(f"reduced cost of {name}", f"dual feasible: the reduced cost of {name} is nonnegative", reduced)
    steps.append(Identity(regime, "the dual bound equals the value", program.bound(dual, multipliers), value))
    return steps


def farkas_steps(
    regime: str,
    program: LinearProgram,
    *,
    dual: Sequence[Any],
    multipliers: Sequence[Any],
    signs: dict[str, Products],
    given: tuple[Any, ...] = (),
    positive: tuple[Any, ...] = (),
) -> list[Step]:
    """The proof that a linear program has no feasible point: multipliers of a contradiction (Farkas), as steps.

    With a zero objective, a w >= 0 that met the constraints would have 0 >= bound > 0.
    """
    steps: list[Step] = [Case(regime, "assume", sp.oo, given, positive)]
    for (name, _, _), multiplier in zip(program.budgets, multipliers, strict=True):
        claim = f"Farkas: the multiplier of {name} is nonnegative"
        steps.append(Sign(regime, claim, multiplier, signs.get(f"multiplier of {name}", ()), given, positive))
    for j, name in enumerate(program.columns):
        reduced = program.reduced_cost(j, sp.S.Zero, dual, multipliers)
        claim = f"Farkas: no weight on {name} can raise the sum"
        steps.append(Sign(regime, claim, reduced, signs.get(f"reduced cost of {name}", ()), given, positive))
    gap = program.bound(dual, multipliers)
    steps.append(Sign(regime, "Farkas: the contradiction is strict", gap, signs["gap"], given, positive, strict=True))
    return steps


def _dot(row: Sequence[Any], weights: Sequence[Any]) -> Any:
    return sum((a * w for a, w in zip(row, weights, strict=True)), sp.S.Zero)
