"""Which rows and metrics the tables have: the paper's table, and its two other tasks on images of any size."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Final

from deep.baselines.bm3d_denoiser import BM3D
from deep.baselines.decompress import DeCompress
from deep.baselines.jpeg2000 import CURVE, JPEG2000
from deep.baselines.ot_denoising import OTDenoising
from deep.bench.images import Study
from deep.bench.images_rows import Metrics, Noisy, Peer, Row, Setting, listed, one
from deep.data.images import data_folder
from deep.data.photographs import check_photograph_set
from deep.metrics import METRICS, measure_all
from deep.metrics.weights import FOLDER
from deep.natural.ours import Ours, ours_rows
from deep.natural.pretrained import pretrained_names
from rdcsym.problem import InputError

_SIGMA: Final = {"nuclei": 10.0, "sidd": None}  # elsewhere the paper's
_PAPER_SIGMA: Final = 25.0
MODEL: Final = "natural"  # of the package; it is told sigma. Nuclei and real noise are not what it was trained on
_METRICS_FORMAT: Final = 1  # to be raised when a metric is computed in another way: kept cells are then measured anew
_NO_PI: Final = "needs the model of Ma et al. (2017), which only a user can supply (deep.metrics.perceptual_index); NIQE stands"


def studies(data: str | None, sigma: float | None) -> list[Study]:
    """The study of one set, or the paper's table and its other tasks where none is named (a sigma is then the first's)."""
    if data is not None:
        check_photograph_set(data)
        if data == "bsds-train200":
            raise InputError("--set", data, "is what models are trained on", "choose another set")
        return [Study(data, sigma if sigma is not None else _SIGMA.get(data, _PAPER_SIGMA))]
    return [Study("kodak24", _PAPER_SIGMA if sigma is None else sigma), *(Study(name, each) for name, each in _SIGMA.items())]


def rows_of(study: Study) -> list[Row]:
    """The rows of a study: all methods on natural photographs, and on the other tasks the input, BM3D and ours."""
    noisy = one("noisy", "input", Noisy)
    bm3d = one("BM3D", "peer", BM3D)
    if study.data in _SIGMA:
        return [*noisy, *bm3d, *listed("ours", "ours", _ours)]
    return [
        *noisy,
        *listed("JPEG-2K", "peer", _jpeg2000),
        *bm3d,
        *listed("DeCompress", "peer", _decompress),
        *one("OTDenoising", "peer", OTDenoising),
        *listed("ours, OT only", "ablation", _transport_alone),
        *listed("ours", "ours", _ours),
    ]


def _jpeg2000() -> list[Peer]:
    """At the ratio of best PSNR on noisy BSDS500, which is the table's row, and at others for the curve."""
    return [JPEG2000(ratio=ratio) for ratio in CURVE]


def _decompress() -> list[Peer]:
    """As published, with overlapping patches, whose codes are all in the file; and the plain codec, without overlap."""
    plain = Setting("DeCompress, no overlap", DeCompress(stride=8), "DeCompress")
    return [Setting("DeCompress", DeCompress(), "DeCompress"), plain]


def _ours() -> list[Peer]:
    """Settings of the pretrained model, those of one realism on one line. No critic takes part in the loss of faithful outputs,
    but the networks are shared with realistic ones. InputError where the package lacks the model.
    """
    return [Setting(row.name, row, f"ours, {'realistic' if row.realism else 'faithful'}") for row in _found_rows()]


def _transport_alone() -> list[Peer]:
    """Without a rate: the same networks, realistic, their quantizer left out. They are not trained anew for it."""
    best = max(_found_rows(), key=lambda row: (row.realism, row.quality))
    return [Setting("ours, OT only", replace(best, rated=False), "ours, OT only")]


def _found_rows() -> list[Ours]:
    if MODEL not in pretrained_names():
        raise InputError("model", MODEL, "is not in this package", "train it, and put its weights beside the others")
    return ours_rows(MODEL)


def metrics() -> Metrics:
    """All that `deep.metrics` has. The fingerprint changes with the weights at hand: what was a hole is measured later."""
    folder = data_folder() / FOLDER
    weights = sorted((file.name, file.stat().st_size) for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []
    told = json.dumps([_METRICS_FORMAT, list(METRICS), weights])
    return Metrics(tuple(METRICS), hashlib.sha256(told.encode()).hexdigest()[:16], measure_all, {"pi": _NO_PI})
