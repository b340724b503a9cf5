"""Tasks by name: all there, each degradation as said, unknown names answered with their neighbours."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from deep.data import clean_tensor, data_sets, load  # noqa: E402
from deep.data.photographs import check_photograph_set  # noqa: E402
from deep.tasks import task, tasks  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

IMAGES = ["digits-sr", "mnist-sr", "svhn-denoise", "svhn-inpaint", "cifar10-denoise", "tiny-imagenet-denoise"]
PHOTOGRAPHS = ["natural-denoise", "nuclei-denoise", "sidd-denoise"]
SYNTHETIC = ["gauss-vector", "bernoulli-block"]


def test_all_tasks_are_there():
    assert tasks() == IMAGES + PHOTOGRAPHS + SYNTHETIC


@pytest.mark.parametrize("name", IMAGES)
def test_a_task_of_images(name):
    t = task(name)
    assert (t.name, t.kind) == (name, "images")
    assert t.data in data_sets()
    assert t.summary
    assert t.degradation
    clean = torch.rand((3, *t.shape), generator=torch.Generator().manual_seed(0))
    one, two = (t.degrade(clean, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert one.shape == clean.shape
    assert one.dtype == torch.float32
    assert 0.0 <= float(one.min()) <= float(one.max()) <= 1.0
    assert not torch.equal(one, clean)
    assert torch.equal(one, two) != t.random
    assert torch.equal(t.degrade_test(clean), t.degrade_test(clean))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_task_of_photographs_names_its_sets(name):
    t = task(name)
    assert (t.name, t.kind, t.shape) == (name, "photographs", ())
    check_photograph_set(t.data)
    check_photograph_set(t.tested_on)
    with pytest.raises(InputError, match=name):
        t.degrade(torch.zeros(1, 3, 8, 8), torch.Generator())


def test_digits_are_averaged_in_blocks():
    clean = clean_tensor(load("digits").test)
    x = task("digits-sr").degrade_test(clean)
    assert torch.equal(x[..., ::2, ::2], x[..., 1::2, 1::2])
    torch.testing.assert_close(x.mean(dim=(1, 2, 3)), clean.mean(dim=(1, 2, 3)))


@pytest.mark.parametrize(("name", "sigma"), [("svhn-denoise", 20), ("cifar10-denoise", 25), ("tiny-imagenet-denoise", 25)])
def test_noise_levels(name, sigma):
    grey = torch.full((20, *task(name).shape), 0.5)
    assert float((task(name).degrade_test(grey) - grey).std()) * 255 == pytest.approx(sigma, rel=0.02)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_synthetic_task_generates_its_own(name):
    t = task(name)
    assert (t.kind, t.data, t.shape) == (name, None, ())
    with pytest.raises(InputError, match=name):
        t.degrade(torch.zeros(1, 1, 8, 8), torch.Generator())


def test_tasks_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        task("digits-sr").labels = 3
    with pytest.raises(TypeError):
        task("digits-sr").defaults["steps"] = 1


def test_an_unknown_task_has_neighbours():
    with pytest.raises(InputError, match="svhn-denoise"):
        task("shvn-denoise")


def test_images_of_another_set():
    with pytest.raises(InputError, match="mnist-sr"):
        task("mnist-sr").degrade(torch.zeros(1, 1, 8, 8), torch.Generator())
