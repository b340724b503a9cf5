"""The command line: the only room that may see the theory, the solvers and the codecs, and imports them where it uses them."""

from __future__ import annotations

from rdcsym.cli.main import main

__all__ = ["main"]
