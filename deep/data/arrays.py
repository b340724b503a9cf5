"""Any set as plain arrays: `NAME.npz` with train, test (uint8 (N, C, H, W)), train_labels, test_labels (N,), classes and origin.

For machines that lack a set's own format or the library that reads it (Pillow): `save(load("svhn"), "svhn.npz")` elsewhere, then
put the file in the data folder, where it is found before all other formats.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from deep.data.images import Found, Images, checked, reading
from rdcsym.files import write_atomically


def find(folder: Path, name: str) -> Found | None:
    """The file `NAME.npz` in the folder."""
    path = folder / f"{name}.npz"
    return Found("arrays", {"all": path}) if path.is_file() else None


def read(found: Found) -> Images:
    """The set as it was saved."""
    path = found.files["all"]
    with reading(path, "file of arrays"), np.load(path) as kept:
        held = {key: kept[key] for key in ("train", "train_labels", "test", "test_labels", "classes", "origin")}
        classes, origin = int(held["classes"]), str(held["origin"])
    train, test = (checked(held[part], held[f"{part}_labels"], classes, path) for part in ("train", "test"))
    return Images(train, test, classes, origin)


def save(images: Images, path: str | Path) -> None:
    """Write a set as plain arrays, whole or not at all. Raises InputError where the file cannot be written."""
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        train=images.train.clean,
        train_labels=images.train.labels,
        test=images.test.clean,
        test_labels=images.test.labels,
        classes=np.int64(images.classes),
        origin=np.str_(images.origin),
    )
    write_atomically(path, packed.getvalue())
