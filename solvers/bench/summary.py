"""Rows of the table, and what they say in a few lines: how many times faster than the best peer, where a peer alone certifies."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solvers.bench.measure import Job, Measurement
from solvers.bench.peers import OURS, Driven, find
from solvers.bench.race import TARGETS

AT: Final = 1e-6
"""The certified relative gap at which times are compared."""
HIGH_RATE: Final = 3.0
"""Nats from which on a rate counts as high."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A measurement as the table has it. Seconds to each certified gap, None where it was not reached; see `Measurement`.

    ratio: seconds to AT over ours; where the peer did not get there, what it was allowed over ours, and ratio_is_least is true.
    """

    task: str
    kind: str
    n: int
    rate: float
    method: str
    family: str
    driven: str
    seconds_to_1e_4: float | None
    seconds_to_1e_6: float | None
    seconds_to_1e_8: float | None
    gap: float | None
    kernel_gap: float | None
    status: str
    ratio: float | None
    ratio_is_least: bool
    limit: float
    runs: int
    memory: float | None


def rows_of(jobs: Sequence[Job], held: Mapping[str, Measurement]) -> list[Row]:
    """A row for each job that was measured."""
    at = TARGETS.index(AT)
    ours = {(j.task, j.kind, j.n, j.rate): held[j.key] for j in jobs if j.method == OURS and j.key in held}
    rows = []
    for job in jobs:
        if (found := held.get(job.key)) is None:
            continue
        mine = ours.get((job.task, job.kind, job.n, job.rate))
        base = mine.seconds[at] if mine else None
        reached = found.seconds[at]
        rows.append(
            Row(
                task=job.task,
                kind=job.kind,
                n=job.n,
                rate=job.rate,
                method=job.method,
                family=find(job.method, job.task).family,
                driven=job.driven,
                seconds_to_1e_4=found.seconds[0],
                seconds_to_1e_6=found.seconds[1],
                seconds_to_1e_8=found.seconds[2],
                gap=_finite(found.gap),
                kernel_gap=_finite(found.kernel_gap),
                status=found.status,
                ratio=None if base is None else (found.limit if reached is None else reached) / base,
                ratio_is_least=reached is None,
                limit=found.limit,
                runs=found.runs,
                memory=None if found.memory is None else _finite(found.memory),
            )
        )
    return rows


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def summary(rows: Sequence[Row]) -> list[str]:
    """Lines of words and figures on the transport task: medians over its instances of the best peer's time over ours at AT."""
    transport = [row for row in rows if row.task == "transport"]
    lines = []
    how_driven: tuple[Driven, ...] = ("cold", "warm")
    for families, which in ((("package",), "packages"), (("package", "reference"), "packages and NumPy references")):
        for least, where in ((0.0, "at all rates"), (HIGH_RATE, f"at {HIGH_RATE:g} nats and more")):
            for driven in how_driven:
                ratios = best_ratios(transport, families, driven, least)
                if ratios:
                    middle, spread = statistics.median(ratios), f"{min(ratios):.3g} to {max(ratios):.3g}"
                    said = f"best of the {which}, {driven}, {where}: median {middle:.3g} times our time to {AT:g}"
                    lines.append(f"{said} ({len(ratios)} instances, {spread})")
    alone = peers_alone(rows)
    lines.append(f"instances on which a peer certifies {TARGETS[-1]:g} to {TARGETS[0]:g} and ours does not: {len(alone)}")
    return lines + alone


def best_ratios(rows: Sequence[Row], families: Sequence[str], driven: Driven, least_rate: float = 0.0) -> list[float]:
    """For each instance that such peers ran on, the least of their ratios; 0 where ours did not certify and one of them did.

    Where none of them got there the ratio is at least what they were allowed, and that is taken.
    """
    by_instance: dict[tuple[str, int, float], list[Row]] = {}
    for row in rows:
        if row.family in families and row.driven == driven and row.rate >= least_rate:
            by_instance.setdefault((row.kind, row.n, row.rate), []).append(row)
    ratios = []
    for peers in by_instance.values():
        reached = [row for row in peers if not row.ratio_is_least]
        if all(row.ratio is None for row in peers):
            ratios += [0.0] if reached else []
            continue
        ratios.append(min(row.ratio for row in (reached or peers) if row.ratio is not None))
    return ratios


def peers_alone(rows: Sequence[Row]) -> list[str]:
    """A line for each instance and target that a peer certified and ours did not."""
    lines = []
    columns = ("seconds_to_1e_4", "seconds_to_1e_6", "seconds_to_1e_8")
    for mine in rows:
        if mine.family != "ours":
            continue
        place = (mine.task, mine.kind, mine.n, mine.rate)
        peers = [row for row in rows if (row.task, row.kind, row.n, row.rate) == place]
        for column, target in zip(columns, TARGETS, strict=True):
            if getattr(mine, column) is None and any(getattr(peer, column) is not None for peer in peers):
                where = f"{mine.task}, {mine.kind}, n = {mine.n}, {mine.rate:g} nats"
                lines.append(f"only peers reach {target:g}: {where} (ours: {mine.status})")
    return lines
