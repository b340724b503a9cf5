"""Intervals for scalar Gaussian sources: an explicit channel against quadratic potentials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rdcsym.oracles.verified import verified
from rdcsym.refute import Interval, Oracle

_BUDGETS = {"R": "rate", "D": "distortion", "C": "classification", "P": "perception"}


def _gaussian(perception: str | None, point: Mapping[str, float]) -> Interval:
    from solvers import solve_gaussian

    budgets = {_BUDGETS[n]: point[n] for n in ("R", "D", "C", "P") if n in point}
    laws = {n: point[n] for n in ("mu_X", "sigma_X", "mu_Y", "sigma_Y", "sigma_S", "theta") if n in point}
    found = solve_gaussian(**budgets, **laws, perception_kind=perception)  # type: ignore[arg-type]
    return verified(found, "Gaussian channel and quadratic potentials, in ball arithmetic")


def _limited_randomness(point: Mapping[str, float]) -> Interval:
    from solvers import solve_gaussian_randomness

    laws = {n: point[n] for n in ("mu_X", "sigma_X", "mu_Y", "sigma_Y", "sigma_S", "theta")}
    found = solve_gaussian_randomness(rate=point["R"], common_randomness=point["Rc"], classification=point["C"], **laws)  # type: ignore[arg-type]
    return verified(found, "Gaussian code and two duals, in ball arithmetic")


ORACLES: dict[str, Oracle] = {
    "drc-gaussian": partial(_gaussian, None),
    "rdc-gaussian": partial(_gaussian, None),
    "drpc-gaussian-kl": partial(_gaussian, "kl"),
    "drpc-gaussian-w2": partial(_gaussian, "w2"),
    "rdp-gaussian-w2": partial(_gaussian, "w2"),
    "rdp-gaussian-kl": partial(_gaussian, "kl"),
    "rdc-gaussian-single-domain": partial(_gaussian, None),
    "drc-gaussian-limited-randomness": _limited_randomness,
    "rd-gaussian": partial(_gaussian, None),
}
