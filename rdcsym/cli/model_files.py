"""What `compress` and `decompress` share: which kind of model a run holds, arrays of samples, raw bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rdcsym.problem import InputError


def model_kind(run: str | Path) -> str:
    """Kind of the task of a run ("images", "gauss-vector", ...); InputError where the folder holds no run."""
    from deep.checkpoint import held_settings
    from deep.tasks import task
    from rdcsym.files import shown

    held = held_settings(Path(run))
    if held is None:
        raise InputError("--model", shown(run), "holds no run", "name the folder of a finished `rdcsym train`")
    return task(str(held.get("task"))).kind


def read_array(path: str | Path) -> Any:
    """Samples of a synthetic source, one a row, from a .npy file; no code in it is run."""
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror or 'no .npy file'})") from None
    except (ValueError, EOFError):
        raise _refused(path, "is no array") from None
    if not isinstance(array, np.ndarray) or array.ndim != 2 or not len(array) or array.dtype.kind not in "fiub":
        raise _refused(path, "is no array of numbers with a sample in each row")
    return array


def check_array_name(path: str | Path) -> None:
    """InputError for a name that does not end in .npy."""
    if Path(path).suffix.lower() != ".npy":
        raise _refused(path, "is no name for an array")


def _refused(path: str | Path, problem: str) -> InputError:
    from rdcsym.files import shown

    return InputError("file", shown(path), problem, "a model of a synthetic task takes and gives .npy files")
