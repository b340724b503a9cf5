"""`rdcsym compress`: one image, or a strip of many, to an .rdc file."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from rdcsym.cli.extras import require
from rdcsym.cli.model_files import model_kind, read_array
from rdcsym.cli.photographs import NAMED, compressed_photograph, kind_of, model_of
from rdcsym.problem import InputError

_SEED_BITS = 64  # as in the header of a file


@click.command(epilog="Example: rdcsym compress --task natural photograph.png photograph.rdc")
@click.option("--model", "run", metavar="RUN", help="Folder of a finished `rdcsym train`.")
@click.option("--task", metavar="NAME", help="A model that comes with the package, in place of a run: natural.")
@click.argument("path", metavar="IN.png")
@click.argument("out", metavar="OUT.rdc")
@click.option("--seed", type=int, metavar="N", help="Of the dither, 0 to 2^64 - 1; default: a random one. It stands in the file.")
@click.option("--quality", type=float, metavar="Q", help="Photographs: 0 (fewest bits) to 5; the middle one is the default.")
@click.option("--sigma", type=float, metavar="S", help="Photographs: noise level, of 255, to be removed; estimated by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    run: str | None,
    task: str | None,
    path: str,
    out: str,
    seed: int | None,
    quality: float | None,
    sigma: float | None,
    as_json: bool,
) -> None:
    """Compress IN.png with a model into OUT.rdc.

    With --task natural IN.png is any photograph, colour or grey, of any size; its noise is removed on the way (--sigma 0 keeps
    everything). With the run of another task of images it is a degraded image of the task's size, or a vertical strip of N of
    them: one file holds them all, so that each can cost a few bits; `rdcsym examples TASK IN.png` makes one of test images.
    Models of the synthetic tasks take an array of samples, one a row, as IN.npy.
    """
    require("compress", "torch", "constriction")
    from deep.bitstream import OVERHEAD
    from deep.dither import check_seed
    from rdcsym.files import write_atomically

    check_seed(0 if seed is None else seed)
    if Path(out).suffix.lower() != ".rdc":
        raise InputError("OUT", out, "is no name for a compressed file", "name a file that ends in .rdc")
    drawn = secrets.randbits(_SEED_BITS) if seed is None else seed
    if kind_of(run, task) in (NAMED, "photographs"):
        data, said = compressed_photograph(model_of(run, task), path, quality, sigma, drawn, as_json)
        write_atomically(out, data)
        if as_json:
            click.echo(json.dumps({"file": out, "bytes": len(data), **said}))
        else:
            hint = "" if sigma is not None or not said["sigma"] else " (fine texture counts too: give --sigma 0 if it is clean)"
            noise = f"sigma {said['sigma']:.3g}, {said['sigma_is']}{hint}"
            click.echo(f"{out}: {len(data)} bytes, {said['bits_per_pixel']:.4g} bits a pixel; {noise}")
        return
    for option, value in (("--quality", quality), ("--sigma", sigma)):
        if value is not None:
            raise InputError(option, value, "is for photographs", "leave it out: this model has one rate")
    assert run is not None, "kind_of saw to it"
    data, count, what = compressed(run, path, drawn)
    write_atomically(out, data)
    found = {
        "file": out,
        what + "s": count,
        "bytes": len(data),
        "payload_bytes": len(data) - OVERHEAD,
        f"bits_per_{what}_on_disk": 8 * len(data) / count,
        f"bits_per_{what}_payload": 8 * (len(data) - OVERHEAD) / count,
    }
    if as_json:
        click.echo(json.dumps(found))
        return
    each = f"{8 * len(data) / count:.4g} bits {'an' if what == 'image' else 'a'} {what}"
    click.echo(f"{out}: {count} {what}{'s' * (count > 1)} in {len(data)} bytes ({each}); header and checksum: {OVERHEAD} bytes")


def compressed(run: str | Path, path: str | Path, seed: int) -> tuple[bytes, int, str]:
    """(the bytes of a file, how many samples it holds, what one is called) of the picture or array `path`."""
    if model_kind(run) != "images":
        from deep.synthetic.train import compress_array

        array = read_array(path)
        return compress_array(run, array, seed), len(array), "block"
    require("compress", "PIL")
    import torch

    from deep.coding import compress
    from deep.run import load_model
    from deep.strips import read_strip

    model = load_model(run)
    images = read_strip(path, model.networks.codec.shape)
    return compress(model, torch.from_numpy(images).float() / 255.0, seed), len(images), "image"
