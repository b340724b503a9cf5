"""Intervals for binary sources: linear programs in exact rationals, Berger's dual, Gibbs' inequality."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from rdcsym.oracles.verified import verified
from rdcsym.refute import Interval, Oracle

_HAMMING = np.array([[0.0, 1.0], [1.0, 0.0]])


def _oneshot(sees_seed: bool, point: Mapping[str, float]) -> Interval:
    from solvers import DiscreteProblem, solve

    x, y, s = point["q_X"], point["q_Y"], point["q_S1"]
    problem = DiscreteProblem(
        p_X=np.array([1 - x, x]), p_Y=np.array([1 - y, y]), cost=_HAMMING, p_S_given_X=np.array([[1 - s, s], [s, 1 - s]])
    )
    found = solve(
        problem,
        rate=point.get("R"),
        distortion=point.get("D"),
        classification=point["C"],
        setting="oneshot",
        classifier_sees_seed=sees_seed,
    )
    return verified(found, "linear program in exact rationals" if sees_seed else "linear programs in exact rationals, one root")


def _rate_distortion(point: Mapping[str, float]) -> Interval:
    from solvers import rate_distortion

    found = rate_distortion(np.array([1 - point["q_X"], point["q_X"]]), _HAMMING, point["D"])
    return verified(found, "Berger's dual and a channel, in ball arithmetic")


def _rate_perception(point: Mapping[str, float]) -> Interval:
    from solvers import rate_distortion_perception

    found = rate_distortion_perception(np.array([1 - point["q_X"], point["q_X"]]), _HAMMING, point["D"], point["P"])
    return verified(found, "Berger's dual with prices and a channel, in ball arithmetic")


def _single_domain(point: Mapping[str, float]) -> Interval:
    from solvers import binary_label

    found = binary_label(point["q_X"], point["q_S1"], point["D"], point["C"])
    return verified(found, "a backward channel and multipliers, in ball arithmetic")


def _coupling(point: Mapping[str, float]) -> Interval:
    from solvers import binary_coupling

    x, y, s = point["q_X"], point["q_Y"], point["q_S1"]
    laws = np.array([1 - x, x]), np.array([1 - y, y]), _HAMMING, np.array([[1 - s, s], [s, 1 - s]])
    found = binary_coupling(*laws, rate=point.get("R"), distortion=point.get("D"), classification=point["C"])
    return verified(found, "convexity along Cov(X, Y), shown at single points in ball arithmetic")


def _fano(point: Mapping[str, float]) -> Interval:
    from solvers import least_error

    return verified(least_error(point["C"], int(point["M"])), "Gibbs' inequality and a posterior, in ball arithmetic")


ORACLES: dict[str, Oracle] = {
    "drc-bernoulli-oneshot": partial(_oneshot, True),
    "rdc-bernoulli-oneshot": partial(_oneshot, True),
    "drc-bernoulli-oneshot-seed-blind": partial(_oneshot, False),
    "rdc-bernoulli-oneshot-seed-blind": partial(_oneshot, False),
    "rd-bernoulli": _rate_distortion,
    "rdp-bernoulli-tv": _rate_perception,
    "rdc-bernoulli-single-domain": _single_domain,
    "drc-bernoulli-asymptotic": _coupling,
    "rdc-bernoulli-asymptotic": _coupling,
    "fano": _fano,
}
