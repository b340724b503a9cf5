"""Peers without training: JPEG 2000's real bits, BM3D, the registry and the weights' checks."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from deep.baselines import PEERS, peer
from deep.baselines.bm3d_denoiser import BM3D
from deep.baselines.jpeg2000 import BEST_RATIOS, JPEG2000, best_ratio
from deep.baselines.weights_files import FOLDER, load_weights, save_weights, weights_names
from deep.data.noise import noisy
from rdcsym.problem import InputError

torch = pytest.importorskip("torch")


def photograph(height: int, width: int, grey: bool = False) -> np.ndarray:
    """A smooth picture with an edge, uint8 (H, W, 3)."""
    y, x = np.mgrid[:height, :width]
    channels = [127 + 90 * np.sin((x + 2 * y) / (9.0 + 3 * c)) * (1 if (grey or c < 2) else -1) for c in range(3)]
    picture = np.stack([channels[0]] * 3 if grey else channels, axis=-1)
    picture[height // 2 :] *= 0.6
    return np.clip(picture, 0, 255).astype(np.uint8)


def error(image: np.ndarray, clean: np.ndarray) -> float:
    return float(np.mean((image.astype(float) - clean) ** 2))


# JPEG 2000


def test_jpeg2000_bits_are_the_files_and_less_noise_is_left():
    pillow = pytest.importorskip("PIL.Image")
    clean = photograph(97, 131)
    given = noisy(clean, 25.0, 1, 0)
    restored = JPEG2000(ratio=20.0).restore(given, 25.0)
    file = io.BytesIO()
    pillow.fromarray(given).save(
        file, format="JPEG2000", quality_mode="rates", quality_layers=[20.0], irreversible=True, mct=1, num_resolutions=6
    )
    assert restored.bits == 8 * len(file.getvalue())
    assert restored.bits <= 97 * 131 * 24 / 20.0 * 1.1
    assert error(restored.image, clean) < 0.5 * error(given, clean)
    assert restored.image.shape == clean.shape
    assert restored.image.dtype == np.uint8


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (33, 47)])
def test_jpeg2000_takes_any_size(size):
    pytest.importorskip("PIL")
    assert JPEG2000().restore(photograph(*size), 25.0).image.shape == (*size, 3)


def test_jpeg2000_rates_and_decibels():
    pytest.importorskip("PIL")
    given = noisy(photograph(64, 64), 25.0, 1, 0)
    coarse, fine = (JPEG2000(decibels=d).restore(given, 25.0) for d in (22.0, 40.0))
    assert coarse.bits < fine.bits
    assert error(fine.image, given) < error(coarse.image, given)
    assert best_ratio(25.0) == pytest.approx(BEST_RATIOS[25.0])
    assert BEST_RATIOS[15.0] < best_ratio(20.0) < BEST_RATIOS[25.0]
    assert JPEG2000(ratio=20.0).fingerprint() != JPEG2000().fingerprint() == JPEG2000().fingerprint()
    for bad in (JPEG2000(ratio=20.0, decibels=30.0), JPEG2000(ratio=0.5), JPEG2000(decibels=-1.0)):
        with pytest.raises(InputError):
            bad.restore(given, 25.0)


def test_grey_stays_nearly_grey():
    pytest.importorskip("PIL")
    image = JPEG2000(ratio=10.0).restore(photograph(64, 80, grey=True), 10.0).image.astype(int)
    assert np.abs(image - image[..., :1]).max() <= 2


# BM3D


@pytest.mark.slow  # the package takes 10 s even for this
def test_bm3d_denoises_an_odd_size():
    pytest.importorskip("bm3d")
    clean = photograph(25, 31)
    given = noisy(clean, 25.0, 1, 0)
    restored = BM3D().restore(given, 25.0)
    assert restored.bits is None
    assert restored.decode_seconds is None
    assert restored.image.shape == clean.shape
    assert error(restored.image, clean) < 0.4 * error(given, clean)
    assert len(BM3D().fingerprint()) == 16
    with pytest.raises(InputError, match="block of 8"):
        BM3D().restore(given[:7], 25.0)


def test_a_missing_package_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "bm3d", None)
    with pytest.raises(InputError, match="pip install"):
        BM3D().restore(photograph(16, 16), 25.0)


# The registry


def test_registry():
    assert {peer(name).name for name in PEERS} == {"JPEG-2K", "BM3D", "DeCompress", "OTDenoising"}
    with pytest.raises(InputError, match="did you mean bm3d"):
        peer("bm3")


@pytest.mark.parametrize("image", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_photograph_is_refused(image):
    for name in PEERS:
        with pytest.raises(InputError):
            peer(name).restore(image, 25.0)


@pytest.mark.parametrize("sigma", [0.0, -1.0, 256.0, float("nan")])
def test_what_is_no_noise_level_is_refused(sigma):
    for name in PEERS:
        with pytest.raises(InputError, match="sigma"):
            peer(name).restore(photograph(16, 16), sigma)


# The weights


def test_weights_come_back_as_halves_and_are_checked(tmp_path):
    value = torch.tensor([1.0, 1.0 / 3.0])
    path = save_weights("a", {"w": value}, {"settings": {"sigma": 25.0}}, tmp_path)
    held = load_weights("a", tmp_path)
    assert held.settings == {"sigma": 25.0}
    assert torch.equal(held.tensors["w"], value.half().float())
    assert weights_names(tmp_path) == ["a"]
    with pytest.raises(InputError, match="not among"):
        load_weights("b", tmp_path)
    save_weights("c", {"w": value}, {"settings": {}}, tmp_path)
    assert weights_names(tmp_path) == ["a", "c"]
    (tmp_path / "c.pt").write_bytes(path.read_bytes() + b"x")
    with pytest.raises(InputError, match="sha256"):
        load_weights("c", tmp_path)
    (tmp_path / "c.pt").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        load_weights("c", tmp_path)


def test_packaged_weights_are_whole_and_small():
    index = json.loads((FOLDER / "weights.json").read_text())
    assert {p.stem for p in FOLDER.glob("*.pt")} == set(index) == set(weights_names())
    for name, entry in index.items():
        assert load_weights(name).sha256 == entry["sha256"]
        assert entry["bytes"] == (FOLDER / f"{name}.pt").stat().st_size < 2_000_000
        assert {"settings", "machine"} <= set(entry)
