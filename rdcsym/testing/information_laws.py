"""The laws of information measures as assertions, for someone's own entropy, mutual information or equivocation of finite laws.

`unit` is the size of one bit in the function's unit: 1 for bits, log(2) for nats. Joint laws are float64 arrays (n, m); S or X
along the rows, Y along the columns. Source of all of them: Cover and Thomas, Elements of Information Theory, chapter 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import hypothesis
import numpy as np
from hypothesis import strategies as st

from rdcsym.problem import FloatArray, InputError, nearest
from rdcsym.testing.strategies_discrete import channels, couplings, simplices

Measure = Callable[[FloatArray], Any]
Quantity = Literal["entropy", "mutual information", "equivocation"]
TOLERANCE = 1e-9  # bits


def _read(name: str, function: Measure, law: FloatArray) -> float:
    value = np.asarray(function(law.copy()))
    if value.shape != () or value.dtype.kind not in "fiu" or not math.isfinite(value):
        raise AssertionError(f"{name} is {value!r}, no finite number, at {law.tolist()}")
    return float(value)


def _at(where: tuple[FloatArray, ...]) -> str:
    return " at " + " and ".join(str(w.tolist()) for w in where) if where else ""


def _at_most(law: str, lesser: float, greater: float, unit: float, *where: FloatArray) -> None:
    if lesser > greater + TOLERANCE * unit:
        raise AssertionError(f"not {law}: {lesser!r} > {greater!r}{_at(where)}")


def _equal(law: str, first: float, second: float, unit: float, *where: FloatArray) -> None:
    if abs(first - second) > TOLERANCE * unit:
        raise AssertionError(f"not {law}: {first!r} != {second!r}{_at(where)}")


def assert_entropy(entropy: Measure, p: FloatArray, q: FloatArray, weight: float = 0.5, *, unit: float = 1.0) -> None:
    """Assert the laws of H at p and q, both (n,): 0 <= H <= log n, renaming, concavity, grouping, the unit."""

    def H(law: FloatArray) -> float:
        return _read("entropy", entropy, law)

    here, n = H(p), p.size
    _at_most("nonnegative (entropy)", 0.0, here, unit, p)
    _at_most("at most the logarithm of the number of symbols", here, math.log2(n) * unit, unit, p)
    _equal("the unit: one fair bit", H(np.array([0.5, 0.5])), unit, unit)
    _equal("the same when symbols are renamed", H(p[::-1]), here, unit, p)
    mixed = weight * p + (1.0 - weight) * q
    _at_most("concave", weight * here + (1.0 - weight) * H(q), H(mixed), unit, p, q)
    rest = math.fsum(p[1:])
    if n > 1 and rest > 0:
        whole = H(np.array([1.0 - rest, rest])) + rest * H(p[1:] / rest)
        _equal("the chain rule (grouping): H(p) = H(p_1, 1 - p_1) + (1 - p_1) H(the rest)", here, whole, unit, p)


def assert_mutual_information(information: Measure, joint: FloatArray, *, unit: float = 1.0) -> None:
    """Assert the laws of I(X;Y) at a joint law (n, m): 0 <= I <= min(log n, log m), symmetry, 0 where independent, <= H."""
    here = _read("mutual information", information, joint)
    _at_most("nonnegative (mutual information)", 0.0, here, unit, joint)
    _at_most("at most the logarithm of the smaller alphabet", here, math.log2(min(joint.shape)) * unit, unit, joint)
    _equal("symmetric: I(X;Y) = I(Y;X)", _read("mutual information", information, joint.T), here, unit, joint)
    product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    _equal("0 for independent X and Y", _read("mutual information", information, product), 0.0, unit, product)
    same = np.eye(2) / 2.0
    _equal("the unit: one fair bit tells itself", _read("mutual information", information, same), unit, unit, same)
    for axis, other in ((0, joint.sum(axis=1)), (1, joint.sum(axis=0))):
        known = _read("mutual information", information, np.diag(other))
        _at_most(f"I(X;Y) <= H of what is along axis {axis}", here, known, unit, joint)


def assert_equivocation(equivocation: Measure, joint: FloatArray, *, unit: float = 1.0) -> None:
    """Assert the laws of H(S|Y) at a joint law (k, m): 0 <= H(S|Y) <= H(S) <= log k, renaming, the chain rule, Fano."""
    here, k = _read("equivocation", equivocation, joint), joint.shape[0]

    def entropy(law: FloatArray) -> float:
        return _read("equivocation", equivocation, law.reshape(-1, 1))

    whole = entropy(joint.sum(axis=1))
    _at_most("nonnegative (equivocation)", 0.0, here, unit, joint)
    _at_most("conditioning never raises entropy: H(S|Y) <= H(S)", here, whole, unit, joint)
    _at_most("at most the logarithm of the number of labels", whole, math.log2(k) * unit, unit, joint)
    _equal("the unit: one fair bit", entropy(np.array([0.5, 0.5])), unit, unit)
    _equal("the same when symbols are renamed", _read("equivocation", equivocation, joint[::-1, ::-1]), here, unit, joint)
    _equal("the chain rule: H(S,Y) = H(Y) + H(S|Y)", entropy(joint), entropy(joint.sum(axis=0)) + here, unit, joint)
    error = min(1.0, max(0.0, 1.0 - float(joint.max(axis=0).sum())))
    fano = entropy(np.array([error, 1.0 - error])) + error * math.log2(max(1, k - 1)) * unit
    _at_most("Fano: H(S|Y) <= H_b(P_e) + P_e log(k - 1)", here, fano, unit, joint)


def assert_data_processing(information: Measure, joint: FloatArray, channel: FloatArray, *, unit: float = 1.0) -> None:
    """Assert I(X;Z) <= I(X;Y) for a joint law (n, m) of X, Y and a channel (m, l) from Y to Z."""
    before, after = (_read("mutual information", information, law) for law in (joint, joint @ channel))
    _at_most("data processing: I(X;Z) <= I(X;Y)", after, before, unit, joint, channel)


def assert_equivocation_grows(equivocation: Measure, joint: FloatArray, channel: FloatArray, *, unit: float = 1.0) -> None:
    """Assert H(S|Z) >= H(S|Y) for a joint law (k, m) of S, Y and a channel (m, l) from Y to Z."""
    before, after = (_read("equivocation", equivocation, law) for law in (joint, joint @ channel))
    _at_most("data processing: H(S|Y) <= H(S|Z)", before, after, unit, joint, channel)


def assert_measure(
    function: Measure, quantity: Quantity, *, unit: float = 1.0, settings: hypothesis.settings | None = None
) -> None:
    """Assert that no law was found that breaks the laws of a quantity: Hypothesis draws the laws, and shrinks what it finds.

    quantity: "entropy" (of p, (n,)), "mutual information" or "equivocation" (of a joint law, (n, m)). unit: see above.
    """
    if quantity not in get_args(Quantity):
        raise InputError("quantity", quantity, "is none of the measured quantities", nearest(quantity, get_args(Quantity)))

    @hypothesis.settings(settings or hypothesis.settings(database=None, deadline=None), report_multiple_bugs=False)
    @hypothesis.given(st.data())
    def the_laws_hold(data: st.DataObject) -> None:
        if quantity == "entropy":
            p = data.draw(simplices(), label="p")
            q = data.draw(simplices(p.size), label="q")
            assert_entropy(function, p, q, data.draw(st.sampled_from([0.5, 0.25, 0.875]), label="weight"), unit=unit)
            return
        joint = data.draw(couplings(), label="joint")
        channel = data.draw(channels(joint.shape[1]), label="channel")
        if quantity == "mutual information":
            assert_mutual_information(function, joint, unit=unit)
            assert_data_processing(function, joint, channel, unit=unit)
        else:
            assert_equivocation(function, joint, unit=unit)
            assert_equivocation_grows(function, joint, channel, unit=unit)

    the_laws_hold()
