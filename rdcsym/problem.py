"""The shared vocabulary: what a rate-distortion-classification problem is, its units, and how bad input is named.

Every room imports its words from here, so that one term means one thing:

========================  =====================================================================
term                      meaning
========================  =====================================================================
rate                      one-shot H(Y|U); asymptotic I(X;Y)
distortion                E d(X, Y)
classification_loss       one-shot H(S|Y,U) or H(S|Y); asymptotic H(S|Y), or h(S|Y) for Gaussian
perception                a divergence between p_Y and p_X: KL(p_Y || p_X), W2 squared, TV
plan                      a coupling of X and Y with the two given marginals
potentials                the dual functions f(x), g(y) of the marginal constraints
temperature               the dual variable of the rate constraint
========================  =====================================================================

The public API takes and returns bits unless told otherwise; the solvers work in nats.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Units = Literal["bits", "nats"]
Value = Literal["distortion", "rate", "error probability", "information"]
Source = Literal["bernoulli", "gaussian", "discrete"]
Setting = Literal["oneshot", "single-letter", "asymptotic"]
Perception = Literal["kl", "w2", "tv"]

NATS_PER_BIT: Final = math.log(2.0)


class InputError(ValueError):
    """Bad input from a person: says which argument, what it was, what is wrong with it and how to mend it.

    Its text is one line, so that the command line can print it as it is and exit with status 2.
    """

    def __init__(self, argument: str, value: object, problem: str, fix: str) -> None:
        self.argument, self.value, self.problem, self.fix = argument, value, problem, fix
        super().__init__(f"{argument} = {_shorten(value)}: {problem}; {fix}")


def _shorten(value: object, limit: int = 60) -> str:
    text = " ".join(repr(value).split()) if not isinstance(value, str) else value
    return text if len(text) <= limit else text[: limit - 3] + "..."


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a theorem is about: the minimised value, the source, the distortion and the constraints that are active.

    `output` says whether the law of Y is given (cross-domain) or free; `constraints` names the budgets in the
    order of the function's arguments, for instance ("R", "C") for D(R, C).
    """

    value: Value
    source: Source
    setting: Setting
    distortion: str
    constraints: tuple[str, ...]
    output: Literal["given", "free"]
    classification: str | None = None
    perception: Perception | None = None


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest known ones, or all of them where none is near."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known names: {', '.join(known)}"


def check_units(units: str) -> None:
    if units not in get_args(Units):
        raise InputError("units", units, "is no unit of information", "use 'bits' or 'nats'")


def to_nats(value: float, units: Units) -> float:
    """An amount of information in nats."""
    return value * NATS_PER_BIT if units == "bits" else value


def from_nats(value: float, units: Units) -> float:
    """An amount of information, given in nats, in `units`."""
    return value / NATS_PER_BIT if units == "bits" else value


def check_array(name: str, value: Any, ndim: int | None = None) -> FloatArray:
    """`value` as a float64 array without NaN, or an InputError that names it."""
    try:
        # NumPy would take dates for days, and drop an imaginary part with no more than a warning.
        real = np.asarray(value).dtype.kind not in "cmM"
        array = np.asarray(value if real else None, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        real = False
    if not real:
        raise InputError(name, value, "is not a numeric array", "give real numbers")
    if ndim is not None and array.ndim != ndim:
        raise InputError(
            name, f"array of shape {array.shape}", f"has {array.ndim} dimensions", f"give an array of {ndim} dimensions"
        )
    if np.isnan(array).any():
        where = f" at index {tuple(int(i) for i in np.argwhere(np.isnan(array))[0])}" if array.ndim else ""
        raise InputError(name, f"nan{where}", "is not a number", "remove or fill missing values")
    return array


def check_interval(name: str, value: Any, low: float, high: float, *, unit: str = "") -> FloatArray:
    """`value` as an array with every entry in [low, high] (infinite ends allowed), or an InputError."""
    array = check_array(name, value)
    bad = (array < low) | (array > high)
    if bad.any():
        first = float(array[bad].flat[0])
        wanted = f"at least {low:g}" if high == math.inf else f"in [{low:g}, {high:g}]"
        raise InputError(name, first, f"must be {wanted}", f"give a value {wanted}{' ' + unit if unit else ''}")
    return array
