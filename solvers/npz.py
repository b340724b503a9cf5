"""A user's .npz files: samples for a codebook, or a finished discrete problem. Every fault is one InputError."""

from __future__ import annotations

import zipfile
import zlib
from os import PathLike, fspath
from typing import Any

import numpy as np

from rdcsym.problem import FloatArray, InputError
from solvers.codebook import CodebookProblem, problem_from_samples
from solvers.problem import DiscreteProblem

Path = str | PathLike[str]


def load_samples(path: Path, codewords_x: int = 16, codewords_y: int = 16, seed: int = 0) -> CodebookProblem:
    """`problem_from_samples` of the arrays x, y and labels in an .npz file."""
    arrays = _load(path, ("x", "y", "labels"))
    return problem_from_samples(arrays["x"], arrays["y"], arrays["labels"], codewords_x, codewords_y, seed)


def load_problem(path: Path) -> DiscreteProblem:
    """The DiscreteProblem of the arrays p_X (n,), p_Y (m,), cost (n, m) and, optionally, p_S_given_X (n, k) in an .npz file."""
    arrays = _load(path, ("p_X", "p_Y", "cost"), ("p_S_given_X",))
    return DiscreteProblem(**arrays)


def load_ground(path: Path) -> FloatArray:
    """The array ground (m, m) in an .npz file: the transport costs of a `Ball` of kind "w"."""
    return np.asarray(_load(path, ("ground",))["ground"])


def _load(path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The named arrays, numeric; InputError names the file or the key at fault."""
    name = fspath(path)
    try:
        with open(name, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise InputError("file", name, "is no complete .npz archive", "write it again with numpy.savez")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                missing = [key for key in needed if key not in archive.files]
                if missing:
                    problem = f"lacks {', '.join(missing)}"
                    raise InputError("file", name, problem, f"save the arrays {', '.join(needed)}")
                return {key: _numeric(key, archive) for key in (*needed, *optional) if key in archive.files}
    except OSError as error:
        raise InputError("file", name, f"cannot be read ({error.strerror or error})", "check the path") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise InputError("file", name, "is damaged", "write it again with numpy.savez") from None


def _numeric(key: str, archive: Any) -> Any:
    try:
        array = archive[key]
    except ValueError:
        # numpy's refusal to unpickle, and a broken array header, are both ValueError.
        raise InputError(key, "a pickled or broken array", "is not loaded", "save a plain array of numbers") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise InputError(key, f"array of type {getattr(array, 'dtype', 'bytes')}", "is not numeric", "save real numbers")
    return array
