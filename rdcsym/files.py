"""Writing files so that nothing half-written stays: write aside in the same folder, then rename."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rdcsym.problem import InputError


def shown(path: str | Path) -> str:
    """The path as an InputError should name it: whole if short, else the name alone, since a long text loses its end."""
    text = str(path)
    return text if len(text) <= 60 else Path(text).name


def write_atomically(path: str | Path, data: bytes | str) -> Path:
    """Write `data` (text as UTF-8) to `path` whole or not at all, making its folder if need be; the path.

    Written aside, flushed to the disk and renamed, so that a kill at any moment leaves the old file or the new one. Raises
    InputError where the file cannot be written.
    """
    target = Path(path)
    if not str(path) or target.is_dir():
        raise InputError("out", shown(path) or "empty", "is no name for a file", "name a file")
    aside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem[:40]}-", suffix=target.suffix)
        aside = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644)
        aside.replace(target)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError("out", shown(path), problem, "free some space, or choose another folder") from None
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)
    return target
