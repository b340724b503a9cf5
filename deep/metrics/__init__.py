"""Quality of restored images. Photographs are uint8 (H, W, 3); every metric is a function that gives a float.

    from deep.metrics import measure_all, psnr
    measure_all(restored, clean)  # {"psnr": 31.9, "ssim": .87, "lpips_alex": .22, ...}

The weights of LPIPS, DISTS and NIQE are read from the folder `metrics` of RDCSYM_DATA. All run on the CPU in the caller's
threads. For sets of images with labels: `frechet_distance` and `judge_distance`, `judged`.
"""

from __future__ import annotations

from deep.metrics.frechet import frechet_distance, judge_distance, judge_features
from deep.metrics.judged import judged
from deep.metrics.learned_patches import lpips
from deep.metrics.measure import METRICS, measure_all
from deep.metrics.natural_statistics import niqe
from deep.metrics.peak_signal import psnr
from deep.metrics.perceptual import perceptual_index
from deep.metrics.pictures import NoValueError
from deep.metrics.structural_similarity import ssim
from deep.metrics.structure_texture import dists

__all__ = [
    "METRICS",
    "NoValueError",
    "dists",
    "frechet_distance",
    "judge_distance",
    "judge_features",
    "judged",
    "lpips",
    "measure_all",
    "niqe",
    "perceptual_index",
    "psnr",
    "ssim",
]
