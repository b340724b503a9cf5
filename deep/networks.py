"""The networks: convolutional encoder and decoder, critic, classifier. Small enough to be trained on a CPU.

Images are (N, C, H, W) in [0, 1], square. Pixels are first folded into channels (each patch of f x f pixels becomes one site of a
map of about 8 x 8), so that every convolution runs where it is cheap. No batch normalisation: an image's code must not depend
on the images beside it.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

MAP_SIDE: Final = 8  # sites: the map's side is the largest that divides the image's and is at most this, if at least half of it
_SLOPE: Final = 0.2  # of the leaky rectifiers
_HIDDEN: Final = 128  # of the linear layers next to the latent variables
FIRST_GAIN: Final = 24.0
_BLOCKS_ENCODER, _BLOCKS_DECODER = 1, 2


def fold(side: int) -> int:
    """f, the side of the patch that becomes one site: the least divisor of `side` with a map of at most MAP_SIDE sites."""
    return next(f for f in range(1, side + 1) if side % f == 0 and (side // f <= MAP_SIDE and f > 1))


class Block(nn.Module):
    """Residual block: a 3 x 3 convolution over neighbouring sites, then one over channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(_SLOPE), nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)  # type: ignore[no-any-return]


class _Reducer(nn.Module):
    """Image to features (N, outputs of the flattened map). layout: of the maps in memory; second derivatives want the
    contiguous one.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, blocks: int, layout: torch.memory_format) -> None:
        super().__init__()
        f, self.layout = fold(shape[1]), layout
        self.features = width * (shape[1] // f) ** 2
        layers: list[nn.Module] = [nn.PixelUnshuffle(f), nn.Conv2d(shape[0] * f * f, width, 1), nn.LeakyReLU(_SLOPE)]
        self.layers = nn.Sequential(*layers, *(Block(width) for _ in range(blocks)), nn.LeakyReLU(_SLOPE))

    def forward(self, x: Tensor) -> Tensor:
        centred = (x - 0.5).contiguous(memory_format=self.layout)
        return self.layers(centred).flatten(1)  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """Image (N, C, H, W) to latent variables (N, latent), real numbers in units of the quantizer's step."""

    def __init__(self, shape: tuple[int, int, int], latent: int, width: int) -> None:
        super().__init__()
        self.reduce = _Reducer(shape, width, _BLOCKS_ENCODER, torch.channels_last)
        self.head = nn.Sequential(nn.Linear(self.reduce.features, _HIDDEN), nn.LeakyReLU(_SLOPE), nn.Linear(_HIDDEN, latent))
        with torch.no_grad():  # of about a quantizer step from the start: codes far below the noise teach the decoder nothing
            head = self.head[-1]
            assert isinstance(head, nn.Linear)
            head.weight *= FIRST_GAIN

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.reduce(x))  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Dequantized latent variables (N, latent) to an image (N, C, H, W) in [0, 1]."""

    def __init__(self, shape: tuple[int, int, int], latent: int, width: int) -> None:
        super().__init__()
        f = fold(shape[1])
        self.width, self.side = width, shape[1] // f
        self.stem = nn.Sequential(
            nn.Linear(latent, _HIDDEN),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(_HIDDEN, width * self.side**2),
            nn.LeakyReLU(_SLOPE),
        )
        self.layers = nn.Sequential(
            *(Block(width) for _ in range(_BLOCKS_DECODER)),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(width, shape[0] * f * f, 3, padding=1),  # a patch agrees with its neighbours at the edges
            nn.PixelShuffle(f),
        )

    def forward(self, z: Tensor) -> Tensor:
        sites = self.stem(z).view(len(z), self.side, self.side, self.width).permute(0, 3, 1, 2)  # channels last in memory
        return torch.sigmoid(self.layers(sites))


class Critic(nn.Module):
    """Image to a number; trained to be 1-Lipschitz (in the norm of `config`) and to tell outputs from clean images."""

    def __init__(self, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.reduce = _Reducer(shape, width, 1, torch.contiguous_format)
        self.head = nn.Sequential(nn.Linear(self.reduce.features, _HIDDEN), nn.LeakyReLU(_SLOPE), nn.Linear(_HIDDEN, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.reduce(x)).squeeze(1)  # type: ignore[no-any-return]


class Classifier(nn.Module):
    """Image to logits (N, labels)."""

    def __init__(self, shape: tuple[int, int, int], labels: int, width: int) -> None:
        super().__init__()
        self.reduce = _Reducer(shape, width, 1, torch.contiguous_format)
        self.head = nn.Linear(self.reduce.features, labels)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.reduce(x))  # type: ignore[no-any-return]
