"""compare.json: every number of a comparison in full precision, with its interval, unit and kind."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from rdcsym.cli.results import to_json

if TYPE_CHECKING:
    from deep.compare import Bound, Comparison, Group, Judged, Point, TaskComparison

FORMAT: Final = "rdcsym compare 1"


def comparison_json(found: Comparison, version: str, command: str, notes: list[str]) -> dict[str, Any]:
    """The comparison as plain data that JSON holds; infinities as text."""
    from deep.compare.reference import NAME, WHY
    from deep.compare.verdicts import VERDICT_TEXT

    plain: dict[str, Any] = to_json(
        {
            "format": FORMAT,
            "version": version,
            "command": command,
            "beyond": [j.line for j in found.beyond],
            "verdicts": VERDICT_TEXT,
            "tasks": [_task(task) for task in found.tasks],
            "reference": {"name": NAME, "why_no_bound": WHY},
            "notes": notes,
        }
    )
    return plain


def _task(task: TaskComparison) -> dict[str, Any]:
    grid = task.grid
    return {
        "task": task.task,
        "rows": [_group(g) for g in task.groups],
        "points": [_judged(j) for j in task.judged],
        "limit_curves": [dataclasses.asdict(c) | {"source": dict(c.source)} for c in task.curves],
        "limit_surface": task.surface,
        "reference": task.reference,
        "sample_images": None if grid is None else [p.name for p, _ in grid.cells.values()],
        "notes": list(task.notes),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "runs": [m.point.name for m in group.members],
        "seeds": group.seeds,
        "error_bar": group.error_bar,
        **_point(group.point),
        "verdict": group.verdict,
        "limit": group.limit,
        "distance_in_distortion": group.in_distortion,
        "distance_in_bits_per_dimension": group.in_bits,
    }


def _judged(one: Judged) -> dict[str, Any]:
    return {
        **_point(one.point),
        "verdict": one.verdict,
        "limit": _bound(one.limit),
        "limit_at_the_high_ends": _bound(one.generous),
        "limit_there_at_the_measured_law": _bound(one.measured),
        "distance_in_distortion": one.in_distortion,
        "distance_in_bits_per_dimension": one.in_bits,
    }


def _point(point: Point) -> dict[str, Any]:
    fields = {f.name: getattr(point, f.name) for f in dataclasses.fields(point) if f.name not in ("folder", "source", "config")}
    return fields | {"source": dict(point.source), "config": dict(point.config), "rate": point.rate_name}


def _bound(bound: Bound | None) -> dict[str, Any] | None:
    return None if bound is None else {"lower": bound.lower, "upper": bound.upper, "kind": bound.kind, "what": bound.what}
