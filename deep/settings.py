"""Settings as a command line gives them: a task, a file, flags; or those of the run that is to be resumed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deep.checkpoint import held_settings
from deep.config import TrainConfig, config_for, read_config
from deep.tasks import task, tasks
from rdcsym.problem import InputError


def settings(
    name: str | None, out: str | Path, file: str | Path | None = None, flags: Iterable[str] = (), resume: bool = False
) -> TrainConfig:
    """The task's own settings, then the file's, then the flags ("key=value"), the later ones winning.

    resume: those of the run in the folder `out` stand in for the task's, so that none need be given again. name: of the task;
    None takes the file's or the resumed run's. Raises InputError for what is unknown, wrong or missing.
    """
    given = read_config(file) if file else {}
    held = held_settings(Path(out)) if resume else None
    named = name or given.get("task") or (held or {}).get("task")
    if not named:
        raise InputError("--task", "none", "no task is named", f"name one of {', '.join(tasks())}")
    chosen = task(str(named))
    if held is not None:
        return config_for(chosen.name, {**held, **given}, flags)
    return config_for(chosen.name, given, flags, chosen.defaults)
