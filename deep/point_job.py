"""What a worker of a sweep does, in whatever process or on whatever machine: train one point, measure it, report."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run_point(folder: str, settings: Mapping[str, Any], threads: int = 0) -> dict[str, Any]:
    """Train into the folder, going on where an earlier attempt stopped, and measure the operating point where none is yet.

    settings: of `TrainConfig.to_json`. threads: of torch, where the settings give none; 0 leaves its choice. {"error": text or
    None, "seconds": float}: errors are returned, not raised, so that they survive the way back from another process.
    """
    start = time.perf_counter()
    error = None
    try:
        import torch

        from deep.config import config_from_json
        from deep.operating_point import measure
        from deep.train import train

        config = config_from_json(settings)
        if config.threads or threads:
            torch.set_num_threads(config.threads or threads)
        train(config, folder, resume=True)
        if not (Path(folder) / "operating_point.json").exists():
            measure(folder)
    except Exception as raised:  # whatever is wrong with this point must not stop the others
        name = "" if type(raised).__name__ == "InputError" else f"{type(raised).__name__}: "
        error = " ".join(f"{name}{raised}".split())
    return {"error": error, "seconds": round(time.perf_counter() - start, 1)}
