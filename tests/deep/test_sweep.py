"""Sweeps: their points and names, any executor, resumption, points that fail, processes that are killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from deep.executor import ProcessPerJob, cores, dask, local  # noqa: E402
from deep.grid_points import grid_points  # noqa: E402
from deep.point_job import run_point  # noqa: E402
from deep.run import load_model  # noqa: E402
from deep.sweep import main, read_sweep, sweep  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

TINY = ["steps=3", "batch=32", "width=8", "latent=4", "device=cpu", "threads=1", "log_every=1"]


class Inline(Executor):
    """Runs a job when it is submitted, in this thread."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def measured(monkeypatch) -> list[str]:
    """The runs that were measured, by a stand-in that takes no time."""
    runs: list[str] = []

    def measure(folder):
        runs.append(Path(folder).name)
        (Path(folder) / "operating_point.json").write_text('{"quantities": {}}')

    monkeypatch.setattr("deep.operating_point.measure", measure)
    return runs


def status(folder: Path) -> dict[str, str]:
    return {name: row["status"] for name, row in read_sweep(folder).items()}


def test_points():
    points = grid_points("digits-sr", ["rate=4,8", "lambda_c=0,.01", "mode=common,private"], flags=TINY)
    assert len(points) == 8
    assert points[0].name == "rate=4,lambda_c=0,mode=common"
    assert points[-1].name == "rate=8,lambda_c=0.01,mode=private"
    assert points[-1].settings == {"rate": 8.0, "lambda_c": 0.01, "mode": "private"}
    assert (points[-1].config.rate, points[-1].config.steps) == (8.0, 3)
    names = [p.name for p in grid_points("gauss-vector", ["options.lattice=z,e8", "rate=none,0.1234567"])]
    assert names[0] == "options.lattice=z,rate=none"
    assert names[-1] == "options.lattice=e8,rate=0.1234567"


@pytest.mark.parametrize(
    ("over", "flags", "named"),
    [
        (["rate"], [], "NAME=VALUE"),
        (["rate=4,,8"], [], "NAME=VALUE"),
        (["rate=4,4.0"], [], "twice"),
        (["rate=4", "rate=8"], [], "again"),
        (["rate=4,much"], [], "much"),
        (["rates=4"], [], "rate"),
        (["rate=4,8"], ["rate=3"], "--over"),
        (["task=digits-sr,mnist-sr"], [], "task"),
        ([f"seed={','.join(map(str, range(101)))}", f"width={','.join(map(str, range(1, 101)))}"], [], "10100"),
    ],
)
def test_wrong_points_are_named(over, flags, named):
    with pytest.raises(InputError, match=named):
        grid_points("digits-sr", over, flags=flags)


def test_one_bad_point_does_not_stop_the_rest(tmp_path, measured):
    out = tmp_path / "sweep"
    points = grid_points("digits-sr", ["seed=0,1,2"], flags=TINY)
    out.mkdir()
    sweep(points[:1], out, Inline())
    (out / "seed=1").write_text("in the way")
    told: list[tuple[int, int, str]] = []
    rows = sweep(points, out, Inline(), resume=True, progress=lambda *seen: told.append(seen))
    assert [row["status"] for row in rows] == ["finished", "failed", "finished"]
    assert "is a file" in rows[1]["error"]
    assert status(out) == {"seed=0": "finished", "seed=1": "failed", "seed=2": "finished"}
    assert (out / "seed=2" / "model.pt").exists()
    assert told[-1][:2] == (6, 6)
    assert any("seed=1 failed" in what for _, _, what in told)
    assert measured == ["seed=0", "seed=2"]

    (out / "seed=1").unlink()  # mended, and a value added: only what is left is done
    more = grid_points("digits-sr", ["seed=1,2,3"], flags=TINY)
    assert [row["status"] for row in sweep(more, out, Inline(), resume=True)] == ["finished"] * 3
    assert measured == ["seed=0", "seed=2", "seed=1", "seed=3"]
    assert set(status(out)) == {"seed=0", "seed=1", "seed=2", "seed=3"}


def test_a_job_returns_its_error(tmp_path):
    """An InputError cannot be pickled, so one that is raised would break a pool of processes."""
    (tmp_path / "run").write_text("in the way")
    [point] = grid_points("digits-sr", ["seed=0"], flags=TINY)
    found = run_point(str(tmp_path / "run"), point.config.to_json())
    assert found["error"].startswith("out = ")
    assert found["error"].endswith(": is a file; name a folder")
    assert "TypeError" in run_point(str(tmp_path / "other"), {"steps": 3})["error"]


def test_a_lost_job_is_a_failed_point(tmp_path, measured):
    class Losing(Inline):
        def submit(self, fn, /, *args, **kwargs):
            lost = Future()
            lost.set_exception(RuntimeError("the worker is gone"))
            return lost if "seed=0" in args[0] else super().submit(fn, *args, **kwargs)

    rows = sweep(grid_points("digits-sr", ["seed=0,1"], flags=TINY), tmp_path / "sweep", Losing())
    assert [(row["status"], row["error"]) for row in rows] == [("failed", "the worker is gone"), ("finished", None)]


def test_an_interrupted_sweep_goes_on(tmp_path, measured):
    out, points = tmp_path / "sweep", grid_points("digits-sr", ["seed=0,1"], flags=TINY)

    def interrupt(done, total, what):
        if what:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        sweep(points, out, executor, progress=interrupt)
    assert status(out)["seed=0"] == "finished"
    rows = sweep(points, out, Inline(), resume=True)
    assert [row["status"] for row in rows] == ["finished", "finished"]


def test_settings_that_differ_are_found_before_the_work(tmp_path, measured):
    sweep(grid_points("digits-sr", ["seed=0,1"], flags=TINY), tmp_path / "sweep", Inline())
    other = grid_points("digits-sr", ["seed=5,1"], flags=[*TINY, "lambda_c=.5"])
    with pytest.raises(InputError, match="lambda_c"):
        sweep(other, tmp_path / "sweep", Inline(), resume=True)
    assert status(tmp_path / "sweep") == {"seed=0": "finished", "seed=1": "finished"}
    assert not (tmp_path / "sweep" / "seed=5").exists()


def test_folders_in_use_are_refused(tmp_path, measured):
    points = grid_points("digits-sr", ["seed=0"], flags=TINY)
    sweep(points, tmp_path / "sweep", Inline())
    with pytest.raises(InputError, match="--resume"):
        sweep(points, tmp_path / "sweep", Inline())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("")
    with pytest.raises(InputError, match="no sweep"):
        sweep(points, tmp_path / "mine", Inline(), resume=True)
    with pytest.raises(InputError, match="file"):
        sweep(points, tmp_path / "mine" / "notes", Inline())
    (tmp_path / "sweep" / "sweep.json").write_text('{"format": "another"}')
    with pytest.raises(InputError, match="damaged"):
        sweep(points, tmp_path / "sweep", Inline(), resume=True)


def test_each_job_has_a_process_of_its_own():
    with local(2) as executor:
        dead, mine, wrong = (
            executor.submit(signal.raise_signal, signal.SIGKILL),
            executor.submit(os.getpid),
            executor.submit(int, "x"),
        )
        with pytest.raises(RuntimeError, match="SIGKILL"):
            dead.result()
        assert mine.result() != os.getpid()
        with pytest.raises(RuntimeError, match="ValueError"):
            wrong.result()


def test_shutdown_ends_the_processes_at_work():
    executor = ProcessPerJob(1)
    started = threading.Event()
    executor._threads.submit(started.set).result()
    at_work, waiting = executor.submit(time.sleep, 60), executor.submit(os.getpid)
    while not executor._running:
        started.wait(0.01)
    executor.shutdown(cancel_futures=True)
    with pytest.raises(RuntimeError, match="SIGTERM"):
        at_work.result()
    with pytest.raises(CancelledError):
        waiting.result()


def test_without_dask(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(InputError, match="pip install distributed"), dask("tcp://127.0.0.1:8786"):
        pass


def test_jobs_must_be_some():
    assert cores() >= 1
    with pytest.raises(InputError, match="--jobs"), local(0):
        pass


def test_command_line_with_processes(tmp_path, capsys, measured):
    """Spawned processes: a run whose model was lost is trained again, a point in whose way a file lies fails."""
    out = tmp_path / "sweep"
    sweep(grid_points("digits-sr", ["seed=0"], flags=TINY), out, Inline())
    weights = load_model(out / "seed=0").fingerprint
    (out / "seed=0" / "model.pt").unlink()  # its operating point stays: measuring takes seconds, and has tests of its own
    (out / "seed=1").write_text("in the way")
    assignments = [part for flag in TINY for part in ("--set", flag)]
    arguments = ["--task", "digits-sr", "--out", str(out), "--over", "seed=0,1", *assignments]
    assert main(arguments) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 1
    assert status(out) == {"seed=0": "finished", "seed=1": "failed"}
    assert load_model(out / "seed=0").fingerprint == weights
