"""rd-gaussian-vector: Shannon's rate-distortion function of parallel Gaussian components, squared error: reverse water-filling.

R(D) = sum of 1/2 log2(sigma_i^2 / min(theta, sigma_i^2)) bits with the water level theta at which sum of min(theta, sigma_i^2) = D.
Kind: tight. Source: Kolmogorov 1956; Cover and Thomas, Elements of Information Theory, Theorem 10.3.3.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime
from rdcsym.information_vector import total, water_rates
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import INF
from rdcsym.theorems._gaussian_vector import CHAIN, DUALITY, SIGMA_X, D, r, s, sigma_X

u = UNIFORM
VARIANCE = total(sigma_X**2)
r_D = sp.Symbol("r_D", nonnegative=True)
D_ind = sp.Symbol("D_ind", nonnegative=True)

DISTORTION = Parameter(
    symbol=D,
    low=0,
    high=INF,
    unit="squared units",
    meaning="E ||X-Y||^2",
    draw=sp.Rational(6, 5) * u**3 * VARIANCE,
    size=VARIANCE,
)

CERTIFIED = Form(
    value="R(D)",
    parameters=(SIGMA_X, DISTORTION),
    definitions=(
        Definition(D_ind, VARIANCE, "distortion without any rate"),
        Definition(r_D, water_rates(sigma_X, D)),
    ),
    regimes=(
        Regime("zero-rate", D >= D_ind, sp.Integer(0)),
        Regime("lossless", D <= 0, sp.oo),
        Regime("distortion-limited", sp.true, total(r_D)),
    ),
    source="Kolmogorov 1956; Cover and Thomas, Elements of Information Theory, Theorem 10.3.3",
)


SHANNON = Lemma(
    "",
    "one component of rate r, whatever the coupling, has E (X - Y)^2 >= sigma^2 exp(-2 r)",
    "Shannon 1959; proved by duality in rd-gaussian",
)


def _derivation() -> Derivation:
    """A component of rate r has distortion sigma^2 exp(-2r), convex in r; one slope for all components under water."""
    regime = "distortion-limited"
    cost = s**2 * sp.exp(-2 * r)
    theta = sp.Symbol("theta", positive=True)
    steps: list[Step] = [
        CHAIN,
        SHANNON,
        DUALITY,
        Identity(
            regime,
            "attained: a Gaussian component of rate r leaves the error sigma^2 (1 - rho^2)",
            s**2 * (1 - (1 - sp.exp(-2 * r))),
            cost,
        ),
        Sign(regime, "the distortion of a component is convex in its rate", sp.diff(cost, r, 2), ((4, s**2, sp.exp(-2 * r)),)),
        Identity(
            regime, "with slope -2 theta the distortion of a component is the water level theta", sp.diff(cost, r), -2 * cost
        ),
        Identity(
            regime,
            "the rate at the water level",
            cost.subs(r, sp.log(s**2 / theta) / 2),
            theta,
        ),
        Sign(
            regime,
            "a component with sigma^2 below the level stays dry: its Lagrangian sigma^2 exp(-2r) + 2 theta r rises from rate 0",
            sp.diff(cost + 2 * theta * r, r),
            ((2, theta - s**2), (2, s**2, 1 - sp.exp(-2 * r))),
            given=(theta - s**2, 1 - sp.exp(-2 * r)),
        ),
        Identity("zero-rate", "no rate: distortion sigma^2", cost.subs(r, 0), s**2),
        Identity("lossless", "the distortion vanishes only as the rate grows without end", sp.limit(cost, r, sp.oo), 0),
    ]
    return Derivation(steps)


THEOREM = Theorem(
    name="rd-gaussian-vector",
    title="Rate-distortion function of parallel Gaussian components, squared error (reverse water-filling)",
    problem=Problem(
        value="rate", source="gaussian", setting="asymptotic", distortion="squared error", constraints=("D",), output="free"
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(D, 0.02, 6.0, {"sigma_X": (2.0, 1.0, 0.5)}),),
    boundaries=((D, D_ind), (D, sp.S.Zero), (sigma_X, sp.S.Zero), (sigma_X, sp.S.One)),
)
