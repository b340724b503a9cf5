"""`rdcsym export`: a theorem's formula as source text: NumPy, torch or C."""

from __future__ import annotations

from pathlib import Path

import click

from rdcsym import theorem
from rdcsym.cli.files import written_aside
from rdcsym.export import LANGUAGES, export
from rdcsym.problem import InputError, nearest


@click.command(epilog="Example: rdcsym export drc-gaussian --to numpy --out drc_gaussian.py")
@click.argument("name")
@click.option("--to", "language", required=True, metavar="|".join(LANGUAGES), help="The language of the source.")
@click.option("--published", is_flag=True, help="The published form instead of the certified one.")
@click.option("--out", metavar="FILE", help="Write the source into this file instead of printing it.")
def command(name: str, language: str, published: bool, out: str | None) -> None:
    """Print the form of theorem NAME as source text that needs nothing of this project.

    Its public function has the theorem's name with underscores; rates and losses are in bits, infeasible points give inf.
    """
    chosen = theorem(name)
    if language not in LANGUAGES:
        raise InputError("--to", language, "is no language that forms are exported to", nearest(language, LANGUAGES))
    if published and chosen.published is None:
        raise InputError("--published", name, "has no published form that differs", "leave it out")
    form = chosen.published if published and chosen.published is not None else chosen.certified
    text = export(form, language, name.replace("-", "_"))
    if out is None:
        click.echo(text, nl=False)
        return
    with written_aside(Path(out)) as aside:
        aside.write_text(text, encoding="utf-8")
    click.echo(out)
