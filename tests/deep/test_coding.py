"""Real files of a trained codec: as short as the estimate says, exact on every thread count, and nothing else is ever believed."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from run_samples import digits_run, inputs, model_of, mutated

from deep import bitstream, coding
from deep.bitstream import FIELDS, OVERHEAD
from deep.coding import compress, decompress, read_symbols, symbols_of, write_symbols
from deep.run import Model, load_model
from rdcsym.problem import InputError

pytest.importorskip("constriction")

ROOT = Path(__file__).parent.parent.parent
SEED = 20_240_607
ELSEWHERE = """
import sys
from pathlib import Path
import torch
from deep.coding import decompress
from deep.run import load_model
torch.set_num_threads(int(sys.argv[3]))  # beside the variable, which is bounded by the machine's cores
sys.stdout.buffer.write(decompress(load_model(sys.argv[1]), Path(sys.argv[2]).read_bytes(), sys.argv[2]).tobytes())
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return digits_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def model(run) -> Model:
    return load_model(run)


def resealed(fields: bytes, payload: bytes) -> bytes:
    """A forged file, whose checksum is right."""
    return fields + bitstream._checksum(fields, payload) + payload


@torch.no_grad()
def estimate(model: Model, x: torch.Tensor, seed: int) -> float:
    """Bits of all images as `forward` says, at the dither of a file of this seed."""
    codec = model.networks.codec
    return float(codec(x, torch.from_numpy(codec.rows(seed, 0, len(x)))).bits.double().sum())


@pytest.mark.parametrize("seed", [0, SEED])
def test_the_payload_of_a_test_set_is_as_long_as_the_estimated_rate(model, seed):
    x = inputs(360)
    bits = estimate(model, x, seed)
    data = compress(model, x, seed)
    assert bits > 2.0 * len(x)  # a codec that says nothing would prove nothing
    assert abs(8 * (len(data) - OVERHEAD) - bits) <= 0.01 * bits + 16
    assert len(compress(model, x[:1])) - len(bitstream.unpack(compress(model, x[:1]))[1]) == OVERHEAD <= 64


@pytest.mark.parametrize("mode", ["common", "private", "deterministic"])
def test_the_payload_is_as_long_as_the_estimated_rate_in_each_mode(mode):
    model, x = model_of(mode), inputs(360)
    bits = estimate(model, x, 0)
    assert abs(8 * (len(compress(model, x)) - OVERHEAD) - bits) <= 0.01 * bits + 16


def test_a_thousand_images_come_back_exactly(model):
    """In one file and in files of 1, 9 and 90: the symbols, and the pixels that those symbols decode to."""
    x = inputs(1000, "train")
    for start, stop in ((0, 1000), (0, 1), (1, 10), (10, 100), (100, 1000)):
        part, seed = x[start:stop], SEED + start
        symbols = symbols_of(model, part, seed)
        data = compress(model, part, seed)
        found, rows = read_symbols(model, data, "file")
        assert np.array_equal(found, symbols)
        assert np.array_equal(rows, model.networks.codec.rows(seed, 0, len(part)))
        decoded = decompress(model, data)
        assert decoded.dtype == np.uint8
        assert decoded.shape == part.shape
        assert np.array_equal(decoded, model.networks.codec.decode(symbols, rows))


@pytest.mark.parametrize("mode", ["private", "deterministic"])
def test_without_shared_dither_files_do_not_depend_on_the_seed(mode):
    model, x = model_of(mode), inputs(50)
    data = compress(model, x, seed=SEED)
    assert data == compress(model, x)
    assert bitstream.unpack(data)[0].seed == 0
    assert np.array_equal(decompress(model, data), decompress(model, data))
    assert np.array_equal(read_symbols(model, data, "file")[0], symbols_of(model, x, 0))


def test_the_seed_in_the_file_is_the_dither_s(model):
    x = inputs(50)
    assert not np.array_equal(symbols_of(model, x, 1), symbols_of(model, x, 2))
    assert not np.array_equal(decompress(model, compress(model, x, 1)), decompress(model, compress(model, x, 2)))
    assert bitstream.unpack(compress(model, x, SEED))[0].seed == SEED


def test_another_process_with_another_number_of_threads_decodes_the_same_bytes(run, model, tmp_path):
    threads = 3  # here it is one
    path = tmp_path / "images.rdc"
    path.write_bytes(compress(model, inputs(360), SEED))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", ELSEWHERE, str(run), str(path), str(threads)]
    done = subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == decompress(model, path.read_bytes()).tobytes()


def test_two_thousand_mutated_files_are_refused_or_give_the_same_image(model):
    rng = np.random.default_rng(11)
    for count in (1, 20):
        data = compress(model, inputs(count), SEED)
        whole, lines = decompress(model, data), []
        for _ in range(1000):
            broken = mutated(rng, data)
            try:
                found = decompress(model, broken, "broken.rdc")
            except InputError as error:
                lines.append(str(error))
            else:
                assert np.array_equal(found, whole)
        assert len(lines) > 900
        assert all("broken.rdc" in line and "\n" not in line and len(line) < 300 for line in lines)


def test_forged_files_with_a_good_checksum_never_do_worse_than_an_error(model):
    """No checksum can tell a forgery: what is asked is that nothing but InputError or whole images come of it."""
    rng = np.random.default_rng(12)
    data = compress(model, inputs(20), SEED)
    lines = []
    for _ in range(500):
        fields, payload = bytearray(data[: FIELDS.size]), data[OVERHEAD:]
        if rng.random() < 0.5:
            payload = mutated(rng, payload)
        else:
            fields[rng.integers(4, FIELDS.size - 4)] = rng.integers(256)
        fields[-4:] = struct.pack(">I", len(payload))
        try:
            found = decompress(model, resealed(bytes(fields), payload), "forged.rdc")
        except InputError as error:
            lines.append(str(error))
        else:
            assert found.shape[1:] == (1, 8, 8)
    assert all("forged.rdc" in line for line in lines)
    assert 100 < len(lines) < 500  # a payload is dense: nearly each of the right length says something


def test_a_file_of_another_model_or_shape_is_refused(model):
    x = inputs(3)
    with pytest.raises(InputError, match=r"a\.rdc: was written by model .* this is model"):
        decompress(model_of("common"), compress(model, x), "a.rdc")
    with pytest.raises(InputError, match="was written by model"):
        decompress(model_of("common", seed=1), compress(model_of("common"), x))
    with pytest.raises(InputError, match=r"holds images of shape \(1, 8, 8\), those of this model are \(3, 16, 16\)"):
        decompress(model_of("common", (3, 16, 16)), compress(model, x))


def test_a_header_that_the_model_cannot_have_written_is_refused(model):
    data = compress(model, inputs(3), SEED)
    for at, value in ((5, b"\x01"), (11, struct.pack(">I", coding.MOST_IMAGES + 1))):  # mode; number of images
        fields = data[:at] + value + data[at + len(value) : FIELDS.size]
        with pytest.raises(InputError, match="cannot have written"):
            decompress(model, resealed(fields, data[OVERHEAD:]))
    private = model_of("private")
    data = compress(private, inputs(3))
    fields = data[:15] + struct.pack(">Q", 5) + data[23 : FIELDS.size]  # a seed where nothing is shared
    with pytest.raises(InputError, match="cannot have written"):
        decompress(private, resealed(fields, data[OVERHEAD:]))


def test_a_payload_of_more_images_than_the_header_says_is_refused(model):
    symbols = symbols_of(model, inputs(20), SEED)
    long, short = (write_symbols(model, symbols[:n], SEED) for n in (20, 10))
    fields = short[: FIELDS.size - 4] + long[FIELDS.size - 4 : FIELDS.size]
    with pytest.raises(InputError, match=r"images\.rdc: has a payload that does not end where its symbols end"):
        decompress(model, resealed(fields, long[OVERHEAD:]), "images.rdc")


@pytest.mark.parametrize(
    ("images", "problem"),
    [
        (torch.zeros(2, 1, 8, 9), "does not fit the model"),
        (torch.zeros(1, 8, 8), "does not fit the model"),
        (torch.zeros(0, 1, 8, 8), "must be 1 to"),
        (torch.full((2, 1, 8, 8), torch.nan), "finite floats"),
        (torch.full((2, 1, 8, 8), 255.0), "finite floats"),
        (torch.full((2, 1, 8, 8), -0.1), "finite floats"),
        (torch.zeros((2, 1, 8, 8), dtype=torch.uint8), "finite floats"),
    ],
)
def test_images_that_the_model_cannot_take_are_refused(model, images, problem):
    with pytest.raises(InputError, match=problem):
        compress(model, images)


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5])
def test_a_seed_that_no_header_holds_is_refused(model, seed):
    with pytest.raises(InputError, match="seed"):
        compress(model, inputs(1), seed)


def test_without_the_coder_one_line_says_what_to_install(model, monkeypatch):
    data = compress(model, inputs(1))
    monkeypatch.setattr(coding, "find_spec", lambda name: None)
    for action in (lambda: compress(model, inputs(1)), lambda: decompress(model, data)):
        with pytest.raises(InputError, match=r"pip install 'rdcsym\[deep\]'"):
            action()
