"""rdcsym.testing as a stranger meets it: a throwaway project, the entry point that Hypothesis reads, and what an import costs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

TEN_LINES = """from math import log2
from rdcsym.testing import assert_bound

def h(p):
    return -p * log2(p) - (1 - p) * log2(1 - p) if 0 < p < 1 else 0.0

def rate(D, q_X):
    return h(q_X) - h(FAULT D) if D < min(q_X, 1 - q_X) else 0.0

def test_rate(): assert_bound(rate, "rd-bernoulli")
"""


def in_a_project(tmp_path, program=None, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    command = ["-c", program] if program else ["-m", "pytest", "-p", "no:cacheprovider", "-q"]
    return subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=120)


def test_ten_lines_in_a_throwaway_project_catch_a_planted_fault(tmp_path):
    assert TEN_LINES.count("\n") == 10
    done = in_a_project(tmp_path, test_mine=TEN_LINES.replace("FAULT", "0.5 *"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(
        r"rd-bernoulli: exact value \S+ where the certified form has \S+ above the certified upper end; at D=1/\d+, q_X=",
        done.stdout,
    )


def test_the_true_formula_passes_there(tmp_path):
    done = in_a_project(tmp_path, test_mine=TEN_LINES.replace("FAULT", ""))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_hypothesis_finds_the_entry_point():
    assert {"rdcsym_types:_hypothesis_setup_hook"} == {e.value for e in entry_points(group="hypothesis") if e.name == "rdcsym"}


def test_the_hook_costs_hypothesis_nothing(tmp_path):
    program = (
        "import sys, hypothesis; "
        "print('rdcsym_types' in sys.modules, sorted({'rdcsym', 'sympy', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    assert in_a_project(tmp_path, program).stdout.strip() == "True []"


@pytest.mark.parametrize(
    "order", ["import hypothesis.strategies as st, rdcsym_types as t", "import rdcsym_types as t, hypothesis.strategies as st"]
)
def test_types_are_registered_whatever_is_imported_first(tmp_path, order):
    program = order + "; print([str(st.from_type(k)) == v + '()' for k, v in t.STRATEGIES.items()], t.Simplex(3))"
    done = in_a_project(tmp_path, program)
    assert done.stdout.strip() == f"{[True] * 6} 3", done.stderr


def test_the_package_needs_no_hypothesis(tmp_path):
    """As if Hypothesis were not installed."""
    blocked = "import sys; sys.modules['hypothesis'] = None; import rdcsym, rdcsym_types; print(rdcsym.theorem('fano').evaluate(C=0, M=2))"
    assert in_a_project(tmp_path, blocked).stdout.strip() == "0.0"
