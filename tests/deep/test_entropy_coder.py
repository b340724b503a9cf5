"""The range coder: exact frequencies, exact round trips, payloads as short as the tables allow, garbage refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from deep.entropy_coder import SymbolReader, SymbolWriter, _roundest
from deep.tables import TOTAL, Tables, bits, quantised_tables
from rdcsym.problem import InputError


def drawn(rng: np.random.Generator, tables: Tables, index: np.ndarray) -> np.ndarray:
    """Symbols from their tables' laws."""
    below = tables.frequencies.cumsum(axis=1)[index]
    return (rng.integers(0, TOTAL, index.shape)[..., None] >= below).sum(axis=-1) + tables.lowest[index]


def coded(symbols, tables, index) -> bytes:
    writer = SymbolWriter()
    writer.write(symbols, tables, index)
    return writer.finish()


def read(payload, tables, index) -> np.ndarray:
    reader = SymbolReader(payload)
    symbols = reader.read(tables, index)
    reader.finish()
    return symbols


def random_tables(rng: np.random.Generator) -> Tables:
    count, size = rng.integers(1, 7), rng.integers(1, 25)
    pmf = rng.dirichlet(np.full(size, rng.choice([0.02, 0.3, 1.0, 10.0])), count)
    sizes = rng.integers(1, size + 1, count)
    return quantised_tables(np.where(np.arange(size) < sizes[:, None], pmf + 1e-9, 0), rng.integers(-9, 9, count), sizes)


def test_the_coder_has_exactly_our_frequencies():
    """The state after one symbol shows the frequency that constriction works with: whole, and the table's."""
    for frequencies in (
        [1, TOTAL - 1],
        [5, 3, 1, 1, TOTAL - 10],
        [TOTAL // 2, TOTAL // 2],
        [850, 637, 512, 270, 42, TOTAL - 2311],
    ):
        tables, below = Tables(np.array([frequencies]), np.array([0])), 0
        for symbol, frequency in enumerate(frequencies):
            writer = SymbolWriter()
            writer.write([symbol], tables, [0])
            _, lower, width = writer._state()
            unit = (2**64 - 1) >> 24
            if frequency > 1:  # a rarer one shifts the state by a word
                assert (width, lower) == (unit * frequency, unit * below)
            below += frequency


def test_any_symbols_come_back_and_cost_at_most_8_bits_more():
    rng = np.random.default_rng(1)
    for _ in range(400):
        tables = random_tables(rng)
        index = rng.integers(0, len(tables), (int(rng.choice([0, 1, 2, 5, 30])), int(rng.choice([1, 3, 10]))))
        likely = rng.random() < 0.5
        symbols = drawn(rng, tables, index) if likely else rng.integers(0, tables.sizes[index]) + tables.lowest[index]
        payload = coded(symbols, tables, index)
        assert np.array_equal(read(payload, tables, index), symbols)
        assert 8 * len(payload) <= bits(tables, symbols, index).sum() + 8.1
        assert not payload.endswith(b"\0")


@pytest.mark.parametrize(
    ("low", "width", "found"),
    [
        (0, 1, 0),
        (1, 255, 1),
        (1, 256, 256),
        (256, 1, 256),
        (257, 255, 257),
        (0x12345, 0x10000, 0x20000),
        (0x12345, 0xDCBB, 0x12400),
        (1, 2**64 - 1, 2**56),
    ],
)
def test_the_roundest_number_lies_below_the_open_end(low, width, found):
    assert _roundest(low, width) == found


def test_no_shorter_payload_says_the_same():
    """Brute force: with 0 to 2 bytes, no string shorter than ours decodes to the symbols, and ours does."""
    rng = np.random.default_rng(2)
    for _ in range(10):
        tables = quantised_tables(rng.dirichlet(np.ones(3), 2), [0, -1])
        index = rng.integers(0, 2, 8)
        symbols = drawn(rng, tables, index)
        payload = coded(symbols, tables, index)
        for size in range(min(len(payload), 2)):
            for value in range(256**size):
                with_zeros = SymbolReader(value.to_bytes(size, "big"))
                assert not np.array_equal(with_zeros.read(tables, index), symbols)


def test_many_symbols_cost_what_the_tables_say():
    rng = np.random.default_rng(3)
    tables = quantised_tables(rng.dirichlet(np.full(17, 0.5), 64), np.full(64, -8))
    index = rng.integers(0, 64, (10_000, 4))
    symbols = drawn(rng, tables, index)
    cost = bits(tables, symbols, index).sum()
    assert -1 <= 8 * len(coded(symbols, tables, index)) - cost <= 8 + 2.5e-4 * symbols.size <= 18.1
    assert np.array_equal(read(coded(symbols, tables, index), tables, index), symbols)


def test_four_bits_an_image_are_four_bits():
    tables = quantised_tables(np.full((1, 4), 0.25), [0])
    symbols = np.random.default_rng(4).integers(0, 4, (10_000, 2))
    assert 0 <= 8 * len(coded(symbols, tables, np.zeros_like(symbols))) - 40_000 <= 16
    assert len(coded(symbols[:1], tables, [[0, 0]])) <= 1


def test_cheap_symbols_stay_within_one_per_cent():
    tables = quantised_tables([[0.999, 0.001]], [0])
    index = np.zeros(200_000, int)
    symbols = drawn(np.random.default_rng(5), tables, index)
    assert 8 * len(coded(symbols, tables, index)) <= 1.01 * bits(tables, symbols, index).sum() + 16


def test_a_symbol_that_is_certain_costs_nothing():
    tables = Tables(np.array([[TOTAL, 0], [TOTAL - 1, 1]]), np.array([3, 0]))
    assert coded(np.full(1000, 3), tables, np.zeros(1000, int)) == b""
    assert read(b"", tables, [0, 0]).tolist() == [3, 3]
    assert read(coded([1, 3, 1], tables, [1, 0, 1]), tables, [1, 0, 1]).tolist() == [1, 3, 1]
    assert coded([], tables, np.zeros(0, int)) == b""


def test_a_later_stage_may_depend_on_an_earlier_one():
    rng = np.random.default_rng(6)
    first, second = (
        quantised_tables(rng.dirichlet(np.ones(4), 3), [0, 0, 0]),
        quantised_tables(rng.dirichlet(np.ones(9), 4), [-4] * 4),
    )
    index = rng.integers(0, 3, (50, 2))
    coarse = drawn(rng, first, index)
    fine = drawn(rng, second, coarse)
    writer = SymbolWriter()
    writer.write(coarse, first, index)
    early = writer.finish()
    writer.write(fine, second, coarse)
    payload = writer.finish()
    assert payload == writer.finish()
    reader = SymbolReader(payload)
    known = reader.read(first, index)
    assert np.array_equal(known, coarse)
    assert np.array_equal(reader.read(second, known), fine)
    reader.finish()
    unread = SymbolReader(payload)
    unread.read(first, index)
    with pytest.raises(InputError, match="does not end where its symbols end"):
        unread.finish()
    assert np.array_equal(read(early, first, index), coarse)


def test_nothing_is_written_of_symbols_outside_their_tables():
    tables = quantised_tables([[0.5, 0.5]], [0])
    writer = SymbolWriter()
    writer.write([0, 1, 1], tables, [0, 0, 0])
    before = writer.finish()
    with pytest.raises(InputError, match=r"^symbols = 2:"):
        writer.write([0, 2], tables, [0, 0])
    assert writer.finish() == before


def test_carries_run_through_whole_words():
    """Symbols that keep the interval astride a word's edge: the coder must hold back words until the carry is known."""
    tables = quantised_tables([[0.5, 1e-7, 0.5], [1.0, 1.0, 1.0]], [0, 0])
    half = Tables(np.array([[TOTAL // 2 - 1, 2, TOTAL // 2 - 1]]), np.array([0]))
    for length in range(1, 60):
        for last in (0, 1, 2):
            symbols = np.array([1] * length + [last])
            for laws, index in ((half, np.zeros(length + 1, int)), (tables, np.zeros(length + 1, int))):
                assert np.array_equal(read(coded(symbols, laws, index), laws, index), symbols)


def test_garbage_is_an_error_or_the_code_of_what_it_decodes_to():
    rng = np.random.default_rng(7)
    refusals, codes = [], 0
    for _ in range(1500):
        tables = random_tables(rng)
        index = rng.integers(0, len(tables), int(rng.choice([0, 1, 8, 40])))
        payload = rng.bytes(int(rng.choice([0, 1, 3, 4, 9, 40]))) if rng.random() < 0.8 else b"\xff" * int(rng.integers(1, 40))
        try:
            symbols = read(payload, tables, index)
        except InputError as error:
            refusals.append(str(error))
        else:
            assert coded(symbols, tables, index) == payload
            codes += 1
    assert all(text.startswith("payload = ") and "\n" not in text for text in refusals)
    assert min(len(refusals), codes) > 20


def test_the_bytes_are_fixed():
    """Files outlive versions: these bytes were written once and must always be. Checked by exact arithmetic, not by the coder."""
    tables = Tables(np.array([[TOTAL // 2, TOTAL // 4, TOTAL // 4], [TOTAL // 8, TOTAL // 8 * 7, 0]]), np.array([-1, 5]))
    index = np.array([0, 1, 0, 0, 1, 0, 0])
    symbols = np.array([1, 6, 0, -1, 5, 1, 1])
    payload = coded(symbols, tables, index)
    low, width = 0.0, 1.0
    for at in np.argsort(index, kind="stable"):
        row, place = tables.frequencies[index[at]] / TOTAL, symbols[at] - tables.lowest[index[at]]
        low, width = low + width * row[:place].sum(), width * row[place]
    assert low <= int.from_bytes(payload, "big") / 256 ** len(payload) < low + width
    assert payload.hex() == "e790"


def test_another_process_reads_the_same():
    rng = np.random.default_rng(8)
    tables = quantised_tables(rng.dirichlet(np.ones(5), 3), [-2, 0, 1])
    index = np.arange(300) % 3
    symbols = drawn(rng, tables, index)
    program = (
        "import numpy as np; from deep.entropy_coder import SymbolReader; from deep.tables import Tables;"
        f"t = Tables(np.array({tables.frequencies.tolist()}), np.array({tables.lowest.tolist()}));"
        f"r = SymbolReader(bytes.fromhex('{coded(symbols, tables, index).hex()}'));"
        "print(*r.read(t, np.arange(300) % 3)); r.finish()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert np.array_equal(np.array(done.stdout.split(), int), symbols)
