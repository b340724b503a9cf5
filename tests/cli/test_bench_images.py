"""What `rdcsym bench images` measures, with peers of the test's own: kept cells, holes, means, the rows that there are."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("PIL")
pytest.importorskip("matplotlib")
from bench_images_samples import SIDE, STUDY, Halved, Judge, photographs
from PIL import Image

from deep.baselines.protocol import Restored
from deep.bench import images_methods
from deep.bench.images import Study, measure
from deep.bench.images_cache import FORMAT, cell_files
from deep.bench.images_methods import rows_of, studies
from deep.bench.images_rows import Metrics, Noisy, Row, Setting, chosen, listed, one
from deep.bench.images_table import csv_of_means, markdown, tabulate
from deep.data.noise import noisy
from deep.natural.ours import Ours
from rdcsym.problem import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path / "data"))
    return photographs(tmp_path / "data")


def measured(peer, judge, cache, study=STUDY):
    return measure(study, [*one("noisy", "input", Noisy), *one(peer.name, "peer", lambda: peer)], judge.metrics, cache)


def test_every_row_gets_the_same_noisy_files(tmp_path, folder):
    cells, holes = measured(Halved(), Judge(), tmp_path / "cache")
    assert holes == []
    assert [(cell.row, cell.image) for cell in cells] == [(r, n) for n in ("01", "02", "03") for r in ("noisy", "halved")]
    clean = np.repeat(np.asarray(Image.open(folder / "set12/02.png"))[..., None], 3, 2)
    given = noisy(clean, 25.0, 1, 1)  # the second photograph has the noise of index 1, whatever --limit
    (second,) = [cell for cell in cells if (cell.row, cell.image) == ("noisy", "02")]
    assert (np.asarray(Image.open(second.restored).convert("RGB")) == given).all()
    assert second.metrics["dists"] == pytest.approx(np.mean((given.astype(float) - clean) ** 2) / 255**2)
    assert (second.bits_per_pixel, cells[1].bits_per_pixel) == (None, 1.0)


def test_a_run_that_was_stopped_goes_on(tmp_path):
    class Stopped(BaseException):
        """As a kill, it is no error that the bench would handle."""

    first = Halved(fails_at=1, error=Stopped())
    with pytest.raises(Stopped):
        measured(first, Judge(), tmp_path)
    peer, judge = Halved(), Judge()
    cells, _ = measured(peer, judge, tmp_path)
    assert peer.asked == 2  # the first photograph was kept
    assert judge.asked == 3  # the input of the third, and two of the peer's
    again, silent = Halved(), Judge()
    assert measured(again, silent, tmp_path)[0] == cells
    assert (again.asked, silent.asked) == (0, 0)


def test_what_a_cell_depends_on_makes_it_anew(tmp_path):
    measured(Halved(), Judge(), tmp_path)
    for peer, study in (
        (Halved(version="2"), STUDY),
        (Halved(), Study("set12", 10.0, 3)),
        (Halved(), Study("set12", 25.0, 3, seed=2)),
    ):
        measured(peer, Judge(), tmp_path, study)
        assert peer.asked == 3
    peer, judge = Halved(), Judge("psnr and more")
    measured(peer, judge, tmp_path)
    assert (peer.asked, judge.asked) == (0, 6)  # other metrics need no new picture


@pytest.mark.parametrize("harm", ["half", "empty", "a list", "another format", "picture", "other picture"])
def test_a_broken_cell_is_made_anew(tmp_path, harm):
    cells, _ = measured(Halved(), Judge(), tmp_path)
    (cell,) = [cell for cell in cells if (cell.row, cell.image) == ("halved", "01")]
    kept, picture = cell_files(tmp_path, "set12", "halved", "01", cell.key)
    if harm == "picture":
        picture.write_bytes(picture.read_bytes()[:60])
    elif harm == "other picture":
        Image.fromarray(np.zeros((SIDE, SIDE), np.uint8)).save(picture)
    else:
        held = kept.read_text()
        other = held.replace(FORMAT, "other")
        kept.write_text({"half": held[: len(held) // 2], "empty": "", "a list": "[1]", "another format": other}[harm])
    peer = Halved()
    again = measured(peer, Judge(), tmp_path)[0]
    assert [replace(cell, restore_seconds=0.0) for cell in again] == [replace(cell, restore_seconds=0.0) for cell in cells]
    assert peer.asked == 1


def test_a_row_that_fails_anywhere_is_a_hole(tmp_path):
    cells, holes = measured(Halved(fails_at=2), Judge(), tmp_path)
    assert {cell.row for cell in cells} == {"noisy"}
    assert [(hole.row, "has no weights" in hole.why) for hole in holes] == [("halved", True)]


def test_a_peer_that_cannot_be_listed_is_a_hole_of_its_name(tmp_path):
    def lacking():
        raise ImportError("no module named bm4d")

    rows = listed("BM4D", "peer", lacking)
    cells, holes = measure(STUDY, rows, Judge().metrics, tmp_path)
    assert cells == []
    assert [(hole.row, hole.why) for hole in holes] == [("BM4D", "no module named bm4d")]


def test_a_peer_that_changes_the_size_is_a_hole(tmp_path):
    class Cropped(Halved):
        def restore(self, noisy, sigma):
            return Restored(noisy[:-1], None, 0.0, None)

    _, holes = measured(Cropped(), Judge(), tmp_path)
    assert "should be (12, 12, 3)" in holes[0].why


def test_means_and_standard_errors(tmp_path):
    rows = [*one("noisy", "input", Noisy), *one("halved", "peer", Halved)]
    judge = Judge()
    cells, holes = measure(STUDY, rows, judge.metrics, tmp_path)
    table = tabulate(STUDY, rows, cells, holes, judge.metrics)
    own = [cell.metrics["psnr"] for cell in cells if cell.row == "halved"]
    value = table.lines[1].values["psnr"]
    assert value.mean == pytest.approx(np.mean(own))
    assert value.standard_error == pytest.approx(np.std(own, ddof=1) / math.sqrt(3))
    assert "bits_per_pixel" not in table.lines[0].values
    assert table.published == ()
    text = markdown([table])
    assert "- pi: no model" in text
    assert f"{value.mean:.2f} ± {value.standard_error:.2f}" in text
    beside = tabulate(Study("kodak24", 25.0), rows, cells, holes, judge.metrics)
    assert len(beside.published) == 5
    lines = list(csv.DictReader(csv_of_means([table, beside]).splitlines()))
    assert [line["row"] for line in lines[:2]] == ["noisy", "halved"]
    published = {line["row"]: line for line in lines if line["kind"] == "published"}
    assert published["BM3D"]["psnr"] == "31.88"
    assert "Nguyen" in published["BM3D"]["source"]


def test_a_metric_that_some_photographs_lack_has_no_mean(tmp_path):
    rows, judge = one("noisy", "input", Noisy), Judge(missing=True)
    cells, holes = measure(STUDY, rows, judge.metrics, tmp_path)
    assert set(tabulate(STUDY, rows, cells, holes, judge.metrics).lines[0].values) == {"psnr", "encode_seconds"}


def test_a_perfect_copy_has_no_psnr_but_a_cell(tmp_path):
    endless = Metrics(("psnr",), "endless", lambda restored, clean: {"psnr": math.inf}, {})
    for _ in range(2):
        cells, holes = measure(STUDY, one("noisy", "input", Noisy), endless, tmp_path)
        assert [cell.metrics for cell in cells] == [{"psnr": None}] * 3
        assert holes == []


def test_real_noise_is_estimated_and_large_frames_are_cut(folder, tmp_path):
    clean = np.full((600, 530, 3), 120, np.uint8)
    (folder / "sidd").mkdir()
    Image.fromarray(clean).save(folder / "sidd/0150_007_N6_gt.png")
    Image.fromarray(noisy(clean, 12.0)).save(folder / "sidd/0150_007_N6_noisy.png")
    (cell,), _ = measure(Study("sidd", None), one("noisy", "input", Noisy), Judge().metrics, tmp_path)
    assert cell.pixels == 512 * 512
    assert cell.sigma == pytest.approx(12.0, rel=0.02)
    for bad in (Study("sidd", 25.0), Study("set12", None)):
        with pytest.raises(InputError, match="sigma"):
            measure(bad, one("noisy", "input", Noisy), Judge().metrics, tmp_path)


def test_rows_are_chosen_by_name_or_line():
    rows = [Row("b q1", "ours", Noisy, "b"), Row("a", "peer", Noisy, "a"), Row("b q2", "ours", Noisy, "b")]
    assert [row.name for row in chosen(rows, ["b"])] == ["b q1", "b q2"]
    assert [row.name for row in chosen(rows, ["a", "b q2"])] == ["a", "b q2"]
    assert chosen(rows, []) == rows
    with pytest.raises(InputError, match="no row"):
        chosen(rows, ["c"])
    assert Setting("x", Halved(), "y").restore(np.zeros((2, 2, 3), np.uint8), 1.0).bits == 4


def test_the_paper_s_rows_and_tasks():
    assert [(study.data, study.sigma) for study in studies(None, None)] == [("kodak24", 25.0), ("nuclei", 10.0), ("sidd", None)]
    assert studies("cbsd68", 50.0) == [Study("cbsd68", 50.0)]
    assert [row.line for row in rows_of(Study("nuclei", 10.0))][:2] == ["noisy", "BM3D"]
    lines = dict.fromkeys(row.line for row in rows_of(Study("kodak24", 25.0)))
    assert list(lines)[:5] == ["noisy", "JPEG-2K", "BM3D", "DeCompress", "OTDenoising"]
    assert any(line.startswith("ours") for line in lines)
    names = [row.name for row in rows_of(Study("kodak24", 25.0))]
    assert len(set(names)) == len(names)
    with pytest.raises(InputError, match="trained on"):
        studies("bsds-train200", None)


def test_ours_has_a_line_a_realism_and_an_ablation_without_a_rate(monkeypatch):
    def ours_rows(model):
        kinds = ((q, p) for p in (0.0, 1.0) for q in (0.0, 5.0))
        return [Ours(f"ours q{q:g} {'realistic' if p else 'faithful'}", None, q, p) for q, p in kinds]

    monkeypatch.setattr(images_methods, "pretrained_names", lambda: ["natural"])
    monkeypatch.setattr(images_methods, "ours_rows", ours_rows)
    rows = [row for row in rows_of(Study("kodak24", 25.0)) if row.line.startswith("ours")]
    (alone,) = (row for row in rows if row.kind == "ablation")
    assert (alone.name, alone.line) == ("ours, OT only", "ours, OT only")
    peer = alone.make().peer
    assert (peer.quality, peer.realism, peer.rated) == (5.0, 1.0, False)
    assert [row.line for row in rows if row.kind == "ours"] == ["ours, faithful"] * 2 + ["ours, realistic"] * 2
