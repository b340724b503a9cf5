"""The dither: the same rows on every machine and in every batch, uniform, refused where it makes no sense."""

from __future__ import annotations

import numpy as np
import pytest

from deep.dither import dither_rows, dither_values
from rdcsym.problem import InputError


def philox_bytes(seed: int, words: int) -> bytes:
    """The stream from Philox4x64-10's definition (Salmon et al. 2011), without NumPy: what another machine must find."""
    mask, out = 2**64 - 1, []
    for block in range(1, -(-words // 4) + 1):  # NumPy counts before it generates
        counter, key = [block, 0, 0, 0], [seed, 0x72646373796D0001]
        for _ in range(10):
            a, b = 0xD2E7470EE14C6C93 * counter[0], 0xCA5A826395121157 * counter[2]
            counter = [(b >> 64) ^ counter[1] ^ key[0], b & mask, (a >> 64) ^ counter[3] ^ key[1], a & mask]
            key = [(key[0] + 0x9E3779B97F4A7C15) & mask, (key[1] + 0xBB67AE8584CAA73B) & mask]
        out += counter
    return b"".join(word.to_bytes(8, "little") for word in out[:words])


@pytest.mark.parametrize("seed", [0, 5, 2**64 - 1])
def test_the_rows_are_those_of_philox_by_its_definition(seed):
    rows = dither_rows(seed, 0, 7, 9, 256)
    stream = np.frombuffer(philox_bytes(seed, 14), dtype=np.uint8).reshape(7, 16)
    assert np.array_equal(rows, stream[:, :9])
    assert np.array_equal(dither_rows(seed, 0, 7, 9, 16), rows % 16)


@pytest.mark.parametrize("symbols", [1, 8, 9, 25, 64])
def test_a_sample_has_the_same_rows_whatever_batch_it_comes_in(symbols):
    whole = dither_rows(7, 0, 40, symbols, 16)
    assert whole.shape == (40, symbols)
    assert whole.dtype == np.int64
    for first, count in ((0, 1), (1, 1), (3, 5), (38, 2), (39, 1), (40, 0)):
        assert np.array_equal(dither_rows(7, first, count, symbols, 16), whole[first : first + count])
    assert dither_rows(7, 2**40, 1, symbols, 16).shape == (1, symbols)


def test_rows_are_uniform_and_unlike_those_of_another_seed_or_sample():
    rows = dither_rows(3, 0, 4000, 8, 16)
    counts = np.bincount(rows.ravel(), minlength=16)
    assert len(counts) == 16
    assert ((counts - 2000) ** 2 / 2000).sum() < 45  # chi-squared, 15 degrees of freedom: 1 in 10,000 draws
    assert abs(np.corrcoef(rows[:-1].ravel(), rows[1:].ravel())[0, 1]) < 0.02
    assert (rows != dither_rows(4, 0, 4000, 8, 16)).mean() == pytest.approx(15 / 16, abs=0.01)


def test_shifts_are_centred_and_exact():
    assert dither_values([0, 1, 2, 3], 4).tolist() == [-0.375, -0.125, 0.125, 0.375]
    assert dither_values(np.arange(256), 256).mean() == 0.0
    assert np.array_equal(dither_rows(9, 0, 3, 5, 1), np.zeros((3, 5)))
    assert not dither_values(dither_rows(9, 0, 3, 5, 1), 1).any()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"first": -1}, "first"),
        ({"count": -2}, "count"),
        ({"symbols": 2.0}, "symbols"),
        ({"levels": 0}, "levels"),
        ({"levels": 12}, "levels"),
        ({"levels": 512}, "levels"),
    ],
)
def test_what_makes_no_sense_is_refused(change, name):
    with pytest.raises(InputError, match=rf"^{name} = "):
        dither_rows(**{"seed": 0, "first": 0, "count": 1, "symbols": 1, "levels": 16, **change})


@pytest.mark.parametrize("rows", [[16], [-1], [0.5]])
def test_rows_outside_the_grid_have_no_shift(rows):
    with pytest.raises(InputError, match=r"^rows = "):
        dither_values(rows, 16)
