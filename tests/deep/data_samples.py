"""Small files in the public formats of the data sets, written as their makers wrote them."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np

RNG = np.random.default_rng(0)


def idx(values: np.ndarray) -> bytes:
    return bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.astype(np.uint8).tobytes()


def mnist(folder: Path, packed: bool = True, train: int = 5, test: int = 3) -> dict[str, np.ndarray]:
    """The four idx files; their images by split."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for part, stem, count in (("train", "train", train), ("test", "t10k", test)):
        made[part] = RNG.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        for name, values in ((f"{stem}-images-idx3-ubyte", made[part]), (f"{stem}-labels-idx1-ubyte", np.arange(count))):
            data = idx(values)
            (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(data) if packed else data)
    return made


def python2_batch(images: np.ndarray, labels: list[int]) -> bytes:
    """A batch as Python 2 and NumPy 1 pickled it in 2009: strings of bytes, protocol 2."""
    flat = images.reshape(len(images), -1)
    return b"".join(
        (
            b"\x80\x02}(U\x06labels](" + b"".join(b"K" + bytes((v,)) for v in labels) + b"e",
            b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01",
            b"K" + bytes((len(flat),)) + b"M" + struct.pack("<H", flat.shape[1]) + b"\x86",
            b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb",
            b"\x89T" + struct.pack("<i", flat.size) + flat.tobytes() + b"tbu.",
        )
    )


def cifar10(folder: Path, archive: bool = False) -> np.ndarray:
    """Six batches of two images, in a folder or in the tar.gz; the images in order, the last two for testing."""
    folder.mkdir(parents=True, exist_ok=True)
    images = RNG.integers(0, 256, (6, 2, 3, 32, 32), dtype=np.uint8)
    names = [f"cifar-10-batches-py/{n}" for n in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")]
    batches = {n: python2_batch(i, [3, 9]) for n, i in zip(names, images, strict=True)}
    if archive:
        with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as tar:
            for name, data in batches.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    else:
        (folder / "cifar-10-batches-py").mkdir()
        for name, data in batches.items():
            (folder / name).write_bytes(data)
    return images.reshape(12, 3, 32, 32)


def jpeg(grey: int, mode: str = "RGB", side: int = 64) -> bytes:
    """A picture of one grey."""
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.full((side, side) + (3,) * (mode == "RGB"), grey, dtype=np.uint8)).save(held, "JPEG")
    return held.getvalue()


def tiny_imagenet(official: bool) -> dict[str, bytes]:
    """Files of two classes, as the official set or as a part of it: 3 pictures for training (one grey), 2 for testing."""
    inner = "images/" * official
    files = {
        f"train/n02/{inner}n02_0.JPEG": jpeg(20),
        f"train/n01/{inner}n01_0.JPEG": jpeg(10, "L"),
        f"train/n01/{inner}n01_1.JPEG": jpeg(11),
    }
    if not official:
        return files | {"val/n02/n02_5.JPEG": jpeg(22), "val/n01/n01_5.JPEG": jpeg(12)}
    return files | {
        "train/n01/n01_boxes.txt": b"n01_0.JPEG\t0\t0\t9\t9\n",
        "val/images/val_0.JPEG": jpeg(22),
        "val/images/val_1.JPEG": jpeg(12),
        "val/val_annotations.txt": b"val_0.JPEG\tn02\t0\t0\t9\t9\nval_1.JPEG\tn01\t0\t0\t9\t9\n",
        "test/images/test_0.JPEG": jpeg(99),
        "wnids.txt": b"n02\nn01\n",
    }


def zipped(path: Path, files: dict[str, bytes], top: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)


def unzipped(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def png_strip(path: Path, images: np.ndarray) -> None:
    """Images (N, 3, H, W) as one tall PNG."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(images.transpose(0, 2, 3, 1).reshape(-1, images.shape[-1], 3)).save(path)
