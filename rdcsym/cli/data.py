"""`rdcsym certify --data`: certified limits of a data set, through the discrete problem that its codebooks make."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from rdcsym.cli.results import DataPoint, DataResult
from rdcsym.problem import FloatArray

if TYPE_CHECKING:
    from solvers import CodebookProblem, DiscreteProblem

CODEWORDS = 16
_RATES, _THOROUGH_RATES = 9, 33
_LOSSES, _THOROUGH_LOSSES = 6, 16
_CURVE_RATES = (0.25, 0.5)  # of the largest rate that matters: where curves against the classification loss are taken


def load(source: str, codewords: int = CODEWORDS, seed: int = 0) -> tuple[str, CodebookProblem]:
    """The name and the discrete problem of scikit-learn's digits, or of a user's .npz with x, y and labels."""
    from solvers import digits, load_samples

    if source == "digits":
        return "digits", digits(codewords=codewords, seed=seed)
    return source, load_samples(source, codewords, codewords, seed)


def certify_data(named: tuple[str, CodebookProblem], thorough: bool) -> DataResult:
    """D(R) along the rate, and D(R, C) along the loss at a few rates; every interval checked."""
    start, (name, made) = time.perf_counter(), named
    problem = made.problem
    assert problem.p_S_given_X is not None
    label_entropy = _entropy(made.p_S)
    least_loss = float(problem.p_X @ np.array([_entropy(row) for row in problem.p_S_given_X]))
    largest_rate = min(_entropy(problem.p_X), _entropy(problem.p_Y))
    rates = np.linspace(0.0, largest_rate, _THOROUGH_RATES if thorough else _RATES)
    losses = _THOROUGH_LOSSES if thorough else _LOSSES
    return DataResult(
        name=name,
        description=" ".join(made.notes),
        samples=made.samples,
        symbols_x=problem.cost.shape[0],
        symbols_y=problem.cost.shape[1],
        labels=made.p_S.size,
        codebook_error_x=made.codebook_error_x,
        codebook_error_y=made.codebook_error_y,
        label_entropy=label_entropy,
        least_loss=least_loss,
        rate_curve=[_point(problem, float(rate), None) for rate in rates],
        classification_curves=[
            [
                _point(problem, share * largest_rate, float(loss))
                for loss in np.linspace(label_entropy, max(least_loss, label_entropy - share * largest_rate), losses)
            ]
            for share in _CURVE_RATES
        ],
        seconds=time.perf_counter() - start,
    )


def _point(problem: DiscreteProblem, rate: float, loss: float | None) -> DataPoint:
    from solvers import solve

    found = solve(problem, rate=rate, classification=loss)
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
