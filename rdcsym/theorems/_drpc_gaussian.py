"""What the two Gaussian DRPC theorems share: everything but the least standard deviation s(P) that the ball allows."""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import Definition, Form, Parameter, Regime, infeasible
from rdcsym.information import gaussian_entropy, gaussian_information, squared_correlation
from rdcsym.problem import Perception, Problem
from rdcsym.proof import Derivation, Identity, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import (
    CONSTANT,
    CORRELATION,
    GIBBS,
    LABEL,
    LABEL_DEFINITIONS,
    LEAST_LOSS,
    LEAST_LOSS_AT_ANY_RATE,
    LOSS,
    MEAN_X,
    NON_TRIVIAL,
    RATE,
    RATE_DEFINITIONS,
    SIGMA_X,
    C,
    C_min,
    P,
    R,
    curvature,
    gaussian_integral,
    h_S,
    label_bound,
    partition_at_y,
    r,
    rate_nats,
    rho,
    rho_bar,
    rho_S2,
    sigma_S,
    sigma_X,
    sx,
    sy,
    temperature,
    test_channel,
    theta,
)

s_P = sp.Symbol("s_P", nonnegative=True)


def certified(ball: Parameter, least_deviation: Any, source: str) -> Form:
    """D(R, P, C): Shannon's distortion where the ball is slack, else the transport to the smallest output in the ball."""
    return Form(
        value="D(R, P, C)",
        parameters=(RATE, ball, LOSS, MEAN_X, SIGMA_X, *LABEL),
        definitions=(
            *LABEL_DEFINITIONS,
            *RATE_DEFINITIONS,
            Definition(s_P, least_deviation, "least standard deviation in the perception ball"),
            Definition(C_min, LEAST_LOSS, "least classification loss"),
        ),
        regimes=(
            infeasible(C < C_min),
            Regime("perception-slack", s_P <= sigma_X * rho, sigma_X**2 * 2 ** (-2 * R)),
            Regime("perception-limited", sp.true, (sigma_X - s_P) ** 2 + 2 * sigma_X * s_P * rho_bar),
        ),
        requirements=(CORRELATION,),
        unit=sigma_X**2,
        source=source,
    )


def published(ball: Parameter, least_deviation: Any, source: str) -> Form:
    """The published regimes: those of the certified form, an active-C branch, and D = 0."""
    rho_C, h_X = sp.symbols("rho_C h_X", real=True)
    stated = C >= LEAST_LOSS_AT_ANY_RATE
    return Form(
        value="D(R, P, C)",
        parameters=(RATE, ball, LOSS, MEAN_X, SIGMA_X, *LABEL),
        definitions=(
            *LABEL_DEFINITIONS,
            *RATE_DEFINITIONS[:1],
            Definition(h_X, gaussian_entropy(sigma_X)),
            Definition(s_P, least_deviation),
            Definition(C_min, LEAST_LOSS),
            Definition(rho_C, sp.sqrt(sp.Max(0, squared_correlation(h_S - C) / rho_S2))),
        ),
        regimes=(
            Regime("perfect", (C > h_S) & (R > h_X), sp.Integer(0)),
            Regime("perception-slack", (C > C_min) & (s_P <= sigma_X * rho), sigma_X**2 * 2 ** (-2 * R)),
            Regime("perception-limited", C > C_min, sigma_X**2 + s_P**2 - 2 * sigma_X * s_P * rho),
            Regime("classification-limited, perception-slack", stated & (s_P <= sigma_X * rho_C), sigma_X**2 * (1 - rho_C**2)),
            Regime("classification-limited", stated, sigma_X**2 + s_P**2 - 2 * sigma_X * s_P * rho_C),
            Regime("below h(S|X): not stated, read as infeasible", sp.true, sp.oo),
        ),
        requirements=(CORRELATION, *NON_TRIVIAL),
        unit=sigma_X**2,
        source=source,
        remark=(
            "Read from the project's summary of the paper (the regimes with active C and D = 0 are those of its Theorem 4, applied "
            "to the free output law), with one unit of information. Same faults: the active-C regimes use a correlation above what "
            "the rate allows, and D = 0 is claimed wherever the rate exceeds a differential entropy."
        ),
    )


def derivation(ball_steps: list[Step]) -> Derivation:
    """Potentials whose partition function is 1 at every y, so that they bound every output law in the ball."""
    slack, limited = "perception-slack", "perception-limited"
    s = sy  # the output's root mean square about mu_X: s(P) where the ball binds, sigma_X rho where it does not
    m2 = sp.Symbol("m_2", nonnegative=True)  # E (Y - mu_X)^2 of any law in the ball
    value = sx**2 + s**2 - 2 * sx * s * r
    bound = curvature(sx) * sx**2 + curvature(s) * m2 + CONSTANT - temperature * rate_nats
    shannon = {s: sx * r}
    steps: list[Step] = [
        GIBBS,
        gaussian_integral(),
        *partition_at_y(""),
        Identity("", "the coefficient of y^2 in g", curvature(s), 1 - sx * r / s),
        Sign(
            limited,
            "g grows with E (Y - mu_X)^2, so the least output of the ball bounds all: the bound less the value",
            bound - value,
            (((s - sx * r), 1 / s, m2 - s**2),),
            given=(s - sx * r, m2 - s**2),
        ),
        Identity(
            slack,
            "ball slack (s = sigma_X rho): g is constant, the bound holds for every output law",
            curvature(s).subs(shannon),
            0,
        ),
        Identity(slack, "its value is Shannon's", bound.subs(shannon), sx**2 * (1 - r**2)),
        *test_channel(""),
        Identity(slack, "primal: the Gaussian channel with sigma_Y = sigma_X rho", value.subs(shannon), sx**2 * (1 - r**2)),
        Identity(
            limited,
            "R = 0: X and Y are independent; E (X-Y)^2 = sigma_X^2 + m_2 is least at m_2 = s^2",
            value.subs(r, 0),
            sx**2 + s**2,
        ),
        Identity(slack, "R = inf: every ball has s <= sigma_X, so it is slack, and Y = X is best", value.subs({r: 1, s: sx}), 0),
        *ball_steps,
        *label_bound(),
    ]
    return Derivation(steps)


def theorem(name: str, title: str, perception: Perception, forms: tuple[Form, Form], steps: list[Step]) -> Theorem:
    return Theorem(
        name=name,
        title=title,
        problem=Problem(
            value="distortion",
            source="gaussian",
            setting="asymptotic",
            distortion="squared error",
            constraints=("R", "P", "C"),
            output="free",
            classification="h(S|Y)",
            perception=perception,
        ),
        certified=forms[0],
        published=forms[1],
        derivation=derivation(steps),
        examples=(
            Example(R, 0.0, 3.0, {"P": 0.1, "C": 1.75, "sigma_X": 1.0, "sigma_S": 1.0, "theta": 0.8}),
            Example(P, 0.0, 0.6, {"R": 0.5, "C": 2.0, "sigma_X": 1.0, "sigma_S": 1.0, "theta": 0.8}),
        ),
        boundaries=(
            (C, C_min),
            (C, h_S),
            (P, sp.S.Zero),
            (R, sp.S.Zero),
            (R, sp.oo),
            (R, gaussian_information(sp.Min(1, s_P / sigma_X) ** 2)),
            (theta, sp.S.Zero),
            (theta, sigma_S * sigma_X),
        ),
    )
