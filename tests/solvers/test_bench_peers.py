"""The benchmark of the solvers: its gap holds, its clock stands while answers are checked, and a killed run goes on. No timings."""

from __future__ import annotations

import json
import math
import time
from concurrent.futures import Executor, Future

import numpy as np
import pytest

from rdcsym.problem import InputError
from solvers.bench import Effort, bench, jobs, summary
from solvers.bench.driving import cold, guess, warm
from solvers.bench.gap import ends, kernel_ends, kernel_upper_end, upper_end
from solvers.bench.instances import KINDS, Instance, instance, rates, source
from solvers.bench.measure import Job, append, cached, measure, measure_all, unfinished
from solvers.bench.peers import METHODS, Method, absorbed, find, ours, plain
from solvers.bench.race import TARGETS, Race, StalledError
from solvers.sinkhorn import at_rate

TINY = Effort("tiny", kinds=("random",), sizes=(16,), rates=(1.0,), limit=20.0, least=20.0, repeats=1, threads=1)
LOCAL = tuple(m for m in METHODS if m.name in ("rdcsym", "NumPy absorbed") and m.task == "transport")


class Inline(Executor):
    """Runs a job when it is submitted, in this thread; processes are tested on the command line."""

    def __init__(self, workers):
        assert workers == 1

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture(autouse=True)
def _no_mnist(monkeypatch):
    monkeypatch.delenv("RDCSYM_DATA", raising=False)


@pytest.mark.parametrize("kind", KINDS)
def test_instances_are_the_same_each_time_and_their_rates_bind(kind):
    if kind == "images":
        pytest.importorskip("sklearn")
        assert "scikit-learn" in source(kind)
    for rate in rates(kind, 16):
        i = instance(kind, 16, rate)
        for law in (i.p, i.q):
            assert (law > 0).all()
            assert math.isclose(law.sum(), 1)
        found = at_rate(i.p, i.q, i.cost, rate)
        assert found.binds
        lower, upper = ends(i.p, i.q, i.cost, rate, found.g, found.temperature)
        assert abs(upper - lower) <= 1e-12 * upper


def test_a_rate_that_does_not_bind_and_a_kind_that_is_not_there():
    with pytest.raises(InputError, match="--rate"):
        instance("random", 16, 4.0)
    with pytest.raises(InputError, match="gaussian"):
        rates("gausian", 16)


def test_a_damaged_mnist_is_named(tmp_path, monkeypatch):
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03none")
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    with pytest.raises(InputError, match="RDCSYM_DATA"):
        instance("images", 20, 0.5)


def test_the_gap_holds_for_any_potentials_and_is_wide_for_bad_ones():
    i = instance("gaussian", 16, 1.0)
    best = at_rate(i.p, i.q, i.cost, i.rate)
    value = ends(i.p, i.q, i.cost, i.rate, best.g, best.temperature)[1]
    rng = np.random.default_rng(0)
    for scale, warmth in ((1e-3, 1.0), (1.0, 1.0), (1e-6, 0.9), (1e-6, 1.2)):
        g, temperature = best.g + scale * rng.normal(size=16), best.temperature * warmth
        for check in (ends, kernel_ends):
            lower, upper = check(i.p, i.q, i.cost, i.rate, g, temperature)
            assert lower < value < upper
    assert ends(i.p, i.q, i.cost, i.rate, np.full(16, np.nan), 1.0) == (-math.inf, math.inf)
    assert ends(i.p, i.q, i.cost, i.rate, best.g, -1.0) == (-math.inf, math.inf)
    plan = best.plan + 1e-6 * rng.uniform(size=best.plan.shape)
    for check in (upper_end, kernel_upper_end):
        assert value < check(i.p, i.q, i.cost, i.rate, plan) < value * 1.01
    assert upper_end(i.p, i.q, i.cost, i.rate, np.full_like(plan, np.nan)) == math.inf


def test_the_upper_end_keeps_to_marginals_and_rate():
    """A plan of two symbols that asks for too much: the mixture with the product that has the rate is found, and not a cheaper one."""
    p = np.array([0.5, 0.5])
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    found = upper_end(p, p, cost, 0.1, np.eye(2) / 2)
    information = math.log(2) + found * math.log(found) + (1 - found) * math.log(1 - found)
    assert 0.1 - 1e-3 < information <= 0.1 + 1e-12


@pytest.mark.parametrize("make", [plain.make, absorbed.make(False), absorbed.make(True)])
@pytest.mark.parametrize("drive", [cold, warm])
def test_the_drivers_bring_a_sinkhorn_to_the_rate(make, drive):
    race = Race(instance("random", 16, 1.0), TARGETS, 30.0)
    assert race.run(drive(make)) == "certified"
    assert race.gap <= 1e-8
    assert list(race.seconds) == list(TARGETS)
    assert race.kernel_gap() < 1e-6


def test_ours_is_certified():
    race = Race(instance("gaussian", 16, 1.0), (1e-8,), 30.0)
    assert race.run(ours.run) == "certified"


def test_the_guess_is_good_for_small_rates():
    i = instance("random", 16, 0.5)
    small = Instance(i.kind, 1e-4, i.p, i.q, i.cost, i.source)
    assert guess(small) == pytest.approx(at_rate(i.p, i.q, i.cost, 1e-4).temperature, rel=0.02)


def test_the_clock_stands_while_it_is_paused_and_ends_a_method_that_does_not_return():
    race = Race(instance("random", 16, 1.0), TARGETS, 0.2)

    def slow(race):
        with race.paused():
            time.sleep(0.4)
        race.take(lambda: (0.0, 1.0))  # there is time left
        while True:
            time.sleep(0.01)

    assert race.run(slow) == "time limit"
    assert race.gap == 1.0


def test_a_method_that_fails_says_why():
    def stalls(race):
        raise StalledError("optimal_inaccurate, gap 2e-03")

    def breaks(race):
        raise FloatingPointError("underflow\nand more")

    race = Race(instance("random", 16, 1.0), TARGETS, 5.0)
    assert race.run(stalls) == "optimal_inaccurate, gap 2e-03"
    assert race.run(breaks) == "FloatingPointError: underflow"
    assert race.gap == math.inf


def test_a_run_of_it_and_one_that_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("solvers.bench.ProcessPerJob", Inline)
    cache, ticks = tmp_path / "partial.jsonl", []
    rows, skipped = bench(TINY, cache, ticks.append, LOCAL)
    assert skipped == []
    assert [(row.method, row.driven) for row in rows] == [
        ("rdcsym", "cold"),
        ("NumPy absorbed", "cold"),
        ("NumPy absorbed", "warm"),
    ]
    assert all(row.status == "certified" and row.gap <= 1e-8 and row.memory > 0 for row in rows)
    assert rows[0].ratio == 1.0
    assert len(ticks) == 3
    assert "does not: 0" in summary(rows)[-1]
    # Killed after its first measurement, in the middle of writing the second: what is whole is kept and not measured again.
    lines = cache.read_text().splitlines(keepends=True)
    cache.write_text("".join(lines[:2]) + lines[2][:40])
    first = json.loads(lines[1])
    again, _ = bench(TINY, cache, ticks.append, LOCAL)
    assert [line[:8] for line in cache.read_text().splitlines()] == ['{"format', *['{"job": '] * 4]  # two of them measured again
    assert cached(cache)[Job(**first["job"]).key].seconds == tuple(first["measurement"]["seconds"])
    assert [row.method for row in again] == [row.method for row in rows]


def test_a_cache_of_another_grid_is_no_start(tmp_path):
    cache = tmp_path / "partial.jsonl"
    bench(TINY, cache, methods=())
    with pytest.raises(InputError, match="another grid"):
        bench(Effort("other"), cache, methods=())


def test_a_peer_that_is_not_installed_is_skipped_with_a_line(tmp_path):
    absent = Method("Absent", "package", "no_such_module_anywhere", "no-such-package", 64, LOCAL[0].build)
    rows, skipped = bench(TINY, tmp_path / "partial.jsonl", methods=(absent,))
    assert rows == []
    assert skipped == ["Absent: skipped, no_such_module_anywhere is not installed (pip install no-such-package)"]


def test_too_few_images_are_said():
    pytest.importorskip("sklearn")
    sizes = {group[0].n for group in jobs(Effort("digits", kinds=("images",)))}
    assert sizes == {16, 64, 256}


def test_what_the_summary_counts(tmp_path):
    cache = tmp_path / "c.jsonl"
    place = ("transport", "random", 64, 3.0)
    listed = [
        Job(*place, "rdcsym", "cold"),
        Job(*place, "POT sinkhorn", "cold"),
        Job(*place, "POT sinkhorn_log", "cold"),
        Job(*place, "POT sinkhorn", "warm"),
    ]
    done = unfinished("certified", 10.0)
    values = dict(zip(listed, [(0.1, 0.1, None), (1.0, 2.0, 3.0), (0.5, None, None), (None, None, None)], strict=True))
    for job, seconds in values.items():
        append(cache, job, type(done)(**{**vars(done), "seconds": seconds}))
    from solvers.bench.summary import best_ratios, rows_of

    rows = rows_of(listed, cached(cache))
    assert best_ratios(rows, ("package",), "cold") == [20.0]
    assert best_ratios(rows, ("package",), "warm") == [100.0]  # allowed 10 s, ours .1 s
    assert [row.ratio_is_least for row in rows] == [False, False, True, True]
    assert summary(rows)[-2].endswith("does not: 1")
    assert "only peers reach 1e-08" in summary(rows)[-1]


def test_a_measurement_is_repeated_where_it_is_short():
    job = Job("transport", "random", 16, 1.0, "rdcsym", "cold")
    found = measure(job, 20.0, 3, find("rdcsym", "transport").build["cold"]())
    assert (found.status, len(found.seconds)) == ("certified", 3)
    assert found.runs >= 1


@pytest.mark.parametrize("name", ["POT sinkhorn", "POT sinkhorn_stabilized", "POT sinkhorn_log", "cvxpy CLARABEL", "cvxpy SCS"])
def test_installed_peers_run(name, tmp_path):
    method = find(name, "transport")
    if method.missing:
        pytest.skip(method.missing)
    for driven, build in method.build.items():
        race = Race(instance("random", 16, 0.5), (1e-3,), 20.0)
        assert race.run(build()) == "certified", driven


@pytest.mark.parametrize(
    ("name", "task"), [("OTT sinkhorn", "transport"), ("OTT sinkhorn, momentum", "transport"), ("cvxpy ECOS", "transport")]
)
def test_optional_peers_run(name, task):
    method = find(name, task)
    if method.missing:
        pytest.skip(method.missing)
    race = Race(instance("random", 16, 0.5), (1e-3,), 60.0)
    assert race.run(method.build["cold"]()) == "certified"


def test_dit_and_ours_on_the_free_output_law():
    job = Job("rate-distortion", "random", 16, 1.0, "rdcsym", "cold")
    found = measure(job, 20.0, 1, find("rdcsym", "rate-distortion").build["cold"]())
    assert found.status == "certified"
    if find("dit Blahut-Arimoto", "rate-distortion").missing:
        return
    race = Race(instance("random", 16, 1.0), TARGETS, 20.0)
    race.run(find("dit Blahut-Arimoto", "rate-distortion").build["warm"]())
    assert 0 < race.gap < 0.1


def test_a_process_of_one_method_writes_as_it_goes(tmp_path):
    cache = tmp_path / "c.jsonl"
    listed = [Job("transport", "random", 16, rate, "NumPy absorbed", "warm") for rate in (0.5, 1.0)]
    measure_all(listed, [20.0, 20.0], 1, str(cache))
    assert list(cached(cache)) == [job.key for job in listed]
