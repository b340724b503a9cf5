"""What a peer is: a denoiser that `rdcsym bench images` gives the same noisy files as every other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import InputError

Bytes = NDArray[np.uint8]

_CHANNELS = 3
_WHITE = 255


@dataclass(frozen=True, eq=False)
class Restored:
    """A restored photograph and what it cost.

    image: uint8 (H, W, 3). bits: of the file that it was decoded from; None for a peer that writes no file. encode_seconds: wall
    time of the encoder, or of the whole peer where it writes no file; decode_seconds: of the decoder, else None.
    """

    image: Bytes
    bits: int | None
    encode_seconds: float
    decode_seconds: float | None


class Peer(Protocol):
    """A denoiser under a name."""

    @property
    def name(self) -> str:
        """As it stands in the table."""
        ...

    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """The photograph without its noise. noisy: uint8 (H, W, 3); sigma: the noise's deviation, in grey values of 255."""
        ...

    def fingerprint(self) -> str:
        """Changes with everything that `restore` depends on, settings and weights: the key of cached results."""
        ...


def digest(settings: Mapping[str, Any]) -> str:
    """A fingerprint of plain data."""
    return hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode()).hexdigest()[:16]


def check_noisy(noisy: Bytes, sigma: float) -> None:
    """InputError for what no peer can restore."""
    if noisy.dtype != np.uint8 or noisy.ndim != 3 or noisy.shape[2] != _CHANNELS or not noisy.size:
        raise InputError("image", f"{noisy.dtype} array of shape {noisy.shape}", "is no photograph", "give uint8 (H, W, 3)")
    if not 0.0 < sigma <= _WHITE:
        raise InputError("sigma", sigma, "is no noise level", "give a number in (0, 255], in grey values")
