"""Tiles without seams, the exact context model, the tables of scales, the noise estimate."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from natural_samples import config_of, model_of, photograph  # noqa: E402

from deep.natural import estimator, tiles  # noqa: E402
from deep.natural.codec import NaturalCodec  # noqa: E402
from deep.natural.context import BINS, LEAST_SCALE, LOG_STEP, PARITIES, ContextModel, parity, slices  # noqa: E402
from deep.natural.estimator import Estimator  # noqa: E402
from deep.natural.exact import FRACTIONS, UNIT, ExactStage  # noqa: E402
from deep.natural.grain import drawn_grain, grain  # noqa: E402
from deep.natural.networks import Decoder, Encoder, reach, start_linear  # noqa: E402
from deep.natural.noise_level import MOST_SIGMA, estimated_sigma  # noqa: E402
from deep.natural.scale_tables import scale_tables  # noqa: E402
from deep.natural.symbols import exact_stages  # noqa: E402
from deep.tables import TOTAL  # noqa: E402


def test_tiles_give_what_the_whole_photograph_gives():
    codec, picture = model_of().codec, photograph(250, 330)
    whole, tiled = (tiles.analyse(codec, picture, 1.0, 10.0, tile=tile) for tile in (4096, 64))
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-4 * np.abs(whole).max())
    one, many = (tiles.synthesise(codec, whole, (250, 330), 1.0, 1.0, tile=tile) for tile in (4096, 64))
    assert np.abs(one.astype(int) - many).max() <= 1
    assert (one != many).mean() < 0.01


def test_nothing_beyond_the_reach_changes_a_site_and_something_just_within_does():
    sites = 2 * (reach() // 8 + 4)
    for network in (Encoder(2, 2, 1).double(), Decoder(2, 2, 1, grainy=False).double()):
        with torch.no_grad():
            for weights in network.parameters():
                weights.fill_(0.05)  # all positive: no influence cancels
        encodes = isinstance(network, Encoder)
        x = torch.rand((1, 3, 8 * sites, 8) if encodes else (1, 2, sites, 1), dtype=torch.float64, requires_grad=True)
        y = network(x, torch.ones((1, 1), dtype=torch.float64))
        middle = sites // 2 if encodes else 4 * sites
        (seen,) = torch.autograd.grad(y[0, :, middle].sum(), x)
        rows = seen.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
        if encodes:
            above, below = 8 * middle - int(rows[0]), int(rows[-1]) - (8 * middle + 7)
        else:
            above, below = middle - 8 * int(rows[0]), 8 * int(rows[-1]) + 7 - middle
        assert max(above, below) <= tiles.MARGIN
        assert max(above, below) > reach() - 20


def test_an_estimate_sees_as_far_as_its_reach_and_no_further():
    network = Estimator(2, 2).double()
    torch.manual_seed(0)
    with torch.no_grad():  # positive, and not all the same: the refiner sees differences, in which equal parts would cancel
        for weights in network.parameters():
            weights.uniform_(0.02, 0.08)
    x = torch.rand((1, 3, 8, 16 * (estimator.reach() // 8 + 4)), dtype=torch.float64, requires_grad=True)
    middle = x.shape[3] // 2
    y = network(x, torch.full((1,), 25.0, dtype=torch.float64))
    (seen,) = torch.autograd.grad(y[0, :, :, middle : middle + 8].sum(), x)
    columns = seen.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
    far = max(middle - int(columns[0]), int(columns[-1]) - middle - 7)
    assert estimator.reach() - 8 < far <= estimator.reach() <= tiles.WIDE


def test_a_refiner_begins_with_nothing_and_then_sees_both_photograph_and_estimate():
    x, sigma = torch.rand((1, 3, 16, 16)), torch.tensor([25.0])
    torch.manual_seed(1)
    network = Estimator(4, 6)
    plain = Estimator(4)
    plain.load_state_dict({n: v for n, v in network.state_dict().items() if not n.startswith("refiner.")})
    assert torch.equal(network(x, sigma), plain(x, sigma))
    torch.nn.init.normal_(network.refiner.layers[-1].weight)
    first, condition = plain(x, sigma), torch.ones(1, 1)
    lacks = network.refiner(x, first, condition)
    assert torch.allclose(network(x, sigma), first + lacks, atol=1e-5)
    for other in (
        network.refiner(x + 0.1, first, condition),
        network.refiner(x, first + 0.1, condition),
        network.refiner(x, first, 0 * condition),
    ):
        assert not torch.allclose(other, lacks)


def test_without_noise_an_estimate_is_the_photograph_itself():
    x = torch.rand((2, 3, 16, 16))
    network = Estimator(4, 4)
    assert torch.equal(network(x, torch.zeros(2)), x)
    assert not torch.equal(network(x, torch.ones(2)), x)


def test_grain_is_standard_noise_the_same_in_every_tile_and_another_for_every_seed():
    whole = grain(7, (0, 40), (0, 36))
    assert whole.shape == (3, 320, 288)
    assert abs(float(whole.mean())) < 4 / np.sqrt(whole.size)
    assert float(whole.std()) == pytest.approx(1.0, abs=0.01)
    assert np.abs(np.corrcoef(whole.reshape(3, -1)) - np.eye(3)).max() < 0.02
    blocks = [whole[:, y : y + 128, x : x + 128].ravel() for y in (0, 128) for x in (0, 128)]
    assert np.abs(np.corrcoef(blocks) - np.eye(4)).max() < 0.03
    assert np.abs((whole[:, :, 1:] * whole[:, :, :-1]).mean()) < 0.02
    np.testing.assert_array_equal(grain(7, (5, 19), (15, 36)), whole[:, 40:152, 120:288])
    assert not np.array_equal(grain(8, (0, 40), (0, 36)), whole)
    assert grain(2**64 - 1, (0, 1), (2**20, 2**20 + 1)).shape == (3, 8, 8)
    trained = drawn_grain((2, 3, 64, 64), torch.Generator().manual_seed(0))
    assert float(trained.std()) == pytest.approx(1.0, abs=0.02)
    kurtosis = [float((v**4).mean()) for v in (whole, trained)]
    assert kurtosis[0] == pytest.approx(kurtosis[1], abs=0.1)  # one law


def test_only_realism_has_grain():
    codec, rng = model_of().codec, np.random.default_rng(0)
    values = rng.normal(size=(codec.latent, 6, 5)).astype(np.float32)
    plain = [tiles.synthesise(codec, values, (48, 40), 1.0, 0.0, seed=seed) for seed in (0, 1)]
    np.testing.assert_array_equal(*plain)
    one, other = (tiles.synthesise(codec, values, (48, 40), 1.0, 1.0, seed=seed).astype(float) for seed in (0, 1))
    assert 0.5 < np.abs(one - other).mean() < 10
    with torch.inference_mode():  # in a training faithful and realistic patches are given grain alike
        z, realism = torch.from_numpy(values)[None].expand(2, -1, -1, -1), torch.tensor([0.0, 1.0])
        bare, grainy = (
            codec.synthesise(z, torch.ones(2), realism, g) for g in (torch.zeros(2, 3, 48, 40), torch.ones(2, 3, 48, 40))
        )
    assert torch.equal(bare[0], grainy[0])
    assert not torch.equal(bare[1], grainy[1])


def test_a_training_starts_as_a_transform_code():
    config = config_of(latent=64)
    codec = NaturalCodec(config)
    picture = torch.from_numpy(photograph(80, 80)).permute(2, 0, 1)[None].float() / 255.0
    blocks = torch.nn.functional.unfold(picture, 8, stride=8).reshape(3, 8, 8, -1).permute(3, 0, 1, 2)
    start_linear(codec.encoder, codec.decoder, blocks)
    with torch.no_grad():
        z = codec.encoder.linear(torch.nn.functional.pixel_unshuffle(picture - 0.5, 8))
        restored = torch.nn.functional.pixel_shuffle(codec.decoder.linear(z), 8) + 0.5
    weights = codec.encoder.linear.weight[:, :, 0, 0]
    torch.testing.assert_close(weights @ weights.T, torch.eye(64), atol=1e-4, rtol=0)
    assert float(((restored - picture) ** 2).mean()) < 0.1 * float(picture.var())
    energy = (z**2).mean(dim=(0, 2, 3))
    assert bool((energy[1:] <= energy[:-1] + 1e-6).all())


def test_ticks_count_the_tiles():
    ticks = []
    tiles.analyse(model_of().codec, photograph(130, 70), 1.0, 0.0, tile=64, tick=lambda: ticks.append(1))
    assert len(ticks) == tiles.tile_count(130, 70, 64) == 3 * 2
    ticks.clear()
    assert tiles.estimates(model_of().codec, 9.0)
    tiles.analyse(model_of().codec, photograph(130, 70), 1.0, 9.0, tile=64, tick=lambda: ticks.append(1))
    assert len(ticks) == tiles.tile_count(130, 70, 64, estimates=True) == 2 * 3 * 2


def test_the_exact_context_model_is_near_the_floating_one():
    model = model_of()
    known = torch.randint(-3 * UNIT, 3 * UNIT, (model.codec.latent, 9, 70)).double()
    quality = 19
    shares = model.codec.shares(torch.tensor([quality / 16]))
    for exact, stage in zip(exact_stages(model), model.codec.context.stages, strict=True):
        told = known[: exact.seen]
        with torch.inference_mode():
            mean, scale = stage((told / UNIT).float()[None] if exact.seen else torch.zeros(1, 1, 9, 70), shares)
        whole_mean, whole_scale = exact(told if exact.seen else None, quality, 9, 70)
        assert float((whole_mean / FRACTIONS - mean[0]).abs().max()) <= 0.5 / FRACTIONS + 0.05
        assert float((whole_scale - scale[0]).abs().max()) <= 0.5 + 0.5


def test_the_exact_context_model_does_not_depend_on_the_order_of_its_sums():
    model = model_of()
    stage = model.codec.context.stages[2]
    order = torch.randperm(stage.seen, generator=torch.Generator().manual_seed(0))
    known = (torch.randn(stage.seen, 70, 11, dtype=torch.float64) * 900).round()
    plain = ExactStage(stage)(known, 8, 70, 11)
    shuffled = ExactStage(stage)
    shuffled.first = shuffled.first[:, order]
    for one, other in zip(plain, shuffled(known[order], 8, 70, 11), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("height", [63, 64, 65, 128, 150])
def test_the_exact_context_model_has_no_seam_between_its_strips(monkeypatch, height):
    stage = ExactStage(model_of().codec.context.stages[2])
    known = (torch.randn(stage.seen, height, 9, dtype=torch.float64) * 900).round()
    strips = stage(known, 8, height, 9)
    monkeypatch.setattr("deep.natural.exact.ROWS", 1000)
    for one, other in zip(strips, stage(known, 8, height, 9), strict=True):
        assert one.shape[1] == height
        assert torch.equal(one, other)


def test_slices_cover_the_channels_and_halves_the_sites():
    for latent in (1, 2, 8, 64, 65):
        covered = [c for first, last in slices(latent) for c in range(first, last)]
        assert covered == list(range(latent))
        assert len(ContextModel(latent, 3).stages) == PARITIES * len(slices(latent))
    board = parity(4, 5)
    assert not bool((board[:, 1:] == board[:, :-1]).any())


@pytest.mark.parametrize(("mode", "shift"), [("common", 1 / 32), ("deterministic", 0.0)])
def test_each_table_has_its_logistic_law(mode, shift):
    tables = scale_tables(mode)
    assert (tables.frequencies.sum(axis=1) == TOTAL).all()
    for scale_bin in (0, 20, BINS - 1):
        for place in (0, 7, 15):
            row = scale_bin * FRACTIONS + place
            symbols = tables.lowest[row] + np.arange(tables.sizes[row])
            scale, centre = LEAST_SCALE * np.exp(LOG_STEP * scale_bin), symbols - 0.5 + place / 16 + shift
            with np.errstate(over="ignore"):
                law = np.diff(1 / (1 + np.exp(-np.concatenate((centre - 0.5, centre[-1:] + 0.5)) / scale)))
            got = tables.frequencies[row, : tables.sizes[row]] / TOTAL
            np.testing.assert_allclose(got, law / law.sum(), atol=2e-4)


@pytest.mark.parametrize("sigma", [5.0, 15.0, 25.0])
def test_the_noise_level_is_found(sigma):
    rows, columns = np.mgrid[:200, :150]
    clean = (128 + 60 * np.sin(rows / 30) * np.cos(columns / 25))[..., None] * np.ones(3)
    seen = np.clip(np.round(clean + np.random.default_rng(0).normal(0, sigma, clean.shape)), 0, 255).astype(np.uint8)
    assert estimated_sigma(seen) == pytest.approx(sigma, rel=0.04)
    assert estimated_sigma(seen[:4]) == 0.0


def test_no_estimate_is_more_than_an_encoder_may_be_told():
    board = np.indices((32, 32)).sum(axis=0) % 2 * 255
    assert estimated_sigma(np.repeat(board[..., None], 3, axis=2).astype(np.uint8)) == MOST_SIGMA
