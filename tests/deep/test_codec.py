"""The codec's three modes: what is shared, what is noise, what the gradient sees, and that symbols and tables agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deep.codec import Codec
from deep.config import TrainConfig
from deep.dither import dither_rows
from deep.quantize import dither, pass_through, quantize
from deep.tables import bits

SHAPE = (1, 8, 8)
LATENT = 6


def codec(mode: str = "common", seed: int = 0) -> Codec:
    torch.manual_seed(seed)
    made = Codec(SHAPE, TrainConfig(task="digits-sr", mode=mode, latent=LATENT, width=8))
    with torch.no_grad():  # codes that fill the densities, as those of a trained encoder do
        last, z = made.encoder.head[-1], made.encoder(images(256))
        last.weight /= z.std(0).unsqueeze(1)
        last.bias.copy_((last.bias - z.mean(0)) / z.std(0))
    return made.eval()


def images(count: int = 64) -> torch.Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(1))


def rows(count: int, levels: int = 32) -> torch.Tensor:
    return torch.from_numpy(dither_rows(7, 0, count, LATENT, levels))


def test_subtractive_dither_leaves_an_error_that_does_not_know_the_latent_variable():
    """k - u - z is uniform on a cell of unit width and uncorrelated with z: the law of universal quantization."""
    z = torch.randn(40_000, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 0.4
    u = dither(torch.from_numpy(dither_rows(3, 0, len(z), 1, 256)), 256)
    error = (quantize(z, u) - u - z).squeeze()
    assert error.abs().max() <= 0.5
    ends = torch.linspace(-0.5, 0.5, 11)
    shares = torch.histogram(error.float(), ends).hist / len(error)
    assert torch.allclose(shares, torch.full((10,), 0.1), atol=0.01)
    for power in (1, 2):  # not even the size of the error knows the size of z, as it would without the dither
        assert abs(np.corrcoef(z.squeeze().numpy() ** power, error.numpy() ** power)[0, 1]) < 0.02
    assert abs(np.corrcoef(z.squeeze().numpy(), (torch.round(z) - z).squeeze().numpy())[0, 1]) > 0.1


def test_the_gradient_of_the_rounding_is_the_identity():
    z = torch.randn(5, 3, requires_grad=True)
    pass_through(torch.round(z.detach()), z).sum().backward()
    assert torch.equal(z.grad, torch.ones(5, 3))


@pytest.mark.parametrize("mode", ["common", "private", "deterministic"])
def test_symbols_cost_what_forward_estimates(mode):
    """The tables are the densities: summed over images they differ from the differentiable rate by rounding and float32 only."""
    made, x = codec(mode), images(200)
    shared = made.rows(5, 0, len(x))
    tables = made.entropy_model.tables(made.levels)
    symbols = made.encode(x, shared, tables)
    exact = bits(tables, symbols, made.table_index(shared)).sum()
    with torch.no_grad():
        estimate = made(x, torch.from_numpy(shared)).bits.double().sum().item()
    assert estimate == pytest.approx(exact, rel=2e-3)
    assert exact > 200  # and there was something to code


@pytest.mark.parametrize("mode", ["common", "deterministic"])
def test_decoding_the_symbols_is_the_forward_pass(mode):
    made, x = codec(mode), images()
    shared = made.rows(5, 0, len(x))
    decoded = made.decode(made.encode(x, shared, made.entropy_model.tables(made.levels)), shared)
    with torch.no_grad():
        y = made.double()(x.double(), torch.from_numpy(shared)).y
    assert np.abs(decoded - 255.0 * y.numpy()).max() <= 0.5 + 1e-3


def test_modes_differ_in_what_they_share():
    made, x = codec("common"), images(16)
    with torch.no_grad():
        assert not torch.equal(made(x, rows(16)).y, made(x, (rows(16) + 9) % 32).y)
        fixed = codec("deterministic")
        assert torch.equal(fixed(x, rows(16)).y, fixed(x, (rows(16) + 9) % 32).y)
        private = codec("private")
        one, other = private(x, rows(16)), private(x, (rows(16) + 9) % 32)
    assert not torch.equal(one.y, other.y)  # the decoder hears its own noise
    assert torch.equal(one.bits, other.bits)  # the rate does not
    assert (codec("private").rows(5, 0, 3) == 0).all()  # nothing is shared through the file


def test_private_noise_is_the_decoders_own():
    made, x = codec("private"), images(16)
    shared = made.rows(0, 0, 16)
    symbols = made.encode(x, shared, made.entropy_model.tables(1))
    assert np.array_equal(made.decode(symbols, shared), made.decode(symbols, shared))
    assert not np.array_equal(made.decode(symbols, shared), made.decode(symbols, shared, noise_seed=1))


def test_symbols_are_held_within_their_tables():
    made = codec()
    tables = made.entropy_model.tables(made.levels)
    with torch.no_grad():
        made.encoder.head[-1].weight *= 1e4
    shared = made.rows(0, 0, 8)
    symbols, index = made.encode(images(8), shared, tables), made.table_index(made.rows(0, 0, 8))
    assert np.isfinite(bits(tables, symbols, index)).all()


def test_no_images():
    made = codec()
    assert made.decode(np.zeros((0, LATENT), dtype=np.int64), made.rows(0, 0, 0)).shape == (0, *SHAPE)
