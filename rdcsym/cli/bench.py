"""`rdcsym bench`: how fast things are on this machine, beside peers that are timed in the same run."""

from __future__ import annotations

import click

from rdcsym.problem import InputError, nearest

_SUBJECTS = ("solvers", "deep", "images")
_READY = ("deep", "solvers")


@click.command(epilog="Example: rdcsym bench solvers --quick --out /tmp/bench")
@click.argument("subject", metavar="solvers|deep|images")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="deep: only this task (may be given again).")
@click.option("--seconds", type=click.FloatRange(min=0.01), help="deep: of a block of training steps (3).")
@click.option("--quick", is_flag=True, help="solvers: a few minutes of small instances instead of the full grid.")
@click.option(
    "--kind", "kinds", multiple=True, metavar="NAME", help="solvers: only random, gaussian or images (may be given again)."
)
@click.option("--size", "sizes", multiple=True, type=click.IntRange(min=1), metavar="N", help="solvers: only so many symbols.")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Default: as many as there are cores.")
@click.option(
    "--repeats", type=click.IntRange(min=1), help="Timed blocks (deep, 7) or short runs (solvers, 3); medians are shown."
)
@click.option("--out", default="benchmarks/results", show_default=True, metavar="DIR", help="Folder of the JSON, CSV and figure.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    subject: str,
    tasks: tuple[str, ...],
    seconds: float | None,
    quick: bool,
    kinds: tuple[str, ...],
    sizes: tuple[int, ...],
    threads: int | None,
    repeats: int | None,
    out: str,
    as_json: bool,
) -> None:
    """Time the codecs or the solvers beside their peers; print a table, write SUBJECT.json, SUBJECT.csv and SUBJECT.png.

    deep: training and coding. Batch 64, one critic step a codec step, random images, each job in a process of its own after a
    warm-up. The peer, a plain DCGAN of the size of the paper's networks, is timed in turn with ours in the same run; the speeds
    marked as seen elsewhere are of the authors' networks on another machine.

    solvers: seconds to a certified relative gap of 1e-4, 1e-6 and 1e-8 in transport with a rate constraint, beside POT, OTT-JAX,
    cvxpy's solvers and dit (each skipped where it is not installed), cold as their users call them and warm. A run that was
    stopped goes on where it was.
    """
    if subject not in _SUBJECTS:
        raise InputError("bench", subject, "is nothing to time", nearest(subject, _SUBJECTS))
    if subject not in _READY:
        raise InputError("bench", subject, "cannot be timed yet", "rdcsym bench deep and solvers can")
    if subject == "deep":
        from rdcsym.cli import bench_deep

        _none_of(subject, {"--quick": quick, "--kind": kinds, "--size": sizes})
        bench_deep.run(tasks, threads, repeats or 7, seconds or 3.0, out, as_json)
    else:
        from rdcsym.cli import bench_solvers

        _none_of(subject, {"--task": tasks, "--seconds": seconds})
        bench_solvers.run(quick, kinds, sizes, threads, repeats, out, as_json)


def _none_of(subject: str, options: dict[str, object]) -> None:
    """InputError where an option of another subject was given."""
    for option, value in options.items():
        if value:
            raise InputError(option, value, f"is no option of `bench {subject}`", "leave it out")
