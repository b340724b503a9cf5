"""What `compress` and `decompress` do with a photograph: one picture of any size, a model of the package or of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rdcsym.cli.extras import require
from rdcsym.cli.progress import progress
from rdcsym.problem import InputError

if TYPE_CHECKING:
    from deep.natural.model import NaturalModel

NAMED = "pretrained"  # what stands for a model's kind where it is one of the package's


def kind_of(run: str | None, task: str | None) -> str:
    """Kind of the model that --model or --task names; InputError unless exactly one of them is given."""
    if (run is None) == (task is None):
        given = "neither" if run is None else "both"
        fix = "name the folder of a run with --model, or a model of the package with --task natural"
        raise InputError("--model, --task", given, "is given, and one of them is needed", fix)
    if run is None:
        return NAMED
    from rdcsym.cli.model_files import model_kind

    return model_kind(run)


def model_of(run: str | None, task: str | None) -> NaturalModel:
    """The model that --model or --task names."""
    if run is not None:
        from deep.natural.model import load_model

        return load_model(run)
    from deep.natural.pretrained import pretrained

    assert task is not None
    return pretrained(task)


def compressed_photograph(
    model: NaturalModel, path: str, quality: float | None, sigma: float | None, seed: int, quiet: bool
) -> tuple[bytes, dict[str, Any]]:
    """(bytes of a file, what there is to say about it) of the picture `path`."""
    require("compress", "PIL")
    from deep.data.photographs import read_photograph
    from deep.natural.coding import checked_quality, compress_photograph
    from deep.natural.noise_level import estimated_sigma
    from deep.natural.options import QUALITY_STEPS
    from deep.natural.tiles import estimates, tile_count

    photograph = read_photograph(path)
    height, width = photograph.shape[:2]
    chosen = (model.codec.options.qualities - 1) / 2 if quality is None else quality
    steps = checked_quality(model, chosen)  # what the file will hold
    noise = estimated_sigma(photograph) if sigma is None else sigma
    with progress(tile_count(height, width, estimates=estimates(model.codec, noise)), quiet) as tick:
        file = compress_photograph(
            model, photograph, quality=chosen, sigma=noise, seed=seed, tick=lambda: tick("transforming tiles")
        )
    said = {
        "width": width,
        "height": height,
        "bits_per_pixel": 8 * len(file.data) / (width * height),
        "quality": steps / QUALITY_STEPS,
        "sigma": noise,
        "sigma_is": "an estimate from the picture" if sigma is None else "given",
    }
    return file.data, said


def restored_photograph(model: NaturalModel, data: bytes, name: str, out: str, realism: float, quiet: bool) -> dict[str, Any]:
    """Write the picture that a file's bytes hold as `out`; what there is to say about it."""
    require("decompress", "PIL")
    from deep.bitstream import unpack
    from deep.data.photographs import write_photograph
    from deep.natural.coding import decompress_photograph
    from deep.natural.tiles import tile_count

    header, _ = unpack(data, name)
    with progress(tile_count(header.height, header.width), quiet) as tick:
        pixels = decompress_photograph(model, data, name, realism=realism, tick=lambda: tick("restoring tiles"))
    write_photograph(out, pixels)
    return {"file": out, "width": pixels.shape[1], "height": pixels.shape[0], "realism": realism}


def print_measured(run: Path, as_json: bool) -> None:
    """The rates and errors of a run of photographs, as a table or as one JSON object."""
    text = (run / "operating_point.json").read_text(encoding="utf-8")
    found = json.loads(text)
    if as_json:
        click.echo(json.dumps(found))
        return
    count = len(found["photographs"])
    click.echo(f"{found['task']}: {count} photographs of {found['set']}; mean and standard error over them")
    click.echo("quality  realism  bits a pixel         PSNR in dB")
    for row in found["rows"]:
        rate, ratio = (_with_error(row[name]) for name in ("bits_per_pixel", "psnr"))
        click.echo(f"{row['quality']:7g}  {row['realism']:7g}  {rate:19}  {ratio}")
    click.echo(f"next: rdcsym compress --model {run} IN.png OUT.rdc; rdcsym bench images")


def _with_error(value: dict[str, Any] | None) -> str:
    if value is None:
        return "no file"
    error = value["standard_error"]
    return f"{value['mean']:.3f}" + ("" if error is None else f" ± {error:.3f}")
