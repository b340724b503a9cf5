"""What the fuzz asks of each problem: an answer without a crash, a warning or a NaN, that its checker accepts, and that is
consistent with the answers to related questions.
"""

from __future__ import annotations

import math
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any, Final

import numpy as np
from fuzz_malformed import draw_malformed
from fuzz_problems import LARGEST, Case, draw

from rdcsym.problem import InputError
from solvers import Ball, Certificate, DiscreteProblem, solve

MALFORMED_EVERY: Final = 33
"""So that 10,000 problems have 303 malformed ones; degenerate ones are among the others."""
RELATED_SHARE: Final = 0.25
"""Share of the problems up to RELATED_LARGEST symbols a side that are asked again in another form."""
RELATED_LARGEST: Final = 12


class FuzzError(AssertionError):
    """An answer that is not as it must be."""


class OutOfTimeError(Exception):
    """A problem took longer than the limit."""


def outcome(seed: int, index: int, limit: float = 0.0, largest: int = LARGEST) -> dict[str, Any]:
    """One line of the record: "fault" is None where all is well. limit: seconds, 0 for none (elsewhere than on POSIX: none)."""
    start = time.perf_counter()
    row: dict[str, Any] = {"index": index, "kind": "", "question": {}, "status": "", "fault": None}
    try:
        with _limited(limit), warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
            warnings.simplefilter("error")
            if index % MALFORMED_EVERY == 0:
                row |= _malformed(seed, index)
            else:
                case = draw(seed, index, largest)
                row |= {"kind": case.kind, "question": {k: _plain(v) for k, v in case.question.items()}}
                row |= _asked(case, np.random.default_rng((seed, index, 1)))
    except OutOfTimeError:
        row["fault"] = f"not answered within {limit:g} s"
    except FuzzError as error:
        row["fault"] = str(error)
    except Exception as error:
        where = "; ".join(
            f"{f.name} {f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:]
        )
        row["fault"] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]} ({where})"
    return row | {"seconds": round(time.perf_counter() - start, 4)}


def _malformed(seed: int, index: int) -> dict[str, Any]:
    bad = draw_malformed(seed, index)
    row = {"kind": bad.kind, "status": "malformed"}
    try:
        bad.call()
    except InputError as error:
        if not error.argument.startswith(bad.argument):
            return row | {"fault": f"names {error.argument!r} and not {bad.argument!r}: {error}"}
        if "\n" in str(error) or not error.fix:
            return row | {"fault": f"no single line with a remedy: {error!r}"}
        return row
    return row | {"fault": "was accepted"}


def _asked(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    answer = solve(case.problem, **case.question)
    check_answer(answer)
    if max(case.problem.cost.shape) <= RELATED_LARGEST and rng.random() < RELATED_SHARE:
        RELATIONS[int(rng.integers(len(RELATIONS)))](case, answer, rng)
    return {"status": answer.status, "method": answer.method, "gap": _plain(answer.relative_gap)}


def check_answer(answer: Certificate) -> None:
    """The answer by itself: ends in order, nothing NaN, accepted by its checker."""
    if not answer.lower <= answer.upper:
        raise FuzzError(f"the ends {answer.lower!r} and {answer.upper!r} are not in order")
    numbers = [answer.relative_gap, answer.temperature, answer.plan, *(answer.potentials or ())]
    if any(x is not None and np.isnan(x).any() for x in numbers):
        raise FuzzError("the gap, the temperature, the plan or a potential is not a number")
    if "nan" in repr(answer):
        raise FuzzError(f"nan in {answer!r}")
    if answer.verify() is not True:
        raise FuzzError("verify() is not True")
    plain = answer.point.classification == math.inf and not answer.point.minimises_rate
    if plain and answer.point.setting != "oneshot" and answer.upper == math.inf:
        raise FuzzError("the product of the marginals is a plan, but there is no upper end")


def _scaled(case: Case, answer: Certificate, rng: np.random.Generator) -> None:
    """Costs twice as great: a distortion is twice as great, a rate what it was."""
    p, question = case.problem, dict(case.question)
    if not np.abs(p.cost).max() <= 8e307:
        return
    if "distortion" in question:
        question["distortion"] *= 2
    factor = 1.0 if answer.point.minimises_rate else 2.0
    again = solve(DiscreteProblem(p.p_X, p.p_Y, 2 * p.cost, p.p_S_given_X), **question)
    _meets("costs doubled", (factor * answer.lower, factor * answer.upper), again)


def _permuted(case: Case, answer: Certificate, rng: np.random.Generator) -> None:
    """Symbols and labels in another order: the same value."""
    p = case.problem
    x, y = rng.permutation(p.p_X.size), rng.permutation(p.p_Y.size)
    label = p.p_S_given_X if p.p_S_given_X is None else p.p_S_given_X[np.ix_(x, rng.permutation(p.p_S_given_X.shape[1]))]
    question = dict(case.question)
    if (ball := question.get("perception")) is not None and ball.ground is not None:
        question["perception"] = replace(ball, ground=ball.ground[np.ix_(y, y)])
    again = solve(DiscreteProblem(p.p_X[x], p.p_Y[y], p.cost[np.ix_(x, y)], label), **question)
    _meets("symbols permuted", (answer.lower, answer.upper), again)


def _looser(case: Case, answer: Certificate, rng: np.random.Generator) -> None:
    """More of a budget: no greater value."""
    question = dict(case.question)
    name = str(rng.choice([k for k in ("rate", "distortion", "classification") if k in question]))
    question[name] = question[name] * 1.5 + (1e-3 if name != "distortion" else 1e-3 * float(np.ptp(case.problem.cost)))
    again = solve(case.problem, **question)
    check_answer(again)
    if again.lower > answer.upper:
        raise FuzzError(f"more {name} ({question[name]!r}) costs more: from {again.lower!r}, against {answer.upper!r} at most")


def _split(case: Case, answer: Certificate, rng: np.random.Generator) -> None:
    """Time sharing can only help, and a seed that the classifier sees too."""
    question = dict(case.question)
    if question["setting"] == "oneshot":
        if "classification" not in question:
            return
        question["classifier_sees_seed"] = True
    elif question["setting"] == "single-letter":
        question["setting"] = "asymptotic"
    again = solve(case.problem, **question)
    check_answer(again)
    if again.lower > answer.upper:
        raise FuzzError(f"the less strict setting costs more: from {again.lower!r}, against {answer.upper!r} at most")


RELATIONS: Final = (_scaled, _permuted, _looser, _split)


def _meets(what: str, ends: tuple[float, float], again: Certificate) -> None:
    check_answer(again)
    if again.lower > ends[1] or again.upper < ends[0]:
        raise FuzzError(f"{what}: [{again.lower!r}, {again.upper!r}] does not meet [{ends[0]!r}, {ends[1]!r}]")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    if seconds <= 0 or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _plain(x: Any) -> Any:
    """For JSON, which has no infinity and no balls."""
    if isinstance(x, Ball):
        return f"{x.kind}, radius {x.radius!r}"
    return repr(x) if isinstance(x, float) and not math.isfinite(x) else x
