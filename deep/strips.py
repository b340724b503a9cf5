"""Images as files that anyone can make and look at: one PNG is one image, or a vertical strip of N of them.

A picture is converted only where nothing is lost: grey to RGB, RGB whose three channels agree to grey, an alpha channel that is
opaque everywhere left out. Anything else is refused rather than changed.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deep.data.images import pillow
from rdcsym.files import shown, write_atomically
from rdcsym.problem import InputError

Bytes = NDArray[np.uint8]

_EIGHT_BITS: Final = ("1", "L", "P", "RGB", "LA", "RGBA", "PA")
_OPAQUE: Final = 255
_GREY, _COLOUR = 1, 3


def read_strip(path: str | Path, shape: tuple[int, int, int]) -> Bytes:
    """The images of a picture: uint8 (N, C, H, W), N >= 1, for `shape` (C, H, W), C = 1 or 3.

    Raises InputError where it cannot be read, has another size, or could be converted only with a loss.
    """
    channels, height, width = shape
    pixels = _pixels(path, _opened(path))
    if pixels.shape[1] != width or pixels.shape[0] % height:
        problem = f"is {pixels.shape[1]} pixels wide and {pixels.shape[0]} high"
        raise _refused(path, problem, f"give images of {width} x {height} pixels, one or a vertical strip of them")
    if channels == _GREY:
        if (pixels != pixels[..., :1]).any():
            raise _refused(path, "has colours, and the model's images are grey", "convert it to grey first")
        pixels = pixels[..., :1]
    return np.ascontiguousarray(pixels.reshape(-1, height, width, channels).transpose(0, 3, 1, 2))


def write_strip(path: str | Path, images: Bytes) -> Path:
    """Write uint8 (N, C, H, W), C = 1 or 3, as one PNG, each image below the one before; whole or not at all."""
    check_png(path)
    count, channels, height, width = images.shape
    pixels = images.transpose(0, 2, 3, 1).reshape(count * height, width, channels)
    buffer = io.BytesIO()
    pillow().fromarray(pixels[..., 0] if channels == _GREY else pixels).save(buffer, format="PNG")
    return write_atomically(path, buffer.getvalue())


def check_png(path: str | Path) -> None:
    """InputError for a name that does not end in .png: other formats would change the pixels."""
    if Path(path).suffix.lower() != ".png":
        raise _refused(path, "is no name for a PNG file", "name a file that ends in .png")


def _opened(path: str | Path) -> Any:
    image = pillow()
    try:
        with image.open(path) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                raise _refused(path, f"holds {picture.n_frames} pictures", "stack them in one vertical strip")
            picture.load()
            return picture.copy()
    except InputError:
        raise
    except FileNotFoundError:
        raise _refused(path, "does not exist", "check the path") from None
    except IsADirectoryError:
        raise _refused(path, "is a folder", "name a PNG file") from None
    except image.UnidentifiedImageError:
        raise _refused(path, "is no picture", "name a PNG file") from None
    except (OSError, ValueError, SyntaxError, image.DecompressionBombError) as error:  # a broken file, in Pillow's words
        problem = f"cannot be read ({' '.join(str(getattr(error, 'strerror', None) or error).split())[:80]})"
        raise _refused(path, problem, "name a whole PNG file") from None


def _pixels(path: str | Path, picture: Any) -> Bytes:
    """uint8 (height, width, 3)."""
    if picture.mode not in _EIGHT_BITS:
        problem = f"has pixels of kind {picture.mode}, not 8 bits of grey or RGB"
        raise _refused(path, problem, "convert it to 8-bit grey or RGB first")
    rgba = np.asarray(picture.convert("RGBA"))
    if (rgba[..., _COLOUR] != _OPAQUE).any():
        raise _refused(path, "is transparent in places", "remove its alpha channel first")
    pixels: Bytes = rgba[..., :_COLOUR]
    return pixels


def _refused(path: str | Path, problem: str, fix: str) -> InputError:
    return InputError("file", shown(path), problem, fix)
