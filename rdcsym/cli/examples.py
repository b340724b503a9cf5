"""`rdcsym examples`: degraded test images of a task, as a file that `rdcsym compress` takes."""

from __future__ import annotations

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
def command(name: str, path: str, count: int, first: int, clean: bool) -> None:
    """Write test images of TASK, degraded as its codec gets them, as one vertical strip: IN.png for `rdcsym compress`."""
    require("examples", "torch", "PIL")
    from deep.strips import check_png, write_strip
    from deep.tasks import task

    chosen = task(name)
    if chosen.kind != "images":
        raise InputError("TASK", name, "is synthetic and has no images", "see deep.synthetic for its samples")
    check_png(path)
    written = write_strip(path, example_images(chosen, first, count, clean))
    click.echo(f"{written}: {count} image{'s' * (count > 1)} of {chosen.shape[2]} x {chosen.shape[1]} pixels")


def example_images(chosen: Any, first: int, count: int, clean: bool) -> Any:
    """Test images first..first+count-1 of a `deep.tasks.Task`, the same that its runs are measured on: uint8 (count, C, H, W)."""
    import torch

    from deep.batches import images_of
    from deep.data import clean_tensor

    test = images_of(chosen).test
    if first + count > len(test):
        raise InputError("--count", count, f"goes beyond the {len(test)} test images", "give a smaller --count or --first")
    if clean:
        return test.clean[first : first + count]
    # Randomness is drawn for the whole set at once, so the whole set is degraded and a part of it taken.
    degraded = chosen.degrade_test(clean_tensor(test))[first : first + count]
    return torch.round(degraded * 255.0).to(torch.uint8).numpy()
