"""The bar of a training or a sweep, on standard error and on a terminal only: steps, time left, terms of the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_SHOWN: Final = {"rate": "rate {:.1f} bits", "distortion": "distortion {:.4f}", "accuracy": "accuracy {:.2f}"}


@contextmanager
def training_bar(steps: int, what: str, quiet: bool = False) -> Iterator[Callable[[int, int, Mapping[str, float]], None]]:
    """Yields the function that `deep.train.train` calls with steps done, steps in all and the metrics."""
    with _bar(steps, what, quiet) as (bar, task):

        def show(done: int, total: int, metrics: Mapping[str, float]) -> None:
            said = ", ".join(text.format(metrics[name]) for name, text in _SHOWN.items() if name in metrics)
            bar.update(task, completed=done, total=total, description=said or what)

        yield show


@contextmanager
def sweep_bar(what: str, quiet: bool = False) -> Iterator[Callable[[int, int, str], None]]:
    """Yields the function that `deep.sweep.sweep` calls; the points that end are named above the bar, off a terminal too."""
    with _bar(None, what, quiet) as (bar, task):

        def show(done: int, total: int, ended: str) -> None:
            bar.update(task, completed=done, total=total)
            if ended and not quiet:
                bar.console.print(ended, markup=False, highlight=False, soft_wrap=True)

        yield show


@contextmanager
def _bar(total: int | None, what: str, quiet: bool) -> Iterator[tuple[Progress, TaskID]]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"))
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, *times, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        yield bar, bar.add_task(what, total=total)


@contextmanager
def waiting(what: str, quiet: bool = False) -> Iterator[Callable[[int, int, str], None]]:
    """A spinner, on a terminal only, while something goes on; yields the function that is called with each stage of it."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda stage, stages, doing: None
        return
    with console.status(what) as status:
        yield lambda stage, stages, doing: status.update(f"{what}, {stage + 1} of {stages}: {doing}")
