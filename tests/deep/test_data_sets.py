"""Data sets: every public format gives the images that were put in, a broken file one clear line; real sets where they are at hand."""

from __future__ import annotations

import gzip
import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import data_samples as samples
import numpy as np
import pytest

from deep.data import clean_tensor, data_sets, find, load, save
from rdcsym.problem import InputError

ROOT = Path(__file__).parent.parent.parent
REAL = os.environ.get("RDCSYM_DATA", "")
needs_pillow = pytest.mark.skipif(importlib.util.find_spec("PIL") is None, reason="Pillow is not installed")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    return tmp_path


def complaint(name: str) -> str:
    with pytest.raises(InputError) as caught:
        load(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# The embedded digits


def test_digits_are_scikit_learns():
    bunch = pytest.importorskip("sklearn.datasets").load_digits()
    images = load("digits")
    clean = np.concatenate([images.train.clean, images.test.clean])[:, 0]
    assert np.array_equal(clean, np.floor(bunch.images * 255 / 16 + 0.5))
    assert np.array_equal(np.concatenate([images.train.labels, images.test.labels]), bunch.target)


def test_digits_need_no_folder_and_no_scikit_learn(tmp_path):
    program = (
        "import sys; sys.modules['sklearn'] = sys.modules['PIL'] = sys.modules['torch'] = None;"
        "from deep.data import load; i = load('digits');"
        "print(i.train.clean.shape, i.test.clean.shape, i.train.clean.dtype, i.train.labels.dtype, i.classes)"
    )
    environment = {**os.environ, "RDCSYM_DATA": str(tmp_path / "absent"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    assert done.stdout.strip() == "(1437, 1, 8, 8) (360, 1, 8, 8) uint8 int64 10"


# Real sets

EXPECTED = {"mnist": (1, 28, 28), "svhn": (3, 32, 32), "cifar10": (3, 32, 32), "tiny-imagenet": (3, 64, 64)}


@pytest.mark.parametrize("name", ["mnist", "svhn", "cifar10"])
def test_a_real_set(name):
    if not REAL or find(name) is None:
        pytest.skip(f"{name} is not in RDCSYM_DATA")
    images = load(name)
    for split in (images.train, images.test):
        assert split.clean.shape == (len(split.labels), *EXPECTED[name])
        assert split.clean.dtype == np.uint8
        assert split.labels.dtype == np.int64
        assert set(split.labels) == set(range(images.classes)) == set(range(10))
    assert len(images.train) >= 4 * len(images.test) or name == "svhn"
    assert not np.array_equal(images.train.clean[: len(images.test)], images.test.clean)


def test_real_tiny_imagenet():
    if not REAL or find("tiny-imagenet") is None:
        pytest.skip("tiny-imagenet is not in RDCSYM_DATA")
    images = load("tiny-imagenet")
    assert images.train.clean.shape[1:] == images.test.clean.shape[1:] == EXPECTED["tiny-imagenet"]
    assert set(images.train.labels) == set(images.test.labels) == set(range(images.classes))


def test_mnist_is_mnist():
    if not REAL or find("mnist") is None:
        pytest.skip("mnist is not in RDCSYM_DATA")
    images = load("mnist")
    assert images.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert round(float(images.train.clean.mean()) / 255, 4) == 0.1307  # the constant in everybody's normalisation


# Formats


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", ["mnist", "MNIST/raw", "."])
def test_mnist_files(folder, place, packed):
    made = samples.mnist(folder / place, packed)
    images = load("mnist")
    assert np.array_equal(images.train.clean, made["train"][:, None])
    assert np.array_equal(images.test.clean, made["test"][:, None])
    assert images.test.labels.tolist() == [0, 1, 2]


def test_mnist_unpacked_under_a_packed_name(folder):
    made = samples.mnist(folder)
    for path in folder.glob("*.gz"):
        path.write_bytes(gzip.decompress(path.read_bytes()))
    assert np.array_equal(load("mnist").test.clean[:, 0], made["test"])


def _matlab(path: Path, images: np.ndarray, labels: list[int]) -> None:
    from scipy.io import savemat

    path.parent.mkdir(exist_ok=True)
    savemat(path, {"X": images.transpose(2, 3, 1, 0), "y": np.array(labels, dtype=np.uint8)[:, None]}, do_compression=True)


def test_svhn_matlab_files(folder):
    images = samples.RNG.integers(0, 256, (5, 3, 32, 32), dtype=np.uint8)
    _matlab(folder / "svhn" / "train_32x32.mat", images[:3], [1, 10, 9])
    _matlab(folder / "svhn" / "test_32x32.mat", images[3:], [10, 2])
    held = load("svhn")
    assert np.array_equal(np.concatenate([held.train.clean, held.test.clean]), images)
    assert held.train.labels.tolist() == [1, 0, 9]
    assert held.test.labels.tolist() == [0, 2]


@needs_pillow
def test_svhn_strip_is_split_contiguously(folder):
    images = samples.RNG.integers(0, 256, (10, 3, 32, 32), dtype=np.uint8)
    samples.png_strip(folder / "svhn" / "svhn_test_first10000.png", images)
    np.save(folder / "svhn" / "svhn_test_first10000_labels.npy", np.arange(10, dtype=np.uint8))
    held = load("svhn")
    assert np.array_equal(held.train.clean, images[:8])
    assert np.array_equal(held.test.clean, images[8:])
    assert held.test.labels.tolist() == [8, 9]


@pytest.mark.parametrize("archive", [True, False])
def test_cifar10_batches(folder, archive):
    images = samples.cifar10(folder / "cifar10", archive)
    held = load("cifar10")
    assert np.array_equal(held.train.clean, images[:10])
    assert np.array_equal(held.test.clean, images[10:])
    assert held.train.labels.tolist() == [3, 9] * 5


@pytest.mark.parametrize("protocol", range(2, 5))
def test_cifar10_batches_pickled_anew(folder, protocol):
    images = samples.cifar10(folder)
    batch = {"data": images[:2].reshape(2, -1), "labels": [1, 2]}
    (folder / "cifar-10-batches-py" / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=protocol))
    held = load("cifar10")
    assert np.array_equal(held.train.clean, images[:10])
    assert held.train.labels[:3].tolist() == [1, 2, 3]


@needs_pillow
def test_cifar10_strips(folder):
    images = samples.RNG.integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)
    for part, held in (("train_10000", images[:2]), ("test_2000", images[2:])):
        samples.png_strip(folder / "cifar10" / f"cifar10_{part}.png", held)
        np.savez(
            folder / "cifar10" / f"cifar10_{part}_labels.npz", y=np.arange(len(held), dtype=np.uint8), names=np.array([b"a"])
        )
    assert np.array_equal(load("cifar10").train.clean, images[:2])
    assert np.array_equal(load("cifar10").test.clean, images[2:])


@needs_pillow
@pytest.mark.parametrize("official", [True, False])
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_tiny_imagenet(folder, form, official):
    files = samples.tiny_imagenet(official)
    if form == "zip":
        name = "tiny-imagenet-200.zip" if official else "tiny_imagenet_100c.zip"
        samples.zipped(folder / "tiny_imagenet" / name, files, "tiny-imagenet-200/" * official)
    else:
        samples.unzipped(folder / "tiny-imagenet-200", files)
    images = load("tiny-imagenet")
    assert images.train.clean.shape == (3, 3, 64, 64)
    assert images.train.clean[:, :, 5, 5].tolist() == [[v] * 3 for v in (10, 20, 11)]
    assert images.train.labels.tolist() == [0, 1, 0]  # by turns: half of a split must not be half of the classes
    assert images.test.clean[:, 0, 5, 5].tolist() == [12, 22]
    assert images.test.labels.tolist() == [0, 1]


def test_plain_arrays_come_first_and_keep_all(folder):
    samples.mnist(folder)
    images = load("mnist")
    save(images, folder / "mnist.npz")
    for path in folder.glob("*.gz"):
        path.unlink()
    again = load("mnist")
    assert np.array_equal(again.train.clean, images.train.clean)
    assert np.array_equal(again.test.labels, images.test.labels)
    assert (again.classes, again.origin) == (images.classes, images.origin)
    assert [p.name for p in folder.iterdir()] == ["mnist.npz"]


def test_clean_tensor():
    torch = pytest.importorskip("torch")
    clean = clean_tensor(load("digits").test)
    assert clean.dtype == torch.float32
    assert (float(clean.min()), float(clean.max())) == (0.0, 1.0)
    assert clean.shape == (360, 1, 8, 8)


# What can go wrong


def test_an_unknown_name_has_neighbours():
    assert "cifar10" in complaint("cifar-10")


@pytest.mark.parametrize("name", sorted(set(data_sets()) - {"digits"}))
def test_a_missing_set_says_how_to_get_it(folder, name):
    said = complaint(name)
    assert f"rdcsym data {name} --download" in said
    assert "RDCSYM_DATA" in said


def test_the_cache_serves_where_no_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("RDCSYM_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert str(tmp_path / "rdcsym") in complaint("mnist")
    samples.mnist(tmp_path / "rdcsym" / "mnist")
    assert len(load("mnist").train) == 5


def test_a_folder_that_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path / "absent"))
    assert "RDCSYM_DATA" in complaint("mnist")


MNIST_IMAGES = samples.idx(np.zeros((5, 28, 28)))
BROKEN_MNIST = {
    "empty": b"",
    "a header cut short": MNIST_IMAGES[:9],
    "an image cut short": MNIST_IMAGES[:-1],
    "one byte too many": MNIST_IMAGES + b"\0",
    "labels for images": samples.idx(np.zeros(5)),
    "floats": bytes((0, 0, 13, 3)) + MNIST_IMAGES[4:],
    "a gzip cut short": gzip.compress(samples.idx(np.arange(5 * 28 * 28).reshape(5, 28, 28) % 251))[:-20],
    "a gzip with a wrong byte": gzip.compress(MNIST_IMAGES)[:-8] + bytes(8),
    "a page of a website": b"<!DOCTYPE html><html>404</html>",
    "no images": samples.idx(np.zeros((0, 28, 28))),
    "a size beyond all memory": bytes((0, 0, 8, 3)) + b"\xff" * 12 + bytes(9),
    "fewer images than labels": samples.idx(np.zeros((4, 28, 28))),
}


@pytest.mark.parametrize("case", BROKEN_MNIST)
def test_broken_idx_files(folder, case):
    samples.mnist(folder, packed=False)
    (folder / "train-images-idx3-ubyte").write_bytes(BROKEN_MNIST[case])
    said = complaint("mnist")
    assert "train-images-idx3-ubyte" in said
    assert "--download" in said


def test_labels_out_of_range(folder):
    samples.mnist(folder, packed=False)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(samples.idx(np.array([0, 1, 10])))
    assert "0..9" in complaint("mnist")


class Intruder:
    def __reduce__(self):
        return (Path.touch, (Path("intruded"),))


FOREIGN_BATCHES = {
    "a program": pickle.dumps({"data": Intruder(), "labels": [1]}),
    "an array of objects": pickle.dumps({"data": np.array([["a"]], dtype=object), "labels": [1]}, protocol=2),
    "an array of floats": pickle.dumps({"data": np.zeros((1, 3072)), "labels": [1]}, protocol=2),
    "signed bytes": pickle.dumps({"data": np.zeros((1, 3072), dtype=np.int8), "labels": [1]}, protocol=2),
    "no labels": pickle.dumps({"data": np.zeros((1, 3072), dtype=np.uint8)}, protocol=2),
    "two labels for one image": pickle.dumps({"data": np.zeros((1, 3072), dtype=np.uint8), "labels": [1, 2]}, protocol=2),
    "a list": pickle.dumps([1, 2]),
    "a class name": b"cnumpy\nload\n.",
    "images of another size": pickle.dumps({"data": np.zeros((1, 784), dtype=np.uint8), "labels": [1]}, protocol=2),
    "a batch cut short": samples.python2_batch(np.zeros((2, 3, 32, 32), dtype=np.uint8), [1, 2])[:3000],
    "empty": b"",
}


@pytest.mark.parametrize("case", FOREIGN_BATCHES)
def test_foreign_batches_are_refused_and_run_nothing(folder, monkeypatch, case):
    monkeypatch.chdir(folder)
    samples.cifar10(folder)
    (folder / "cifar-10-batches-py" / "data_batch_2").write_bytes(FOREIGN_BATCHES[case])
    assert "data_batch_2" in complaint("cifar10")
    assert not Path("intruded").exists()


def test_an_archive_cut_short(folder):
    samples.cifar10(folder, archive=True)
    path = folder / "cifar-10-python.tar.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    assert path.name in complaint("cifar10")


def test_a_matlab_file_cut_short(folder):
    for part in ("train", "test"):
        _matlab(folder / "svhn" / f"{part}_32x32.mat", samples.RNG.integers(0, 256, (3, 3, 32, 32), dtype=np.uint8), [1, 2, 3])
    path = folder / "svhn" / "train_32x32.mat"
    for data in (path.read_bytes()[:4000], b"", b"MATLAB 5.0"):
        path.write_bytes(data)
        assert path.name in complaint("svhn")


@needs_pillow
def test_a_strip_that_is_none(folder):
    np.save(folder / "svhn_test_first10000_labels.npy", np.arange(2, dtype=np.uint8))
    path = folder / "svhn_test_first10000.png"
    samples.png_strip(path, samples.RNG.integers(0, 256, (2, 3, 32, 32), dtype=np.uint8))
    for data in (path.read_bytes()[:2000], b"", samples.jpeg(7, side=32)):
        path.write_bytes(data)
        assert path.name in complaint("svhn")
    samples.png_strip(path, np.zeros((2, 3, 33, 33), dtype=np.uint8))
    assert path.name in complaint("svhn")


@needs_pillow
def test_a_zip_of_other_things(folder):
    path, part = folder / "tiny-imagenet-200.zip", samples.tiny_imagenet(official=False)
    for files in ({"a.txt": b"hello"}, {**part, "val/n03/n03_0.JPEG": samples.jpeg(1)}, {**part, "train/n01/n01_1.JPEG": b"x"}):
        samples.zipped(path, files)
        assert path.name in complaint("tiny-imagenet")
    path.write_bytes(path.read_bytes()[:500])
    assert path.name in complaint("tiny-imagenet")


def test_pictures_without_pillow(folder, monkeypatch):
    samples.zipped(folder / "tiny-imagenet-200.zip", {})
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert "pip install" in complaint("tiny-imagenet")
