"""The HTML report: what a reader sees is what the results say, and nothing in them can break the page."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from math import inf, nan
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report_samples import HOSTILE, WITNESS, a_curve, a_data, a_form, a_report, full_report

pytest.importorskip("matplotlib", reason="the report needs the extra `plot`")
pytest.importorskip("jinja2", reason="the report needs the extra `plot`")
pytest.importorskip("latex2mathml", reason="the report needs the extra `plot`")

import rdcsym
from rdcsym import InputError
from rdcsym.cli.report import interval, mathml, number, render_report, summary, witness_numbers, write_report
from rdcsym.cli.results import Interval, Report, Witness
from rdcsym.latex import render_lines

VOID = {"meta", "br", "hr", "img", "link", "input", "wbr"}


@pytest.fixture(scope="module")
def full() -> Report:
    return full_report()


@pytest.fixture(scope="module")
def page(full: Report) -> str:
    return render_report(full)


class _Reader(HTMLParser):
    """The page as a parser sees it: fails on tags that do not match; keeps text, ids and references."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def test_page_is_balanced_and_its_references_stay_inside_it(page: str) -> None:
    reader = _Reader(page)
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    inside = [v[1:] for v in [*reader.values("href"), *reader.values("xlink:href")] if v.startswith("#")]
    inside += re.findall(r"url\(#([^)]*)\)", page)
    inside += [v for values in reader.values("aria-labelledby") for v in values.split()]
    assert len(inside) > 50
    assert set(inside) <= set(ids)


def test_page_needs_no_network_and_no_script(page: str) -> None:
    reader = _Reader(page)
    fetched = [v for name in ("href", "src", "xlink:href", "srcset", "data", "action") for v in reader.values(name)]
    assert {v for v in fetched if not v.startswith("#")} == {"report.json"}
    assert not re.search(r"@import|url\((?!#)", page)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "img", "object", "embed"}
    spaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "http://www.w3.org/1998/Math/MathML"}
    assert set(re.findall(r"https?://[^\"'\s<)]*", page)) == spaces


def test_hostile_text_is_shown_and_never_run(page: str) -> None:
    assert "<script" not in page
    shown = _Reader(page).text
    assert shown.count(" ".join(HOSTILE.split())) >= 8  # title, source, remark, regime, failure twice, unit, command


def test_accessible(page: str) -> None:
    reader = _Reader(page)
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("table") == tags.count("caption") > 3
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    pictures = [attributes for tag, attributes in reader.tags if tag == "svg"]
    assert len(pictures) == 5
    assert all(a["role"] == "img" and a["aria-labelledby"].endswith("-title") for a in pictures)
    assert all(a["alttext"] for tag, a in reader.tags if tag == "math")
    assert all(a.get("scope") for tag, a in reader.tags if tag == "th")


def test_every_result_and_witness_is_on_the_page(full: Report, page: str) -> None:
    text = _Reader(page).text
    for row in full.results:
        assert f"{row.points} + {row.boundary_points}" in text
        for witness in row.witnesses:
            assert number(witness.claimed) in text
            assert interval(witness.truth) in text
            assert witness.reason in text
            assert all(f"= {value}" in text for value in witness.point.values())
    assert "−0.0625" in text
    assert "[0.125, 0.125]" in text
    assert "∞ (proved infeasible)" in text
    for verdict, label in (("certified", "✓ certified"), ("refuted", "✗ refuted"), ("gap", "≈ gap"), ("failed", "! failed")):
        rows = sum(row.verdict == verdict for row in full.results)
        assert text.count(label) == 2 * rows + 1  # the table, the theorem's section, and what the word means
    assert "A claim of this project failed" in text
    assert text.count("Step 3 failed") == 2
    assert "A grid of 9 points agrees" in text
    assert "witness: published value" in text
    for figure in ("12.375", "9.625", "3.3125", "0.8125", "[4, 4.5]", "[1, ∞)", "discrete problem of codewords"):
        assert figure in text
    assert "seed 7" in text


def test_same_report_gives_same_text(full: Report, page: str) -> None:
    assert render_report(full) == page


def test_empty_report_and_empty_lists() -> None:
    text = _Reader(render_report(a_report([]))).text
    assert "No form of a theorem was checked" in text
    assert "No form was refuted" in text
    bare = a_form(latex=[], regimes={}, method="", form="published", verdict="refuted", witnesses=[])
    text = _Reader(
        render_report(a_report([bare], {"only-curves": []}, data=a_data(rate_curve=[], classification_curves=[])))
    ).text
    assert "No witness is recorded" in text
    assert "only-curves" in text


def test_summary_counts() -> None:
    rows = [a_form(), a_form(form="published", verdict="refuted"), a_form("rd-gaussian", verdict="gap")]
    expected = "Of 3 forms of 2 theorems (2 forms derived here, 1 form as published), 1 certified, 1 refuted, 1 undecided (gap)."
    assert summary(a_report(rows)) == expected
    assert summary(a_report([*rows, a_form("fano", verdict="failed")])).endswith("1 undecided (gap) and 1 failed.")


def test_a_refuted_claim_of_our_own_is_called_a_failure() -> None:
    own = a_report([a_form(verdict="refuted", witnesses=[WITNESS])])
    assert "A claim of this project failed" in render_report(own)
    theirs = a_report([a_form(form="published", verdict="refuted", witnesses=[WITNESS])])
    assert "A claim of this project failed" not in render_report(theirs)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (0.5, "0.5"), (-0.0625, "−0.0625"), (1e-9, "1e-9"), (-2.5e-7, "−2.5e-7"), (123456.0, "123456"),
     (1.5e12, "1.5e12"), (inf, "∞"), (-inf, "−∞"), (nan, "undefined"), (2 / 3, "0.666667"), (1e-4, "0.0001"), (10.0, "10")],
)  # fmt: skip
def test_numbers_read_well(value: float, text: str) -> None:
    assert number(value) == text


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@example(-1e-17, 1e-9)
@example(0.1, 0.1 + 1e-16)
@example(5e-324, 1.7976931348623157e308)
def test_printed_interval_holds_the_interval(a: float, b: float) -> None:
    lower, upper = sorted((a, b))
    text = interval(Interval(lower=lower, upper=upper, method=""))
    low, high = (float(t) for t in text.replace("−", "-").strip("[]").split(", "))
    assert low <= lower
    assert upper <= high


def test_open_ended_and_tiny_intervals() -> None:
    assert interval(Interval(lower=0.1, upper=0.1, method="")) == "[0.1, 0.1]"
    assert interval(Interval(lower=0.0, upper=1e-9, method="")) == "[0, 1e-9]"
    assert interval(Interval(lower=0.25, upper=inf, method="")) == "[0.25, ∞)"
    assert interval(Interval(lower=-inf, upper=0.25, method="")) == "(−∞, 0.25]"
    assert interval(Interval(lower=inf, upper=inf, method="")) == "∞ (proved infeasible)"


def test_a_close_witness_is_printed_with_digits_that_tell() -> None:
    truth = Interval(lower=0.125, upper=0.125 + 1e-12, method="")
    claimed, shown = witness_numbers(Witness(point={}, regime="", claimed=0.125 + 1e-11, truth=truth, reason=""))
    low, high = (Decimal(t) for t in shown.strip("[]").split(", "))
    assert low <= high < Decimal(claimed)


@pytest.mark.parametrize("name", rdcsym.theorems())
def test_every_formula_becomes_mathml(name: str) -> None:
    theorem = rdcsym.theorem(name)
    lines = render_lines(theorem.certified) + (render_lines(theorem.published) if theorem.published is not None else [])
    for line in lines:
        tree = ElementTree.fromstring(mathml(line))
        assert tree.tag.endswith("}math")
        assert tree.get("display") == "block"
        assert tree.get("alttext") == line
        assert "\\" not in "".join(tree.itertext())  # a command that was not understood


def test_formula_that_cannot_be_read_is_shown_as_code() -> None:
    assert mathml(r"\left( a < b") == r"<code>\left( a &lt; b</code>"
    assert "&lt;b&gt;" in mathml(r"\text{<b>}")


def test_write_report(tmp_path: Path) -> None:
    report = a_report([a_form(worst_distance=inf)], {"drc-bernoulli-oneshot": [a_curve()]}, data=a_data())
    written = write_report(report, tmp_path / "new" / "folder")
    assert [p.name for p in written] == ["report.html", "report.json"]
    assert written[0].read_text(encoding="utf-8") == render_report(report)
    data = json.loads(written[1].read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert data["results"][0]["worst_distance"] == "inf"
    assert data["curves"]["drc-bernoulli-oneshot"][0]["intervals"][1]["lower"] == 0.29
    assert sorted(p.name for p in written[0].parent.iterdir()) == ["report.html", "report.json"]


def test_write_report_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"^out = "):
        write_report(a_report([]), tmp_path / "file")
    folder = tmp_path / "folder"
    (folder / "report.json").mkdir(parents=True)
    (folder / "report.html").write_text("old")
    with pytest.raises(InputError, match=r"^out = "):
        write_report(a_report([]), folder)
    assert (folder / "report.html").read_text() == "old"
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.json"]


@pytest.mark.parametrize("package", ["matplotlib", "jinja2", "latex2mathml"])
def test_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf'^{package} = missing: .*pip install "rdcsym\[plot\]"'):
        write_report(a_report([a_form()], {"drc-bernoulli-oneshot": [a_curve()]}), tmp_path / "out")
    assert not (tmp_path / "out").exists()
