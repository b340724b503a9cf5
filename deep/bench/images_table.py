"""From cells to tables: means with their standard errors over the photographs, as plain data, CSV and Markdown."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from deep.bench.images import Hole, Study
from deep.bench.images_cache import Cell
from deep.bench.images_published import LPIPS_OF, PUBLISHED, PUBLISHED_SET, PUBLISHED_SIGMA, SOURCE, Published
from deep.bench.images_rows import Metrics, Row


@dataclass(frozen=True)
class Column:
    """A column of the table: its heading, the digits shown, and whether more is better (None: neither)."""

    name: str
    heading: str
    digits: int
    more: bool | None


COLUMNS: Final = (
    Column("psnr", "PSNR (dB)", 2, True),
    Column("ssim", "SSIM", 3, True),
    Column("lpips_alex", "LPIPS-Alex", 3, False),
    Column("lpips_vgg", "LPIPS-VGG", 3, False),
    Column("lpips_squeeze", "LPIPS-Squeeze", 3, False),
    Column("dists", "DISTS", 3, False),
    Column("niqe", "NIQE", 2, False),
    Column("pi", "PI", 2, False),
    Column("bits_per_pixel", "bits/pixel", 3, None),
    Column("encode_seconds", "encode (s)", 2, False),
    Column("decode_seconds", "decode (s)", 2, False),
)


@dataclass(frozen=True)
class Mean:
    """mean over the photographs and its standard error, None for a single one."""

    mean: float
    standard_error: float | None


@dataclass(frozen=True)
class Line:
    """A row of the table, by column; a column that no cell has is left out."""

    row: str
    kind: str
    line: str
    images: int
    values: Mapping[str, Mean]


@dataclass(frozen=True)
class Table:
    """One study's table. holes: rows that could not be measured; metric_holes: why a metric is missing, by name."""

    study: Study
    lines: tuple[Line, ...]
    holes: tuple[Hole, ...]
    metric_holes: Mapping[str, str]
    published: tuple[Published, ...]

    @property
    def count(self) -> int:
        """Photographs that were measured."""
        return max((line.images for line in self.lines), default=0)

    @property
    def title(self) -> str:
        """What, on how many photographs, and whether they are a stand-in."""
        images = self.count
        about = f"; {self.study.origin}" if "stand-in" in self.study.origin else ""
        return f"{self.study.title}, {images} photograph{'s' * (images != 1)}{about}"


def cell_values(cell: Cell) -> dict[str, float | None]:
    """A cell's number for each column it has."""
    coded = {"encode_seconds": cell.encode_seconds, "decode_seconds": cell.decode_seconds}
    return {**cell.metrics, "bits_per_pixel": cell.bits_per_pixel, **coded}


def tabulate(study: Study, rows: Sequence[Row], cells: Sequence[Cell], holes: Sequence[Hole], metrics: Metrics) -> Table:
    """The table of a study, its lines in the order of `rows`."""
    lines = []
    for row in rows:
        own = [cell_values(cell) for cell in cells if cell.row == row.name]
        if own:
            names = dict.fromkeys(name for values in own for name in values)
            values = {name: mean for name in names if (mean := _mean([v.get(name) for v in own])) is not None}
            lines.append(Line(row.name, row.kind, row.line, len(own), values))
    beside = PUBLISHED if (study.data, study.sigma) == (PUBLISHED_SET, PUBLISHED_SIGMA) else ()
    return Table(study, tuple(lines), tuple(holes), dict(metrics.holes), beside)


def _mean(values: Sequence[float | None]) -> Mean | None:
    """None where a value is missing: a mean over some of the photographs is not comparable."""
    kept = [value for value in values if value is not None and math.isfinite(value)]
    if not kept or len(kept) < len(values):
        return None
    error = statistics.stdev(kept) / math.sqrt(len(kept)) if len(kept) > 1 else None
    return Mean(statistics.fmean(kept), error)


def as_data(table: Table) -> dict[str, Any]:
    """Plain data for JSON."""
    study = table.study
    return {
        "title": table.title,
        **asdict(study),
        "layout": study.origin,
        "columns": [column.name for column in COLUMNS],
        "rows": [asdict(line) for line in table.lines],
        "holes": [asdict(hole) for hole in table.holes],
        "metric_holes": dict(table.metric_holes),
        "published": [{"source": SOURCE, **asdict(row)} for row in table.published],
    }


def csv_of_means(tables: Sequence[Table]) -> str:
    """A line a row, measured or published; a mean and its standard error a column."""
    names = [part for column in COLUMNS for part in (column.name, f"{column.name}_error")]
    held = io.StringIO()
    writer = csv.DictWriter(held, ["table", "row", "kind", "images", "source", *names], lineterminator="\n", restval="")
    writer.writeheader()
    for table in tables:
        for line in table.lines:
            told: dict[str, Any] = {"row": line.row, "kind": line.kind, "images": line.images, "source": "measured"}
            for name, value in line.values.items():
                told |= {name: value.mean, f"{name}_error": "" if value.standard_error is None else value.standard_error}
            writer.writerow({"table": table.study.title, **{k: v for k, v in told.items() if k in writer.fieldnames}})
        for row in table.published:
            numbers = {name: value for name, value in asdict(row).items() if name in names}
            writer.writerow({"table": table.study.title, "row": row.row, "kind": "published", "source": SOURCE, **numbers})
    return held.getvalue()


def csv_of_cells(cells: Sequence[Cell]) -> str:
    """A line a photograph and row."""
    names = [column.name for column in COLUMNS]
    held = io.StringIO()
    first = ["data", "row", "image", "pixels", "sigma", "bits", "threads", "machine"]
    writer = csv.DictWriter(held, [*first, *names], lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    for cell in cells:
        told = {**{name: getattr(cell, name) for name in first}, **cell_values(cell)}
        writer.writerow({name: "" if value is None else value for name, value in told.items()})
    return held.getvalue()


def shown(column: Column, value: Mean | None, *, error: bool = True) -> str:
    """A mean, with its standard error if wanted, in the column's digits, or a dash."""
    if value is None:
        return "-"
    beside = f" ± {value.standard_error:.{column.digits}f}" if error and value.standard_error is not None else ""
    return f"{value.mean:.{column.digits}f}{beside}"


def published_shown(column: Column, row: Published) -> str:
    """A published figure, or a dash. LPIPS stands in the first of its columns: see LPIPS_OF."""
    value = row.lpips if column.name == "lpips_alex" else getattr(row, column.name, None)
    return "-" if value is None else f"{value:.{column.digits}f}"


def markdown(tables: Sequence[Table]) -> str:
    """All tables, with their holes named below each."""
    parts = []
    for table in tables:
        used = used_columns(table)
        head = ["row", *(column.heading for column in used)]
        body = [[line.row, *(shown(column, line.values.get(column.name)) for column in used)] for line in table.lines]
        body += [[f"{row.row} ({SOURCE})", *(published_shown(column, row) for column in used)] for row in table.published]
        lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]
        holes = [f"- {name}: {why}" for name, why in hole_lines(table)]
        lines += ["", f"{SOURCE}: {LPIPS_OF}."] if table.published else []
        lines += ["", "Not measured:", "", *holes] if holes else []
        parts.append("\n".join([f"## {table.title}", "", *lines]))
    return "\n\n".join(parts) + "\n"


def hole_lines(table: Table) -> list[tuple[str, str]]:
    """What is missing, and why: rows, then metrics."""
    return [(hole.row, hole.why) for hole in table.holes] + [(name, why) for name, why in table.metric_holes.items()]


def used_columns(table: Table) -> list[Column]:
    """The columns that a line or a published row has."""
    return [
        column
        for column in COLUMNS
        if any(column.name in line.values for line in table.lines) or (table.published and column.name == "pi")
    ]
