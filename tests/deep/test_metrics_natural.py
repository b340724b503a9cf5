"""NIQE against pyiqa; the perceptual index; what has no value."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from metric_samples import DATA, NIQE, needs_weights, pair
from scipy.io import loadmat

from deep.metrics import NoValueError, measure_all, niqe, perceptual_index
from deep.metrics import natural_statistics as statistics
from rdcsym.problem import InputError

# pyiqa 0.1.16 (niqe_arch.niqe on luma rounded to 8 bits, with the prior of the MATLAB release), run apart from this project. It
# estimates the law's shape by other sums and gets its half size in another order, hence the tolerance; the two differ by 1e-4.
REFERENCE = {"restored": 13.157160827352174, "clean": 9.9550270780994, "restored, full range": 13.252714339958905}
TOLERANCE = 1e-3


@needs_weights(NIQE)
def test_niqe_is_that_of_pyiqa():
    restored, clean = pair(192, 288)
    assert niqe(restored) == pytest.approx(REFERENCE["restored"], abs=TOLERANCE)
    assert niqe(clean) == pytest.approx(REFERENCE["clean"], abs=TOLERANCE)
    assert niqe(restored, full_range=True) == pytest.approx(REFERENCE["restored, full range"], abs=TOLERANCE)
    assert niqe(np.pad(restored, ((0, 95), (0, 95), (0, 0)))) == niqe(restored)  # only whole blocks count


@needs_weights(NIQE, "niqe/modelparameters.mat")
def test_the_prior_is_that_of_the_matlab_release():
    mean, covariance = statistics._prior(Path(DATA) / "metrics" / NIQE)
    held = loadmat(Path(DATA) / "metrics" / "niqe" / "modelparameters.mat")
    assert np.array_equal(mean, held["mu_prisparam"][0])
    assert np.array_equal(covariance, held["cov_prisparam"])
    window = np.load(Path(DATA) / "metrics" / NIQE)["gaussian_window"]
    impulse = np.zeros((7, 7))
    impulse[3, 3] = 1.0
    assert np.abs(statistics._blurred(np.pad(impulse, 3))[3:-3, 3:-3] - window).max() < 1e-12


def test_the_fit_finds_the_law_that_values_were_drawn_from():
    rng = np.random.default_rng(0)
    normal, laplace = rng.standard_normal((1, 300, 300)), rng.laplace(size=(1, 300, 300))
    skewed = np.abs(normal) * np.where(rng.random(normal.shape) < 1 / 4, -1, 3)  # sides weigh as their scales: 1 to 3
    for values, wanted in ((normal, (2, 2**0.5, 2**0.5)), (laplace, (1, 1, 1)), (skewed, (2, 2**0.5, 3 * 2**0.5))):
        assert [float(v[0]) for v in statistics._fit(values)] == pytest.approx(wanted, rel=0.03)


def test_half_the_size_keeps_means_and_slopes():
    assert statistics._half(np.full((8, 6), 7.0)) == pytest.approx(np.full((4, 3), 7.0))
    ramp = np.add.outer(np.arange(40.0), 3 * np.arange(40.0))
    wanted = np.add.outer(np.arange(20) * 2 + 0.5, 3 * (np.arange(20) * 2 + 0.5))
    assert statistics._half(ramp)[2:-2, 2:-2] == pytest.approx(wanted[2:-2, 2:-2])


@needs_weights(NIQE)
def test_flat_blocks():
    flat = np.full((192, 192, 3), 90, dtype=np.uint8)
    with pytest.raises(NoValueError, match="flat blocks"):
        niqe(flat)
    assert measure_all(flat, flat, ["psnr", "niqe"]) == {"psnr": math.inf, "niqe": None}
    partly = pair(192, 288)[1]
    partly[:96, :96] = 90  # one block of six
    assert math.isfinite(niqe(partly))


def test_one_block_is_too_small():
    with pytest.raises(InputError, match="at least two blocks"):
        niqe(pair(191, 191)[0])


@needs_weights(NIQE)
def test_the_perceptual_index_needs_the_score_of_ma():
    picture = pair(96, 192)[0]
    with pytest.raises(NoValueError, match="not part of this project"):
        perceptual_index(picture)
    assert perceptual_index(picture, ma=lambda seen: 8.0 if seen is picture else 0.0) == pytest.approx((2 + niqe(picture)) / 2)
