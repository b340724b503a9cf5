"""Public originals of the photographs: addresses, and the digests that what they serve must have.

`originals.txt` has a line a file: set, place below the data folder, SHA-256. The digests of kodak24, bsds-train200 and set12 are
those of the files that our figures were measured on; that of the nuclei is the one in CAREamics' portfolio. No address
was tried from where this was written: a file of another digest is refused. Other sets are fetched by hand.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

_ADDRESSES: Final = {
    "kodak24": "http://r0k.us/graphics/kodak/kodak/",
    "bsds-train200": "https://raw.githubusercontent.com/BIDS/BSDS500/master/BSDS500/data/images/train/",
    "set12": "https://raw.githubusercontent.com/cszn/DnCNN/master/testsets/Set12/",
}
_NUCLEI: Final = (
    "https://zenodo.org/record/5157001/files/Mouse_n0.zip?download=1",
    "nuclei/Mouse_n0.zip",
    "5d6fd2fc23ab991a8fde4bd0ec5e9fc9299f9a9ddc2a8acb7095f9b02ff3c9d7",
)

# What to do where there is nothing to be downloaded.
BY_HAND: Final = {
    "cbsd68": "by hand: put the 68 CBSD68 pictures in bsds/cbsd68/ (or CBSD68/) of the data folder",
    "sidd": "by hand: unpack SIDD-Small or -Medium (sRGB) so that SIDD_Small_sRGB_Only/Data/SCENE/ holds its pictures",
}


def originals() -> dict[str, list[tuple[str, str, str]]]:
    """For each set that can be fetched: (address, place below the data folder, SHA-256) of each of its files."""
    found: dict[str, list[tuple[str, str, str]]] = {name: [] for name in _ADDRESSES}
    for line in files("deep.data").joinpath("originals.txt").read_text(encoding="ascii").splitlines():
        name, place, digest = line.split()
        found[name].append((_ADDRESSES[name] + place.rpartition("/")[2], place, digest))
    return found | {"nuclei": [_NUCLEI]}
