"""`rdcsym`: the commands, and how their errors read.

Exit status 0; 1 (a check failed, a formula was refuted); 2 (bad input, one line).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from rdcsym import __version__
from rdcsym.problem import InputError

_COMMANDS = {
    "certify": "Derive, certify or refute every theorem; write a report.",
    "latex": "Print a theorem as LaTeX, or typeset it as PDF.",
    "curve": "Draw a theorem's function along one parameter.",
    "export": "Print a theorem as NumPy, torch or C source.",
    "list": "List the theorems and their parameters.",
    "solve": "Solve a discrete problem to a certified interval.",
    "surface": "Solve a discrete problem over a grid of budgets.",
    "refute": "Look for a point at which a formula cannot be true.",
    "data": "List the data sets at hand, or download them.",
    "train": "Train a codec and measure its operating point.",
    "sweep": "Train and measure every combination of some settings.",
    "examples": "Write degraded test images of a task, for compress.",
    "compress": "Compress an image, or a strip of many, to a file.",
    "decompress": "Restore the images that a file holds.",
    "bench": "Time solvers and codecs, or restore photographs, beside peers.",
    "compare": "Hold operating points of codecs against certified limits.",
}
_MODULES = {"data": "datasets"}  # where a module of the command's own name is something else


class _Commands(click.Group):
    """Commands whose modules are imported when they are used: `rdcsym latex` needs no solver."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"rdcsym.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from rdcsym.problem import nearest

            raise click.UsageError(f"command = {args[0]}: is unknown; {nearest(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: rdcsym certify --theorem drc-bernoulli-oneshot",
)
@click.version_option(__version__, prog_name="rdcsym")
def cli() -> None:
    """Derive, certify and refute the limits of lossy compression under distortion, perception and classification constraints."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; a person's mistake is one line on standard error, never a traceback."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    try:
        status = cli.main(args=arguments, prog_name="rdcsym", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except InputError as error:
        return _complain(str(error))
    except click.ClickException as error:
        return _complain(error.format_message())
    except click.Abort:
        return _complain("interrupted", status=130)
    return status if isinstance(status, int) else 0


def _complain(message: str, status: int = 2) -> int:
    click.echo(f"rdcsym: {' '.join(message.split())}", err=True)
    return status
