"""Fluorescence microscopy of nuclei, grey.

The published set is DenoiSeg's Mouse Nuclei without added noise (Buchholz et al. 2020, CC BY-SA 4.0): `Mouse_n0.zip`, or its
files `train/train_data.npz` (X_train; its X_val is left alone) and `test/test_data.npz` (X_test, 67 images), arrays (N, H, W) in
0..255. We have read descriptions of that layout, not the files themselves.

`dsb2018_fluo_gray256.npz` is a STAND-IN where that is not at hand: 330 grey fluorescence images of 256 x 256 of the 2018 Data
Science Bowl (`x`), split by `is_test` into 275 and 55. They are dark (mean 12 of 255) and of other cells: figures on them are not
comparable with published ones.
"""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.data.images import WHITE, Bytes, Found, first_file, reading, unusable
from deep.data.photograph import Photograph

STAND_IN: Final = "stand-in (Data Science Bowl 2018)"
_ZIP: Final = "Mouse_n0.zip"
_FOLDERS: Final = ("nuclei", "nuclei/Mouse_n0", "Mouse_n0", "denoiseg_mouse", "denoiseg_mouse/Mouse_n0")
_MEMBERS: Final = {"train": ("train/train_data.npz", "X_train"), "test": ("test/test_data.npz", "X_test")}
_OURS: Final = "dsb2018_fluo_gray256.npz"
_LARGEST_MEMBER: Final = 1 << 29  # bytes; the published ones have about 60 and 4 million


def find(folder: Path) -> Found | None:
    """The published set, unpacked or zipped, before the stand-in."""
    for place in (folder / name for name in _FOLDERS):
        files = {split: place / member for split, (member, _) in _MEMBERS.items()}
        if all(file.is_file() for file in files.values()):
            return Found("DenoiSeg Mouse Nuclei", files)
    packed = first_file([folder, *(folder / name for name in _FOLDERS)], [_ZIP])
    if packed:
        return Found("DenoiSeg Mouse Nuclei", {"zip": packed})
    ours = first_file([folder / "nuclei_dsb2018", folder / "nuclei", folder], [_OURS])
    return Found(STAND_IN, {"all": ours}) if ours else None


def read(found: Found, split: str) -> list[Photograph]:
    """The images of one split, three equal channels each; their arrays are read once and shared."""
    if "all" in found.files:
        path, member, key = found.files["all"], "", split
    else:
        member, key = _MEMBERS[split]
        path = found.files.get(split) or found.files["zip"]
        member = "" if split in found.files else member
    images = _images(path, path.stat().st_mtime_ns, member, key)
    return [Photograph(f"{split}-{k:03d}", partial(_one, images, k)) for k in range(len(images))]


def _one(images: Bytes, k: int) -> Bytes:
    return np.repeat(images[k][..., None], 3, axis=2)


@lru_cache(maxsize=4)
def _images(path: Path, _changed: int, member: str, key: str) -> Bytes:
    """uint8 (N, H, W) of one file, or of a member of a zip; `_changed` is the file's time, so that a new file is read anew."""
    with reading(path, "set of nuclei"):
        if member:
            with zipfile.ZipFile(path) as archive:
                inner = next(i for i in archive.infolist() if i.filename.endswith(member))
                if inner.file_size > _LARGEST_MEMBER:
                    raise ValueError(f"{inner.filename} has {inner.file_size} bytes")
                return _kept(np.load(io.BytesIO(archive.read(inner))), key, path)
        with np.load(path) as arrays:
            return _kept(arrays, key, path)


def _kept(arrays: Any, key: str, path: Path) -> Bytes:
    if "is_test" in arrays:
        images = arrays["x"][arrays["is_test"] == (key == "test")]
    else:
        images = arrays[key]
    if images.ndim != 3 or len(images) == 0 or images.dtype.kind not in "uif":
        raise unusable(path, f"holds no grey images, but {images.dtype} of shape {images.shape}")
    if images.dtype != np.uint8:  # the published arrays are of floating point
        if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= WHITE):
            raise unusable(path, f"has values from {images.min()} to {images.max()}, not grey values of 0..{WHITE}")
        images = np.rint(images).astype(np.uint8)
    kept: Bytes = images
    return kept
