"""`rdcsym certify`: check every proof, confirm every form, refute what is wrong, write the report."""

from __future__ import annotations

import json
import signal
import sys
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING

import click

from rdcsym import InputError, __version__, theorem, theorems
from rdcsym.characterisation import characterisation, characterisations
from rdcsym.cli.characterise import confirm_characterisation
from rdcsym.cli.confirm import DEFAULT, THOROUGH, Effort, confirm_theorem
from rdcsym.cli.curves import theorem_curves
from rdcsym.cli.data import CODEWORDS, certify_data, load
from rdcsym.cli.files import output_folder
from rdcsym.cli.progress import progress
from rdcsym.cli.report import write_report
from rdcsym.cli.results import Curve, DataResult, FormResult, Report, to_json
from rdcsym.cli.table import print_report

if TYPE_CHECKING:
    from solvers import CodebookProblem

_PROCESSES = 2


@click.command(epilog="Example: rdcsym certify --theorem drc-bernoulli-oneshot --out report")
@click.option("--theorem", "names", multiple=True, metavar="NAME", help="Only this theorem (may be given again); default: all.")
@click.option("--data", metavar="digits|FILE.npz", help="Also, or only, the limits of a data set: x, y, labels.")
@click.option("--codewords", default=CODEWORDS, show_default=True, type=int, help="With --data: codewords on each side.")
@click.option("--bootstrap", default=0, metavar="N", type=int, help="With --data: N replicates for the sampling error of D(R).")
@click.option("--thorough", is_flag=True, help="Many more operating points (minutes).")
@click.option("--out", default="rdcsym-report", show_default=True, metavar="DIR", help="Folder of report.html and report.json.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the operating points.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def command(
    names: tuple[str, ...], data: str | None, codewords: int, bootstrap: int, thorough: bool, out: str, seed: int, as_json: bool
) -> int:
    """Derive, certify or refute the theorems, and write a report.

    For each theorem: every step of its derivation is checked; the certified form is held against certified intervals of the
    solvers in every regime and at every boundary; the published form, where there is one, is searched for a witness against it.
    Exit status 1 if one of our own forms or proofs fails. Without --theorem and --data: all theorems, and the digits.
    """
    # Everything that can be wrong with the input is found before the work begins.
    if codewords < 1:
        raise InputError("--codewords", codewords, "is no number of codewords", "give a whole number of at least 1")
    if bootstrap < 0:
        raise InputError("--bootstrap", bootstrap, "is no number of replicates", "give a whole number, such as 200")
    chosen = [_known(name) for name in dict.fromkeys(names)] if names else [] if data else [*theorems(), *characterisations()]
    source = data or (None if names else "digits")
    if bootstrap and not source:
        raise InputError("--bootstrap", bootstrap, "needs samples", "give --data digits or --data FILE.npz")
    folder = output_folder(out)
    samples = load(source, codewords) if source else None
    report = certify(chosen, samples, THOROUGH if thorough else DEFAULT, seed, as_json, bootstrap)
    written = write_report(report, folder)
    if as_json:
        click.echo(json.dumps(to_json(report)))
    else:
        print_report(report, written)
    return 1 if report.failed else 0


def certify(
    names: list[str],
    data: tuple[str, CodebookProblem] | None,
    effort: Effort,
    seed: int,
    quiet: bool = True,
    bootstrap: int = 0,
) -> Report:
    """The report on the named theorems and, where given, on a data set's discrete problem (see `rdcsym.cli.data.load`).

    bootstrap: replicates for the data set's sampling error, 0 for none.
    """
    start = time.perf_counter()
    results: list[FormResult] = []
    curves: dict[str, list[Curve]] = {}
    found: DataResult | None = None
    # A pool that ends with its block, work in hand or not: an interrupt is answered at once.
    workers = get_context("spawn").Pool(_PROCESSES, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    with progress(len(names) + (data is not None), quiet) as tick, workers as pool:
        measured = None if data is None else pool.apply_async(certify_data, (data, effort is THOROUGH, bootstrap))
        for name, task in [(name, pool.apply_async(_confirm, (name, effort, seed))) for name in names]:
            rows, curves[name] = task.get()
            results += rows
            tick(name)
        if measured is not None:
            found = measured.get()
            tick(found.name)
    return Report(
        version=__version__,
        command=" ".join(["rdcsym", *sys.argv[1:]]),
        seed=seed,
        thorough=effort is THOROUGH,
        results=results,
        curves=curves,
        data=found,
        seconds=time.perf_counter() - start,
    )


def _known(name: str) -> str:
    """The name, or InputError where neither a theorem nor a characterisation has it."""
    return name if name in characterisations() else theorem(name).name


def _confirm(name: str, effort: Effort, seed: int) -> tuple[list[FormResult], list[Curve]]:
    """One theorem's rows and curves: what one worker does."""
    if name in characterisations():
        return [confirm_characterisation(characterisation(name), seed)], []
    chosen = theorem(name)
    return list(confirm_theorem(chosen, effort, seed)), theorem_curves(chosen)
