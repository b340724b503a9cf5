"""The numbers behind the functions of `information_vector`: float64, many problems at once, rates in bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import elementwise

from rdcsym import water_filling as wf
from rdcsym.problem import FloatArray

_LN2 = float(np.log(2.0))
_TELL_ROUNDING = 4e-15  # nats a component
_SHARE_TOLERANCES = {"xatol": 0.0, "xrtol": 1e-15, "fatol": 0.0, "frtol": 0.0}


def _total(term: FloatArray) -> FloatArray:
    return np.asarray(np.asarray(term).sum(axis=-1))


def _component_count(vector: FloatArray) -> FloatArray:
    return np.full(len(vector), float(np.shape(vector)[-1]))


def _scaled(alpha: Any, beta: Any, kappa: Any, shape: tuple[int, ...]) -> tuple[wf.Components, FloatArray]:
    """Components whose largest gain is 1 (no over- or underflow, weights of one size), and what they were divided by."""
    alpha, beta, kappa = (np.broadcast_to(np.asarray(x, dtype=np.float64), shape) for x in (alpha, beta, kappa))
    scale = (alpha + beta).max(axis=-1)
    safe = np.where(scale > 0, scale, 1.0)
    return wf.components(alpha / safe[:, None], beta / safe[:, None], kappa), safe


def _vectors(*values: Any) -> tuple[int, ...]:
    """The shape (problems, components) of the vectors among the values."""
    return next(np.shape(v) for v in values if np.ndim(v) == 2)


def _each(values: Any, count: int) -> FloatArray:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (count,))


def _best_rates(alpha: Any, beta: Any, rate: Any) -> FloatArray:
    shape = _vectors(alpha, beta)
    c, _ = _scaled(alpha, beta, 0.0, shape)
    return wf.rates_for_rate(c, _each(rate, shape[0]) * _LN2) / _LN2


def _best_telling_rates(alpha: Any, beta: Any, kappa: Any, rate: Any, tell: Any) -> FloatArray:
    shape = _vectors(alpha, beta, kappa)
    c, _ = _scaled(alpha, beta, kappa, shape)
    return _best_or_telling(c, _each(rate, shape[0]) * _LN2, _each(tell, shape[0]) * _LN2) / _LN2


def _best_or_telling(c: wf.Components, rate: FloatArray, tell: FloatArray) -> FloatArray:
    """The best rates, or where they tell too little, the best among those that tell enough."""
    r = wf.rates_for_rate(c, rate)
    # What is to be told is h(S) - C: it has the rounding of h(S), and where the labels cannot trade (equal kappa, or none) that is all.
    short = wf.label_information(c, r) < tell - _TELL_ROUNDING * r.shape[1]
    if short.any():
        part = c.take(np.flatnonzero(short))
        # At the edge of what can be told, rounding leaves the one allocation that tells most.
        most = wf.most_told(part, rate[short])
        edge = wf.label_information(part, most) <= tell[short]
        found = most.copy()
        if (~edge).any():
            found[~edge] = wf.rates_for_rate_and_label(part.take(np.flatnonzero(~edge)), rate[short][~edge], tell[short][~edge])
        r[short] = found
    return r


def _least_rates(alpha: Any, beta: Any, left: Any) -> FloatArray:
    shape = _vectors(alpha, beta)
    c, scale = _scaled(alpha, beta, 0.0, shape)
    return wf.rates_for_deficit(c, _each(left, shape[0]) / scale) / _LN2


def _least_telling_rates(alpha: Any, beta: Any, kappa: Any, left: Any, tell: Any) -> FloatArray:
    shape = _vectors(alpha, beta, kappa)
    c, scale = _scaled(alpha, beta, kappa, shape)
    return wf.rates_for_deficit_and_label(c, _each(left, shape[0]) / scale, _each(tell, shape[0]) * _LN2) / _LN2


def _most_telling_rates(weight: Any, kappa: Any, rate: Any) -> FloatArray:
    shape = _vectors(weight, kappa)
    c, _ = _scaled(weight, 0.0, kappa, shape)
    return wf.most_told(c, _each(rate, shape[0]) * _LN2) / _LN2


def _least_rates_telling(weight: Any, kappa: Any, tell: Any) -> FloatArray:
    shape = _vectors(weight, kappa)
    c, _ = _scaled(weight, 0.0, kappa, shape)
    return wf.least_telling(c, np.maximum(_each(tell, shape[0]), 0.0) * _LN2) / _LN2


def _ball_rates(sigma: Any, kappa: Any, rate: Any, tell: Any, t: Any) -> FloatArray:
    square = np.asarray(sigma, dtype=np.float64) ** 2
    share = _each(t, _vectors(sigma, kappa)[0])[:, None]
    return _best_telling_rates(share * square, (1.0 - share) * square, kappa, rate, tell)


def _ball_share(sigma: Any, kappa: Any, rate: Any, tell: Any, radius: Any) -> FloatArray:
    """The root in t of W2^2 = radius, or 0 where the ball is slack at t = 0, 1 where its radius is 0."""
    shape = _vectors(sigma, kappa)
    sigma, kappa = (np.broadcast_to(np.asarray(x, dtype=np.float64), shape) for x in (sigma, kappa))
    scale = np.maximum(sigma.max(axis=-1), 1e-300)
    sigma = sigma / scale[:, None]
    rate, tell, radius = (_each(x, shape[0]) for x in (rate, tell, radius))
    rate, tell, radius = rate * _LN2, tell * _LN2, radius / scale / scale

    def distance(rest: FloatArray, i: Any) -> FloatArray:
        """W2^2 at t = 1 - rest."""
        square, kept = sigma[i] ** 2, rest[:, None]
        r = _best_or_telling(wf.components((1.0 - kept) * square, kept * square, kappa[i]), rate[i], tell[i])
        return np.asarray((square * (kept * wf.rho_and_rest(r)[1]) ** 2).sum(axis=-1))

    everyone = np.arange(shape[0])
    slack = distance(np.ones(shape[0]), everyone) <= radius
    share = np.where(slack, 0.0, 1.0)
    search = np.flatnonzero(~slack & (radius > 0))
    if search.size:
        # (1 - rho)^2 <= 1 bounds what is left of t from below.
        low = np.minimum(np.log(radius[search] / (sigma[search] ** 2).sum(axis=-1)) / 2.0, 0.0) - 1e-6

        def miss(x: FloatArray, index: FloatArray) -> FloatArray:
            i = index.astype(int)
            return np.log(distance(np.exp(x), i)) - np.log(radius[i])

        found = elementwise.find_root(
            miss, (low, np.zeros(search.size)), args=(search.astype(np.float64),), tolerances=_SHARE_TOLERANCES, maxiter=80
        )
        share[search] = -np.expm1(np.where(np.isfinite(found.x), found.x, 0.0))
    return share


VECTOR_FUNCTIONS: dict[str, Callable[..., FloatArray]] = {
    "total": _total,
    "component_count": _component_count,
    "best_rates": _best_rates,
    "best_telling_rates": _best_telling_rates,
    "least_rates": _least_rates,
    "least_telling_rates": _least_telling_rates,
    "most_telling_rates": _most_telling_rates,
    "least_rates_telling": _least_rates_telling,
    "ball_share": _ball_share,
    "ball_rates": _ball_rates,
}
