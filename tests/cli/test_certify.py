"""The main job, end to end: confirm, refute, report; and its verdicts when something is planted."""

from __future__ import annotations

import dataclasses
import json
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from rdcsym import theorem, theorems
from rdcsym.cli.confirm import DEFAULT, EVALUATION_ROUNDING, Effort, confirm_certified, confirm_published, confirm_theorem
from rdcsym.cli.grids import grid_notes
from rdcsym.cli.main import run
from rdcsym.operating_points import each, regime_points
from rdcsym.oracles import oracle, within_rounding
from rdcsym.proof import Case, Derivation, Identity
from rdcsym.refute import Interval, distance

FEW = Effort(per_regime=6, per_boundary=1)
PUBLISHED = ["drc-bernoulli-oneshot", "drc-gaussian", "drpc-gaussian-kl", "drpc-gaussian-w2"]


# One theorem, of vectors in a ball, takes as long as all the others together; tests/rdcsym holds it against its oracle too.
LONG = "drpc-gaussian-vector-w2"


@pytest.mark.parametrize("name", [n if n != LONG else pytest.param(n, marks=pytest.mark.slow) for n in theorems()])
def test_every_certified_form_is_certified(name):
    row = confirm_certified(theorem(name), FEW, np.random.default_rng(0))
    assert row.failure == ""
    assert row.verdict == "certified"
    assert row.steps_checked > 0
    assert row.worst_distance <= EVALUATION_ROUNDING
    assert row.boundary_points >= len(theorem(name).boundaries)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_form_is_refuted_by_search(name):
    row = confirm_published(theorem(name), FEW, np.random.default_rng(1))
    assert row.verdict == "refuted"
    assert len(row.witnesses) >= 2
    for witness in row.witnesses:
        point = {n: float(Fraction(x)) for n, x in witness.point.items()}
        assert distance(theorem(name).published.evaluate(**point), oracle(theorem(name))(point)) > 1e-3
        assert all(Fraction(x).denominator <= 10 for x in witness.point.values())


def test_the_published_fano_bound_is_certified_as_a_bound():
    row = list(confirm_theorem(theorem("fano"), FEW, 0))[1]
    assert (row.form, row.kind, row.verdict) == ("published", "lower", "certified")


def test_a_planted_fault_in_our_own_form_fails():
    true = theorem("rd-bernoulli")
    wrong = tuple(dataclasses.replace(r, value=r.value * sp.Rational(1000001, 1000000)) for r in true.certified.regimes)
    row = confirm_certified(
        dataclasses.replace(true, certified=dataclasses.replace(true.certified, regimes=wrong)), FEW, np.random.default_rng(0)
    )
    assert row.verdict == "failed"
    assert "outside its certified interval" in row.failure


def test_a_broken_proof_step_fails():
    true = theorem("rd-gaussian")
    broken = Derivation([*true.derivation, Identity("", "one is two", sp.Integer(1), sp.Integer(2))])
    row = confirm_certified(dataclasses.replace(true, derivation=broken), FEW, np.random.default_rng(0))
    assert row.verdict == "failed"
    assert "one is two" in row.failure


@pytest.mark.parametrize("name", ["drc-bernoulli-oneshot", "rdc-bernoulli-oneshot"])
def test_bernoulli_forms_equal_the_exact_linear_program(name):
    """1e-9 relative at more than 2,000 points over both theorems, in every regime."""
    found, ask, seen = theorem(name), oracle(theorem(name)), 0
    for points in regime_points(found.certified, 350, np.random.default_rng(7)).values():
        values = found.evaluate(**points)
        for point, value in zip(each(points), values, strict=True):
            exact = ask(point)
            assert exact.lower == exact.upper or exact.upper - exact.lower <= 4 * np.spacing(exact.upper)
            if math.isinf(exact.upper):
                assert value == math.inf
            else:
                assert abs(value - exact.upper) <= 1e-9 * max(abs(exact.upper), 1e-6), point
            seen += 1
    assert seen >= 1050


def test_a_jump_within_rounding_leaves_the_finite_answer_or_inf_and_nothing_else():
    found = theorem("drc-gaussian")
    point = {"R": 1.0, "mu_X": 0.0, "sigma_X": 1.0, "mu_Y": 0.0, "sigma_Y": 1.0, "sigma_S": 1.0, "theta": 0.9}
    edge = float(found.certified.quantity(found.boundaries[0][1], C=9.0, **point)[0])
    near, infinite = within_rounding(oracle(found), {**point, "C": edge}, {"R": 1.0, "C": 1.0})
    assert infinite
    assert distance(found.evaluate(R=1, C=9, sigma_X=1, sigma_Y=1, sigma_S=1, theta=0.9), near) == 0
    assert distance(77.0, near) > 0.5
    far, infinite = within_rounding(oracle(found), {**point, "C": 9.0}, {"R": 1.0, "C": 1.0})
    assert not infinite
    assert far.upper - far.lower < 1e-10


# A grid holds one tight scalar function: no vectors, and no mere bound.
GRIDS = [n for n in theorems() if "gaussian" in n and "vector" not in n and n != "rd-gaussian-dithered"]


@pytest.mark.parametrize("name", GRIDS)
def test_gaussian_theorems_lie_in_the_bracket_of_a_grid(name):
    notes, failure = grid_notes(theorem(name))
    assert failure == ""
    assert notes
    assert all("discretisation error" in note for note in notes)


def test_a_wrong_gaussian_form_leaves_the_bracket_of_a_grid():
    true = theorem("rd-gaussian")
    wrong = tuple(dataclasses.replace(r, value=r.value / 2) for r in true.certified.regimes)
    changed = dataclasses.replace(true, certified=dataclasses.replace(true.certified, regimes=wrong))
    assert "outside" in grid_notes(changed)[1]


def test_wide_intervals_decide_nothing(monkeypatch):
    """An oracle that says [0, 1] everywhere certifies nothing: the verdict is a gap."""
    monkeypatch.setattr("rdcsym.cli.confirm.oracle", lambda theorem: lambda point: Interval(lower=0.0, upper=1.0, method="lazy"))
    row = confirm_certified(theorem("rd-bernoulli"), FEW, np.random.default_rng(0))
    assert (row.verdict, row.failure) == ("gap", "")


def test_a_value_that_is_no_number_fails():
    true = theorem("rd-bernoulli")
    broken = tuple(dataclasses.replace(r, value=sp.nan) if r.name == "distortion-limited" else r for r in true.certified.regimes)
    row = confirm_certified(
        dataclasses.replace(true, certified=dataclasses.replace(true.certified, regimes=broken)), FEW, np.random.default_rng(0)
    )
    assert row.verdict == "failed"


def test_a_regime_without_a_proof_fails():
    true = theorem("drc-bernoulli-oneshot")
    less = Derivation([s for s in true.derivation if s.regime != "classification-limited"])
    row = confirm_certified(dataclasses.replace(true, derivation=less), FEW, np.random.default_rng(0))
    assert row.verdict == "failed"
    assert "'classification-limited' has no proof step" in row.failure


def test_a_proof_of_another_value_is_noticed():
    """The cases of the derivation are held against the form: a case with another value, or too strong an assumption, is seen."""
    true = theorem("rdc-bernoulli-oneshot")
    for change in ({"value": sp.Rational(1, 3)}, {"given": (sp.Symbol("q") - sp.Rational(1, 3),)}):
        altered = [
            dataclasses.replace(s, **change) if isinstance(s, Case) and s.regime == "distortion-limited" else s
            for s in true.derivation
        ]
        row = confirm_certified(dataclasses.replace(true, derivation=Derivation(altered)), FEW, np.random.default_rng(0))
        assert "no case of the derivation covers a point of the regime 'distortion-limited'" in row.failure


def test_the_command_writes_its_report_and_prints_json(tmp_path, capsys):
    arguments = ["certify", "--theorem", "fano", "--theorem", "rd-bernoulli", "--out", str(tmp_path / "r"), "--json"]
    assert run(arguments) == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert [(r["theorem"], r["verdict"]) for r in report["results"]] == [
        ("fano", "certified"), ("fano", "certified"), ("rd-bernoulli", "certified"),
    ]  # fmt: skip
    assert json.loads((tmp_path / "r" / "report.json").read_text()) == report
    assert (tmp_path / "r" / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == ["report.html", "report.json"]


def test_the_same_seed_gives_the_same_rows():
    one, two = (
        dataclasses.replace(confirm_published(theorem("drc-gaussian"), FEW, np.random.default_rng(3)), seconds=0)
        for _ in range(2)
    )
    assert one == two


@pytest.mark.slow
@pytest.mark.parametrize("name", theorems())
def test_many_points(name):
    row = confirm_certified(theorem(name), Effort(per_regime=10 * DEFAULT.per_regime, per_boundary=20), np.random.default_rng(11))
    assert (row.verdict, row.failure) == ("certified", "")
