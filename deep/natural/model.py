"""A trained codec of photographs: its run folder, and what a file of it must be decoded with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from deep.config import TrainConfig, changed, config_from_json
from deep.machine import machine
from deep.natural.codec import NaturalCodec
from deep.natural.networks import Critic
from deep.natural.scale_tables import scale_tables
from deep.run import load_tensors, save_tensors
from deep.tables import Tables
from rdcsym.problem import InputError

FORMAT: Final = "rdcsym photographs 2"


@dataclass(frozen=True, eq=False)
class NaturalModel:
    """A codec ready to write files: its integer tables are fixed, and its fingerprint (8 bytes) stands in each file."""

    config: TrainConfig
    codec: NaturalCodec
    tables: Tables
    fingerprint: bytes
    steps: int
    machine: str


def save_model(folder: Path, codec: NaturalCodec, critic: Critic, config: TrainConfig, steps: int) -> None:
    """Fix the integer tables and write model.pt."""
    tables = scale_tables(codec.mode)
    content = {
        "format": FORMAT,
        "config": config.to_json(),
        "steps": steps,
        "machine": machine(torch.device("cpu")),
        "codec": codec.state_dict(),
        "critic": critic.state_dict(),
        "tables": {name: torch.tensor(getattr(tables, name)) for name in ("frequencies", "lowest")},
    }
    save_tensors(folder / "model.pt", content)


def load_model(folder: str | Path) -> NaturalModel:
    """The trained model of a run folder; InputError where there is none, or it cannot be read."""
    path = Path(folder) / "model.pt"
    return from_content(load_tensors(path, "model", "name the folder of a finished `rdcsym train`"), str(path))


def from_content(found: Mapping[str, Any], name: str) -> NaturalModel:
    """The model that `save_model` wrote, of its content; `name` is the file's, for errors."""
    if found.get("format") != FORMAT:
        fix = f"this version reads {FORMAT!r}: train again, or install rdcsym again for a model that comes with it"
        raise InputError("model", name, f"is of format {found.get('format')!r}", fix)
    config = config_from_json(found["config"])
    if not any(key.startswith("estimator.refiner.") for key in found["codec"]):  # it may be older than refiners are
        config = changed(config, options={**config.options, "refiner_width": 0})
    codec = NaturalCodec(config)
    try:
        codec.load_state_dict({key: value.float() for key, value in found["codec"].items()})
    except RuntimeError:  # the networks have changed since
        raise InputError("model", name, "is of other networks than this version has", "train again") from None
    codec = codec.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    tables = Tables(**{key: value.numpy().astype(np.int64) for key, value in found["tables"].items()})
    return NaturalModel(config, codec, tables, fingerprint(codec, tables), int(found["steps"]), str(found["machine"]))


def load_start(folder: str, codec: NaturalCodec, critic: Critic | None) -> None:
    """Put the weights of a finished run into `codec` and, where given, `critic`; InputError where they do not fit."""
    found = _started("options.start", folder)
    try:
        codec.load_state_dict(found["codec"])
        if critic is not None:
            critic.load_state_dict(found["critic"])
    except RuntimeError:
        raise InputError(
            "options.start",
            folder,
            "has other networks",
            "use its width, latent, qualities, distortion, estimator_width, refiner_width",
        ) from None


def load_estimator(folder: str, codec: NaturalCodec) -> None:
    """Put the estimator of a finished run into `codec`; InputError where there is none, or it does not fit."""
    name, prefix = "options.start_estimator", "estimator."
    found = _started(name, folder)["codec"]
    kept = {key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)}
    try:
        if codec.estimator is None or not kept:
            raise InputError(name, folder, "finds no estimator", "both runs need one: distortion=sure or clean")
        mine = codec.estimator.state_dict()
        fresh = {key: mine[key] for key in mine if key.startswith("refiner.") and key not in kept}  # it may be added later
        codec.estimator.load_state_dict(fresh | kept)
    except RuntimeError:
        raise InputError(name, folder, "has an estimator of another size", "use its estimator_width and refiner_width") from None


def _started(name: str, folder: str) -> Mapping[str, Any]:
    found = load_tensors(Path(folder) / "model.pt", name, "name the folder of a finished `rdcsym train`")
    if found.get("format") != FORMAT:
        raise InputError(name, folder, "holds no codec of photographs that this version reads", "name a run of one")
    return found


def fingerprint(codec: NaturalCodec, tables: Tables) -> bytes:
    """8 bytes that tell models apart: of everything that decoding depends on."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([FORMAT, codec.mode, codec.levels, codec.latent, codec.options.qualities]).encode())
    for part, state in (("decoder", codec.decoder), ("context", codec.context)):
        for name, value in sorted(state.state_dict().items()):
            digest.update(f"{part}.{name}".encode() + np.ascontiguousarray(value.cpu().numpy()).tobytes())
    digest.update(np.ascontiguousarray(codec.log_gain.detach().cpu().numpy()).tobytes())
    for array in (tables.frequencies, tables.lowest):
        digest.update(np.ascontiguousarray(array.astype("<i8")).tobytes())
    return digest.digest()
