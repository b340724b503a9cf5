"""`rdcsym refute`: look for a point at which a person's formula cannot be true."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, get_args

import click

from rdcsym import InputError, theorem
from rdcsym.cli.progress import progress
from rdcsym.cli.results import to_json
from rdcsym.conjecture import ClaimKind
from rdcsym.problem import nearest
from rdcsym.theorem import Theorem

_BESIDES = 16  # steps of the search that are no points: drawing, the laws
_LABELS = {"exact": "is", "lower": "is at least", "upper": "is at most"}


@click.command(
    epilog=r"Example: rdcsym refute rd-bernoulli 'H_b(q_X) - H_b(D)' --where 'D <= q_X'    "
    r"Example: rdcsym refute rd-gaussian '\frac12 \log_2 \frac{\sigma_X^2}{D}' --claim lower",
)
@click.argument("name")
@click.argument("formula")
@click.option("--claim", default="exact", show_default=True, metavar="KIND", help="What it claims to be: exact, lower or upper.")
@click.option("--where", metavar="CONDITION", help="The claim is made only where this holds, such as 'C >= C_min & q_X <= 1/2'.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=V", help="Hold a parameter at a value (once for each; V,V for vectors)."
)
@click.option("--points", default=400, show_default=True, type=int, help="Points held against certified intervals.")
@click.option("--seed", default=0, show_default=True, type=int, help="Seed of the points.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    name: str, formula: str, claim: str, where: str | None, settings: tuple[str, ...], points: int, seed: int, as_json: bool
) -> int:
    """Look for an operating point at which FORMULA, for the value of theorem NAME, cannot be true.

    FORMULA is SymPy text or LaTeX in the theorem's parameters (`rdcsym list NAME`) and in the quantities that its statement
    defines (`rdcsym latex NAME`); information in bits, oo where no code meets the budgets. Exit status 1 with a witness in
    small rationals, 0 with "not refuted in N points", which is no proof. No text is ever run. Put -- before a formula that
    begins with a minus sign.
    """
    from rdcsym.oracles.refutation import refute_theorem

    chosen = theorem(name)
    if claim not in get_args(ClaimKind):
        raise InputError("--claim", claim, "is no kind of claim", nearest(claim, get_args(ClaimKind)))
    fixed = _settings(chosen, settings)
    with progress(max(points, 1) + _BESIDES, as_json) as tick:
        found = refute_theorem(chosen, formula, claim, points, where, fixed, seed, tick=tick)  # type: ignore[arg-type]
    if as_json:
        shown = {"verdict": found.verdict, **to_json(found)}
        shown["fixed"] = {n: x if isinstance(x, float) else list(x) for n, x in found.fixed.items()}
        click.echo(json.dumps(to_json(shown)))
    else:
        _show(found)
    return 1 if found.refuted else 0


def _show(found: Any) -> None:
    said = f"{found.theorem}: the value {_LABELS[found.claim]} {found.formula}" + (
        f", where {found.where}" if found.where else ""
    )
    click.echo(said)
    for witness in found.witnesses:
        click.echo(f"\nrefuted, {witness.regime}: {witness.reason}")
        click.echo(f"  at         {_point(witness.point)}")
        click.echo(f"  claimed    {_number(witness.claimed)}")
        click.echo(f"  certified  {_interval(witness.truth.lower, witness.truth.upper)}  ({witness.truth.method})")
    for broken in found.broken_laws:
        click.echo(f"\nbreaks the law '{broken.law}': {broken.statement}")
        for point, value in zip(broken.points, broken.values, strict=True):
            click.echo(f"  at         {_point(point)}")
            click.echo(f"  claimed    {_number(value)}")
        click.echo(f"  {_number(broken.lesser)} should be at most {_number(broken.greater)}")
    if found.undefined:
        click.echo(f"\nat {found.undefined} points on an edge it states no value, for instance at {_point(found.undefined_at)}")
    if found.refuted:
        return
    if found.intervals:
        click.echo(f"\nnot refuted in {found.points} points (this proves nothing)")
    else:
        click.echo(f"\nnot refuted by {len(found.laws)} laws (no solver gives intervals for this theorem; this proves nothing)")


def _point(point: Mapping[str, str]) -> str:
    return ", ".join(f"{n} = {x}" for n, x in point.items())


def _number(value: float) -> str:
    return "no value" if math.isnan(value) else f"{value:.12g}"


def _interval(lower: float, upper: float) -> str:
    return "inf: no code meets the budgets" if lower == math.inf else f"[{lower:.12g}, {upper:.12g}]"


def _settings(chosen: Theorem, settings: tuple[str, ...]) -> dict[str, Any]:
    known = {p.name: p for p in chosen.parameters}
    fixed: dict[str, Any] = {}
    for text in settings:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise InputError("--set", text, "is no assignment", "write NAME=VALUE")
        if name not in known:
            raise InputError("--set", name, f"is no parameter of {chosen.name}", nearest(name, known))
        if name in fixed:
            raise InputError("--set", text, f"gives {name} a second value", "give it once")
        numbers = [_value(name, part) for part in value.split(",")] if known[name].vector else _value(name, value)
        fixed[name] = numbers
    return fixed


def _value(name: str, text: str) -> float:
    try:
        return float(Fraction(text)) if "/" in text else float(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise InputError(f"--set {name}", text or "empty", "is no number", "give a number such as .4 or 2/5") from None
