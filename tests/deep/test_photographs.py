"""Sets of photographs in each of their layouts, and pictures of every kind: read without loss, or refused in one line."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image

from deep.data.download import SOURCES
from deep.data.noise import noisy
from deep.data.photographs import find_photographs, photographs, read_photograph, splits, write_photograph
from rdcsym.problem import InputError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = COLOUR[..., 0]
SCENES = ("0001_001_S6_00100_L", "0129_006_GP_00100_N", "0150_007_N6_00400_N")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    return tmp_path


def put(path, pixels=COLOUR):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize(
    ("name", "place", "count"),
    [
        ("kodak24", "kodak24/kodim{:02d}.png", 24),
        ("bsds-train200", "BSR/BSDS500/data/images/train/{:06d}.jpg", 200),
        ("cbsd68", "CBSD68/original_png/{:04d}.png", 68),
        ("set12", "testsets/Set12/{:02d}.png", 12),
    ],
)
def test_folders(folder, name, place, count):
    assert find_photographs(name) is None
    with pytest.raises(InputError, match="is not in"):
        photographs(name)
    for k in range(1, count + 1):
        put(folder / place.format(k))
    (split,) = splits(name)
    listed = photographs(name, split)
    assert len(listed) == len({p.name for p in listed}) == count
    assert listed[0].read().shape == COLOUR.shape
    assert listed[0].noisy is None
    with pytest.raises(InputError, match="is not in " + name):
        photographs(name, "train" if split == "test" else "test")
    os.remove(folder / place.format(3))
    with pytest.raises(InputError, match=f"has {count - 1} pictures"):
        photographs(name, split)


def test_sidd_stand_in_splits_by_scene(folder):
    for k, scene in enumerate(SCENES):
        put(folder / f"sidd_small256/{scene}_noisy.png", COLOUR // 2 + k)
        put(folder / f"sidd_small256/{scene}_gt.png", COLOUR // 3)
    assert "stand-in" in find_photographs("sidd").format
    assert [p.name for p in photographs("sidd", "train")] == list(SCENES[:2])
    (pair,) = photographs("sidd", "test")
    assert (pair.read() == COLOUR // 3).all()
    assert (pair.noisy() == COLOUR // 2 + 2).all()
    os.remove(folder / f"sidd_small256/{SCENES[0]}_gt.png")
    with pytest.raises(InputError, match="no clean picture"):
        photographs("sidd", "test")


@pytest.mark.parametrize("start", ["", "0150_"])
def test_sidd_as_published(folder, start):
    for kind, pixels in (("NOISY", COLOUR), ("GT", COLOUR // 2)):
        put(folder / f"SIDD_Small_sRGB_Only/Data/{SCENES[2]}/{start}{kind}_SRGB_010.PNG", pixels)
    (pair,) = photographs("sidd")
    assert pair.name == SCENES[2] + "-010"
    assert (pair.noisy() == COLOUR).all()
    assert (pair.read() == COLOUR // 2).all()
    with pytest.raises(InputError, match="no pairs to train"):
        photographs("sidd", "train")


def test_nuclei_stand_in(folder):
    images = RNG.integers(0, 256, (4, 6, 6), dtype=np.uint8)
    (folder / "nuclei_dsb2018").mkdir()
    np.savez(folder / "nuclei_dsb2018/dsb2018_fluo_gray256.npz", x=images, is_test=np.array([0, 1, 0, 0], dtype=bool))
    assert "stand-in" in find_photographs("nuclei").format
    assert len(photographs("nuclei", "train")) == 3
    (test,) = photographs("nuclei")
    assert (test.read() == images[1][..., None]).all()


@pytest.mark.parametrize("packed", [False, True])
def test_nuclei_as_published(folder, packed):
    for part in ("train", "test"):
        (folder / "Mouse_n0" / part).mkdir(parents=True)
        arrays = {f"X_{part}": np.full((2, 4, 4), 7.0, dtype=np.float32), f"Y_{part}": np.zeros((2, 4, 4))}
        np.savez(folder / f"Mouse_n0/{part}/{part}_data.npz", **arrays)
    if packed:
        with zipfile.ZipFile(folder / "Mouse_n0.zip", "w") as archive:
            for part in ("train", "test"):
                archive.write(folder / f"Mouse_n0/{part}/{part}_data.npz", f"Mouse_n0/{part}/{part}_data.npz")
                os.remove(folder / f"Mouse_n0/{part}/{part}_data.npz")
    for part in ("train", "test"):
        listed = photographs("nuclei", part)
        assert len(listed) == 2
        assert (listed[1].read() == 7).all()


@pytest.mark.parametrize("broken", [{"x": np.zeros((2, 3))}, {"x": np.full((2, 3, 3), 300.0)}, {"y": np.zeros(3)}, None])
def test_broken_nuclei(folder, broken):
    path = folder / "dsb2018_fluo_gray256.npz"
    if broken is None:
        path.write_bytes(b"nothing")
    else:
        np.savez(path, is_test=np.array([0, 1], dtype=bool), **broken)
    with pytest.raises(InputError, match=path.name):
        photographs("nuclei")


def test_unknown_sets_and_splits():
    with pytest.raises(InputError, match="kodak24"):
        photographs("kodak")
    with pytest.raises(InputError, match="is no split"):
        photographs("kodak24", "val")


def test_originals_have_a_digest_each():
    counts = {"kodak24": 24, "bsds-train200": 200, "set12": 12, "nuclei": 1}
    for name, count in counts.items():
        assert len({source.digest for source in SOURCES[name]}) == count
        assert all(len(source.digest) == 64 and source.address.startswith("http") for source in SOURCES[name])


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".ppm", ".webp"])
def test_colours_are_kept(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(COLOUR).save(path, **({"lossless": True} if suffix == ".webp" else {}))
    assert (read_photograph(path) == COLOUR).all()


def test_grey_palette_and_opaque_alpha(tmp_path):
    opaque = np.dstack([COLOUR, np.full((5, 7), 255, np.uint8)])
    kinds = {"L": Image.fromarray(GREY), "RGBA": Image.fromarray(opaque), "P": Image.fromarray(GREY // 64).convert("P")}
    kinds["LA"] = kinds["L"].convert("LA")
    for mode, picture in kinds.items():
        picture.save(tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as again:
            assert again.mode == mode
        wanted = {"RGBA": COLOUR, "P": (GREY // 64)[..., None]}.get(mode, GREY[..., None])
        assert (read_photograph(tmp_path / "a.png") == wanted).all()


def test_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=exif)
    assert (read_photograph(tmp_path / "a.png") == np.rot90(COLOUR, -1)).all()


def refused_files(folder):
    half = np.dstack([COLOUR, np.full((5, 7), 128, np.uint8)])
    Image.fromarray(half).save(folder / "transparent.png")
    palette = Image.fromarray(GREY // 64).convert("P")
    palette.save(folder / "transparent-palette.png", transparency=0)
    Image.fromarray(GREY.astype(np.uint16) * 256).save(folder / "more than eight bits-grey.png")
    Image.fromarray(GREY.astype(np.uint16)).save(folder / "more than eight bits-grey.tif")
    Image.fromarray(GREY.astype(np.float32)).save(folder / "more than eight bits-float.tif")
    (folder / "more than eight bits-rgb.png").write_bytes(png16())
    (folder / "more than eight bits-rgb.ppm").write_bytes(b"P6 2 1 65535\n" + bytes(12))
    Image.fromarray(COLOUR).convert("CMYK").save(folder / "not grey or RGB.jpg")
    Image.fromarray(COLOUR).save(folder / "holds 2 pictures.tif", save_all=True, append_images=[Image.fromarray(COLOUR)])
    put(folder / "cannot be read.png", RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    whole = (folder / "cannot be read.png").read_bytes()
    (folder / "cannot be read.png").write_bytes(whole[: len(whole) // 2])
    (folder / "is no picture.png").write_bytes(b"nothing")
    (folder / "is a folder.png").mkdir()


def png16() -> bytes:
    """One black pixel of RGB, sixteen bits a channel."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(7))) + chunk(b"IEND", b"")


def test_what_cannot_be_had_without_loss_is_refused(tmp_path):
    refused_files(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 12
    for path in files:
        with pytest.raises(InputError, match=path.stem.partition("-")[0]) as caught:
            read_photograph(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="does not exist"):
        read_photograph(tmp_path / "absent.png")


def test_too_large(tmp_path, monkeypatch):
    put(tmp_path / "a.png")
    monkeypatch.setattr("deep.data.picture.LARGEST", 34)
    with pytest.raises(InputError, match="7 x 5 pixels"):
        read_photograph(tmp_path / "a.png")


def test_written_pictures_come_back(tmp_path):
    for pixels, mode in ((COLOUR, "RGB"), (np.repeat(GREY[..., None], 3, 2), "L")):
        path = write_photograph(tmp_path / "a.png", pixels)
        assert (read_photograph(path) == pixels).all()
        with Image.open(path) as picture:
            assert picture.mode == mode
    for name, pixels in (("a.jpg", COLOUR), ("b.png", GREY), ("b.png", COLOUR.astype(float)), ("b.png", COLOUR[:0])):
        with pytest.raises(InputError):
            write_photograph(tmp_path / name, pixels)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_noise_is_that_of_its_seed_and_index():
    clean = np.full((200, 200, 3), 128, np.uint8)
    made = noisy(clean, 25.0, 1, 3)
    assert made.dtype == np.uint8
    assert (made == noisy(clean, 25.0, 1, 3)).all()
    assert made[0, :4, 0].tolist() == np.rint(128 + 25 * np.random.default_rng([1, 3]).standard_normal(12)[::3]).tolist()
    assert (made != noisy(clean, 25.0, 1, 4)).any()
    assert (made != noisy(clean, 25.0, 2, 3)).any()
    difference = made.astype(float) - 128
    assert abs(difference.mean()) < 0.3
    assert abs(difference.std() - 25) < 0.3
    assert (noisy(clean, 0.0) == clean).all()
    assert noisy(np.zeros((50, 50, 3), np.uint8), 25.0).min() == 0
    for bad in ({"sigma": -1.0}, {"sigma": float("inf")}, {"sigma": 1.0, "seed": -1}, {"sigma": 1.0, "index": -1}):
        with pytest.raises(InputError):
            noisy(clean, **bad)
    with pytest.raises(InputError):
        noisy(clean.astype(float), 1.0)
