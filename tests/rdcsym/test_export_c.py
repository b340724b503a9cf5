"""Exported C source, compiled, is `evaluate`; skipped where there is no compiler."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from export_samples import FORMS, assert_agrees

from rdcsym import theorem
from rdcsym.export import to_c

COMPILER = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler on this machine")
STRICT = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """All forms in one library: what is exported is private but for one function, so files do not clash."""
    folder = tmp_path_factory.mktemp("c")
    sources = []
    for i, (name, which) in enumerate(FORMS):
        sources.append(folder / f"form{i}.c")
        sources[-1].write_text(to_c(getattr(theorem(name), which), f"form{i}"), encoding="utf-8")
    command = [COMPILER, *STRICT, "-shared", "-fPIC", "-o", str(folder / "forms.so"), *map(str, sources), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return ctypes.CDLL(str(folder / "forms.so"))


@pytest.mark.parametrize(("name", "which"), FORMS)
def test_c_source_is_evaluate(library, name, which):
    form = getattr(theorem(name), which)
    function = getattr(library, f"form{FORMS.index((name, which))}")
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * len(form.parameters)

    def value(**points):
        rows = zip(*(points[p.name] for p in form.parameters), strict=True)
        return np.array([function(*map(float, row)) for row in rows])

    assert_agrees(name, which, value)


def test_the_header_says_what_a_caller_must_know():
    text = to_c(theorem("drc-gaussian").certified, "drc_gaussian")
    assert "double drc_gaussian(double R, double C, " in text
    for word in ("bits", "inf where infeasible", "sigma_S: standard deviation of S", "Source: corrected here"):
        assert word in text
    assert "main" not in text
