"""What a finished run of photographs does on its test photographs: written files, real bits, error to the clean ones.

The full table, with every metric and every peer, is `rdcsym bench images`; this is the short answer at the end of a training.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.data.noise import NOISE_SEED, noisy
from deep.data.photographs import photographs
from deep.metrics import psnr
from deep.natural.model import load_model
from deep.natural.noise_level import estimated_sigma
from deep.natural.ours import Ours
from deep.tasks import task
from rdcsym.files import write_atomically

FORMAT: Final = "rdcsym photographs measured 1"
FILE: Final = "operating_point.json"
MOST: Final = 6  # photographs: some seconds each

Stage = Callable[[int, int, str], None]


def measure(folder: str | Path, *, most: int = MOST, progress: Stage | None = None) -> dict[str, Any]:
    """Measure a run at every trained quality and both ends of realism; write operating_point.json and return what it holds.

    Mean and standard error over the first `most` test photographs, each with noise of a fixed seed. Raises InputError where the
    run is not finished or its test photographs are missing.
    """
    place = Path(folder)
    model = load_model(place)
    chosen = task(model.config.task)
    pictures = photographs(chosen.tested_on, "test")[:most]
    rows = []
    settings = [(float(q), p) for p in (0.0, 1.0) for q in range(model.codec.options.qualities)]
    for number, (quality, realism) in enumerate(settings):
        name = f"quality {quality:g}, realism {realism:g}"
        if progress is not None:
            progress(number, len(settings), name)
        codec = Ours(name, model, quality, realism)
        rates: list[float] = []
        ratios: list[float] = []
        for index, picture in enumerate(pictures):
            clean = picture.read()
            seen = picture.noisy() if picture.noisy is not None else noisy(clean, chosen.sigma, NOISE_SEED, index)
            restored = codec.restore(seen, chosen.sigma or estimated_sigma(seen))
            if restored.bits is not None:
                rates.append(restored.bits / (clean.shape[0] * clean.shape[1]))
            ratios.append(psnr(restored.image, clean))
        rate = _mean(rates) if rates else None  # a model without a rate writes no file
        rows.append({"quality": quality, "realism": realism, "bits_per_pixel": rate, "psnr": _mean(ratios)})
    found = {
        "format": FORMAT,
        "task": chosen.name,
        "steps": model.steps,
        "machine": model.machine,
        "model": model.fingerprint.hex(),
        "photographs": [picture.name for picture in pictures],
        "set": chosen.tested_on,
        "sigma": chosen.sigma,
        "noise_seed": NOISE_SEED,
        "rows": rows,
    }
    write_atomically(place / FILE, json.dumps(found, indent=1) + "\n")
    return found


def _mean(values: list[float]) -> dict[str, float | None]:
    """Mean, and its standard error where there is more than one photograph."""
    spread = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "standard_error": spread}
