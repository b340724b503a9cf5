"""Training of the synthetic tasks, `gauss-vector` and `bernoulli-block`, into the same run folder as any other.

`deep.train` comes here by itself. The files of a run: config.json, checkpoint.pt while it trains, metrics.jsonl, model.pt and
operating_point.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from deep.checkpoint import Log, prepare_folder
from deep.coding import can_code
from deep.config import TrainConfig
from deep.machine import machine
from deep.operating_point import FILE
from deep.run import load_tensors, save_tensors
from deep.synthetic.bernoulli_training import BernoulliTraining
from deep.synthetic.gauss_training import GaussTraining
from deep.synthetic.measure import measure_synthetic
from deep.synthetic.model import compress, decompress, load_model, save_model
from deep.synthetic.source import bernoulli_source, gauss_source
from deep.tasks import task
from rdcsym.problem import InputError

Progress = Callable[[int, int, Mapping[str, float]], None]


def train_synthetic(config: TrainConfig, out: str | Path, resume: bool = False, progress: Progress | None = None) -> Path:
    """Train into the folder `out`, measure the operating point, and return the folder; `progress` as in `deep.train.train`.

    resume: go on from the last checkpoint, to the same result. Runs on the CPU whatever device is asked for: there is little to
    compute. The operating point is left out where constriction is not installed. Raises InputError.
    """
    folder = Path(out)
    training = _training(config)
    if prepare_folder(folder, config, resume):
        _train(config, training, folder, progress)
    if can_code() and not (folder / FILE).exists():
        measure_synthetic(folder)
    return folder


def compress_array(run: str | Path, x: Any, seed: int = 0) -> bytes:
    """The bytes of an `.rdc` file of samples x (N, n), coded by the model of a run folder. Raises InputError."""
    return compress(load_model(run), x, seed)[0]


def decompress_array(run: str | Path, data: bytes, name: str | Path = "data") -> Any:
    """The samples (N, n) in a file's bytes: float64, or uint8 of the binary task; `name` is the file's, for errors.

    The same values whatever the number of threads. Raises InputError where they are no whole file of this model.
    """
    return decompress(load_model(run), data, name)


def _training(config: TrainConfig) -> GaussTraining | BernoulliTraining:
    kind = task(config.task).kind
    if config.mode != "common":
        fix = "use mode=common: without a shared dither the law of Y would not be the given one"
        raise InputError("mode", config.mode, f"is not supported by the task {config.task}", fix)
    if kind == "gauss-vector":
        return GaussTraining(config, gauss_source(config.options))
    if kind == "bernoulli-block":
        return BernoulliTraining(config, bernoulli_source(config.options, config.rate))
    raise InputError("task", config.task, "is not synthetic", "use deep.train")


def _train(config: TrainConfig, training: GaussTraining | BernoulliTraining, folder: Path, progress: Progress | None) -> None:
    checkpoint, first = folder / "checkpoint.pt", 0
    if config.threads:
        torch.set_num_threads(config.threads)
    if checkpoint.exists():
        found = load_tensors(checkpoint, "checkpoint", "remove it to start again")
        training.restore(found["training"])
        first = int(found["step"])
    with Log(folder, first) as log:
        for k in range(first, config.steps):
            terms = training.step(k)
            done = k + 1
            if done % config.log_every == 0 or done == config.steps:
                log.write(done, terms)
                if progress is not None:
                    progress(done, config.steps, terms)
            if done % config.checkpoint_every == 0 and done < config.steps:
                save_tensors(checkpoint, {"step": done, "training": training.state()})
    save_model(folder, config, training.codec(), machine(torch.device("cpu")))
    checkpoint.unlink(missing_ok=True)
