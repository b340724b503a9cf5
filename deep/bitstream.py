"""The `.rdc` file: a header of 35 bytes, a checksum of 8 and the payload of one or many images.

=========  =====  ==============================================================================
field      bytes  what
=========  =====  ==============================================================================
magic      4      89 52 44 43: "RDC" after a byte that no text begins with
version    1      1
mode       1      place in MODES
channels   1      of an image
height     2      in pixels; big-endian, as all numbers here
width      2      in pixels
images     4      in the payload
seed       8      of the dither
model      8      fingerprint of the model that wrote it
length     4      of the payload, in bytes
checksum   8      BLAKE2b of all bytes before it and of the payload
payload    ...    see deep.entropy_coder
=========  =====  ==============================================================================

The checksum finds accidents; it is no signature. A field is believed only after it matched, and then only within limits.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from deep.dither import check_seed
from rdcsym.files import shown, write_atomically
from rdcsym.problem import InputError

Mode = Literal["common", "private", "deterministic"]

MAGIC: Final = b"\x89RDC"
VERSION: Final = 1
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
FIELDS: Final = struct.Struct(">4sBBBHHIQ8sI")
CHECKSUM: Final = 8  # bytes
FINGERPRINT: Final = 8  # bytes
OVERHEAD: Final = FIELDS.size + CHECKSUM  # bytes of a file that are no payload
MOST_IMAGES: Final = 2**32 - 1
MOST_SIDE: Final = 2**16 - 1
MOST_CHANNELS: Final = 2**8 - 1
MOST_VALUES: Final = 2**31  # grey values of all images together: what a file may ask a reader to hold
MOST_PAYLOAD: Final = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a reader must know beside the model: mode, seed of the dither, how many images of what shape.

    fingerprint: 8 bytes of the model's hash. images >= 1, each (channels, height, width), together at most 2^31 values.
    Raises InputError on anything else.
    """

    mode: Mode
    fingerprint: bytes
    seed: int
    images: int
    channels: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError("mode", self.mode, "is unknown", f"give one of {', '.join(MODES)}")
        if not isinstance(self.fingerprint, bytes) or len(self.fingerprint) != FINGERPRINT:
            raise InputError("fingerprint", self.fingerprint, f"must be {FINGERPRINT} bytes", "give the model's fingerprint")
        check_seed(self.seed)
        sides = (("channels", MOST_CHANNELS), ("height", MOST_SIDE), ("width", MOST_SIDE), ("images", MOST_IMAGES))
        for name, most in sides:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise InputError(name, value, f"must be a whole number in 1..{most}", "split the images over several files")
        if self.images * self.channels * self.height * self.width > MOST_VALUES:
            raise InputError("images", self.images, "hold more than 2^31 values together", "split them over several files")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        return self.channels, self.height, self.width


def pack(header: Header, payload: bytes) -> bytes:
    """The bytes of a file: OVERHEAD (43) and the payload's. Raises InputError where the payload is too long."""
    if len(payload) > MOST_PAYLOAD:
        raise InputError("payload", f"{len(payload)} bytes", "is longer than 4 GiB", "split the images over several files")
    mode = MODES.index(header.mode)
    shape = (header.channels, header.height, header.width, header.images)
    fields = FIELDS.pack(MAGIC, VERSION, mode, *shape, header.seed, header.fingerprint, len(payload))
    return fields + _checksum(fields, payload) + payload


def unpack(data: bytes, path: str | Path = "data") -> tuple[Header, bytes]:
    """Header and payload of a file's bytes; `path` names it in errors.

    Raises InputError where they are no whole .rdc file of this version: foreign, empty, cut short, with bytes to spare, damaged.
    """
    _check_start(data, len(data), path)
    payload = data[OVERHEAD:]
    if _checksum(data[: FIELDS.size], payload) != data[FIELDS.size : OVERHEAD]:
        raise _refused(path, "is damaged: its checksum does not match", _AGAIN)
    _, _, mode, channels, height, width, images, seed, fingerprint, _ = FIELDS.unpack_from(data)
    if mode >= len(MODES):  # a match by forgery, or by a writer that is not ours
        raise _refused(path, f"has a header that makes no sense (mode {mode})", _AGAIN)
    try:
        header = Header(
            mode=MODES[mode],
            fingerprint=fingerprint,
            seed=seed,
            images=images,
            channels=channels,
            height=height,
            width=width,
        )
    except InputError as error:
        problem = f"has a header that makes no sense ({error.argument} {error.value} {error.problem})"
        raise _refused(path, problem, _AGAIN) from None
    return header, payload


def check_model(header: Header, fingerprint: bytes, path: str | Path) -> None:
    """Raises InputError where the file was written by another model than the one of this fingerprint."""
    if header.fingerprint != fingerprint:
        problem = f"was written by model {header.fingerprint.hex()}, this is model {fingerprint.hex()}"
        raise _refused(path, problem, "decompress it with the run that compressed it")


def write_file(path: str | Path, header: Header, payload: bytes) -> int:
    """Write the file whole or not at all; its size in bytes. Raises InputError where it cannot be written."""
    data = pack(header, payload)
    write_atomically(path, data)
    return len(data)


def read_file(path: str | Path) -> tuple[Header, bytes]:
    """Header and payload of a file. Raises InputError as `unpack` does, or where it cannot be read.

    The beginning is looked at first, so that a large foreign file is refused without being read.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(OVERHEAD)
            file.seek(0, 2)
            _check_start(start, file.tell(), path)
            file.seek(0)
            data = file.read()
    except FileNotFoundError:
        raise _refused(path, "does not exist", "check the path") from None
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror or error})", "check the path") from None
    return unpack(data, path)


_AGAIN: Final = "compress the image again, or fetch the file again"


def _check_start(start: bytes, size: int, path: str | Path) -> None:
    """Raises InputError where a file of `size` bytes that begins with `start` cannot be whole and ours; says what it is not."""
    if not size:
        raise _refused(path, "is empty", _AGAIN)
    if not start.startswith(MAGIC[: len(start)]):
        raise _refused(path, "is no .rdc file", "name a file that `rdcsym compress` wrote")
    if len(start) > len(MAGIC) and start[len(MAGIC)] != VERSION:
        version = start[len(MAGIC)]
        problem = f"has format version {version}, this rdcsym reads version {VERSION}"
        raise _refused(path, problem, "install a newer rdcsym, or compress the image again")
    if size < OVERHEAD:
        raise _refused(path, f"is cut short: {size} bytes, its header alone has {OVERHEAD}", _AGAIN)
    length: int = FIELDS.unpack_from(start)[-1]
    if size != OVERHEAD + length:
        problem = "is cut short" if size < OVERHEAD + length else "goes on after its end"
        raise _refused(path, f"{problem}, or is damaged: {size} bytes where its header says {OVERHEAD + length}", _AGAIN)


def _checksum(fields: bytes, payload: bytes) -> bytes:
    digest = hashlib.blake2b(fields, digest_size=CHECKSUM, person=b"rdcsym .rdc")
    digest.update(payload)
    return digest.digest()


def _refused(path: str | Path, problem: str, fix: str) -> InputError:
    return InputError("file", shown(path), problem, fix)
