"""The HTML page of `rdcsym compare`: one file that needs no network, no script and no font; and the files beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rdcsym.cli.compare_plots import Picture, slug
from rdcsym.cli.compare_table import columns_shown, headings, provenance, rows
from rdcsym.cli.compare_text import plain, shown
from rdcsym.cli.drawing import COLOURS
from rdcsym.cli.files import written_aside
from rdcsym.problem import InputError

if TYPE_CHECKING:
    from deep.compare import Comparison, TaskComparison

KIND_TEXT: Final = {
    "measured": "counted or averaged on the whole test set; its interval is the sampling error of that set",
    "estimate": "the value of a model that was fitted (an entropy model, a critic): neither a measurement nor a bound",
    "upper estimate": "from a classifier trained and calibrated apart: on average it can only overstate H(S|Y)",
    "bound": "follows from other numbers of the row by an inequality, for instance Fano's",
    "nominal": "what the layout of the codec would need at most (latent dimensions times log2 of levels), not bytes",
    "reference": "drawn for orientation; it bounds nothing",
}
_SIGNS: Final = {"above": "✓", "at": "≈", "beyond": "✗", "unknown": "·"}
_CLASSES: Final = {"above": "certified", "at": "gap", "beyond": "failed", "unknown": "unknown"}


def write_comparison(
    found: Comparison, pictures: dict[str, list[Picture]], folder: Path, data: dict[str, Any], csv: str
) -> list[Path]:
    """Write report.html, compare.json and points.csv into `folder`; the paths written.

    pictures: by task, their files already there. Raises InputError where jinja2 is missing or a file cannot be written.
    """
    page = render_comparison(found, pictures, data)
    texts = {
        "report.html": page,
        "compare.json": json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "points.csv": csv,
    }
    for name, text in texts.items():
        with written_aside(folder / name) as aside:
            aside.write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def render_comparison(found: Comparison, pictures: dict[str, list[Picture]], data: dict[str, Any]) -> str:
    """The page as text. Raises InputError where jinja2 is missing."""
    try:
        import jinja2
    except ImportError:
        raise InputError("jinja2", "missing", "is needed to write the report", 'run pip install "rdcsym[plot]"') from None
    from deep.compare.reference import NAME, WHY
    from deep.compare.verdicts import VERDICT_TEXT

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rdcsym.cli"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "plain": plain}
    return environment.get_template("compare.html").render(
        summary=_summary(found),
        tasks=[_task(task, pictures.get(task.task, [])) for task in found.tasks],
        beyond=[j.line for j in found.beyond],
        notes=data["notes"],
        version=data["version"],
        command=data["command"],
        verdicts=VERDICT_TEXT,
        kinds=KIND_TEXT,
        reference_name=NAME,
        reference_why=WHY,
        signs=_SIGNS,
        classes=_CLASSES,
        colours=COLOURS,
    )


def _task(task: TaskComparison, pictures: Sequence[Picture]) -> dict[str, Any]:
    lines = [
        {"row": row, "steps": g.point.steps, "machine": g.point.machine, "bar": g.error_bar, "images": g.point.test_images}
        for row, g in zip(rows(task), task.groups, strict=True)
    ]
    columns = [i for i in columns_shown(task) if i < len(headings(task)) - 1]  # the verdict has a sign of its own there
    return {
        "name": task.task,
        "slug": slug(task.task),
        "columns": columns,
        "headings": [headings(task)[i] for i in columns],
        "limit": any(g.verdict != "unknown" for g in task.groups),
        "lines": lines,
        "figures": [_figure(p) for p in pictures],
        "task": task,
        "source": task.groups[0].point.source,
        "details": [
            {"point": j.point, "said": provenance(g), "verdict": j.verdict, "measured": j.measured}
            for g in task.groups
            for j in g.members
        ],
    }


def _figure(picture: Picture) -> dict[str, Any]:
    """Inline SVG, or the file's pixels as data: the page names no file that could be missing."""
    if picture.svg is not None:
        return {"html": _Safe(picture.svg), "picture": picture, "wide": False}
    pixels = base64.b64encode(picture.path.read_bytes()).decode("ascii")
    source = f"data:image/png;base64,{pixels}"
    return {"html": None, "data": source, "picture": picture, "wide": picture.path.name.startswith("samples")}


def _summary(found: Comparison) -> str:
    """One sentence: how many points, against what, with which outcome."""
    each = [j for task in found.tasks for j in task.judged]
    known = [j for j in each if j.verdict != "unknown"]
    text = f"{_count(len(each), 'operating point')} of {_count(len(found.tasks), 'task')}"
    if not known:
        return text + ": no exact limit of their sources is known."
    at = sum(j.verdict == "at" for j in known)
    counts = f"{at} within the error bar of it, {len(found.beyond)} beyond it"
    return f"{text}; {len(known)} against a certified limit: {counts}."


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


class _Safe(str):
    """Text that is HTML already: the template takes it as it is."""

    def __html__(self) -> str:
        return str(self)
