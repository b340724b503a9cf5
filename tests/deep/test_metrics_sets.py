"""Metrics of sets: the Frechet distance against closed forms, a judge's features, accuracy and cross-entropy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from deep.judges import Judge, cross_entropy_bits
from deep.metrics import frechet_distance, judge_distance, judge_features, judged
from deep.networks import Classifier
from rdcsym.problem import InputError

RNG = np.random.default_rng(5)


@pytest.fixture
def judge() -> Judge:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Judge(Classifier((3, 16, 16), 4, 8).eval(), 2.0)


def test_frechet_distance_in_one_dimension():
    a, b = np.array([[0.0], [2.0]]), np.array([[3.0], [3.0], [9.0]])  # means 1 and 5, variances 2 and 12
    assert frechet_distance(a, b) == pytest.approx(16 + 2 + 12 - 2 * np.sqrt(24.0), rel=1e-12)


def test_frechet_distance_by_the_general_square_root():
    a, b = RNG.standard_normal((50, 6)) @ RNG.standard_normal((6, 6)), 1 + RNG.standard_normal((70, 6))
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real)
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(wanted, rel=1e-9)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-9)


def test_fewer_images_than_features():
    a = RNG.standard_normal((5, 40))
    assert frechet_distance(a, a[::-1] + 2.0) == pytest.approx(160.0, rel=1e-6)  # the root of a singular covariance is inexact


def test_features_of_a_judge(judge):
    images = RNG.integers(0, 256, (6, 3, 16, 16), dtype=np.uint8)
    features = judge_features(judge, images)
    with torch.no_grad():
        logits = judge.network.head(torch.from_numpy(features).float()) / judge.temperature
    assert np.allclose(logits.numpy(), judge.logits(images).numpy(), atol=1e-5)
    assert judge_distance(judge, images, images) == pytest.approx(0.0, abs=1e-9)
    assert judge_distance(judge, images, 255 - images) == frechet_distance(features, judge_features(judge, 255 - images)) > 0


def test_what_a_judge_makes_of_labels(judge):
    images = RNG.integers(0, 256, (6, 3, 16, 16), dtype=np.uint8)
    said = judge.logits(images)
    labels = said.argmax(1).numpy()
    labels[0] = (labels[0] + 1) % 4
    found = judged(judge, images, labels)
    assert found["accuracy"]["value"] == pytest.approx(5 / 6)
    assert found["cross_entropy"]["value"] == pytest.approx(cross_entropy_bits(said, labels).mean())


def test_sets_that_do_not_fit_are_named(judge):
    for first, second, problem in (
        (np.zeros((1, 3)), np.zeros((4, 3)), "no covariance"),
        (np.zeros((4, 3)), np.full((4, 3), np.inf), "no covariance"),
        (np.zeros((4, 3)), np.zeros((4, 2)), "3 features of the first"),
        (np.zeros(4), np.zeros((4, 2)), "2 dimensions"),
    ):
        with pytest.raises(InputError, match=problem):
            frechet_distance(first, second)
    with pytest.raises(InputError, match="do not fit 2 images"):
        judged(judge, np.zeros((2, 3, 16, 16), dtype=np.uint8), np.zeros(3, dtype=np.int64))
