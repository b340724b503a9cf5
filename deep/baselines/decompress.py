"""DeCompress: a neural codec fitted to noisy patches alone throws away the noise, for noise does not compress.

Zafari, Chen and Jalali, "DeCompress: denoising via neural compression", 2025 (arXiv 2503.22015).

    python -m deep.baselines.decompress --out RUN [--steps N] [--save]

trains or resumes; --save puts the weights into the package. As in the paper no clean image is used, and the reconstructions of
overlapping patches, here 8 x 8, are averaged. Unlike the paper, whose codec is fitted to the one noisy image that it is to
restore, ours is fitted once to 190 noisy photographs of BSDS500 and then used for all images of that noise level: seconds instead
of a training an image, and more data. Network, entropy model and the weight of the distortion (see
deep.baselines.decompress_training: nothing is tuned) are ours too, so the rows may differ from the published 27.83 dB, .752 SSIM,
.263 LPIPS either way: on six photographs of Kodak ours has 28.95 dB, .825 and .198 (Alex).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import torch

from deep.baselines.decompress_codec import SIDE, PatchCodec, compress, decompress
from deep.baselines.protocol import Bytes, Restored, check_noisy, digest
from deep.baselines.weights_files import FOLDER, Weights, load_weights
from deep.tables import Tables
from rdcsym.problem import InputError


class DeCompress:
    """The peer. stride: shift between overlapping patches, a divisor of 8; 8 is the plain codec, without overlap.

    Its file holds the codes of all the patches, (8 / stride)^2 for each place: what the restored image is decoded from.
    """

    name: Final = "DeCompress"

    def __init__(self, weights: str = "decompress_sigma25", folder: Path = FOLDER, *, stride: int = 2) -> None:
        if stride < 1 or SIDE % stride:
            raise InputError("stride", stride, f"must divide {SIDE}", "use 1, 2, 4 or 8")
        self._weights, self._folder, self.stride = weights, folder, stride

    @cached_property
    def _held(self) -> tuple[PatchCodec, Tables, Weights]:
        weights = load_weights(self._weights, self._folder)
        codec = PatchCodec()
        codec.load_state_dict(weights.tensors)
        return codec.eval(), codec.entropy_model.tables(1), weights

    @torch.inference_mode()
    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """See deep.baselines.protocol. Raises InputError for a sigma that the weights are not of."""
        check_noisy(noisy, sigma)
        codec, tables, weights = self._held
        trained = weights.settings["sigma"]
        if sigma != trained:
            raise InputError("sigma", sigma, f"these weights are of sigma = {trained:g}", "train others with --sigma")
        begun = time.perf_counter()
        file = compress(codec, tables, noisy, self.stride)
        written = time.perf_counter()
        image = decompress(codec, tables, file, self.stride)
        return Restored(image, 8 * len(file), written - begun, time.perf_counter() - written)

    def fingerprint(self) -> str:
        """Of the weights' sha256 and the stride."""
        return digest({"peer": self.name, "weights": self._held[2].sha256, "stride": self.stride})


def main(arguments: Sequence[str] | None = None) -> None:
    """The training's command line."""
    import argparse

    from deep.baselines.decompress_training import CodecSettings, train

    default = CodecSettings()
    parser = argparse.ArgumentParser(prog="python -m deep.baselines.decompress", description="Fit DeCompress to noisy BSDS500.")
    parser.add_argument("--out", required=True, type=Path, help="run folder; a run that it holds is resumed")
    parser.add_argument("--save", action="store_true", help="put the weights into the package when done")
    parser.add_argument("--threads", type=int, default=1)
    for option in ("steps", "sigma", "slope", "seed"):
        value = getattr(default, option)
        parser.add_argument(f"--{option}", type=type(value), default=value)
    given = vars(parser.parse_args(arguments))
    torch.set_num_threads(given.pop("threads"))
    out, save = given.pop("out"), given.pop("save")
    train(out, CodecSettings(**given), save=save)


if __name__ == "__main__":
    main()
