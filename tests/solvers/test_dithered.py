"""Dithered quantization, certified: against a real dithered quantizer and the density's entropy, edges, forged certificates, bad input."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from scipy.special import ndtr, xlogy

from rdcsym.problem import InputError
from solvers import CertificateError, dithered_checker, dithered_rate

SHANNON_GAP = math.log2(2 * math.pi * math.e / 12) / 2


def coded_rate(d: float, dithers: int = 64) -> float:
    """Mean entropy (bits) of round(aX/step + z), X ~ N(0, 1), over dithers z: what an entropy coder is paid, from its symbols."""
    a, step = math.sqrt(1 - d), math.sqrt(12 * d)
    reach = math.ceil(12 * a / step) + 2
    edges = (np.arange(-reach, reach + 1) - 0.5)[None, :] + (np.arange(dithers) / dithers)[:, None]
    masses = np.diff(ndtr(edges * step / a), axis=1)
    return float(-xlogy(masses, masses).sum(axis=1).mean() / math.log(2))


def output_rate(d: float) -> float:
    """h(aX + N) - h(N) in bits by the trapezoid rule over the density of the output."""
    a, half = math.sqrt(1 - d), math.sqrt(3 * d)
    y = np.linspace(-half - 10 * a, half + 10 * a, 400_001)
    f = (ndtr((y + half) / a) - ndtr((y - half) / a)) / (2 * half)
    return float(np.trapezoid(-xlogy(f, f), y) - math.log(2 * half)) / math.log(2)


@pytest.mark.parametrize("d", [0.011, 0.05, 0.2, 0.5, 0.8, 0.95])
def test_it_is_the_rate_of_a_real_quantizer(d):
    found = dithered_rate(d, 1.0)
    assert found.verify()
    assert coded_rate(d) == pytest.approx(found.lower, abs=1e-8)
    assert output_rate(d) == pytest.approx(found.upper, abs=1e-8)
    assert found.upper - found.lower < 1e-9
    # Above Shannon's rate, below the maximum-entropy bound.
    assert -math.log2(d) / 2 < found.lower
    assert found.upper < -math.log2(d) / 2 + SHANNON_GAP


@pytest.mark.parametrize("d", [1e-200, 1e-9, 1e-4, 0.002, 0.009])
def test_a_small_distortion_needs_no_integral(d):
    found = dithered_rate(d, 1.0)
    assert found.verify()
    assert found.upper == pytest.approx(-math.log2(d) / 2 + SHANNON_GAP, rel=1e-14)
    assert 0 <= found.upper - found.lower < 1e-9
    if d > 1e-4:
        assert found.lower - 1e-8 <= output_rate(d) <= found.upper + 1e-8


def test_the_small_distortion_bound_against_the_integral():
    """Just below the seam the rate is 3e-10 under the maximum-entropy bound: more than the terms beyond the fourth, less than the bound."""
    found = dithered_rate(0.009, 1.0, units="nats")
    with ctx.workprec(96):
        exact = dithered_checker._scalar_rate(fmpq(*(0.009).as_integer_ratio()), 9.0)
        assert arb(found.lower) <= exact <= arb(found.upper) - arb("1e-10")


def test_the_two_ways_agree_where_they_meet():
    below, above = dithered_rate(0.01 - 1e-12, 1.0), dithered_rate(0.0102, 1.0)
    assert below.lower - math.log2(0.0102 / 0.01) / 2 - 1e-9 <= above.upper <= above.lower + 1e-9 <= below.upper


@pytest.mark.parametrize("scale", [2.0**-62, 1.0, 2.0**62])
@pytest.mark.parametrize("d", [0.3, 0.999999, 1 - 2**-50])
def test_only_the_ratio_matters(d, scale):
    found, plain = dithered_rate(d * scale**2, scale), dithered_rate(d, 1.0)
    assert found.verify()
    assert (found.lower, found.upper) == (plain.lower, plain.upper)


def test_edges():
    assert dithered_rate(0.0, 1.0).lower == dithered_rate(0.0, 1.0).upper == math.inf
    for D, sigma in ((1.0, 1.0), (2.0, 1.0), (math.inf, 1.0), (0.0, 0.0), (1.0, 0.0)):
        found = dithered_rate(D, sigma)
        assert found.verify()
        assert found.lower == found.upper == 0
    assert dithered_rate(0.5, 1.0, units="nats").upper == pytest.approx(dithered_rate(0.5, 1.0).upper * math.log(2), rel=1e-9)


@pytest.mark.parametrize(("G", "redundancy"), [(929 / 12960, 0.1460), (0.0658, 0.0842), (0.05854983152431917, 0.0)])
def test_other_lattices_are_bounded(G, redundancy):
    found = dithered_rate(0.3, 2.0, G)
    shannon = math.log2(4 / 0.3) / 2
    assert found.verify()
    assert found.lower == pytest.approx(shannon, rel=1e-12)
    assert found.upper - shannon == pytest.approx(redundancy, abs=2e-4)


@pytest.mark.parametrize(
    "change",
    [{"lower": 0.76}, {"upper": 0.75}, {"lower": -1.0}, {"lower": math.nan}, {"upper": math.nan}, {"cut": 0.5}, {"cut": math.nan},
     {"distortion": 0.51}, {"distortion": 0.49}, {"sigma_X": 1.01}, {"second_moment": 0.07}, {"units": "nats"}],
)  # fmt: skip
def test_forged_certificates(change):
    found = dithered_rate(0.5, 1.0)
    assert 0.750 < found.lower < found.upper < 0.751
    with pytest.raises(CertificateError):
        dataclasses.replace(found, **change).verify()


@pytest.mark.parametrize("cut", [1.0, 2.0, 5.0, 30.0])
def test_any_cut_of_the_integral_is_sound(cut):
    """A shorter cut widens what is proved, on both sides of k = 1.7."""
    low, high = dithered_checker.ends(0.5, 1.0, 1 / 12, "bits", cut)
    assert low <= output_rate(0.5) <= high
    low, high = dithered_checker.ends(0.99, 1.0, 1 / 12, "bits", cut)  # k = 17: the cell's edges are cut on both sides
    assert low <= output_rate(0.99) <= high


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((-0.1, 1.0), "distortion"), ((0.1, -1.0), "sigma_X"), ((0.1, 1.0, 0.05), "second_moment"), ((0.1, 1.0, 0.09), "second_moment"),
     ((0.1, 1.0, 1 / 12, "hartleys"), "units"), ((0.1, math.inf), "sigma_X"), ((math.nan, 1.0), "distortion")],
)  # fmt: skip
def test_bad_input(arguments, name):
    with pytest.raises(InputError, match=name):
        dithered_rate(*arguments)
