"""Staged coding of E8 against the model that it stands for: a normalised Gaussian weight on the shifted lattice."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.entropy_coder import SymbolReader, SymbolWriter  # noqa: E402
from deep.synthetic.e8_coder import read_e8, write_e8  # noqa: E402
from deep.synthetic.e8_tables import e8_tables  # noqa: E402
from deep.synthetic.gauss_codec import FINE, _points, _wide_rows, _wide_shift  # noqa: E402
from deep.synthetic.gauss_training import LEAST_SPREAD, _log_partition  # noqa: E402

SPREADS = np.array([LEAST_SPREAD, 0.12, 0.6, 3.0])
DEVIATIONS = np.array([0.02, 0.25, 0.7, 1.7])
BLOCKS = 1500


def coded():
    random = np.random.default_rng(3)
    fine = random.integers(0, FINE, (BLOCKS, 8, len(SPREADS)))
    shift = _wide_shift(fine)
    doubled = _points(random.normal(size=fine.shape) * DEVIATIONS + shift)
    tables, writer = e8_tables(SPREADS, DEVIATIONS), SymbolWriter()
    cost = write_e8(writer, tables, doubled, *_wide_rows(fine))
    return fine, shift, doubled, tables, cost, writer.finish()


def test_round_trip_is_exact_and_the_bytes_are_the_cost():
    fine, _, doubled, tables, cost, payload = coded()
    reader = SymbolReader(payload)
    np.testing.assert_array_equal(read_e8(reader, tables, *_wide_rows(fine)), doubled)
    reader.finish()
    assert abs(8 * len(payload) - cost.sum()) < 0.002 * cost.sum() + 16


def test_cost_is_that_of_the_normalised_weight():
    """-log P(q|u) by a sum over the lattice's two cosets (theta functions), against the bits of nine stages in whole numbers."""
    _, shift, doubled, _, cost, _ = coded()
    z = torch.from_numpy(doubled / 2 - shift)
    v = torch.from_numpy(SPREADS)
    exact = ((z**2).sum(1) / (2 * v) + _log_partition(z, v)).numpy() / np.log(2)
    assert exact.min() > -1e-9
    difference = cost - exact
    # The rows are centres of cells 1/64 wide: a block's cost is blurred, its mean .1 bit longer at most.
    np.testing.assert_allclose(difference.mean(0), 0, atol=0.1)
    assert (difference.mean(0) > -3 * difference.std(0) / np.sqrt(BLOCKS)).all()


def test_theta_sums_over_neighbours_and_over_frequencies_agree():
    z = torch.rand(50, 8, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 0.5
    below, above = (_log_partition(z, torch.full((2,), v, dtype=torch.float64)) for v in (0.3 - 1e-9, 0.3 + 1e-9))
    torch.testing.assert_close(below, above, rtol=0, atol=1e-6)


def test_a_component_without_information_costs_little():
    """The dither alone says which point it is, and a narrow weight nearly knows it: at most .06 bit a coordinate."""
    fine = np.random.default_rng(4).integers(0, FINE, (BLOCKS, 8, 1))
    writer = SymbolWriter()
    tables = e8_tables(np.array([LEAST_SPREAD]), np.array([1e-3]))
    cost = write_e8(writer, tables, _points(_wide_shift(fine)), *_wide_rows(fine))
    assert cost.mean() / 8 < 0.06
