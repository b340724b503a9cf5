"""Many operating points of one problem at once: a curve over rates, or a surface over rates and classification budgets.

from solvers import solve_surface
s = solve_surface(problem, rates=np.linspace(.1, 3, 64), classifications=np.linspace(.5, 3, 64), folder="surface")
s.lower, s.upper, s.status          # arrays (64, 64); s.certificate(i, j).verify()

Rows (one rate each) are independent jobs; along a row each point starts from the last (`surface_row`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray, InputError, check_array
from solvers.certificate import Certificate
from solvers.checker import status_of
from solvers.problem import DiscreteProblem, OperatingPoint, operating_point
from solvers.solve import DEFAULT_TOLERANCE
from solvers.surface_file import fingerprint, load_row, save_row
from solvers.surface_row import Cell, Question, row

Jobs = Literal["local"] | Executor | None

PARALLEL: Final = 8
"""Rows from which processes of their own pay for their start."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Certified intervals over a grid. rates (r,); classifications (c,) or None.

    lower, upper, status: (r, c), or (r,) without classifications; cost units; status as in a Certificate.
    """

    problem: DiscreteProblem = field(repr=False)
    rates: FloatArray
    classifications: FloatArray | None
    question: Question
    lower: FloatArray = field(repr=False)
    upper: FloatArray = field(repr=False)
    status: NDArray[np.str_] = field(repr=False)
    cells: tuple[tuple[Cell, ...], ...] = field(repr=False)

    def certificate(self, i: int, j: int | None = None) -> Certificate:
        """The certificate of one point, with its evidence: `.verify()` checks it from the raw data."""
        if (j is None) != (self.classifications is None):
            raise InputError("j", j, "belongs to a surface with classifications", "give (i, j) for a surface, (i) for a curve")
        cell = self.cells[i][0 if j is None else j]
        budget = None if self.classifications is None or j is None else float(self.classifications[j])
        point = _point(self.problem, float(self.rates[i]), budget, self.question)
        return Certificate(
            problem=self.problem,
            point=point,
            lower=cell.lower,
            upper=cell.upper,
            status=status_of(self.problem, point, cell.lower, cell.upper, self.question.tolerance),
            method=cell.method,
            tolerance=self.question.tolerance,
            primal=cell.primal,
            dual=cell.dual,
            arithmetic=cell.arithmetic,
        )

    def verify(self) -> bool:
        """Check every certificate; True, or CertificateError of the first that fails."""
        for i in range(len(self.rates)):
            for j in [None] if self.classifications is None else range(len(self.classifications)):
                self.certificate(i, j).verify()
        return True


def solve_surface(
    problem: DiscreteProblem,
    *,
    rates: Any,
    classifications: Any = None,
    setting: str = "single-letter",
    units: str = "bits",
    tolerance: float = DEFAULT_TOLERANCE,
    nodes: int | None = 0,
    folder: str | os.PathLike[str] | None = None,
    executor: Jobs = "local",
    progress: Callable[[str], None] = lambda done: None,
) -> Surface:
    """D(R) over `rates` (r,), or D(R, C) over `rates` and `classifications` (c,), each value in a certified interval.

    setting ("single-letter" or "asymptotic"), units, tolerance: as in `solve`. nodes: of branch and bound at each point that
    continuation leaves open (0: none, the interval stays as it is; None: as in `solve`, which may take seconds a point).
    folder: rows are kept there as they are finished, and taken from there on another call of the same question.
    executor: "local" (processes of this machine, one a core, for 8 rows and more: a script needs its `if __name__ ==
    "__main__"`), None (this process) or any `concurrent.futures.Executor`, of a Dask cluster for instance.
    progress: called with a line after each row. Raises InputError on bad input.
    """
    all_rates = _budgets("rates", rates)
    all_losses = None if classifications is None else _budgets("classifications", classifications)
    question = _question(problem, all_rates, all_losses, setting, units, tolerance, nodes)
    losses = None if all_losses is None else [float(c) for c in all_losses]
    where = None if folder is None else Path(folder)
    files = [None if where is None else where / f"row-{i:04d}.npz" for i in range(len(all_rates))]
    marks = [fingerprint(problem, rate, losses, question) for rate in all_rates]
    rows: dict[int, list[Cell]] = {}
    for i, path in enumerate(files):
        kept = None if path is None else load_row(path, marks[i])
        if kept is not None:
            rows[i] = kept
            progress(f"rate {all_rates[i]:g}, kept")
    missing = [i for i in range(len(all_rates)) if i not in rows]
    with _workers(executor, len(missing)) as pool:
        for i, cells in _finished(pool, problem, all_rates, losses, question, missing):
            path = files[i]
            if path is not None:
                save_row(path, cells, marks[i])
            rows[i] = cells
            progress(f"rate {all_rates[i]:g}")
    return _assembled(problem, all_rates, all_losses, question, [rows[i] for i in range(len(all_rates))])


def _finished(
    pool: Executor | None,
    problem: DiscreteProblem,
    rates: FloatArray,
    losses: list[float] | None,
    question: Question,
    missing: Sequence[int],
) -> Iterator[tuple[int, list[Cell]]]:
    if pool is None:
        for i in missing:
            yield i, row(problem, float(rates[i]), losses, question)
        return
    jobs = {pool.submit(row, problem, float(rates[i]), losses, question): i for i in missing}
    try:
        for job in as_completed(jobs):
            yield jobs[job], job.result()
    finally:
        for job in jobs:
            job.cancel()


@contextmanager
def _workers(executor: Jobs, rows: int) -> Iterator[Executor | None]:
    if executor is None or isinstance(executor, Executor):
        with nullcontext(executor) as given:
            yield given
        return
    if executor != "local":
        raise InputError("executor", executor, "runs no jobs", 'give "local", None or a concurrent.futures.Executor')
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if rows < PARALLEL or cores < 2:
        yield None
        return
    with ProcessPoolExecutor(min(cores, rows), mp_context=get_context("spawn")) as pool:
        yield pool


def _assembled(
    problem: DiscreteProblem, rates: FloatArray, losses: FloatArray | None, question: Question, rows: Sequence[Sequence[Cell]]
) -> Surface:
    shape = (len(rates),) if losses is None else (len(rates), len(losses))
    lower = np.array([[cell.lower for cell in cells] for cells in rows]).reshape(shape)
    upper = np.array([[cell.upper for cell in cells] for cells in rows]).reshape(shape)
    status = np.empty(shape, dtype="<U10")
    points = [_point(problem, float(rates[0]), None if losses is None else float(losses[0]), question)]
    for index in np.ndindex(*shape):
        status[index] = status_of(problem, points[0], float(lower[index]), float(upper[index]), question.tolerance)
    return Surface(problem, rates, losses, question, lower, upper, status, tuple(tuple(cells) for cells in rows))


def _point(problem: DiscreteProblem, rate: float, classification: float | None, question: Question) -> OperatingPoint:
    return operating_point(
        problem,
        rate=rate,
        distortion=None,
        classification=classification,
        perception=None,
        setting=question.setting,
        units=question.units,
        classifier_sees_seed=None,
    )


def _question(
    problem: DiscreteProblem,
    rates: FloatArray,
    losses: FloatArray | None,
    setting: str,
    units: str,
    tolerance: float,
    nodes: int | None,
) -> Question:
    limit = check_array("tolerance", tolerance)
    if limit.ndim != 0 or not 0 <= limit < 1:
        raise InputError("tolerance", tolerance, "is no relative gap", "give a number in [0, 1)")
    if nodes is not None and (isinstance(nodes, bool) or not isinstance(nodes, int | np.integer) or nodes < 0):
        raise InputError("nodes", nodes, "is no number of nodes", "give a whole number of at least 0, or None")
    if setting == "oneshot":
        raise InputError("setting", setting, "has no surfaces", "call solve(setting='oneshot') at each point")
    question = Question(setting, units, float(limit), None if nodes is None else int(nodes))
    # What is wrong with the problem or a budget is named before any work begins.
    _point(problem, float(rates[0]), None if losses is None else float(losses[0]), question)
    return question


def _budgets(name: str, values: Any) -> FloatArray:
    array = check_array(name, values)
    if array.ndim != 1 or array.size == 0:
        raise InputError(
            name, f"array of shape {array.shape}", "must be a list of budgets", "give at least one, in one dimension"
        )
    for value in array:
        if math.isnan(value) or value < 0:
            raise InputError(name, float(value), "must not be negative", "give budgets of at least 0")
    return np.abs(array)
