"""`rdcsym certify --data`: certified limits of a data set, through the discrete problem that its codebooks make."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rdcsym.cli.results import DataPoint, DataResult, Estimate
from rdcsym.problem import FloatArray

if TYPE_CHECKING:
    from solvers import Certificate, CodebookProblem, DiscreteProblem, SampledProblem

CODEWORDS = 16
_RATES, _THOROUGH_RATES = 9, 33
_LOSSES, _THOROUGH_LOSSES = 6, 16
_NODES, _THOROUGH_NODES = 10, None  # of branch and bound at each point of a loss curve; None: the solver's own number
_SLACK_SHARE = 1.2  # the first point of a loss curve leaves the classifier slack
_CURVE_RATES = (0.25, 0.5)  # of the largest rate that matters: where curves against the classification loss are taken


def load(source: str, codewords: int = CODEWORDS, seed: int = 0) -> tuple[str, CodebookProblem]:
    """The name and the discrete problem of scikit-learn's digits, or of a user's .npz with x, y and labels."""
    from solvers import digits, load_samples

    if source == "digits":
        return "digits", digits(codewords=codewords, seed=seed)
    return source, load_samples(source, codewords, codewords, seed)


def certify_data(named: tuple[str, CodebookProblem], thorough: bool, replicates: int = 0) -> DataResult:
    """D(R) along the rate, and D(R, C) along the loss at a few rates; every interval checked.

    replicates: of the bootstrap at each rate, for the sampling error beside the certified interval; 0: none.
    """
    start, (name, made) = time.perf_counter(), named
    problem = made.problem
    label_entropy = _entropy(made.p_S)
    largest_rate = min(_entropy(problem.p_X), _entropy(problem.p_Y))
    rates = np.linspace(0.0, largest_rate, _THOROUGH_RATES if thorough else _RATES)
    losses, nodes = (_THOROUGH_LOSSES, _THOROUGH_NODES) if thorough else (_LOSSES, _NODES)
    return DataResult(
        name=name,
        description="\n".join(made.notes),
        samples=made.samples,
        symbols_x=problem.cost.shape[0],
        symbols_y=problem.cost.shape[1],
        labels=made.p_S.size,
        codebook_error_x=made.codebook_error_x,
        codebook_error_y=made.codebook_error_y,
        label_entropy=label_entropy,
        least_loss=_least_loss(problem),
        rate_curve=[_estimated(problem, float(rate), replicates) for rate in rates],
        classification_curves=[
            _loss_curve(problem, share * largest_rate, label_entropy, losses, nodes) for share in _CURVE_RATES
        ],
        seconds=time.perf_counter() - start,
    )


def _loss_curve(problem: DiscreteProblem, rate: float, label_entropy: float, count: int, nodes: int | None) -> list[DataPoint]:
    """D(R, C) at one rate, from the loss of the plan that ignores the classifier down to what the rate could do at best."""
    from solvers import solve

    plan = solve(problem, rate=rate).plan
    assert plan is not None, "without a classification budget a plan always exists"
    assert problem.p_S_given_X is not None
    joint = problem.p_S_given_X.T @ plan
    free = sum(mass * _entropy(column / mass) for mass, column in zip(joint.sum(axis=0), joint.T, strict=True) if mass > 0)
    least = max(_least_loss(problem), label_entropy - rate)
    shares = np.linspace(_SLACK_SHARE, 0.0, count + 1)[:-1]  # at 0 itself the relaxation has no interior
    return [_point(problem, rate, float(least + share * (free - least)), nodes) for share in shares]


def _least_loss(problem: DiscreteProblem) -> float:
    """H(S|X) in bits: no processing of X leaves less."""
    assert problem.p_S_given_X is not None
    return float(problem.p_X @ np.array([_entropy(row) for row in problem.p_S_given_X]))


def _point(problem: DiscreteProblem, rate: float, loss: float | None, nodes: int | None = None) -> DataPoint:
    from solvers import solve

    return _told(solve(problem, rate=rate, classification=loss, nodes=nodes), rate, loss)


def _estimated(problem: SampledProblem, rate: float, replicates: int) -> DataPoint:
    from solvers import bootstrap

    if replicates == 0:
        return _point(problem, rate, None)
    found = bootstrap(problem, rate=rate, replicates=replicates)
    lower, upper = found.estimate
    estimate = Estimate(lower=lower, upper=upper, level=found.level, replicates=replicates, infeasible=found.infeasible)
    return replace(_told(found.certificate, rate, None), estimate=estimate)


def _told(found: Certificate, rate: float, loss: float | None) -> DataPoint:
    return DataPoint(
        rate=rate,
        classification=loss,
        lower=found.lower,
        upper=found.upper,
        status=found.status,
        method=found.method,
        verified=found.verify(),
    )


def _entropy(masses: FloatArray) -> float:
    """Entropy in bits, for choosing budgets only: the certificates do not rest on it."""
    kept = masses[masses > 0]
    return float(-(kept * np.log2(kept)).sum())
