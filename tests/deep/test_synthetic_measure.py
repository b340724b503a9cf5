"""Label losses of the synthetic tasks: right in the mean, and no lawful code beyond a limit by the chance of its test set."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deep.compare import Point, Quantity, judge
from deep.intervals import mean_of
from deep.limits import limit
from deep.synthetic.measure import flip_loss, gaussian_loss

COUNT, BLOCK, COPIED = 5000, 15, 7
OF_NOTHING = 0.5 * math.log2(2 * math.pi * math.e)


def entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def copying(seed: int):
    """A lawful code: 7 bits of 15 are copied, the others drawn from what both ends share."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 2, (2, COUNT, BLOCK))
    y[:, :COPIED] = x[:, :COPIED]
    return x, y


def judged(x, y, source, rate, loss):
    quantities = {"rate_on_disk": Quantity(value=rate)}
    distortion = mean_of(((x - y) ** 2).mean(1), unit="", what="")
    for name, found in (("distortion_input", distortion), ("classification_loss", loss)):
        quantities[name] = Quantity(value=found["value"], low=found["low"], high=found["high"])
    point = Point(name="", task="", mode="common", dimensions=x.shape[1], source=source, quantities=quantities)
    return judge(point, limit)


@pytest.mark.parametrize("q_S1", [0.0, 0.1, 0.45, 0.5])
def test_the_loss_of_bits_covers_the_truth_where_its_slope_vanishes(q_S1):
    truth = (COPIED * entropy(q_S1) if q_S1 else 0.0) + (BLOCK - COPIED)
    high = [flip_loss(*copying(seed), q_S1)["high"] for seed in range(12)]
    assert min(high) >= truth - 1e-9
    assert max(high) < truth + 0.02


@pytest.mark.parametrize("q_S1", [0.49, 0.5])
def test_a_label_of_noise_puts_no_code_of_blocks_beyond_the_limit(q_S1):
    source = {"kind": "bernoulli-block", "q_X": 0.5, "q_Y": 0.5, "q_S1": q_S1, "block": BLOCK}
    for seed in range(6):
        x, y = copying(seed)
        assert judged(x, y, source, COPIED + 0.02, flip_loss(x, y, q_S1)).verdict == "above"


@pytest.mark.parametrize("kappa", [0.0, 0.02])
def test_a_label_of_noise_puts_no_gaussian_code_beyond_the_limit(kappa):
    source = {"kind": "gauss-vector", "sigma_X": [1.0, 2.0], "sigma_Y": [1.0, 2.0], "kappa": [kappa] * 2}
    rho, sigma = 0.9, np.array([1.0, 2.0])
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x, noise = rng.standard_normal((2, COUNT, 2))
        y = rho * x + math.sqrt(1 - rho**2) * noise
        rate = -math.log2(1 - rho**2) + 2 * 0.25
        loss = gaussian_loss(x * sigma, y * sigma, np.full(2, kappa))
        assert judged(x * sigma, y * sigma, source, rate, loss).verdict == "above"


def test_the_loss_of_a_gaussian_label_is_that_of_labels_that_are_drawn():
    kappa, rho = np.array([0.0, 0.6, -0.9]), np.array([0.9, 0.0, 0.8])
    truth = (0.5 * np.log2(2 * math.pi * math.e * (1 - (kappa * rho) ** 2))).sum()
    rng = np.random.default_rng(3)
    x, noise, more = rng.standard_normal((3, 40 * COUNT, 3))
    y = rho * x + np.sqrt(1 - rho**2) * noise
    label = kappa * x + np.sqrt(1 - kappa**2) * more
    drawn = (0.5 * np.log2(2 * math.pi * math.e * (label - (label * y).mean(0) * y).var(0))).sum()
    found = gaussian_loss(2.5 * x, 0.3 * y, kappa)
    assert found["low"] < truth < found["high"] < truth + 0.01
    assert found["value"] == pytest.approx(drawn, abs=0.02)
    assert found["kind"] == "upper estimate"


def test_silence_tells_nothing():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2, COUNT, 4))
    found = gaussian_loss(x, y, np.ones(4))
    assert 4 * OF_NOTHING - 0.003 < found["value"] <= found["high"] <= 4 * OF_NOTHING
    assert gaussian_loss(x, y, np.zeros(4))["low"] == pytest.approx(4 * OF_NOTHING, abs=1e-12)
