"""`rdcsym latex`: a theorem's formula as LaTeX, or the catalogue as a typeset paper with proofs, witnesses and figures."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from rdcsym import __version__, theorem, theorems
from rdcsym.cli.evidence import gather
from rdcsym.cli.files import output_folder, written_aside
from rdcsym.paper import Evidence, paper
from rdcsym.problem import InputError

ENGINES = ("pdflatex", "tectonic", "lualatex", "xelatex")
_TIMEOUT_SECONDS = 300
_PASSES = 3  # references settle in two runs, a table that crosses pages may need a third
_EPOCH = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}  # the same text makes the same PDF


@click.command(epilog="Example: rdcsym latex drc-gaussian")
@click.argument("name", required=False)
@click.option("--all", "all_", is_flag=True, help="Every theorem of the catalogue.")
@click.option("--pdf", is_flag=True, help="Typeset the paper: statements, proofs, witnesses, figures (needs a LaTeX engine).")
@click.option("--out", metavar="DIR", help="Write NAME.tex, its figures (and NAME.pdf) into this folder instead of printing.")
@click.option("--plain", is_flag=True, help="Statements and proofs only: no solver is asked, nothing is drawn.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the operating points.")
def command(name: str | None, all_: bool, pdf: bool, out: str | None, plain: bool, seed: int) -> None:
    """Print a theorem's certified form as LaTeX (an amsmath `aligned`), or write a paper about it or about all of them.

    The paper has the statements with their regimes, the proofs as checked, the witnesses against the published forms, found as it
    is made, and the curves with certified intervals. Its figures lie in the folder NAME-figures beside it, so that it can be
    typeset again.
    """
    if (name is None) == (not all_):
        raise InputError("NAME", name or "missing", "give one theorem or --all", "for instance: rdcsym latex drc-gaussian")
    chosen = [theorem(n) for n in theorems()] if name is None else [theorem(name)]
    if not pdf and out is None:
        click.echo("\n\n".join(f"% {t.name}\n{t.latex()}" if all_ else t.latex() for t in chosen))
        return
    if pdf:
        _engine()  # before the work begins
    folder, stem = output_folder(out or "."), name or "rdcsym"
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{stem}-") as aside:
        workplace = Path(aside)
        evidence: dict[str, Evidence] = {}
        left_out: list[str] = []
        if not plain:
            evidence, left_out = gather([t.name for t in chosen], workplace, f"{stem}-figures", seed)
        for text in left_out:
            click.echo(f"rdcsym: {text}", err=True)
        source = workplace / f"{stem}.tex"
        source.write_text(paper(chosen, evidence, left_out, __version__), encoding="utf-8")
        typeset(source) if pdf else None
        for written in _deliver(workplace, folder, stem):
            click.echo(written)


def _deliver(workplace: Path, folder: Path, stem: str) -> list[Path]:
    """Move what was made to where it belongs, each file by a rename; the documents' paths."""
    for figure in sorted((workplace / f"{stem}-figures").glob("*.pdf")):
        with written_aside(folder / f"{stem}-figures" / figure.name) as aside:
            shutil.copyfile(figure, aside)
    made = [workplace / f"{stem}{suffix}" for suffix in (".pdf", ".tex")]
    for path in (made := [p for p in made if p.exists()]):
        with written_aside(folder / path.name) as aside:
            shutil.copyfile(path, aside)
    return [folder / path.name for path in made]


def typeset(source: Path) -> str:
    """Typeset a .tex file in its own folder by the first engine found; the engine's log of the last run.

    Raises InputError where there is no engine or it reports an error.
    """
    engine = _engine()
    flags = [] if engine == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    log = ""
    for _ in range(1 if engine == "tectonic" else _PASSES):
        done = subprocess.run(
            [engine, *flags, source.name], cwd=source.parent, capture_output=True, timeout=_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL, env={**os.environ, **_EPOCH},
        )  # fmt: skip
        log = done.stdout.decode(errors="replace")
        if done.returncode != 0 or not source.with_suffix(".pdf").exists():
            complaint = next((li for li in log.splitlines() if li.startswith("!")), "no message")
            raise InputError("--pdf", complaint, f"{engine} could not typeset the document", "report this with the .tex file")
    return log


def _engine() -> str:
    engine = next((e for e in ENGINES if shutil.which(e)), None)
    if engine is None:
        raise InputError(
            "--pdf", "no LaTeX engine", f"none of {', '.join(ENGINES)} was found", "install TeX Live, or leave out --pdf"
        )
    return engine
