"""The models that come with the package: weights of half precision, some 10 MB, beside the tables they code with."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from deep.config import config_from_json
from deep.natural.model import FORMAT, NaturalModel, from_content
from deep.natural.scale_tables import scale_tables
from deep.run import load_tensors
from rdcsym.files import write_atomically
from rdcsym.problem import InputError, nearest

FOLDER: Final = Path(__file__).with_name("weights")
DIGESTS: Final = FOLDER / "sha256.json"
_META: Final = "meta"


def pretrained_names() -> list[str]:
    """The models at hand."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


def pretrained(name: str) -> NaturalModel:
    """A model of the package, by name ("natural"); InputError where it is unknown or its file is not what it was."""
    known = pretrained_names()
    if name not in known:
        raise InputError("task", name, "has no pretrained model", nearest(name, known) if known else "train one and name its run")
    path = FOLDER / f"{name}.npz"
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != json.loads(DIGESTS.read_text(encoding="utf-8")).get(path.name):
        raise InputError("task", name, "has a damaged model file", "install rdcsym again")
    return read_weights(data, str(path))


def read_weights(data: bytes, name: str) -> NaturalModel:
    """The model in the bytes of a file that `write_weights` wrote; no code in it is run."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            content: dict[str, Any] = json.loads(str(kept[_META]))
            arrays = {key: torch.from_numpy(kept[key]) for key in kept.files if key != _META}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("model", name, f"is damaged or foreign ({type(error).__name__})", "install rdcsym again") from None
    for part in ("codec", "tables"):
        content[part] = {key.removeprefix(f"{part}."): a for key, a in arrays.items() if key.startswith(f"{part}.")}
    return from_content(content, name)


def write_weights(run: str | Path, path: str | Path) -> Path:
    """Make a file of a finished run's model, without its critic; a run's own files are of another fingerprint than its copy's."""
    found = load_tensors(Path(run) / "model.pt", "model", "name the folder of a finished `rdcsym train`")
    if found.get("format") != FORMAT:
        raise InputError("model", str(run), f"is of format {found.get('format')!r}", "name a run of photographs")
    arrays = {f"codec.{key}": value.numpy().astype(np.float16) for key, value in found["codec"].items()}
    tables = scale_tables(config_from_json(found["config"]).mode)  # this version's, not those of the run's day
    arrays |= {f"tables.{key}": getattr(tables, key).astype(np.int32) for key in ("frequencies", "lowest")}
    meta = json.dumps({key: found[key] for key in ("format", "config", "steps", "machine")})
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{_META: np.array(meta)}, **arrays)  # type: ignore[arg-type]
    target = Path(path)
    write_atomically(target, buffer.getvalue())
    digests = target.with_name(DIGESTS.name)
    kept = json.loads(digests.read_text(encoding="utf-8")) if digests.exists() else {}
    kept[target.name] = hashlib.sha256(buffer.getvalue()).hexdigest()
    write_atomically(digests, json.dumps(kept, indent=1, sort_keys=True) + "\n")
    return target
