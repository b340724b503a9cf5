"""The pictures: each shows what its data say, stands alone on a page, and is the same every time."""

from __future__ import annotations

import html
import re
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from report_samples import WITNESS, a_curve, a_data

pytest.importorskip("matplotlib", reason="pictures need the extra `plot`")

from rdcsym import InputError
from rdcsym.cli.plots import plot_curves, plot_data, plot_lines
from rdcsym.cli.results import Interval, Witness


def _words(svg: str) -> str:
    return " ".join(html.unescape(t) for t in re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def test_curve_shows_forms_intervals_and_the_infeasible_stretch() -> None:
    (svg,) = plot_curves([a_curve()])
    ElementTree.fromstring(svg)
    for word in ("certified form", "published form", "certified interval", "certified from below only", "proved infeasible"):
        assert word in _words(svg)
    assert _words(svg).count("infeasible") >= 3  # the stretch's own label, the legend's two
    assert "R (bits)" in _words(svg)
    (plain,) = plot_curves([a_curve(certified=[0.5, 0.4, 0.3, 0.2, 0.125], published=None, interval_x=[], intervals=[])])
    assert "infeasible" not in _words(plain)
    assert "published" not in _words(plain)


def test_curve_that_is_infeasible_throughout_or_empty() -> None:
    (svg,) = plot_curves(
        [a_curve(certified=[inf] * 5, published=[inf] * 5, interval_x=[0.5], intervals=[a_curve().intervals[0]])]
    )
    assert "Infeasible throughout" in svg
    (svg,) = plot_curves([a_curve(x=[], certified=[], published=None, interval_x=[], intervals=[])])
    ElementTree.fromstring(svg)


def test_flat_curve_is_not_drawn_as_noise() -> None:
    width = [Interval(lower=0.2 - 1e-10, upper=0.2 + 1e-10, method="exact")]
    (svg,) = plot_curves([a_curve(certified=[0.2] * 5, published=None, interval_x=[0.5], intervals=width)])
    ticks = [float(w.replace("−", "-")) for w in re.findall(r">([−\d.]+)</text>", svg)]
    assert any(1e-4 < abs(t - 0.2) < 0.03 for t in ticks)
    assert "1e" not in _words(svg)


@pytest.mark.parametrize("far", [-1e6, 1e6])
def test_published_form_that_runs_away_does_not_flatten_the_rest(far: float) -> None:
    (svg,) = plot_curves([a_curve(published=[0.3, 0.3, 0.3, 0.1, far])])
    assert "published form (leaves the frame)" in _words(svg)


@pytest.mark.parametrize(
    ("change", "marked"),
    [({}, True), ({"R": "2"}, False), ({"C": "1/2"}, False), ({"q_S1": "sqrt(2)"}, False), ({"extra": "0"}, False)],
)
def test_witness_is_marked_only_on_its_own_curve(change: dict[str, str], marked: bool) -> None:
    witness = Witness(point=WITNESS.point | change, regime="", claimed=0.05, truth=WITNESS.truth, reason="")
    (svg,) = plot_curves([a_curve()], [witness])
    assert ("witness" in _words(svg)) is marked


def test_two_figures_share_no_id() -> None:
    first, second = (set(re.findall(r'\sid="([^"]*)"', svg)) for svg in plot_curves([a_curve(), a_curve()]))
    assert first
    assert not first & second


def test_data_pictures() -> None:
    rate, classification = plot_data(a_data())
    assert "rate R (bits)" in _words(rate)
    assert "R = 1 bits" in _words(classification)
    assert "proved infeasible" in _words(classification)
    assert "H(S|X)" in _words(classification)
    assert plot_data(a_data(rate_curve=[], classification_curves=[[], []])) == []


def _draw(path: Path, count: int = 2) -> bytes:
    x = np.linspace(0, 1, 21)
    lines = [(f"C = ${i}", np.where(x < 0.1 * i, inf, 1 - x), None if i else 1 - 2 * x) for i in range(count)]
    plot_lines(x, lines, "R (bits)", "distortion D", "a title, " * 12, path)
    return path.read_bytes()


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_lines_are_drawn_the_same_every_time(tmp_path: Path, suffix: str, magic: bytes) -> None:
    first = _draw(tmp_path / f"a{suffix}")
    assert first.startswith(magic)
    assert _draw(tmp_path / f"b{suffix}") == first
    assert _draw(tmp_path / f"c{suffix}", count=9) != first
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{c}{suffix}" for c in "abc"]


def test_lines_bad_place_or_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"out = .*\.png, \.svg or \.pdf"):
        _draw(tmp_path / "picture.bmp")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"^out = "):
        _draw(tmp_path / "file" / "picture.png")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
