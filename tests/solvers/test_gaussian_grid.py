"""Grids of a Gaussian: cells, errors, and intervals that hold on the line."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from rdcsym.problem import InputError
from solvers import CertificateError, DiscreteProblem, solve
from solvers.gaussian import solve_gaussian
from solvers.gaussian_grid import bracket_from_grid, gaussian_grid, solve_gaussian_on_grid


@pytest.mark.parametrize("n", [1, 2, 5, 16, 64])
def test_points_are_conditional_means_and_the_error_is_theirs(n: int) -> None:
    """Against quadrature over the cells that the masses cut."""
    grid = gaussian_grid(1.5, 2.0, n)
    assert math.fsum(grid.masses) == 1.0
    ends = np.concatenate([[-40.0], ndtri(np.cumsum(grid.masses)[:-1]), [40.0]])
    error = 0.0
    for i, point in enumerate(grid.points):
        low, high = max(ends[i], -12.0), min(ends[i + 1], 12.0)
        mass = ndtr(high) - ndtr(low)
        mean = quad(lambda t: t * math.exp(-t * t / 2), low, high, epsabs=1e-13)[0] / math.sqrt(2 * math.pi) / mass
        assert 1.5 + 2.0 * mean == pytest.approx(point, abs=1e-9)
        assert mass == pytest.approx(grid.masses[i], abs=1e-12)
        spread = quad(lambda t: (t - mean) ** 2 * math.exp(-t * t / 2), low, high, epsabs=1e-13)[0]  # noqa: B023
        error += 4.0 * spread / math.sqrt(2 * math.pi)
    assert grid.error**2 == pytest.approx(error, rel=1e-8)
    assert 0 <= grid.shift < 1e-14
    # Panter and Dite's asymptote for the best quantiser: pi sqrt(3) / (2 n^2)
    assert grid.error**2 <= 4.0 * 2.73 / n**2


def test_a_grid_of_a_constant_is_the_constant() -> None:
    grid = gaussian_grid(3.0, 0.0, 64)
    assert grid.points.tolist() == [3.0]
    assert (grid.error, grid.shift) == (0.0, 0.0)


def test_the_discrete_problem_keeps_the_masses_of_the_cells() -> None:
    """The cells are cut to the floats; a renormalisation inside DiscreteProblem would move them."""
    for n in range(1, 80):
        grid = gaussian_grid(0.0, 1.0, n)
        problem = DiscreteProblem(p_X=grid.masses, p_Y=grid.masses, cost=np.zeros((n, n)))
        assert (problem.p_X == grid.masses).all()


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0, 3.0, math.inf])
def test_the_line_is_inside_the_bracket_and_the_bracket_narrows(rate: float) -> None:
    law: dict[str, Any] = {"rate": rate, "sigma_X": 1.0, "mu_Y": 0.5, "sigma_Y": 1.5}
    line = solve_gaussian(**law)
    widths = []
    for n in (8, 32):
        grid = solve_gaussian_on_grid(**law, n=n)
        assert grid.verify()
        assert grid.certificate.relative_gap <= 1e-6
        assert grid.lower <= line.lower <= line.upper <= grid.upper
        # what the grid itself says differs from the line by the discretisation alone
        grid_value = math.sqrt(grid.certificate.upper)
        assert abs(grid_value - math.sqrt(line.upper)) <= grid.discretisation
        widths.append(grid.upper - grid.lower)
    assert widths[1] < 0.35 * widths[0]


def test_the_bracket_of_a_product_is_known() -> None:
    """At rate 0 the line has D = 2; the grid has D = 2 - 2 e^2, so the upper end is D_grid + 2 e^2 = 2 exactly."""
    grid = gaussian_grid(0.0, 1.0, 16)
    cost = (grid.points[:, None] - grid.points[None, :]) ** 2
    c = solve(DiscreteProblem(p_X=grid.masses, p_Y=grid.masses, cost=cost), rate=0.0)
    lower, upper = bracket_from_grid(c, grid, grid)
    assert 2.0 <= upper <= 2.0 + 1e-12
    assert lower == pytest.approx((math.sqrt(2 - 2 * grid.error**2) - 2 * grid.error) ** 2, rel=1e-9)


def test_a_forged_grid_certificate_is_rejected() -> None:
    answer = solve_gaussian_on_grid(rate=1.0, sigma_X=1.0, sigma_Y=1.0, n=8)
    forged = replace(answer, certificate=replace(answer.certificate, lower=answer.certificate.upper * 1.01))
    with pytest.raises(CertificateError):
        forged.verify()


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        ("mu", (math.inf, 1.0, 4)),
        ("sigma", (0.0, -1.0, 4)),
        ("sigma", (0.0, math.inf, 4)),
        ("sigma", (0.0, math.nan, 4)),
        ("n", (0.0, 1.0, 0)),
        ("n", (0.0, 1.0, 2.5)),
        ("n", (0.0, 1.0, True)),
    ],
)
def test_bad_grids(argument: str, arguments: Any) -> None:
    with pytest.raises(InputError) as error:
        gaussian_grid(*arguments)
    assert error.value.argument == argument


def test_a_certificate_of_a_rate_is_no_bracket() -> None:
    grid = gaussian_grid(0.0, 1.0, 3)
    cost = (grid.points[:, None] - grid.points[None, :]) ** 2
    c = solve(DiscreteProblem(p_X=grid.masses, p_Y=grid.masses, cost=cost), distortion=1.0)
    with pytest.raises(InputError, match="certificate"):
        bracket_from_grid(c, grid, grid)


def test_a_bracket_needs_the_certificate_of_its_grids():
    near, far = gaussian_grid(0.0, 1.0, 6), gaussian_grid(5.0, 1.0, 6)
    cost = (near.points[:, None] - near.points[None, :]) ** 2
    problem = DiscreteProblem(near.masses, near.masses, cost, p_S_given_X=np.full((6, 2), 0.5))
    assert bracket_from_grid(solve(problem, rate=1.0), near, near)[0] > 0
    with pytest.raises(InputError, match="not of these grids"):
        bracket_from_grid(solve(problem, rate=1.0), near, far)
    with pytest.raises(InputError, match="classification"):
        bracket_from_grid(solve(problem, rate=1.0, classification=0.9), near, near)
    with pytest.raises(InputError, match="one-shot"):
        bracket_from_grid(solve(problem, rate=1.0, setting="oneshot"), near, near)
