"""Real input: the digits, and a user's own arrays, to certified limits."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from rdcsym.cli.data import certify_data, load
from rdcsym.cli.main import run


@pytest.fixture(scope="module")
def digits():
    return certify_data(load("digits", codewords=6), thorough=False)


def test_every_interval_of_the_digits_was_checked(digits):
    points = [*digits.rate_curve, *(p for curve in digits.classification_curves for p in curve)]
    assert all(p.verified and p.lower <= p.upper for p in points)
    assert all(p.status == "certified" for p in digits.rate_curve)


def test_the_curves_are_monotone(digits):
    upper = [p.upper for p in digits.rate_curve]
    assert upper == sorted(upper, reverse=True)
    assert upper[0] > 1.2 * upper[-1]
    for curve in digits.classification_curves:  # from a loose budget to a tight one
        lower = [p.lower for p in curve]
        assert all(b >= a - 1e-9 * a for a, b in pairwise(lower))


def test_the_classifier_costs_distortion(digits):
    """On real data the classification constraint trades: it raises the lower end above the value without it."""
    assert any(curve[-1].lower > curve[0].upper * (1 + 1e-3) for curve in digits.classification_curves)


def test_a_users_own_arrays(tmp_path, capsys):
    rng = np.random.default_rng(0)
    clean = np.repeat(rng.random((6, 5)), 20, axis=0)
    np.savez(tmp_path / "d.npz", x=clean + 0.1 * rng.random(clean.shape), y=clean, labels=np.repeat(np.arange(6) % 2, 20))
    arguments = ["certify", "--data", str(tmp_path / "d.npz"), "--codewords", "5", "--out", str(tmp_path / "r"), "--json"]
    assert run(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["results"] == []
    assert (report["data"]["symbols_x"], report["data"]["labels"], report["data"]["samples"]) == (5, 2, 120)
    assert "codewords" in report["data"]["description"]


def test_the_sampling_error_stands_apart_from_the_certified_interval(tmp_path, capsys):
    rng = np.random.default_rng(0)
    clean = np.repeat(rng.random((4, 3)), 10, axis=0)
    np.savez(tmp_path / "d.npz", x=clean + 0.1 * rng.random(clean.shape), y=clean, labels=np.repeat(np.arange(4) % 2, 10))
    arguments = [
        "certify",
        "--data",
        str(tmp_path / "d.npz"),
        "--codewords",
        "3",
        "--out",
        str(tmp_path / "r"),
        "--bootstrap",
        "8",
    ]
    assert run(arguments) == 0
    data = json.loads((tmp_path / "r" / "report.json").read_text(encoding="utf-8"))["data"]
    for point in data["rate_curve"]:
        estimate = point["estimate"]
        assert estimate["lower"] <= point["lower"] <= point["upper"] <= estimate["upper"]
        assert (estimate["replicates"], estimate["infeasible"], estimate["level"]) == (8, 0, 0.95)
    assert all(point["estimate"] is None for curve in data["classification_curves"] for point in curve)
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "estimate for the population" in page
    assert "8 bootstrap replicates" in page
    shown = capsys.readouterr().out
    assert "8 replicates, level 0.95" in shown
    assert "not certified" in shown


@pytest.mark.parametrize("arguments", [["--data", "digits", "--bootstrap", "-1"], ["--theorem", "fano", "--bootstrap", "9"]])
def test_a_bootstrap_of_nothing(arguments, capsys):
    assert run(["certify", *arguments]) == 2
    assert "--bootstrap" in capsys.readouterr().err
