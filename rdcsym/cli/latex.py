"""`rdcsym latex`: a theorem's formula as LaTeX, or typeset with its derivation."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from rdcsym import theorem, theorems
from rdcsym.cli.files import output_folder, written_aside
from rdcsym.latex import document
from rdcsym.problem import InputError

ENGINES = ("pdflatex", "tectonic", "lualatex", "xelatex")
_TIMEOUT_SECONDS = 300


@click.command(epilog="Example: rdcsym latex drc-gaussian")
@click.argument("name", required=False)
@click.option("--all", "all_", is_flag=True, help="Every theorem of the catalogue.")
@click.option("--pdf", is_flag=True, help="Typeset statements and derivations as PDF (needs a LaTeX engine).")
@click.option("--out", metavar="DIR", help="Write NAME.tex (and NAME.pdf) into this folder instead of printing.")
def command(name: str | None, all_: bool, pdf: bool, out: str | None) -> None:
    """Print a theorem's certified form as LaTeX (an amsmath `aligned`), or write a document with its derivation."""
    if (name is None) == (not all_):
        raise InputError("NAME", name or "missing", "give one theorem or --all", "for instance: rdcsym latex drc-gaussian")
    chosen = [theorem(n) for n in theorems()] if name is None else [theorem(name)]
    if not pdf and out is None:
        click.echo("\n\n".join(f"% {t.name}\n{t.latex()}" if all_ else t.latex() for t in chosen))
        return
    folder, stem = output_folder(out or "."), name or "rdcsym"
    text = document(chosen)
    if pdf:
        with written_aside(folder / f"{stem}.pdf") as aside:
            aside.write_bytes(typeset(text))
        click.echo(folder / f"{stem}.pdf")
    with written_aside(folder / f"{stem}.tex") as aside:
        aside.write_text(text, encoding="utf-8")
    click.echo(folder / f"{stem}.tex")


def typeset(text: str) -> bytes:
    """The PDF of a LaTeX document, by the first engine found; InputError where there is none or it reports an error."""
    engine = next((e for e in ENGINES if shutil.which(e)), None)
    if engine is None:
        raise InputError(
            "--pdf", "no LaTeX engine", f"none of {', '.join(ENGINES)} was found", "install TeX Live, or leave out --pdf"
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "document.tex"
        source.write_text(text, encoding="utf-8")
        flags = [] if engine == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
        done = subprocess.run(
            [engine, *flags, source.name], cwd=folder, capture_output=True, timeout=_TIMEOUT_SECONDS, stdin=subprocess.DEVNULL
        )
        pdf = source.with_suffix(".pdf")
        if done.returncode != 0 or not pdf.exists():
            complaint = next((li for li in done.stdout.decode(errors="replace").splitlines() if li.startswith("!")), "no message")
            raise InputError("--pdf", complaint, f"{engine} could not typeset the document", "report this with the .tex file")
        return pdf.read_bytes()
