"""The encoder's first half: an estimate of the clean photograph, its conditional mean given the noisy one.

Under squared error nothing is lost by estimating first and coding the estimate (Dobrushin and Tsybakov 1962; Wolf and Ziv 1970):
for every output Y that is made of the noisy X and of randomness of its own,

    E|X0 - Y|^2 = E|X0 - E[X0|X]|^2 + E|E[X0|X] - Y|^2.

So this half is trained alone, by Stein's estimate, and the codec behind it needs no noise at all.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from deep.natural.networks import FIRST_SHARE, residual_blocks, through

BLOCKS: Final = (3, 4, 3)  # residual blocks at stride 2, at stride 4, and at stride 2 again
STRIDE: Final = 4  # sides must be multiples of it
FULL_SIGMA: Final = 25.0  # of 255: a noise level of 1 in the condition


def reach() -> int:
    """Pixels beyond which nothing changes an estimated pixel."""
    first, inner, last = BLOCKS
    return 2 * (2 * first + 2 * last + 2) + 4 * 2 * inner + STRIDE


class Estimator(nn.Module):
    """Photographs (N, 3, H, W), sides multiples of 4, and noise levels (N,), of 255, to estimates of the same shape.

    What is taken off is a network's output times the noise level: without noise it is the identity.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = width * 3 // 2
        self.stem = nn.Conv2d(12, width, 3, padding=1)
        self.fine = residual_blocks(width, BLOCKS[0], 1)
        self.down = nn.Conv2d(4 * width, inner, 1)
        self.coarse = residual_blocks(inner, BLOCKS[1], 1)
        self.up = nn.Conv2d(inner, 4 * width, 1)
        self.again = residual_blocks(width, BLOCKS[2], 1)
        self.head = nn.Conv2d(width, 12, 3, padding=1)
        for value in self.head.parameters():
            value.data.mul_(FIRST_SHARE)

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        level = (sigma / FULL_SIGMA).to(x.dtype)
        condition = level[:, None]
        fine = through(self.stem(nn.functional.pixel_unshuffle(x - 0.5, 2)), self.fine, condition)
        coarse = through(self.down(nn.functional.pixel_unshuffle(fine, 2)), self.coarse, condition)
        h = through(fine + nn.functional.pixel_shuffle(self.up(coarse), 2), self.again, condition)
        return x + level[:, None, None, None] * nn.functional.pixel_shuffle(self.head(h), 2)
