"""`rdcsym decompress`: an .rdc file to a picture of the images that it holds."""

from __future__ import annotations

import io
import json
from pathlib import Path

import click
import numpy as np

from rdcsym.cli.extras import require
from rdcsym.cli.model_files import check_array_name
from rdcsym.cli.photographs import NAMED, kind_of, model_of, restored_photograph
from rdcsym.problem import InputError


@click.command(epilog="Example: rdcsym decompress --task natural photograph.rdc restored.png")
@click.option("--model", "run", metavar="RUN", help="Folder of the run that compressed the file.")
@click.option("--task", metavar="NAME", help="The model of the package that compressed it, in place of a run: natural.")
@click.argument("path", metavar="IN.rdc")
@click.argument("out", metavar="OUT.png")
@click.option("--realism", type=float, metavar="P", help="Photographs: 0 (most faithful, the default) to 1 (most realistic).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(run: str | None, task: str | None, path: str, out: str, realism: float | None, as_json: bool) -> None:
    """Decompress IN.rdc with the model that compressed it into OUT.png: a photograph, or images one below the other.

    A file that is damaged, cut short, foreign, of a newer version or of another model is refused. Models of the synthetic tasks
    write an array of samples, one a row, as OUT.npy.
    """
    require("decompress", "torch", "constriction")
    from rdcsym.files import shown, write_atomically

    kind = kind_of(run, task)
    if kind in (NAMED, "photographs"):
        from deep.strips import check_png

        check_png(out)
        wanted = 0.0 if realism is None else realism
        found = restored_photograph(model_of(run, task), _read(path), shown(path), out, wanted, as_json)
        click.echo(json.dumps(found) if as_json else f"{out}: {found['width']} x {found['height']} pixels")
        return
    if realism is not None:
        raise InputError("--realism", realism, "is for photographs", "leave it out")
    assert run is not None, "kind_of saw to it"
    if kind != "images":
        from deep.synthetic.train import decompress_array

        check_array_name(out)
        samples = decompress_array(run, _read(path), shown(path))
        buffer = io.BytesIO()
        np.save(buffer, samples)
        write_atomically(out, buffer.getvalue())
        said = {"file": out, "blocks": len(samples)}
    else:
        require("decompress", "PIL")
        from deep.coding import decompress
        from deep.run import load_model
        from deep.strips import check_png, write_strip

        check_png(out)
        images = decompress(load_model(run), _read(path), shown(path))
        write_strip(out, images)
        said = {"file": out, "images": len(images)}
    if as_json:
        click.echo(json.dumps(said))
    else:
        (what, count) = list(said.items())[1]
        click.echo(f"{out}: {count} {what if count != 1 else what[:-1]}")


def _read(path: str) -> bytes:
    """The whole file, once its beginning looks like one of ours."""
    from deep.bitstream import MAGIC
    from rdcsym.files import shown

    try:
        with Path(path).open("rb") as file:
            start = file.read(len(MAGIC))
            return start + file.read() if start == MAGIC else start  # a large foreign file is refused without being read
    except FileNotFoundError:
        problem = "does not exist"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    raise InputError("file", shown(path), problem, "name a file that `rdcsym compress` wrote")
