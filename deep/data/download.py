"""Fetching the public originals: from where, and what they must be. Nothing is fetched unless a person asks for it."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deep.data.images import VARIABLE, data_folder
from deep.data.originals import BY_HAND, originals
from rdcsym.problem import InputError

Progress = Callable[[str, int, int | None], None]  # file, bytes so far, bytes in all where the server says so

_PIECE: Final = 1 << 18  # bytes read at a time
_PATIENCE: Final = 30.0  # seconds without a byte


@dataclass(frozen=True)
class Source:
    """A public file: its address, its place below the data folder, its digest; where `packed`, the digest of what gzip packs."""

    address: str
    place: str
    algorithm: str
    digest: str
    packed: bool = False


def _mnist(name: str, digest: str) -> Source:
    # The digest is of the unpacked file: compressing it again, as mirrors do, changes the archive but not the data.
    return Source(f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz", f"mnist/{name}.gz", "sha256", digest, packed=True)


SOURCES: Final[dict[str, tuple[Source, ...]]] = {
    "mnist": (
        _mnist("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        _mnist("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        _mnist("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        _mnist("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
    "svhn": (
        Source(
            "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
            "svhn/train_32x32.mat",
            "md5",
            "e26dedcc434d2e4c54c9b2d4a06d8373",
        ),
        Source(
            "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
            "svhn/test_32x32.mat",
            "md5",
            "eb5a983be6a315427106f1b164d9cef3",
        ),
    ),
    "cifar10": (
        Source(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "cifar10/cifar-10-python.tar.gz",
            "md5",
            "c58f30108f718f92721af3b95e74349a",
        ),
    ),
    "tiny-imagenet": (
        Source(
            "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
            "tiny_imagenet/tiny-imagenet-200.zip",
            "md5",
            "90528d7ca1a48142e341f4ef8d21d0de",
        ),
    ),
    **{name: tuple(Source(at, place, "sha256", told) for at, place, told in rows) for name, rows in originals().items()},
}


def download(name: str, progress: Progress | None = None) -> list[Path]:
    """Fetch the public original of the set `name` into the data folder; the files, whole and of the expected digest.

    A file that is there already and has its digest is kept; any other is written aside and renamed, so that a broken transfer
    leaves nothing behind. Raises InputError for a set without a public original, without a network, or where a file is not
    what it was; `progress` is called as the bytes arrive.
    """
    if name in BY_HAND:
        raise InputError("data", name, "has no public original of a known digest", BY_HAND[name])
    if name not in SOURCES:
        raise InputError("data", name, "has nothing to be downloaded", f"sets with a public original: {', '.join(SOURCES)}")
    folder = data_folder()
    return [_fetch(source, folder / source.place, progress) for source in SOURCES[name]]


def _fetch(source: Source, path: Path, progress: Progress | None) -> Path:
    if path.is_file() and digest(source, path) == source.digest:
        return path
    aside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, held = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
        os.close(handle)
        aside = Path(held)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError("data", str(path), problem, f"set {VARIABLE} to a folder that you may write to") from None
    try:
        _transfer(source, aside, progress)
        if digest(source, aside) != source.digest:
            problem = f"is not the public original as {source.address} gave it"
            raise InputError("data", source.place, problem, "try again later, or fetch it elsewhere and put it there")
        aside.chmod(0o644)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return path


def _transfer(source: Source, path: Path, progress: Progress | None) -> None:
    try:
        with urllib.request.urlopen(source.address, timeout=_PATIENCE) as answer, path.open("wb") as file:
            announced = answer.headers.get("Content-Length")
            total, done = int(announced) if announced else None, 0
            name = source.place.rpartition("/")[2]
            while piece := answer.read(_PIECE):
                file.write(piece)
                done += len(piece)
                if progress is not None:
                    progress(name, done, total)
            if total is not None and done != total:
                raise ConnectionError(f"it ended after {done} of {total} bytes")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the server's answer open
        said = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        problem = f"cannot be fetched from {source.address} ({said})"
        fix = f"check the network, or put the file in the folder that {VARIABLE} names"
        raise InputError("data", source.place, problem, fix) from None


def digest(source: Source, path: Path) -> str:
    """The digest of the file, or of what it packs; empty where it is no gzip file."""
    kept = hashlib.new(source.algorithm, usedforsecurity=False)
    try:
        with gzip.open(path) if source.packed else path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                kept.update(piece)
    except (OSError, EOFError, zlib.error):
        return ""
    return kept.hexdigest()
