"""`rdcsym bench solvers`: time to a certified gap, ours and peers', on the same instances and checked by the same function.

The task is min <P, c> over couplings of p and q with I(X;Y) <= R, one rate a run.

rows, skipped = bench(QUICK, "benchmarks/results/solvers.partial.jsonl")
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as NotYetError
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from rdcsym.executor import ProcessPerJob, cores
from rdcsym.machine import processor
from rdcsym.problem import InputError, nearest
from solvers.bench.instances import KINDS, largest, rates, source
from solvers.bench.measure import Job, Measurement, append, cached, measure_all, unfinished
from solvers.bench.peers import METHODS, OURS, Method, find
from solvers.bench.race import TARGETS
from solvers.bench.summary import Row, rows_of, summary

__all__ = ["FULL", "QUICK", "TARGETS", "Effort", "Row", "bench", "jobs", "machine", "summary"]

PATIENCE: Final = 30.0
"""Seconds beyond what its races may take until a process that says nothing, as in compiled code, is ended."""


@dataclass(frozen=True)
class Effort:
    """Which instances, and how long. A peer's race may take `factor` times ours, at least `least` and at most `limit` seconds.

    threads: of BLAS and OpenMP; a peer with a pool of its own (JAX) has all cores. repeats: of short runs.
    """

    name: str
    kinds: tuple[str, ...] = KINDS
    sizes: tuple[int, ...] = (16, 64, 256, 1024, 4096)
    rates: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0, 4.0)
    limit: float = 15.0
    least: float = 1.0
    factor: float = 40.0
    repeats: int = 3
    threads: int = 0


FULL: Final = Effort("full")
QUICK: Final = Effort("quick", sizes=(16, 64, 256), rates=(1.0, 3.0), limit=5.0, least=1.0)
LARGE: Final = 4096
LARGE_KINDS: Final = ("gaussian", "images")
MIDDLE: Final = 1024
MIDDLE_RATES: Final = (1.0, 3.0)
LARGE_COLD: Final = (OURS, "POT sinkhorn")
"""From `MIDDLE` symbols on: only these rates. From `LARGE` on: only these kinds, and cold only these methods."""
FREE_OUTPUT_RATE: Final = 1.0
"""The task with a free output law has no rate; its row is made once for each size, at this place of the grid."""


def _measured(kind: str, n: int, rate: float) -> bool:
    return (n < MIDDLE or rate in MIDDLE_RATES) and (n < LARGE or kind in LARGE_KINDS)


def jobs(effort: Effort) -> list[list[Job]]:
    """The measurements, grouped by process: one method on the instances of one kind and size. Ours comes first."""
    groups = []
    for kind in effort.kinds:
        for n in [size for size in effort.sizes if size <= largest(kind)]:
            grid = [r for r in rates(kind, n) if r in effort.rates and _measured(kind, n, r)]
            for method in METHODS:
                places = grid if method.task == "transport" else [r for r in grid if r == FREE_OUTPUT_RATE]
                hows = [how for how in method.build if n < LARGE or how == "warm" or method.name in LARGE_COLD]
                group = [Job(method.task, kind, n, r, method.name, how) for how in hows for r in places]
                if group and n <= method.largest:
                    groups.append(group)
    return groups


def bench(
    effort: Effort, cache: str | Path, tick: Callable[[str], None] = lambda what: None, methods: Sequence[Method] = METHODS
) -> tuple[list[Row], list[str]]:
    """Measure what the cache lacks; all rows, and a line for each method that was skipped. `tick` after each measurement.

    Raises InputError where the cache is of another grid, version or machine. Ended processes leave their finished measurements.
    """
    head(effort, Path(cache))
    present = {(m.name, m.task) for m in methods if not m.missing}
    skipped = list(dict.fromkeys(m.missing for m in methods if m.missing))
    few = {kind: [n for n in effort.sizes if n > largest(kind)] for kind in effort.kinds}
    skipped += [f"{kind}: skipped, too few of {source(kind)} for n = {sizes}" for kind, sizes in few.items() if sizes]
    groups = [group for group in jobs(effort) if (group[0].method, group[0].task) in present]
    with _threads(effort.threads or cores()):
        for group in groups:
            _run_group(group, effort, cache, tick)
    return rows_of([job for group in groups for job in group], cached(cache)), skipped


def _run_group(group: Sequence[Job], effort: Effort, cache: str | Path, tick: Callable[[str], None]) -> None:
    held = cached(cache)
    todo = [job for job in group if job.key not in held]
    for job in group[: len(group) - len(todo)]:
        tick(job.key)
    limits = {job.key: _limit(job, effort, held) for job in todo}
    while todo:
        failure = _watched(todo, [limits[job.key] for job in todo], effort.repeats, cache, tick)
        held = cached(cache)
        todo = [job for job in todo if job.key not in held]
        if todo and failure:  # the one at work when the process ended; those after it get another process
            append(cache, todo[0], unfinished(failure, limits[todo[0].key]))
            tick(todo[0].key)
            todo = todo[1:]


def _watched(todo: Sequence[Job], limits: Sequence[float], repeats: int, cache: str | Path, tick: Callable[[str], None]) -> str:
    """Run them in a process of its own; "" or how it ended before its last measurement."""
    executor = ProcessPerJob(1)
    future = executor.submit(measure_all, todo, limits, repeats, str(cache))
    done, since = 0, time.monotonic()
    try:
        while True:
            try:
                future.result(timeout=0.5)
                return ""
            except NotYetError:
                pass
            except RuntimeError as error:
                return str(error)
            finally:
                found = sum(job.key in (held := cached(cache)) for job in todo)
                for job in [job for job in todo if job.key in held][done:found]:
                    tick(job.key)
                    since = time.monotonic()
                done = max(done, found)
            if time.monotonic() - since > 2 * len(TARGETS) * limits[min(done, len(limits) - 1)] + PATIENCE:
                return "time limit"
    finally:
        executor.shutdown(cancel_futures=True)


def _limit(job: Job, effort: Effort, held: dict[str, Measurement]) -> float:
    ours = held.get(replace(job, method=OURS, driven="cold").key)
    if find(job.method, job.task).one_race or job.method == OURS or ours is None or ours.seconds[-1] is None:
        return effort.limit
    return min(max(effort.factor * ours.seconds[-1], effort.least), effort.limit)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """The environment of the processes: so many threads for each library that asks it."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def machine(effort: Effort) -> str:
    """What it runs on, in words."""
    return f"CPU, {effort.threads or cores()} threads of {os.cpu_count()} cores, {processor()}"


def head(effort: Effort, cache: Path) -> None:
    """The cache's first line says what it is of; InputError where that is something else."""
    said = {"format": "rdcsym bench solvers 1", "machine": machine(effort), "effort": json.loads(json.dumps(asdict(effort)))}
    said["sources"] = [source(kind) for kind in effort.kinds]
    try:
        if not cache.exists():
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(said) + "\n", encoding="utf-8")
        held = cache.read_text(encoding="utf-8")
        if not held.endswith("\n"):  # a line that was cut off must not swallow the next one
            cache.write_text(held + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError("out", str(cache), f"cannot be written ({error.strerror})", "choose a writable folder") from None
    if held.split("\n", 1)[0] != json.dumps(said):
        raise InputError(
            "out", str(cache), "holds measurements of another grid or machine", "remove it, or choose another folder"
        )


def checked_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds that were asked for, or all; InputError for one that there is not."""
    for kind in kinds:
        if kind not in KINDS:
            raise InputError("--kind", kind, "is no kind of instance", nearest(kind, KINDS))
    return tuple(dict.fromkeys(kinds)) or KINDS


def checked_sizes(sizes: Sequence[int], effort: Effort) -> tuple[int, ...]:
    """Those of the effort's sizes that were asked for, or all; InputError for one that it has not."""
    for n in sizes:
        if n not in effort.sizes:
            raise InputError("--size", n, f"is no size of the {effort.name} grid", f"take of {', '.join(map(str, effort.sizes))}")
    return tuple(dict.fromkeys(sizes)) or effort.sizes
