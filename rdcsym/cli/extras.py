"""Commands that need an optional package say so in one line."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from rdcsym.problem import InputError

_EXTRA: Final = {"torch": "deep", "constriction": "deep", "PIL": "deep", "matplotlib": "plot"}


def require(command: str, *modules: str) -> None:
    """InputError where one of the modules is not installed; it names the extra that brings it."""
    for name in modules:
        if find_spec(name) is None:
            raise InputError(command, name, "is not installed", f"pip install 'rdcsym[{_EXTRA[name]}]'")
