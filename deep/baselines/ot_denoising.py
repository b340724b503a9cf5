"""OTDenoising: unpaired denoising by optimal transport, the training in deep.baselines.ot_training.

Wang, Wen, Yan and Liu, "Optimal transport for unsupervised denoising learning", IEEE TPAMI 45(2), 2023 (arXiv 2108.02574).

    python -m deep.baselines.ot_denoising --out RUN [--steps N] [--save]

trains or resumes; --save puts the weights into the package. The network is trained for one sigma, and refuses others.

Beside the published row (31.29 dB, .868 SSIM, .115 LPIPS, .103 DISTS on Kodak at sigma = 25) ours is a small version. The authors
have a network made of parts of MPRNet, trained for 200 epochs, noise drawn afresh each time, and critic batches of the same
scenes, clean and noisy. Ours has 0.3 million parameters and minutes of one CPU thread, one fixed noisy file a photograph, clean
photographs of other scenes only, and starts from a self-supervised fit. On six photographs of
Kodak it has 29.22 dB, .823, .171 (Alex) and .159. What should close the gap is that network and that time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import torch

from deep.baselines.ot_networks import Denoiser
from deep.baselines.patches import to_bytes, to_tensor
from deep.baselines.protocol import Bytes, Restored, check_noisy, digest
from deep.baselines.weights_files import FOLDER, Weights, load_weights
from rdcsym.problem import InputError

_LEAST_SIDE: Final = 2
_STRIP: Final = 512  # rows restored at a time: memory does not grow with the height
_MARGIN: Final = 24  # rows around a strip, more than the network sees


class OTDenoising:
    """The peer. weights: a name in the package's weights.json, or in that of `folder`."""

    name: Final = "OTDenoising"

    def __init__(self, weights: str = "ot_denoising_sigma25", folder: Path = FOLDER) -> None:
        self._weights, self._folder = weights, folder

    @cached_property
    def _held(self) -> tuple[Denoiser, Weights]:
        weights = load_weights(self._weights, self._folder)
        network = Denoiser()
        network.load_state_dict(weights.tensors)
        return network.eval(), weights

    @torch.inference_mode()
    def restore(self, noisy: Bytes, sigma: float) -> Restored:
        """See deep.baselines.protocol. Raises InputError for a sigma that the weights are not of, or below 2 x 2 pixels."""
        check_noisy(noisy, sigma)
        network, weights = self._held
        trained = weights.settings["sigma"]
        if sigma != trained:
            raise InputError("sigma", sigma, f"these weights are of sigma = {trained:g}", "train others with --sigma")
        if min(noisy.shape[:2]) < _LEAST_SIDE:
            raise InputError("image", f"{noisy.shape[1]} x {noisy.shape[0]} pixels", "is too small", "give at least 2 x 2")
        begun = time.perf_counter()
        return Restored(_in_strips(network, noisy), None, time.perf_counter() - begun, None)

    def fingerprint(self) -> str:
        """Of the weights' sha256."""
        return digest({"peer": self.name, "weights": self._held[1].sha256})


def _in_strips(network: Denoiser, noisy: Bytes, strip: int = _STRIP) -> Bytes:
    """What the network makes of the whole photograph, strip by strip; `strip` is even."""
    parts = []
    for top in range(0, len(noisy), strip):
        above = min(top, _MARGIN)
        seen = network(to_tensor(noisy[top - above : top + strip + _MARGIN]))
        parts.append(to_bytes(seen[..., above : above + strip, :]))
    return np.concatenate(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """The training's command line."""
    import argparse

    from deep.baselines.ot_training import OTSettings, train

    default = OTSettings()
    parser = argparse.ArgumentParser(prog="python -m deep.baselines.ot_denoising", description="Train OTDenoising on BSDS500.")
    parser.add_argument("--out", required=True, type=Path, help="run folder; a run that it holds is resumed")
    parser.add_argument("--save", action="store_true", help="put the weights into the package when done")
    parser.add_argument("--threads", type=int, default=1)
    for option in ("steps", "stop", "warm_steps", "sigma", "weight", "seed"):
        value = getattr(default, option)
        parser.add_argument(f"--{option.replace('_', '-')}", type=type(value), default=value)
    given = vars(parser.parse_args(arguments))
    torch.set_num_threads(given.pop("threads"))
    out, save = given.pop("out"), given.pop("save")
    train(out, OTSettings(**given), save=save)


if __name__ == "__main__":
    main()
