"""LPIPS and DISTS against their authors' programs with the same weights; weights that are missing or damaged."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from metric_samples import ALEX, DATA, DISTS, NIQE, SQUEEZE, VGG, needs_weights, pair

from deep.metrics import METRICS, NoValueError, dists, lpips, measure_all
from deep.metrics import learned_patches as patches
from rdcsym.problem import InputError

# lpips 0.1.4 (spatial=False, inputs in [-1, 1]) and DISTS_pytorch 0.1 (no resizing) on CPU in float32, run apart from this project
# on layers of torchvision's definitions with the weights of RDCSYM_DATA. Sides of 97 and 131 leave a rest at every pooling.
REFERENCE = {"alex": 0.13134878873825073, "vgg": 0.28079700469970703, "squeeze": 0.17649906873703003}
DISTS_REFERENCE = 0.2053278088569641
TOLERANCE = 1e-5  # the two agree to 2e-7 on one machine


@pytest.mark.parametrize(
    "network", [pytest.param(n, marks=needs_weights(f)) for n, f in (("alex", ALEX), ("vgg", VGG), ("squeeze", SQUEEZE))]
)
def test_lpips_is_its_authors(network):
    restored, clean = pair(97, 131)
    found = lpips(restored, clean, network=network)
    assert found == pytest.approx(REFERENCE[network], abs=TOLERANCE)
    assert lpips(clean, restored, network=network) == pytest.approx(found, abs=1e-7)  # whichever of the two is remembered
    assert lpips(clean, clean, network=network) == 0.0


@needs_weights(VGG, DISTS)
def test_dists_is_its_authors():
    restored, clean = pair(97, 131)
    assert dists(restored, clean) == pytest.approx(DISTS_REFERENCE, abs=TOLERANCE)
    assert dists(restored, clean, short_side=100) == dists(restored, clean)  # no larger than that already
    assert dists(clean, clean) == pytest.approx(0.0, abs=1e-6)


@needs_weights(VGG, DISTS)
@pytest.mark.skipif(importlib.util.find_spec("PIL") is None, reason="Pillow is not installed")
def test_dists_of_shrunk_photographs():
    blocks = np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
    large = np.repeat(np.repeat(blocks, 3, axis=1), 3, axis=2)
    assert dists(*large, short_side=20) != dists(*large)
    assert dists(*large, short_side=20) == pytest.approx(dists(*blocks), rel=0.25)  # shrinking blurs the blocks a little


@needs_weights(ALEX, SQUEEZE)
def test_the_least_photographs():
    for network, side in (("alex", 31), ("squeeze", 17)):
        least = pair(side, side)
        assert 0 < lpips(*least, network=network) < 1
        with pytest.raises(InputError, match="too small"):
            lpips(*(p[1:] for p in least), network=network)


@needs_weights(ALEX)
def test_the_clean_photograph_is_seen_once(monkeypatch):
    restored, clean = pair(40, 40, seed=3)
    seen: list[object] = []
    extract, *others = patches._NETWORKS["alex"]
    monkeypatch.setitem(patches._NETWORKS, "alex", (lambda x, p: seen.append(x) or extract(x, p), *others))
    first = lpips(restored, clean)
    assert (lpips(restored, clean.copy()), len(seen)) == (first, 3)
    clean[0, 0, 0] ^= 64  # changed in place: other bytes, other features
    assert lpips(restored, clean) != first
    assert len(seen) == 5


def test_an_unknown_network_or_metric_is_named():
    restored, clean = pair(40, 40)
    with pytest.raises(InputError, match="did you mean squeeze"):
        lpips(restored, clean, network="squeezenet")
    with pytest.raises(InputError, match="did you mean psnr"):
        measure_all(restored, clean, ["psn"])


def test_missing_weights_are_a_hole(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    restored, clean = pair(96, 192)
    found = measure_all(restored, clean)
    assert list(found) == list(METRICS)
    assert {name for name, value in found.items() if value is not None} == {"psnr", "ssim"}
    for name in ("lpips_alex", "lpips_vgg", "lpips_squeeze", "dists", "niqe"):
        with pytest.raises(NoValueError, match=r"metrics/.* is not in RDCSYM_DATA"):
            METRICS[name](restored, clean)


def test_damaged_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    restored, clean = pair(96, 192)
    for name in (ALEX, VGG, DISTS, NIQE):
        (tmp_path / "metrics" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "metrics" / name).write_bytes(b"PK\x03\x04 cut short")
    np.savez(tmp_path / "metrics" / SQUEEZE, other=np.zeros(3))
    for name, metric in METRICS.items():
        if name in ("psnr", "ssim"):
            continue
        with pytest.raises(InputError, match=r"no whole|lacks the array") as caught:
            metric(restored, clean)
        assert not isinstance(caught.value, NoValueError)
        assert "\n" not in str(caught.value)


@needs_weights(VGG)
def test_half_of_the_weights_is_enough_for_half_of_the_metrics(tmp_path, monkeypatch):
    (tmp_path / "metrics").mkdir()
    shutil.copy(Path(DATA) / "metrics" / VGG, tmp_path / "metrics")
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path))
    found = measure_all(*pair(97, 131), ["lpips_vgg", "dists"])
    assert found == {"lpips_vgg": pytest.approx(REFERENCE["vgg"], abs=TOLERANCE), "dists": None}
