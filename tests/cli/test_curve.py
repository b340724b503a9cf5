"""`rdcsym curve`: heat maps, vectors, and the numbers as CSV are those of `evaluate`."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need the extra `plot`")

from rdcsym import InputError, theorem
from rdcsym.cli.grid_of_values import Values
from rdcsym.cli.heatmap import plot_map
from rdcsym.cli.main import run

BERNOULLI = ["--set", "q_X=.2", "--set", "q_Y=.4", "--set", "q_S1=.1"]
HEATMAP = ["curve", "drc-bernoulli-oneshot", "--x", "R", "--y", "C", *BERNOULLI, "--range", "0,1", "--y-range", ".4,.9"]


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_heat_map_is_drawn_in_every_format_in_one_run_with_its_numbers(tmp_path, capsys):
    files = [tmp_path / f"map.{suffix}" for suffix in ("png", "svg", "pdf", "csv")]
    assert run([*HEATMAP, *(a for f in files for a in ("--out", str(f)))]) == 0
    assert capsys.readouterr().out.split() == [str(f) for f in files]
    assert all(f.stat().st_size > 2000 for f in files)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    rows = rows_of(files[-1])
    assert len(rows) > 2000
    form = theorem("drc-bernoulli-oneshot").certified
    for row in rows[::97]:
        point = {p.name: float(row[p.name]) for p in form.parameters}
        assert float(row["value"]) == form.evaluate(**point)
        assert row["regime"] == form.regime(**point)
        assert (row["kind"], row["form"]) == ("tight", "certified")
    assert {row["regime"] for row in rows} == {r.name for r in form.regimes}


def test_a_heat_map_is_the_same_every_time_and_names_what_it_shows(tmp_path):
    x, y = np.linspace(0, 1, 21), np.linspace(2, 3, 15)
    across, up = np.meshgrid(x, y)
    regime = np.where(across + up < 2.6, 0, np.where(across < 0.6, 1, 2))
    values = Values(value=np.where(regime == 0, math.inf, across * up), regime=regime)

    def draw(name, found=values):
        path = tmp_path / name
        plot_map(
            x, y, found, ["infeasible", "first", "second (lower bound)"], ("R (bits)", "C (bits)", "distortion D"), "a map", path
        )
        return path.read_bytes()

    first = draw("a.svg")
    assert draw("b.svg") == first
    words = first.decode()
    for word in ("R (bits)", "C (bits)", "distortion D", "a map"):
        assert f"<!-- {word} -->" in words
    for name in ("infeasible", "first", "second-lower-bound"):
        assert f'id="regime-{name}"' in words
    plain = Values(value=across * up, regime=np.ones_like(regime))
    assert b"regime-infeasible" not in draw("c.svg", plain)
    blocked = Values(value=np.full(regime.shape, math.inf), regime=np.zeros_like(regime))
    assert b"regime-infeasible" in draw("d.svg", blocked)
    flat = Values(value=np.full(regime.shape, 0.25), regime=np.ones_like(regime))
    assert b"regime-first" in draw("e.svg", flat)
    with pytest.raises(InputError, match=r"\.png, \.svg or \.pdf"):
        draw("f.bmp")


def test_curve_numbers_as_csv_have_both_forms_and_the_domain(tmp_path, capsys):
    out = tmp_path / "d.csv"
    given = ["--set", "C=2", "--set", "sigma_X=1", "--set", "sigma_Y=1", "--set", "sigma_S=1"]
    arguments = [
        "curve",
        "drc-gaussian",
        "--x",
        "theta",
        "--lines",
        "R=.5,1",
        *given,
        "--range",
        "-2,.9",
        "--published",
        "--out",
        str(out),
    ]
    assert run(arguments) == 0
    rows = rows_of(out)
    assert len(rows) == 4 * 401
    assert {row["form"] for row in rows} == {"certified", "published"}
    outside = [row for row in rows if float(row["theta"]) < -1]
    assert outside
    assert {(row["value"], row["regime"], row["kind"]) for row in outside} == {("nan", "outside the domain", "")}
    assert {row["mu_X"] for row in rows} == {"0.0"}


def test_vectors_are_given_entry_by_entry(tmp_path, capsys):
    assert run(["curve", "rd-gaussian-vector", "--x", "D", "--set", "sigma_X=2,1", "--range", ".1,5", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["fixed"] == {"sigma_X": [2.0, 1.0]}
    value = theorem("rd-gaussian-vector").evaluate(D=shown["values"][7], sigma_X=[2, 1])
    assert shown["lines"][0]["certified"][7] == pytest.approx(value, rel=1e-12)
    out = tmp_path / "v.csv"
    assert run(["curve", "rd-gaussian-vector", "--x", "D", "--set", "sigma_X=2,1", "--range", ".1,5", "--out", str(out)]) == 0
    assert rows_of(out)[0]["sigma_X"] == "2.0 1.0"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([*HEATMAP, "--out", "a.bmp"], ".csv"),
        ([*HEATMAP, "--lines", "q_S1=.1,.2", "--out", "a.png"], "--lines"),
        ([*HEATMAP[:5], "R", *HEATMAP[6:], "--out", "a.png"], "--y"),
        ([*HEATMAP[:4], *HEATMAP[6:], "--out", "a.png"], "--y-range"),
        ([*HEATMAP, "--set", "C=.5", "--out", "a.png"], "C=0.5"),
        (["curve", "rd-gaussian", "--x", "D", "--set", "sigma_X=1,2", "--out", "a.png"], "no vector"),
        (["curve", "rd-gaussian-vector", "--x", "sigma_X", "--out", "a.png"], "is a vector"),
        (["curve", "rd-gaussian-vector", "--x", "D", "--set", "sigma_X=1,x", "--out", "a.png"], "is no number"),
    ],
)
def test_bad_input_is_one_line(arguments, word, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert word in captured.err
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
