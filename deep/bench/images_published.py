"""The published figures that stand beside ours: Nguyen et al., ICLR 2026, Kodak, Gaussian noise of sigma 25.

They were measured by their authors, on noise of their own, at rates that we do not know; which network their LPIPS has we do not
know either. They are shown, and nothing is computed from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SOURCE: Final = "published, Nguyen et al. ICLR 2026"
LPIPS_OF: Final = "which network its LPIPS has is not known to us; it stands beside LPIPS-Alex"
PUBLISHED_SET: Final = "kodak24"
PUBLISHED_SIGMA: Final = 25.0


@dataclass(frozen=True)
class Published:
    """One published row. psnr in dB; lpips of an unnamed network; pi: the perceptual index of Blau et al. (2018)."""

    row: str
    psnr: float
    ssim: float
    lpips: float
    dists: float
    pi: float


PUBLISHED: Final = (
    Published("JPEG-2K", 26.44, 0.736, 0.402, 0.242, 7.479),
    Published("BM3D", 31.88, 0.869, 0.224, 0.164, 2.650),
    Published("DeCompress", 27.83, 0.752, 0.263, 0.197, 2.798),
    Published("OTDenoising", 31.29, 0.868, 0.115, 0.103, 2.010),
    Published("the paper's (unsupervised)", 27.90, 0.804, 0.199, 0.164, 2.167),
)
