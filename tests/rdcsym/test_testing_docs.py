"""docs/testing.md tells the truth: its Python runs, its test files fail and pass as it says, its table names every strategy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
FILES = {m[1]: (m[2], block) for block in BLOCKS if (m := re.match(r"# (test_\w+\.py) \((fails|passes)\)\n", block))}


@pytest.mark.parametrize("block", [b for b in BLOCKS if not b.startswith("# test_")])
def test_python_blocks_run(block):
    exec(compile(block, "docs/testing.md", "exec"), {"__name__": "page"})


@pytest.mark.parametrize("name", FILES)
def test_test_files_end_as_the_page_says(name, tmp_path):
    ending, text = FILES[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", name],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == (1 if ending == "fails" else 0), done.stdout + done.stderr
    if ending == "fails":
        assert re.search(
            r"AssertionError: rd-gaussian: exact value \S+ where the certified form has \S+ .*at D=\S+, mu_X=", done.stdout
        )


def test_the_page_has_both_endings_and_every_function():
    from rdcsym import testing

    assert {ending for ending, _ in FILES.values()} == {"fails", "passes"}
    for name in testing.__all__:
        assert name in PAGE or not name.islower(), name
