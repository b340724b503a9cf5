"""PSNR and SSIM against hand-made numbers, scikit-image and torchmetrics; what every metric refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from metric_samples import pair

from deep.metrics import METRICS, psnr, ssim
from rdcsym.problem import InputError


def test_psnr_by_hand():
    clean = np.full((4, 5, 3), 100, dtype=np.uint8)
    assert psnr(clean, clean) == math.inf
    assert psnr(clean + np.uint8(1), clean) == pytest.approx(20 * math.log10(255), abs=1e-12)
    one = clean.copy()
    one[0, 0, 0] = 110  # downwards and upwards alike, one value in 60
    assert psnr(one, clean) == psnr(clean, one) == pytest.approx(10 * math.log10(255**2 / (100 / 60)), abs=1e-12)
    assert psnr(np.full_like(clean, 255), np.zeros_like(clean)) == 0.0


# skimage.metrics 0.26: peak_signal_noise_ratio; structural_similarity(channel_axis=2, gaussian_weights=True, sigma=1.5,
# use_sample_covariance=False), whose mean is over the valid sites. All in float64.
@pytest.mark.parametrize(
    ("size", "noise", "similarity"),
    [((64, 80), 22.936953304203147, 0.5069623987725407), ((97, 131), 22.882316515656104, 0.5042889341899705)],
)
def test_psnr_and_ssim_are_those_of_scikit_image(size, noise, similarity):
    assert psnr(*pair(*size)) == pytest.approx(noise, abs=1e-4)
    assert ssim(*pair(*size)) == pytest.approx(similarity, abs=1e-5)


def test_ssim_is_that_of_torchmetrics_with_its_mirrored_border():
    restored, clean = (np.pad(p, ((5, 5), (5, 5), (0, 0)), mode="reflect") for p in pair(64, 80))
    assert ssim(restored, clean) == pytest.approx(0.5011316219357481, abs=1e-5)  # torchmetrics 1.9 in float64, unpadded


def test_ssim_by_hand():
    grey = np.full((11, 11, 3), 100, dtype=np.uint8)
    assert ssim(grey, grey) == pytest.approx(1.0, abs=1e-12)
    c1 = (0.01 * 255) ** 2  # flat photographs differ in their means alone
    wanted = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ssim(grey + np.uint8(20), grey) == pytest.approx(wanted, abs=1e-9)
    dark, bright = 16 + 219 * 100 / 255, 16 + 219 * 120 / 255
    wanted = (2 * dark * bright + c1) / (dark**2 + bright**2 + c1)
    assert ssim(grey + np.uint8(20), grey, of_luma=True) == pytest.approx(wanted, abs=1e-9)


def test_ssim_of_grey_photographs_is_that_of_one_channel():
    restored, clean = (np.repeat(p[..., :1], 3, axis=2) for p in pair(40, 50))
    mixed = clean.copy()
    mixed[..., 0] = restored[..., 0]
    assert ssim(mixed, clean) == pytest.approx((ssim(restored, clean) + 2) / 3, abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_what_is_no_pair_is_named(name):
    restored, clean = pair(200, 200)
    for bad, problem in (
        (restored.astype(np.float32), "no pixels of eight bits"),
        (restored[..., 0], "is no photograph"),
        ("path.png", "is no photograph"),
        (restored[:5, :5], "too small" if name != "psnr" else "not of the clean"),
        (restored[:, :90], "not of the clean" if name != "niqe" else "too small"),  # NIQE sees one photograph only
    ):
        with pytest.raises(InputError, match=problem) as caught:
            METRICS[name](bad, clean)
        assert "\n" not in str(caught.value)
