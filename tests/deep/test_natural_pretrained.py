"""The model that comes with the package: it is whole, it denoises, and its files are readable."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.data.noise import noisy  # noqa: E402
from deep.natural import pretrained as module  # noqa: E402
from deep.natural.coding import compress_photograph, decompress_photograph  # noqa: E402
from deep.natural.pretrained import pretrained, pretrained_names  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402


def scene(side: int = 96) -> np.ndarray:
    """A grey ramp, a disc and stripes in colour: uint8 (side, side, 3)."""
    rows, columns = np.mgrid[:side, :side]
    disc = ((rows - side / 2) ** 2 + (columns - side / 3) ** 2 < (side / 4) ** 2)[..., None] * np.array([90, -40, 20])
    stripes = (np.sin(columns / 6.0) * 25)[..., None] * np.array([0.2, 0.6, 1.0])
    return np.clip(60 + rows[..., None] + disc + stripes, 0, 255).astype(np.uint8)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((one.astype(float) - other) ** 2) / 255**2))


def test_it_denoises_and_compresses():
    assert "natural" in pretrained_names()
    model, clean = pretrained("natural"), scene()
    seen = noisy(clean, 25.0, 1, 0)
    errors, sizes = [], []
    for quality in (0.0, 2.0, 5.0):
        file = compress_photograph(model, seen, quality=quality, sigma=25.0, realism=0.0)
        assert file.restored is not None
        np.testing.assert_array_equal(file.restored, decompress_photograph(model, file.data, realism=0.0))
        errors.append(psnr(file.restored, clean))
        sizes.append(len(file.data))
    assert sizes == sorted(sizes)
    assert errors[-1] > psnr(seen, clean) + 6.0  # of some 20 dB: most of the noise is gone
    assert errors[-1] > errors[0]


def test_a_damaged_model_is_refused(tmp_path, monkeypatch):
    data = bytearray((module.FOLDER / "natural.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "natural.npz").write_bytes(bytes(data))
    (tmp_path / "sha256.json").write_text(module.DIGESTS.read_text())
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="damaged"):
        pretrained("natural")


def test_an_unknown_model_is_named():
    with pytest.raises(InputError, match="naturel"):
        pretrained("naturel")
