from rdcsym.testing.operating_points import operating_points
from rdcsym.testing.strategies_discrete import channels, costs, couplings, discrete_problems, labels, simplices
from rdcsym.testing.strategies_gaussian import covariances
from rdcsym.testing.laws import assert_agreement, assert_law, laws_of
from rdcsym.testing.runner import assert_bound, steps
