"""Intervals for bounds about codes: one-shot rates, dithered quantization, couplings through a bottleneck."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rdcsym.oracles.verified import verified
from rdcsym.refute import Interval, Oracle

_HAMMING = np.array([[0.0, 1.0], [1.0, 0.0]])


def _oneshot_rate(point: Mapping[str, float]) -> Interval:
    from solvers import DiscreteProblem, solve

    x, y = point["q_X"], point["q_Y"]
    problem = DiscreteProblem(p_X=np.array([1 - x, x]), p_Y=np.array([1 - y, y]), cost=_HAMMING)
    return verified(solve(problem, distortion=point["D"], setting="oneshot"), "linear program in exact rationals")


def _dithered(point: Mapping[str, float]) -> Interval:
    from solvers import dithered_rate

    found = dithered_rate(point["D"], point["sigma_X"], point["G"])
    return verified(found, "integral of the dithered output's entropy, in ball arithmetic")


def _bottleneck(point: Mapping[str, float]) -> Interval:
    from solvers import coupling_with_bottleneck

    found = coupling_with_bottleneck(point["q_X"], point["q_Y"], point["R"])
    return verified(found, "explicit bottleneck and a bound for every one, in exact rationals and balls")


ORACLES: dict[str, Oracle] = {
    "rd-bernoulli-oneshot-lower": _oneshot_rate,
    "rd-bernoulli-oneshot-upper": _oneshot_rate,
    "rd-gaussian-dithered": _dithered,
    "mec-bernoulli": _bottleneck,
}
