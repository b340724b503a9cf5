"""OTT-JAX: `ott.solvers.linear.sinkhorn`, in float64, compiled off the clock (a user compiles once for many problems)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from solvers.bench.driving import Sinkhorn, Solved
from solvers.bench.instances import Instance

ITERATIONS: Final = 200_000
"""In one call, a multiple of the ten between two looks at the error. A call is compiled code, which no clock interrupts."""
MOMENTUM_FROM: Final = 100
"""Iteration at which OTT chooses its over-relaxation by itself (Lehmann et al. 2021), where it is asked to."""


def make(momentum: bool) -> Callable[[Instance], Sinkhorn]:
    """OTT's Sinkhorn in its default form (log-sum-exp), with or without its adaptive momentum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports, some is no longer maintained
        import jax
        import jax.numpy as jnp
        from ott.geometry import geometry
        from ott.problems.linear import linear_problem
        from ott.solvers.linear import acceleration, sinkhorn

    jax.config.update("jax_enable_x64", True)

    def solve_here(p: Any, q: Any, cost: Any, temperature: Any, tolerance: Any, f: Any, g: Any) -> Any:
        space = geometry.Geometry(cost_matrix=cost, epsilon=temperature)
        solver = sinkhorn.Sinkhorn(
            threshold=tolerance,
            max_iterations=ITERATIONS,
            momentum=acceleration.Momentum(start=MOMENTUM_FROM) if momentum else None,
        )
        out = solver(linear_problem.LinearProblem(space, a=p, b=q), init=(f, g))
        plan = out.matrix
        ratio = plan / (p[:, None] * q[None, :])
        return out.f, out.g, jnp.sum(jnp.where(plan > 0, plan * jnp.log(jnp.where(plan > 0, ratio, 1.0)), 0.0))

    solve_compiled = jax.jit(solve_here)

    def for_instance(instance: Instance) -> Sinkhorn:
        p, q, cost = (jnp.asarray(array) for array in (instance.p, instance.q, instance.cost))
        zero = jnp.zeros_like(p), jnp.zeros_like(q)

        def solve(temperature: float, tolerance: float, state: Any = None) -> Solved:
            f, g = zero if state is None else state
            f, g, information = solve_compiled(p, q, cost, temperature, tolerance, f, g)
            # OTT's plan is exp((f + g - c) / eps); ours has p q before the exponential.
            potential = np.asarray(g) - temperature * np.log(instance.q)
            return Solved(potential, float(information), (f, g))

        solve(1e3 * float(np.ptp(instance.cost) + 1), 1.0)  # compiles
        return solve

    return for_instance
