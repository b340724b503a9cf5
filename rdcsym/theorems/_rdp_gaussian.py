"""What the two Gaussian rate-distortion-perception theorems share: everything but the least deviation s(P) that the ball allows.

They are the duals in R of drpc-gaussian-* without a label: where the ball is slack the rate is Shannon's, elsewhere it is that of
the correlation at which a Gaussian output of deviation s(P) meets the distortion.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import UNIFORM, Definition, Form, Parameter, Regime
from rdcsym.information import gaussian_information, log2
from rdcsym.problem import Perception, Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._drpc_gaussian import s_P
from rdcsym.theorems._gaussian import (
    CONSTANT,
    GIBBS,
    INF,
    MEAN_X,
    SIGMA_X,
    D,
    P,
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

v, R_P = sp.symbols("v R_P", nonnegative=True)
DISTORTION = Parameter(
    symbol=D,
    size=sigma_X**2,
    low=0,
    high=INF,
    unit="squared units",
    meaning="E (X-Y)^2",
    draw=sp.Rational(12, 5) * UNIFORM**2 * sigma_X**2,
)


def certified(ball: Parameter, least_deviation: Any) -> Form:
    """R(D, P): Shannon's rate where the ball is slack, else the rate of transport to the smallest output in the ball."""
    correlation = (sigma_X**2 + s_P**2 - D) / (2 * sigma_X * s_P)
    return Form(
        value="R(D, P)",
        parameters=(DISTORTION, ball, MEAN_X, SIGMA_X),
        definitions=(
            Definition(s_P, least_deviation, "least standard deviation in the perception ball"),
            Definition(
                v,
                sp.Piecewise(
                    (sp.Min(1, sp.Max(0, D - (sigma_X - s_P) ** 2) / (2 * sigma_X * s_P)), sigma_X * s_P > 0), (1, True)
                ),
                "1 - correlation that D needs",
            ),
            Definition(
                R_P,
                sp.Piecewise(
                    (sp.Integer(0), v >= 1),
                    (sp.oo, v <= 0),
                    (-log2(v * (2 - v)) / 2, v < sp.Rational(1, 2)),
                    (gaussian_information(sp.Min(sp.Rational(1, 4), correlation**2)), True),
                ),
            ),
        ),
        regimes=(
            Regime("lossless", (D <= 0) & (sigma_X > 0), sp.oo),
            Regime("zero-rate", D >= sigma_X**2 + s_P**2, sp.Integer(0)),
            Regime("perception-slack", D <= sigma_X**2 - s_P**2, log2(sigma_X) - log2(D) / 2),
            Regime("perception-limited", sp.true, R_P),
        ),
        source=(
            "Zhang, Qian, Chen, Khisti, Universal rate-distortion-perception representations for lossy compression, NeurIPS 2021; "
            "the least deviation made explicit here"
        ),
    )


def derivation(ball_steps: list[Step]) -> Derivation:
    """The potentials of drpc-gaussian, read as a bound on the rate."""
    slack, limited, zero, lossless = "perception-slack", "perception-limited", "zero-rate", "lossless"
    s = sy  # the output's root mean square about mu_X: s(P) where the ball binds, sigma_X rho where it does not
    m2 = sp.Symbol("m_2", nonnegative=True)  # E (Y - mu_X)^2 of any law in the ball
    value = sx**2 + s**2 - 2 * sx * s * r
    potentials = curvature(sx) * sx**2 + curvature(s) * m2 + CONSTANT
    shannon = {s: sx * r}
    steps: list[Step] = [
        GIBBS,
        gaussian_integral(),
        *partition_at_y(""),
        Identity("", "the coefficient of y^2 in g", curvature(s), 1 - sx * r / s),
        Identity(slack, "ball slack (s = sigma_X rho): g is constant, the bound holds for every output law", curvature(s).subs(shannon), 0),
        Identity(
            slack,
            "dual bound: I >= (E f + E g - D)/eps is Shannon's rate",
            ((potentials - sx**2 * (1 - r**2)) / temperature).subs(shannon),
            rate_nats,
        ),
        Identity(slack, "the rate in D", rate_nats, sp.expand_log(sp.log(sx) - sp.log(sx**2 * (1 - r**2)) / 2, force=True)),
        Identity(
            slack,
            "Shannon's output sigma_X rho has at least the deviation s where D <= sigma_X^2 - s^2",
            (sx * r) ** 2 - s**2,
            (sx**2 - s**2) - sx**2 * (1 - r**2),
        ),
        Sign(
            limited,
            "g grows with E (Y - mu_X)^2, so the least output of the ball bounds all: E f + E g less its value there",
            potentials - potentials.subs(m2, s**2),
            ((s - sx * r, 1 / s, m2 - s**2),),
            given=(s - sx * r, m2 - s**2),
        ),
        Identity(limited, "dual bound: I >= (E f + E g - D)/eps", (potentials.subs(m2, s**2) - value) / temperature, rate_nats),
        Identity(limited, "s >= sigma_X rho, as the sign needs, where D >= sigma_X^2 - s^2", value - (sx**2 - s**2), 2 * s * (s - sx * r)),
        Identity(limited, "rho >= 0 where D <= sigma_X^2 + s^2", sx**2 + s**2 - value, 2 * sx * s * r),
        Identity(limited, "1 - rho in D", value, (sx - s) ** 2 + 2 * sx * s * (1 - r)),
        Identity(limited, "the rate in v = 1 - rho", (1 - r) * (2 - (1 - r)), 1 - r**2),
        *test_channel(""),
        Identity(slack, "primal: the Gaussian channel with sigma_Y = sigma_X rho", value.subs(shannon), sx**2 * (1 - r**2)),
        Identity(zero, "independent X and Y ~ N(mu_X, s^2) have no rate and D = sigma_X^2 + s^2", value.subs(r, 0), sx**2 + s**2),
        Identity(
            lossless, "as D -> 0 Shannon's bound grows without end (its inverse vanishes)", sp.limit(1 / rate_nats, r, 1, "-"), 0
        ),
        *ball_steps,
    ]  # fmt: skip
    return Derivation(steps)


def theorem(
    name: str, title: str, perception: Perception, form: Form, steps: list[Step], boundaries: tuple[tuple[Any, Any], ...] = ()
) -> Theorem:
    return Theorem(
        name=name,
        title=title,
        problem=Problem(
            value="rate",
            source="gaussian",
            setting="asymptotic",
            distortion="squared error",
            constraints=("D", "P"),
            output="free",
            perception=perception,
        ),
        certified=form,
        derivation=derivation(steps),
        examples=(
            Example(D, 0.02, 1.6, {"P": 0.1, "sigma_X": 1.0}),
            Example(P, 0.0, 0.6, {"D": 0.5, "sigma_X": 1.0}),
        ),
        boundaries=(
            (D, sp.S.Zero),
            (D, sigma_X**2 - s_P**2),
            (D, sigma_X**2),
            (D, sigma_X**2 + s_P**2),
            (P, sp.S.Zero),
            (P, sp.oo),
            (sigma_X, sp.S.Zero),
            *boundaries,
        ),
    )
