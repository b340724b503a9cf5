"""The learned peers: crops, a training that is killed and resumed, and what a few steps can show."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from deep.baselines import decompress_training, ot_training  # noqa: E402
from deep.baselines.decompress import DeCompress  # noqa: E402
from deep.baselines.decompress_codec import PatchCodec, compress, decompress  # noqa: E402
from deep.baselines.decompress_training import CodecSettings, CodecTraining  # noqa: E402
from deep.baselines.fitting import fit  # noqa: E402
from deep.baselines.ot_denoising import OTDenoising, _in_strips  # noqa: E402
from deep.baselines.ot_networks import Denoiser, PatchCritic  # noqa: E402
from deep.baselines.ot_training import OTSettings, OTTraining  # noqa: E402
from deep.baselines.patches import crops, to_bytes, to_tensor  # noqa: E402
from deep.data.noise import noisy  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

OT = OTSettings(steps=6, warm_steps=2, critic_steps=1, batch=2, side=8)
CODEC = CodecSettings(steps=6, batch=64)


def photographs(count: int, seed: int = 0) -> list[np.ndarray]:
    """Smooth pictures of several sizes."""
    y, x = np.mgrid[:48, :56]
    made = []
    for i in range(count):
        phase = np.random.default_rng([seed, i]).uniform(0, 6, 3)
        waves = 127 + 80 * np.sin((x[..., None] * np.cos(phase) + y[..., None] * np.sin(phase)) / 5.0 + phase)
        made.append(waves.astype(np.uint8)[: 48 - i, : 56 - 2 * i])
    return made


def noisy_files(count: int = 3) -> list[np.ndarray]:
    return [noisy(p, 25.0, 2, i) for i, p in enumerate(photographs(count))]


def training(kind: str):
    return OTTraining(noisy_files(), photographs(3, 1), OT) if kind == "ot" else CodecTraining(noisy_files(), CODEC)


def settings(kind: str) -> dict:
    return asdict(OT if kind == "ot" else CODEC)


# Crops


def test_crops_are_a_function_of_seed_and_step_and_parts_of_the_photographs():
    one = photographs(1)
    first, again, other = (crops(one, 5, 16, seed=0, step=s) for s in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (5, 3, 16, 16)
    windows = (
        np.lib.stride_tricks.sliding_window_view(one[0], (16, 16), axis=(0, 1)).transpose(0, 1, 3, 4, 2).reshape(-1, 16, 16, 3)
    )
    known = {w.tobytes() for w in windows}
    for crop in first:
        pixels = to_bytes(crop[None])
        turns = [np.rot90(m, k) for m in (pixels, pixels[:, ::-1]) for k in range(4)]
        assert any(np.ascontiguousarray(t).tobytes() in known for t in turns)
    with pytest.raises(InputError, match="side"):
        crops(one, 1, 49, seed=0, step=0)


def test_bytes_and_tensors():
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    assert np.array_equal(to_bytes(to_tensor(image)), image)


# Resuming


@pytest.mark.parametrize("kind", ["ot", "codec"])
def test_a_resumed_training_gives_the_same_result(kind, tmp_path):
    whole, broken = training(kind), training(kind)
    fit(whole, tmp_path / "whole", settings(kind), log_every=1, checkpoint_every=2)
    fit(broken, tmp_path / "broken", settings(kind), log_every=1, checkpoint_every=2, until=5)  # killed after a checkpoint
    resumed = training(kind)
    fit(resumed, tmp_path / "broken", settings(kind), log_every=1, checkpoint_every=2)
    network = "averaged" if kind == "ot" else "codec"
    for name, value in getattr(whole, network).state_dict().items():
        assert torch.equal(value, getattr(resumed, network).state_dict()[name]), name
    logs = [[json.loads(line) for line in (tmp_path / f / "log.jsonl").read_text().splitlines()] for f in ("whole", "broken")]
    assert [[(e["step"]) for e in log] for log in logs] == [[1, 2, 3, 4, 5, 6]] * 2
    assert all(np.isfinite(list(e.values())).all() for e in logs[0])


def test_other_settings_are_refused(tmp_path):
    fit(training("codec"), tmp_path, settings("codec"), until=1)
    with pytest.raises(InputError, match="slope"):
        fit(training("codec"), tmp_path, {**settings("codec"), "slope": 2.0})
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        fit(training("codec"), tmp_path, settings("codec"))


# OTDenoising


@pytest.mark.parametrize("size", [(2, 2), (7, 10), (16, 13)])
def test_the_denoiser_starts_as_the_identity_at_any_size(size):
    x = torch.rand(1, 3, *size)
    assert torch.allclose(Denoiser()(x), x, atol=1e-6)


def test_strips_do_not_show():
    torch.manual_seed(0)
    network = Denoiser()
    torch.nn.init.normal_(network.tail.weight, std=0.05)
    image = np.random.default_rng(0).integers(0, 256, (75, 20, 3), dtype=np.uint8)
    with torch.inference_mode():
        whole, parts = to_bytes(network(to_tensor(image))), _in_strips(network, image, 26)
    assert np.abs(whole.astype(int) - image).max() > 5
    assert np.abs(whole.astype(int) - parts).max() <= 1  # a value halfway may be rounded either way


def test_the_warm_start_denoises_without_clean_images():
    few = OTSettings(steps=40, warm_steps=40, batch=4, side=24)
    made = OTTraining(noisy_files(), [], few)
    for k in range(40):
        made.step(k)
    clean = photographs(3, 5)[2]
    given = noisy(clean, 25.0, 1, 0)
    left = np.mean((to_bytes(made.averaged(to_tensor(given))).astype(float) - clean) ** 2)
    assert left < 0.9 * np.mean((given.astype(float) - clean) ** 2)


def test_the_critic_scores_patches_of_any_size():
    critic = PatchCritic()
    assert critic(torch.rand(3, 3, 16, 16)).shape == critic(torch.rand(3, 3, 24, 32)).shape == (3,)


# DeCompress


def test_the_codec_starts_as_the_karhunen_loeve_transform():
    made = CodecTraining(noisy_files(), CODEC)
    patches = made.patches(200, 0)
    codec = made.codec
    with torch.no_grad():
        kept = codec.decoder(codec.encoder(patches))
    basis = torch.linalg.svd(codec.decoder.linear.weight, full_matrices=False)[0]
    centred = patches - codec.decoder.linear.bias
    assert torch.allclose(kept - codec.decoder.linear.bias, centred @ basis @ basis.T, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (3, 20), (17, 25), (16, 24)])
@pytest.mark.parametrize("stride", [4, 8])
def test_files_decode_to_the_mean_of_the_tilings(size, stride):
    codec = CodecTraining(noisy_files(), CODEC).codec
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    with torch.inference_mode():
        tables = codec.entropy_model.tables(1)
        decoded = decompress(codec, tables, compress(codec, tables, image, stride), stride)
    assert decoded.shape == image.shape


def test_a_lossless_codec_gives_the_image_back():
    # Any place of a patch that were off by a pixel would show.
    codec = PatchCodec()
    image = photographs(1)[0][:21, :30]
    import deep.baselines.decompress_codec as module

    class Identity(torch.nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, x):
            return x * self.factor

    codec.encoder, codec.decoder = Identity(510.0), Identity(1.0 / 510.0)
    tables = flat_tables(192)
    before, module.LATENT = module.LATENT, 192
    try:
        with torch.inference_mode():
            assert np.array_equal(decompress(codec, tables, compress(codec, tables, image, 2), 2), image)
    finally:
        module.LATENT = before


def flat_tables(count: int):
    from deep.tables import quantised_tables

    return quantised_tables(np.ones((count, 513)), np.full(count, -256))


def test_damaged_files_are_refused():
    codec = CodecTraining(noisy_files(), CODEC).codec
    with torch.inference_mode():
        tables = codec.entropy_model.tables(1)
        file = compress(codec, tables, photographs(1)[0], 8)
        for damaged in (file[:5], file + b"\1"):
            with pytest.raises(InputError):
                decompress(codec, tables, damaged, 8)


# The peers and their training's command lines


@pytest.mark.parametrize("kind", ["ot", "codec"])
def test_train_saves_weights_that_the_peer_restores_with(kind, tmp_path, monkeypatch):
    module = ot_training if kind == "ot" else decompress_training
    for name in ("noisy_half", "noisy_all"):
        monkeypatch.setattr(module, name, lambda sigma: noisy_files(), raising=False)
    monkeypatch.setattr(module, "clean_half", lambda: photographs(3, 1), raising=False)
    module.train(tmp_path / "run", OT if kind == "ot" else CODEC, save=True, folder=tmp_path)
    made = OTDenoising(folder=tmp_path) if kind == "ot" else DeCompress(folder=tmp_path, stride=4)
    given = noisy_files()[2][:23, :31]
    restored = made.restore(given, 25.0)
    assert restored.image.shape == given.shape
    assert restored.image.dtype == np.uint8
    assert np.array_equal(restored.image, made.restore(given, 25.0).image)
    assert (restored.bits is None) == (kind == "ot")
    assert len(made.fingerprint()) == 16
    with pytest.raises(InputError, match=r"sigma = 25"):
        made.restore(given, 10.0)
