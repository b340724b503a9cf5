"""Theorem: what every theorem file fills in. A theorem is data: one loop evaluates, renders, proves and certifies them all.

A theorem has a *certified* form (ours, with a derivation) and, where the literature has one that differs, the *published* form,
kept as published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rdcsym.form import Form, Kind, Parameter
from rdcsym.problem import InputError, Problem
from rdcsym.proof import Derivation

_KINDS: dict[Kind, str] = {"tight": "tight", "lower": "a lower bound", "upper": "an upper bound"}


@dataclass(frozen=True)
class Example:
    """A curve worth drawing: the function along `x` from `low` to `high`, the other parameters fixed."""

    x: Any
    low: float
    high: float
    fixed: Mapping[str, float | tuple[float, ...]]


@dataclass(frozen=True, kw_only=True, repr=False)
class Theorem:
    """A theorem of the field: its problem, its certified form with the derivation, the published form where it differs.

    `boundaries` are the surfaces where the certified form changes regime, as (parameter, expression) pairs: that parameter put
    equal to the expression (in the parameters and definitions of the certified form) lies on the boundary.
    """

    name: str
    title: str
    problem: Problem
    certified: Form
    derivation: Derivation
    boundaries: tuple[tuple[Any, Any], ...] = ()
    examples: tuple[Example, ...] = ()
    published: Form | None = None
    seed_blind: Theorem | None = field(default=None, repr=False)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.certified.parameters

    @property
    def source(self) -> str:
        return self.certified.source

    def evaluate(self, *, classifier_sees_seed: bool | None = None, **values: Any) -> Any:
        """The certified form's value: float, or array by broadcasting; inf where infeasible. See `Form.evaluate`.

        classifier_sees_seed: for the one-shot theorems, whether the classification loss is H(S|Y,U) (True) or H(S|Y) (False);
        None is what the theorem itself says.
        """
        return self._variant(classifier_sees_seed).certified.evaluate(**values)

    def regime(self, *, classifier_sees_seed: bool | None = None, **values: Any) -> Any:
        """The name of the regime at an operating point. See `Form.regime`."""
        return self._variant(classifier_sees_seed).certified.regime(**values)

    def latex(self) -> str:
        """The certified form as a LaTeX display."""
        return self.certified.latex()

    def __repr__(self) -> str:
        return f"<Theorem {self.name}: {self.title}>"

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"kind: {_KINDS[self.certified.kind]}", f"source: {self.source}"]
        for p in self.parameters:
            given = f", default {p.default:g}" if p.default is not None else ""
            vector = ", a vector" if p.vector else ""
            lines.append(f"  {p.name:8} {p.meaning} [{p.low:g}, {p.high:g}]{' ' + p.unit if p.unit else ''}{vector}{given}")
        regimes = [r.name + (f" ({_KINDS[r.kind]} there)" if r.kind else "") for r in self.certified.regimes]
        return "\n".join([*lines, "regimes: " + ", ".join(regimes)])

    def _variant(self, classifier_sees_seed: bool | None) -> Theorem:
        sees = (
            {"H(S|Y,U)": True, "H(S|Y)": False}.get(self.problem.classification or "")
            if self.problem.setting == "oneshot"
            else None
        )
        if classifier_sees_seed is None or (classifier_sees_seed is sees and sees is not None):
            return self
        if not isinstance(classifier_sees_seed, bool):
            raise InputError("classifier_sees_seed", classifier_sees_seed, "is no truth value", "give True or False")
        if self.seed_blind is not None and not classifier_sees_seed:
            return self.seed_blind
        fix = "leave it out, or take the other theorem" if sees is False else "leave it out; it belongs to one-shot"
        raise InputError("classifier_sees_seed", classifier_sees_seed, f"is not the question of {self.name}", fix)
