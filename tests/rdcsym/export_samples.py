"""What the tests of the exports share: operating points of a form, and what its value may be at them."""

from __future__ import annotations

from functools import cache

import numpy as np

from rdcsym import InputError, theorem, theorems
from rdcsym.export import to_numpy
from rdcsym.operating_points import boundary_points, join, regime_points, valid

BUDGETS = ("R", "Rc", "D", "C", "P")
NUDGE = 1e-12  # what the rounding of a budget may change: see BUDGET_TOLERANCE
ROUNDING = 1e-12


def exportable(name):
    try:
        to_numpy(theorem(name).certified)
    except InputError:
        return False
    return True


FORMS = [(n, which) for n in theorems() if exportable(n) for which in ("certified", "published") if getattr(theorem(n), which)]


@cache
def points(name, which, per_regime=40, per_boundary=4):
    """Random points of every regime, and points on every boundary and one ulp beside it."""
    chosen, rng = theorem(name), np.random.default_rng(7)
    form = getattr(chosen, which)
    inner = join(list(regime_points(form, per_regime, rng).values()))
    if which == "published":
        return inner, None
    edges = [p for _, p in boundary_points(chosen, per_boundary, rng)]
    return inner, join(edges) if edges else None


def assert_agrees(name, which, function):
    """The exported function is `evaluate`: inside to rounding, at a boundary to what the rounding of a budget changes."""
    form = getattr(theorem(name), which)
    inner, edge = points(name, which)
    check(form, inner, function(**inner))
    if edge is not None:
        check(form, edge, function(**edge))


def check(form, at, got):
    true = form.evaluate(**at)
    got = np.asarray(got)
    assert got.shape == true.shape
    assert not np.isnan(got).any()
    size = np.maximum(form.quantity(form.unit, **at), np.where(np.isfinite(true), np.abs(true), 0.0))
    low, high = true, true
    with np.errstate(invalid="ignore"):
        off = np.flatnonzero((got != true) & ~(np.abs(got - true) <= ROUNDING * size))
    if off.size:  # a budget within its rounding of a jump, or of an infinite slope, may go either way
        part = {n: x[off] for n, x in at.items()}
        low, high = nearby(form, part)
        room = ROUNDING * size[off]
        assert ((got[off] >= low - room) & (got[off] <= high + room)).all(), (part, got[off], true[off])


def nearby(form, at):
    """The least and the largest value at the points whose budgets are moved by their rounding."""
    values = [form.evaluate(**at)]
    for p in form.parameters:
        if p.name in BUDGETS:
            unit = np.maximum(form.quantity(p.size, **at), np.where(np.isfinite(at[p.name]), np.abs(at[p.name]), 0.0))
            for sign in (-1, 1):
                moved = {**at, p.name: np.clip(at[p.name] + sign * NUDGE * unit, p.low, p.high)}
                assert len(next(iter(valid(form, moved).values()))) == len(values[0])
                values.append(form.evaluate(**moved))
    return np.min(values, axis=0), np.max(values, axis=0)
