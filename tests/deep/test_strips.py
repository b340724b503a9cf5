"""Pictures in and out: strips of images, conversions that lose nothing, everything else refused."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")

from deep.strips import read_strip, write_strip  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

GREY = np.random.default_rng(0).integers(0, 256, (3, 1, 8, 8), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (2, 3, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize("images", [GREY, COLOUR, GREY[:1]])
def test_a_strip_comes_back(tmp_path, images):
    path = write_strip(tmp_path / "s.png", images)
    with Image.open(path) as picture:
        assert picture.size == (8, 8 * len(images))
    back = read_strip(path, images.shape[1:])
    assert back.dtype == np.uint8
    assert np.array_equal(back, images)


def saved(folder, mode: str, pixels: np.ndarray, **options):
    picture = Image.fromarray(pixels)
    picture.convert(mode).save(folder / "p.png", **options)
    return folder / "p.png"


def test_what_loses_nothing_is_converted(tmp_path):
    strip = GREY.reshape(-1, 8)
    for mode in ("RGB", "RGBA", "LA", "P"):
        assert np.array_equal(read_strip(saved(tmp_path, mode, strip), (1, 8, 8)), GREY)
    assert np.array_equal(read_strip(saved(tmp_path, "L", strip), (3, 8, 8)), GREY.repeat(3, axis=1))
    Image.fromarray(strip > 127).save(tmp_path / "bits.png")
    assert np.array_equal(read_strip(tmp_path / "bits.png", (1, 8, 8)), np.where(GREY > 127, 255, 0))


def _transparent(folder):
    pixels = np.full((8, 8, 4), 200, dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "p.png")
    return folder / "p.png"


def _animated(folder):
    first, second = (Image.fromarray(image[0]) for image in GREY[:2])
    first.save(folder / "p.png", save_all=True, append_images=[second])
    return folder / "p.png"


def _sixteen_bits(folder):
    Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000).save(folder / "p.png")
    return folder / "p.png"


def _cut(folder):
    write_strip(folder / "p.png", GREY)
    data = (folder / "p.png").read_bytes()
    (folder / "p.png").write_bytes(data[: len(data) // 2])
    return folder / "p.png"


def _text(folder):
    (folder / "p.png").write_text("a picture")
    return folder / "p.png"


def _see_through_colour(folder):
    return saved(folder, "L", GREY[0, 0], transparency=int(GREY[0, 0, 0, 0]))


WRONG = {
    "colours for a grey model": (lambda folder: write_strip(folder / "p.png", COLOUR), "grey"),
    "another width": (lambda folder: saved(folder, "L", np.zeros((8, 9), np.uint8)), "9 pixels wide"),
    "no whole number of images": (lambda folder: saved(folder, "L", np.zeros((12, 8), np.uint8)), "12 high"),
    "transparency": (_transparent, "transparent"),
    "one transparent grey": (_see_through_colour, "transparent"),
    "an animation": (_animated, "2 pictures"),
    "16 bits": (_sixteen_bits, "I;16"),
    "cut short": (_cut, "cannot be read"),
    "no picture": (_text, "no picture"),
    "no file": (lambda folder: folder / "absent.png", "exist"),
    "a folder": (lambda folder: folder, "folder"),
}


@pytest.mark.parametrize("case", WRONG)
def test_anything_else_is_refused(tmp_path, case):
    make, named = WRONG[case]
    with pytest.raises(InputError, match=named):
        read_strip(make(tmp_path), (1, 8, 8))


@pytest.mark.parametrize("name", ["p.jpg", "p", "p.rdc"])
def test_only_png_is_written(tmp_path, name):
    with pytest.raises(InputError, match=r"\.png"):
        write_strip(tmp_path / name, GREY)
    assert list(tmp_path.iterdir()) == []
