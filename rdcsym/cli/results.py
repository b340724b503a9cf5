"""What `rdcsym certify` finds: data that the table, the JSON file and the HTML report are made of."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from rdcsym.refute import Interval, Witness

__all__ = ["Curve", "DataPoint", "DataResult", "Estimate", "FormResult", "Interval", "Report", "Verdict", "Witness", "to_json"]

Verdict = Literal["certified", "refuted", "gap", "failed"]
VERDICT_TEXT: dict[Verdict, str] = {
    "certified": "every proof step was checked; every value lies in its certified interval (to 1e-12, its rounding)",
    "refuted": "at the witness the claimed value lies outside the certified interval",
    "gap": "no point lies outside its interval, but some intervals are too wide to decide",
    "failed": "our own form missed an interval or a proof step failed: please report this",
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line of a plot: the forms along one budget, with the certified interval at each point that was solved."""

    parameter: str  # the budget on the horizontal axis
    unit: str
    fixed: dict[str, float]  # the other parameters
    x: list[float]
    certified: list[float]  # the certified form (inf where infeasible)
    published: list[float] | None  # the published form where there is one (inf where it states none)
    interval_x: list[float]
    intervals: list[Interval]
    value_name: str  # "distortion D", "rate R (bits)", ...


@dataclass(frozen=True, kw_only=True)
class FormResult:
    """One row of the table: one form of one theorem."""

    theorem: str
    form: Literal["certified", "published"]
    title: str
    source: str
    kind: str  # "tight", "lower", "upper"
    latex: list[str]  # the statement, then its definitions
    remark: str
    regimes: dict[str, int]  # regime -> points confirmed in it
    points: int
    boundary_points: int
    steps_checked: int
    lemmas_cited: list[str]
    worst_distance: float  # largest relative distance of the value from its interval; 0 if it always lies inside
    widest_interval: float  # largest relative width of an interval met
    method: str
    verdict: Verdict
    witnesses: list[Witness] = field(default_factory=list)
    failure: str = ""
    notes: list[str] = field(default_factory=list)  # further confirmations, in words (the Gaussian grids)
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Where the value of the samples' population lies, by the bootstrap: statistics, which no checker can prove."""

    lower: float
    upper: float
    level: float
    replicates: int
    infeasible: int  # replicates proved infeasible; they are kept, as inf


@dataclass(frozen=True, kw_only=True)
class DataPoint:
    """One solved operating point of a problem that was made from data; lower and upper are certified for these samples."""

    rate: float  # bits
    classification: float | None  # bits
    lower: float
    upper: float
    status: str
    method: str
    verified: bool
    estimate: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class DataResult:
    """Certified limits of the discrete problem that codebooks made of a data set."""

    name: str
    description: str
    samples: int
    symbols_x: int
    symbols_y: int
    labels: int
    codebook_error_x: float
    codebook_error_y: float
    label_entropy: float  # H(S), bits
    least_loss: float  # H(S|X), bits: no code has less
    rate_curve: list[DataPoint]
    classification_curves: list[list[DataPoint]]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that one run of `rdcsym certify` found."""

    version: str
    command: str
    seed: int
    thorough: bool
    results: list[FormResult]
    curves: dict[str, list[Curve]]  # theorem -> curves
    data: DataResult | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether one of our own claims failed (a refuted published form is a finding, not a failure)."""
        return any(r.verdict == "failed" or (r.form == "certified" and r.verdict == "refuted") for r in self.results)


def to_json(value: Any) -> Any:
    """Dataclasses, dictionaries and lists as plain JSON values; inf and -inf as text, since JSON has no number for them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else "nan"
    return value
