"""cvxpy with an exponential-cone solver: the program as it is written down, at the solver's own settings and at tight ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from solvers.bench.race import Race, StalledError

TIGHT: Final[dict[str, dict[str, Any]]] = {
    "CLARABEL": {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12, "tol_ktratio": 1e-9, "max_iter": 500},
    "SCS": {"eps_abs": 1e-10, "eps_rel": 1e-10, "max_iters": 10**6},
    "ECOS": {"abstol": 1e-12, "reltol": 1e-12, "feastol": 1e-12, "max_iters": 500},
}

LIMIT: Final = {"CLARABEL": ("time_limit",), "SCS": ("time_limit_secs",), "ECOS": ()}
"""What the solver calls its time limit, in seconds: its code is compiled, and no clock of ours ends it."""


def make(solver: str, tight: bool) -> Callable[[Race], None]:
    """As its users call it: the plan as variable, default tolerances; or its density to the product, costs scaled, tight ones.

    Its plan is checked, and its dual variables of the marginals and of the rate as potentials.
    """

    def run(race: Race) -> None:
        import cvxpy

        i = race.instance
        product = i.p[:, None] * i.q
        scale = float(np.sum(product * i.cost)) if tight else 1.0
        unknown = cvxpy.Variable(i.cost.shape, nonneg=True)
        if tight:
            rate = cvxpy.sum(cvxpy.multiply(product, cvxpy.rel_entr(unknown, 1)))
            limits = [unknown @ i.q == 1, i.p @ unknown == 1, rate <= i.rate]
            spent = cvxpy.sum(cvxpy.multiply(product * i.cost / scale, unknown))
        else:
            rate = cvxpy.sum(cvxpy.rel_entr(unknown, product))
            limits = [cvxpy.sum(unknown, axis=1) == i.p, cvxpy.sum(unknown, axis=0) == i.q, rate <= i.rate]
            spent = cvxpy.sum(cvxpy.multiply(i.cost, unknown))
        problem = cvxpy.Problem(cvxpy.Minimize(spent), limits)
        options = (TIGHT[solver] if tight else {}) | dict.fromkeys(LIMIT[solver], race.limit)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # "may be inaccurate": the certified gap says it
            try:
                problem.solve(solver=solver, **options)
            except cvxpy.SolverError as error:
                raise StalledError(f"solver error: {str(error).splitlines()[0]}") from None
        if unknown.value is None:
            raise StalledError(f"{problem.status}, no plan")
        plan = np.asarray(unknown.value) * (product if tight else 1.0)
        _offer(race, plan, limits, scale, i.q if tight else np.ones_like(i.q))
        raise StalledError(f"{problem.status}, gap {race.gap:.0e}")

    return run


def _offer(race: Race, plan: Any, limits: Any, scale: float, masses: Any) -> None:
    """The plan; then its duals, whose sign is cvxpy's affair: both are tried, off the clock as all checks."""
    race.offer_plan(plan)
    if limits[1].dual_value is None or limits[2].dual_value is None:
        return
    temperature = float(np.asarray(limits[2].dual_value).ravel()[0]) * scale
    for sign in (-1.0, 1.0):
        race.offer(sign * np.asarray(limits[1].dual_value).ravel() * scale / masses, temperature)
