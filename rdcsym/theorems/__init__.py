"""The catalogue. One file is one theorem; adding a theorem is adding its file and its line here."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from rdcsym.problem import InputError, nearest
from rdcsym.theorem import Theorem

NAMES: Final = (
    "drc-bernoulli-oneshot",
    "rdc-bernoulli-oneshot",
    "drc-bernoulli-oneshot-seed-blind",
    "rdc-bernoulli-oneshot-seed-blind",
    "drc-gaussian",
    "rdc-gaussian",
    "drpc-gaussian-kl",
    "drpc-gaussian-w2",
    "drc-gaussian-limited-randomness",
    "rdp-gaussian-w2",
    "rdp-gaussian-kl",
    "rdc-gaussian-single-domain",
    "rd-bernoulli",
    "rdp-bernoulli-tv",
    "rdc-bernoulli-single-domain",
    "drc-bernoulli-asymptotic",
    "rdc-bernoulli-asymptotic",
    "rd-bernoulli-oneshot-lower",
    "rd-bernoulli-oneshot-upper",
    "rd-gaussian",
    "rd-gaussian-vector",
    "drc-gaussian-vector",
    "rdc-gaussian-vector",
    "drpc-gaussian-vector-w2",
    "rd-gaussian-dithered",
    "mec-bernoulli",
    "fano",
)


def theorems() -> list[str]:
    """The names of all theorems of the catalogue, in its order."""
    return list(NAMES)


def theorem(name: str) -> Theorem:
    """The theorem of that name. Raises InputError, with the nearest names, where there is none."""
    if name not in NAMES:
        raise InputError("theorem", name, "is no theorem of the catalogue", nearest(str(name), NAMES))
    module = import_module(f"rdcsym.theorems.{name.replace('-', '_')}")
    found: Theorem = module.THEOREM
    return found
