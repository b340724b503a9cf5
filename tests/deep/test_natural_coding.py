"""Files of photographs: what goes in comes out, at the cost that the tables say; damage and strangers are refused."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from natural_samples import model_of, photograph  # noqa: E402

from deep.bitstream import OVERHEAD  # noqa: E402
from deep.natural import tiles  # noqa: E402
from deep.natural.coding import compress_photograph, decompress_photograph  # noqa: E402
from deep.natural.context import bits, parity, slices  # noqa: E402
from deep.natural.exact import FRACTIONS  # noqa: E402
from deep.natural.symbols import MapCoder, exact_stages  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

MODES = ["common", "deterministic"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("height", "width", "grey"), [(40, 56, False), (33, 17, False), (1, 1, False), (24, 9, True)])
def test_a_file_restores_what_the_encoder_promised(mode, height, width, grey):
    model, picture = model_of(mode), photograph(height, width, grey=grey)
    file = compress_photograph(model, picture, quality=1.3, sigma=10.0, seed=7, realism=0.5)
    restored = decompress_photograph(model, file.data, realism=0.5)
    assert restored.shape == picture.shape
    assert restored.dtype == np.uint8
    np.testing.assert_array_equal(restored, file.restored)
    assert bool((restored == restored[..., :1]).all()) or not grey


@pytest.mark.parametrize("mode", MODES)
def test_the_quantizer_is_within_half_a_step_and_its_error_is_the_dithers(mode):
    model = model_of(mode)
    z = tiles.analyse(model.codec, photograph(120, 96), 1.0, 10.0)
    values = MapCoder(model, *z.shape[1:], 16, 3).encode(z)[1]
    error = values - z
    assert np.abs(error).max() <= 0.5 + 1e-5
    if mode == "common":  # uniform and independent of z, as Schuchman's condition says
        assert abs(float(error.std()) - (1 / 12) ** 0.5) < 0.01
        assert abs(np.corrcoef(error.ravel(), z.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("mode", MODES)
def test_the_payload_costs_what_the_exact_densities_say(mode):
    model = model_of(mode)
    z = tiles.analyse(model.codec, photograph(160, 160), 2.0, 10.0)
    payload, values = MapCoder(model, *z.shape[1:], 32, 3).encode(z)
    known = torch.from_numpy(values.astype(np.float64) * 32)
    odd = parity(*z.shape[1:])
    total = 0.0
    for number, (first, last) in enumerate(slices(len(z))):
        for half, here in enumerate((~odd, odd)):
            stage = exact_stages(model)[2 * number + half]
            told = known[: stage.seen].clone()
            told[first:, odd] = 0.0
            mean, scale = stage(told if stage.seen else None, 32, *z.shape[1:])
            centred = torch.from_numpy(values[first:last]).double() - mean / FRACTIONS
            total += float(bits(centred, scale.double()).clamp(max=24.0)[:, here].sum())  # 24: of a table's rarest symbol
    assert 8 * len(payload) == pytest.approx(total, rel=2e-3)


def test_the_training_rate_is_near_the_files():
    model = model_of()
    z = tiles.analyse(model.codec, photograph(160, 160), 2.0, 10.0)
    payload, values = MapCoder(model, *z.shape[1:], 32, 3).encode(z)
    with torch.inference_mode():
        estimate = float(model.codec.context(torch.from_numpy(values)[None], model.codec.shares(torch.tensor([2.0]))))
    assert 8 * len(payload) == pytest.approx(estimate, rel=0.03)


def test_symbols_beyond_the_tables_are_clamped_not_refused():
    model = model_of()
    z = np.full((model.codec.latent, 3, 4), 1e7, dtype=np.float32)
    coder = MapCoder(model, 3, 4, 0, 0)
    payload, values = coder.encode(z)
    np.testing.assert_array_equal(coder.decode(payload), values)


def test_what_the_context_did_not_expect_keeps_its_value():
    model = model_of()
    z = np.zeros((model.codec.latent, 6, 6), dtype=np.float32)
    z[:, 2, 3], z[:, 3, 3] = 150.0, -150.0  # as in a checkerboard of black and white blocks
    values = MapCoder(model, 6, 6, 0, 0).encode(z)[1]
    assert np.abs(values - z).max() <= 0.5


def test_a_higher_quality_costs_more_bits():
    model, picture = model_of(), photograph(64, 64)
    sizes = [len(compress_photograph(model, picture, quality=q, sigma=0.0).data) for q in (0.0, 0.5, 1.0, 2.0)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)


def test_damage_and_strangers_are_refused():
    model, picture = model_of(), photograph(24, 24)
    data = compress_photograph(model, picture, quality=1.0, sigma=5.0).data
    with pytest.raises(InputError, match="cut short"):
        decompress_photograph(model, data[:-1], "a.rdc")
    for at in (OVERHEAD, len(data) - 1):
        broken = data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]
        with pytest.raises(InputError, match="damaged"):
            decompress_photograph(model, broken, "a.rdc")
    with pytest.raises(InputError, match="was written by model"):
        decompress_photograph(model_of("common", 1), data, "a.rdc")


def test_a_forged_payload_is_an_error_and_never_a_picture():
    from deep.bitstream import pack, unpack

    model = model_of()
    header, payload = unpack(compress_photograph(model, photograph(24, 24), quality=1.0, sigma=5.0).data)
    for forged in (payload + b"\1" * 12, b"", b"\xff" + payload[1:]):
        with pytest.raises(InputError):
            decompress_photograph(model, pack(header, forged), "a.rdc")


def test_a_short_file_that_claims_a_huge_picture_is_refused_before_memory_is_taken():
    from deep.bitstream import Header, pack

    model = model_of()
    header = Header(mode="common", fingerprint=model.fingerprint, seed=0, images=1, channels=3, height=65535, width=10000)
    with pytest.raises(InputError, match="claims 10000 x 65535 pixels"):
        decompress_photograph(model, pack(header, bytes(20)), "a.rdc")


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"quality": 2.01}, "quality"), ({"quality": float("nan")}, "quality"), ({"sigma": -1.0}, "sigma"), ({"sigma": float("nan")}, "sigma"),
     ({"seed": -1}, "seed"), ({"seed": 2**64}, "seed"), ({"realism": 1.5}, "realism")],
)  # fmt: skip
def test_bad_input_names_the_argument(changes, name):
    settings = {"quality": 1.0, "sigma": 5.0, **changes}
    with pytest.raises(InputError, match=name):
        compress_photograph(model_of(), photograph(16, 16), **settings)


@pytest.mark.parametrize(
    "picture",
    [
        np.broadcast_to(np.zeros(3, np.uint8), (9000, 9000, 3)),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 3)),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_no_photograph(picture):
    with pytest.raises(InputError, match="photograph"):
        compress_photograph(model_of(), picture, quality=1.0, sigma=5.0)
