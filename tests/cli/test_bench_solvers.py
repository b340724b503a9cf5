"""`rdcsym bench solvers`: bad arguments in one line; its files; on a grid of one instance."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from rdcsym.cli.main import cli, run

pytest.importorskip("matplotlib")
pytest.importorskip("flint")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("solvers", "--kind", "gausian"), "gaussian"),
        (("solvers", "--seconds", "1"), "--seconds"),
        (("solvers", "--size", "17"), "16, 64, 256, 1024, 4096"),
        (("solvers", "--task", "mnist-sr"), "--task"),
        (("deep", "--quick"), "--quick"),
        (("images", "--kind", "random"), "--kind"),
        (("solvers", "--row", "BM3D"), "--row"),
        (("solver",), "solvers"),
    ],
)
def test_bad_arguments(arguments, said, tmp_path, capsys):
    assert run(["bench", *arguments, "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert (shown.out, len(shown.err.strip().splitlines())) == ("", 1)


def test_files_of_a_small_run(tmp_path, monkeypatch):
    import solvers.bench
    from solvers.bench.peers import METHODS

    grid = replace(solvers.bench.QUICK, sizes=(16,), rates=(1.0,), limit=10.0, repeats=1)
    few = tuple(m for m in METHODS if m.name in ("rdcsym", "NumPy absorbed") and m.task == "transport")
    measured = solvers.bench.bench
    monkeypatch.setattr(solvers.bench, "QUICK", grid)
    monkeypatch.setattr(solvers.bench, "bench", lambda effort, cache, tick: measured(effort, cache, tick, few))
    done = CliRunner().invoke(
        cli, ["bench", "solvers", "--quick", "--kind", "random", "--threads", "1", "--out", str(tmp_path), "--json"]
    )
    assert done.exit_code == 0, done.output
    held = json.loads((tmp_path / "solvers.json").read_text())
    assert held["format"] == "rdcsym bench solvers 1"
    assert held["targets"] == [1e-4, 1e-6, 1e-8]
    assert held["instances"] == {"random": "uniform costs, Dirichlet marginals"}
    assert [row["method"] for row in held["rows"]] == ["rdcsym", "NumPy absorbed", "NumPy absorbed"]
    assert {"seconds_to_1e_6", "gap", "kernel_gap", "status", "ratio", "limit", "memory"} <= set(held["rows"][0])
    with (tmp_path / "solvers.csv").open() as table:
        assert len(list(csv.DictReader(table))) == 3
    assert (tmp_path / "solvers.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "solvers.partial.jsonl").exists()
    assert json.loads(done.output)["summary"] == held["summary"]


def test_the_table_shows_ours_and_the_best_peers(capsys):
    from rdcsym.cli.bench_solvers import _print, shown
    from solvers.bench import Row

    def row(method, family, seconds, status="certified"):
        return Row(
            task="transport", kind="random", n=64, rate=3.0, method=method, family=family, driven="cold", seconds_to_1e_4=seconds,
            seconds_to_1e_6=seconds, seconds_to_1e_8=None, gap=1e-7, kernel_gap=1e-6, status=status, ratio=(seconds or 60.0) / 0.1,
            ratio_is_least=seconds is None, limit=60.0, runs=1, memory=100.0,
        )  # fmt: skip

    rows = [
        row("rdcsym", "ours", 0.1),
        row("POT sinkhorn", "package", None, "time limit"),
        row("POT sinkhorn_log", "package", 2.0),
    ]
    assert [r.method for r in shown(rows)] == ["rdcsym", "POT sinkhorn_log"]
    _print(rows[:2])
    said = capsys.readouterr().out
    assert ">600" in said
    assert "time limit: 60 s" in said
