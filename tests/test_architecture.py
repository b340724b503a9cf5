"""The house rules that a machine can see: which room may import which, and that the theory needs no solver."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(p for package in ("rdcsym", "solvers", "deep") for p in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules that a file names in its imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_run_one_way(path):
    room, names = path.relative_to(ROOT).parts, imported(path)
    tops = {name.split(".")[0] for name in names}
    if room[:2] == ("rdcsym", "cli"):
        return  # the one room that sees all
    if room[:2] == ("rdcsym", "oracles"):
        assert not tops & {"deep", "click", "rich", "torch", "matplotlib"}
        assert not any(name.startswith("rdcsym.cli") for name in names)
    elif room[0] == "rdcsym":
        assert not any(name.startswith("rdcsym.cli") for name in names) or path.name == "__main__.py"
        assert room[:2] == ("rdcsym", "testing") or not (tops & {"hypothesis"} or "rdcsym.testing" in names)
        assert not tops & {"solvers", "deep", "click", "rich", "flint", "cvxpy", "ot", "torch", "matplotlib"}
    if room[0] == "solvers":
        assert "deep" not in tops
        assert {n for n in names if n.startswith("rdcsym")} <= {
            "rdcsym.problem",
            "rdcsym.executor",
            "rdcsym.files",
            "rdcsym.machine",
            "rdcsym.precision",
        }


@pytest.mark.parametrize("path", [p for p in FILES if "checker" in p.name], ids=lambda p: p.name)
def test_a_checker_imports_no_solver(path):
    trusted = {
        "certificate",
        "problem",
        "exact",
        "exact_problem",
        "gaussian_problem",
        "gaussian_parallel_problem",
        "perception_ball",
        "precision",
        "blahut_arimoto",
    }
    for name in imported(path):
        part = name.removeprefix("solvers.")
        assert not name.startswith("solvers") or part in trusted or "checker" in part


def test_the_theory_runs_without_any_solver_or_tool():
    program = (
        "import sys, rdcsym; t = rdcsym.theorem('drc-gaussian'); t.derivation.check(); t.latex();"
        "t.evaluate(R=1, C=3, sigma_X=1, sigma_Y=1, sigma_S=1, theta=.5);"
        "print(sorted({'hypothesis', 'cvxpy', 'ot', 'torch', 'click', 'rich', 'matplotlib', 'sklearn', 'solvers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "__init__.py"], ids=lambda p: str(p.parent.relative_to(ROOT)))
def test_a_package_defines_nothing_under_the_name_of_its_module(path):
    """Importing the module would put it in the function's place, for whoever calls it next."""
    modules = {p.stem for p in path.parent.glob("*.py")} | {p.parent.name for p in path.parent.glob("*/__init__.py")}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    assert not defined & modules
