"""Degradations: what they do to an image, that they stay in [0, 1], and that a generator's state decides them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from deep.degrade import average_blocks, bicubic, gaussian_noise, inpaint  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402


def generator(seed: int = 5):
    return torch.Generator().manual_seed(seed)


def images(count: int = 4, channels: int = 1, side: int = 28, seed: int = 0):
    return torch.rand((count, channels, side, side), generator=generator(seed))


def test_bicubic_keeps_a_flat_image_and_stays_in_range():
    flat = torch.full((1, 3, 32, 32), 0.3)
    torch.testing.assert_close(bicubic(flat, 4), flat)
    step = (images(side=32) > 0.5).float()  # black and white overshoot before they are clipped
    out = bicubic(step, 2)
    assert (float(out.min()), float(out.max())) == (0.0, 1.0)
    assert out.shape == step.shape
    torch.testing.assert_close(bicubic(step, 1), step)


def test_bicubic_is_an_image_librarys():
    """Pillow's resize, which rounds to eight bits after each of four passes over rows or columns."""
    image_module = pytest.importorskip("PIL.Image")
    bytes_ = (images(side=28, seed=3)[0, 0] * 255).round().to(torch.uint8)
    picture = image_module.fromarray(bytes_.numpy())
    kernel = image_module.Resampling.BICUBIC
    theirs = np.asarray(picture.resize((7, 7), kernel).resize((28, 28), kernel), dtype=float)
    ours = bicubic(bytes_[None, None].float() / 255, 4)[0, 0].numpy() * 255
    assert np.abs(ours - theirs).max() < 3


def test_bicubic_antialiases():
    """A checkerboard has nothing left after halving: its grey average, not one of its two colours."""
    board = ((torch.arange(32)[:, None] + torch.arange(32)) % 2).float()[None, None]
    assert float((bicubic(board, 4)[..., 8:24, 8:24] - 0.5).abs().max()) < 0.01


def test_average_blocks_is_that_of_the_codebooks():
    x = images(side=8)
    pooled = x.numpy().reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(average_blocks(x)[:, 0].numpy(), pooled.repeat(2, axis=1).repeat(2, axis=2), rtol=1e-6)


def test_noise_has_its_deviation_and_is_clipped():
    grey = torch.full((20, 3, 32, 32), 0.5)
    noise = gaussian_noise(grey, 20.0, generator()) - grey
    assert abs(float(noise.std()) * 255 - 20) < 0.3
    assert abs(float(noise.mean())) < 0.002
    white = gaussian_noise(torch.ones(4, 1, 16, 16), 20.0, generator())
    assert float(white.max()) == 1.0
    assert float((white == 1.0).float().mean()) == pytest.approx(0.5, abs=0.06)
    assert torch.equal(gaussian_noise(grey, 0.0, generator()), grey)


def test_a_hole_is_a_grey_square_inside_the_rim():
    x = images(200, 3, 32) * 0.4
    out = inpaint(x, generator())
    hole = (out == 0.5).all(dim=1)  # (N, 32, 32)
    assert torch.equal(hole, (out == 0.5).any(dim=1))
    assert torch.equal(out[~hole[:, None].expand_as(out)], x[~hole[:, None].expand_as(x)])
    assert (hole.sum(dim=(1, 2)) == 12 * 12).all()
    rows, columns = hole.any(dim=2), hole.any(dim=1)
    for line in (rows, columns):
        assert (line.sum(dim=1) == 12).all()
        assert not line[:, :4].any()
        assert not line[:, -4:].any()
        first = line.float().argmax(dim=1)
        assert set(first.tolist()) == set(range(4, 17))  # every place is taken
    assert not torch.equal(rows, columns)


@pytest.mark.parametrize("degrade", [lambda x, g: gaussian_noise(x, 25.0, g), inpaint])
def test_a_generator_decides(degrade):
    x = images(channels=3, side=32)
    first, again, other = degrade(x, generator()), degrade(x, generator()), degrade(x, generator(6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.dtype == torch.float32
    torch.manual_seed(0)
    before = torch.rand(1)
    torch.manual_seed(0)
    degrade(x, generator())
    assert torch.equal(torch.rand(1), before)  # the global state is not touched


@pytest.mark.parametrize(
    ("named", "call"),
    [
        ("factor", lambda: bicubic(images(side=28), 3)),
        ("factor", lambda: bicubic(images(side=28), 0)),
        ("factor", lambda: average_blocks(images(side=9))),
        ("sigma", lambda: gaussian_noise(images(), -1.0, generator())),
        ("sigma", lambda: gaussian_noise(images(), float("nan"), generator())),
        ("images", lambda: inpaint(images()[..., :20], generator())),
    ],
)
def test_bad_input(named, call):
    with pytest.raises(InputError, match=named):
        call()
