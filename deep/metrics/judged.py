"""What a judge makes of restored images with labels: its accuracy and its cross-entropy, with their intervals."""

from __future__ import annotations

from deep.intervals import Quantity, mean_of, share_of
from deep.judges import Judge, Labels, cross_entropy_bits
from deep.metrics.pictures import Bytes
from rdcsym.problem import InputError


def judged(judge: Judge, images: Bytes, labels: Labels) -> dict[str, Quantity]:
    """Accuracy and cross-entropy in bits of a judge on images, uint8 (N, C, H, W), with labels, int64 (N,)."""
    if len(images) != len(labels) or not len(labels):
        raise InputError("labels", f"{len(labels)} of them", f"do not fit {len(images)} images", "give one label for each image")
    logits = judge.logits(images)
    return {
        "accuracy": share_of(logits.argmax(1).numpy() == labels, what="accuracy of the judge"),
        "cross_entropy": mean_of(cross_entropy_bits(logits, labels), unit="bits", what="cross-entropy of the judge"),
    }
