"""Exported torch source is `evaluate`, and its gradient is that of finite differences, finite wherever the value is."""

from __future__ import annotations

import numpy as np
import pytest
from export_samples import FORMS, assert_agrees, points

from rdcsym import theorem
from rdcsym.export import to_torch
from rdcsym.operating_points import valid

torch = pytest.importorskip("torch", reason="torch source is tested where torch is installed")
STEP = 1e-6


@pytest.fixture(scope="module")
def functions():
    made = {}
    for name, which in FORMS:
        namespace = {}
        exec(compile(to_torch(getattr(theorem(name), which)), "exported", "exec"), namespace)
        made[name, which] = namespace["value"]
    return made


@pytest.mark.parametrize(("name", "which"), FORMS)
def test_torch_source_is_evaluate(functions, name, which):
    function = functions[name, which]
    assert_agrees(name, which, lambda **at: function(**{n: torch.tensor(x) for n, x in at.items()}).numpy())


@pytest.mark.parametrize(("name", "which"), FORMS)
def test_gradient_is_finite_and_that_of_finite_differences(functions, name, which):
    form, (inner, _) = getattr(theorem(name), which), points(name, which)
    keep = np.isfinite(form.evaluate(**inner)) & np.logical_and.reduce([np.isfinite(x) for x in inner.values()])
    at = {n: x[keep] for n, x in inner.items()}
    tensors = {n: torch.tensor(x, requires_grad=True) for n, x in at.items()}
    functions[name, which](**tensors).sum().backward()
    compared = 0
    for p in form.parameters:
        slope = tensors[p.name].grad
        slope = np.zeros(keep.sum()) if slope is None else slope.numpy()
        inside = (at[p.name] - 4 * STEP > p.low) & (at[p.name] + 4 * STEP < p.high) & (not p.integer)
        assert np.isfinite(slope[inside]).all(), p.name
        compared += _compare(form, {n: v[inside] for n, v in at.items()}, p.name, slope[inside])
    assert compared > 20


def _compare(form, at, name, slope):
    """Hold the slopes against finite differences where those can tell; the number of points compared."""
    moderate = np.logical_and.reduce([np.abs(v) < 30 for v in at.values()])
    at, slope = {n: v[moderate] for n, v in at.items()} | {"#": np.arange(moderate.sum())}, slope[moderate]
    moved = [valid(form, {**at, name: at[name] + k * STEP}) for k in (-2, -1, 0, 1, 2)]
    there = set.intersection(*(set(m["#"]) for m in moved))
    kept = np.array(sorted(there), dtype=int)
    moved = [{n: v[np.isin(m["#"], kept)] for n, v in m.items() if n != "#"} for m in moved]
    regimes = [form.regime(**m) for m in moved]
    a, b, _, c, d = (form.evaluate(**m) for m in moved)
    with np.errstate(invalid="ignore"):
        middle, wide = (c - b) / (2 * STEP), (d - a) / (4 * STEP)
        smooth = np.abs(middle - wide) <= 1e-4 * np.maximum(1.0, np.abs(middle))
    size = np.maximum(1.0, np.abs(middle))
    # A kink of a definition, or a pole, lies between where the two differences are not one.
    clear = np.logical_and.reduce([r == regimes[0] for r in regimes]) & smooth
    off = np.flatnonzero(clear)
    off = off[~(np.abs(slope[kept][off] - middle[off]) <= 1e-3 * size[off])]
    assert not off.size, (name, {n: v[off[0]] for n, v in moved[2].items()}, slope[kept][off[0]], middle[off[0]])
    return int(clear.sum())


def test_a_singular_branch_beside_the_point_puts_no_nan_into_the_gradient(functions):
    # w_R = min(1, R/h): h = 0 where q_X = 0; the points are in one batch.
    function = functions["drc-bernoulli-oneshot", "certified"]
    q_X = torch.tensor([0.0, 0.2, 1.0, 0.2], requires_grad=True, dtype=torch.float64)
    C = torch.tensor([1.0, 0.9, 1.0, 0.0], requires_grad=True, dtype=torch.float64)
    value = function(R=0.5, C=C, q_X=q_X, q_Y=0.4, q_S1=0.1)
    assert torch.isinf(value[3])
    value[torch.isfinite(value)].sum().backward()
    assert torch.isfinite(q_X.grad).all()
    assert torch.isfinite(C.grad).all()


def test_a_step_down_the_gradient_lowers_the_distortion(functions):
    function = functions["drc-gaussian", "certified"]
    rate = torch.tensor(0.5, requires_grad=True)
    given = {"C": 3.0, "sigma_X": 1.0, "sigma_Y": 1.0, "sigma_S": 1.0, "theta": 0.5}
    value = function(R=rate, **given)
    value.backward()
    assert function(R=rate - 0.01 * rate.grad, **given) < value
