"""The training loop that the learned peers share: it can be killed at any moment and resumed, with the same result.

A run folder holds settings.json, checkpoint.pt (written aside and renamed) and log.jsonl.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import torch

from deep.run import load_tensors, save_tensors
from rdcsym.files import shown, write_atomically
from rdcsym.problem import InputError

_STEPS: Final = "steps"


class Trainee(Protocol):
    """What is trained: all its randomness is a function of its seed and the step, all else that it remembers is in `state`."""

    def step(self, k: int) -> dict[str, float]:
        """Train on batch k and return what should be logged."""
        ...

    def state(self) -> dict[str, Any]:
        """Tensors and plain data that `restore` takes back."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken of."""
        ...


def fit(
    trainee: Trainee,
    folder: Path,
    settings: Mapping[str, Any],
    *,
    log_every: int = 50,
    checkpoint_every: int = 200,
    until: int | None = None,
) -> None:
    """Train until settings["steps"], from the folder's checkpoint where there is one; `until` stops sooner, as a kill would.

    Raises InputError where the folder holds a run with other settings.
    """
    _check_settings(folder, settings)
    held = folder / "checkpoint.pt"
    start, seconds = 0, 0.0
    if held.exists():
        found = load_tensors(held, "out", "remove the folder and train again")
        start, seconds = int(found["step"]), float(found["seconds"])
        trainee.restore(found["state"])
    _forget_after(folder, start)
    begun = time.perf_counter() - seconds
    end = settings[_STEPS] if until is None else min(until, settings[_STEPS])
    for k in range(start, end):
        values = trainee.step(k)
        done = k + 1
        if done % log_every == 0 or done == end:
            _log(folder, {"step": done, "seconds": round(time.perf_counter() - begun, 1), **values})
        if done % checkpoint_every == 0 or done == settings[_STEPS]:
            content = {"step": done, "seconds": time.perf_counter() - begun, "state": trainee.state()}
            save_tensors(held, content)


def generator(seed: int, step: int) -> torch.Generator:
    """Torch's random numbers of one step."""
    return torch.Generator().manual_seed((seed << 32) + step)


def _check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    path = folder / "settings.json"
    wanted = json.loads(json.dumps(dict(settings)))
    if path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise InputError("out", shown(path), "is damaged", "remove the folder and train again") from None
        different = sorted(name for name in wanted if before.get(name) != wanted[name])
        if different:
            name = different[0]
            raise InputError(name, wanted[name], f"the folder's run has {before.get(name)}", "name a new folder")
        return
    write_atomically(path, json.dumps(wanted, indent=1) + "\n")


def _log(folder: Path, line: dict[str, float]) -> None:
    rounded = {name: float(f"{value:.6g}") for name, value in line.items()}
    with open(folder / "log.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(rounded) + "\n")


def _forget_after(folder: Path, step: int) -> None:
    """Drop the log's lines past the checkpoint, and one that a kill cut off: their steps are done again."""
    path = folder / "log.jsonl"
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue
    write_atomically(path, "".join(kept))
