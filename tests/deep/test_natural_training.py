"""Training on photographs: Stein's estimate is unbiased, a kill changes nothing, settings are checked."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from natural_samples import config_of, photograph, run_of  # noqa: E402

from deep.config import TrainConfig, config_for  # noqa: E402
from deep.natural import train as natural_train  # noqa: E402
from deep.natural.losses import PROBE, stein  # noqa: E402
from deep.natural.model import NaturalModel, load_model  # noqa: E402
from deep.natural.options import Options, options_of  # noqa: E402
from deep.natural.ours import Ours  # noqa: E402
from deep.natural.patches import Source, crops, halves  # noqa: E402
from deep.natural.pretrained import read_weights, write_weights  # noqa: E402
from deep.natural.scale_tables import scale_tables  # noqa: E402
from deep.tasks import task  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402


def test_steins_estimate_is_the_error_to_the_clean_photograph_on_average():
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand((400, 3, 16, 16), generator=generator)
    sigma = torch.full((400,), 0.1)
    x = clean + 0.1 * torch.randn(clean.shape, generator=generator)
    direction = torch.randint(0, 2, x.shape, generator=generator) * 2.0 - 1.0

    def shrunk(v):  # neither linear nor the identity: its divergence matters
        return 0.5 + 0.7 * torch.tanh(v - 0.5)

    found = stein(shrunk(x), shrunk(x + PROBE * direction), x, direction, sigma)
    wanted = ((shrunk(x) - clean) ** 2).mean(dim=(1, 2, 3))
    error = float((found - wanted).std() / 20)
    assert abs(float((found - wanted).mean())) < 4 * error
    assert 4 * error < 0.1 * float(wanted.mean())
    plain = float(((shrunk(x) - x) ** 2).mean())
    assert abs(plain - float(wanted.mean())) > 8 * error  # without the correction it would be seen


@pytest.fixture
def source(monkeypatch):
    pictures = [photograph(48, 40, seed) for seed in range(4)]
    found = Source(pictures, pictures)
    monkeypatch.setattr(natural_train, "training_source", lambda chosen: found)
    monkeypatch.setattr(natural_train, "FIRST_BLOCKS", 300)
    return found


@pytest.mark.parametrize("distortion", ["sure", "input"])
def test_a_killed_training_goes_on_to_the_same_result(source, tmp_path, distortion):
    config = config_of(checkpoint_every=2, options={"critic_from": 0.5, "distortion": distortion})
    chosen = task("natural-denoise")
    whole = natural_train.train_natural(config, chosen, tmp_path / "whole", resume=False)

    class Killed(Exception):
        pass

    def kill(done, steps, terms):
        if done == 3:
            raise Killed

    config = config_of(checkpoint_every=2, log_every=1, options={"critic_from": 0.5, "distortion": distortion})
    with pytest.raises(Killed):
        natural_train.train_natural(config, chosen, tmp_path / "cut", resume=False, progress=kill)
    cut = natural_train.train_natural(config, chosen, tmp_path / "cut", resume=True)
    assert not (cut / "checkpoint.pt").exists()
    one, other = load_model(whole), load_model(cut)
    for name, value in one.codec.state_dict().items():
        assert torch.equal(value, other.codec.state_dict()[name]), name


def test_the_critic_pulls_only_where_realism_is_asked_for(source):
    terms = natural_train.NaturalTraining(config_of(options={"critic_from": 0.5}), task("natural-denoise"), source)
    assert "w1" not in terms.step(1)
    assert "w1" in terms.step(2)
    assert "w1" not in natural_train.NaturalTraining(config_of(lambda_p=0.0), task("natural-denoise"), source).step(3)


def test_rate_free_has_no_rate(source):
    training = natural_train.NaturalTraining(config_of(options={"rate_free": True}), task("natural-denoise"), source)
    assert training.step(0)["rate"] == 0.0


def test_a_model_without_rate_goes_through_no_quantizer_in_the_table(source):
    config = config_of(options={"rate_free": True})
    training = natural_train.NaturalTraining(config, task("natural-denoise"), source)
    with torch.no_grad():
        training.codec.log_gain.sub_(6.0)  # steps so wide that a quantizer would leave nothing
    model = NaturalModel(config, training.codec.eval(), scale_tables("common"), b"8 bytes.", 0, "")
    row, picture = Ours("ours", model, 2.0, 1.0), photograph(40, 32)
    restored = row.restore(picture, 0.0)
    assert restored.bits is None
    assert float(np.mean((restored.image.astype(float) - picture) ** 2)) < 0.2 * float(picture.var())


def test_a_row_of_another_encoder_is_another_row(source):
    codec = natural_train.NaturalTraining(config_of(), task("natural-denoise"), source).codec
    row = Ours("ours", NaturalModel(config_of(), codec, scale_tables("common"), b"8 bytes.", 0, ""), 2.0, 1.0)
    before = row.fingerprint()
    with torch.no_grad():
        codec.encoder.head.bias.add_(1.0)
    assert row.fingerprint() != before


def test_clean_and_noisy_halves_share_no_photograph(source):
    seen, clean = halves(source)
    assert not {id(p) for p in seen.seen} & {id(p) for p in clean.clean}
    assert len(seen.seen) + len(clean.clean) == len(source.seen)


def test_the_first_transform_knows_nothing_of_photographs_that_are_seen_with_noise_only(source):
    other = [photograph(48, 40, seed + 10) if seed % 2 == 0 else p for seed, p in enumerate(source.clean)]
    one, two = (natural_train.NaturalTraining(config_of(), task("natural-denoise"), s) for s in (source, Source(other, other)))
    assert torch.equal(one.codec.encoder.linear.weight, two.codec.encoder.linear.weight)


def test_crops_are_of_one_place_in_both():
    pictures = [photograph(40, 44, seed) for seed in range(2)]
    shifted = [np.clip(p.astype(int) + 1, 0, 255).astype(np.uint8) for p in pictures]
    seen, clean = crops(Source(shifted, pictures), 6, 32, np.random.default_rng(0))
    assert seen.shape == (6, 3, 32, 32)
    assert float((seen - clean).abs().max()) == pytest.approx(1 / 255, abs=1e-6)
    again, _ = crops(Source(shifted, pictures), 6, 32, np.random.default_rng(0))
    assert torch.equal(seen, again)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"distortion": "mse"}, "distortion"), ({"qualities": 1}, "qualities"), ({"patch": 33}, "patch"), ({"least_lambda": 1}, "least_lambda"),
     ({"critic_from": 2}, "critic_from"), ({"patches": 64}, "patches"), ({"patch": "wide"}, "patch"), ({"patch": 64}, "patch")],
)  # fmt: skip
def test_bad_options_are_named(source, options, word):
    with pytest.raises(InputError, match=word):
        natural_train.NaturalTraining(config_of(options=options), task("natural-denoise"), source)


@pytest.mark.parametrize(
    ("changes", "word"), [({"levels": 32}, "levels"), ({"levels": 8}, "levels"), ({"mode": "private"}, "mode")]
)
def test_a_dither_that_the_tables_do_not_have_is_refused(source, changes, word):
    with pytest.raises(InputError, match=word):
        natural_train.NaturalTraining(config_of(**changes), task("natural-denoise"), source)


@pytest.mark.parametrize(("name", "value"), [("rate", 100.0), ("device", "cuda"), ("amp", True), ("compile", True)])
def test_settings_that_mean_nothing_here_are_refused(source, name, value):
    with pytest.raises(InputError, match=name):
        natural_train.NaturalTraining(config_of(**{name: value}), task("natural-denoise"), source)


def test_real_noise_has_no_stein_estimate(source):
    with pytest.raises(InputError, match="known sigma"):
        natural_train.NaturalTraining(config_of(), task("sidd-denoise"), source)


def test_of_real_noise_the_encoder_is_told_an_estimate_as_it_is_in_use(source):
    settings = dict(task("sidd-denoise").defaults) | {"options": {"distortion": "clean", "patch": 32, "qualities": 3}}
    noise = np.random.default_rng(0).normal(0, 12, (48, 40, 3))
    grainy = [np.clip(128 + noise, 0, 255).astype(np.uint8)] * 2
    training = natural_train.NaturalTraining(
        TrainConfig(task="sidd-denoise", **settings), task("sidd-denoise"), Source(grainy, grainy)
    )
    sigma = training._noisy(np.random.default_rng(0), torch.Generator())[2]
    assert bool(((sigma > 8) & (sigma < 16)).all())


def test_rate_weights_run_between_their_ends():
    options = Options(qualities=5, least_lambda=0.001, most_lambda=0.016)
    assert [round(options.rate_weight(q), 9) for q in range(5)] == [0.001, 0.002, 0.004, 0.008, 0.016]
    config = config_for("natural-denoise", {}, ["options.patch=64"], task("natural-denoise").defaults)
    assert options_of(config).patch == 64


def test_a_start_of_another_size_is_refused(source):
    config = config_of(latent=8, options={"start": str(run_of())})
    with pytest.raises(InputError, match="another size"):
        natural_train.NaturalTraining(config, task("natural-denoise"), source)


def test_shipped_weights_are_read_back_in_half_precision(tmp_path):
    path = write_weights(run_of(), tmp_path / "small.npz")
    model = read_weights(path.read_bytes(), "small")
    kept = load_model(run_of()).codec.state_dict()
    for name, value in model.codec.state_dict().items():
        torch.testing.assert_close(value, kept[name].half().float())
    assert read_weights(path.read_bytes(), "small").fingerprint == model.fingerprint
    with pytest.raises(InputError, match="damaged or foreign"):
        read_weights(path.read_bytes()[:-40], "small")
