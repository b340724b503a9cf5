"""For other people's test suites: Hypothesis strategies for the objects of the field, and its laws as assertions.

Needs the extra `testing` (Hypothesis); `import rdcsym` does not. See docs/testing.md.

    from rdcsym.testing import assert_bound

    def test_my_formula():
        assert_bound(my_formula, "drc-gaussian")
"""

from __future__ import annotations

from rdcsym.testing.claims import Claim
from rdcsym.testing.information_laws import (
    assert_data_processing,
    assert_entropy,
    assert_equivocation,
    assert_equivocation_grows,
    assert_measure,
    assert_mutual_information,
)
from rdcsym.testing.laws import AGREEMENT, assert_agreement, assert_law, laws_of
from rdcsym.testing.operating_points import operating_points
from rdcsym.testing.runner import assert_bound, steps
from rdcsym.testing.strategies_discrete import channels, costs, couplings, discrete_problems, labels, north_west_corner, simplices
from rdcsym.testing.strategies_gaussian import covariances
from rdcsym_types import Channel, Cost, Coupling, Covariance, Labels, Simplex

__all__ = [
    "AGREEMENT",
    "Channel",
    "Claim",
    "Cost",
    "Coupling",
    "Covariance",
    "Labels",
    "Simplex",
    "assert_agreement",
    "assert_bound",
    "assert_data_processing",
    "assert_entropy",
    "assert_equivocation",
    "assert_equivocation_grows",
    "assert_law",
    "assert_measure",
    "assert_mutual_information",
    "channels",
    "costs",
    "couplings",
    "covariances",
    "discrete_problems",
    "labels",
    "laws_of",
    "north_west_corner",
    "operating_points",
    "simplices",
    "steps",
]
