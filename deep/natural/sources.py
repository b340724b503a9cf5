"""The photographs that a task is trained on."""

from __future__ import annotations

from deep.data.photographs import photographs
from deep.natural.patches import Source
from deep.tasks import Task


def training_source(chosen: Task) -> Source:
    """What the encoder sees and the clean counterparts; the same where noise is added in training."""
    assert chosen.data is not None, "a task of photographs names its set"
    found = photographs(chosen.data, "train")
    clean = [picture.read() for picture in found]
    seen = [picture.noisy() for picture in found if picture.noisy is not None]
    return Source(clean if chosen.sigma else seen, clean)
