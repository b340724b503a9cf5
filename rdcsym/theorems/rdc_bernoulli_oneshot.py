"""rdc-bernoulli-oneshot: least rate R(D, C) of a one-shot code with shared randomness, Bernoulli source, given output law.

Problem: X ~ Bern(q_X), Y ~ Bern(q_Y) given, S = X xor S1. Minimise H(Y|U) subject to P(X != Y) <= D and H(S|Y,U) <= C. Kind:
tight. Source: the dual of drc-bernoulli-oneshot; the linear program over the four maps with rate as objective.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import Definition, Form, Regime, infeasible
from rdcsym.linear_program import LinearProgram, farkas_steps, linear_program_steps
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import (
    COLUMNS,
    DISTORTION,
    DRAW_PARAMETERS,
    EQUALITIES,
    LOSS,
    RATES,
    REDUCTION,
    SEED_SEEN,
    C,
    C_min,
    D,
    D_ind,
    a,
    b,
    budget,
    h,
    kappa,
    p,
    preliminaries,
    q,
    q_S1,
    q_X,
    q_Y,
    w_C,
    w_D,
    w_F,
    w_max,
)
from rdcsym.theorems.rdc_bernoulli_oneshot_seed_blind import THEOREM as SEED_BLIND

SPREAD = 2 * q * (1 - q)
D_tradeoff = sp.Symbol("D_tradeoff", nonnegative=True)

CERTIFIED = Form(
    value="R(D, C)",
    parameters=(DISTORTION, LOSS, *DRAW_PARAMETERS),
    definitions=(
        *REDUCTION,
        *SEED_SEEN,
        Definition(D_ind, q + p - 2 * q * p),
        Definition(C_min, b - w_max * (b - a), "least classification loss"),
        Definition(
            w_C,
            sp.Piecewise((sp.Min((b - C) / (b - a), w_max), (b > C) & (a < b)), (sp.Integer(0), True)),
            "least informative weight for the classifier",
        ),
        Definition(w_F, sp.Piecewise(((w_C * (1 - q) - (1 - p)) / (1 - 2 * q), w_C > kappa), (sp.Integer(0), True))),
        Definition(
            D_tradeoff,
            sp.Piecewise((sp.Abs(p - q) + SPREAD * (kappa - w_C + 2 * w_F), w_C > kappa), (sp.Abs(p - q), True)),
            "least distortion for the output law and the classifier",
        ),
        Definition(
            w_D,
            sp.Piecewise(
                (sp.Max(0, kappa - sp.Max(0, D - sp.Abs(p - q)) / SPREAD), q > 0),
                (sp.Integer(0), True),
            ),
            "least informative weight for the distortion",
        ),
    ),
    regimes=(
        infeasible(C < C_min),
        infeasible(D < D_tradeoff, "distortion too small", unit=D_ind),
        Regime("classification-limited", w_C > w_D, h * w_C),
        Regime("distortion-limited", sp.true, h * w_D),
    ),
    source="corrected here; dual of Theorem 2 of Nguyen, Nguyen, Bose, ICLR 2026",
)


def _program(budgets: tuple[Any, ...], objective: tuple[Any, ...] = ()) -> LinearProgram:
    return LinearProgram(COLUMNS, EQUALITIES, budgets, objective)


def _derivation() -> Derivation:
    """Primal and dual points of the linear program with rate as objective, for 0 < q <= 1/2."""
    loss, both = (budget("C"),), (budget("D"), budget("C"))
    independent = q + p - 2 * q * p
    steps: list[Step] = preliminaries()

    # Distortion-limited: w_C <= w_D <= kappa.
    w = (independent - D) / SPREAD
    steps += linear_program_steps(
        "distortion-limited", _program(both, RATES), value=h * w,
        primal=(w, 0, (1 - p) - w * (1 - q), p - w * q), dual=(q * h / SPREAD, (1 - 2 * q) * h / SPREAD),
        multipliers=(h / SPREAD, 0), given=(w, h, p - w * q, (1 - p) - w * (1 - q), w * (b - a) - (b - C)),
        positive=(q, 1 - q),
        signs={
            "w_I": ((w,),), "w_0": (((1 - p) - w * (1 - q),),), "w_1": ((p - w * q,),),
            "slack of C": ((w * (b - a) - (b - C),),), "multiplier of D": ((h, 1 / q, 1 / (1 - q), sp.Rational(1, 2)),),
            "reduced cost of F": ((2, h),),
        },
    )  # fmt: skip

    for side, kappa_is in ((p - q, (1 - p) / (1 - q)), (q - p, p / q)):
        claim = "this is the form's w_D, for q_Y on either side of q_X"
        steps.append(Identity("distortion-limited", claim, kappa_is - (D - side) / SPREAD, w))

    # Classification-limited with Y = X and constants: w_D <= w_C <= kappa.
    w = (b - C) / (b - a)
    informative = {"dual": (b * h / (b - a), 0), "multipliers": (0, h / (b - a))}
    steps += linear_program_steps(
        "classification-limited", _program(both, RATES), value=h * w,
        primal=(w, 0, (1 - p) - w * (1 - q), p - w * q), **informative,
        given=(b - C, h, p - w * q, (1 - p) - w * (1 - q), D - independent + SPREAD * w), positive=(b - a,),
        signs={
            "w_I": ((b - C, 1 / (b - a)),), "w_0": (((1 - p) - w * (1 - q),),), "w_1": ((p - w * q,),),
            "slack of D": ((D - independent + SPREAD * w,),), "multiplier of C": ((h, 1 / (b - a)),),
        },
    )  # fmt: skip

    # Classification-limited beyond kappa, q_Y > q_X: the code flips X at times.
    flip = (w * (1 - q) - (1 - p)) / (1 - 2 * q)
    attained = independent - SPREAD * (w - 2 * flip)
    steps += linear_program_steps(
        "classification-limited", _program(both, RATES), value=h * w,
        primal=(w - flip, flip, 0, 1 - w), **informative,
        given=(h, (1 - p) - w * q, w * (1 - q) - (1 - p), 1 - w, D - attained), positive=(b - a, 1 - 2 * q),
        signs={
            "w_I": (((1 - p) - w * q, 1 / (1 - 2 * q)),), "w_F": ((w * (1 - q) - (1 - p), 1 / (1 - 2 * q)),),
            "w_1": ((1 - w,),), "slack of D": ((D - attained,),), "multiplier of C": ((h, 1 / (b - a)),),
        },
    )  # fmt: skip

    # No budget binds: independent X and Y, rate 0.
    steps += linear_program_steps(
        "distortion-limited", _program(both, RATES), value=sp.S.Zero, primal=(0, 0, 1 - p, p),
        dual=(0, 0), multipliers=(0, 0), given=(1 - p, h, D - independent, C - b),
        signs={
            "w_0": ((1 - p,),), "w_1": ((p,),), "slack of D": ((D - independent,),), "slack of C": ((C - b,),),
            "reduced cost of I": ((h,),), "reduced cost of F": ((h,),),
        },
    )  # fmt: skip

    # Infeasible: the distortion below |q_Y - q_X|, or below what the classifier costs; the loss below what the output law allows.
    for dual, gap, signs in (
        ((q, -1), q - p - D, {"reduced cost of F": ((2, 1 - q),), "reduced cost of 1": ((2, 1 - q),)}),
        ((-q, 1), p - q - D, {"reduced cost of F": ((2, q),), "reduced cost of 0": ((2, q),)}),
    ):
        steps += farkas_steps(
            "distortion too small", _program((budget("D"),)), dual=dual, multipliers=(1,), given=(1 - q,), positive=(gap,),
            signs={"multiplier of D": ((1,),), "gap": ((gap,),), **signs},
        )  # fmt: skip
    slope = SPREAD / ((1 - 2 * q) * (b - a))
    steps += farkas_steps(
        "distortion too small", _program(both), dual=(a * slope - q / (1 - 2 * q), 1 / (1 - 2 * q)), multipliers=(1, slope),
        positive=(q, 1 - q, 1 - 2 * q, b - a, attained - D),
        signs={
            "multiplier of D": ((1,),), "multiplier of C": ((2, q, 1 - q, 1 / (1 - 2 * q), 1 / (b - a)),),
            "reduced cost of 0": ((q,), (q, 1 / (1 - 2 * q)), (2, q, 1 - q, 1 / (1 - 2 * q))),
            "gap": ((attained - D,),),
        },
    )  # fmt: skip
    for mass, dual, signs in (
        (p, (b, -(b - a) / q), {"F": ((b - a, 1 - 2 * q, 1 / q),), "1": ((b - a, 1 / q),)}),
        (1 - p, (b - (b - a) / q, (b - a) / q), {"I": ((b - a, 1 - 2 * q, 1 / q),), "0": ((b - a, 1 / q),)}),
    ):
        gap = b - mass / q * (b - a) - C
        steps += farkas_steps(
            "infeasible", _program(loss), dual=dual, multipliers=(1,), given=(1 - 2 * q,), positive=(q, b - a, gap),
            signs={"multiplier of C": ((1,),), "gap": ((gap,),)} | {f"reduced cost of {k}": v for k, v in signs.items()},
        )  # fmt: skip
    steps += farkas_steps(
        "infeasible", _program(loss), dual=(a, 0), multipliers=(1,), given=(b - a,), positive=(a - C,),
        signs={"multiplier of C": ((1,),), "reduced cost of 0": ((b - a,),), "reduced cost of 1": ((b - a,),), "gap": ((a - C,),)},
    )  # fmt: skip
    return Derivation(steps)


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="rdc-bernoulli-oneshot",
    title="Rate-distortion-classification function of a Bernoulli source, one-shot, Hamming distortion, classifier sees the seed",
    problem=Problem(
        value="rate",
        source="bernoulli",
        setting="oneshot",
        distortion="Hamming",
        constraints=("D", "C"),
        output="given",
        classification="H(S|Y,U)",
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(
        Example(D, 0.1, 0.5, {"C": 0.7, "q_X": 0.2, "q_Y": 0.4, "q_S1": 0.1}),
        Example(C, 0.44, 0.85, {"D": 0.3, "q_X": 0.2, "q_Y": 0.4, "q_S1": 0.1}),
    ),
    boundaries=(
        (C, C_min),
        (C, b),
        (C, b - kappa * (b - a)),
        (C, a),
        (C, b - w_D * (b - a)),
        (D, sp.Abs(p - q)),
        (D, D_tradeoff),
        (D, D_ind),
        (q_Y, q_X),
        (q_Y, 1 - q_X),
        *((s, value) for s in (q_X, q_Y, q_S1) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
    seed_blind=SEED_BLIND,
)
