"""The numbers behind the functions of `information_vector`: float64, many problems at once, rates in bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rdcsym import water_filling as wf
from rdcsym.problem import FloatArray
from rdcsym.roots import bracketed_root

_LN2 = float(np.log(2.0))
# What is to be told is h(S) - C: it has the rounding of h(S). Where labels cannot trade (equal kappa, or none) that is all it is.
_TELL_ROUNDING = 4e-15  # nats a component
_FAINT = 1e-200  # a component that matters this little to the eye may still tell its label: it must not underflow to a dead one


def _total(term: FloatArray) -> FloatArray:
    return np.asarray(np.asarray(term).sum(axis=-1))


def _component_count(vector: FloatArray) -> FloatArray:
    return np.full(len(vector), float(np.shape(vector)[-1]))


def _vectors(*values: Any) -> tuple[FloatArray, ...]:
    """All values as arrays of one shape (problems, components)."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in values))
    return tuple(np.broadcast_to(np.asarray(v, dtype=np.float64), shape) for v in values)


def _each(values: Any, count: int) -> FloatArray:
    return np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), (count,)))


def _relative(one: FloatArray, other: FloatArray) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    """Products by component divided by the largest, live ones at least _FAINT; and what divides a distortion likewise."""
    tops = [x.max(axis=-1) for x in (one, other)]
    tops = [np.where(top > 0, top, 1.0) for top in tops]
    product = (one / tops[0][:, None]) * (other / tops[1][:, None])
    largest = product.max(axis=-1)
    largest = np.where(largest > 0, largest, 1.0)
    live = (one > 0) & (other > 0)
    scaled = np.where(live, np.maximum(product / largest[:, None], _FAINT), 0.0)

    def divided(distortion: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):  # a distortion far beyond the source's is infinite
            return distortion / tops[0] / tops[1] / largest

    return scaled, divided


def _given(sigma_X: Any, sigma_Y: Any, kappa: Any) -> tuple[wf.Components, Callable[[FloatArray], FloatArray]]:
    """Components of a given output law, their largest gain of size 1."""
    one, other, kappa = _vectors(sigma_X, sigma_Y, kappa)
    alpha, divided = _relative(one, other)
    return wf.components(alpha, np.zeros_like(alpha), kappa), divided


def _best_rates(sigma_X: Any, sigma_Y: Any, rate: Any) -> FloatArray:
    c, _ = _given(sigma_X, sigma_Y, 0.0)
    return wf.rates_for_rate(c, _each(rate, len(c.alpha)) * _LN2) / _LN2


def _best_telling_rates(sigma_X: Any, sigma_Y: Any, kappa: Any, rate: Any, tell: Any) -> FloatArray:
    c, _ = _given(sigma_X, sigma_Y, kappa)
    return _best_or_telling(c, _each(rate, len(c.alpha)) * _LN2, _each(tell, len(c.alpha)) * _LN2) / _LN2


def _best_or_telling(c: wf.Components, rate: FloatArray, tell: FloatArray) -> FloatArray:
    """The best rates, or where they tell too little, the best among those that tell enough."""
    r = wf.rates_for_rate(c, rate)
    short = wf.label_information(c, r) < tell - _TELL_ROUNDING * r.shape[1]
    if short.any():
        part = c.take(np.flatnonzero(short))
        # At the edge of what can be told, rounding leaves the one allocation that tells most.
        found = wf.most_told(part, rate[short])
        inside = wf.label_information(part, found) > tell[short]
        if inside.any():
            at = np.flatnonzero(inside)
            found[inside] = wf.rates_for_rate_and_label(part.take(at), rate[short][inside], tell[short][inside])
        r[short] = found
    return r


def _least_rates(sigma_X: Any, sigma_Y: Any, left: Any) -> FloatArray:
    c, divided = _given(sigma_X, sigma_Y, 0.0)
    return wf.rates_for_gain(c, divided(_each(left, len(c.alpha)))) / _LN2


def _least_telling_rates(sigma_X: Any, sigma_Y: Any, kappa: Any, left: Any, tell: Any) -> FloatArray:
    c, divided = _given(sigma_X, sigma_Y, kappa)
    return wf.rates_for_gain_and_label(c, divided(_each(left, len(c.alpha))), _each(tell, len(c.alpha)) * _LN2) / _LN2


def _most_telling_rates(sigma_X: Any, sigma_Y: Any, kappa: Any, rate: Any) -> FloatArray:
    c, _ = _given(sigma_X, sigma_Y, kappa)
    return wf.most_told(c, _each(rate, len(c.alpha)) * _LN2) / _LN2


def _least_rates_telling(sigma_X: Any, sigma_Y: Any, kappa: Any, tell: Any) -> FloatArray:
    c, _ = _given(sigma_X, sigma_Y, kappa)
    return wf.least_telling(c, np.maximum(_each(tell, len(c.alpha)), 0.0) * _LN2) / _LN2


def _water_rates(sigma_X: Any, distortion: Any) -> FloatArray:
    (sigma,) = _vectors(sigma_X)
    beta, divided = _relative(sigma, sigma)
    c = wf.components(np.zeros_like(beta), beta, np.zeros_like(beta))
    return wf.rates_for_gain(c, divided(_each(distortion, len(beta)))) / _LN2


def _ball_rates(sigma_X: Any, kappa: Any, rate: Any, tell: Any, t: Any) -> FloatArray:
    sigma, kappa = _vectors(sigma_X, kappa)
    square, _ = _relative(sigma, sigma)
    rate, tell, share = (_each(x, len(square)) for x in (rate, tell, t))
    c = wf.components(share[:, None] * square, (1.0 - share)[:, None] * square, kappa)
    return _best_or_telling(c, rate * _LN2, tell * _LN2) / _LN2


def _ball_share(sigma_X: Any, kappa: Any, rate: Any, tell: Any, radius: Any) -> FloatArray:
    """The root in t of W2^2 = radius, or 0 where the ball is slack at t = 0, 1 where its radius is 0."""
    sigma, kappa = _vectors(sigma_X, kappa)
    square, divided = _relative(sigma, sigma)
    rate, tell, radius = (_each(x, len(square)) for x in (rate, tell, radius))
    rate, tell, radius = rate * _LN2, tell * _LN2, divided(radius)

    def distance(rest: FloatArray, i: Any) -> FloatArray:
        """W2^2 at t = 1 - rest."""
        squares, kept = square[i], rest[:, None]
        r = _best_or_telling(wf.components((1.0 - kept) * squares, kept * squares, kappa[i]), rate[i], tell[i])
        return np.asarray((squares * (kept * wf.rho_and_rest(r)[1]) ** 2).sum(axis=-1))

    slack = distance(np.ones(len(square)), np.arange(len(square))) <= radius
    share = np.where(slack, 0.0, 1.0)
    search = np.flatnonzero(~slack & (radius > 0))
    if search.size:
        # (1 - rho)^2 <= 1 bounds what is left of t from below.
        low = np.minimum(np.log(radius[search] / square[search].sum(axis=-1)) / 2.0, 0.0) - 1e-6

        def miss(x: FloatArray, i: NDArray[np.intp]) -> FloatArray:
            with np.errstate(divide="ignore"):
                return np.log(distance(np.exp(x), search[i])) - np.log(radius[search[i]])

        none = np.zeros(search.size)
        share[search] = -np.expm1(bracketed_root(miss, low, none, none, absolute=1e-14))
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
    "water_rates": _water_rates,
    "ball_share": _ball_share,
    "ball_rates": _ball_rates,
}
