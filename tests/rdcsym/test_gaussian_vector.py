"""The vector Gaussian theorems: a general-purpose optimiser, reductions, laws, edges. Held against solvers in tests/cli/test_certify.py."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from rdcsym import InputError, theorem
from rdcsym.operating_points import boundary_points, random_points, regime_points

LN2 = math.log(2)
ENTROPY = math.log2(2 * math.pi * math.e) / 2  # h(S_i), bits
VECTORS = ("rd-gaussian-vector", "drc-gaussian-vector", "rdc-gaussian-vector", "drpc-gaussian-vector-w2")


def rho(rates):
    return np.sqrt(-np.expm1(-2 * LN2 * np.asarray(rates)))


def told(rates, kappa):
    """Bits that the labels learn, straight from the definition."""
    return float(-np.log2(1 - kappa**2 * rho(rates) ** 2).sum() / 2)


def cost(rates, s, tau):
    return float((s**2 + tau**2 - 2 * s * tau * rho(rates)).sum())


def quantity(form, name, point):
    """A definition of a form at operating points."""
    return form.quantity(next(d.symbol for d in form.definitions if d.symbol.name == name), **point)


def instances(rng, n, count):
    """Random instances with an active classification budget: deviations, correlations (count, n), rates and losses in bits."""
    s, tau = (2.0 ** rng.uniform(-1.5, 1.5, (count, n)) for _ in range(2))
    at = {"sigma_X": s, "sigma_Y": tau, "kappa": rng.uniform(-1, 1, (count, n)), "R": rng.uniform(0.2, 4, count)}
    form = theorem("drc-gaussian-vector").certified
    low, high = quantity(form, "C_min", {**at, "C": 0}), quantity(form, "C_slack", {**at, "C": 0})
    return {**at, "C": low + rng.uniform(0.02, 1.2, count) * (high - low)}


def optimised(s, tau, kappa, rate, loss):
    """The best rates that scipy's sequential quadratic programming finds from several starts, and their cost."""
    n = len(s)

    def value(r):
        return cost(r, s, tau) / (s**2 + tau**2).sum()

    def slope(r):
        return -2 * s * tau * 2.0 ** (-2 * r) * LN2 / rho(r) / (s**2 + tau**2).sum()

    constraints = (
        {"type": "ineq", "fun": lambda r: rate - r.sum(), "jac": lambda r: -np.ones(n)},
        {
            "type": "ineq",
            "fun": lambda r: told(r, kappa) - (n * ENTROPY - loss),
            "jac": lambda r: kappa**2 * 2.0 ** (-2 * r) / (1 - kappa**2 * rho(r) ** 2),
        },
    )
    best = None
    for start in (np.full(n, rate / n), rate * kappa**2 / (kappa**2).sum(), rate * s * tau / (s * tau).sum()):
        found = minimize(
            value, np.maximum(start, 1e-6), jac=slope, bounds=[(1e-12, None)] * n, constraints=constraints, method="SLSQP",
            options={"ftol": 1e-16, "maxiter": 1000},
        )  # fmt: skip
        missed = min(c["fun"](found.x) for c in constraints)
        if missed > -1e-9 and (best is None or found.fun < value(best)):
            best = found.x
    return best


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_a_general_optimiser_finds_the_same_and_never_less(n):
    t, points = theorem("drc-gaussian-vector"), instances(np.random.default_rng(n), n, 60)
    ours, unit = t.evaluate(**points), (points["sigma_X"] ** 2 + points["sigma_Y"] ** 2).sum(axis=1)
    rows = list(zip(points["sigma_X"], points["sigma_Y"], points["kappa"], points["R"], points["C"], strict=True))
    rates = [optimised(*row) for row in rows]
    assert all(r is not None for r in rates)
    theirs = np.array([cost(r, s, tau) for r, (s, tau, *_) in zip(rates, rows, strict=True)])
    assert np.abs(ours - theirs).max() <= 1e-7 * unit.min()
    # Never above: at the budgets that their rates really use (the rounding of a constraint is worth distortion).
    used = n * ENTROPY - np.array([told(r, kappa) for r, (_, _, kappa, *_) in zip(rates, rows, strict=True)])
    there = t.evaluate(**{**points, "R": np.array([r.sum() for r in rates]), "C": used + 1e-12})
    assert np.all(there <= theirs + 1e-12 * unit)
    assert (t.regime(**points) == "classification-limited").sum() > 40


def test_distortion_rises_as_the_classifier_asks_for_more():
    t = theorem("drc-gaussian-vector")
    at = {"R": 0.7 / LN2, "sigma_X": [2, 1], "sigma_Y": [2, 1], "kappa": [0.1, 0.95]}
    c_min = quantity(t.certified, "C_min", {"C": 0, **at})[0]
    values = t.evaluate(C=np.linspace(4.1, c_min, 60), **at)
    assert np.all(np.diff(values) >= 0)
    assert values[0] == pytest.approx(2.44, abs=0.01)
    # At the limit of what the classifier may ask, all rate goes to the second component; the slope is infinite there.
    assert values[-1] == pytest.approx(8 + 2 * (1 - math.sqrt(1 - math.exp(-1.4))), rel=1e-9)
    assert t.evaluate(C=c_min - 1e-6, **at) == math.inf


def test_one_component_is_the_scalar_theorem():
    rng = np.random.default_rng(1)
    scalar, vector = theorem("drc-gaussian"), theorem("drc-gaussian-vector")
    dual, vector_dual = theorem("rdc-gaussian"), theorem("rdc-gaussian-vector")
    for _ in range(100):
        s, tau, rate, k = 2 ** rng.uniform(-2, 2), 2 ** rng.uniform(-2, 2), rng.uniform(0, 5), rng.uniform(-1, 1)
        loss, distortion = ENTROPY - rng.uniform(-0.1, 1.5), rng.uniform((s - tau) ** 2, 1.2 * (s**2 + tau**2))
        laws = {"sigma_X": s, "sigma_Y": tau, "sigma_S": 1, "theta": k * s}
        vectors = {"sigma_X": [s], "sigma_Y": [tau], "kappa": [k]}
        assert vector.evaluate(R=rate, C=loss, **vectors) == pytest.approx(scalar.evaluate(R=rate, C=loss, **laws), rel=1e-11)
        expected = dual.evaluate(D=distortion, C=loss, **laws)
        assert vector_dual.evaluate(D=distortion, C=loss, **vectors) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_equal_components_share_evenly():
    for n in (2, 5):
        one = theorem("drc-gaussian").evaluate(R=0.8, C=1.8, sigma_X=1.5, sigma_Y=1, sigma_S=1, theta=0.9)
        many = theorem("drc-gaussian-vector").evaluate(R=0.8 * n, C=1.8 * n, sigma_X=[1.5] * n, sigma_Y=[1] * n, kappa=[0.6] * n)
        assert many == pytest.approx(n * one, rel=1e-12)


@pytest.mark.parametrize("kappa", [0.3, 0.9])
def test_equal_kappa_at_its_least_loss_shares_evenly(kappa):
    t = theorem("drc-gaussian-vector")
    s, tau, n, rate = np.array([2.0, 1, 0.5]), np.array([1.0, 1, 3]), 3, 1.7
    least = n * ENTROPY - told(np.full(n, rate / n), kappa)
    assert t.evaluate(R=rate, C=least, sigma_X=s, sigma_Y=tau, kappa=[kappa] * n) == pytest.approx(
        cost(np.full(n, rate / n), s, tau), rel=1e-6
    )
    assert t.evaluate(R=rate, C=least - 1e-9, sigma_X=s, sigma_Y=tau, kappa=[kappa] * n) == math.inf


def test_labels_that_are_their_components_never_trade():
    t, rng = theorem("drc-gaussian-vector"), np.random.default_rng(3)
    at = {"sigma_X": 2 ** rng.uniform(-1, 1, 3), "sigma_Y": 2 ** rng.uniform(-1, 1, 3), "R": 2.0}
    free = t.evaluate(C=100, kappa=np.ones(3), **at)
    assert t.evaluate(C=3 * ENTROPY - 2.0, kappa=np.ones(3), **at) == pytest.approx(free, rel=1e-12)
    assert t.evaluate(C=3 * ENTROPY - 2.0 - 1e-9, kappa=np.ones(3), **at) == math.inf


def test_a_slack_classifier_leaves_the_rate_alone():
    t, points = theorem("drc-gaussian-vector"), instances(np.random.default_rng(4), 4, 20)
    slack = t.evaluate(**{**points, "C": np.inf})
    assert np.array_equal(slack, t.evaluate(**{**points, "C": 4 * ENTROPY, "kappa": 0.0}))


def test_the_rate_is_the_inverse_of_the_distortion():
    t, dual = theorem("drc-gaussian-vector"), theorem("rdc-gaussian-vector")
    for n in (2, 5):
        points = instances(np.random.default_rng(5), n, 100)
        rate = points.pop("R")
        assert dual.evaluate(D=t.evaluate(R=rate, **points), **points) == pytest.approx(rate, rel=1e-9)


def test_a_free_law_without_a_ball_is_reverse_water_filling():
    rng, free, shannon = np.random.default_rng(6), theorem("drpc-gaussian-vector-w2"), theorem("rd-gaussian-vector")
    for _ in range(50):
        s = 2.0 ** rng.uniform(-2, 2, 4)
        d = free.evaluate(R=rng.uniform(0.01, 6), P=np.inf, C=np.inf, sigma_X=s, kappa=np.zeros(4))
        rate = shannon.evaluate(D=d, sigma_X=s)
        assert free.evaluate(R=rate, P=np.inf, C=np.inf, sigma_X=s, kappa=np.zeros(4)) == pytest.approx(d, rel=1e-12)
        level = np.sort(np.minimum(s**2, _water_level(s**2, d)))
        assert rate == pytest.approx(np.log2(np.sort(s**2) / level).sum() / 2, rel=1e-9)


def _water_level(variances, distortion):
    """The textbook's level, by bisection."""
    low, high = 0.0, variances.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(variances, middle).sum() < distortion else (low, middle)
    return low


def test_a_ball_of_radius_0_gives_the_law_of_X():
    points = instances(np.random.default_rng(8), 4, 30)
    del points["sigma_Y"]
    points["C"] = 4 * ENTROPY - 0.05 * points["R"]
    given = theorem("drc-gaussian-vector").evaluate(sigma_Y=points["sigma_X"], **points)
    assert theorem("drpc-gaussian-vector-w2").evaluate(P=0, **points) == pytest.approx(given, rel=1e-12)


def test_one_component_in_a_ball_is_the_scalar_theorem():
    rng, scalar, vector = np.random.default_rng(9), theorem("drpc-gaussian-w2"), theorem("drpc-gaussian-vector-w2")
    for _ in range(100):
        s, k = 2 ** rng.uniform(-2, 2), rng.uniform(-1, 1)
        at = {"R": rng.uniform(0, 5), "P": s**2 * rng.uniform(0, 1), "C": ENTROPY - rng.uniform(-0.1, 1)}
        expected = scalar.evaluate(sigma_X=s, sigma_S=1, theta=k * s, **at)
        assert vector.evaluate(sigma_X=[s], kappa=[k], **at) == pytest.approx(expected, rel=1e-11)


def test_rd_gaussian_vector_of_one_component_is_shannon():
    d = np.geomspace(1e-6, 5, 40)
    assert theorem("rd-gaussian-vector").evaluate(D=d, sigma_X=[1.7]) == pytest.approx(
        theorem("rd-gaussian").evaluate(D=d, sigma_X=1.7), rel=1e-12
    )


def test_the_functions_are_convex_in_their_budgets():
    rng, t, free = np.random.default_rng(10), theorem("drc-gaussian-vector"), theorem("drpc-gaussian-vector-w2")
    points = instances(rng, 3, 60)
    laws = {n: points[n] for n in ("sigma_X", "sigma_Y", "kappa")}
    one = {"R": points["R"], "C": points["C"]}
    other = {"R": points["R"] * rng.uniform(0.5, 2, 60), "C": points["C"] + rng.uniform(-0.2, 0.5, 60)}
    middle = {n: (one[n] + other[n]) / 2 for n in one}
    unit = (laws["sigma_X"] ** 2 + laws["sigma_Y"] ** 2).sum(axis=1)
    ends = t.evaluate(**one, **laws) + t.evaluate(**other, **laws)
    assert np.all(t.evaluate(**middle, **laws) <= ends / 2 + 1e-12 * unit)
    del laws["sigma_Y"]
    p, q = rng.uniform(0, 1, (2, 60)) * (laws["sigma_X"] ** 2).sum(axis=1)
    ends = free.evaluate(P=p, **one, **laws) + free.evaluate(P=q, **other, **laws)
    assert np.all(free.evaluate(P=(p + q) / 2, **middle, **laws) <= ends / 2 + 1e-12 * unit)


def test_labels_that_are_their_components_cost_a_bit_for_a_bit():
    """Two or more such components may share what is told as the distortion likes: the least rates are not unique."""
    rng, t, dual = np.random.default_rng(21), theorem("drc-gaussian-vector"), theorem("rdc-gaussian-vector")
    one = {"sigma_X": [1, 1], "sigma_Y": [1, 1], "kappa": [1, 1]}
    assert dual.evaluate(D=1, C=2 * ENTROPY - 2.5, **one) == pytest.approx(2.5, rel=1e-12)
    assert dual.evaluate(D=0.5358983848622456, C=2 * ENTROPY - 3, **one) == pytest.approx(3, rel=1e-12)
    three = {"sigma_X": [1] * 3, "sigma_Y": [1] * 3, "kappa": [1, 1, 0.5]}
    assert t.evaluate(R=2, C=3 * ENTROPY - 2, **three) == pytest.approx(2.535898384862245, rel=1e-9)
    free = theorem("drpc-gaussian-vector-w2")
    assert free.evaluate(R=2, P=np.inf, C=3 * ENTROPY - 2, sigma_X=[1] * 3, kappa=[1, 1, 0.5]) == pytest.approx(1.5, rel=1e-9)
    count = 100
    kappa = rng.choice([1, -1, 0.9, 0.3, 0], (count, 3))
    s, tau = 2.0 ** rng.uniform(-1, 1, (2, count, 3))
    told_ = 4 * rng.random(count) * (kappa**2).max(axis=1)
    distortion = ((s - tau) ** 2).sum(1) + rng.random(count) * (2 * s * tau).sum(1)
    at = {"sigma_X": s, "sigma_Y": tau, "kappa": kappa, "C": 3 * ENTROPY - told_}
    rate = dual.evaluate(D=distortion, **at)
    assert np.all(rate >= np.where(np.isfinite(rate), told_, 0) * (1 - 1e-12))  # no label learns more than the rate
    finite = np.isfinite(rate)
    again = t.evaluate(**{n: x[finite] for n, x in at.items()}, R=rate[finite] * (1 + 1e-12))
    assert np.all(again <= distortion[finite] * (1 + 1e-9))


def test_labels_that_are_nearly_their_components():
    """The level of the slopes cannot tell them apart: checked against a solution in 50 digits."""
    dual, t = theorem("rdc-gaussian-vector"), theorem("drc-gaussian-vector")
    at = {
        "sigma_X": [1.0021117509962567, 1.8065515404423946],
        "sigma_Y": [1.7627121400980064, 0.5151302112018978],
        "kappa": [0.999999999999983, 0.9994759374723019],
    }
    assert dual.evaluate(D=7.187049236338893, C=4.0847, **at) == pytest.approx(0.00949240, rel=1e-5)
    at = {
        "sigma_X": [0.24337825904962504, 1.5968597690935256, 0.15006423126308402, 0.14499566495380842],
        "sigma_Y": [1.0638781490138027, 0.8688843995122201, 5.668655672633272, 1.7116141689711155],
        "kappa": [0.9999997120250841, 0.9999999998349202, 0.9999999999998577, 0.9999999999682877],
    }
    assert t.evaluate(R=0.002595654912466621, C=8.185786685823693, **at) == pytest.approx(39.40337, rel=1e-6)


@pytest.mark.parametrize("spread", [1, 3, 8, 15])
def test_the_distortion_at_the_rate_is_the_distortion(spread):
    rng, t, dual = np.random.default_rng(spread), theorem("drc-gaussian-vector"), theorem("rdc-gaussian-vector")
    s, tau = 2.0 ** rng.uniform(-spread, spread, (2, 300, 3))
    unit, least = (s**2 + tau**2).sum(1), ((s - tau) ** 2).sum(1)
    distortion = unit - (unit - least) * 10.0 ** rng.uniform(-8, 0, 300)
    at = {"sigma_X": s, "sigma_Y": tau, "kappa": 0.0, "C": np.inf}
    assert np.abs(t.evaluate(R=dual.evaluate(D=distortion, **at), **at) - distortion).max() <= 1e-9 * unit.max()
    assert np.all(np.abs(t.evaluate(R=dual.evaluate(D=distortion, **at), **at) - distortion) <= 1e-9 * unit)


def test_unequal_gains_near_no_rate_at_all():
    dual = theorem("rdc-gaussian-vector")
    rate = dual.evaluate(D=2 * (1 + 1e-10) * (1 - 1e-4), C=np.inf, sigma_X=[1, 1e-5], sigma_Y=[1, 1e-5], kappa=0)
    assert rate == pytest.approx(1e-8 / (2 * LN2), rel=1e-6)  # rho = 1e-4 on the first component alone


def test_labels_that_tell_nothing_leave_the_rate_to_the_eye():
    at = {"R": 2, "sigma_X": [1, 1], "sigma_Y": [1, 1], "kappa": 0}
    t = theorem("drc-gaussian-vector")
    assert t.evaluate(C=2 * ENTROPY - 1e-13, **at) == pytest.approx(t.evaluate(C=2 * ENTROPY, **at), rel=1e-12)
    dual = theorem("rdc-gaussian-vector")
    tiny = dual.evaluate(D=1, C=2 * ENTROPY, sigma_X=[1, 1], sigma_Y=[1, 1], kappa=1e-9)
    assert tiny == pytest.approx(dual.evaluate(D=1, C=2 * ENTROPY, sigma_X=[1, 1], sigma_Y=[1, 1], kappa=0), rel=1e-9)


def test_a_faint_component_still_tells_its_label():
    t = theorem("drc-gaussian-vector")
    for scale in (1e70, 1e100):
        sigma = [scale, 1 / scale]
        value = t.evaluate(R=1, C=2 * ENTROPY - 0.3, sigma_X=sigma, sigma_Y=sigma, kappa=[0, 0.9])
        assert value / scale**2 == pytest.approx(0.49146, rel=1e-4)
    small = t.evaluate(R=1, C=2 * ENTROPY - 0.1, sigma_X=[1e-170] * 2, sigma_Y=[1e-170] * 2, kappa=[0.5, 0.9])
    assert small == 0  # an underflow, not infeasible


@pytest.mark.parametrize("rate", [400, 1100, 1e300])
def test_a_huge_rate_is_no_nan(rate):
    at = {"sigma_X": [1, 2], "sigma_Y": [1, 1], "kappa": [0.5, 0.9]}
    assert theorem("drc-gaussian-vector").evaluate(R=rate, C=3.9, **at) == pytest.approx(1.0)
    assert theorem("drc-gaussian-vector").evaluate(R=rate, C=-rate / 2, **{**at, "kappa": [1, 0.9]}) == pytest.approx(1.0)
    assert theorem("drpc-gaussian-vector-w2").evaluate(R=rate, P=0.1, C=3.9, sigma_X=[1, 2], kappa=[0.5, 0.9]) == pytest.approx(
        0, abs=1e-12
    )


@pytest.mark.parametrize("name", VECTORS)
def test_many_points_are_one_point_many_times_and_never_nan(name):
    t, rng = theorem(name), np.random.default_rng(11)
    for points in (*regime_points(t.certified, 4, rng, batches=1).values(), *(p for _, p in boundary_points(t, 2, rng))):
        values = t.evaluate(**points)
        assert not np.isnan(values).any()
        for i in range(0, len(values), 5):
            assert t.evaluate(**{n: x[i] for n, x in points.items()}) == pytest.approx(values[i], rel=1e-13)


@pytest.mark.parametrize("name", VECTORS)
def test_a_component_that_is_constant_changes_nothing(name):
    t, rng = theorem(name), np.random.default_rng(12)
    points = random_points(t.certified, 15, rng, components=3)
    more = {n: np.pad(x, ((0, 0), (0, 1))) if x.ndim == 2 else x for n, x in points.items()}
    if "C" in more:
        more["C"] = more["C"] + ENTROPY
    assert t.evaluate(**more) == pytest.approx(t.evaluate(**points), rel=1e-9)


def test_vectors_broadcast_against_budgets():
    t = theorem("drc-gaussian-vector")
    grid = t.evaluate(R=np.linspace(0, 3, 5)[:, None], C=np.linspace(3, 5, 4), sigma_X=[2, 1], sigma_Y=[2, 1], kappa=0.5)
    assert grid.shape == (5, 4)
    batch = t.evaluate(R=1, C=[4, 5, 6], sigma_X=np.ones((3, 2)), sigma_Y=1.0, kappa=[0.1, 0.2])
    assert batch.shape == (3,)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"sigma_X": [1, 2, 3]}, "do not broadcast"),
        ({"sigma_X": []}, "has no components|do not broadcast"),
        ({"kappa": [0.5, 1.5]}, "kappa = 1.5"),
        ({"sigma_Y": [1, -1]}, "sigma_Y = -1"),
        ({"sigma_X": [1, float("nan")]}, "sigma_X = nan"),
        ({"R": -1}, "R = -1"),
    ],
)
def test_bad_input_is_named(bad, message):
    good = {"R": 1, "C": 4, "sigma_X": [1, 2], "sigma_Y": [1, 2], "kappa": [0.5, 0.1]}
    with pytest.raises(InputError, match=message):
        theorem("drc-gaussian-vector").evaluate(**(good | bad))
