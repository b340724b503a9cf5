"""A learned block code for the uniform binary source: 2^k words of n bits, coded by full search, dithered by a shared block.

With V uniform, from the seed, and independent of X:

    message = index of the word nearest to X xor V,    Y = word xor V.

X xor V is independent of V, so Y is exactly uniform on {0, 1}^n whatever the words are. Ties go to the word that wins more
blocks, which shortens the entropy code of the messages at no cost in distortion; their law is counted over all 2^n blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deep.dither import IntArray, dither_rows
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.tables import Tables, bits, quantised_tables
from rdcsym.problem import FloatArray

Bits = NDArray[np.uint8]

CHUNK: Final = 1 << 22  # distances held at a time
ROUNDS: Final = 10  # of sorting the words by the blocks that they win


@dataclass(frozen=True, eq=False)
class BernoulliCodec:
    """words: (2^k, n) of 0 and 1, the most used first; tables: one, of the messages."""

    words: Bits
    tables: Tables

    def encode(self, x: Bits, seed: int) -> tuple[bytes, FloatArray]:
        """Payload of blocks x (N, n), and the exact cost in bits of each (N,)."""
        message = nearest_words(self.words, x ^ self._dither(len(x), seed))[0]
        index = np.zeros_like(message)
        writer = SymbolWriter()
        writer.write(message, self.tables, index)
        return writer.finish(), bits(self.tables, message, index)

    def decode(self, payload: bytes, count: int, seed: int) -> Bits:
        """Y (count, n). Raises InputError where the payload is not of this model and count."""
        reader = SymbolReader(payload)
        message = reader.read(self.tables, np.zeros(count, dtype=np.int64))
        reader.finish()
        return self.words[message] ^ self._dither(count, seed)

    def _dither(self, count: int, seed: int) -> Bits:
        return dither_rows(seed, 0, count, self.words.shape[1], 2).astype(np.uint8)


def bernoulli_codec(words: Bits) -> tuple[BernoulliCodec, float]:
    """The codec of these words (2^k, n), and its exact distortion a symbol, over all 2^n blocks."""
    n = words.shape[1]
    blocks = all_blocks(n)
    for _ in range(ROUNDS):
        counts = np.bincount(nearest_words(words, blocks)[0], minlength=len(words))
        order = np.argsort(-counts, kind="stable")
        if (order == np.arange(len(words))).all():
            break
        words = words[order]
    message, distance = nearest_words(words, blocks)
    counts = np.bincount(message, minlength=len(words))
    tables = quantised_tables(counts[None].astype(np.float64), np.zeros(1, dtype=np.int64), np.array([len(words)]))
    return BernoulliCodec(words, tables), float(distance.mean()) / n


def all_blocks(n: int) -> Bits:
    """Every block of n bits: (2^n, n)."""
    return (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(np.uint8)


def nearest_words(words: Bits, x: Bits) -> tuple[IntArray, IntArray]:
    """Index of the nearest word to each block of x (N, n), the first of equals, and its Hamming distance: (N,) each."""
    signs = 1 - 2 * words.astype(np.float32)  # sums of at most 16 signs are exact
    message = np.empty(len(x), dtype=np.int64)
    distance = np.empty(len(x), dtype=np.int64)
    step = max(1, CHUNK // len(words))
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        agreement = (1 - 2 * x[part].astype(np.float32)) @ signs.T
        message[part] = agreement.argmax(1)
        distance[part] = np.rint((words.shape[1] - agreement.max(1)) / 2)
    return message, distance
