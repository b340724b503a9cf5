"""Where the jobs of a sweep, a surface or a benchmark run: each in a fresh process here (a killed one takes no other with it),
or on a Dask cluster.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from rdcsym.problem import InputError

P = ParamSpec("P")
T = TypeVar("T")


class ProcessPerJob(Executor):
    """A `concurrent.futures.Executor` that gives each job a process of its own, at most `workers` at a time.

    `ProcessPoolExecutor` fails all its jobs when one of its processes dies (as by the system's out-of-memory killer); here only
    that job fails, with a RuntimeError, which also stands for an exception of a job. Processes are spawned, and end with this
    one. `shutdown(cancel_futures=True)` ends those at work.
    """

    def __init__(self, workers: int) -> None:
        self._context = get_context("spawn")
        self._threads = ThreadPoolExecutor(workers)
        self._running: set[BaseProcess] = set()
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run fn(*args, **kwargs), which must be picklable, in a process of its own when there is room."""
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; with cancel_futures drop those that wait and end those at work."""
        if cancel_futures:
            with self._lock:
                self._ended = True
                for process in self._running:
                    process.terminate()
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _run(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(sender, fn, args, kwargs), daemon=True)
        with self._lock:
            if self._ended:
                raise CancelledError
            process.start()
            self._running.add(process)
        sender.close()  # so that the end of the process ends the pipe
        try:
            error, value = receiver.recv()
        except EOFError:
            process.join()
            raise RuntimeError(_ending(process.exitcode)) from None
        finally:
            process.join()
            receiver.close()
            with self._lock:
                self._running.discard(process)
        if error is not None:
            raise RuntimeError(error)
        result: T = value
        return result


def _work(sender: connection.Connection, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """What the process does: the job, whose result or error goes back through the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    error, value = None, None
    try:
        value = fn(*args, **kwargs)
    except Exception as raised:  # not every exception can be pickled, so its text goes
        error = f"{type(raised).__name__}: {raised}"
    sender.send((error, value))
    sender.close()


def _end_with_parent() -> None:
    """A parent that was killed leaves nobody to answer to; two runs in one folder would write over each other."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with status {code}"


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local(jobs: int) -> Iterator[Executor]:
    """Processes on this machine, `jobs` at a time; an error or an interrupt in the block ends them."""
    if jobs < 1:
        raise InputError("--jobs", jobs, "is no number of processes", "give a whole number of at least 1")
    executor = ProcessPerJob(jobs)
    try:
        yield executor
    except BaseException:
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster, by its scheduler's address; InputError where Dask is missing or nobody answers.

    Its workers must see the folder of the results under the same path, and have one thread each (`dask worker --nthreads 1`):
    torch's random state belongs to a process.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--dask", address, "needs the package distributed", "pip install distributed, or use --jobs") from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        problem = f"is no scheduler that answers ({type(error).__name__})"
        raise InputError("--dask", address, problem, "give its address, for instance tcp://host:8786") from None
    with client:
        yield client.get_executor(pure=False)  # or a failed point that is tried again would be answered from memory
