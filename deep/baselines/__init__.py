"""The peers of the natural-image table, one file each; `peer("bm3d")` makes one, importing what it needs only then."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from rdcsym.problem import InputError, nearest

if TYPE_CHECKING:
    from deep.baselines.protocol import Peer

__all__ = ["PEERS", "peer"]

# Name on the command line -> its module and class, in the table's order.
PEERS: Final = {
    "jpeg2000": ("jpeg2000", "JPEG2000"),
    "bm3d": ("bm3d_denoiser", "BM3D"),
    "decompress": ("decompress", "DeCompress"),
    "ot_denoising": ("ot_denoising", "OTDenoising"),
}


def peer(name: str) -> Peer:
    """The peer of that name with its default settings. Raises InputError for an unknown name."""
    if name not in PEERS:
        raise InputError("peer", name, "is no known peer", nearest(name, PEERS))
    module, made = PEERS[name]
    found: Peer = getattr(import_module(f"{__name__}.{module}"), made)()
    return found
