"""The fuzz: random problems, some malformed, most of them ordinary and many at a boundary; nothing may crash, warn or be NaN.

    python benchmarks/fuzz.py [--problems 10000] [--seed 0] [--jobs 2] [--limit 600] [--record FILE] [--out FILE] [--only INDEX]

Every answer is checked by the independent checker, and a part of them against related questions (`fuzz_check`). Each problem
depends on (seed, index) alone; results go to a file of JSON lines as they come, and a run that was stopped is taken up again.
Prints the faults with the command that reproduces each, and writes a summary. Exit status 1 where anything was at fault.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded

from fuzz_check import outcome

from rdcsym.machine import processor

RESULTS: Final = Path(__file__).parent / "results"
SLOWEST: Final = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds a problem may take")
    parser.add_argument("--record", type=Path, help="JSON lines; default: one in the temporary folder for each seed")
    parser.add_argument("--out", type=Path, default=RESULTS / "fuzz.json", help="the summary")
    parser.add_argument("--only", type=int, help="one problem, verbosely")
    given = parser.parse_args()
    if given.only is not None:
        print(json.dumps(outcome(given.seed, given.only, given.limit), indent=1))
        return 0
    record = given.record or Path(tempfile.gettempdir()) / f"rdcsym-fuzz-{given.seed}.jsonl"
    rows = run(given.problems, given.seed, given.jobs, given.limit, record)
    told = summary(rows, given.seed)
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for row in told["faults"]:
        print(f"{row['kind']} {row['question']}: {row['fault']}")
        print(f"    python benchmarks/fuzz.py --seed {given.seed} --only {row['index']}")
    print(f"{told['problems']} problems: {told['by_status']}; {len(told['faults'])} faults")
    print(f"{told['seconds']:.0f} s of work; {given.out}")
    return 1 if told["faults"] else 0


def run(problems: int, seed: int, jobs: int, limit: float, record: Path) -> list[dict[str, Any]]:
    """The rows of problems 0 to `problems` - 1, those in `record` taken from there and the others added to it."""
    done = _recorded(record)
    left = [(seed, index, limit) for index in range(problems) if index not in done]
    start, faults = time.perf_counter(), 0
    with record.open("a", encoding="utf-8") as file, get_context("spawn").Pool(jobs, maxtasksperchild=500) as pool:
        for count, row in enumerate(pool.imap_unordered(_one, left, chunksize=1), 1):
            done[row["index"]] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            faults += row["fault"] is not None
            if count % 100 == 0 or count == len(left):
                rate = count / (time.perf_counter() - start)
                print(f"\r{count} of {len(left)}, {rate:.1f} a second, {faults} faults", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [done[index] for index in sorted(done) if index < problems]


def _recorded(record: Path) -> dict[int, dict[str, Any]]:
    """What an earlier run left; a last line that was cut off is done again, at the cost of a line that is never read."""
    rows: dict[int, dict[str, Any]] = {}
    if record.exists():
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        for line in lines:
            if line.endswith("}\n"):
                row = json.loads(line)
                rows[row["index"]] = row
        if lines and not lines[-1].endswith("\n"):
            with record.open("a", encoding="utf-8") as file:
                file.write("\n")
    return rows


def _one(job: tuple[int, int, float]) -> dict[str, Any]:
    return outcome(*job)


def summary(rows: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """Counts, faults, the slowest, and how many without a classification budget stayed a gap."""
    plain = [r for r in rows if r["status"] in ("certified", "gap", "infeasible") and "classification" not in r["question"]]
    return {
        "problems": len(rows),
        "seed": seed,
        "processor": processor(),
        "by_status": dict(Counter(r["status"] or "no answer" for r in rows).most_common()),
        "by_setting": dict(Counter(r["question"].get("setting", "malformed") for r in rows).most_common()),
        "without_classification": dict(Counter(r["status"] for r in plain).most_common()),
        "faults": [r for r in rows if r["fault"] is not None],
        "seconds": round(sum(r["seconds"] for r in rows), 1),
        "slowest": sorted(rows, key=lambda r: -r["seconds"])[:SLOWEST],
    }


if __name__ == "__main__":
    sys.exit(main())
