"""Measurements of one method on the instances of one kind and size, in a process of its own; each is written down when made."""

from __future__ import annotations

import json
import math
import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rdcsym.machine import peak_memory
from solvers.bench.instances import instance, rates
from solvers.bench.peers import Driven, Task, find
from solvers.bench.race import TARGETS, Race

SHORT: Final = 0.3
"""Seconds up to which a run is repeated, and the median taken."""
REHEARSAL: Final = 16
"""Symbols of the instance on which a method runs once before it is timed: imports and caches are nobody's speed."""
REHEARSAL_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Job:
    """What is measured: a method, how it is driven, and the instance; `key` names it in the cache."""

    task: Task
    kind: str
    n: int
    rate: float
    method: str
    driven: Driven

    @property
    def key(self) -> str:
        return f"{self.task} {self.kind} {self.n} {self.rate:g} {self.method} {self.driven}"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """seconds: on the race's clock, to each of TARGETS, None where not reached; gap: the last one; kernel_gap: by the kernel.

    status: "certified" where all targets were met, or how it ended short of the first that was not. limit: seconds that each race
    was allowed. runs: how many the medians are of. memory: peak of the process so far in megabytes, with libraries and checks.
    """

    seconds: tuple[float | None, ...]
    gap: float
    kernel_gap: float
    status: str
    limit: float
    runs: int
    memory: float | None


def measure_all(jobs: Sequence[Job], limits: Sequence[float], repeats: int, cache: str) -> None:
    """Measure the jobs in turn, appending each to the cache as a line of JSON; all are of one method."""
    warnings.simplefilter("ignore")  # peers warn of what the certified gap shows
    method = find(jobs[0].method, jobs[0].task)
    for driven in method.build:
        mine = [(job, limit) for job, limit in zip(jobs, limits, strict=True) if job.driven == driven]
        if not mine:
            continue
        run = method.build[driven]()
        if method.rehearsed:
            kind = jobs[0].kind
            Race(instance(kind, REHEARSAL, rates(kind, REHEARSAL)[0]), TARGETS[:1], REHEARSAL_SECONDS).run(run)
        for job, limit in mine:
            append(cache, job, measure(job, limit, repeats, run))


def measure(job: Job, limit: float, repeats: int, run: Callable[[Race], None]) -> Measurement:
    """One measurement: a race for all targets where the method is warm, else a race for each."""
    chosen = instance(job.kind, job.n, job.rate)
    together = job.driven == "warm" or find(job.method, job.task).one_race
    groups = [TARGETS] if together else [(target,) for target in TARGETS]
    seconds: dict[float, float] = {}
    gap, kernel_gap, status, least_runs = math.inf, math.inf, "certified", repeats
    for targets in groups:
        races: list[Race] = []
        while len(races) < repeats:
            race = Race(chosen, targets, limit)
            status = race.run(run)
            races.append(race)
            if status != "certified" or sum(max(r.seconds.values()) for r in races) > SHORT:
                break
        least_runs, gap, kernel_gap = min(least_runs, len(races)), race.gap, race.kernel_gap()
        for target in targets:
            if all(target in race.seconds for race in races):
                seconds[target] = statistics.median(race.seconds[target] for race in races)
        if status != "certified":
            break
    return Measurement(
        seconds=tuple(seconds.get(target) for target in TARGETS),
        gap=gap,
        kernel_gap=kernel_gap,
        status=status,
        limit=limit,
        runs=least_runs,
        memory=peak_memory(),
    )


def unfinished(status: str, limit: float) -> Measurement:
    """Of a process that was ended before it could measure."""
    return Measurement(
        seconds=(None,) * len(TARGETS),
        gap=math.inf,
        kernel_gap=math.inf,
        status=status,
        limit=limit,
        runs=0,
        memory=math.nan,
    )


def append(cache: str | Path, job: Job, found: Measurement) -> None:
    """Add a line to the cache."""
    with Path(cache).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"job": asdict(job), "measurement": _finite(asdict(found))}) + "\n")


def cached(cache: str | Path) -> dict[str, Measurement]:
    """The measurements in the cache by the key of their job; a last line that was cut off is not counted."""
    found: dict[str, Measurement] = {}
    path = Path(cache)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            held = json.loads(line)
            values = held["measurement"]
            gaps = {name: math.inf if values[name] is None else values[name] for name in ("gap", "kernel_gap")}
            found[Job(**held["job"]).key] = Measurement(**{**values, **gaps, "seconds": tuple(values["seconds"])})
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity and no nan."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()}
