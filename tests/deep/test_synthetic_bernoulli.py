"""Block codes: full search, uniform outputs, and a training that beats time sharing and stays above the limit."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.config import TrainConfig  # noqa: E402
from deep.limits import limit  # noqa: E402
from deep.synthetic.bernoulli_code import all_blocks, bernoulli_codec, nearest_words  # noqa: E402
from deep.synthetic.bernoulli_training import BernoulliTraining  # noqa: E402
from deep.synthetic.source import bernoulli_source  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

HAMMING = np.array(
    [[0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0], [1, 0, 0, 1, 1, 0, 0], [0, 1, 0, 1, 0, 1, 0], [1, 1, 0, 1, 0, 0, 1]]
)


def hamming_words() -> np.ndarray:
    """The Hamming code of 7 bits: perfect, each block within 1 of just one word."""
    messages = all_blocks(4)
    return (messages.astype(int) @ HAMMING[1:] % 2).astype(np.uint8)


def test_a_perfect_code_has_its_known_distortion_and_rate():
    made, distortion = bernoulli_codec(hamming_words())
    assert distortion == 1 / 8
    np.testing.assert_array_equal(made.tables.frequencies, 2**20)


def test_search_is_exhaustive_and_takes_the_first_of_equals():
    words, x = all_blocks(6)[::5], all_blocks(6)
    message, distance = nearest_words(words, x)
    all_distances = (x[:, None] != words).sum(-1)
    np.testing.assert_array_equal(distance, all_distances.min(1))
    np.testing.assert_array_equal(message, all_distances.argmin(1))


def test_ties_go_to_the_words_that_win_more():
    """Two words and the ties between them: all to one, which makes the message cheaper than a bit."""
    made, distortion = bernoulli_codec(np.array([[0, 0], [1, 1]], dtype=np.uint8))
    assert distortion == 1 / 4
    assert np.round(made.tables.frequencies[0] / 2**24, 6).tolist() == [0.75, 0.25]


def test_the_most_used_words_come_first_and_that_shortens_the_messages():
    words = np.random.default_rng(2).integers(0, 2, (16, 8), dtype=np.uint8)
    made, distortion = bernoulli_codec(words)
    message, distance = nearest_words(words, all_blocks(8))
    assert distortion == distance.mean() / 8
    before, after = np.bincount(message, minlength=16) / 256, made.tables.frequencies[0] / 2**24
    assert (np.diff(after) <= 0).all()
    used = before[before > 0]
    assert -(after * np.log2(after)).sum() < -(used * np.log2(used)).sum() - 0.02


@pytest.mark.parametrize("words", [hamming_words(), hamming_words()[:3]], ids=["perfect", "lopsided"])
def test_outputs_are_uniform_whatever_the_words_are(words):
    made, distortion = bernoulli_codec(words)
    x = np.random.default_rng(8).integers(0, 2, (20000, 7), dtype=np.uint8)
    payload, cost = made.encode(x, 4)
    y = made.decode(payload, len(x), 4)
    assert abs(8 * len(payload) - cost.sum()) < 0.001 * cost.sum() + 16
    share = made.tables.frequencies[0] / 2**24
    assert cost.mean() == pytest.approx(-(share * np.log2(share)).sum(), abs=0.02)
    assert (x != y).mean() == pytest.approx(distortion, abs=0.01)
    assert np.abs(y.mean(0) - 0.5).max() < 4 / np.sqrt(4 * len(x))
    assert np.abs(np.corrcoef(y.T)[np.triu_indices(7, 1)]).max() < 5 / np.sqrt(len(x))


def test_training_beats_time_sharing_and_not_the_limit():
    source = bernoulli_source({"block": 10, "bits": 5, "restarts": 3}, None)
    config = TrainConfig(task="bernoulli-block", steps=120, batch=256, learning_rate=0.05)
    training = BernoulliTraining(config, source)
    for k in range(config.steps):
        training.step(k)
    made = training.codec()
    _, distance = nearest_words(made.words, all_blocks(10))
    distortion = distance.mean() / 10
    share = made.tables.frequencies[0] / 2**24
    rate = -(share * np.log2(share)).sum()
    assert distortion < 0.8 * (1 - rate / 10) / 2
    bound = limit(source.to_json(), rate=rate)
    assert bound.lower < distortion
    needed = limit(source.to_json(), distortion=distortion)
    assert (rate - needed.lower) / 10 < 0.25


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"q_X": 0.3}, "options.q_X = 0.3"),
        ({"q_Y": 0.3}, "options.q_Y = 0.3"),
        ({"block": 17}, "options.block"),
        ({"bits": 0}, "options.bits"),
        ({"block": 4, "bits": 5}, "options.bits"),
        ({"q_S1": 0.7}, "options.q_S1"),
        ({"bit": 3}, "did you mean bits"),
    ],
)
def test_bad_options(options, text):
    with pytest.raises(InputError, match=text):
        bernoulli_source(options, None)


def test_the_target_rate_picks_the_code():
    assert bernoulli_source({}, 6.2).bits == 6
