"""`rdcsym bench deep`: speed of training and coding, parameters and memory, beside a plain DCGAN timed in the same run.

rows = bench(["mnist-sr"], Effort(threads=2), executor)
write(rows, "benchmarks/results")
"""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from deep.bench.peer import SIZES
from deep.bench.timing import BATCH, CODED, CRITIC_STEPS, Effort, memory_of_training, time_coding, time_training
from deep.tasks import task
from rdcsym.files import write_atomically
from rdcsym.machine import MEGABYTE
from rdcsym.problem import InputError

__all__ = ["TASKS", "Effort", "Row", "bench", "write"]

FORMAT: Final = "rdcsym bench deep 1"
TASKS: Final = ("digits-sr", "mnist-sr", "svhn-denoise")
OURS, PEER, SEEN = "rdcsym", "plain DCGAN, this run", "authors' networks, seen elsewhere on 2 threads"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. images_per_second: median over the repeats; lowest and highest: over them too.

    megabytes_per_second: of grey values, a byte each (coding only). Parameters: generator (encoder, decoder and entropy model
    together), critic, classifier. memory: peak of the training process in megabytes, libraries included; memory_libraries:
    before any network was made. ratio_to_peer: ours over the peer's, of the same run. ratio_to_seen: ours over the speed seen
    elsewhere, on another machine and run.
    """

    task: str
    work: str
    network: str
    images_per_second: float
    lowest: float | None = None
    highest: float | None = None
    megabytes_per_second: float | None = None
    generator: int | None = None
    critic: int | None = None
    classifier: int | None = None
    memory: float | None = None
    memory_libraries: float | None = None
    memory_cuda: float | None = None
    ratio_to_peer: float | None = None
    ratio_to_seen: float | None = None
    machine: str = ""


# Measured elsewhere for the authors' published networks: 2 threads, batch 64, one critic step a generator step.
_SEEN: Final = {
    "mnist-sr": Row(
        task="mnist-sr", work="training", network=SEEN, images_per_second=470.0, generator=800_000, critic=1_000_000,
        classifier=20_000, machine="another one, 2 threads",
    ),
    "svhn-denoise": Row(
        task="svhn-denoise", work="training", network=SEEN, images_per_second=155.0, generator=1_700_000, critic=1_000_000,
        classifier=270_000, machine="another one, 2 threads",
    ),
}  # fmt: skip


def bench(tasks: Sequence[str], effort: Effort, executor: Executor, tick: Callable[[str], None] = lambda what: None) -> list[Row]:
    """Time the tasks one after another, each job through `executor` (which should have one process); `tick` after each job."""
    for name in tasks:
        if task(name).kind != "images":
            raise InputError("--task", name, "has no images to time", f"name one of {', '.join(TASKS)}")
    rows: list[Row] = []
    for name in tasks:
        rows += _task_rows(name, effort, executor, tick)
    return rows


def jobs(tasks: Sequence[str]) -> int:
    """How often `bench` ticks."""
    return sum(4 if name in SIZES else 3 for name in tasks)


def _task_rows(name: str, effort: Effort, executor: Executor, tick: Callable[[str], None]) -> list[Row]:
    def run(job: Callable[..., Any], *arguments: Any) -> Any:
        result = executor.submit(job, name, *arguments, effort).result()
        tick(name)
        return result

    timed = run(time_training)
    machine, speeds = timed["machine"], timed["speeds"]
    ours = statistics.median(speeds["rdcsym"])
    rows = []
    for which, network in (("rdcsym", OURS), ("peer", PEER)):
        if which not in speeds:
            continue
        memory = run(memory_of_training, which)
        middle, lowest, highest = _speed(speeds[which])
        rows.append(
            Row(
                task=name,
                work="training",
                network=network,
                images_per_second=middle,
                lowest=lowest,
                highest=highest,
                **timed["parameters"][which],
                memory=memory["resident"],
                memory_libraries=memory["before"],
                memory_cuda=memory["cuda"] if timed["cuda"] else None,
                ratio_to_peer=_ratio(speeds) if which == "rdcsym" and "peer" in speeds else None,
                ratio_to_seen=ours / _SEEN[name].images_per_second if which == "rdcsym" and name in _SEEN else None,
                machine=machine,
            )
        )
    rows += [_SEEN[name]] if name in _SEEN else []
    channels, height, width = task(name).shape
    for work, each in run(time_coding).items():
        middle, lowest, highest = _speed(each)
        volume = middle * channels * height * width / MEGABYTE
        row = Row(task=name, work=work, network=OURS, images_per_second=middle, lowest=lowest, highest=highest, machine=machine)
        rows.append(replace(row, megabytes_per_second=volume))
    return rows


def _speed(each: Sequence[float]) -> tuple[float, float, float]:
    return statistics.median(each), min(each), max(each)


def _ratio(speeds: dict[str, list[float]]) -> float:
    """Median of the ratios of neighbouring blocks: what slows the machine for a while slows both."""
    return statistics.median(a / b for a, b in zip(speeds["rdcsym"], speeds["peer"], strict=True))


def write(rows: Sequence[Row], folder: str | Path, effort: Effort) -> list[Path]:
    """deep.json and deep.csv in the folder; their paths."""
    found = {
        "format": FORMAT,
        "batch": BATCH,
        "critic_steps": CRITIC_STEPS,
        "images_in_a_file": CODED,
        "threads": effort.threads,
        "repeats": effort.repeats,
        "seconds_of_a_block": effort.seconds,
        "rows": [asdict(row) for row in rows],
    }
    table = io.StringIO()
    writer = csv.DictWriter(table, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in asdict(row).items()} for row in rows)
    return [
        write_atomically(Path(folder) / "deep.json", json.dumps(found, indent=1) + "\n"),
        write_atomically(Path(folder) / "deep.csv", table.getvalue()),
    ]
