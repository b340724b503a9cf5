"""The HTML report and the JSON file of `rdcsym certify`: one self-contained page that needs no network, no script and no font."""

from __future__ import annotations

import html
import json
import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Final

from rdcsym.cli.drawing import COLOURS
from rdcsym.cli.files import written_aside
from rdcsym.cli.plots import plot_curves, plot_data
from rdcsym.cli.results import VERDICT_TEXT, DataPoint, Estimate, Interval, Report, Witness, to_json
from rdcsym.problem import InputError

_MISSING: Final = ("is needed to write the report", 'run pip install "rdcsym[plot]"')
# Colour is never alone: each verdict has its sign and its word.
_SIGNS: Final = {"certified": "✓", "refuted": "✗", "gap": "≈", "failed": "!"}
_TALL: Final = ("mfrac", "mtable", "msqrt")
_FUNCTIONS: Final = ("log", "exp", "max", "min")
_BEFORE_A_SIGN: Final = ("(", "[", "{", ",", ";", "=", "<", ">", "≤", "≥", "∧", "∨")
_GREEK: Final = {"mu": "μ", "sigma": "σ", "theta": "θ", "rho": "ρ", "kappa": "κ"}
# Digits of a value and of its interval's ends in the report; more where fewer would not show that the value lies outside.
_DIGITS: Final = (8, 17)


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write report.html and report.json into `folder`, both or neither; the paths written.

    Raises InputError naming `out` where the folder cannot be made or written, and one naming the package where jinja2,
    latex2mathml or matplotlib is missing.
    """
    page = render_report(report)
    data = json.dumps(to_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    paths = [folder / "report.html", folder / "report.json"]
    with written_aside(paths[0]) as page_aside, written_aside(paths[1]) as data_aside:
        page_aside.write_text(page, encoding="utf-8")
        data_aside.write_text(data, encoding="utf-8")
    return paths


def render_report(report: Report) -> str:
    """The report as the text of one HTML file. The same report gives the same text.

    Raises InputError where jinja2, latex2mathml or matplotlib is missing.
    """
    try:
        import jinja2
    except ImportError:
        raise InputError("jinja2", "missing", *_MISSING) from None
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rdcsym.cli"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "interval": interval, "symbol": symbol, "mathml": mathml, "point": _point}
    environment.filters |= {"anchor": anchor, "capitalize_first": lambda text: text[:1].upper() + text[1:]}
    return environment.get_template("report.html").render(
        report=report,
        summary=summary(report),
        sections=[_section(report, name) for name in _names(report)],
        refuted=[r for r in report.results if r.verdict == "refuted"],
        failures=[r for r in report.results if r.verdict == "failed" or (r.form == "certified" and r.verdict == "refuted")],
        data_figures=[_Safe(svg) for svg in plot_data(report.data)] if report.data else [],
        lemmas=sorted({lemma for r in report.results for lemma in r.lemmas_cited}),
        verdicts=VERDICT_TEXT,
        signs=_SIGNS,
        colours=COLOURS,
        witness_numbers=witness_numbers,
    )


def summary(report: Report) -> str:
    """One sentence: how many forms were checked, and with which outcome."""
    if not report.results:
        return "No form of a theorem was checked in this run."
    verdicts = Counter(r.verdict for r in report.results)
    ours, theirs = (sum(r.form == form for r in report.results) for form in ("certified", "published"))
    theorems = len({r.theorem for r in report.results})
    forms = f"{_count(ours, 'form')} derived here, {_count(theirs, 'form')} as published"
    text = f"Of {_count(len(report.results), 'form')} of {_count(theorems, 'theorem')} ({forms}), {verdicts['certified']} "
    text += f"certified, {verdicts['refuted']} refuted, {verdicts['gap']} undecided (gap)"
    return text + (f" and {verdicts['failed']} failed." if verdicts["failed"] else ".")


def number(value: float, digits: int = 6) -> str:
    """A number as text, rounded to nearest; infinities as signs."""
    return _shown(_round(value, abs(value), digits, ROUND_HALF_EVEN))


def interval(value: Interval | DataPoint | Estimate, digits: int = _DIGITS[0]) -> str:
    """A certified interval rounded outward: its text, read back as floats, holds whatever the interval holds."""
    lower, upper = _outward(value, digits)
    if lower == math.inf:
        return "∞ (proved infeasible)"
    return f"{'(' if lower == -math.inf else '['}{_shown(lower)}, {_shown(upper)}{')' if upper == math.inf else ']'}"


def witness_numbers(witness: Witness) -> tuple[str, str]:
    """The published value and the certified interval, with digits enough to see that the one lies outside the other."""
    digits = _DIGITS[0]
    lower, upper = _outward(witness.truth, digits)
    if lower <= _round(witness.claimed, abs(witness.claimed), digits, ROUND_HALF_EVEN) <= upper:
        digits = _DIGITS[1]
    return number(witness.claimed, digits), interval(witness.truth, digits)


def _outward(value: Interval | DataPoint | Estimate, digits: int) -> tuple[Decimal, Decimal]:
    scale = max((abs(v) for v in (value.lower, value.upper) if math.isfinite(v)), default=0.0)
    return _round(value.lower, scale, digits, ROUND_FLOOR), _round(value.upper, scale, digits, ROUND_CEILING)


def _round(value: float, scale: float, digits: int, rounding: str) -> Decimal:
    """`value` rounded to the last place of `scale` written with that many significant digits; infinities stay."""
    exact = Decimal(repr(float(value)))  # the shortest decimal that reads back as this float: 0.1, not 0.1000000000000000055
    if not exact.is_finite() or not scale:
        return exact
    return exact.quantize(Decimal(1).scaleb(Decimal(scale).adjusted() - digits + 1), rounding=rounding)


def _shown(value: Decimal) -> str:
    """A decimal as text: plain from 1e-4 to 1e7, else scientific; a real minus sign."""
    if not value.is_finite():
        return "undefined" if value.is_nan() else "∞" if value > 0 else "−∞"
    if not value:
        return "0"
    text = format(abs(value).normalize(), "f" if -5 < value.adjusted() < 7 else "e").replace("e+", "e")
    return f"−{text}" if value < 0 else text


def symbol(name: str) -> Any:
    """A parameter's name as HTML: q_S1 with its subscript, sigma as the letter."""
    head, _, sub = name.partition("_")
    inner = html.escape(_GREEK.get(head, head)) + (f"<sub>{html.escape(sub)}</sub>" if sub else "")
    return _Safe(f"<var>{inner}</var>")


def mathml(latex: str) -> Any:
    """A LaTeX formula as a MathML display, with the LaTeX as its text alternative; as code where it cannot be read."""
    try:
        from latex2mathml import converter, exceptions
    except ImportError:
        raise InputError("latex2mathml", "missing", *_MISSING) from None
    unreadable = tuple(e for e in vars(exceptions).values() if isinstance(e, type) and issubclass(e, Exception))
    try:
        element = converter.convert_to_element(latex, display="block")
    except unreadable:
        return _Safe(f"<code>{html.escape(latex)}</code>")
    for node in element.iter():
        node.text = html.unescape(node.text) if node.text else None
    for parent in element.iter():
        _space(parent)
    element.set("alttext", latex)
    return _Safe(ET.tostring(element, encoding="unicode"))


def _space(parent: ET.Element) -> None:
    """Mend the spacing that browsers give to what the converter writes: functions' names, brackets and signs."""
    # A bracket that may stretch is given room at its sides even where it does not, so it may only where something is tall.
    tall = any(node.tag in _TALL for node in parent.iter())
    before: ET.Element | None = None
    for node in parent:
        text = node.text or ""
        if node.tag in ("mi", "mo") and text in _FUNCTIONS:  # "2log" would be "2 log" only for an operator
            based = parent.tag == "msub"  # the base of a logarithm stands between it and its argument
            left = "0.17em" if based or (before is not None and before.tag != "mo") else "0"
            right = "0.17em" if based else "0"
            node.tag, node.attrib = "mo", {"form": "prefix", "lspace": left, "rspace": right, "movablelimits": "false"}
        elif node.tag == "mo" and text == "∞":
            node.tag = "mi"
        elif node.tag == "mo" and node.get("fence") == "true":
            node.attrib |= {"lspace": "0", "rspace": "0", "stretchy": "true" if tall else "false"}
        elif node.tag == "mo" and text in ("|", "∣"):
            node.attrib |= {"lspace": "0", "rspace": "0"}
        elif text in ("−", "+") and before is not None and (before.tag == "mtext" or before.text in _BEFORE_A_SIGN):
            node.set("form", "prefix")  # a sign, not a sum
        before = node


class _Safe(str):
    """Text that is HTML already: the template takes it as it is."""

    def __html__(self) -> str:
        return str(self)


def _names(report: Report) -> list[str]:
    """Theorems in the order of their results, then those that have only curves."""
    return list(dict.fromkeys([*(r.theorem for r in report.results), *report.curves]))


def _section(report: Report, name: str) -> dict[str, Any]:
    """What the template says about one theorem."""
    results = [r for r in report.results if r.theorem == name]
    curves = report.curves.get(name, [])
    witnesses = [w for r in results for w in r.witnesses]
    drawn = plot_curves(curves, witnesses, prefix=f"plot-{anchor(name)}")
    figures = [{"svg": _Safe(svg), "curve": c, "methods": _methods(c.intervals)} for svg, c in zip(drawn, curves, strict=True)]
    return {"name": name, "anchor": anchor(name), "results": results, "figures": figures}


def anchor(name: str) -> str:
    """A theorem's name as an id."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", name)


def _methods(intervals: Sequence[Interval]) -> list[str]:
    return list(dict.fromkeys(i.method for i in intervals))


def _point(point: dict[str, Any]) -> Any:
    """An operating point as HTML: name = value, each kept on one line."""
    parts = ((n, v if isinstance(v, str) else number(v)) for n, v in point.items())
    return _Safe(", ".join(f'<span class="nobr">{symbol(n)} = {html.escape(v)}</span>' for n, v in parts))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
