"""Which part of an interval is optimisation and which is statistics: the bootstrap over the samples of a discrete problem.

The masses and labels of a `SampledProblem` are counted from samples, so its value is an estimate of the population's. The
bootstrap (Efron 1979) draws as many samples again, with replacement, counts them into the same cells, and solves: how the
values of the replicates scatter around the samples' own value estimates how that one scatters around the population's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final, Literal, get_args

import numpy as np

from rdcsym.problem import FloatArray, InputError, check_array, nearest
from solvers.certificate import Certificate
from solvers.problem import DiscreteProblem
from solvers.quantise import whole
from solvers.samples import SampledProblem
from solvers.solve import solve

Kind = Literal["basic", "percentile"]
JOBS: Final = 16
"""Jobs that an executor is given: each carries a copy of the samples' cells, and may start a process of its own."""
OPERATING: Final = frozenset(signature(solve).parameters) - {"problem"}


@dataclass(frozen=True, eq=False, kw_only=True)
class BootstrapInterval:
    """Two intervals about one operating point, which must not be read as one.

    certified: of the problem of these very samples and codewords, from `certificate`; it holds whatever the solver did.
    estimate: at confidence `level`, where the population's value with the same codewords lies; an approximation that gets
    better with more samples, and nothing that a checker could prove.
    replicates: (count, 2) certified ends of each replicate; infeasible ones, with both ends inf, are kept and counted.
    """

    certificate: Certificate
    estimate: tuple[float, float]
    replicates: FloatArray
    level: float
    kind: Kind

    @property
    def certified(self) -> tuple[float, float]:
        return _ends(self.certificate)

    @property
    def infeasible(self) -> int:
        """How many replicates were proved infeasible."""
        return int(np.isinf(self.replicates[:, 0]).sum())

    @property
    def without_upper_end(self) -> int:
        """How many replicates have no plan, yet are not proved infeasible."""
        return int(np.isinf(self.replicates[:, 1]).sum()) - self.infeasible

    def __str__(self) -> str:
        (low, high), (least, most) = self.certified, self.estimate
        text = f"certified [{low:.9g}, {high:.9g}] for these samples; "
        text += f"estimate [{least:.6g}, {most:.6g}] for their population at level {self.level:g} ({self.kind} bootstrap, "
        open_ends = f", {self.without_upper_end} without an upper end" if self.without_upper_end else ""
        return text + f"{len(self.replicates)} replicates, {self.infeasible} infeasible{open_ends}; the codewords held fixed)"


def bootstrap(
    sampled: SampledProblem,
    *,
    replicates: int = 200,
    level: float = 0.95,
    kind: str = "basic",
    paired: bool = False,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    **asked: Any,
) -> BootstrapInterval:
    """The certified interval at an operating point of `sampled` and, apart, the interval of its sampling error.

    Each replicate draws x with their labels, and y, with replacement and independently (paired: the i-th y came with the i-th
    x, and they are drawn together). The codewords stay as they are, so neither their learning nor the codebook error is in the
    interval. asked: the operating point and knobs, as in `solve`.
    kind: "basic", the samples' own value less the replicates' deviations from it, or "percentile", the replicates' own
    quantiles; both are widened to the samples' own interval. Where the rate does not bind, the value is convex in the masses, so
    it tends to lie above the population's, and the replicates above it; "basic" takes that off, "percentile" doubles it.
    Quantiles are order statistics of the replicates' certified ends, outward. Where the value has a kink in the masses
    (transport of a law to itself) no bootstrap of this kind is consistent (Sommerfeld and Munk 2018).
    seed: replicate i depends on (seed, i) alone. executor: a concurrent.futures.Executor, default in this process.
    progress: called with the replicates done and their number. Raises InputError on bad input.
    """
    if not isinstance(sampled, SampledProblem):
        raise InputError(
            "sampled", type(sampled).__name__, "remembers no samples", "build it with DiscreteProblem.from_samples(...)"
        )
    count, seed = whole("replicates", replicates, 1), whole("seed", seed, 0)
    share = check_array("level", level)
    if share.ndim != 0 or not 0 < share < 1:
        raise InputError("level", level, "is no level of confidence", "give a number between 0 and 1, as .95")
    if kind not in get_args(Kind):
        raise InputError("kind", kind, "is no kind of bootstrap", nearest(str(kind), get_args(Kind)))
    n, m = sampled.samples
    if min(n, m) < 2:
        raise InputError("sampled", "one sample", "has no sampling error to estimate", "give two samples or more of x and of y")
    if paired and n != m:
        raise InputError("paired", paired, f"needs as many x as y, but there are {n} and {m}", "leave it False")
    if unknown := asked.keys() - OPERATING:
        name = min(unknown)
        raise InputError(name, asked[name], "is no argument of solve", nearest(name, OPERATING))
    certificate = solve(sampled, **asked)
    size = 1 if executor is None else math.ceil(count / JOBS)
    jobs = [_Job(sampled, paired, seed, range(i, min(i + size, count)), asked) for i in range(0, count, size)]
    ends, done = np.empty((count, 2)), 0
    for job, found in _solved(jobs, executor):
        ends[job.indices.start : job.indices.stop] = found
        done += len(job.indices)
        progress(done, count)
    return BootstrapInterval(
        certificate=certificate,
        estimate=_estimate(certificate, ends, float(share), kind),
        replicates=ends,
        level=float(share),
        kind=kind,  # type: ignore[arg-type]
    )


@dataclass(frozen=True, eq=False)
class _Job:
    """Some of the replicates, by index: what one worker does."""

    sampled: SampledProblem
    paired: bool
    seed: int
    indices: range
    asked: dict[str, Any]


def _run(job: _Job) -> list[tuple[float, float]]:
    return [_ends(solve(_drawn(job, i), **job.asked)) for i in job.indices]


def _drawn(job: _Job, i: int) -> DiscreteProblem:
    rng, (n, m) = np.random.default_rng((job.seed, i)), job.sampled.samples
    chosen = rng.integers(n, size=n)
    return job.sampled.recounted(chosen, chosen if job.paired else rng.integers(m, size=m))


def _ends(certificate: Certificate) -> tuple[float, float]:
    return certificate.lower, certificate.upper


def _solved(jobs: list[_Job], executor: Executor | None) -> Iterator[tuple[_Job, list[tuple[float, float]]]]:
    """Each job with its replicates' ends, in any order."""
    if executor is None:
        for job in jobs:
            yield job, _run(job)
        return
    running = {executor.submit(_run, job): job for job in jobs}
    try:
        for future in as_completed(running):
            yield running[future], future.result()
    finally:
        for future in running:
            future.cancel()


def _estimate(own: Certificate, ends: FloatArray, level: float, kind: str) -> tuple[float, float]:
    """Quantiles of values known to intervals: those of the lower ends are below them, those of the upper ends above.

    Order statistics, not interpolated, so that an infinite value stays one.
    """
    tail = (1 - level) / 2
    low = float(np.quantile(ends[:, 0], tail, method="lower"))
    high = float(np.quantile(ends[:, 1], 1 - tail, method="higher"))
    if kind == "basic":
        # No value is below the floor; and infinite on both sides says nothing of a difference: as far out as it can be.
        floor = 0.0 if own.point.minimises_rate else float(own.problem.cost.min())
        least = floor if math.inf in (high, own.lower) else max(floor, 2 * own.lower - high)
        low, high = least, math.inf if math.inf in (own.upper, low) else 2 * own.upper - low
    # Next to a kink all replicates can lie on one side of the samples' own value, which is not to be left out.
    return min(low, own.lower), max(high, own.upper)
