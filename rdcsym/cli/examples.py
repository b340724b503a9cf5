"""`rdcsym examples`: test samples of a task, as a file that `rdcsym compress` takes."""

from __future__ import annotations

import io
from typing import Any

import click

from rdcsym.cli.extras import require
from rdcsym.problem import InputError


@click.command(epilog="Example: rdcsym examples digits-sr in.png --count 8")
@click.argument("name", metavar="TASK")
@click.argument("path", metavar="IN.png")
@click.option("--count", default=16, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--first", default=0, show_default=True, type=click.IntRange(min=0), help="Place of the first in the test set.")
@click.option("--clean", is_flag=True, help="The clean originals instead of what the codec is given.")
@click.option("--model", "run", metavar="RUN", help="For a synthetic task: the run whose source it is.")
def command(name: str, path: str, count: int, first: int, clean: bool, run: str | None) -> None:
    """Write test images of TASK, degraded as its codec gets them, as one vertical strip: IN.png for `rdcsym compress`.

    Of a synthetic task, samples of its source, one a row: IN.npy.
    """
    require("examples", "torch")
    from deep.tasks import task

    chosen = task(name)
    if chosen.kind != "images":
        _write_samples(name, path, count, first, clean, run)
        return
    if run is not None:
        raise InputError("--model", run, f"is not needed: the images of {name} are always the same", "leave it out")
    require("examples", "PIL")
    from deep.strips import check_png, write_strip

    check_png(path)
    written = write_strip(path, example_images(chosen, first, count, clean))
    click.echo(f"{written}: {count} image{'s' * (count > 1)} of {chosen.shape[2]} x {chosen.shape[1]} pixels")


def _write_samples(name: str, path: str, count: int, first: int, clean: bool, run: str | None) -> None:
    """Samples of a synthetic source, with the options of the run or the task's own."""
    import numpy as np

    from deep.settings import settings
    from deep.synthetic.measure import TEST_SEED
    from deep.synthetic.source import bernoulli_source, gauss_source
    from rdcsym.cli.model_files import check_array_name, model_kind
    from rdcsym.files import write_atomically

    check_array_name(path)
    if clean:
        raise InputError("--clean", name, "has no clean originals: its source generates X", "leave --clean out")
    if run is not None:
        model_kind(run)
    config = settings(name, run or "", resume=run is not None)
    made: Any = gauss_source(config.options) if name == "gauss-vector" else bernoulli_source(config.options, config.rate)
    _check_count(first, count, made.test, "samples")
    samples = np.asarray(made.sample(made.test, TEST_SEED)[0])[first : first + count]
    buffer = io.BytesIO()
    np.save(buffer, samples)
    written = write_atomically(path, buffer.getvalue())
    click.echo(f"{written}: {count} sample{'s' * (count > 1)} of {samples.shape[1]} symbols")


def _check_count(first: int, count: int, held: int, what: str) -> None:
    if first + count > held:
        raise InputError("--count", count, f"goes beyond the {held} test {what}", "give a smaller --count or --first")


def example_images(chosen: Any, first: int, count: int, clean: bool) -> Any:
    """Test images first..first+count-1 of a `deep.tasks.Task`, the same that its runs are measured on: uint8 (count, C, H, W)."""
    import torch

    from deep.batches import images_of
    from deep.data import clean_tensor

    test = images_of(chosen).test
    _check_count(first, count, len(test), "images")
    if clean:
        return test.clean[first : first + count]
    # Randomness is drawn for the whole set at once, so the whole set is degraded and a part of it taken.
    degraded = chosen.degrade_test(clean_tensor(test))[first : first + count]
    return torch.round(degraded * 255.0).to(torch.uint8).numpy()
