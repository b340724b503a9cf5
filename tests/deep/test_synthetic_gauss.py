"""The Gaussian codec: exact bytes, the given law at the output, any input, and a training that knows its own rate."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from scipy.stats import kstest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.config import TrainConfig  # noqa: E402
from deep.synthetic.gauss_codec import GaussCodec, gauss_codec  # noqa: E402
from deep.synthetic.gauss_training import GaussTraining  # noqa: E402
from deep.synthetic.source import gauss_source  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

SIGMA_X, SIGMA_Y = np.array([2.0, 0.7, 1.0]), np.array([1.5, 0.9, 1.0])
GAINS = np.array([0.6, 0.5, 0.0])
LATTICES = ("scalar", "e8")
COUNT = 8003  # no multiple of eight


def codec(lattice: str) -> GaussCodec:
    return gauss_codec(lattice, SIGMA_X, SIGMA_Y, GAINS, (GAINS * SIGMA_X) ** 2 + 0.072)


def samples(count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, 3)) * SIGMA_X


@pytest.mark.parametrize("lattice", LATTICES)
def test_bytes_and_outputs(lattice):
    made, x = codec(lattice), samples()
    payload, cost = made.encode(x, 9)
    y = made.decode(payload, COUNT, 9)
    assert abs(8 * len(payload) - cost.sum()) < 0.01 * cost.sum() + 16
    np.testing.assert_array_equal(y, made.decode(payload, COUNT, 9))
    assert made.encode(x, 9)[0] == payload
    assert made.encode(x, 10)[0] != payload
    for i in (0, 1):
        assert np.corrcoef(x[:, i], y[:, i])[0, 1] > 0.7
    assert abs(np.corrcoef(x[:, 2], y[:, 2])[0, 1]) < 4 / np.sqrt(COUNT)


@pytest.mark.parametrize("lattice", LATTICES)
def test_outputs_have_the_given_law(lattice):
    made, x = codec(lattice), samples()
    y = made.decode(made.encode(x, 9)[0], COUNT, 9)
    for i, sigma in enumerate(SIGMA_Y):
        assert kstest(y[:, i] / sigma, "norm").pvalue > 1e-3


@pytest.mark.parametrize("lattice", LATTICES)
def test_error_is_independent_of_the_input(lattice):
    """z - gain x, recovered from Y, has the lattice's second moment and no correlation with x, nor its square with x's."""
    made, x = codec(lattice), samples()
    y = made.decode(made.encode(x, 9)[0], COUNT, 9)
    grid = np.linspace(-8, 8, 20001)[:, None] * np.ones(3)
    from deep.synthetic.gauss_codec import output
    from deep.synthetic.lattice import error_law

    table = output(grid, GAINS * SIGMA_X, SIGMA_Y, error_law(lattice))
    for i in (0, 1):
        error = np.interp(y[:, i], table[:, i], grid[:, i]) - GAINS[i] * x[:, i]
        moment = {"scalar": 1 / 12, "e8": 929 / 12960}[lattice]
        assert abs((error**2).mean() / moment - 1) < 0.05
        assert abs(np.corrcoef(error, x[:, i])[0, 1]) < 4 / np.sqrt(COUNT)
        assert abs(np.corrcoef(error**2, x[:, i] ** 2)[0, 1]) < 4 / np.sqrt(COUNT)


@pytest.mark.parametrize("lattice", LATTICES)
@pytest.mark.parametrize("count", [1, 8, 17])
def test_inputs_far_outside_the_law_are_coded_too(lattice, count):
    made = codec(lattice)
    x = np.resize([1e9, -1e9, 0.0, 1e300], (count, 3))
    y = made.decode(made.encode(x, 0)[0], count, 0)
    assert np.isfinite(y).all()
    assert (np.sign(y[:, 0]) == np.sign(x[:, 0]))[np.abs(x[:, 0]) > 0].all()


@pytest.mark.parametrize("lattice", LATTICES)
def test_no_information_costs_no_byte(lattice):
    made = gauss_codec(lattice, SIGMA_X, SIGMA_Y, np.zeros(3), np.ones(3))
    payload, cost = made.encode(samples(), 3)
    assert (payload, cost.sum()) == (b"", 0.0)
    y = made.decode(b"", COUNT, 3)
    assert all(kstest(y[:, i] / sigma, "norm").pvalue > 1e-3 for i, sigma in enumerate(SIGMA_Y))


@pytest.mark.parametrize("lattice", LATTICES)
def test_a_forged_payload_never_crashes(lattice):
    """The container's checksum finds damage; whatever passes it decodes to something or is an InputError."""
    made = codec(lattice)
    payload = made.encode(samples(64), 1)[0]
    with pytest.raises(InputError, match="payload"):
        made.decode(payload + b"\1\2\3", 64, 1)
    for seed in range(20):
        forged = np.random.default_rng(seed).bytes(len(payload))
        with contextlib.suppress(InputError):
            assert np.isfinite(made.decode(forged, 64, 1)).all()


@pytest.mark.parametrize("lattice", LATTICES)
def test_the_rate_in_the_loss_is_the_rate_of_the_code(lattice):
    options = {"sigma_X": [1.5, 0.6], "sigma_Y": [1.0, 0.5], "kappa": 0.9, "lattice": lattice}
    source = gauss_source(options)
    config = TrainConfig(
        task="gauss-vector", steps=40, batch=4096, learning_rate=0.05, lambda_r=0.1, lambda_c=0.0, options=options
    )
    training = GaussTraining(config, source)
    terms = [training.step(k) for k in range(40)]
    made = training.codec()
    x, _ = source.sample(16000, 1)
    _, cost = made.encode(x, 0)
    with torch.no_grad():
        errors, rates, _ = training._terms(99)
    assert abs(cost.sum() / 16000 / rates.sum().item() - 1) < 0.03
    y = made.decode(made.encode(x, 0)[0], 16000, 0)
    assert abs(((x - y) ** 2).mean() / errors.mean().item() - 1) < 0.08
    assert terms[-1]["distortion"] + 0.1 * terms[-1]["rate"] < terms[0]["distortion"] + 0.1 * terms[0]["rate"]


@pytest.mark.parametrize("lattice", LATTICES)
def test_components_that_cost_more_than_they_save_are_switched_off(lattice):
    options = {"sigma_X": [2.0, 0.1], "sigma_Y": [2.0, 0.1], "kappa": 0.5, "lattice": lattice}
    config = TrainConfig(
        task="gauss-vector", steps=9, batch=2048, learning_rate=0.05, lambda_r=0.3, lambda_c=0.0, options=options
    )
    assert GaussTraining(config, gauss_source(options)).codec().active.tolist() == [0]
    with_label = TrainConfig(task="gauss-vector", steps=9, batch=2048, lambda_r=0.3, lambda_c=9.0, options=options)
    assert GaussTraining(with_label, gauss_source(options)).codec().active.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sigma_X": [1, 2], "sigma_Y": [1, 2, 3]}, "options.sigma_X"),
        ({"sigma_X": [0.0]}, "options.sigma_X"),
        ({"kappa": 1.5}, "options.kappa"),
        ({"lattice": "leech"}, "options.lattice"),
        ({"latice": "e8"}, "lattice"),
        ({"test": 3}, "options.test"),
    ],
)
def test_bad_options(options, text):
    with pytest.raises(InputError, match=text):
        gauss_source(options)
