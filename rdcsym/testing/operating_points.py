"""A Hypothesis strategy for the operating points of a theorem: at random in every regime, on every boundary, one ulp beside it.

A point starts from a bank (points that the theorem's own `draw`s found in the regime or on the boundary, the same in every run).
Then each parameter in turn is replaced by a simple number or drawn anew, where that keeps the point in its regime or on its
boundary. So no example is rejected, and a counterexample shrinks, parameter by parameter, to numbers like 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from rdcsym.form import UNIFORM, Parameter
from rdcsym.problem import FloatArray, InputError, nearest
from rdcsym.testing.bank import Bank, Point, bank_of
from rdcsym.testing.strategies_discrete import Draw, Strategy
from rdcsym.theorem import Theorem
from rdcsym.theorems import theorem as named_theorem

# Small fractions, the simplest first, 0 (degenerate) after the first few; then what is large, negative or without limit.
_FRACTIONS = sorted(
    {Fraction(a, b) for b in range(1, 11) for a in range(1, 4 * b + 1)},
    key=lambda r: (r != Fraction(1, 2), r.denominator + r.numerator, r),
)
_SIMPLE = (*map(float, _FRACTIONS[:8]), 0.0, *map(float, _FRACTIONS[8:]), 8.0, 16.0, -0.5, -1.0, -2.0, math.inf)
_MOST_COMPONENTS = 3
# Down to 0, but for numbers so small that a quotient by them overflows, which no one means.
_UNIFORM = st.one_of(st.floats(2.0**-60, 1.0), st.just(0.0))


@st.composite
def _points(draw: Draw, theorem: Theorem, components: Sequence[int], regime: str | None, boundary: bool, ulp: bool) -> Point:
    bank = bank_of(theorem, draw(st.sampled_from(components)))
    inner, edges = bank.cells(regime, boundary, ulp)
    # One index, the regimes first and about as often as the boundaries: a point can shrink off its boundary into any regime.
    cell = draw(st.sampled_from([*inner * max(1, len(edges) // max(1, len(inner))), *edges]))
    start = draw(st.sampled_from(bank.points(cell)))
    fixed = bank.theorem.boundaries[cell.boundary][0].name if cell.boundary is not None else None
    # What the boundary fixes is drawn too: an example keeps its shape as it shrinks from a boundary into a regime.
    changes = [_change(draw, bank, parameter, start) for parameter in theorem.parameters]
    return bank.changed(cell, start, [change for change in changes if change[0] != fixed])


def _change(draw: Draw, bank: Bank, parameter: Parameter, start: Point) -> tuple[str, FloatArray]:
    """Candidates for one parameter, shape (candidates,) or (candidates, components): simple numbers, or one drawn anew."""
    values = [x for x in _SIMPLE if parameter.low <= x <= parameter.high and (not parameter.integer or x == math.floor(x))]
    menu = np.array([*([] if parameter.default is None else [parameter.default]), *values])
    size, count = (bank.components if parameter.vector else 1), len(menu)
    # Both numbers are drawn whichever counts, and the choice is one index: so an example shrinks from drawn to simple.
    choices = np.array([draw(st.integers(0, 2 * count - 1)) for _ in range(size)])
    uniform = np.array([draw(_UNIFORM) for _ in range(size)])
    if choices[0] < count:
        candidates = menu[(choices[None, :] + np.arange(count)[:, None]) % count]
    else:
        here = {n: np.asarray(x)[None] for n, x in start.items()}
        # A vector's draw sees one row a point, as in random_points.
        here[UNIFORM.name] = uniform[None] if parameter.vector else uniform
        candidates = np.broadcast_to(bank.draws[parameter.name](here), (1, size))
    return parameter.name, candidates if parameter.vector else candidates[:, 0]


def operating_points(
    theorem: str | Theorem, regime: str | None = None, *, boundary: bool = True, ulp: bool = True
) -> Strategy[Point]:
    """Operating points of a theorem: dicts from parameter name to float, or to a float64 array (components,) for vectors.

    theorem: a name of the catalogue or a Theorem. regime: the name of a regime to stay in (`Theorem.regime` gives it at every
    point); None is all of them, each about equally often. boundary: half of the points lie on a boundary between
    regimes (`Theorem.boundaries`), and with ulp two thirds of those one unit in the last place to either side of it. Vectors
    have 1 to 3 components. Every point is in the theorem's domain: its `evaluate(**point)` is a number or inf.
    Raises InputError for an unknown theorem or regime, and for a regime in which no point was found.
    """
    chosen = named_theorem(theorem) if isinstance(theorem, str) else theorem
    names = [r.name for r in chosen.certified.regimes]
    if regime is not None and regime not in names:
        raise InputError("regime", regime, f"is no regime of {chosen.name}", nearest(regime, names))
    # The banks are filled here and not in the first example, which Hypothesis would call slow.
    sizes = range(1, _MOST_COMPONENTS + 1) if any(p.vector for p in chosen.parameters) else (1,)
    found = [k for k in sizes if any(bank_of(chosen, k).cells(regime, boundary, ulp))]
    if not found:
        raise InputError(
            "regime", str(regime), "has no interior: no point was found in it", "leave boundary=True, or regime=None"
        )
    return _points(chosen, found, regime, boundary, ulp)
