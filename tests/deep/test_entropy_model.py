"""The learned densities: a distribution, its integer tables, and a rate whose gradient is right where the densities underflow."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deep.dither import dither_values
from deep.entropy_model import EntropyModel
from deep.tables import TOTAL

LATENT = 3


def model(seed: int = 0, narrow: float = 0.0) -> EntropyModel:
    torch.manual_seed(seed)
    made = EntropyModel(LATENT)
    with torch.no_grad():
        made.means.normal_(0.0, 2.0)
        made.log_scales.normal_(-narrow, 0.5)
        made.log_weights.normal_()
    return made


def test_a_distribution_function():
    z = torch.linspace(-60, 60, 2001, dtype=torch.float64).unsqueeze(1).expand(-1, LATENT)
    values = model().double()(z), model().double().distribution(z)
    assert (values[1].diff(dim=0) >= 0).all()
    assert values[1][0].max() < 1e-6
    assert values[1][-1].min() > 1 - 1e-6


@pytest.mark.parametrize("narrow", [0.0, 3.0, 9.0])
@pytest.mark.parametrize("levels", [1, 4, 32])
def test_every_table_is_the_density_at_its_dither(levels, narrow):
    made = model(narrow=narrow)
    tables = made.tables(levels)
    assert len(tables) == LATENT * levels
    exact = made.double_copy()
    u = dither_values(np.arange(levels), levels) if levels > 1 else np.zeros(1)
    for table in range(len(tables)):
        variable, row = divmod(table, levels)
        symbols = tables.lowest[table] + np.arange(tables.sizes[table])
        at = torch.zeros(len(symbols), LATENT, dtype=torch.float64)
        at[:, variable] = torch.from_numpy(symbols - u[row])
        with torch.no_grad():
            mass = (exact.distribution(at + 0.5) - exact.distribution(at - 0.5))[:, variable].numpy()
        assert mass.sum() > 1 - 1e-5  # what is clamped to the ends is rare
        assert np.abs(tables.frequencies[table, : len(symbols)] / TOTAL - mass).max() < 2e-5


def test_a_variable_that_is_almost_constant_costs_almost_nothing():
    """Then k = round(const + u) is known from u: the decoder has the dither for nothing, as randomness."""
    made = EntropyModel(1)
    with torch.no_grad():
        made.means.fill_(0.2)
        made.log_scales.fill_(-12.0)
    rows = np.arange(32)
    u = torch.from_numpy(dither_values(rows, 32)).float().unsqueeze(1)
    k = torch.round(0.2 + u)
    assert made(k - u).mean() < 0.01  # only where const + u is next to an edge does the symbol say anything


def test_the_rate_far_from_the_density_is_finite_and_pulls_back():
    made = model()
    z = torch.tensor([[300.0, -300.0, 0.0]], requires_grad=True)
    rate = made(z).sum()
    assert torch.isfinite(rate)
    rate.backward()
    assert torch.isfinite(z.grad).all()


def test_the_rate_is_least_for_the_true_law():
    """Cross-entropy under the data's own law is below that under any other: the model learns the law and not less."""
    made = EntropyModel(1)
    z = torch.randn(4000, 1, generator=torch.Generator().manual_seed(0)) * 1.3
    noise = torch.rand(4000, 1, generator=torch.Generator().manual_seed(1)) - 0.5
    optimizer = torch.optim.Adam(made.parameters(), lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss = made(z + noise).mean()
        loss.backward()
        optimizer.step()
    grid = np.linspace(-9, 9, 36001)
    cdf = torch.special.ndtr(torch.from_numpy((grid + 0.5) / 1.3)) - torch.special.ndtr(torch.from_numpy((grid - 0.5) / 1.3))
    density = cdf.numpy()
    entropy = -np.sum(np.where(density > 0, density * np.log2(np.maximum(density, 1e-300)), 0.0)) * (grid[1] - grid[0])
    assert entropy - 0.03 < loss.item() < entropy + 0.03
