"""scikit-learn's handwritten digits, inside the package: the embedded default, which needs no download and no scikit-learn.

`digits.npz` holds the 1797 images (8 x 8, grey values 0..16) and labels that `sklearn.datasets.load_digits` returns: the test
set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998),
as distributed with scikit-learn (BSD 3-clause).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from deep.data.images import WHITE, Found, Images, Split, reading

# The last images are for testing. The labels repeat one form of about 130 digits, so images come writer by writer: a contiguous
# split keeps the writers apart but for the one whose form, begun at image 1415, is cut at 1437.
TEST: Final = 360
_SCALE: Final = 16  # the grey values of the original are 0..16
_CLASSES: Final = 10
_FILE: Final = Path(__file__).with_name("digits.npz")


def find() -> Found:
    """The package's own file."""
    return Found("embedded in the package", {"all": _FILE})


def read(found: Found) -> Images:
    """1437 training and 360 test images of shape (1, 8, 8); a grey value v of 0..16 becomes round(255 v / 16)."""
    path = found.files["all"]
    with reading(path, "file of digits"), np.load(path) as kept:
        grey, labels = kept["images"], kept["labels"].astype(np.int64)
    # + half, then floor: 255 v / 16 is a half for v = 8 only, which becomes 128.
    clean = ((2 * WHITE * grey.astype(np.int64) + _SCALE) // (2 * _SCALE)).astype(np.uint8)[:, None]
    return Images(Split(clean[:-TEST], labels[:-TEST]), Split(clean[-TEST:], labels[-TEST:]), _CLASSES, "embedded digits")
