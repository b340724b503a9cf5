"""`rdcsym train`: train a codec into a run folder, and measure its operating point."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from rdcsym.cli.extras import require
from rdcsym.cli.photographs import print_measured
from rdcsym.cli.point_table import print_point, read_point
from rdcsym.cli.training_bar import training_bar, waiting

TASKS = (
    "digits-sr, mnist-sr, svhn-denoise, svhn-inpaint, cifar10-denoise, tiny-imagenet-denoise, natural-denoise, nuclei-denoise, "
    "sidd-denoise, gauss-vector or bernoulli-block"
)


@click.command(epilog="Example: rdcsym train --task digits-sr --out run --set rate=8")
@click.option("--task", "name", metavar="NAME", help=f"{TASKS}. Not needed with --resume.")
@click.option("--out", required=True, metavar="RUN", help="Folder of the run; a new one, but for --resume.")
@click.option("--config", "file", metavar="FILE", help="Settings as a JSON or TOML table.")
@click.option("--set", "flags", multiple=True, metavar="KEY=VALUE", help="One setting (once for each); wins over the file.")
@click.option("--resume", is_flag=True, help="Go on with the run in RUN, whose settings need not be given again.")
@click.option("--json", "as_json", is_flag=True, help="Print the operating point as one JSON object.")
def command(name: str | None, out: str, file: str | None, flags: tuple[str, ...], resume: bool, as_json: bool) -> int:
    """Train a codec into the folder RUN, and measure its operating point on the test set.

    The loss is MSE + lambda_r R + lambda_p W1 + lambda_c CE. Settings: rate (target, bits an image), lambda_r, lambda_p,
    lambda_c, mode (common, private or deterministic), pairing (unpaired or supervised), steps, seed, latent, width, levels,
    batch, device (auto, cpu or cuda), amp, compile, threads and more: RUN/config.json lists them all. A training that was
    killed goes on from its last checkpoint with --resume, to the same result.
    """
    require("train", "torch", "constriction")
    from deep.settings import settings
    from deep.tasks import task
    from deep.train import train

    config = settings(name, out, file, flags, resume)
    run = Path(out)
    leader = os.environ.get("RANK", "0") == "0"  # under torchrun one process speaks and measures
    try:
        with training_bar(config.steps, config.task, as_json or not leader) as progress:
            train(config, run, resume, progress)
        if not leader:
            return 0
        if not (run / "operating_point.json").exists():
            from deep.operating_point import measure

            with waiting("measuring the operating point", as_json) as stage:
                measure(run, progress=stage)
    except KeyboardInterrupt:
        click.echo(f"rdcsym: interrupted; go on with: rdcsym train --out {out} --resume", err=True)
        return 130
    if task(config.task).kind == "photographs":
        print_measured(run, as_json)
        return 0
    point = read_point(run)
    if as_json:
        click.echo(json.dumps(point))
        return 0
    print_point(point, out)
    images = point["source"]["kind"] == "images"
    name, given = ("IN.png", "") if images else ("IN.npy", f" --model {out}")
    click.echo(
        f"next: rdcsym examples {config.task} {name}{given}; rdcsym compress --model {out} {name} OUT.rdc; rdcsym compare {out}"
    )
    return 0
