"""Theory against experiment on the two tasks whose limits are known exactly: trains a sweep, holds it against the limits, draws.

    python benchmarks/synthetic.py [--runs FOLDER] [--quick]

Writes benchmarks/results/synthetic.json, .csv and .png. A run that a folder holds already is not trained again. Some ten minutes
on one CPU core; --quick trains three points and writes nothing. Exit status 1 where a point is beyond its limit by more than
its error bar.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from deep.compare.points import Point, Quantity, read_run
from deep.compare.verdicts import Judged, judge
from deep.config import TrainConfig, config_for
from deep.limits import at_measured_law, limit
from deep.synthetic.source import KAPPA, SIGMA_X, SIGMA_Y
from deep.train import train
from rdcsym.files import write_atomically

RESULTS: Final = Path(__file__).parent / "results"
LATTICES: Final = ("scalar", "e8")
RATE_WEIGHTS: Final = (0.6, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)  # lambda_r
LABEL_WEIGHTS: Final = (0.02, 0.05, 0.1, 0.2)  # lambda_c, at LABEL_RATE bits a vector
LABEL_RATE: Final = 8.0
WIDE: Final = 24
WIDE_RATE: Final = 24.0
CODE_BITS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 10)  # of blocks of 15
GAUSS: Final = {"steps": 300, "batch": 1024, "learning_rate": 0.03, "lambda_r": 0.05, "lambda_c": 0.0, "log_every": 10}
BLOCK: Final = {"steps": 250, "batch": 512, "learning_rate": 0.05, "log_every": 10}
COLUMNS: Final = ("rate_on_disk", "rate_payload", "rate_cross_entropy", "rate_nominal", "distortion_input", "classification_loss")


def sweep() -> dict[str, TrainConfig]:
    """Every point, by name."""
    points: dict[str, TrainConfig] = {}
    for lattice in LATTICES:
        for weight in RATE_WEIGHTS:
            points[f"{lattice}-rate-{weight:g}"] = _gauss({"lattice": lattice}, lambda_r=weight)
        for weight in LABEL_WEIGHTS:
            points[f"{lattice}-label-{weight:g}"] = _gauss({"lattice": lattice}, rate=LABEL_RATE, lambda_c=weight)
        wide = {name: [*vector] * (WIDE // 8) for name, vector in (("sigma_X", SIGMA_X), ("sigma_Y", SIGMA_Y), ("kappa", KAPPA))}
        points[f"{lattice}-wide"] = _gauss({"lattice": lattice, **wide}, rate=WIDE_RATE)
    for bits in CODE_BITS:
        points[f"block-{bits}"] = config_for("bernoulli-block", {**BLOCK, "options": {"bits": bits}})
    return points


def _gauss(options: dict[str, Any], **more: float) -> TrainConfig:
    return config_for("gauss-vector", {**GAUSS, "options": options, **more})


def row(name: str, point: Point, judged: Judged) -> dict[str, Any]:
    """What is stored of a point."""
    assert judged.limit is not None
    measured = None
    if "output_sigma" in point.source:
        source = at_measured_law(point.source)
        measured = judge(point, lambda _, **at: limit(source, **at))
    return {
        "name": name,
        "task": point.task,
        "lattice": point.config["options"].get("lattice"),
        "dimensions": point.dimensions,
        "lambda_c": point.config["lambda_c"],
        "steps": point.steps,
        "machine": point.machine,
        "test_samples": point.test_images,
        "source": dict(point.source),
        **{column: _interval(point.quantities[column]) for column in COLUMNS},
        "verdict": judged.verdict,
        "limit_distortion": judged.limit.lower if math.isfinite(judged.limit.lower) else None,
        "limit": judged.limit.what,
        "distance_bits_per_dimension": _interval(judged.in_bits),
        "distance_distortion": _interval(judged.in_distortion),
        "distance_bits_at_measured_law": _interval(measured.in_bits) if measured else None,
        "verdict_at_measured_law": measured.verdict if measured else None,
    }


def line(name: str, point: Point, judged: Judged) -> str:
    """One line on a point."""
    q = judged.in_bits
    shown = "no distance" if q is None else f"{q.value:.4f} [{q.least:.4f}, {q.most:.4f}] bits/dimension from the limit"
    return f"{name:18} rate {point.rate.value:8.4f}  D {point.distortion.value:.5f}  {shown}  {judged.verdict}"


def _interval(q: Quantity | None) -> dict[str, float | None] | None:
    return None if q is None else {"value": q.value, "low": q.low, "high": q.high}


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """A row of the CSV: an interval as three columns."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if name == "source":
            continue
        if isinstance(value, dict):
            flat |= {name: value["value"], f"{name}_low": value["low"], f"{name}_high": value["high"]}
        else:
            flat[name] = value
    return flat


def table(rows: list[dict[str, Any]]) -> str:
    """As CSV."""
    flat = [_flat(found) for found in rows]
    names = list(dict.fromkeys(name for found in flat for name in found))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Train what is missing, compare, write."""
    parser = argparse.ArgumentParser(description="Theory against experiment on the synthetic tasks.")
    parser.add_argument("--runs", help="folder of the runs; kept and taken up again (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="three points, nothing is written")
    given = parser.parse_args(arguments)
    points = sweep()
    if given.quick:
        points = {name: points[name] for name in ("scalar-rate-0.1", "e8-rate-0.1", "block-7")}
    rows = []
    with tempfile.TemporaryDirectory() as spare:
        for name, config in points.items():
            folder = train(config, Path(given.runs or spare) / name, resume=True)
            point = read_run(folder)
            judged = judge(point, limit)
            rows.append(row(name, point, judged))
            print(line(name, point, judged), flush=True)
    if not given.quick:
        from synthetic_figure import draw  # the folder of a script is on its path

        RESULTS.mkdir(exist_ok=True)
        write_atomically(RESULTS / "synthetic.json", json.dumps(rows, indent=1, allow_nan=False) + "\n")
        write_atomically(RESULTS / "synthetic.csv", table(rows))
        draw(rows, RESULTS / "synthetic.png")
    return 1 if any("beyond" in (found["verdict"], found["verdict_at_measured_law"]) for found in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
