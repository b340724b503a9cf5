"""`rdcsym compress`: one image, or a strip of many, to an .rdc file."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from rdcsym.cli.extras import require
from rdcsym.cli.model_files import model_kind, read_array
from rdcsym.problem import InputError

_SEED_BITS = 64  # as in the header of a file


@click.command(epilog="Example: rdcsym compress --model run in.png out.rdc")
@click.option("--model", "run", required=True, metavar="RUN", help="Folder of a finished `rdcsym train`.")
@click.argument("path", metavar="IN.png")
@click.argument("out", metavar="OUT.rdc")
@click.option("--seed", type=int, metavar="N", help="Of the dither, 0 to 2^64 - 1; default: a random one. It stands in the file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(run: str, path: str, out: str, seed: int | None, as_json: bool) -> None:
    """Compress IN.png with the model of RUN into OUT.rdc.

    IN.png is a degraded image of the task's size, or a vertical strip of N of them: one file holds them all, so that each can
    cost a few bits. `rdcsym examples TASK IN.png` makes one of test images. Models of the synthetic tasks take an array of
    samples, one a row, as IN.npy.
    """
    require("compress", "torch", "constriction")
    from deep.bitstream import OVERHEAD
    from deep.dither import check_seed
    from rdcsym.files import write_atomically

    check_seed(0 if seed is None else seed)
    if Path(out).suffix.lower() != ".rdc":
        raise InputError("OUT", out, "is no name for a compressed file", "name a file that ends in .rdc")
    data, count, what = compressed(run, path, secrets.randbits(_SEED_BITS) if seed is None else seed)
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
