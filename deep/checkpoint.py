"""What makes a training survive a kill: the folder's rules, checkpoints, and a log that forgets what a resumed training does
again.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from deep.config import TrainConfig, with_defaults
from deep.run import load_tensors, save_tensors
from rdcsym.files import shown, write_atomically
from rdcsym.problem import InputError

if TYPE_CHECKING:
    from deep.train import Training

_PARTS = ("codec", "critic", "classifier")
# A resumed training may be logged more or less often, or run elsewhere; its result does not depend on it.
_FREE = {"log_every", "checkpoint_every", "device", "threads", "compile"}


def prepare_folder(folder: Path, config: TrainConfig, resume: bool, rank: int = 0) -> bool:
    """Make the run folder and write config.json; True where there is something left to train. InputError for a folder in use."""
    held = folder / "config.json"
    if folder.exists() and not folder.is_dir():
        raise InputError("out", str(folder), "is a file", "name a folder")
    if rank > 0:
        return not (folder / "model.pt").exists()
    if held.exists():
        if not resume:
            raise InputError("out", str(folder), "holds a run already", "add --resume to go on with it, or name another folder")
        check_same_settings(folder, config)
    elif folder.exists() and any(folder.iterdir()):
        raise InputError("out", str(folder), "is not empty and holds no run", "name a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", str(folder), f"cannot be made ({error.strerror})", "name a writable folder") from None
    write_atomically(held, json.dumps(config.to_json(), indent=1) + "\n")
    return not (folder / "model.pt").exists()


def held_settings(folder: Path) -> dict[str, Any] | None:
    """The settings of the run that a folder holds, or None where it holds none; InputError where they cannot be read."""
    held = folder / "config.json"
    try:
        found = json.loads(held.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise InputError("out", shown(held), "is damaged", "remove the folder and train again")
    return found


def check_same_settings(folder: Path, config: TrainConfig) -> None:
    """InputError where the folder holds a run with other settings: what `config` asks for could not be its continuation."""
    before = held_settings(folder)
    if before is None:
        return
    now = json.loads(json.dumps(config.to_json()))
    before = with_defaults(before)
    different = sorted(name for name in now if name not in _FREE and before.get(name) != now[name])
    if different:
        name = different[0]
        raise InputError(
            name,
            now[name],
            f"differs from the run to be resumed, which has {before.get(name)}",
            "use the same settings, or a new folder",
        )


def save_checkpoint(folder: Path, training: Training, step: int) -> None:
    """Everything that the steps after `step` depend on."""
    save_tensors(
        folder / "checkpoint.pt",
        {
            "step": step,
            "lambda_r": training.lambda_r,
            "networks": {name: getattr(training.networks, name).state_dict() for name in _PARTS},
            "optimizers": [training.codec_optimizer.state_dict(), training.critic_optimizer.state_dict()],
        },
    )


def load_checkpoint(folder: Path, training: Training) -> int:
    """Put the last checkpoint's state into `training`; the step to go on with, 0 where there is none."""
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0
    found = load_tensors(path, "checkpoint", "remove it to start again")
    for name in _PARTS:
        getattr(training.networks, name).load_state_dict(found["networks"][name])
    for optimizer, state in zip((training.codec_optimizer, training.critic_optimizer), found["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    training.lambda_r = float(found["lambda_r"])
    return int(found["step"])


class Log:
    """metrics.jsonl, one object a line, and TensorBoard's events where tensorboardX is installed; lines after `first` are
    dropped.
    """

    def __init__(self, folder: Path, first: int, rank: int = 0) -> None:
        self.folder, self.rank = folder, rank
        self.file: TextIO | None = None
        self.board: Any = None
        if rank > 0:
            return
        path = folder / "metrics.jsonl"
        kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step(line) <= first] if path.exists() else []
        write_atomically(path, "".join(line + "\n" for line in kept))
        self.file = path.open("a", encoding="utf-8")
        with contextlib.suppress(ImportError):
            from tensorboardX import SummaryWriter

            self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=first if first else None)

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.file is not None:
            self.file.close()
        if self.board is not None:
            self.board.close()

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line; each is flushed, so a killed training leaves whole lines."""
        if self.file is None:
            return
        self.file.write(json.dumps({"step": step, **metrics}) + "\n")
        self.file.flush()
        if self.board is not None:
            for name, value in metrics.items():
                self.board.add_scalar(name, value, step)


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # a line that a kill cut short
