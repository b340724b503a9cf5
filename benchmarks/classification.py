"""Rate and classification, globally: random problems whose label constraint binds, closed by branch and bound.

    python benchmarks/classification.py [--count 200] [--sizes small,8,16,32] [--out FILE]

small: problems of 2 to 4 symbols a side and 2 or 3 labels, to a relative gap of 1e-6; 8: to 1e-3; 16, 32: as far as the nodes
reach, with their intervals. Each interval is held against an independent multi-start local search (SciPy's SLSQP), and for 2 x 2
symbols against all of the one parameter that a plan has. Every certificate is checked anew. Writes
benchmarks/results/classification.json after each problem. Exit status 1 where an interval is inconsistent or a gap is left
that should be closed. Half an hour on one core.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.progress import track
from scipy.optimize import brentq, minimize

from rdcsym.problem import FloatArray
from solvers import DiscreteProblem, solve
from solvers.sinkhorn import at_rate, mutual_information

RESULTS: Final = Path(__file__).parent / "results" / "classification.json"
SIZES: Final = {"small": (1e-6, 40_000), "8": (1e-3, 4_000), "16": (1e-3, 400), "32": (1e-3, 100)}
"""Relative gap wanted, and most nodes."""
LARGE_COUNT: Final = {"8": 6, "16": 3, "32": 2}
STARTS: Final = 10
SLACK: Final = 1e-7
"""Relative error of SLSQP's values, whose budgets are met to rounding only."""
GRID: Final = 20_001


class Question:
    """A problem, a rate and the least I(S;Y) wanted (nats), between the rate-only optimum's and the most found at that rate."""

    def __init__(self, seed: int, n: int, m: int, k: int) -> None:
        rng = np.random.default_rng((n, m, k, seed))
        p, q = rng.dirichlet(np.full(n, 2.0)), rng.dirichlet(np.full(m, 2.0))
        self.label = rng.dirichlet(np.ones(k), n)
        self.problem = DiscreteProblem(p, q, rng.random((n, m)), self.label)
        self.p, self.q, self.mass = self.problem.p_X, self.problem.p_Y, self.problem.p_X @ self.label
        self.rate = float(rng.uniform(0.15, 0.85)) * min(entropy(self.p), entropy(self.q))
        free = at_rate(self.p, self.q, self.problem.cost, self.rate).plan
        self.least, self.most = self.told(free), self._most(rng, free)
        self.wanted = self.least + float(rng.uniform(0.1, 0.9)) * (self.most - self.least)

    @property
    def loss(self) -> float:
        return entropy(self.mass) - self.wanted

    @property
    def binds(self) -> bool:
        return self.most > self.least * (1 + 1e-3) + 1e-6

    def told(self, plan: FloatArray) -> float:
        """I(S;Y) in nats."""
        return mutual_information(self.label.T @ plan, self.mass, self.q)

    def _most(self, rng: Any, free: FloatArray) -> float:
        """The most I(S;Y) met at this rate by climbing tangents: no more than the rate and the marginals allow."""
        best = self.told(free)
        for start in [free, *(np.outer(self.p, self.q) * rng.gamma(0.5, 1.0, free.shape) for _ in range(6))]:
            plan, level = start / start.sum(), -1.0
            for _ in range(20):
                posterior = self.label.T @ plan + 1e-12
                score = self.label @ (np.log(posterior / posterior.sum(axis=0)) - np.log(self.mass)[:, None])
                plan = at_rate(self.p, self.q, -score, self.rate * (1 - 1e-9)).plan
                now = self.told(plan)
                if now <= level * (1 + 1e-9):
                    break
                level = now
            best = max(best, level)
        return best

    def by_local_search(self) -> float:
        """The least value that SLSQP reaches from random starts, inf where it reaches no plan."""
        n, m = self.problem.cost.shape
        rng, best = np.random.default_rng(7), math.inf
        marginals = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))[:-1]])
        wanted = np.concatenate([self.p, self.q[:-1]])

        def pair(x: FloatArray) -> FloatArray:
            return np.log(np.maximum(x.reshape(n, m), 1e-15) / np.outer(self.p, self.q))

        def told(x: FloatArray) -> FloatArray:
            joint = np.maximum(self.label.T @ x.reshape(n, m), 1e-15)
            return np.log(joint / np.outer(self.mass, self.q))

        def rate(x: FloatArray) -> float:
            return self.rate - float(np.sum(x.reshape(n, m) * pair(x)))

        def label(x: FloatArray) -> float:
            return float(np.sum((self.label.T @ x.reshape(n, m)) * told(x))) - self.wanted

        limits = [
            {"type": "eq", "fun": lambda x: marginals @ x - wanted, "jac": lambda x: marginals},
            {"type": "ineq", "fun": rate, "jac": lambda x: -pair(x).ravel() - 1},
            {"type": "ineq", "fun": label, "jac": lambda x: (self.label @ told(x)).ravel() + 1},
        ]
        cost = self.problem.cost.ravel()
        for _ in range(STARTS):
            start = np.outer(self.p, self.q) * rng.gamma(0.5, 1.0, (n, m))
            for _ in range(50):
                start *= (self.p / start.sum(axis=1))[:, None]
                start *= self.q / start.sum(axis=0)
            found = minimize(
                lambda x: float(cost @ x),
                start.ravel(),
                jac=lambda x: cost,
                bounds=[(0, 1)] * (n * m),
                constraints=limits,
                method="SLSQP",
                options={"maxiter": 300, "ftol": 1e-12},
            )
            if np.abs(marginals @ found.x - wanted).max() < 1e-9 and min(rate(found.x), label(found.x)) > -1e-9:
                best = min(best, float(found.fun))
        return best

    def by_brute_force(self) -> float | None:
        """2 x 2: the cost is linear in the one free mass, so the optimum is at an end of an interval of feasible ones."""
        if self.problem.cost.shape != (2, 2):
            return None
        low, high = max(0.0, self.p[0] + self.q[0] - 1), min(self.p[0], self.q[0])

        def plan(x: float) -> FloatArray:
            return np.array([[x, self.p[0] - x], [self.q[0] - x, 1 - self.p[0] - self.q[0] + x]]).clip(0)

        def slack(x: float) -> float:
            return min(self.rate - mutual_information(plan(x), self.p, self.q), self.told(plan(x)) - self.wanted)

        grid = np.linspace(low, high, GRID)
        values = [slack(x) for x in grid]
        ends = [x for x, s in zip(grid, values, strict=True) if s >= 0]
        for a, b, u, v in zip(grid, grid[1:], values, values[1:], strict=False):
            if (u >= 0) != (v >= 0):
                ends.append(float(brentq(slack, a, b, xtol=1e-15)))
        return min((float(np.sum(plan(x) * self.problem.cost)) for x in ends), default=math.inf)


def entropy(masses: FloatArray) -> float:
    return -float(np.sum(masses * np.log(masses)))


def questions(size: str, count: int) -> Iterator[Question]:
    rng = np.random.default_rng(2)
    made = 0
    for seed in range(100 * count):
        small = size == "small"
        n, m = (int(x) for x in rng.integers(2, 5, 2)) if small else (int(size), int(size))
        question = Question(seed, n, m, int(rng.integers(2, 4)))
        if question.binds:
            made += 1
            yield question
        if made == count:
            return


def answer(question: Question, size: str) -> dict[str, Any]:
    tolerance, nodes = SIZES[size]
    began = time.perf_counter()
    asked = {"rate": question.rate, "classification": question.loss, "units": "nats"}
    found = solve(question.problem, tolerance=tolerance, nodes=nodes, **asked)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    found.verify()
    checked = time.perf_counter() - began
    local = question.by_local_search() if size in ("small", "8") else math.inf
    brute = question.by_brute_force()
    scale = max(abs(found.lower), 1e-6)
    consistent = local >= found.lower - SLACK * scale and found.upper <= local * (1 + max(tolerance, SLACK))
    if brute is not None:
        consistent = consistent and found.lower - 1e-9 <= brute <= found.upper + 1e-9
    return {
        "symbols": list(question.problem.cost.shape), "labels": question.label.shape[1], "rate": question.rate,
        "label_told_free": question.least, "label_wanted": question.wanted, "label_most": question.most,
        "lower": found.lower, "upper": found.upper, "gap": found.relative_gap, "status": found.status, "method": found.method,
        "leaves": int(np.sum(np.asarray(getattr(found.dual, "splits", [[-1]]))[:, 0] < 0)),
        "seconds": seconds, "check_seconds": checked, "local_search": local, "brute_force": brute, "consistent": bool(consistent),
        "wanted_gap": tolerance, "closed": found.status == "certified",
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--sizes", default="small,8,16,32")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows: dict[str, list[dict[str, Any]]] = {}
    for size in arguments.sizes.split(","):
        count = arguments.count if size == "small" else LARGE_COUNT[size]
        rows[size] = []
        for question in track(questions(size, count), description=f"{size} symbols", total=count):
            rows[size].append(answer(question, size))
            arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    failed = False
    for size, answers in rows.items():
        closed, consistent = sum(a["closed"] for a in answers), sum(a["consistent"] for a in answers)
        times = sorted(a["seconds"] for a in answers)
        print(
            f"{size}: {closed} of {len(answers)} closed, {consistent} consistent, worst gap {max(a['gap'] for a in answers):.1e};"
        )
        print(f"    seconds: median {times[len(times) // 2]:.2f}, most {times[-1]:.1f}")
        failed = failed or consistent < len(answers) or (size in ("small", "8") and closed < len(answers))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
