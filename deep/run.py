"""A run folder: config.json, checkpoint.pt while it trains, model.pt when it is done, metrics.jsonl, operating_point.json,
samples.npz.

Every file is written aside and renamed, so a kill leaves the last whole one. Checkpoints hold tensors and plain data only and are
read with torch's restricted loader: opening a stranger's file runs none of its code.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from deep.codec import Codec
from deep.config import TrainConfig, config_from_json
from deep.networks import Classifier, Critic
from deep.tables import Tables
from rdcsym.files import write_atomically
from rdcsym.problem import InputError

FORMAT: Final = "rdcsym model 1"
CLASSIFIER_WIDTH: Final = 32
CRITIC_WIDTH: Final = 32


@dataclass(frozen=True, eq=False)
class Networks:
    """The four things that are trained."""

    codec: Codec
    critic: Critic
    classifier: Classifier


@dataclass(frozen=True, eq=False)
class Model:
    """A trained codec, ready to write files: its integer tables are fixed, and its fingerprint (8 bytes) stands in each file."""

    config: TrainConfig
    networks: Networks
    tables: Tables
    fingerprint: bytes
    steps: int
    machine: str


def build(shape: tuple[int, int, int], labels: int, config: TrainConfig) -> Networks:
    """Fresh networks, initialised from the seed."""
    torch.manual_seed(config.seed)
    return Networks(Codec(shape, config), Critic(shape, CRITIC_WIDTH), Classifier(shape, labels, CLASSIFIER_WIDTH))


def save_model(
    folder: Path, networks: Networks, config: TrainConfig, shape: tuple[int, int, int], labels: int, steps: int, machine: str
) -> None:
    """Fix the integer tables and write model.pt and config.json."""
    tables = networks.codec.entropy_model.tables(networks.codec.levels)
    save_tensors(
        folder / "model.pt",
        {
            "format": FORMAT,
            "config": config.to_json(),
            "shape": list(shape),
            "labels": labels,
            "steps": steps,
            "machine": machine,
            "networks": {name: getattr(networks, name).state_dict() for name in ("codec", "critic", "classifier")},
            "tables": {name: torch.tensor(getattr(tables, name)) for name in ("frequencies", "lowest")},
        },
    )


def load_model(folder: str | Path) -> Model:
    """The trained model of a run folder; InputError where there is none, or it cannot be read."""
    path = Path(folder) / "model.pt"
    found = load_tensors(path, "model", "name the folder of a finished `rdcsym train`")
    if found.get("format") != FORMAT:
        raise InputError(
            "model", str(path), f"is of format {found.get('format')!r}", f"this version reads {FORMAT!r}: train again"
        )
    config = config_from_json(found["config"])
    networks = build(tuple(found["shape"]), found["labels"], config)
    try:
        for name, state in found["networks"].items():
            getattr(networks, name).load_state_dict(state)
            getattr(networks, name).eval()
    except RuntimeError:  # the networks have changed since
        raise InputError("model", str(path), "is of other networks than this version has", "train again") from None
    tables = Tables(**{name: value.numpy() for name, value in found["tables"].items()})
    return Model(config, networks, tables, fingerprint(networks.codec, tables), found["steps"], found["machine"])


def fingerprint(codec: Codec, tables: Tables) -> bytes:
    """8 bytes that tell models apart: of everything that decoding depends on."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([FORMAT, codec.mode, codec.levels, codec.noise_levels, list(codec.shape)]).encode())
    for name, value in sorted(codec.decoder.state_dict().items()):
        digest.update(name.encode() + np.ascontiguousarray(value.cpu().numpy()).tobytes())
    for part in (tables.frequencies, tables.lowest):
        digest.update(np.ascontiguousarray(part.astype("<i8")).tobytes())
    return digest.digest()


def save_tensors(path: Path, content: dict[str, Any]) -> None:
    """torch.save, written aside and renamed."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getvalue())


def load_tensors(path: Path, argument: str, fix: str) -> dict[str, Any]:
    """A file of `save_tensors`, read without running any code in it."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(argument, str(path), "does not exist", fix) from None
    except OSError as error:
        raise InputError(argument, str(path), f"cannot be read ({error.strerror})", fix) from None
    except Exception as error:  # torch names no one error for a damaged or foreign file
        raise InputError(argument, str(path), f"is damaged or foreign ({type(error).__name__})", fix) from None
    if not isinstance(found, dict):
        raise InputError(argument, str(path), "holds no run", fix)
    return found
