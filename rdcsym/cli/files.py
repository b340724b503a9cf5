"""Writing files so that nothing half-written stays: write aside in the same folder, then rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rdcsym.problem import InputError


def output_folder(path: str | Path, argument: str = "out") -> Path:
    """The folder, made if need be and shown to be writable, or an InputError."""
    if not str(path):
        raise InputError(argument, "empty", "names no folder", "name a folder")
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise InputError(argument, str(path), "is not a folder", "name a folder, or remove the file") from None
    except OSError as error:
        raise InputError(argument, str(path), f"cannot be written ({error.strerror})", "choose a writable folder") from None
    return folder


@contextmanager
def written_aside(path: Path, argument: str = "out") -> Iterator[Path]:
    """A temporary path in the folder of `path`; when the block succeeds the file is renamed to `path`, else it is removed."""
    output_folder(path.parent, argument)
    if path.is_dir():
        raise InputError(argument, str(path), "is a folder", "name a file")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o644)
        aside.replace(path)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError(argument, str(path), problem, "free some space, or choose another folder") from None
    finally:
        aside.unlink(missing_ok=True)
