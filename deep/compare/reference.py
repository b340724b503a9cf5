"""Empirical rate-constrained transport between two sets of images: a reference for pictures, never a bound.

The empirical laws of N degraded and M clean images (unpaired: of different photographs) are a discrete problem; its least mean
squared error at a rate is solved to a certified interval. What is certified is that problem, not the images' limit.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from deep.compare.points import is_number
from rdcsym.files import write_atomically
from rdcsym.problem import FloatArray, InputError, check_array

IMAGES: Final = 128
"""On each side: about 2 s a rate, certificate included, on one core; 256 take 6 s, 512 half a minute."""
VERSION: Final = "rdcsym reference 1"
NAME: Final = "empirical rate-constrained transport between the sample sets (a reference, not a bound)"
WHY: Final = (
    "It is not a bound. The empirical law of N images has at most log2 N bits, so from that rate on the curve is flat where a "
    "codec still gains, and it never comes below the distance of each degraded image to clean images of other scenes. A codec "
    "may use outputs that are in no sample, and meets the law of clean images only roughly: it may lie below the curve. The "
    "curve in turn knows its few images in advance, while a codec must do well on images that it has never seen: it may lie "
    "above, and be the best there is."
)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Least mean squared error a dimension between the empirical laws at each rate (bits an image), as certified intervals.

    rates, lower, upper: of one length, rates rising from 0 to log2 of the smaller sample.
    """

    samples_x: int
    samples_y: int
    rates: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    method: str


def empirical_transport(
    x: FloatArray, y: FloatArray, rates: Sequence[float] | None = None, tick: Callable[[str], None] | None = None
) -> Reference:
    """The reference of images x (N, ...) and y (M, ...) in one scale; `tick` is told before each rate.

    rates: in bits an image; by default 0, 1, 2, ... up to log2 min(N, M). Raises InputError on bad input.
    """
    from solvers import DiscreteProblem, solve

    flat_x, flat_y = _flat("x", x), _flat("y", y)
    if flat_x.shape[1] != flat_y.shape[1]:
        shapes = f"{flat_x.shape[1]} values beside {flat_y.shape[1]} of y"
        raise InputError("x", shapes, "must match y", "give images of one size")
    rates = default_rates(len(flat_x), len(flat_y)) if rates is None else rates
    squares = (flat_x**2).sum(axis=1)[:, None] + (flat_y**2).sum(axis=1)[None, :] - 2 * flat_x @ flat_y.T
    cost = np.maximum(squares, 0.0) / flat_x.shape[1]
    problem = DiscreteProblem(np.full(len(flat_x), 1 / len(flat_x)), np.full(len(flat_y), 1 / len(flat_y)), cost)
    lower, upper, methods = [], [], []
    for rate in rates:
        if tick is not None:
            tick(f"reference at {rate:.3g} bits")
        found = solve(problem, rate=rate)
        lower.append(found.lower)
        upper.append(found.upper)
        methods.append(found.method)
    return Reference(
        samples_x=len(flat_x),
        samples_y=len(flat_y),
        rates=tuple(map(float, rates)),
        lower=tuple(lower),
        upper=tuple(upper),
        method="; ".join(dict.fromkeys(methods)),
    )


def default_rates(n: int, m: int) -> tuple[float, ...]:
    """0, 1, 2, ... bits up to log2 min(n, m), which is the most that these laws can share."""
    most = math.log2(min(n, m))
    return (*(float(r) for r in range(math.ceil(most))), most)


def task_images(name: str, images: int = IMAGES) -> tuple[FloatArray, FloatArray]:
    """(degraded, clean) images of a task's test set, each (images, C, H, W) in [0, 1], of different photographs.

    Fewer where the set is smaller than twice that. InputError where the task or its data are not there.
    """
    from deep.data import clean_tensor, load
    from deep.tasks import task

    chosen = task(name)
    if chosen.data is None:
        raise InputError("task", name, "has no images", "its limit is known exactly")
    clean = clean_tensor(load(chosen.data).test)
    images = min(images, len(clean) // 2)
    degraded = chosen.degrade_test(clean)[:images]
    return degraded.numpy().astype(np.float64), clean[images : 2 * images].numpy().astype(np.float64)


def cached_transport(
    x: FloatArray, y: FloatArray, folder: Path, tick: Callable[[str], None] | None = None
) -> tuple[Reference, bool]:
    """`empirical_transport`, kept in `folder` under a hash of what it depends on; and whether it was found there."""
    path = folder / f"reference-{content_hash(x, y)}.json"
    kept = _kept(path)
    if kept is not None:
        return kept, True
    made = empirical_transport(x, y, tick=tick)
    write_atomically(path, json.dumps({"format": VERSION, **asdict(made)}) + "\n")
    return made, False


def content_hash(x: FloatArray, y: FloatArray) -> str:
    """16 hexadecimal digits of the images and of this code's version."""
    made = hashlib.sha256(VERSION.encode())
    for array in (x, y):
        made.update(repr(array.shape).encode())
        made.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return made.hexdigest()[:16]


def _kept(path: Path) -> Reference | None:
    """The reference in a file, or None where there is none or it is damaged: then it is made again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != VERSION:
            return None
        rates, lower, upper = (tuple(found[name]) for name in ("rates", "lower", "upper"))
        if not all(map(is_number, rates + lower + upper)) or not len(rates) == len(lower) == len(upper):
            return None
        sizes = {name: int(found[name]) for name in ("samples_x", "samples_y")}
        return Reference(**sizes, rates=rates, lower=lower, upper=upper, method=str(found["method"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _flat(name: str, value: FloatArray) -> FloatArray:
    array = check_array(name, value)
    if array.ndim < 2 or not array.size or not np.isfinite(array).all():
        raise InputError(name, f"array of shape {array.shape}", "holds no images of finite values", "give an array (N, ...)")
    return array.reshape(len(array), -1)
