"""JPEG 2000 as a denoiser: the NOISY photograph is compressed by OpenJPEG (through Pillow) and decoded.

Irreversible 9/7 wavelet, irreversible colour transform, one quality layer; bits are those of the whole JP2 file.

The rate. The published row (26.44 dB on Kodak at sigma = 25) names none; as a denoiser the codec should have the rate at which it
throws away the noise and no more. The default is the compression ratio of the best mean PSNR to the clean photographs among those
tried on noisy photographs of BSDS500's training set, never on Kodak: at sigma = 25 ratio 64 (0.375 bits a pixel) gives 26.03 dB
there, on a maximum so flat that 56 and 72 give 26.00 and 26.02; ratio 24, one bit a pixel, gives two dB less. On six
photographs of Kodak the default has 25.79 dB, .678 SSIM, .349 LPIPS (Alex) and .230 DISTS.
"""

from __future__ import annotations

import io
import math
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from deep.baselines.protocol import Bytes, Restored, check_noisy, digest
from deep.data.images import pillow
from rdcsym.problem import InputError

# sigma -> the best compression ratio, raw size : file size. Tried on 12 to 40 photographs: sigma 10: 14..28; 15: 28, 34;
# 25: 10..80; 50: 140..220. Neighbours differ by less than 0.03 dB.
BEST_RATIOS: Final = {10.0: 18.0, 15.0: 31.0, 25.0: 64.0, 50.0: 190.0}
CURVE: Final = (24.0, None, 96.0)  # ratios of the table's curve; None: the best one

_RESOLUTIONS: Final = 6  # of the wavelet, at most
_RAW_BITS: Final = 24  # of a pixel


@dataclass(frozen=True, kw_only=True)
class JPEG2000:
    """The peer. ratio: raw size : file size, None for the best one of the noise level; decibels: instead of it, the PSNR of the
    decoded to the NOISY photograph."""

    ratio: float | None = None
    decibels: float | None = None

    @property
    def name(self) -> str:
        """In the table; a rate that is not the default is named in bits per pixel."""
        if self.decibels is not None:
            return f"JPEG-2K, {self.decibels:g} dB"
        return "JPEG-2K" if self.ratio is None else f"JPEG-2K, {_RAW_BITS / self.ratio:.3g} bpp"

    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """See deep.baselines.protocol. Raises InputError where both ratio and decibels are given, or one is unusable."""
        check_noisy(noisy, sigma)
        options = self._options(sigma)
        image = pillow()
        levels = 1 + int(math.log2(min(noisy.shape[:2])))  # OpenJPEG halves no side below a pixel
        begun = time.perf_counter()
        file = io.BytesIO()
        picture = image.fromarray(noisy)
        picture.save(file, format="JPEG2000", irreversible=True, mct=1, num_resolutions=min(_RESOLUTIONS, levels), **options)
        written = time.perf_counter()
        data = file.getvalue()
        with image.open(io.BytesIO(data)) as decoded:
            pixels = np.array(decoded)
        return Restored(pixels, 8 * len(data), written - begun, time.perf_counter() - written)

    def fingerprint(self) -> str:
        """Of the settings and OpenJPEG's version."""
        pillow()
        from PIL import features

        settings = {"ratio": self.ratio, "decibels": self.decibels, "best": sorted(BEST_RATIOS.items())}
        return digest({"peer": "JPEG-2K", "openjpeg": features.version_codec("jpg_2000"), **settings})

    def _options(self, sigma: float) -> dict[str, Any]:
        if self.ratio is not None and self.decibels is not None:
            raise InputError("ratio", self.ratio, "cannot go with decibels", "give one of them")
        if self.decibels is not None:
            if not 0.0 < self.decibels < math.inf:
                raise InputError("decibels", self.decibels, "is no PSNR", "give a positive number")
            return {"quality_mode": "dB", "quality_layers": [self.decibels]}
        ratio = best_ratio(sigma) if self.ratio is None else self.ratio
        if not 1.0 <= ratio < math.inf:
            raise InputError("ratio", ratio, "is no compression ratio", "give a number of at least 1")
        return {"quality_mode": "rates", "quality_layers": [ratio]}


def best_ratio(sigma: float) -> float:
    """The default ratio at a noise level: that of BEST_RATIOS, by a power law between its levels, constant beyond them."""
    known = sorted(BEST_RATIOS)
    return float(np.exp(np.interp(math.log(sigma), np.log(known), np.log([BEST_RATIOS[s] for s in known]))))


def jpeg2000_rows() -> list[JPEG2000]:
    """The rate-distortion curve with the default among its points, from high rates to low ones (at sigma = 25)."""
    return [JPEG2000(ratio=ratio) for ratio in CURVE]
