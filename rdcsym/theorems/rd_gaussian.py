"""rd-gaussian: Shannon's rate-distortion function of a Gaussian source with squared error.

R(D) = 1/2 log2(sigma_X^2 / D) bits for D < sigma_X^2, else 0. Kind: tight. Source: Shannon 1959; Cover and Thomas, Theorem 10.3.2.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Form, Parameter, Regime
from rdcsym.information import log2
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import (
    CONSTANT,
    GIBBS,
    INF,
    MEAN_X,
    SIGMA_X,
    D,
    curvature,
    gaussian_integral,
    partition_at_y,
    r,
    rate_nats,
    sigma_X,
    sx,
    sy,
    temperature,
    test_channel,
)

DISTORTION = Parameter(
    size=0,
    symbol=D,
    low=0,
    high=INF,
    unit="squared units",
    meaning="E (X-Y)^2",
    draw=sp.Rational(6, 5) * UNIFORM * sigma_X**2,
)

CERTIFIED = Form(
    value="R(D)",
    parameters=(DISTORTION, MEAN_X, SIGMA_X),
    definitions=(),
    regimes=(
        Regime("zero-rate", sp.sqrt(D) >= sigma_X, sp.Integer(0)),
        Regime("lossless", D <= 0, sp.oo),
        Regime("distortion-limited", sp.true, log2(sigma_X) - log2(D) / 2),
    ),
    source="Shannon 1959; Cover and Thomas, Elements of Information Theory, Theorem 10.3.2",
)


def _derivation() -> Derivation:
    """The potential f alone: with sigma_Y = sigma_X rho the output potential vanishes, so the bound holds for every output law."""
    regime = "distortion-limited"
    free = {sy: sx * r}
    bound = (curvature(sx) * sx**2 + CONSTANT).subs(free)
    distortion = sx**2 * (1 - r**2)
    steps: list[Step] = [
        GIBBS,
        gaussian_integral(),
        *partition_at_y(regime),
        Identity(regime, "the output potential vanishes", curvature(sy).subs(free), 0),
        Identity(regime, "dual bound: I >= (E f - D)/eps", (bound - distortion) / temperature.subs(free), rate_nats),
        *test_channel(regime),
        Identity(regime, "the rate in D", rate_nats, sp.expand_log(sp.log(sx) - sp.log(distortion) / 2, force=True)),
        Identity(
            "lossless", "as D -> 0 the bound grows without end (its inverse vanishes)", sp.limit(1 / rate_nats, r, 1, "-"), 0
        ),
        Identity("zero-rate", "Y = mu_X has distortion sigma_X^2 and rate 0", distortion.subs(r, 0), sx**2),
    ]
    return Derivation(steps)


THEOREM = Theorem(
    name="rd-gaussian",
    title="Rate-distortion function of a Gaussian source, squared error",
    problem=Problem(
        value="rate", source="gaussian", setting="asymptotic", distortion="squared error", constraints=("D",), output="free"
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(D, 0.01, 1.2, {"sigma_X": 1.0}),),
    boundaries=((D, sigma_X**2), (D, sp.S.Zero), (sigma_X, sp.S.Zero)),
)
