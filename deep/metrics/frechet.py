"""Distances between sets of images by the features of a given network, as FID has them by those of Inception.

The project brings no Inception network and pretends none: the features are those of its own judge (`deep/judges.py`), or of any
function. Numbers of different features are not comparable, with published FID values least of all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.linalg import eigh

from deep.judges import CHUNK, Judge
from deep.metrics.pictures import Bytes
from rdcsym.problem import FloatArray, InputError, check_array


def frechet_distance(first: Any, second: Any) -> float:
    """|m - n|^2 + tr(A + B - 2 (A B)^(1/2)) of the means m, n and covariances A, B (divided by N - 1) of two sets of features.

    first, second: (N, D) and (M, D), N, M >= 2. It is the squared Wasserstein-2 distance of the Gaussian laws with these moments
    (Dowson & Landau 1982; Heusel et al. 2017), in float64. The estimate is biased upwards, the more the fewer images there are
    (Chong & Forsyth 2020): compare sets of equal sizes only. Raises InputError for sets that do not fit.
    """
    a, b = check_array("first", first, 2), check_array("second", second, 2)
    for name, values in (("first", a), ("second", b)):
        if len(values) < 2 or not np.isfinite(values).all():
            raise InputError(name, f"array {values.shape}", "has no covariance", "give finite features of two images or more")
    if a.shape[1] != b.shape[1]:
        raise InputError("second", f"array {b.shape}", f"has not the {a.shape[1]} features of the first", "use one network")
    gap = a.mean(0) - b.mean(0)
    covariance_a, covariance_b = (np.atleast_2d(np.cov(values, rowvar=False)) for values in (a, b))
    # tr (A B)^(1/2) by the symmetric root of A: B seen from there is symmetric too, so no complex numbers arise.
    values, vectors = eigh(covariance_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.sqrt(np.maximum(eigh(root @ covariance_b @ root, eigvals_only=True), 0.0)).sum()
    return max(0.0, float(gap @ gap + np.trace(covariance_a) + np.trace(covariance_b) - 2 * cross))


@torch.no_grad()
def judge_features(judge: Judge, images: Bytes) -> FloatArray:
    """What the judge's last layer sees of images, uint8 (N, C, H, W): float64 (N, D)."""
    device = next(judge.network.parameters()).device
    parts = [
        judge.network.reduce(torch.from_numpy(images[i : i + CHUNK]).to(device).float() / 255.0).double().cpu()  # type: ignore[operator]
        for i in range(0, len(images), CHUNK)
    ]
    features: FloatArray = torch.cat(parts).numpy()
    return features


def judge_distance(judge: Judge, restored: Bytes, clean: Bytes) -> float:
    """Frechet distance of two sets of images, uint8 (N, C, H, W) and (M, C, H, W), by the features of a judge; 0 if equal."""
    return frechet_distance(judge_features(judge, restored), judge_features(judge, clean))
