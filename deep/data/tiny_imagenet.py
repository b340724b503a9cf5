"""Tiny ImageNet (Stanford CS231n): photographs of up to 200 kinds of thing, 64 x 64 RGB; ImageNet's research terms apply.

A zip or a folder with `train/WNID/*.JPEG` or, as in the official `tiny-imagenet-200`, `train/WNID/images/*.JPEG`; for testing
`val/WNID/*.JPEG` or `val/images/*.JPEG` with `val/val_annotations.txt` (the official test images have no labels). A class is the
place of its WNID in sorted order. The images come by turns, one of each class: any half of a split holds all of them. Grey
pictures become RGB.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from deep.data.images import Bytes, Found, Images, checked, first_file, pillow, reading

_SIDE: Final = 64
_LARGEST_PICTURE: Final = 1 << 20  # bytes; the official ones have about 2000
_ANNOTATIONS: Final = "val_annotations.txt"
_ZIPS: Final = ["tiny-imagenet-200.zip", "tiny_imagenet_100c.zip"]
_FOLDERS: Final = ["tiny-imagenet-200", "tiny_imagenet", "tiny-imagenet"]

Tree = tuple[list[str], Callable[[str], bytes]]


def find(folder: Path) -> Found | None:
    """The official set before a part of it, unpacked before zipped."""
    around = [folder, *(folder / name for name in _FOLDERS)]
    for place in (p / n for n in _FOLDERS for p in (folder, folder / "tiny_imagenet", folder / "tiny-imagenet")):
        if (place / "train").is_dir() and (place / "val").is_dir():
            return Found("folder", {"all": place})
    path = first_file([*around[1:], folder], _ZIPS)
    return Found("zip", {"all": path}) if path else None


def read(found: Found) -> Images:
    """Both splits, of shape (3, 64, 64); takes a second for each 6000 images or so."""
    path = found.files["all"]
    pillow()
    with reading(path, "Tiny ImageNet"), _tree(path) as (names, read_one):
        train, test = _members(names, read_one)
        classes = sorted({wnid for wnid, _ in train})
        if not classes or not test or not {wnid for wnid, _ in test} <= set(classes):
            raise ValueError("it lacks train/WNID/*.JPEG, or val pictures of the same classes")
        number = {wnid: k for k, wnid in enumerate(classes)}
        splits = [
            checked(_pictures([n for _, n in part], read_one), np.array([number[w] for w, _ in part]), len(classes), path)
            for part in (train, test)
        ]
    about = f"{len(classes)} classes, {len(splits[0])} + {len(splits[1])} images"
    return Images(splits[0], splits[1], len(classes), about)


@contextmanager
def _tree(path: Path) -> Iterator[Tree]:
    """The names of all files, with forward slashes, and what reads one."""
    if path.is_dir():
        yield sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()), lambda n: (path / n).read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        yield sorted(i.filename for i in archive.infolist() if i.file_size <= _LARGEST_PICTURE), archive.read


def _members(names: list[str], read_one: Callable[[str], bytes]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(wnid, file) of the training and of the validation pictures."""
    train: list[tuple[str, str]] = []
    test: list[tuple[str, str]] = []
    loose: dict[str, str] = {}
    annotations = ""
    for name in names:
        parts = PurePosixPath(name).parts
        at = next((i for i, part in enumerate(parts) if part in ("train", "val")), None)
        if at is None:
            continue
        inner = parts[at + 1 :]
        if inner == (_ANNOTATIONS,):
            annotations = read_one(name).decode("utf-8")
        elif not name.lower().endswith((".jpeg", ".jpg")):
            continue
        elif parts[at] == "val" and len(inner) == 2 and inner[0] == "images":
            loose[inner[1]] = name
        elif len(inner) == 2 or (len(inner) == 3 and inner[1] == "images"):
            (train if parts[at] == "train" else test).append((inner[0], name))
    rows = (line.split("\t") for line in annotations.splitlines())
    test += [(row[1], loose[row[0]]) for row in rows if len(row) > 1 and row[0] in loose]
    return _by_turns(train), _by_turns(test)


def _by_turns(members: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first picture of each class, then the second of each, and so on."""
    seen: dict[str, int] = {}
    placed = []
    for wnid, name in sorted(members):
        seen[wnid] = seen.get(wnid, 0) + 1
        placed.append((seen[wnid], wnid, name))
    return [(wnid, name) for _, wnid, name in sorted(placed)]


def _pictures(names: list[str], read_one: Callable[[str], bytes]) -> Bytes:
    opened = pillow().open
    clean = np.empty((len(names), 3, _SIDE, _SIDE), dtype=np.uint8)
    for k, name in enumerate(names):
        with opened(io.BytesIO(read_one(name))) as picture:
            if picture.size != (_SIDE, _SIDE):
                raise ValueError(f"{name} has {picture.size[0]} x {picture.size[1]} pixels")
            clean[k] = np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    return clean
