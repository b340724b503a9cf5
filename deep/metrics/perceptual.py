"""The perceptual index of the PIRM challenge (Blau, Mechrez, Timofte, Michaeli & Zelnik-Manor, ECCV workshops 2018).

It needs the score of Ma, Yang, Yang & Yang (2017), a regression forest whose weights this project cannot bring; a user who has
it gives it as a function.
"""

from __future__ import annotations

from collections.abc import Callable

from deep.metrics.natural_statistics import niqe
from deep.metrics.pictures import Bytes, NoValueError


def perceptual_index(picture: Bytes, ma: Callable[[Bytes], float] | None = None) -> float:
    """((10 - Ma) + NIQE) / 2 of a photograph, uint8 (H, W, 3); smaller is better.

    ma: Ma's score of a photograph, 0 to 10, larger being better. Raises NoValueError without it, and what `niqe` raises.
    """
    if ma is None:
        fix = "pass ma=FUNCTION that scores a uint8 (H, W, 3) array, or report NIQE alone"
        raise NoValueError("ma", "None", "the model of Ma et al. (2017) is not part of this project", fix)
    return ((10.0 - float(ma(picture))) + niqe(picture)) / 2
