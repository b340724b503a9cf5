"""Every method that is timed, ours and its peers', and how each is driven. One whose package is missing is skipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal

from solvers.bench.driving import cold, warm
from solvers.bench.race import Race

Driven = Literal["cold", "warm"]
Task = Literal["transport", "rate-distortion"]
OURS: Final = "rdcsym"


@dataclass(frozen=True)
class Method:
    """module: to import, "" where it is our own code; install: what brings it; largest: symbols up to which it is run.

    family: "ours", "package" (a peer as others install it) or "reference" (a peer's algorithm in NumPy, written here).
    build: the runs, by how they are driven; a warm run goes for all targets at once, a cold one for one target, save where
    one_race says that its tolerance does not depend on it. rehearsed: whether it first runs once on a small instance.
    """

    name: str
    family: Literal["ours", "package", "reference"]
    module: str
    install: str
    largest: int
    build: dict[Driven, Callable[[], Callable[[Race], None]]]
    task: Task = "transport"
    rehearsed: bool = True
    one_race: bool = False

    @property
    def missing(self) -> str:
        """A line that says what is not installed, or ""."""
        absent = [name for name in self.module.split() if find_spec(name) is None]
        return f"{self.name}: skipped, {absent[0]} is not installed (pip install {self.install})" if absent else ""


def _pot(method: str, largest: int) -> Method:
    def build(driven: Driven) -> Callable[[Race], None]:
        from solvers.bench.peers import pot

        return cold(pot.make(method, pot.DEFAULT_TAU)) if driven == "cold" else warm(pot.make(method, pot.LARGE_TAU))

    return Method(
        f"POT {method}", "package", "ot", "pot", largest, {"cold": lambda: build("cold"), "warm": lambda: build("warm")}
    )


def _ott(momentum: bool) -> Method:
    def build(driver: Callable[..., Callable[[Race], None]]) -> Callable[[Race], None]:
        from solvers.bench.peers import ott

        return driver(ott.make(momentum))

    name = "OTT sinkhorn, momentum" if momentum else "OTT sinkhorn"
    runs: dict[Driven, Callable[[], Callable[[Race], None]]] = {"cold": lambda: build(cold), "warm": lambda: build(warm)}
    return Method(name, "package", "jax ott", "ott-jax", 4096 if momentum else 256, runs, rehearsed=False)


def _cvxpy(solver: str, largest: int) -> Method:
    def build(tight: bool) -> Callable[[Race], None]:
        from solvers.bench.peers import cvxpy

        return cvxpy.make(solver, tight)

    install = f"cvxpy {solver.lower()}"
    runs: dict[Driven, Callable[[], Callable[[Race], None]]] = {"cold": lambda: build(False), "warm": lambda: build(True)}
    return Method(f"cvxpy {solver}", "package", install, install, largest, runs, one_race=True)


def _absorbed(relaxed: bool) -> Method:
    def build(driver: Callable[..., Callable[[Race], None]]) -> Callable[[Race], None]:
        from solvers.bench.peers import absorbed

        return driver(absorbed.make(relaxed))

    name = "NumPy absorbed, over-relaxed" if relaxed else "NumPy absorbed"
    runs: dict[Driven, Callable[[], Callable[[Race], None]]] = {"cold": lambda: build(cold), "warm": lambda: build(warm)}
    return Method(name, "reference", "", "", 4096 if relaxed else 256, runs)


def _plain(driver: Callable[..., Callable[[Race], None]]) -> Callable[[Race], None]:
    from solvers.bench.peers import plain

    return driver(plain.make)


def _ours() -> Callable[[Race], None]:
    from solvers.bench.peers import ours

    return ours.run


def _rate_distortion(well_driven: bool | None) -> Callable[[Race], None]:
    from solvers.bench.peers import dit

    return dit.ours if well_driven is None else dit.make(well_driven)


METHODS: Final = (
    Method(OURS, "ours", "", "", 10_000, {"cold": _ours}),
    _pot("sinkhorn", 4096),
    _pot("sinkhorn_stabilized", 1024),
    _pot("sinkhorn_log", 256),
    _ott(momentum=False),
    _ott(momentum=True),
    Method("NumPy log-domain", "reference", "", "", 256, {"cold": lambda: _plain(cold), "warm": lambda: _plain(warm)}),
    _absorbed(relaxed=False),
    _absorbed(relaxed=True),
    _cvxpy("CLARABEL", 64),
    _cvxpy("ECOS", 64),
    _cvxpy("SCS", 16),
    Method(OURS, "ours", "", "", 64, {"cold": lambda: _rate_distortion(None)}, "rate-distortion", one_race=True),
    Method(
        "dit Blahut-Arimoto", "package", "dit", "dit", 64,
        {"cold": lambda: _rate_distortion(False), "warm": lambda: _rate_distortion(True)}, "rate-distortion", one_race=True,
    ),
)  # fmt: skip
"""cvxpy's "warm" is its density form at tight tolerances; dit's "warm" is one start and no limit on the iterations."""


def find(name: str, task: Task) -> Method:
    """The method of that name and task."""
    return next(method for method in METHODS if (method.name, method.task) == (name, task))
