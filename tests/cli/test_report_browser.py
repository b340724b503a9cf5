"""The report in a real browser: no console message, not blank, both schemes, nothing wider than the page."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_samples import full_report

pytest.importorskip("matplotlib", reason="the report needs the extra `plot`")
pytest.importorskip("jinja2", reason="the report needs the extra `plot`")
pytest.importorskip("latex2mathml", reason="the report needs the extra `plot`")

from rdcsym.cli.report import render_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page() -> str:
    return render_report(full_report())


Browse = Callable[[str, int, bool], tuple[Any, list[str]]]


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Open a page in headless Chromium at a width, light or dark: its screenshot as an array, and what the console said."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        assert not os.environ.get("RDCSYM_REQUIRE_BROWSER"), "CI must have a browser"
        pytest.skip("no Chromium found")
    import matplotlib.image

    def look(page: str, width: int, dark: bool) -> tuple[Any, list[str]]:
        path, shot = tmp_path / "page.html", tmp_path / "shot.png"
        path.write_text(page, encoding="utf-8")
        flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
        flags += f" disable-sync hide-scrollbars enable-logging=stderr window-size={width},1600"
        options = [f"--{flag}" for flag in flags.split()] + ["--blink-settings=preferredColorScheme=0"] * dark
        profile = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
        command = [browser, *options, f"--user-data-dir={profile}", f"--screenshot={shot}", path.as_uri()]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return matplotlib.image.imread(shot)[..., :3], [line for line in run.stderr.splitlines() if "CONSOLE" in line]

    return look


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (520, False)])
def test_report_in_a_browser(browse: Browse, page: str, width: int, dark: bool) -> None:
    picture, console = browse(page, width, dark)
    assert console == []
    assert picture.shape[1] == width
    assert picture.std() > 0.03  # not blank
    assert bool(np.median(picture) < 0.3) is dark


def test_console_is_heard(browse: Browse, page: str) -> None:
    """The test above can fail: a picture from the network breaks the page's own policy, and the console says so."""
    _, console = browse(page.replace("<main>", '<main><img alt="" src="http://localhost/x.png">'), 520, False)
    assert console


@pytest.mark.parametrize("width", [360, 1000])
def test_wide_parts_scroll_inside_their_boxes(browse: Browse, page: str, width: int) -> None:
    inside = html.escape(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page), quote=True)
    probe = "const r = f.contentDocument.documentElement; if (r.scrollWidth > r.clientWidth) console.error(r.scrollWidth)"
    frame = f'<iframe id="f" width="{width}" height="800" onload="{probe}" srcdoc="{inside}"></iframe>'
    _, console = browse(f"<!DOCTYPE html><title>probe</title>{frame}", 1280, False)
    assert console == []
    broken = inside.replace("overflow-x: auto", "overflow-x: visible")
    _, console = browse(f"<!DOCTYPE html><title>probe</title>{frame.replace(inside, broken)}", 1280, False)
    assert console
