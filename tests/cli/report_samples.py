"""Hand-made results for the tests of the report and of the pictures: real formulas, infinite values, hostile text."""

from __future__ import annotations

from math import inf
from typing import Any

import rdcsym
from rdcsym.cli.results import Curve, DataPoint, DataResult, FormResult, Interval, Report, Witness
from rdcsym.latex import render_lines

HOSTILE = "<script>alert(\"x\")</script> & 'a' < b"
WITNESS = Witness(
    point={"R": "3/4", "C": "1", "q_X": "1/4", "q_Y": "1/8", "q_S1": "1/10"},
    regime="rate-limited",
    claimed=-0.0625,
    truth=Interval(lower=0.125, upper=0.125, method="exact linear program"),
    reason="below the least distortion",
)
IMPOSSIBLE = Witness(
    point={"R": "0", "C": "1/2"},
    regime="classification-limited",
    claimed=0.3125,
    truth=Interval(lower=inf, upper=inf, method="Farkas multipliers"),
    reason="finite where no code meets the budgets",
)


def a_form(theorem: str = "drc-bernoulli-oneshot", **fields: Any) -> FormResult:
    given: dict[str, Any] = {
        "theorem": theorem, "form": "certified", "title": "A title", "source": "A source", "kind": "tight",
        "latex": ["D = 0"], "remark": "", "regimes": {"rate-limited": 7}, "points": 7, "boundary_points": 3,
        "steps_checked": 11, "lemmas_cited": [], "worst_distance": 0.0, "widest_interval": 1e-9, "method": "exact",
        "verdict": "certified",
    }  # fmt: skip
    return FormResult(**(given | fields))


def a_curve(**fields: Any) -> Curve:
    given: dict[str, Any] = {
        "parameter": "R", "unit": "bits", "fixed": {"C": 1.0, "q_X": 0.25, "q_Y": 0.125, "q_S1": 0.1},
        "x": [0.0, 0.25, 0.5, 0.75, 1.0], "certified": [inf, inf, 0.3, 0.2, 0.125], "published": [0.3, 0.3, 0.3, 0.1, -0.1],
        "interval_x": [0.0, 0.5, 1.0],
        "intervals": [
            Interval(lower=inf, upper=inf, method="Farkas"),
            Interval(lower=0.29, upper=0.31, method="exact"),
            Interval(lower=0.12, upper=inf, method="exact"),
        ],
        "value_name": "distortion D",
    }  # fmt: skip
    return Curve(**(given | fields))


def a_data_point(lower: float, upper: float, rate: float = 1.0, classification: float | None = None) -> DataPoint:
    status = "infeasible" if lower == inf else "certified"
    return DataPoint(
        rate=rate, classification=classification, lower=lower, upper=upper, status=status, method="conic", verified=True
    )


def a_data(**fields: Any) -> DataResult:
    given: dict[str, Any] = {
        "name": "digits", "description": "Codewords by k-means.", "samples": 1797, "symbols_x": 24, "symbols_y": 20, "labels": 10,
        "codebook_error_x": 12.375, "codebook_error_y": 9.625, "label_entropy": 3.3125, "least_loss": 0.8125,
        "rate_curve": [a_data_point(4.0, 4.5, 0.0), a_data_point(2.0, 2.5, 1.0), a_data_point(1.0, inf, 2.0)],
        "classification_curves": [[a_data_point(inf, inf, 1.0, 0.5), a_data_point(3.0, 4.0, 1.0, 1.5)], []],
        "seconds": 2.0,
    }  # fmt: skip
    return DataResult(**(given | fields))


def a_report(results: list[FormResult], curves: dict[str, list[Curve]] | None = None, **fields: Any) -> Report:
    given: dict[str, Any] = {"version": "0.1.0", "command": "rdcsym certify", "seed": 7, "thorough": False, "seconds": 3.0}
    return Report(results=results, curves=curves or {}, **(given | fields))


def real_forms(name: str) -> list[FormResult]:
    theorem = rdcsym.theorem(name)
    rows = [a_form(name, latex=render_lines(theorem.certified), title=theorem.title, lemmas_cited=["A lemma [its source]"])]
    if theorem.published is not None:
        latex, witnesses = render_lines(theorem.published), [WITNESS, IMPOSSIBLE]
        rows.append(a_form(name, form="published", latex=latex, verdict="refuted", witnesses=witnesses, steps_checked=0))
    return rows


def full_report() -> Report:
    """Every section of the page: real formulas, curves with and without trouble, a data set, each verdict, hostile text."""
    results = [row for name in rdcsym.theorems() for row in real_forms(name)]
    results.append(a_form("x<y>&z", title=HOSTILE, source=HOSTILE, remark=HOSTILE, regimes={HOSTILE: 1}, verdict="gap"))
    results.append(
        a_form(
            "own",
            verdict="failed",
            notes=["A grid of 9 points agrees"],
            failure="Step 3 failed: " + HOSTILE,
            worst_distance=inf,
            widest_interval=inf,
            latex=[],
        )
    )
    curves = {
        "drc-bernoulli-oneshot": [a_curve(), a_curve(published=None)],
        "x<y>&z": [a_curve(value_name=HOSTILE, unit=HOSTILE)],
    }
    return a_report(results, curves, data=a_data(), command=f"rdcsym certify --out '{HOSTILE}'")
