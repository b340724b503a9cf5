"""The trained model of a synthetic task on disk, and arrays of samples to whole `.rdc` files and back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch

from deep.bitstream import Header, check_model, pack, unpack
from deep.config import TrainConfig, config_from_json
from deep.run import load_tensors, save_tensors
from deep.synthetic.bernoulli_code import BernoulliCodec
from deep.synthetic.e8_tables import E8Tables
from deep.synthetic.gauss_codec import GaussCodec
from deep.synthetic.lattice import Lattice
from deep.tables import Tables
from rdcsym.problem import FloatArray, InputError, check_array

FORMAT: Final = "rdcsym synthetic model 1"
MOST_SAMPLES: Final = 2**20  # in a file: a forged header must not fill a reader's memory
_E8_ARRAYS: Final = ("mass", "tilt", "sign", "classes", "balance")
_E8_TABLES: Final = ("cosets", "coordinates")
_GAUSS_ARRAYS: Final = ("sigma_X", "sigma_Y", "gains", "spreads")

Codec = GaussCodec | BernoulliCodec


@dataclass(frozen=True, eq=False)
class SyntheticModel:
    """A trained codec with its integer tables; the fingerprint (8 bytes) stands in each file that it writes."""

    config: TrainConfig
    codec: Codec
    fingerprint: bytes
    steps: int
    machine: str

    @property
    def dimensions(self) -> int:
        """Numbers in a sample."""
        return len(self.codec.gains) if isinstance(self.codec, GaussCodec) else self.codec.words.shape[1]


def save_model(folder: Path, config: TrainConfig, codec: Codec, machine: str) -> None:
    """Write model.pt."""
    plain = {"format": FORMAT, "config": config.to_json(), "steps": config.steps, "machine": machine}
    save_tensors(folder / "model.pt", {**plain, "codec": _to_tensors(codec)})


def load_model(folder: str | Path) -> SyntheticModel:
    """The trained model of a run folder; InputError where there is none, or it cannot be read."""
    path = Path(folder) / "model.pt"
    found = load_tensors(path, "model", "name the folder of a finished `rdcsym train`")
    if found.get("format") != FORMAT:
        problem = f"is of format {found.get('format')!r}"
        raise InputError("model", str(path), problem, f"this reads {FORMAT!r}: name the run of a synthetic task, or train again")
    codec = _from_tensors(found["codec"])
    return SyntheticModel(
        config_from_json(found["config"]), codec, _fingerprint(found["codec"]), found["steps"], found["machine"]
    )


def compress(model: SyntheticModel, x: Any, seed: int = 0) -> tuple[bytes, FloatArray]:
    """The bytes of a file of samples x (N, n), and their exact cost in bits: of each sample, or of each eight (E8).

    Numbers of the Gaussian task are any finite ones, of the binary task 0 and 1. Raises InputError for anything else.
    """
    samples = check_array("samples", x, 2)
    if samples.shape[1] != model.dimensions:
        problem = f"does not fit the model, whose samples have {model.dimensions} numbers"
        raise InputError("samples", f"shape {samples.shape}", problem, "give one sample a row")
    if not 1 <= len(samples) <= MOST_SAMPLES:
        raise InputError("samples", len(samples), f"must be 1 to {MOST_SAMPLES} in a file", "split them over several files")
    if isinstance(model.codec, GaussCodec):
        if not np.isfinite(samples).all():
            raise InputError("samples", "inf", "is no finite number", "leave it out")
        payload, cost = model.codec.encode(samples, seed)
    else:
        if not np.isin(samples, (0.0, 1.0)).all():
            raise InputError("samples", f"array of {np.asarray(x).dtype}", "must be 0 and 1", "round them")
        payload, cost = model.codec.encode(samples.astype(np.uint8), seed)
    header = Header(
        mode="common",
        fingerprint=model.fingerprint,
        seed=seed,
        images=len(samples),
        channels=1,
        height=1,
        width=model.dimensions,
    )
    return pack(header, payload), cost


def decompress(model: SyntheticModel, data: bytes, name: str | Path = "data") -> Any:
    """The samples (N, n) in a file's bytes, float64 or (binary task) uint8; InputError where they are no file of this model."""
    header, payload = unpack(data, name)
    check_model(header, model.fingerprint, name)
    if header.shape != (1, 1, model.dimensions) or header.images > MOST_SAMPLES or header.mode != "common":
        raise InputError("file", str(name), "has a header that makes no sense for this model", "compress the samples again")
    return model.codec.decode(payload, header.images, header.seed)


def _to_tensors(codec: Codec) -> dict[str, Any]:
    if isinstance(codec, BernoulliCodec):
        return {"words": torch.from_numpy(codec.words.copy()), "tables": _table(codec.tables)}
    found: dict[str, Any] = {name: torch.from_numpy(getattr(codec, name).copy()) for name in _GAUSS_ARRAYS}
    found["lattice"] = codec.lattice
    if isinstance(codec.tables, Tables):
        found["tables"] = _table(codec.tables)
    elif codec.tables is not None:
        tables = codec.tables
        found["e8"] = {name: torch.from_numpy(getattr(tables, name).copy()) for name in _E8_ARRAYS}
        found["e8"] |= {name: _table(getattr(tables, name)) for name in _E8_TABLES}
    return found


def _from_tensors(found: dict[str, Any]) -> Codec:
    tables: Tables | E8Tables | None = Tables(**_arrays(found["tables"])) if "tables" in found else None
    if "words" in found:
        return BernoulliCodec(found["words"].numpy(), cast(Tables, tables))
    if "e8" in found:
        parts: dict[str, Any] = {name: found["e8"][name].numpy() for name in _E8_ARRAYS}
        parts |= {name: Tables(**_arrays(found["e8"][name])) for name in _E8_TABLES}
        tables = E8Tables(**parts)
    vectors = {name: found[name].numpy() for name in _GAUSS_ARRAYS}
    return GaussCodec(lattice=cast(Lattice, found["lattice"]), tables=tables, **vectors)


def _table(tables: Tables) -> dict[str, torch.Tensor]:
    """Half the size: frequencies are below 2^31."""
    return {name: torch.from_numpy(getattr(tables, name).astype(np.int32)) for name in ("frequencies", "lowest")}


def _arrays(found: dict[str, torch.Tensor]) -> dict[str, Any]:
    return {name: value.numpy().astype(np.int64) for name, value in found.items()}


def _fingerprint(found: dict[str, Any]) -> bytes:
    digest = hashlib.blake2b(FORMAT.encode(), digest_size=8)
    for name, value in sorted(_flat(found)):
        digest.update(name.encode())
        digest.update(value.encode() if isinstance(value, str) else np.ascontiguousarray(value.numpy()).tobytes())
    return digest.digest()


def _flat(found: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    parts: list[tuple[str, Any]] = []
    for name, value in found.items():
        parts += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return parts
