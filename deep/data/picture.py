"""One photograph as a file: read from the usual formats without loss or not at all, written as PNG.

Unlike `deep.strips`, which holds many images of a model's own size, this is one picture of any size, in colour.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np

from deep.data.images import Bytes, pillow
from rdcsym.files import shown, write_atomically
from rdcsym.problem import InputError

FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "PPM", "GIF")
LARGEST: Final = 80_000_000  # pixels: 240 MB of eight-bit RGB, short of where Pillow suspects a decompression bomb
_EIGHT_BITS: Final = ("1", "L", "P", "RGB", "LA", "RGBA", "PA")
_OPAQUE: Final = 255
_COLOURS: Final = 3
_SINGLE: Final = "MPO"  # what phones write: a JPEG that carries previews after the picture itself


def read_photograph(path: str | Path) -> Bytes:
    """The picture of a file as uint8 (H, W, 3), upright as its EXIF orientation says; grey ones have three equal channels.

    PNG, JPEG, TIFF, BMP, WebP, PPM or GIF of eight bits: grey, palette or RGB; an alpha channel that is opaque everywhere is left
    out. Colour profiles are not applied: sample values are taken as they stand. Raises InputError for a file that is missing,
    broken, transparent in places, of more than eight bits a channel, of other colours than RGB (CMYK, Lab), animated or
    many-paged, or of more than 80 million pixels.
    """
    image = pillow()
    try:
        with image.open(path, formats=FORMATS) as picture:
            _check_kind(path, picture)
            picture.load()
            return _pixels(path, picture)
    except InputError:
        raise
    except FileNotFoundError:
        raise _refused(path, "does not exist", "check the path") from None
    except IsADirectoryError:
        raise _refused(path, "is a folder", "name a picture") from None
    except PermissionError:
        raise _refused(path, "may not be read", "change its permissions") from None
    except image.UnidentifiedImageError:
        raise _refused(path, "is no picture of a known format", f"give one of {', '.join(FORMATS)}") from None
    except image.DecompressionBombError:
        raise _refused(path, f"has more than {LARGEST} pixels", "cut it into smaller pictures") from None
    except Exception as error:  # a broken file breaks each format's reader in ways of its own
        said = " ".join(str(getattr(error, "strerror", None) or error).split())[:80]
        raise _refused(path, f"cannot be read ({said or type(error).__name__})", "give a whole picture") from None


def write_photograph(path: str | Path, pixels: Bytes) -> Path:
    """Write uint8 (H, W, 3) as PNG, whole or not at all; the path. Three equal channels become one of grey.

    Raises InputError for a name that does not end in .png or an array of another kind.
    """
    if Path(path).suffix.lower() != ".png":
        raise _refused(path, "is no name for a PNG file", "name a file that ends in .png")
    if pixels.dtype != np.uint8 or pixels.ndim != _COLOURS or pixels.shape[2] != _COLOURS or pixels.size == 0:
        found = f"{pixels.dtype} array of shape {pixels.shape}"
        raise InputError("image", found, "is no photograph", "give uint8 of shape (height, width, 3)")
    grey = bool((pixels == pixels[..., :1]).all())
    buffer = io.BytesIO()
    pillow().fromarray(np.ascontiguousarray(pixels[..., 0] if grey else pixels)).save(buffer, format="PNG")
    return write_atomically(path, buffer.getvalue())


def _check_kind(path: str | Path, picture: Any) -> None:
    """InputError for a picture that cannot be had in eight bits of RGB without loss; nothing but its header is read yet."""
    width, height = picture.size
    if width * height > LARGEST:
        raise _refused(path, f"has {width} x {height} pixels, more than {LARGEST}", "cut it into smaller pictures")
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != _SINGLE:
        raise _refused(path, f"holds {frames} pictures", "give one picture a file")
    if picture.mode.startswith(("I", "F")) or _deep(picture):
        raise _refused(path, "has more than eight bits a channel", "convert it to 8-bit grey or RGB first")
    if picture.mode not in _EIGHT_BITS:
        raise _refused(path, f"has pixels of kind {picture.mode}, not grey or RGB", "convert it to 8-bit grey or RGB first")


def _deep(picture: Any) -> bool:
    """Whether the stored samples have more than eight bits, which Pillow would cut to eight without a word."""
    for tile in picture.tile:
        codec, told = tile[0], tile[3]
        parts = told if isinstance(told, tuple) else (told,)
        if codec.startswith("ppm") and any(isinstance(part, int) and part > _OPAQUE for part in parts):
            return True
        if any(isinstance(part, str) and ("16" in part or ";32" in part) for part in parts):
            return True
    return False


def _pixels(path: str | Path, picture: Any) -> Bytes:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("LA", "RGBA", "PA") or "transparency" in upright.info:
        coloured = np.asarray(upright.convert("RGBA"))
        if (coloured[..., _COLOURS] != _OPAQUE).any():
            raise _refused(path, "is transparent in places", "remove its alpha channel first")
        return np.ascontiguousarray(coloured[..., :_COLOURS])
    return np.array(upright.convert("RGB"))


def _refused(path: str | Path, problem: str, fix: str) -> InputError:
    return InputError("file", shown(path), problem, fix)
