"""drc-bernoulli-oneshot: least Hamming distortion D(R, C) of a one-shot code with shared randomness and given output law.

Problem: X ~ Bern(q_X), Y ~ Bern(q_Y) given, S = X xor S1 with S1 ~ Bern(q_S1). Minimise P(X != Y) subject to H(Y|U) <= R and
H(S|Y,U) <= C (the classifier knows the shared seed U). Kind: tight.
Published: Nguyen, Nguyen, Bose, ICLR 2026, Theorem 2, wrong in three ways (see `published.remark`).
The certified form is the value of a linear program over the four maps of X; each regime carries its dual multipliers.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.form import Definition, Form, Regime, Requirement, infeasible
from rdcsym.information import binary_entropy as H_b
from rdcsym.linear_program import LinearProgram, farkas_steps, linear_program_steps
from rdcsym.problem import Problem
from rdcsym.proof import Derivation, Identity, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._bernoulli import (
    COLUMNS,
    DISTORTIONS,
    DRAW_PARAMETERS,
    EQUALITIES,
    LOSS,
    RATE,
    REDUCTION,
    SEED_SEEN,
    C,
    C_min,
    D_ind,
    R,
    a,
    b,
    budget,
    h,
    kappa,
    p,
    preliminaries,
    q,
    q_S,
    q_S1,
    q_X,
    q_Y,
    w_C,
    w_F,
    w_max,
    w_R,
)
from rdcsym.theorems.drc_bernoulli_oneshot_seed_blind import THEOREM as SEED_BLIND

SPREAD = 2 * q * (1 - q)

CERTIFIED = Form(
    value="D(R, C)",
    parameters=(RATE, LOSS, *DRAW_PARAMETERS),
    definitions=(
        *REDUCTION,
        *SEED_SEEN,
        Definition(w_R, sp.Piecewise((sp.Integer(1), h <= R), (R / h, True)), "largest informative weight for the rate"),
        Definition(C_min, b - sp.Min(w_R, w_max) * (b - a), "least classification loss"),
        Definition(
            w_C,
            sp.Piecewise((sp.Min((b - C) / (b - a), w_R, w_max), (b > C) & (a < b)), (sp.Integer(0), True)),
            "least informative weight for the classifier",
        ),
        Definition(w_F, sp.Piecewise(((w_C * (1 - q) - (1 - p)) / (1 - 2 * q), w_C > kappa), (sp.Integer(0), True))),
    ),
    regimes=(
        infeasible(C < C_min),
        Regime("classification-limited", w_C > kappa, p - q + SPREAD * (kappa - w_C + 2 * w_F)),
        Regime("rate-limited", w_R < kappa, sp.Abs(p - q) + SPREAD * (kappa - w_R)),
        Regime("marginal-limited", sp.true, sp.Abs(p - q)),
    ),
    source="corrected here; linear program over the four maps of X",
)

_T = sp.Symbol("t", nonnegative=True)
PUBLISHED = Form(
    value="D(R, C)",
    parameters=CERTIFIED.parameters,
    definitions=(
        Definition(D_ind, q_X + q_Y - 2 * q_X * q_Y),
        Definition(q_S, q_X + q_S1 - 2 * q_X * q_S1),
        Definition(h, H_b(q_X)),
        Definition(a, H_b(q_S1)),
        Definition(b, H_b(1 - q_S)),
        Definition(_T, b - R / h * (b - a)),
    ),
    regimes=(
        Regime("minimal", (C > b) & (R > h), sp.Abs(q_X - q_Y)),
        Regime("rate-limited", C > _T, D_ind - 2 * q_X * (1 - q_X) * R / h),
        Regime("classification-limited", C >= a, D_ind - 2 * q_X * (1 - q_X) * (b - C) / (b - a)),
        Regime("below H(S|X): not stated, read as infeasible", sp.true, sp.oo),
    ),
    requirements=tuple(
        Requirement(s.name, condition, "is outside the published domain", f"the published form is stated for {text}")
        for s, condition, text in (
            (q_X, (q_X > 0) & (q_X <= sp.Rational(1, 2)), "0 < q_X <= 1/2"),
            (q_Y, q_Y <= sp.Rational(1, 2), "0 <= q_Y <= 1/2"),
            (q_S1, q_S1 < sp.Rational(1, 2), "0 <= q_S1 < 1/2"),
        )
    ),
    source="Nguyen, Nguyen, Bose, ICLR 2026, Theorem 2 (as published)",
    remark=(
        "Kept as published. Its classification regime needs rate above R and falls as C tightens; its rate regime ignores the "
        "given output law and goes below |q_X - q_Y|; its threshold for the minimal regime is not where that begins."
    ),
)


def _program(budgets: tuple[Any, ...], objective: tuple[Any, ...] = ()) -> LinearProgram:
    return LinearProgram(COLUMNS, EQUALITIES, budgets, objective)


def _derivation() -> Derivation:
    """Primal and dual points of the linear program, regime by regime, for 0 < q <= 1/2; Farkas multipliers where infeasible."""
    loss, both = (budget("C"),), (budget("R"), budget("C"))
    independent = q + p - 2 * q * p
    steps: list[Step] = preliminaries()

    # Rate-limited: w_C <= w_R <= kappa. Only Y = X carries information.
    w = R / h
    within: tuple[Any, ...] = (1 - 2 * q, 1 - w, p / q - w, (1 - p) / (1 - q) - w, w * (b - a) - (b - C), 1 - p, R)
    known = (q, 1 - q, h)
    steps += linear_program_steps(
        "rate-limited", _program(both, DISTORTIONS), value=independent - SPREAD * w, given=within, positive=known,
        primal=(w, 0, (1 - p) - w * (1 - q), p - w * q), dual=(q, 1 - 2 * q), multipliers=(SPREAD / h, 0),
        signs={
            "w_I": ((R, 1 / h),),
            "w_0": ((1 - q, (1 - p) / (1 - q) - w),),
            "w_1": ((q, p / q - w),),
            "slack of C": ((w * (b - a) - (b - C),),),
            "multiplier of R": ((2, q, 1 - q, 1 / h),),
            "reduced cost of F": ((4, q, 1 - q),),
        },
    )  # fmt: skip

    form = CERTIFIED.regimes[2].value
    for side, kappa_is in ((p - q, (1 - p) / (1 - q)), (q - p, p / q)):
        shown = form.subs({sp.Abs(p - q): side, kappa: kappa_is, w_R: w})
        steps.append(Identity("rate-limited", "this is the form's value", shown, independent - SPREAD * w))

    # Marginal-limited: w_C <= kappa <= w_R; the rate and the classifier do not bind, plain optimal transport.
    for side, weight, dual in (("q_Y <= q_X", p / q, (q, -1)), ("q_Y >= q_X", (1 - p) / (1 - q), (-q, 1))):
        below = side == "q_Y <= q_X"
        steps += linear_program_steps(
            "marginal-limited", _program(both, DISTORTIONS), value=q - p if below else p - q, dual=dual, multipliers=(0, 0),
            primal=(weight, 0, 1 - weight if below else 0, 0 if below else 1 - weight),
            given=(1 - 2 * q, 1 - p, 1 - weight, R - weight * h, C - b + weight * (b - a)), positive=(q, 1 - q),
            signs={
                "w_I": ((p, 1 / q),) if below else ((1 - p, 1 / (1 - q)),),
                "w_0": ((1 - weight,),) if below else (), "w_1": () if below else ((1 - weight,),),
                "slack of R": ((R - weight * h,),), "slack of C": ((C - b + weight * (b - a),),),
                "reduced cost of F": ((2, 1 - q),) if below else ((2, q),),
                "reduced cost of 0": () if below else ((2, q),),
                "reduced cost of 1": ((2, 1 - q),) if below else (),
            },
        )  # fmt: skip

    # Classification-limited: kappa < w_C <= min(w_R, w_max), q_Y > q_X. The code must flip X at times to inform the classifier.
    w = (b - C) / (b - a)
    flip = (w * (1 - q) - (1 - p)) / (1 - 2 * q)
    within = (1 - w, (1 - p) - w * q, w * (1 - q) - (1 - p), R - w * h, b - C)
    steps += linear_program_steps(
        "classification-limited", _program(both, DISTORTIONS), value=independent - SPREAD * (w - 2 * flip), primal=(w - flip, flip, 0, 1 - w),
        dual=(a * SPREAD / ((1 - 2 * q) * (b - a)) - q / (1 - 2 * q), 1 / (1 - 2 * q)),
        multipliers=(0, SPREAD / ((1 - 2 * q) * (b - a))),
        given=within, positive=(q, 1 - q, 1 - 2 * q, b - a),
        signs={
            "w_I": ((((1 - p) - w * q), 1 / (1 - 2 * q)),),
            "w_F": ((w * (1 - q) - (1 - p), 1 / (1 - 2 * q)),),
            "w_1": ((1 - w,),),
            "slack of R": ((R - w * h,),),
            "multiplier of C": ((2, q, 1 - q, 1 / (1 - 2 * q), 1 / (b - a)),),
            "reduced cost of 0": ((q,), (q, 1 / (1 - 2 * q)), (2, q, 1 - q, 1 / (1 - 2 * q))),
        },
    )  # fmt: skip

    shown = CERTIFIED.regimes[1].value.subs({kappa: (1 - p) / (1 - q), w_C: w, w_F: flip})
    steps.append(Identity("classification-limited", "this is the form's value", shown, independent - SPREAD * (w - 2 * flip)))

    # Infeasible, four ways: the loss below H(S|X); below what the rate allows; below what the output law allows (two sides).
    steps += farkas_steps(
        "infeasible", _program(loss), dual=(a, 0), multipliers=(1,), given=(b - a,), positive=(a - C,),
        signs={"multiplier of C": ((1,),), "reduced cost of 0": ((b - a,),), "reduced cost of 1": ((b - a,),), "gap": ((a - C,),)},
    )  # fmt: skip
    steps += farkas_steps(
        "infeasible", _program(both), dual=(b, 0), multipliers=((b - a) / h, 1),
        positive=(h, b - a, b - R / h * (b - a) - C),
        signs={"multiplier of R": ((b - a, 1 / h),), "multiplier of C": ((1,),), "gap": ((b - R / h * (b - a) - C,),)},
    )  # fmt: skip
    steps += farkas_steps(
        "infeasible", _program(loss), dual=(b, -(b - a) / q), multipliers=(1,),
        given=(1 - 2 * q,), positive=(q, b - a, b - p / q * (b - a) - C),
        signs={
            "multiplier of C": ((1,),), "gap": ((b - p / q * (b - a) - C,),),
            "reduced cost of F": ((b - a, 1 - 2 * q, 1 / q),), "reduced cost of 1": ((b - a, 1 / q),),
        },
    )  # fmt: skip
    steps += farkas_steps(
        "infeasible", _program(loss), dual=(b - (b - a) / q, (b - a) / q), multipliers=(1,),
        given=(1 - 2 * q,), positive=(q, b - a, b - (1 - p) / q * (b - a) - C),
        signs={
            "multiplier of C": ((1,),), "gap": ((b - (1 - p) / q * (b - a) - C,),),
            "reduced cost of I": ((b - a, 1 - 2 * q, 1 / q),), "reduced cost of 0": ((b - a, 1 / q),),
        },
    )  # fmt: skip

    # Trivial X (q = 0): every map is a constant in effect, and the distortion is the mass of Y.
    zero = {q: 0, h: 0, b: a}
    trivial = {k: tuple(sp.sympify(x).subs(zero) for x in row) for k, row in (("d", DISTORTIONS), ("y", EQUALITIES[1][1]))}
    steps += linear_program_steps(
        "marginal-limited", LinearProgram(
            COLUMNS, (EQUALITIES[0], ("the output law is q_Y (X = 0)", trivial["y"], p)),
            (("R", (0, 0, 0, 0), R), ("C", (a, a, a, a), C)), trivial["d"],
        ),
        value=p,
        primal=(1 - p, p, 0, 0), dual=(0, 1), multipliers=(0, 0), given=(1 - p, C - a, -q),
        signs={"w_I": ((1 - p,),), "w_F": ((p,),), "slack of R": ((R,),), "slack of C": ((C - a,),)},
    )  # fmt: skip
    return Derivation(steps)


_HALF = sp.Rational(1, 2)
THEOREM = Theorem(
    name="drc-bernoulli-oneshot",
    title="Distortion-rate-classification function of a Bernoulli source, one-shot, Hamming distortion, classifier sees the seed",
    problem=Problem(
        value="distortion",
        source="bernoulli",
        setting="oneshot",
        distortion="Hamming",
        constraints=("R", "C"),
        output="given",
        classification="H(S|Y,U)",
    ),
    certified=CERTIFIED,
    published=PUBLISHED,
    derivation=_derivation(),
    examples=(
        Example(C, 0.44, 0.85, {"R": 0.73, "q_X": 0.2, "q_Y": 0.4, "q_S1": 0.1}),
        Example(R, 0.0, 0.9, {"C": 1.0, "q_X": 0.25, "q_Y": 0.125, "q_S1": 0.1}),
    ),
    boundaries=(
        (C, C_min),
        (C, b),
        (C, b - kappa * (b - a)),
        (C, a),
        (R, h * kappa),
        (R, h),
        (R, h * w_max),
        (R, sp.S.Zero),
        (q_Y, q_X),
        (q_Y, 1 - q_X),
        *((s, value) for s in (q_X, q_Y, q_S1) for value in (sp.S.Zero, _HALF, sp.S.One)),
    ),
    seed_blind=SEED_BLIND,
)
