"""Integer tables: exact sums, nearest to what was asked, every symbol possible, nonsense refused."""

from __future__ import annotations

import numpy as np
import pytest

from deep.tables import TOTAL, Tables, bits, offsets, quantised_tables
from rdcsym.problem import InputError

RNG = np.random.default_rng(0)
PMFS = {
    "uniform": np.full((2, 7), 1 / 7),
    "peaked": np.array([[1.0, 1e-300, 1e-12, 1e-30]]),
    "subnormal": np.array([[5e-324, 5e-324]]),
    "huge": np.array([[1e308, 3e307, 0.0, 1.0]]),
    "many symbols": RNG.dirichlet(np.full(5000, 0.1), 2),
    "of every kind": RNG.dirichlet(np.full(30, 0.05), 40) + 1e-20,
}


@pytest.mark.parametrize("pmf", PMFS.values(), ids=PMFS)
def test_frequencies_sum_exactly_and_are_nearest(pmf):
    tables = quantised_tables(pmf, np.zeros(len(pmf), int))
    law = pmf / pmf.sum(axis=1, keepdims=True)
    real = np.arange(pmf.shape[1]) < tables.sizes[:, None]
    assert (tables.frequencies.sum(axis=1) == TOTAL).all()
    assert ((tables.frequencies >= 1) == real).all()
    # one unit to start with and one of rounding: what a symbol may gain or lose, beside the units that others get
    assert np.abs(tables.frequencies - law * TOTAL).max() <= 2 + pmf.shape[1] * law.max()
    spent = np.where(real, law * (tables.costs - 0), 0)[real].sum() - -(law[law > 0] * np.log2(law[law > 0])).sum()
    assert spent < 1e-3 * len(pmf)


def test_equal_symbols_differ_by_one_unit_and_the_lower_gets_it():
    frequencies = quantised_tables(np.full((1, 3), 1.0), [0]).frequencies[0]
    assert frequencies.tolist() == [TOTAL // 3 + 1, TOTAL // 3, TOTAL // 3]


def test_equal_symbols_among_many_share_the_rest_from_the_lowest_up():
    mass = np.random.default_rng(1).integers(1, 4, 5000)
    frequencies = quantised_tables(mass[None], [0]).frequencies[0]
    steps = [np.diff(frequencies[mass == kind]) for kind in (1, 2, 3)]
    assert all((step <= 0).all() for step in steps)
    assert sum(step.sum() for step in steps) < 0  # so that a tie is among them


def test_each_table_has_its_own_symbols():
    tables = quantised_tables([[0.5, 0.5, 0.0], [0.25, 0.0, 0.75], [1.0, 0.0, 0.0]], [-4, 0, 9])
    assert tables.sizes.tolist() == [2, 3, 1]
    assert tables.frequencies[1, 1] == 1  # within the table, so possible
    assert quantised_tables([[1.0, 0.0]], [0], sizes=[2]).frequencies.tolist() == [[TOTAL - 1, 1]]
    assert len(tables) == 3
    places, index = offsets(tables, [[-3, 2], [9, -4]], [[0, 1], [2, 0]])
    assert places.tolist() == [[1, 2], [0, 0]]
    assert index.tolist() == [[0, 1], [2, 0]]


def test_bits_are_the_exact_cost():
    tables = Tables(np.array([[TOTAL // 4, TOTAL // 4 * 3], [TOTAL, 0]]), np.array([5, -1]))
    assert bits(tables, [5, 6, -1], [0, 0, 1]).tolist() == [2.0, 24 - np.log2(TOTAL // 4 * 3), 0.0]
    assert bits(tables, np.zeros((0, 3), int), np.zeros((0, 3), int)).shape == (0, 3)


def test_stored_arrays_make_the_same_tables_and_cannot_be_changed():
    given = np.array([[TOTAL - 5, 5]])
    tables = Tables(given, np.array([0]))
    given[0, 0] = 7
    assert tables.frequencies[0, 0] == TOTAL - 5
    for array in (tables.frequencies, tables.lowest, tables.sizes, tables.costs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert np.array_equal(Tables(tables.frequencies, tables.lowest).frequencies, tables.frequencies)


@pytest.mark.parametrize(
    ("frequencies", "lowest", "named"),
    [
        ([[TOTAL - 1]], [0], "frequencies = row 0: must be positive"),
        ([[TOTAL], [2 * TOTAL]], [0, 0], "frequencies = row 1"),
        ([[TOTAL + 1, -1]], [0], "frequencies"),
        ([[TOTAL, 0, 0], [1, 0, TOTAL - 1]], [0, 0], "row 1: has a symbol of frequency 0"),
        ([[0, TOTAL]], [0], "row 0: has a symbol of frequency 0"),
        ([[1.0, TOTAL - 1.0]], [0], "frequencies"),
        ([TOTAL], [0], "frequencies"),
        ([[TOTAL]], [0, 1], "frequencies"),
        ([[TOTAL]], [[0]], "lowest"),
        ([[TOTAL]], [2**31], "lowest"),
        ([[TOTAL]], [0.5], "lowest"),
        (np.zeros((0, 3), int), np.zeros(0, int), "frequencies"),
    ],
)
def test_what_is_no_table_is_refused(frequencies, lowest, named):
    with pytest.raises(InputError, match=named):
        Tables(np.array(frequencies), np.array(lowest))


@pytest.mark.parametrize(
    ("pmf", "named"),
    [
        ([[0.5, 0.5], [0.0, 0.0]], "sizes = row 1"),
        ([[0.5, -0.5]], "pmf"),
        ([[np.nan, 1.0]], "pmf"),
        ([[np.inf, 1.0]], "pmf"),
        ([[1.7e308, 1.7e308]], "pmf"),
        ([0.5, 0.5], "pmf"),
        (np.ones((1, 2**16 + 1)), "pmf"),
    ],
)
def test_what_is_no_law_is_refused(pmf, named):
    with pytest.raises(InputError, match=named):
        quantised_tables(pmf, np.zeros(len(pmf), int))


@pytest.mark.parametrize(
    ("symbols", "index", "named"),
    [
        ([2], [0], "symbols = 2: table 0 holds 0..1 only"),
        ([-1], [0], "symbols = -1"),
        ([2**62], [0], "symbols"),
        ([-(2**63)], [1], "symbols"),
        (np.array([2**64 - 2], np.uint64), [1], "symbols"),
        ([0.5], [0], "symbols"),
        ([0, 1], [0], "symbols"),
        ([0], [2], "index = 2..2: there are 2 tables"),
        ([0], [-1], "index"),
        ([0], [0.0], "index"),
    ],
)
def test_symbols_outside_their_table_are_refused(symbols, index, named):
    tables = quantised_tables([[0.5, 0.5], [0.1, 0.9]], [0, -2])
    with pytest.raises(InputError, match=named):
        bits(tables, symbols, index)
