"""The page of `rdcsym compare` in a real browser: no console message, not blank, both schemes, nothing wider than the page."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the report needs the extra `plot`")
pytest.importorskip("jinja2", reason="the report needs the extra `plot`")

from compare_samples import fake_limit, gaussian_point, operating_point, write_run
from test_report_browser import Browse, browse  # noqa: F401

import rdcsym.cli.compare as module
from rdcsym.cli.main import run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("browser")
    runs = [
        write_run(folder / "images", operating_point(run="a run with a rather long name, as sweeps give them"), samples=True),
        write_run(folder / "impossible", gaussian_point(-0.5)),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "limit_of", lambda: fake_limit)
        assert run(["compare", *map(str, runs), "--out", str(folder / "out"), "--json"]) == 1
    return (folder / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (520, False)])
def test_page_in_a_browser(browse: Browse, page: str, width: int, dark: bool) -> None:  # noqa: F811
    picture, console = browse(page, width, dark)
    assert console == []
    assert picture.shape[1] == width
    assert picture.std() > 0.03  # not blank
    assert bool(np.median(picture) < 0.3) is dark


@pytest.mark.parametrize("width", [360, 1000])
def test_wide_parts_scroll_inside_their_boxes(browse: Browse, page: str, width: int) -> None:  # noqa: F811
    inside = html.escape(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page), quote=True)
    probe = "const r = f.contentDocument.documentElement; if (r.scrollWidth > r.clientWidth) console.error(r.scrollWidth)"
    frame = f'<iframe id="f" width="{width}" height="800" onload="{probe}" srcdoc="{inside}"></iframe>'
    _, console = browse(f"<!DOCTYPE html><title>probe</title>{frame}", 1280, False)
    assert console == []
