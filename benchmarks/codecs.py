"""The image codecs' results: trains the campaigns (where asked), collects their operating points, tabulates and draws them.

    python benchmarks/codecs.py --runs FOLDER [--task TASK] [--train] [--jobs N] [--out FOLDER]

Reads every operating_point.json below FOLDER/TASK (or below FOLDER, where that is itself a sweep's folder), prints a table and
writes TASK.json, TASK.csv, TASK.png and TASK-samples.png into benchmarks/results. Whatever part of a campaign is there is taken.
--train trains and measures what is missing first, and may be stopped and taken up again. Without --task: all campaigns that have
runs. Exit status 1 where a training failed, or no run was found.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deep.executor import cores, local
from deep.grid_points import Point, grid_points
from deep.sweep import sweep
from rdcsym.problem import InputError

RESULTS: Final = Path(__file__).parent / "results"
SEEDS: Final = "seed=0,1,2"
MODES: Final = "mode=common,private"


@dataclass(frozen=True)
class Grid:
    """A part of a campaign: every combination of `over`, the last one varying fastest; `flags` set the same for all of them."""

    over: tuple[str, ...]
    flags: tuple[str, ...] = ()


CAMPAIGNS: Final[dict[str, tuple[Grid, ...]]] = {
    "mnist-sr": (Grid((MODES, SEEDS, "rate=4,8,16,32")),),
    "svhn-denoise": (Grid(("lambda_c=0,.01", "rate=32,64,128,256"), ("steps=1200",)),),
    "svhn-inpaint": (Grid(("pairing=unpaired,supervised", "rate=32,64,128,256"), ("steps=1200", "lambda_c=.01")),),
    "cifar10-denoise": (Grid(("lambda_c=0,.01", "rate=32,128,512"), ("steps=3000",)),),
    "tiny-imagenet-denoise": (Grid(("lambda_c=0,.01", "rate=64,256,1024"), ("steps=2000", "augment=true")),),
    "digits-sr": (Grid((MODES, SEEDS, "rate=4,8,12,20")),),
}
"""Settings that a grid leaves out are the task's own (`deep.tasks`)."""


def points(task: str) -> list[Point]:
    """Every training of a campaign."""
    return [point for grid in CAMPAIGNS[task] for point in grid_points(task, grid.over, flags=grid.flags)]


def home(runs: Path, task: str) -> Path:
    """The folder of a campaign's runs: FOLDER/TASK, or FOLDER where that is a sweep's folder itself."""
    return runs if (runs / "sweep.json").exists() else runs / task


def train_missing(task: str, folder: Path, jobs: int) -> int:
    """Train and measure what the folder lacks; the number of points that failed, each named on the terminal."""
    with local(jobs) as executor:
        rows = sweep(points(task), folder, executor, threads=max(1, cores() // jobs), resume=True, progress=_said)
    return sum(row["status"] == "failed" for row in rows)


def _said(done: int, total: int, what: str) -> None:
    if what:
        print(f"{done}/{total} steps: {what}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Train what is missing (where asked), collect, print, write."""
    # The folder of a script is on its path. Loaded here: the processes of a sweep import this file and need none of it.
    from codecs_figure import draw, draw_samples
    from codecs_results import campaign, print_table, write

    parser = argparse.ArgumentParser(description="Tables and figures of the image codecs.")
    parser.add_argument("--runs", required=True, metavar="FOLDER", help="its folder TASK holds, or will hold, a campaign's runs")
    parser.add_argument("--task", choices=CAMPAIGNS)
    parser.add_argument("--train", action="store_true", help="train and measure what is missing")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="trainings at a time (default 1)")
    parser.add_argument("--out", default=str(RESULTS), metavar="FOLDER", help="of the results (default: benchmarks/results)")
    given = parser.parse_args(arguments)
    failed = written = 0
    try:
        for task in [given.task] if given.task else CAMPAIGNS:
            folder = home(Path(given.runs), task)
            if given.train:
                failed += train_missing(task, folder, given.jobs)
            found = campaign(task, folder)
            if not found.groups:
                continue
            print_table(found)
            paths = write(found, Path(given.out))
            paths.append(draw(found, Path(given.out) / f"{task}.png"))
            paths += draw_samples(found, Path(given.out) / f"{task}-samples.png")
            print("written:", ", ".join(path.name for path in paths), "\n", flush=True)
            written += 1
    except InputError as error:
        print(f"codecs.py: {error}", file=sys.stderr)
        return 2
    if not written:
        print(f"codecs.py: no operating_point.json of {given.task or 'any campaign'} below {given.runs}", file=sys.stderr)
    return int(failed > 0 or not written)


if __name__ == "__main__":
    sys.exit(main())
