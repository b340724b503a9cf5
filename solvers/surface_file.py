"""Rows of a surface as .npz files: ends, methods and evidence as plain arrays, whole or not at all.

Evidence is one of the dataclasses of `certificate`; its fields are arrays, numbers and tuples of fractions, and are stored under
"KIND/INDEX/field". Nothing is executed on reading, and what is read proves nothing until the kernel has checked it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from rdcsym.files import write_atomically
from solvers import certificate as evidence
from solvers.problem import DiscreteProblem
from solvers.surface_row import Cell, Question

FORMAT: Final = "rdcsym surface row 1"
KINDS: Final = (
    "JointPlan", "PotentialPlan", "PlanMixture", "MapMixture",
    "SemiDual", "ChannelDual", "TreeDual", "LabelBound", "MapDual", "SeedBlindDual",
)  # fmt: skip


def fingerprint(problem: DiscreteProblem, rate: float, classifications: Sequence[float] | None, question: Question) -> str:
    """What a row is about, so that a file of another problem or budget is never taken for it."""
    state = hashlib.sha256(f"{FORMAT} {question!r} {float(rate)!r}".encode())
    label = problem.p_S_given_X
    arrays = [problem.p_X, problem.p_Y, problem.cost, np.zeros(0) if label is None else label]
    arrays.append(np.zeros(0) if classifications is None else np.asarray(classifications, dtype=float))
    for array in arrays:
        state.update(str(array.shape).encode())
        state.update(np.ascontiguousarray(array, dtype=float).tobytes())
    return state.hexdigest()


def save_row(path: Path, cells: Sequence[Cell], mark: str) -> None:
    """Write the cells; evidence that cells share is stored once."""
    arrays: dict[str, Any] = {"format": np.array(FORMAT), "fingerprint": np.array(mark)}
    for name in ("lower", "upper"):
        arrays[name] = np.array([getattr(cell, name) for cell in cells])
    for name in ("method", "arithmetic"):
        arrays[name] = np.array([getattr(cell, name) for cell in cells])
    for side in ("primal", "dual"):
        known: dict[int, int] = {}
        places = []
        for cell in cells:
            item = getattr(cell, side)
            if item is not None and id(item) not in known:
                known[id(item)] = len(known)
                arrays |= _encoded(f"{side}/{known[id(item)]}", item)
            places.append(-1 if item is None else known[id(item)])
        arrays[f"{side}_of"] = np.array(places)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())


def load_row(path: Path, mark: str) -> list[Cell] | None:
    """The cells of a finished row; None where there is no such file, or it is of another question or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if str(arrays["format"]) != FORMAT or str(arrays["fingerprint"]) != mark:
            return None
        items = {side: _decoded(arrays, side) for side in ("primal", "dual")}
        return [
            Cell(
                float(arrays["lower"][i]),
                float(arrays["upper"][i]),
                None if arrays["primal_of"][i] < 0 else items["primal"][int(arrays["primal_of"][i])],
                items["dual"][int(arrays["dual_of"][i])],
                str(arrays["method"][i]),
                str(arrays["arithmetic"][i]),  # type: ignore[arg-type]
            )
            for i in range(len(arrays["lower"]))
        ]
    except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, EOFError):
        return None


def _encoded(prefix: str, item: Any) -> dict[str, Any]:
    """The fields of one piece of evidence; nested evidence (in a SeedBlindDual) below its own prefix."""
    arrays: dict[str, Any] = {f"{prefix}/kind": np.array(type(item).__name__)}
    for field in dataclasses.fields(item):
        value, name = getattr(item, field.name), f"{prefix}/{field.name}"
        if dataclasses.is_dataclass(value):
            arrays |= _encoded(name, value)
        elif isinstance(value, Fraction):
            arrays[name] = np.array(f"fraction {value}")
        elif isinstance(value, tuple):
            arrays[name] = np.array(["fractions", *map(str, value)])
        elif value is None:
            arrays[name] = np.array("none")
        else:
            arrays[name] = np.asarray(value)
    return arrays


def _decoded(arrays: dict[str, Any], side: str) -> list[Any]:
    found: list[Any] = []
    while f"{side}/{len(found)}/kind" in arrays:
        found.append(_item(arrays, f"{side}/{len(found)}"))
    return found


def _item(arrays: dict[str, Any], prefix: str) -> Any:
    kind = str(arrays[f"{prefix}/kind"])
    if kind not in KINDS:
        raise ValueError(kind)
    made = getattr(evidence, kind)
    return made(**{field.name: _value(arrays, f"{prefix}/{field.name}") for field in dataclasses.fields(made)})


def _value(arrays: dict[str, Any], name: str) -> Any:
    if f"{name}/kind" in arrays:
        return _item(arrays, name)
    value = arrays[name]
    if value.dtype.kind != "U":
        return value if value.ndim else value.item()
    if value.ndim:
        return tuple(Fraction(text) for text in value[1:].tolist())
    text = str(value)
    return None if text == "none" else Fraction(text.removeprefix("fraction "))
