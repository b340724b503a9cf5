"""The operating point of a finished run of images, measured on its whole test set and written into the run's folder.

`python -m deep.operating_point RUN` prints it too; `rdcsym compare` reads it.
"""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from deep.batches import image_shape, images_of
from deep.checkpoint import held_settings
from deep.data import Images
from deep.dither import IntArray
from deep.intervals import Quantity
from deep.judges import clean_judge, trained
from deep.judges_features import MOST_HELD, MOST_SEEN, feature_kind, has_features
from deep.machine import machine
from deep.measurements import Coded, code_test_set, distortions, losses, losses_by_features, notes, perception, rates
from deep.metrics.pictures import NoValueError
from deep.reconstructions import Reconstructions, reconstructions
from deep.run import Model, load_model
from deep.tasks import task
from rdcsym.files import write_atomically
from rdcsym.problem import InputError

FORMAT: Final = "rdcsym operating point 1"
FILE: Final = "operating_point.json"
SAMPLES: Final = "samples.npz"

Stage = Callable[[int, int, str], None]
STAGES: Final = (
    "coding",
    "training a classifier of outputs",
    "training a classifier of clean images",
    "training classifiers of features",
    "measuring",
)


def measure(
    folder: str | Path, *, device: str = "auto", cache: str | Path | None = None, progress: Stage | None = None
) -> dict[str, Any]:
    """Measure a finished run, write operating_point.json and samples.npz into its folder, and return what the former holds.

    device: of encoder and classifiers ("auto", "cpu", "cuda"); outputs are always decoded on the CPU. cache: see
    `judges.clean_judge`. progress(stage, stages, what) is called before each stage. A run of
    photographs is measured by `deep.natural.measure`. The same run gives the same numbers on the
    same device and number of threads. Raises InputError where the run is not finished or has no images.
    """
    place, on = Path(folder), _device(device)
    held = held_settings(place)
    if held is not None and task(str(held.get("task"))).kind == "photographs":
        from deep.natural import measure as of_photographs

        return of_photographs.measure(place, progress=progress)
    model = load_model(place)
    chosen = task(model.config.task)
    images = images_of(chosen)
    tell = progress or (lambda stage, stages, what: None)
    for network in (model.networks.codec, model.networks.critic, model.networks.classifier):
        network.to(on)
    with torch.backends.cudnn.flags(deterministic=True, benchmark=False):
        tell(0, len(STAGES), STAGES[0])
        coded = code_test_set(model, chosen, images)
        tell(1, len(STAGES), STAGES[1])
        pool = reconstructions(model, chosen, images.train, on)
        held_out = trained(pool.seen, pool.held, images.classes, on)
        tell(2, len(STAGES), STAGES[2])
        of_clean = clean_judge(images.train, images.classes, on, Path(cache) if cache else None)
        tell(3, len(STAGES), STAGES[3])
        by_features, no_features = _by_features(coded, images, pool, Path(cache) if cache else None)
        tell(4, len(STAGES), STAGES[4])
        found_rates, no_rate = rates(coded)
        found_perception, no_perception = perception(model, coded)
        found_losses = losses(model, coded, images, of_clean, held_out, _in_words(model, pool))
    found = {
        "format": FORMAT,
        "task": model.config.task,
        "run": place.resolve().name,
        "mode": model.config.mode,
        "pairing": model.config.pairing,
        "config": model.config.to_json(),
        "steps": model.steps,
        "machine": model.machine,
        "measured_on": machine(on),
        "model": model.fingerprint.hex(),
        "test_images": len(images.test),
        "data": images.origin,
        "dimensions": math.prod(image_shape(chosen)),
        "source": {"kind": "images"},
        "quantities": found_rates | distortions(coded) | found_losses | by_features | found_perception,
        "missing": no_rate | no_features | no_perception,
        "notes": notes(coded),
    }
    write_atomically(place / SAMPLES, _samples(coded, images.test.labels))
    write_atomically(place / FILE, json.dumps(found, indent=1, allow_nan=False) + "\n")
    return found


def _by_features(
    coded: Coded, images: Images, pool: Reconstructions, cache: Path | None
) -> tuple[dict[str, Quantity], dict[str, str]]:
    """What judges on the features of a network trained on ImageNet say; nothing of images that it was not made for."""
    if not has_features(coded.clean.shape):
        return {}, {}
    try:
        kind = feature_kind()
    except NoValueError as error:
        return {}, dict.fromkeys(("accuracy_features", "accuracy_features_held_out"), str(error))
    of_clean = clean_judge(images.train, images.classes, torch.device("cpu"), cache, kind)
    of_outputs = kind.trained(pool.seen, pool.held, images.classes, torch.device("cpu"))
    counts = min(MOST_SEEN, len(pool.seen)), min(MOST_HELD, len(pool.held))
    how = "trained on {} and calibrated on {} of the outputs that the held-out classifier had".format(*counts)
    return losses_by_features(coded, images, of_clean, of_outputs, how), {}


def _in_words(model: Model, pool: Reconstructions) -> str:
    """How the held-out classifier came to its knowledge."""
    times = f", {pool.passes} times each" if pool.passes > 1 else ""
    which = "of the half that the codec saw" if model.config.pairing == "unpaired" else "that the codec saw too"
    others = "of the other half" if model.config.pairing == "unpaired" else "that it saw as well"
    learned = f"trained on the outputs for {pool.images} training images {which}{times}"
    return f"{learned}, calibrated on those for {len(pool.held)} {others}"


def _samples(coded: Coded, labels: IntArray) -> bytes:
    """The first test image of each class: the same images for every run of a task."""
    first = np.unique(labels, return_index=True)[1]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, input=coded.inputs[first], output=coded.outputs[first], clean=coded.clean[first])
    return buffer.getvalue()


def _device(name: str) -> torch.device:
    if name not in ("auto", "cpu", "cuda"):
        raise InputError("device", name, "is unknown", "give auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device", name, "is not available here", "use device cpu, or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def main(arguments: list[str] | None = None) -> int:
    """The command line that needs no library for command lines; exit status 0 or 2."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m deep.operating_point", description="Measure a finished run.")
    parser.add_argument("run", metavar="RUN", help="folder of a finished training")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    given = parser.parse_args(arguments)
    try:
        found = measure(given.run, device=given.device, progress=_print_stage)
    except InputError as error:
        print(f"deep.operating_point: {error}", file=sys.stderr)
        return 2
    for name, q in found["quantities"].items():
        interval = "" if q["low"] is None else f"  [{q['low']:.6g}, {q['high']:.6g}]"
        print(f"{name:26} {q['value']:.6g}{interval} {q['unit']}")
    for name, why in found["missing"].items():
        print(f"{name:26} {why}")
    return 0


def _print_stage(stage: int, stages: int, what: str) -> None:
    print(f"{stage + 1}/{stages} {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
