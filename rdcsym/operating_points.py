"""Random operating points of a theorem, points in each regime, and points at every regime boundary and one ulp beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rdcsym.evaluate import compile_condition, compile_expression
from rdcsym.form import UNIFORM, Form
from rdcsym.problem import FloatArray
from rdcsym.theorem import Theorem

Points = dict[str, FloatArray]  # parameter name -> values, all of one length
_BATCH = 4096
MOST_COMPONENTS = 6
_BESIDE_ZERO = 1e-200  # the neighbour of 0 is no denormal, which no one means


def random_points(form: Form, count: int, rng: np.random.Generator, components: int | None = None) -> Points:
    """`count` points of the form's parameter space, drawn as its parameters say; not all of them are feasible.

    Vectors have `components` entries; None is a random number from 2 to MOST_COMPONENTS, the same in all points
    of one call.
    """
    points: Points = {}
    waiting = list(form.parameters)
    components = components or _components(form, rng)
    while waiting:
        # A draw may use other parameters (theta needs both deviations): take the first whose needs are met.
        ready = next(p for p in waiting if {s.name for s in p.draw.free_symbols} - {UNIFORM.name} <= points.keys())
        shape = (count, components) if ready.vector else (count,)
        arrays = {**points, UNIFORM.name: rng.random(shape)}
        points[ready.name] = np.broadcast_to(compile_expression(ready.draw)(arrays), shape).copy()
        waiting.remove(ready)
    return {p.name: points[p.name] for p in form.parameters}


def _components(form: Form, rng: np.random.Generator) -> int:
    # One component has fewer regimes: it cannot trade.
    return int(rng.integers(2, MOST_COMPONENTS + 1)) if any(p.vector for p in form.parameters) else 1


def regime_points(form: Form, per_regime: int, rng: np.random.Generator, batches: int = 64) -> dict[str, Points]:
    """Up to `per_regime` random points in each regime, by rejection; a regime of measure zero gets none (see boundaries).

    Vectors have a random number of components, the same in all points of one call.
    """
    found: dict[str, list[Points]] = {regime.name: [] for regime in form.regimes}
    missing = {regime.name: per_regime for regime in form.regimes}
    components = _components(form, rng)
    for _ in range(batches):
        points = valid(form, random_points(form, _BATCH, rng, components))
        names = form.regime(**points)
        for regime, wanted in missing.items():
            chosen = np.flatnonzero(names == regime)[:wanted]
            found[regime].append({n: x[chosen] for n, x in points.items()})
            missing[regime] -= chosen.size
        if not any(missing.values()):
            break
    return {regime: join(parts) for regime, parts in found.items()}


def boundary_points(theorem: Theorem, per_boundary: int, rng: np.random.Generator) -> Iterator[tuple[str, Points]]:
    """For each boundary of the theorem its name and points exactly on it, and one ulp to either side of it."""
    form = theorem.certified
    for symbol, expression in theorem.boundaries:
        points = valid(form, random_points(form, 8 * per_boundary, rng))
        with np.errstate(divide="ignore", invalid="ignore"):  # an expression may be undefined at a random point: dropped below
            value = form.quantity(expression, **points)
        parameter = next(p for p in form.parameters if p.symbol == symbol)
        if parameter.vector and value.ndim == 1:  # one number for all components
            value = np.broadcast_to(value[:, None], points[symbol.name].shape)
        finite = np.where(np.isfinite(value), value, 1.0)
        ulp = np.where(np.isfinite(value), np.maximum(np.abs(np.spacing(finite)), _BESIDE_ZERO), 0.0)
        sides = [value] if parameter.integer else [value, value - ulp, value + ulp]
        on = [valid(form, {**points, symbol.name: side}) for side in sides]
        yield f"{symbol} = {expression}", join([{n: x[:per_boundary] for n, x in part.items()} for part in on])


def valid(form: Form, points: Points) -> Points:
    """The points that lie in the form's domain: others would be bad input."""
    keep = np.ones(len(next(iter(points.values()))), dtype=bool)
    for parameter in form.parameters:
        values = points[parameter.name]
        inside = (values >= parameter.low) & (values <= parameter.high)
        if parameter.integer:
            inside &= values == np.floor(values)
        keep &= inside.all(axis=-1) if parameter.vector else inside
    for requirement in form.requirements:
        keep &= np.broadcast_to(compile_condition(requirement.condition)(points), keep.shape)
    return {name: values[keep] for name, values in points.items()}


def join(parts: list[Points]) -> Points:
    """Points of several dictionaries, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def each(points: Points) -> Iterator[dict[str, Any]]:
    """The points one by one, as keyword arguments: numbers, and arrays for vectors."""
    names = list(points)
    for row in zip(*points.values(), strict=True):
        yield {n: np.array(v) if np.ndim(v) else float(v) for n, v in zip(names, row, strict=True)}
