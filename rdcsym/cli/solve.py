"""`rdcsym solve`: a discrete problem from a file, to a certified interval."""

from __future__ import annotations

import json
import math

import click

from rdcsym import InputError
from rdcsym.cli.results import to_json


@click.command(epilog="Example: rdcsym solve problem.npz --rate .5 --classification .6")
@click.argument("path", metavar="PROBLEM.npz")
@click.option("--rate", type=float, help="Rate budget: the least distortion is wanted.")
@click.option("--distortion", type=float, help="Distortion budget in place of --rate: the least rate is wanted.")
@click.option("--classification", type=float, help="Classification loss budget (needs p_S_given_X in the file).")
@click.option("--perception", type=float, help="The law of Y is free within this distance of p_Y (default: p_Y is given).")
@click.option(
    "--ball",
    help="Which distance: tv (total variation), kl (relative entropy) or w (transport; needs ground (m, m) in the file).",
)
@click.option("--setting", default="single-letter", show_default=True, help="single-letter, asymptotic or oneshot.")
@click.option("--units", default="bits", show_default=True, help="Units of information: bits or nats.")
@click.option("--blind", is_flag=True, help="oneshot: the classifier does not see the seed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    path: str,
    rate: float | None,
    distortion: float | None,
    classification: float | None,
    perception: float | None,
    ball: str | None,
    setting: str,
    units: str,
    blind: bool,
    as_json: bool,
) -> None:
    """Certified interval for the problem in PROBLEM.npz: arrays p_X (n), p_Y (m), cost (n, m), optional p_S_given_X (n, k)."""
    from solvers import Ball, load_ground, load_problem, solve

    if (perception is None) != (ball is None):
        given, missing = ("--perception", "--ball") if ball is None else ("--ball", "--perception")
        raise InputError(missing, None, f"is missing beside {given}", "give both, or neither where p_Y is the law of Y")

    if blind and setting != "oneshot":
        raise InputError(
            "--blind", setting, "has no shared seed that a classifier could see", "add --setting oneshot, or leave --blind out"
        )
    found = solve(
        load_problem(path),
        rate=rate,
        distortion=distortion,
        classification=classification,
        perception=None
        if ball is None or perception is None
        else Ball(ball, perception, load_ground(path) if ball == "w" else None),  # type: ignore[arg-type]
        setting=setting,
        units=units,
        classifier_sees_seed=False if blind else None,
    )
    found.verify()
    what = "distortion" if distortion is None else f"rate ({units})"
    if as_json:
        shown = {"value": what, "lower": found.lower, "upper": found.upper, "status": found.status, "method": found.method}
        budgets = {"rate": rate, "distortion": distortion, "classification": classification, "units": units, "setting": setting}
        budgets |= {"perception": perception, "ball": ball}
        shown |= {n: b for n, b in budgets.items() if b is not None}
        plan = None if found.plan is None else found.plan.tolist()
        click.echo(json.dumps(to_json({**shown, "relative_gap": found.relative_gap, "checked": True, "plan": plan})))
        return
    if found.lower == math.inf:
        click.echo(f"infeasible: no plan meets the budgets ({found.method}; checked)")
    elif found.status == "gap":
        click.echo(f"{what} in [{found.lower:.12g}, {found.upper:.12g}], gap not closed ({found.method}; both ends checked)")
    else:
        click.echo(f"{what} in [{found.lower:.12g}, {found.upper:.12g}] certified ({found.method}; both ends checked)")
