"""What a step sees is a function of the seed and the step; unpaired means that no clean counterpart is ever shown."""

from __future__ import annotations

from itertools import chain, product

import numpy as np
import pytest
import torch

from deep.batches import Batches, image_shape, moved
from deep.config import TrainConfig, changed
from deep.data import Split
from deep.tasks import task
from rdcsym.problem import InputError

COUNT = 60


def split() -> Split:
    """Images of one grey level each, which names the image; its label is its number."""
    levels = np.arange(COUNT, dtype=np.uint8)
    return Split(np.broadcast_to(levels[:, None, None, None] * 2, (COUNT, 1, 8, 8)).copy(), np.arange(COUNT, dtype=np.int64))


def batches(rank: int = 0, ranks: int = 1, **settings) -> Batches:
    config = TrainConfig(task="digits-sr", batch=10, **settings)
    return Batches(task("digits-sr"), split(), config, torch.device("cpu"), rank, ranks)


def shown(x: torch.Tensor) -> set[int]:
    return {round(v * 255 / 2) for v in x.mean(dim=(1, 2, 3)).tolist()}


def test_unpaired_halves_never_meet():
    made = batches()
    sources, clean = set(), set()
    for k in range(6):
        batch = made.batch(k)
        sources |= shown(batch.x)
        clean |= shown(batch.clean)
        assert shown(batch.x) == set(batch.labels.tolist())
        assert torch.equal(batch.wanted, batch.x)
    assert sources == set(range(30))
    assert clean == set(range(30, 60))


def test_an_epoch_shows_each_image_once_and_the_next_in_another_order():
    made = batches()
    first = [made.batch(k).labels.tolist() for k in range(3)]
    second = [made.batch(k).labels.tolist() for k in range(3, 6)]
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(30))
    assert first != second


def test_supervised_pairs():
    batch = batches(pairing="supervised").batch(0)
    assert shown(batch.wanted) == shown(batch.x) == set(batch.labels.tolist())


def test_the_same_step_is_the_same_batch():
    one, other = batches().batch(7), batches().batch(7)
    assert torch.equal(one.x, other.x)
    assert torch.equal(one.labels, other.labels)
    assert not torch.equal(one.labels, batches(seed=1).batch(7).labels)


def test_processes_share_a_batch_out():
    whole = set(batches().batch(2).labels.tolist())
    parts = [set(batches(rank, 2).batch(2).labels.tolist()) for rank in range(2)]
    assert parts[0] | parts[1] == whole
    assert not parts[0] & parts[1]


def test_random_degradations_are_drawn_anew_each_step():
    noisy = task("svhn-denoise")
    images = Split(np.full((8, 3, 32, 32), 128, dtype=np.uint8), np.zeros(8, dtype=np.int64))
    made = Batches(noisy, images, TrainConfig(task="svhn-denoise", batch=4), torch.device("cpu"))
    assert not torch.equal(made.batch(0).x, made.batch(1).x)
    assert torch.equal(made.batch(1).x, made.batch(1).x)


def pattern() -> Split:
    """Images that are nothing like their mirrored selves."""
    return Split(np.random.default_rng(0).integers(0, 256, (COUNT, 1, 28, 28), dtype=np.uint8), np.arange(COUNT, dtype=np.int64))


def test_moved_images_are_parts_of_the_same_ones_mirrored_or_not():
    images = torch.from_numpy(pattern().clean[:40, :, :16, :16]).float()
    found = moved(images, torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2), mode="reflect")
    places = set()
    for k in range(40):
        here = set()
        for down, right in product(range(5), range(5)):
            cut = padded[k, :, down : down + 16, right : right + 16]
            here |= {(down, right, m) for m in (False, True) if torch.equal(found[k], cut.flip(2) if m else cut)}
        assert len(here) == 1
        places |= here
    assert len(places) > 20
    assert {m for _, _, m in places} == {False, True}


def test_augmented_batches_move_degraded_and_clean_images_alike_and_are_the_same_again():
    config = TrainConfig(task="mnist-sr", batch=10, augment=True, pairing="supervised")
    made = Batches(task("mnist-sr"), pattern(), config, torch.device("cpu"))
    first, again, plain = made.batch(3), made.batch(3), Batches(made.task, pattern(), changed(config, augment=False), made.device)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.clean, again.clean)
    assert torch.equal(first.labels, plain.batch(3).labels)
    assert not torch.equal(first.clean, plain.batch(3).clean)
    assert torch.equal(first.x, torch.round(made.task.degrade(first.wanted, torch.Generator()) * 255) / 255)


def test_a_synthetic_source_has_no_images():
    with pytest.raises(InputError, match="gauss-vector"):
        image_shape(task("gauss-vector"))
