"""All metrics of one restored photograph at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from deep.metrics.learned_patches import lpips
from deep.metrics.natural_statistics import niqe
from deep.metrics.peak_signal import psnr
from deep.metrics.pictures import Bytes, NoValueError
from deep.metrics.structural_similarity import ssim
from deep.metrics.structure_texture import dists
from rdcsym.problem import InputError, nearest

METRICS: Final[dict[str, Callable[[Bytes, Bytes], float]]] = {
    "psnr": psnr,
    "ssim": ssim,
    "lpips_alex": lambda restored, clean: lpips(restored, clean, network="alex"),
    "lpips_vgg": lambda restored, clean: lpips(restored, clean, network="vgg"),
    "lpips_squeeze": lambda restored, clean: lpips(restored, clean, network="squeeze"),
    "dists": dists,
    "niqe": lambda restored, clean: niqe(restored),
}


def measure_all(restored: Bytes, clean: Bytes, names: Sequence[str] = tuple(METRICS)) -> dict[str, float | None]:
    """The named metrics of a restored photograph, both uint8 (H, W, 3); None where one has no value here (weights missing, or
    a flat picture for NIQE).

    The features of the last clean photograph are kept: measure all restorations of one photograph before those of the next.
    Raises InputError for unknown names, and for photographs that are no pair or too small for a named metric.
    """
    for name in names:
        if name not in METRICS:
            raise InputError("names", name, "is no metric", nearest(name, METRICS))
    found: dict[str, float | None] = {}
    for name in names:
        try:
            found[name] = METRICS[name](restored, clean)
        except NoValueError:
            found[name] = None
    return found
