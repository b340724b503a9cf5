"""BM3D (Dabov et al., "Image denoising by sparse 3-D transform-domain collaborative filtering", 2007), by its authors' package.

`bm3d_rgb` (Makinen, Azzari and Foi, "Collaborative filtering of correlated noise", 2020): the blocks are matched on the luminance
of an opponent colour space. It is told the true sigma and writes no file; kodim01 (768 x 512) took it 105 s of one thread.
The package's licence is for non-commercial use; hence it is no dependency, but an extra of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import torch

from deep.baselines.protocol import Bytes, Restored, check_noisy, digest
from rdcsym.problem import InputError, nearest

_WHITE = 255.0
_LEAST_SIDE = 8  # of a block


@dataclass(frozen=True)
class BM3D:
    """The peer. profile: of the package, "np" (normal) by default, "refilter" for its slower one."""

    profile: str = "np"

    @property
    def name(self) -> str:
        """In the table."""
        return "BM3D"

    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """See deep.baselines.protocol. Raises InputError where the package is missing or a side is below 8 pixels."""
        check_noisy(noisy, sigma)
        if min(noisy.shape[:2]) < _LEAST_SIDE:
            problem = f"is smaller than a block of {_LEAST_SIDE} pixels"
            raise InputError("image", f"{noisy.shape[1]} x {noisy.shape[0]} pixels", problem, "give a larger photograph")
        package = _package()
        profiles = {"np": package.BM3DProfile, "refilter": package.BM3DProfileRefilter}
        if self.profile not in profiles:
            raise InputError("profile", self.profile, "is no profile of BM3D here", nearest(self.profile, profiles))
        profile = profiles[self.profile]()
        profile.num_threads = torch.get_num_threads()  # left alone it takes every core
        begun = time.perf_counter()
        estimate = package.bm3d_rgb(noisy.astype(np.float64) / _WHITE, sigma / _WHITE, profile=profile)
        image = np.rint(np.clip(estimate, 0.0, 1.0) * _WHITE).astype(np.uint8)
        return Restored(image, None, time.perf_counter() - begun, None)

    def fingerprint(self) -> str:
        """Of the package's version and the profile."""
        _package()
        return digest({"peer": self.name, "version": metadata.version("bm3d"), "profile": self.profile})


def _package() -> Any:
    try:
        import bm3d
    except ImportError:
        raise InputError("peer", "bm3d", "needs the package bm3d (non-commercial licence)", "pip install 'bm3d>=4'") from None
    return bm3d
