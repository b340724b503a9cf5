"""The .rdc file: small, exact, and refused in one clear line where it is foreign, cut, damaged, from the future or absurd."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

from deep.bitstream import FIELDS, OVERHEAD, Header, _checksum, check_model, pack, read_file, unpack, write_file
from deep.dither import dither_rows
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.tables import quantised_tables
from rdcsym.problem import InputError

MODEL = b"model 01"
HEADER = Header(mode="common", fingerprint=MODEL, seed=2**63 + 5, images=20, channels=1, height=8, width=8)
LEVELS, SYMBOLS = 16, 6


def tables():
    rng = np.random.default_rng(0)
    return quantised_tables(rng.dirichlet(np.ones(9), LEVELS), np.full(LEVELS, -4))


def compressed(header: Header = HEADER) -> tuple[bytes, np.ndarray]:
    """A file of random symbols under tables picked by the dither, as a codec writes it; and the symbols."""
    rows = dither_rows(header.seed, 0, header.images, SYMBOLS, LEVELS)
    symbols = np.random.default_rng(1).integers(-4, 5, rows.shape)
    writer = SymbolWriter()
    writer.write(symbols, tables(), rows)
    return pack(header, writer.finish()), symbols


def decompressed(data: bytes, laws) -> np.ndarray:
    header, payload = unpack(data, "a.rdc")
    check_model(header, MODEL, "a.rdc")
    reader = SymbolReader(payload)
    symbols = reader.read(laws, dither_rows(header.seed, 0, header.images, SYMBOLS, LEVELS))
    reader.finish()
    return symbols


def forged(payload: bytes = b"abc", **change: object) -> bytes:
    """A file with any fields and a checksum that matches them."""
    plain = {
        "magic": b"\x89RDC",
        "version": 1,
        "mode": 0,
        "channels": 1,
        "height": 8,
        "width": 8,
        "images": 20,
        "seed": 5,
        "model": MODEL,
        "length": len(payload),
    }
    fields = struct.pack(">4sBBBHHIQ8sI", *{**plain, **change}.values())
    return fields + _checksum(fields, payload) + payload


def test_what_is_written_comes_back(tmp_path):
    for mode in ("common", "private", "deterministic"):
        header, path = replace(HEADER, mode=mode), tmp_path / "new folder" / f"{mode}.rdc"
        for payload in (b"", b"\0", bytes(range(256))):
            assert write_file(path, header, payload) == path.stat().st_size == OVERHEAD + len(payload)
            assert read_file(path) == (header, payload)
            assert [p.name for p in path.parent.glob(".*")] == []
    assert header.shape == (1, 8, 8)


def test_header_and_checksum_take_43_bytes():
    assert OVERHEAD == len(pack(HEADER, b"")) == 43 <= 64


def test_the_bytes_are_fixed():
    """The layout, spelled out by hand: files of this version stay readable."""
    header = Header(mode="private", fingerprint=b"\xaa" * 8, seed=258, images=3, channels=3, height=32, width=16)
    fields = "89524443" "01" "01" "03" "0020" "0010" "00000003" "0000000000000102" "aaaaaaaaaaaaaaaa" "00000002"  # fmt: skip
    data = pack(header, b"hi")
    assert data[: FIELDS.size].hex() == fields
    assert data[OVERHEAD:] == b"hi"
    assert data[FIELDS.size : OVERHEAD].hex() == "67f47a22540317ea"


def test_symbols_survive_the_whole_way():
    data, symbols = compressed()
    assert np.array_equal(decompressed(data, tables()), symbols)


FOREIGN = {
    "empty": (b"", "is empty"),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "is no .rdc file"),
    "text": (b"hello, this is a text of more than forty-three bytes", "is no .rdc file"),
    "one byte": (b"x", "is no .rdc file"),
    "zeros": (b"\0" * 1000, "is no .rdc file"),
    "the magic alone": (b"\x89RDC", "is cut short"),
    "half a header": (compressed()[0][:20], "is cut short"),
    "no payload": (compressed()[0][:OVERHEAD], "is cut short"),
    "one byte less": (compressed()[0][:-1], "is cut short"),
    "one byte more": (compressed()[0] + b"\0", "goes on after its end"),
    "twice": (compressed()[0] * 2, "goes on after its end"),
    "a flipped bit": (compressed()[0][:-1] + bytes([compressed()[0][-1] ^ 1]), "checksum does not match"),
    "line ends changed": (pack(HEADER, b"\r\n").replace(b"\r\n", b"\n"), "is cut short"),
    "from the future": (b"\x89RDC\x02" + b"\0" * 100, "has format version 2, this rdcsym reads version 1; install a newer"),
    "a short one from the future": (b"\x89RDC\x07", "has format version 7"),
    "an unknown mode": (forged(mode=3), "mode 3"),
    "no images": (forged(images=0), "images 0 must be"),
    "no height": (forged(height=0), "height 0 must be"),
    "too many images": (forged(images=2**32 - 1), "more than 2\\^31 values"),
    "too large images": (forged(height=65535, width=65535, channels=255), "more than 2\\^31 values"),
    "a length that lies": (forged(length=2**32 - 1), "is cut short"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_whole_file_of_ours_is_one_clear_line(tmp_path, data, says):
    path = tmp_path / "in.rdc"
    path.write_bytes(data)
    with pytest.raises(InputError, match=says) as caught:
        read_file(path)
    assert "in.rdc" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=f"^file = b.rdc: .*{says}"):
        unpack(data, "b.rdc")


def test_a_forged_file_is_read_where_its_fields_make_sense():
    assert unpack(forged())[0] == replace(HEADER, seed=5)


def test_a_file_for_another_model_names_both():
    header, _ = unpack(compressed()[0])
    check_model(header, MODEL, "a.rdc")
    with pytest.raises(
        InputError, match=f"^file = a.rdc: was written by model {MODEL.hex()}, this is model 6f74.*; decompress it with"
    ):
        check_model(header, b"other 99", "a.rdc")


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_file(tmp_path / "absent.rdc")
    with pytest.raises(InputError, match="cannot be read"):
        read_file(tmp_path)
    with pytest.raises(InputError, match="no name for a file"):
        write_file(tmp_path, HEADER, b"")
    with pytest.raises(InputError, match="no name for a file"):
        write_file("", HEADER, b"")
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(InputError, match="cannot be written"):
        write_file(tmp_path / "file" / "in.rdc", HEADER, b"")
    assert (tmp_path / "file").read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mode": "shared"}, "mode"),
        ({"fingerprint": b"short"}, "fingerprint"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"images": 0}, "images"),
        ({"images": 2**32}, "images"),
        ({"channels": 256}, "channels"),
        ({"height": 2**16}, "height"),
        ({"width": 1.5}, "width"),
        ({"images": 2**26}, "images"),
    ],
)
def test_a_header_that_no_file_can_hold_is_refused(change, named):
    with pytest.raises(InputError, match=f"^{named} = "):
        replace(HEADER, **change)


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One accident: bits, bytes, a cut, an insertion, a swap, a repeated or zeroed stretch, or a header field edited."""
    out, at, to = bytearray(data), int(rng.integers(len(data))), int(rng.integers(len(data)))
    low, high = sorted((at, to))
    match int(rng.integers(9)):
        case 0:
            for place in rng.integers(0, 8 * len(out), int(rng.integers(1, 4))):
                out[place // 8] ^= 1 << int(place % 8)
        case 1:
            for place in rng.integers(0, len(out), int(rng.integers(1, 6))):
                out[place] = int(rng.integers(256))
        case 2:
            del out[at:]
        case 3:
            out[at:at] = rng.bytes(int(rng.integers(1, 9)))
        case 4:
            out[at], out[to] = out[to], out[at]
        case 5:
            del out[low : high + 1]
        case 6:
            out[low:high] = bytes(high - low)
        case 7:
            out += rng.bytes(int(rng.integers(1, 9)))
        case _:
            place = int(rng.integers(FIELDS.size))
            width = min(int(rng.choice([1, 2, 4, 8])), FIELDS.size - place)
            out[place : place + width] = int(rng.integers(2)).to_bytes(width, "big") if rng.random() < 0.5 else b"\xff" * width
    return bytes(out)


def test_2000_mutated_files_are_errors_or_decode_to_the_same():
    data, symbols = compressed()
    laws, rng = tables(), np.random.default_rng(2)
    refusals = []
    for _ in range(2000):
        wrong = mutated(data, rng)
        try:
            found = decompressed(wrong, laws)
        except InputError as error:
            refusals.append(str(error))
        else:
            assert np.array_equal(found, symbols)
            assert wrong == data
    assert all(text.startswith("file = a.rdc: ") and "\n" not in text for text in refusals)
    assert len(refusals) > 1900


def test_mutated_payloads_under_a_checksum_that_matches_are_refused_or_decode_without_a_crash():
    """What the checksum cannot see: a forger's payload is refused, or is the code of other symbols, whole and in their tables."""
    data, symbols = compressed()
    laws, rng = tables(), np.random.default_rng(3)
    refusals = []
    for _ in range(300):
        payload = mutated(data, rng)[OVERHEAD:]
        try:
            found = decompressed(pack(HEADER, payload), laws)
        except InputError as error:
            refusals.append(str(error))
        else:
            assert found.shape == symbols.shape
            assert np.abs(found).max() <= 4
    assert all(text.startswith("payload = ") for text in refusals)
