"""The bootstrap: what is certified and what is estimated stay apart; how often the estimate covers a known law."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers import DiscreteProblem, solve
from solvers.bootstrap import BootstrapInterval, bootstrap
from solvers.samples import SampledProblem

P_X, P_Y = np.array([0.35, 0.25, 0.2, 0.15, 0.05]), np.array([0.1, 0.3, 0.25, 0.35])
WORDS_X, WORDS_Y = np.array([[0.0], [1.0], [2.0], [3.5], [5.0]]), np.array([[0.5], [1.5], [3.0], [6.0]])
LABEL = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
"""A known population: its symbols are the codewords, its label law P(S = 0 | X)."""


def drawn(rng: np.random.Generator, count: int) -> SampledProblem:
    x, y = rng.choice(5, count, p=P_X), rng.choice(4, count, p=P_Y)
    labels = (rng.random(count) > LABEL[x]).astype(int)
    return DiscreteProblem.from_samples(WORDS_X[x], WORDS_Y[y], labels, codewords=(WORDS_X, WORDS_Y))


@pytest.fixture(scope="module")
def few() -> SampledProblem:
    return drawn(np.random.default_rng(0), 40)


def test_two_intervals_each_with_its_name(few: SampledProblem) -> None:
    seen: list[tuple[int, int]] = []
    b = bootstrap(few, rate=0.5, replicates=12, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 12) for i in range(1, 13)]
    assert b.certified == (solve(few, rate=0.5).lower, solve(few, rate=0.5).upper)
    assert b.certificate.verify()
    (low, high), (least, most) = b.certified, b.estimate
    assert least < low <= high < most
    assert most - least > 100 * (high - low)
    assert (b.replicates[:, 0] <= b.replicates[:, 1]).all()
    assert (b.infeasible, b.without_upper_end) == (0, 0)
    text = str(b)
    assert text.index("certified") < text.index("estimate")
    assert "12 replicates, 0 infeasible" in text


def test_a_replicate_is_the_problem_of_resampled_samples(few: SampledProblem) -> None:
    b = bootstrap(few, rate=0.5, replicates=2, seed=4)
    rng = np.random.default_rng((4, 1))
    x, y = rng.integers(40, size=40), rng.integers(40, size=40)
    again = solve(few.recounted(x, y), rate=0.5)
    assert tuple(b.replicates[1]) == (again.lower, again.upper)
    paired = bootstrap(few, rate=0.5, replicates=2, seed=4, paired=True)
    again = solve(few.recounted(x, x), rate=0.5)
    assert tuple(paired.replicates[1]) == (again.lower, again.upper)


def test_the_same_seed_is_the_same_with_any_executor(few: SampledProblem) -> None:
    here = bootstrap(few, rate=0.5, replicates=20, seed=1)
    seen: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        there = bootstrap(few, rate=0.5, replicates=20, seed=1, executor=pool, progress=lambda done, total: seen.append(done))
    assert (here.replicates == there.replicates).all()
    assert here.estimate == there.estimate
    assert seen == sorted(seen)
    assert seen[-1] == 20
    assert (here.replicates != bootstrap(few, rate=0.5, replicates=20, seed=2).replicates).any()


def test_quantiles_are_order_statistics_widened_by_the_certified_intervals(few: SampledProblem) -> None:
    wide = bootstrap(few, rate=0.5, replicates=19, level=0.8, kind="percentile")
    low, high = np.sort(wide.replicates[:, 0]), np.sort(wide.replicates[:, 1])
    assert wide.estimate == (low[1], high[17])
    basic = bootstrap(few, rate=0.5, replicates=19, level=0.8)
    own = basic.certificate
    assert basic.estimate == (2 * own.lower - high[17], 2 * own.upper - low[1])
    assert (wide.kind, basic.kind) == ("percentile", "basic")


def test_infeasible_replicates_are_kept_and_counted(few: SampledProblem) -> None:
    # Some samples' labels can be told from X to this loss, others not.
    budget = solve_floor(few) + 0.01
    for kind in ("basic", "percentile"):
        b = bootstrap(few, rate=math.inf, classification=budget, replicates=12, kind=kind, method="transport")
        assert 0 < b.infeasible < 12
        assert b.infeasible == np.isinf(b.replicates).all(axis=1).sum()
        assert not any(math.isnan(x) for x in b.estimate)
        assert b.estimate[1 if kind == "percentile" else 0] in (math.inf, few.cost.min())
    none = bootstrap(few, rate=0.0, classification=0.1, replicates=3)
    assert none.infeasible == 3
    assert none.certified == (math.inf, math.inf)
    assert none.estimate[1] == math.inf


def test_next_to_a_kink_the_samples_own_value_is_kept() -> None:
    """The laws of x and y agree in these samples, so every resampling makes the transport dearer."""
    x = np.repeat([0.0, 1.0], 10)
    p = DiscreteProblem.from_samples(x, x, codewords=None)
    b = bootstrap(p, rate=math.inf, replicates=10)
    assert b.replicates.min() >= 0.0
    assert np.median(b.replicates) > 0.0
    assert b.estimate == (0.0, 0.0)
    above = bootstrap(p, rate=math.inf, replicates=10, kind="percentile", level=0.1)
    assert above.estimate[0] == 0.0 < above.estimate[1]


def solve_floor(problem: DiscreteProblem) -> float:
    """H(S|X) in bits."""
    assert problem.p_S_given_X is not None
    rows = np.maximum(problem.p_S_given_X, 1e-300)
    return float(-problem.p_X @ (rows * np.log2(rows)).sum(axis=1))


def test_the_rate_and_no_negative_estimate(few: SampledProblem) -> None:
    b = bootstrap(few, distortion=5.2, units="nats", replicates=15)
    assert b.certificate.point.minimised == "rate"
    assert b.estimate[0] >= 0


@pytest.mark.slow
@pytest.mark.parametrize("asked", [{"rate": 0.5}, {"distortion": 4.0}], ids=["distortion", "rate"])
def test_coverage_on_a_known_law(asked: dict[str, Any]) -> None:
    """100 sets of 200 samples at level .9: coverage of 90 % would give 90 with standard deviation 3."""
    law = DiscreteProblem(P_X, P_Y, (WORDS_X - WORDS_Y.T) ** 2)
    truth = solve(law, **asked)
    rng, covered = np.random.default_rng(0), 0
    for seed in range(100):
        b = bootstrap(drawn(rng, 200), replicates=60, level=0.9, seed=seed, **asked)
        covered += b.estimate[0] <= truth.upper and truth.lower <= b.estimate[1]
    assert 80 <= covered <= 99, covered


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("replicates", {"replicates": 0}),
        ("replicates", {"replicates": 2.0}),
        ("replicates", {"replicates": True}),
        ("level", {"level": 0.0}),
        ("level", {"level": 1}),
        ("level", {"level": math.nan}),
        ("level", {"level": [0.9]}),
        ("level", {"level": "high"}),
        ("kind", {"kind": "basci"}),
        ("paired", {"paired": True}),
        ("seed", {"seed": -1}),
        ("rate", {"rate": -0.5}),
        ("rate", {"rate": None}),
        ("setting", {"setting": "one-shot"}),
        ("classifcation", {"classifcation": 0.5}),
        ("classification", {"classification": math.nan}),
        ("tolerance", {"tolerance": 2}),
    ],
)
def test_bad_arguments(argument: str, change: dict[str, Any]) -> None:
    p = DiscreteProblem.from_samples(np.arange(4.0), np.arange(5.0), [0, 0, 1, 1], codewords=2)
    with pytest.raises(InputError) as error:
        bootstrap(p, **{"rate": 0.5, **change})
    assert error.value.argument == argument
    assert "\n" not in str(error.value)


def test_what_has_no_samples() -> None:
    from solvers.codebook import problem_from_samples

    plain = DiscreteProblem([0.5, 0.5], [0.5, 0.5], [[0, 1], [1, 0]])
    single = problem_from_samples(np.zeros(1), np.arange(3.0), [0], 1, 2).problem
    for bad in (plain, single, None):
        with pytest.raises(InputError) as error:
            bootstrap(bad, rate=0.5)  # type: ignore[arg-type]
        assert error.value.argument == "sampled"


def test_the_interval_is_exported() -> None:
    import solvers

    assert solvers.bootstrap is bootstrap
    assert solvers.BootstrapInterval is BootstrapInterval
