"""`assert_bound`: Hypothesis looks for an operating point at which a function cannot be the bound that it claims to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hypothesis
from hypothesis import strategies as st

from rdcsym.laws import Law
from rdcsym.problem import InputError, nearest
from rdcsym.testing.claims import Claim, Function, Where, remembering, squares_vanish, states_a_value, the_theorem
from rdcsym.testing.laws import AGREEMENT, TOLERANCE, assert_agreement, assert_law, laws_of
from rdcsym.testing.operating_points import operating_points
from rdcsym.testing.strategies_discrete import Strategy
from rdcsym.theorem import Theorem

# Examples of one function say nothing about another, so none are kept; the first example pays for compiling the theorem; which
# of the theorem's own lines ran in a failure is no news to anyone.
_DEFAULTS: dict[str, Any] = {"database": None, "deadline": None, "phases": set(hypothesis.Phase) - {hypothesis.Phase.explain}}
# Many points may lie outside the domain of the function, or of a regime, and a function may be slow: neither is a fault.
_NO_FAULT = (hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.too_slow)


def steps() -> Strategy[float]:
    """How far apart the points lie that a law compares: in [0, 1], the simplest first."""
    return st.one_of(st.sampled_from([1.0, 0.0, 0.75, 0.25, 0.875, 0.125]), st.floats(0.0, 1.0))


def assert_bound(
    function: Function,
    theorem: str | Theorem,
    claim: Claim = "exact",
    *,
    laws: Sequence[str] | None = None,
    where: Where | None = None,
    regime: str | None = None,
    boundary: bool = True,
    ulp: bool = True,
    tolerance: float = TOLERANCE,
    settings: hypothesis.settings | None = None,
) -> None:
    """Assert that no operating point was found at which the function cannot be what it claims. That proves nothing.

    function: takes the theorem's parameters as keywords (those that its signature names), floats in bits, and returns a float,
    inf where infeasible. Where it raises `rdcsym.InputError`, or `where(point)` is False, it claims nothing;
    nor is it asked where a deviation is so small (below 1e-150) that its square is 0 in float64.
    claim: "exact", "lower" or "upper". laws: which to check, "agreement" and names of `laws_of(theorem, claim)`; None is all.
    regime, boundary, ulp: see `operating_points`. tolerance: relative, what counts as rounding. settings: of Hypothesis, by
    default the active profile's, without deadline, database and explanations.
    Raises AssertionError with the law, the two numbers and a shrunk point.
    """
    chosen, function = the_theorem(theorem), remembering(function)
    rules = _chosen_laws(chosen, claim, laws)
    agreement = laws is None or AGREEMENT in laws

    @hypothesis.settings(
        settings or hypothesis.settings(**_DEFAULTS), report_multiple_bugs=False, suppress_health_check=_NO_FAULT
    )
    @hypothesis.given(
        point=operating_points(chosen, regime, boundary=boundary, ulp=ulp),
        apart=st.fixed_dictionaries({name: steps() for name in sorted({n for law in rules for n in law.steps})}),
    )
    def the_claim_holds(point: dict[str, Any], apart: dict[str, float]) -> None:
        hypothesis.assume(not squares_vanish(point) and states_a_value(function, point, where))
        if agreement:
            assert_agreement(function, chosen, point, claim, where=where, tolerance=tolerance)
        for law in rules:
            assert_law(function, chosen, law, point, apart, where=where, tolerance=tolerance)

    try:
        the_claim_holds()
    except hypothesis.errors.Unsatisfiable:
        raise AssertionError(f"{chosen.name}: the function stated no value at any point that was tried; see `where`") from None


def _chosen_laws(theorem: Theorem, claim: Claim, names: Sequence[str] | None) -> list[Law]:
    known = {law.name: law for law in laws_of(theorem, claim)}
    for name in names or ():
        if name != AGREEMENT and name not in known:
            raise InputError(
                "laws", name, f"is no law for the claim '{claim}' about {theorem.name}", nearest(name, [AGREEMENT, *known])
            )
    return [law for name, law in known.items() if names is None or name in names]
