"""Street View House Numbers (Netzer et al. 2011), cropped digits, 32 x 32 RGB. For non-commercial use only.

Two formats: the official `train_32x32.mat` and `test_32x32.mat`; or the first 10000 official *test* images as a PNG strip. Of the
strip the first 8000 are for training and the last 2000 for testing: neighbouring crops come from one photograph, so a random
split would leak.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from deep.data.images import Found, Images, Split, checked, first_file, reading, strip

CLASSES: Final = 10
_SIDE: Final = 32
_MAT: Final = {"train": "train_32x32.mat", "test": "test_32x32.mat"}
_STRIP: Final = {"all": "svhn_test_first10000.png", "all labels": "svhn_test_first10000_labels.npy"}
_STRIP_TEST_SHARE: Final = 5  # one image in so many, at the end, is for testing


def find(folder: Path) -> Found | None:
    """The official files before the strip, in the folder or its `svhn`."""
    folders = [folder / "svhn", folder / "SVHN", folder]
    for form, names in (("MATLAB", _MAT), ("PNG strip", _STRIP)):
        files = {role: path for role, name in names.items() if (path := first_file(folders, [name]))}
        if len(files) == len(names):
            return Found(form, files)
    return None


def read(found: Found) -> Images:
    """Both splits, of shape (3, 32, 32)."""
    if found.format == "MATLAB":
        train, test = _matlab(found.files["train"]), _matlab(found.files["test"])
        return Images(train, test, CLASSES, f"official MATLAB files, {len(train)} + {len(test)} images")
    path = found.files["all labels"]
    with reading(path, "array of labels"):
        labels = np.load(path)
    whole = checked(strip(found.files["all"], _SIDE), labels, CLASSES, path)
    cut = len(whole) - len(whole) // _STRIP_TEST_SHARE
    train, test = (Split(whole.clean[part], whole.labels[part]) for part in (slice(cut), slice(cut, None)))
    about = f"the first {len(whole)} official test images, split contiguously into {len(train)} + {len(test)}"
    return Images(train, test, CLASSES, about)


def _matlab(path: Path) -> Split:
    from scipy.io import loadmat

    with reading(path, "MATLAB file of SVHN"):
        held = loadmat(path, variable_names=["X", "y"])
        images, labels = held["X"], held["y"].ravel()
        if images.shape[:3] != (_SIDE, _SIDE, 3):
            raise ValueError(f"X has the shape {images.shape}")
        clean = np.ascontiguousarray(images.transpose(3, 2, 0, 1))
    # The digit 0 is labelled 10 there.
    return checked(clean, np.where(labels == CLASSES, 0, labels.astype(np.int64)), CLASSES, path)
