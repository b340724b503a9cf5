"""A file is written whole or not at all, whenever the disk fails."""

from __future__ import annotations

import os

import pytest

from rdcsym.files import write_atomically
from rdcsym.problem import InputError


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = write_atomically(tmp_path / "a" / "b.txt", "für immer")
    assert path.read_bytes() == "für immer".encode()
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (type(path), "replace")), full)
    with pytest.raises(InputError, match=r"b.txt: cannot be written \(No space left on device\); free some space"):
        write_atomically(path, b"half")
    assert path.read_text(encoding="utf-8") == "für immer"
    assert list(path.parent.iterdir()) == [path]
