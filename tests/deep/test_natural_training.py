"""Training on photographs: Stein's estimate is unbiased, a kill changes nothing, settings are checked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from natural_samples import config_of, photograph, run_of  # noqa: E402

from deep.config import TrainConfig, config_for  # noqa: E402
from deep.natural import train as natural_train  # noqa: E402
from deep.natural.losses import both_sides, stein  # noqa: E402
from deep.natural.model import NaturalModel, from_content, load_model  # noqa: E402
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

    moved = both_sides(x, direction)
    found = stein(shrunk(moved), moved, direction, sigma)
    wanted = ((shrunk(x) - clean) ** 2).mean(dim=(1, 2, 3))
    error = float((found - wanted).std() / 20)
    assert abs(float((found - wanted).mean())) < 4 * error
    assert 4 * error < 0.1 * float(wanted.mean())
    plain = float(((shrunk(x) - x) ** 2).mean())
    assert abs(plain - float(wanted.mean())) > 8 * error  # without the correction it would be seen


def test_steins_estimate_cannot_be_gamed_by_a_function_that_sees_how_much_noise_there_is():
    """A step of the input to either side adds noise; by a difference quotient this function's error seemed far below what it is."""
    generator = torch.Generator().manual_seed(1)
    sigma = torch.full((300,), 0.1)
    x = 0.1 * torch.randn((300, 3, 48, 48), generator=generator)  # the clean photographs are black
    direction = torch.randint(0, 2, x.shape, generator=generator) * 2.0 - 1.0

    def wary(v):
        return v * (1.0 - torch.sigmoid(4e4 * ((v**2).mean(dim=(1, 2, 3), keepdim=True) - 0.1**2 - 0.5 * 0.01**2)))

    moved = both_sides(x, direction)
    found, wanted = stein(wary(moved), moved, direction, sigma), (wary(moved) ** 2).mean(dim=(1, 2, 3)).view(2, -1).mean(dim=0)
    error = float((found - wanted).std() / 300**0.5)
    assert abs(float((found - wanted).mean())) < 4 * error
    moved = wary(x + 0.01 * direction).detach()
    quotient = ((wary(x) - x) ** 2).mean(dim=(1, 2, 3)) + sigma**2 * (
        2 * (direction * (moved - wary(x))).mean(dim=(1, 2, 3)) / 0.01 - 1
    )
    assert float((quotient.detach() - wanted).mean()) < -8 * error


def test_the_gradient_of_steins_estimate_counts_the_kinks_of_rectifiers():
    """Of a soft threshold: the derivative inside each piece does not depend on the threshold, the risk does."""
    generator = torch.Generator().manual_seed(2)
    clean = 0.2 * torch.randn((200, 3, 64, 64), generator=generator) * (torch.rand((200, 3, 64, 64), generator=generator) < 0.3)
    x = clean + 0.1 * torch.randn(clean.shape, generator=generator)
    direction = torch.randint(0, 2, x.shape, generator=generator) * 2.0 - 1.0
    threshold = torch.tensor(0.05, requires_grad=True)

    def soft(v):
        return torch.relu(v - threshold) - torch.relu(-v - threshold)

    moved = both_sides(x, direction)
    found = stein(soft(moved), moved, direction, torch.full((200,), 0.1)).mean()
    (slope,) = torch.autograd.grad(found, threshold)
    (wanted,) = torch.autograd.grad(((soft(x) - clean) ** 2).mean(), threshold)
    assert float(slope) == pytest.approx(float(wanted), rel=0.05)


@pytest.fixture
def source(monkeypatch):
    pictures = [photograph(48, 40, seed) for seed in range(4)]
    found = Source(pictures, pictures)
    monkeypatch.setattr(natural_train, "training_source", lambda chosen: found)
    monkeypatch.setattr(natural_train, "FIRST_BLOCKS", 300)
    return found


@pytest.mark.parametrize(("distortion", "share", "killed"), [("sure", 0.5, 3), ("sure", 0.9, 3), ("input", 0.5, 3)])
def test_a_killed_training_goes_on_to_the_same_result(source, tmp_path, distortion, share, killed):
    """Killed in the codec's steps and, with a share of .9, in the estimator's."""
    options = {"critic_from": 0.5, "distortion": distortion, "estimator_share": share}
    config = config_of(checkpoint_every=2, options=options)
    chosen = task("natural-denoise")
    whole = natural_train.train_natural(config, chosen, tmp_path / "whole", resume=False)

    class Killed(Exception):
        pass

    def kill(done, steps, terms):
        if done == killed:
            raise Killed

    config = config_of(checkpoint_every=2, log_every=1, options=options)
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


def test_a_checkpoint_of_another_version_is_named(source, tmp_path):
    folder = natural_train.prepare_folder(tmp_path / "run", config_of(), False) and tmp_path / "run"
    torch.save({"step": 2, "codec": {}, "critic": {}, "optimizers": []}, folder / "checkpoint.pt")
    with pytest.raises(InputError, match="another version"):
        natural_train.train_natural(config_of(), task("natural-denoise"), folder, resume=True)


def test_the_estimator_is_trained_first_and_then_left_alone(source):
    training = natural_train.NaturalTraining(config_of(options={"estimator_share": 0.5}), task("natural-denoise"), source)

    def weights():
        return [
            {n: v.clone() for n, v in part.state_dict().items()} for part in (training.codec.estimator, training.codec.encoder)
        ]

    def moved(before, after):
        return [any(not torch.equal(b[n], a[n]) for n in b) for b, a in zip(before, after, strict=True)]

    states = [weights()]
    for k in range(4):
        assert ("estimate_error" in training.step(k)) == (k < 2)
        states.append(weights())
    assert [moved(a, b) for a, b in pairwise(states)] == [[True, False]] * 2 + [[False, True]] * 2


def test_the_codec_is_taught_the_estimate_and_never_the_noise(source, monkeypatch):
    training = natural_train.NaturalTraining(config_of(options={"clean_share": 0.5}), task("natural-denoise"), source)
    seen = []
    monkeypatch.setattr(training.codec.estimator, "forward", lambda x, sigma: seen.append(sigma) or x * 0.0 + 0.25)
    monkeypatch.setattr(
        training.codec, "synthesise", lambda values, quality, realism, grain: torch.full((2, 3, 32, 32), 0.25) + 0 * values.sum()
    )
    terms = [training.step(k) for k in range(6)]
    assert all(t["distortion"] == 0.0 for t in terms)
    assert 0.0 in torch.cat(seen)  # a clean photograph goes through as it is
    assert bool((torch.cat(seen) > 0).any())


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"estimator_width": 6}, "another size"),
        ({"refiner_width": 6}, "refiner_width"),
        ({"refiner_width": 0}, "refiner_width"),
        ({"distortion": "input"}, "finds no estimator"),
    ],
)
def test_an_estimator_that_does_not_fit_is_refused(source, more, word):
    config = config_of(options={"start_estimator": str(run_of()), **more})
    with pytest.raises(InputError, match=word):
        natural_train.NaturalTraining(config, task("natural-denoise"), source)


def test_an_estimator_is_taken_from_another_run(source):
    config = config_of(options={"start_estimator": str(run_of())})
    mine = natural_train.NaturalTraining(config, task("natural-denoise"), source).codec.estimator.state_dict()
    for name, value in load_model(run_of()).codec.estimator.state_dict().items():
        assert torch.equal(mine[name], value)


def test_a_model_that_is_older_than_refiners_still_loads():
    found = torch.load(run_of(refiner_width=0) / "model.pt", weights_only=True)
    del found["config"]["options"]["refiner_width"]
    model = from_content(found, "old")
    assert model.codec.estimator.refiner is None
    assert model.codec.options.refiner_width == 0


def test_a_refiner_is_added_to_an_estimator_of_another_run(source):
    plain = run_of(refiner_width=0)
    mine = natural_train.NaturalTraining(config_of(options={"start_estimator": str(plain)}), task("natural-denoise"), source)
    x, theirs = torch.rand((1, 3, 16, 16)), load_model(plain).codec.estimator
    assert theirs.refiner is None
    assert mine.codec.estimator.refiner is not None
    assert torch.equal(mine.codec.estimator(x, torch.ones(1)), theirs(x, torch.ones(1)))


def test_the_last_steps_of_an_estimator_may_learn_from_clean_photographs_with_noise_added(source, monkeypatch):
    """Those of the half that is seen clean: no photograph of the noisy half meets its clean counterpart."""
    options = {"estimator_share": 1.0, "synthetic_share": 0.5}
    training = natural_train.NaturalTraining(config_of(options=options), task("natural-denoise"), source)
    taken, stein = [], []
    of_crops, of_stein = natural_train.crops, natural_train.stein
    monkeypatch.setattr(natural_train, "crops", lambda source, *given: taken.append(source) or of_crops(source, *given))
    monkeypatch.setattr(natural_train, "stein", lambda *given: stein.append(1) or of_stein(*given))
    before = training.codec.estimator.refiner.layers[-1].weight.clone()
    terms = [training.step(k) for k in range(4)]
    assert [t is training.clean for t in taken] == [False, False, True, True]
    assert len(stein) == 2
    # The error itself, not an estimate of it, is what these steps minimise.
    assert [t["loss"] == pytest.approx(255 * t["estimate_error"], rel=1e-5) for t in terms] == [False, False, True, True]
    assert not torch.equal(training.codec.estimator.refiner.layers[-1].weight, before)


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
    # A model with a rate can be asked for the same.
    rated = NaturalModel(config_of(), training.codec, scale_tables("common"), b"8 bytes.", 0, "")
    alone = Ours("ours", rated, 2.0, 1.0, rated=False)
    assert alone.restore(picture, 0.0).bits is None
    np.testing.assert_array_equal(alone.restore(picture, 0.0).image, restored.image)
    assert alone.fingerprint() != Ours("ours", rated, 2.0, 1.0).fingerprint()


def test_a_row_of_another_encoder_is_another_row(source):
    codec = natural_train.NaturalTraining(config_of(), task("natural-denoise"), source).codec
    row = Ours("ours", NaturalModel(config_of(), codec, scale_tables("common"), b"8 bytes.", 0, ""), 2.0, 1.0)
    before = row.fingerprint()
    for part in (codec.encoder, codec.estimator.encoder):
        with torch.no_grad():
            part.head.bias.add_(1.0)
        assert row.fingerprint() != before
        before = row.fingerprint()


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
     ({"critic_from": 2}, "critic_from"), ({"estimator_width": -1}, "estimator_width"), ({"estimator_width": 0}, "distortion=sure"), ({"estimator_width": 4.5}, "no int"), ({"patch": "inf"}, "no int"), ({"estimator_share": 0}, "untrained"), ({"refiner_width": -1}, "refiner_width"), ({"synthetic_share": 2}, "synthetic_share"), ({"synthetic_share": 0.5, "distortion": "clean"}, "sure only"), ({"clean_share": -0.1}, "clean_share"), ({"patches": 64}, "patches"), ({"patch": "wide"}, "patch"), ({"patch": 64}, "patch")],
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
    sigma = training._noisy(np.random.default_rng(0), torch.Generator(), training.seen)[2]
    assert bool(((sigma > 8) & (sigma < 16)).all())


def test_rate_weights_run_between_their_ends():
    options = Options(qualities=5, least_lambda=0.001, most_lambda=0.016)
    assert [round(options.rate_weight(q), 9) for q in range(5)] == [0.001, 0.002, 0.004, 0.008, 0.016]
    config = config_for("natural-denoise", {}, ["options.patch=64"], task("natural-denoise").defaults)
    assert options_of(config).patch == 64


def test_a_start_of_another_size_is_refused(source):
    config = config_of(latent=8, options={"start": str(run_of())})
    with pytest.raises(InputError, match="other networks"):
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
