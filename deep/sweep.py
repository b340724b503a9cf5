"""Many trainings: every combination of some settings' values, each a run folder with its operating point.

    python -m deep.sweep --task digits-sr --out SWEEP --over rate=4,8,16 --over seed=0,1,2 [--jobs N] [--resume]

`rdcsym sweep` is the same with a progress bar. Points run through any `concurrent.futures.Executor`: by default processes on this
machine, with `--dask ADDRESS` the workers of a Dask cluster that sees the same folder. A point that fails is recorded in
sweep.json with its error and the others go on; with `--resume` finished runs are left as they are, unfinished ones go on from
their checkpoints, failed ones are tried again, and new values may be added.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from pathlib import Path
from typing import Any, Final

from deep.checkpoint import check_same_settings
from deep.executor import cores, dask, local
from deep.grid_points import Point, grid_points
from deep.point_job import run_point
from rdcsym.files import write_atomically
from rdcsym.problem import InputError

FORMAT: Final = "rdcsym sweep 1"
_KEYS: Final = ("name", "settings", "status", "error", "seconds")
POLL: Final = 1.0  # seconds between looks at how far the points are
Progress = Callable[[int, int, str], None]  # steps done, steps in all, what has just ended ("" where nothing has)


def sweep(
    points: Sequence[Point],
    out: str | Path,
    executor: Executor,
    *,
    threads: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Train and measure every point in a folder of its name below `out`, through `executor`; a row for each.

    threads: of torch, in each job; 0 leaves its choice. A row: {"name", "settings", "status": "finished" | "failed", "error",
    "seconds"}. sweep.json holds them, those of an earlier sweep in the same folder too, and is kept up to date ("unfinished").
    InputError where the folder is in use (without resume), or holds a run of a point's name with other settings.
    """
    folder = Path(out)
    rows = _prepared(folder, points, resume)
    left = [p for p in points if rows[p.name]["status"] != "finished"]
    futures = {executor.submit(run_point, str((folder / p.name).resolve()), p.config.to_json(), threads): p for p in left}
    try:
        for future in _ended(futures, folder, progress):
            row = rows[futures[future].name]
            row |= _outcome(future)
            _write(folder, rows)
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return [rows[p.name] for p in points]


def _prepared(folder: Path, points: Sequence[Point], resume: bool) -> dict[str, dict[str, Any]]:
    """The rows by name, as they stand before the work; all that can be wrong with the folder is found here."""
    held = folder / "sweep.json"
    rows: dict[str, dict[str, Any]] = {}
    if folder.exists() and not folder.is_dir():
        raise InputError("out", str(folder), "is a file", "name a folder")
    if folder.exists() and any(folder.iterdir()):
        if not held.exists():
            raise InputError("out", str(folder), "is not empty and holds no sweep", "name a new folder")
        if not resume:
            raise InputError("out", str(folder), "holds a sweep already", "add --resume to go on with it, or name another folder")
        rows = read_sweep(folder)
    for point in points:
        check_same_settings(folder / point.name, point.config)
        status = "finished" if _finished(folder / point.name) else "unfinished"
        seconds = rows[point.name]["seconds"] if point.name in rows and status == "finished" else None
        settings = dict(point.settings)
        rows[point.name] = {"name": point.name, "settings": settings, "status": status, "error": None, "seconds": seconds}
    _write(folder, rows)
    return rows


def _finished(run: Path) -> bool:
    return (run / "model.pt").exists() and (run / "operating_point.json").exists()


def read_sweep(folder: str | Path) -> dict[str, dict[str, Any]]:
    """The rows of a sweep's folder by name; InputError where there is none, or it cannot be read."""
    path = Path(folder) / "sweep.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError
        return {row["name"]: {key: row[key] for key in _KEYS} for row in found["points"]}
    except OSError as error:
        raise InputError("out", str(path), f"cannot be read ({error.strerror})", "name the folder of a sweep") from None
    except (ValueError, KeyError, TypeError):
        raise InputError("out", str(path), "is damaged, or of another version", "name a new folder") from None


def _ended(
    futures: Mapping[Future[dict[str, Any]], Point], folder: Path, progress: Progress | None
) -> Iterator[Future[dict[str, Any]]]:
    """The futures as they end, with a look at how far the others are in between."""
    open_ones, total = set(futures), sum(p.config.steps for p in futures.values())
    while open_ones:
        done, open_ones = wait(open_ones, timeout=POLL, return_when="FIRST_COMPLETED")
        yield from done
        if progress is not None:
            steps = total - sum(p.config.steps - _steps_done(folder / p.name) for p in map(futures.__getitem__, open_ones))
            for future in done:
                error = _outcome(future)["error"]
                progress(steps, total, f"{futures[future].name} failed: {error}" if error else f"{futures[future].name} finished")
            progress(steps, total, "")


def _steps_done(run: Path) -> int:
    """The last step that a run has logged."""
    with contextlib.suppress(OSError, ValueError, KeyError, IndexError, TypeError):
        return int(json.loads((run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])["step"])
    return 0


def _outcome(future: Future[dict[str, Any]]) -> dict[str, Any]:
    """What became of a point: its job reports its own errors, an executor those of a job that was lost."""
    try:
        found = future.result()
    except Exception as error:
        found = {"error": str(error) or type(error).__name__, "seconds": None}
    return {"status": "failed" if found["error"] else "finished", **found}


def _write(folder: Path, rows: Mapping[str, dict[str, Any]]) -> None:
    write_atomically(folder / "sweep.json", json.dumps({"format": FORMAT, "points": list(rows.values())}, indent=1) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """The command line that needs no library for command lines; exit status 0, 1 (a point failed) or 2."""
    parser = argparse.ArgumentParser(prog="python -m deep.sweep", description="Train and measure every combination of values.")
    parser.add_argument("--task")
    parser.add_argument("--out", required=True)
    parser.add_argument("--over", action="append", default=[], metavar="KEY=VALUE,VALUE,...", required=True)
    parser.add_argument("--config", help="JSON or TOML file of settings")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler, in place of processes here")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    try:
        points = grid_points(given.task, given.over, given.config, given.set)
        with dask(given.dask) if given.dask else local(given.jobs) as executor:
            threads = 0 if given.dask else max(1, cores() // given.jobs)
            found = sweep(points, given.out, executor, threads=threads, resume=given.resume, progress=_print_progress)
    except InputError as error:
        print(f"deep.sweep: {error}", file=sys.stderr)
        return 2
    return int(any(row["status"] == "failed" for row in found))


def _print_progress(done: int, total: int, what: str) -> None:
    if what:
        print(f"{done}/{total} steps: {what}", file=sys.stderr)


if __name__ == "__main__":
    from deep.sweep import main as run  # jobs are sent by module and name, which must not be __main__

    sys.exit(run())
