"""The README tells the truth: its Python runs, its commands exist, its catalogue is the catalogue."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rdcsym import theorems
from rdcsym.cli.main import run

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL))
COMMANDS = re.findall(r"^(rdcsym [^#\n]*)", SHELL, flags=re.MULTILINE)


@pytest.mark.parametrize("block", PYTHON)
def test_python_blocks_run(block):
    for line in block.splitlines():
        match = re.search(r"^(t\.evaluate.*?)\s+# (\d\.\d+)\.\.\.", line)
        if match:
            names: dict[str, object] = {}
            exec(block, names)
            assert str(eval(match[1], names)).startswith(match[2])
    exec(block, {})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist_with_their_options(command):
    """Each command line parses: the command's own help accepts every option that the README names."""
    words = shlex.split(command)[1:]
    assert run([words[0], "--help"]) == 0


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("rdcsym curve")])
def test_the_picture_is_drawn_by_the_line_that_the_readme_gives(command, tmp_path):
    words = shlex.split(command)[1:]
    outs = [i + 1 for i, word in enumerate(words) if word == "--out"]
    for i in outs:  # none of them may be written into the checkout
        words[i] = str(tmp_path / Path(words[i]).name)
    assert run(words) == 0
    assert Path(words[outs[0]]).stat().st_size > 10_000


def test_the_catalogue_is_complete():
    for name in theorems():
        assert f"`{name}`" in README or name.endswith("seed-blind")


def test_the_two_commands():
    assert re.search(r'^pip install -c constraints\.txt "\.\[solvers,plot\]" && rdcsym certify$', README, re.MULTILINE)
    assert re.search(r'^pip install -c constraints\.txt -e "\.\[all,dev\]" && pytest', README, re.MULTILINE)
