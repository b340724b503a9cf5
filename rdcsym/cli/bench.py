"""`rdcsym bench`: how fast things are on this machine, beside peers that are timed in the same run."""

from __future__ import annotations

import click

from rdcsym.problem import InputError, nearest

_SUBJECTS = ("solvers", "deep", "images")
WHOLE = "benchmarks/results"
PART = "bench"


@click.command(epilog="Example: rdcsym bench solvers --quick --out /tmp/bench")
@click.argument("subject", metavar="solvers|deep|images")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="deep: only this task (may be given again).")
@click.option("--seconds", type=click.FloatRange(min=0.01), help="deep: of a block of training steps (3).")
@click.option("--quick", is_flag=True, help="solvers: a few minutes of small instances instead of the full grid.")
@click.option(
    "--kind", "kinds", multiple=True, metavar="NAME", help="solvers: only random, gaussian or images (may be given again)."
)
@click.option("--size", "sizes", multiple=True, type=click.IntRange(min=1), metavar="N", help="solvers: only so many symbols.")
@click.option("--set", "data", metavar="NAME", help="images: only this set of photographs (kodak24 and the other tasks).")
@click.option("--sigma", type=click.FloatRange(min=0.0, min_open=True), help="images: of the noise, of 255 (25).")
@click.option("--row", "rows", multiple=True, metavar="NAME", help="images: only this row (may be given again).")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="images: only the first N photographs of a set.")
@click.option("--cache", metavar="DIR", help="images: what was restored so far (in your cache).")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Default: as many as there are cores; images: 1.")
@click.option(
    "--repeats", type=click.IntRange(min=1), help="Timed blocks (deep, 7) or short runs (solvers, 3); medians are shown."
)
@click.option(
    "--out", metavar="DIR", help=f"Folder of the JSON, CSV and figure. Default: {WHOLE}; {PART} where only a part is measured."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    subject: str,
    tasks: tuple[str, ...],
    seconds: float | None,
    quick: bool,
    kinds: tuple[str, ...],
    sizes: tuple[int, ...],
    data: str | None,
    sigma: float | None,
    rows: tuple[str, ...],
    limit: int | None,
    cache: str | None,
    threads: int | None,
    repeats: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Measure the codecs or the solvers beside their peers; print a table, write SUBJECT.json, SUBJECT.csv and SUBJECT.png.

    deep: training and coding. Batch 64, one critic step a codec step, random images, each job in a process of its own after a
    warm-up. The peer, a plain DCGAN of the size of the paper's networks, is timed in turn with ours in the same run; the speeds
    marked as seen elsewhere are of the authors' networks on another machine.

    solvers: seconds to a certified relative gap of 1e-4, 1e-6 and 1e-8 in transport with a rate constraint, beside POT, OTT-JAX,
    cvxpy's solvers and dit (each skipped where it is not installed), cold as their users call them and warm. A run that was
    stopped goes on where it was.

    images: photographs with noise, restored by every method (the same noisy files for all) and judged by every metric: mean and
    standard error over the photographs, with the time of coding; also images_each.csv, images_page.png and images.md. A row whose
    package or weights are missing is named. A run that was stopped goes on where it was; several may share it, a --row each.
    """
    from_images: dict[str, object] = {"--set": data, "--sigma": sigma, "--row": rows, "--limit": limit, "--cache": cache}
    part = any([tasks, seconds, quick, kinds, sizes, data, sigma, rows, limit])  # not to take the place of a whole table
    out = out or (PART if part else WHOLE)
    if subject not in _SUBJECTS:
        raise InputError("bench", subject, "is nothing to time", nearest(subject, _SUBJECTS))
    if subject == "deep":
        from rdcsym.cli import bench_deep

        _none_of(subject, {"--quick": quick, "--kind": kinds, "--size": sizes, **from_images})
        bench_deep.run(tasks, threads, repeats or 7, seconds or 3.0, out, as_json)
    elif subject == "images":
        from rdcsym.cli import bench_images

        others: dict[str, object] = {
            "--task": tasks,
            "--seconds": seconds,
            "--quick": quick,
            "--kind": kinds,
            "--size": sizes,
            "--repeats": repeats,
        }
        _none_of(subject, others)
        bench_images.run(data, sigma, rows, limit, threads, cache, out, as_json)
    else:
        from rdcsym.cli import bench_solvers

        _none_of(subject, {"--task": tasks, "--seconds": seconds, **from_images})
        bench_solvers.run(quick, kinds, sizes, threads, repeats, out, as_json)


def _none_of(subject: str, options: dict[str, object]) -> None:
    """InputError where an option of another subject was given."""
    for option, value in options.items():
        if value:
            raise InputError(option, value, f"is no option of `bench {subject}`", "leave it out")
