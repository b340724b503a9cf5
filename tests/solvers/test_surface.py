"""Surfaces: against single calls, resumed after a kill, on any executor; every certificate verifies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import CertificateError, DiscreteProblem, Surface, solve, solve_surface, surface_row
from solvers.labelled_newton import LabelledNewton
from solvers.relaxation import LabelledSource


def problem(seed: int = 0, n: int = 6, m: int = 5, labels: int = 2, sharp: float = 0.3) -> DiscreteProblem:
    rng = np.random.default_rng(seed)
    x, y = np.sort(rng.normal(size=n)), np.sort(rng.normal(size=m))
    label = rng.dirichlet(np.full(labels, sharp), n)
    return DiscreteProblem(rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)), (x[:, None] - y) ** 2, label)


def grid(p: DiscreteProblem, count: int) -> tuple[Any, Any]:
    mass = p.p_X @ p.p_S_given_X
    return np.linspace(0, 1.5, count), np.linspace(0, -1.01 * float(mass @ np.log2(mass)), count)


@pytest.mark.parametrize("seed", range(4))
def test_every_point_verifies_and_agrees_with_solve(seed: int) -> None:
    p = problem(seed, labels=2 + seed % 2)
    rates, losses = grid(p, 6)
    s = solve_surface(p, rates=rates, classifications=losses)
    assert s.verify()
    assert s.lower.shape == s.upper.shape == s.status.shape == (6, 6)
    assert (s.lower <= s.upper).all()
    # Tighter budgets cost more: certified ends may not contradict that.
    assert (s.lower[1:] <= s.upper[:-1]).all()
    assert (s.lower[:, 1:] <= s.upper[:, :-1]).all()
    for i, j in ((1, 2), (2, 3), (3, 1), (4, 4), (5, 5)):
        alone = solve(p, rate=rates[i], classification=losses[j], nodes=0)
        assert alone.lower <= s.upper[i, j]
        assert s.lower[i, j] <= alone.upper
    # Where the label costs nothing the value is that of the rate alone.
    assert s.upper[:, -1] == pytest.approx(solve_surface(p, rates=rates).upper, rel=1e-7)


def test_active_constraints_are_closed_where_the_label_is_worth_less_than_the_rate() -> None:
    p = problem(5, 8, 8, labels=3, sharp=0.02)
    free = solve(p, rate=0.8)
    joint = p.p_S_given_X.T @ free.plan
    loss = -float(np.sum(joint * np.log2(np.maximum(joint, 1e-300) / joint.sum(axis=0))))
    s = solve_surface(p, rates=[0.8], classifications=np.linspace(loss - 0.06, loss - 0.01, 5))
    assert (s.status == "certified").all()
    assert {cell.method for cell in s.cells[0]} == {"continuation"}
    assert (np.diff(s.lower[0]) < 0).all()
    assert s.lower[0, 0] > free.upper


def test_branch_and_bound_closes_what_continuation_leaves() -> None:
    p = problem(1, 3, 3)
    rates, losses = grid(p, 5)
    quick, patient = (solve_surface(p, rates=rates, classifications=losses, nodes=nodes) for nodes in (0, 3000))
    assert patient.verify()
    assert ((quick.status == "gap") | (quick.status == patient.status)).all()
    assert np.count_nonzero(patient.status == "gap") <= np.count_nonzero(quick.status == "gap")


def test_a_killed_surface_goes_on_and_takes_no_other_problems_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem(2)
    rates, losses = grid(p, 4)
    calls: list[float] = []
    true_row = surface_row.row

    def dying(given: DiscreteProblem, rate: float, *rest: Any) -> Any:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(rate)
        return true_row(given, rate, *rest)

    monkeypatch.setattr("solvers.surface.row", dying)
    with pytest.raises(KeyboardInterrupt):
        solve_surface(p, rates=rates, classifications=losses, folder=tmp_path, executor=None)
    assert len(list(tmp_path.glob("row-*.npz"))) == 2
    (tmp_path / "row-0001.npz").write_bytes(b"half a row")
    calls.clear()
    monkeypatch.setattr("solvers.surface.row", lambda *a: calls.append(a[1]) or true_row(*a))
    told: list[str] = []
    s = solve_surface(p, rates=rates, classifications=losses, folder=tmp_path, executor=None, progress=told.append)
    assert calls == [rates[1], rates[2], rates[3]]
    assert len(told) == 4
    assert s.verify()
    again = solve_surface(p, rates=rates, classifications=losses, folder=tmp_path, executor=None)
    assert len(calls) == 3
    assert (again.lower == s.lower).all()
    assert again.verify()
    solve_surface(problem(3), rates=rates, classifications=losses, folder=tmp_path, executor=None)
    assert len(calls) == 7


def test_a_kept_row_that_was_tampered_with_does_not_verify(tmp_path: Path) -> None:
    p = problem(2)
    s = solve_surface(p, rates=[1.0], folder=tmp_path, executor=None)
    path = next(tmp_path.glob("*.npz"))
    with np.load(path) as file:
        arrays = dict(file)
    arrays["lower"] = arrays["upper"] = arrays["upper"] + 1
    np.savez(path, **arrays)
    forged = solve_surface(p, rates=[1.0], folder=tmp_path, executor=None)
    assert forged.lower[0] == s.upper[0] + 1
    with pytest.raises(CertificateError):
        forged.verify()


def test_any_executor_and_local_processes_give_the_same() -> None:
    p = problem(4)
    rates = np.linspace(0.1, 1.2, 8)
    alone, local = (solve_surface(p, rates=rates, executor=e) for e in (None, "local"))
    with ThreadPoolExecutor(2) as pool:
        threads = solve_surface(p, rates=rates, executor=pool)
    for other in (local, threads):
        assert isinstance(other, Surface)
        # Not the same bits: BLAS may have other threads there.
        assert other.lower == pytest.approx(alone.lower, rel=1e-9)
        assert other.upper == pytest.approx(alone.upper, rel=1e-9)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ({"rates": []}, "rates"),
        ({"rates": [[0.5]]}, "rates"),
        ({"rates": [-1.0]}, "rates"),
        ({"rates": [float("nan")]}, "rates"),
        ({"rates": [0.5], "classifications": [-0.5]}, "classifications"),
        ({"rates": [0.5], "setting": "oneshot"}, "setting"),
        ({"rates": [0.5], "units": "hartleys"}, "units"),
        ({"rates": [0.5], "tolerance": 2}, "tolerance"),
        ({"rates": [0.5], "nodes": -1}, "nodes"),
        ({"rates": [0.5] * 9, "executor": "cluster"}, "executor"),
    ],
)
def test_bad_input_is_named(question: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        solve_surface(problem(), **question)


def test_a_surface_over_losses_needs_a_label() -> None:
    plain = DiscreteProblem([0.5, 0.5], [0.5, 0.5], [[0, 1], [1, 0]])
    with pytest.raises(InputError, match="classification"):
        solve_surface(plain, rates=[0.5], classifications=[0.5])


def test_newton_meets_its_two_targets_and_its_derivatives() -> None:
    p = problem(7, 9, 7, labels=3)
    assert p.p_S_given_X is not None
    base = solve(p, rate=0.8, units="nats")
    method = LabelledNewton(LabelledSource(p.p_X, p.p_Y, p.cost, p.p_S_given_X))
    start = method.near(base.plan, base.dual.g, base.dual.temperature)
    found = method.to(start, rate=0.8, label_information=start.label_information * 1.05)
    assert found is not None
    assert found.rate == pytest.approx(0.8, abs=1e-9)
    assert found.label_information == pytest.approx(start.label_information * 1.05, abs=1e-9)
    assert np.abs(found.plan.sum(axis=0) - p.p_Y).max() < 1e-10
    # The envelope theorem: the price of the label is the slope of the distortion.
    step = 1e-5
    more = method.to(found, rate=0.8, label_information=found.label_information + step)
    assert more is not None
    slope = (more.distortion - found.distortion) / step
    assert slope == pytest.approx(found.sigma / found.beta, rel=1e-2)
