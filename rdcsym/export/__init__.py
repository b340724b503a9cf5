"""A form as source text of its own: NumPy, torch (differentiable) or C. Nothing of this project is needed to run it.

    from rdcsym import theorem
    from rdcsym.export import to_c, to_numpy, to_torch

    text = to_numpy(theorem("drc-gaussian").certified, "drc_gaussian")

Every text has one public function: the parameters in, in the form's units (bits), the value out, inf where infeasible. It decides
by the same conditions, with the same tolerance, as `Form.evaluate`; it does not check the domain of what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rdcsym.export.c_source import to_c
from rdcsym.export.numpy_source import to_numpy
from rdcsym.export.torch_source import to_torch
from rdcsym.form import Form
from rdcsym.problem import InputError, nearest

__all__ = ["LANGUAGES", "export", "to_c", "to_numpy", "to_torch"]

LANGUAGES: Final[dict[str, Callable[[Form, str], str]]] = {"numpy": to_numpy, "torch": to_torch, "c": to_c}


def export(form: Form, language: str, name: str = "value") -> str:
    """The form as source text in "numpy", "torch" or "c", its public function called `name`.

    Raises InputError for another language, and for a form with a function that has no such source (those of vectors).
    """
    if language not in LANGUAGES:
        raise InputError("language", language, "is none that forms are exported to", nearest(str(language), LANGUAGES))
    return LANGUAGES[language](form, name)
