"""Our codec as rows of a table beside its peers: one row for each (quality, realism), and one without a rate."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from deep.baselines.protocol import Restored
from deep.natural.coding import Pixels, compress_photograph, decompress_photograph
from deep.natural.model import NaturalModel
from deep.natural.pretrained import pretrained, pretrained_names
from deep.natural.tiles import analyse, synthesise

SEED: Final = 0  # of the dither of every file of a table
QUALITIES: Final = (1.0, 3.0, 5.0)  # of a table: a row of two dozen photographs takes some four minutes
REALISMS: Final = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Ours:
    """The codec at one quality and one realism. Its bits are those of the whole file, header included.

    rated: False leaves out quantizer and file: the same networks as transport alone, whatever the rate.
    """

    name: str
    model: NaturalModel
    quality: float
    realism: float
    rated: bool = True

    def fingerprint(self) -> str:
        """What the row's figures depend on beside the photographs: the encoder too, of which the model's fingerprint is not."""
        encoder = hashlib.blake2b(digest_size=8)
        for part in (self.model.codec.estimator, self.model.codec.encoder):
            for value in part.state_dict().values() if part is not None else ():
                encoder.update(np.ascontiguousarray(value.numpy()).tobytes())
        return f"{self.model.fingerprint.hex()} e{encoder.hexdigest()} q{self.quality:g} p{self.realism:g} s{SEED}" + (
            "" if self.rated else " without rate"
        )

    def restore(self, noisy: Pixels, sigma: float) -> Restored:
        """Through a file and back; sigma, of 255, is told to the encoder. Without a rate there is no file, and no bits."""
        begun = time.perf_counter()
        if not self.rated or self.model.codec.options.rate_free:
            z = analyse(self.model.codec, noisy, self.quality, sigma)
            coded = time.perf_counter()
            image = synthesise(self.model.codec, z, noisy.shape[:2], self.quality, self.realism)
            return Restored(image, None, coded - begun, time.perf_counter() - coded)
        file = compress_photograph(self.model, noisy, quality=self.quality, sigma=sigma, seed=SEED)
        coded = time.perf_counter()
        image = decompress_photograph(self.model, file.data, realism=self.realism)
        return Restored(image, 8 * len(file.data), coded - begun, time.perf_counter() - coded)


def ours_rows(name: str = "natural") -> list[Ours]:
    """Rows of a pretrained model over its rates and realisms; none where the package has no such model."""
    if name not in pretrained_names():
        return []
    model = pretrained(name)
    most = model.codec.options.qualities - 1
    return [
        Ours(f"ours q{quality:g} {'realistic' if realism else 'faithful'}", model, quality, realism)
        for realism in REALISMS
        for quality in QUALITIES
        if quality <= most
    ]
