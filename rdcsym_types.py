"""Types for annotations, and the hook by which Hypothesis learns how to draw them. Imports nothing but `typing`.

    >>> from rdcsym_types import Channel, Simplex
    >>> def push(p: Simplex, channel: Channel) -> Simplex: ...

With `rdcsym` installed, `hypothesis.strategies.from_type(Simplex)` (and so `st.builds(push)`, `@given(p=...)`) draws from
`rdcsym.testing`, whatever was imported first. The module stands outside the package on purpose: Hypothesis imports it at every
start, and `import rdcsym` would bring SymPy along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NewType

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = object

Simplex = NewType("Simplex", Array)
"""A probability vector, float64, shape (n,)."""
Coupling = NewType("Coupling", Array)
"""A joint law of X and Y, float64, shape (n, m)."""
Channel = NewType("Channel", Array)
"""Rows P(Y = . | X = x), float64, shape (n, m)."""
Labels = NewType("Labels", Array)
"""Rows P(S = . | X = x), float64, shape (n, k)."""
Cost = NewType("Cost", Array)
"""Distortions d(x, y), float64, shape (n, m), finite and at least 0."""
Covariance = NewType("Covariance", Array)
"""A symmetric positive semidefinite matrix, float64, shape (n, n)."""

STRATEGIES: Final = {
    Simplex: "simplices",
    Coupling: "couplings",
    Channel: "channels",
    Labels: "labels",
    Cost: "costs",
    Covariance: "covariances",
}


def _hypothesis_setup_hook() -> None:
    """Tell Hypothesis the name of each type's strategy; `rdcsym.testing` is imported when the first one is drawn."""
    from hypothesis import strategies as st

    def resolver(name: str) -> Any:
        return lambda _: getattr(import_module("rdcsym.testing"), name)()

    for kind, name in STRATEGIES.items():
        st.register_type_strategy(kind, resolver(name))
