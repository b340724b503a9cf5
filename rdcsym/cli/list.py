"""`rdcsym list`: the theorems, their parameters and their regimes."""

from __future__ import annotations

import click

from rdcsym import theorem, theorems


@click.command(epilog="Example: rdcsym list drc-gaussian")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def command(names: tuple[str, ...]) -> None:
    """List all theorems, or say what NAME is about: parameters with their domains and units, regimes."""
    if not names:
        for t in map(theorem, theorems()):
            click.echo(f"{t.name:34} {', '.join(p.name for p in t.parameters)}")
        return
    click.echo("\n\n".join(str(theorem(name)) for name in names))
