"""The clock of a measurement: it runs while a method works, stands while its answer is checked, and ends at the last target."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rdcsym.problem import FloatArray
from solvers.bench.gap import ends, kernel_ends, kernel_upper_end, upper_end
from solvers.bench.instances import Instance

TARGETS: Final = (1e-4, 1e-6, 1e-8)
"""Certified relative gaps, (upper - lower) / upper, to which the time is taken."""

LAST: Final = 3
"""Answers at the end of a run that the kernel checks: a conic solver gives a plan and potentials of either sign."""


class FinishedError(Exception):
    """The last target is certified: nothing more to do."""


class TimeUpError(Exception):
    """The limit of the clock."""


class StalledError(Exception):
    """A method that cannot go on says why in one line."""


class Race:
    """One run of a method on an instance, towards relative gaps `targets`, falling, in at most `limit` seconds of its clock.

    The interval is the best of all that was offered: every end holds. seconds: {target: clock when first met}.
    """

    def __init__(self, instance: Instance, targets: Sequence[float], limit: float) -> None:
        self.instance, self.targets, self.limit = instance, tuple(targets), limit
        self.lower, self.upper = -math.inf, math.inf
        self.seconds: dict[float, float] = {}
        self._proofs: list[Callable[[], tuple[float, float]]] = []
        self._spent, self._since = 0.0, math.nan

    @property
    def gap(self) -> float:
        """The relative gap certified so far; inf before there is any."""
        return max(0.0, (self.upper - self.lower) / self.upper) if self.upper < math.inf else math.inf

    def kernel_gap(self) -> float:
        """The relative gap that the trusted kernel proves for the last answers; `gap` where it made that."""
        if not self._proofs:
            return self.gap
        proved = [prove() for prove in self._proofs[-LAST:]]
        lower, upper = max(low for low, _ in proved), min(up for _, up in proved)
        return max(0.0, (upper - lower) / upper) if upper < math.inf else math.inf

    def run(self, method: Callable[[Race], Any]) -> str:
        """Run it; how it ended: "certified", "time limit", or the reason that the method gave."""
        ending = "gave up"
        with _alarm():
            try:
                self._start()
                method(self)
            except FinishedError:
                ending = "certified"
            except TimeUpError:
                ending = "time limit"
            except StalledError as stalled:
                ending = str(stalled)
            except Exception as error:  # a peer may fail in any way, and that is its result
                ending = f"{type(error).__name__}: {error}".splitlines()[0]
            finally:
                self._stop()
        return "certified" if self.targets[-1] in self.seconds else ending

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Work in the block is not on the clock: checking, and what a user does once for many problems (compiling)."""
        self._stop()
        yield
        self._start()

    def offer(self, g: FloatArray, temperature: float) -> float:
        """Check potentials, off the clock; the gap certified so far. Raises FinishedError at the last target."""
        i = self.instance
        self._proofs.append(lambda: kernel_ends(i.p, i.q, i.cost, i.rate, g, temperature))
        return self.take(lambda: ends(i.p, i.q, i.cost, i.rate, g, temperature))

    def offer_plan(self, plan: FloatArray) -> float:
        """Check a plan, off the clock; the same."""
        i = self.instance
        self._proofs.append(lambda: (-math.inf, kernel_upper_end(i.p, i.q, i.cost, i.rate, plan)))
        return self.take(lambda: (-math.inf, upper_end(i.p, i.q, i.cost, i.rate, plan)))

    def take(self, prove: Callable[[], tuple[float, float]]) -> float:
        """Ends that hold, proved off the clock; the same."""
        with self.paused():
            lower, upper = prove()
        self.lower, self.upper = max(self.lower, lower), min(self.upper, upper)
        for target in self.targets:
            if self.gap <= target:
                self.seconds.setdefault(target, self._spent)
        if self.targets[-1] in self.seconds:
            raise FinishedError
        if self._spent > self.limit:
            raise TimeUpError
        return self.gap

    def _start(self) -> None:
        if _can_alarm():
            signal.setitimer(signal.ITIMER_REAL, max(self.limit - self._spent, 1e-3))
        self._since = time.perf_counter()

    def _stop(self) -> None:
        if self._since == self._since:
            self._spent += time.perf_counter() - self._since
        self._since = math.nan
        if _can_alarm():
            signal.setitimer(signal.ITIMER_REAL, 0.0)


def _can_alarm() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextmanager
def _alarm() -> Iterator[None]:
    """At the limit, TimeUpError between two steps of the interpreter: a peer's own loop is ended by it, compiled code is not."""
    if not _can_alarm():
        yield
        return

    def time_up(number: int, frame: object) -> None:
        raise TimeUpError

    before = signal.signal(signal.SIGALRM, time_up)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
