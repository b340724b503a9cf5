"""The benchmark: it runs, says what it timed, and its peer has the size it claims. How fast anything is, is not tested."""

from __future__ import annotations

import csv
import json
from concurrent.futures import Executor, Future

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from deep.bench import OURS, PEER, SEEN, Effort, _ratio, bench, jobs, write  # noqa: E402
from deep.bench.peer import SIZES, Peer  # noqa: E402
from deep.bench.timing import peak_memory  # noqa: E402
from rdcsym.problem import InputError  # noqa: E402

PAPER = {"mnist-sr": (0.8e6, 1.0e6, 0.02e6), "svhn-denoise": (1.7e6, 1.0e6, 0.27e6)}


class Inline(Executor):
    """Runs a job when it is submitted, in this thread."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize("name", SIZES)
def test_the_peer_has_the_size_that_it_claims(name):
    peer = Peer(SIZES[name], torch.device("cpu"))
    for count, wanted in zip(peer.parameters().values(), PAPER[name], strict=True):
        assert 0.9 * wanted < count < 1.25 * wanted
    x = torch.rand(2, *SIZES[name].shape)
    assert peer.decoder(peer.encoder(x)).shape == x.shape
    assert peer.critic(x).shape == (2, 1)


def test_a_run_of_it(tmp_path, capsys, monkeypatch):
    for name, value in (("CODED", 20), ("MEMORY_STEPS", 1), ("WARM_UP", 1), ("IMAGES", 128)):
        monkeypatch.setattr(f"deep.bench.timing.{name}", value)
    effort = Effort(threads=1, repeats=2, seconds=0.01)
    ticks: list[str] = []
    rows = bench(["mnist-sr"], effort, Inline(), ticks.append)
    assert len(ticks) == jobs(["mnist-sr"])
    assert [(row.work, row.network) for row in rows] == [
        ("training", OURS), ("training", PEER), ("training", SEEN), ("encoding", OURS), ("decoding", OURS),
    ]  # fmt: skip
    ours, peer, seen, encoding, _ = rows
    assert ours.lowest <= ours.images_per_second <= ours.highest
    assert ours.ratio_to_seen == ours.images_per_second / 470
    assert ours.ratio_to_peer > 0
    assert ours.memory >= ours.memory_libraries > 0
    assert (seen.machine, seen.lowest, peer.ratio_to_peer) == ("another one, 2 threads", None, None)
    assert encoding.megabytes_per_second == pytest.approx(encoding.images_per_second * 784 / 1e6)
    json_path, csv_path = write(rows, tmp_path / "results", effort)
    held = json.loads(json_path.read_text())
    assert (held["batch"], held["critic_steps"], held["threads"], len(held["rows"])) == (64, 1, 1, 5)
    with csv_path.open() as table:
        assert [float(row["images_per_second"]) for row in csv.DictReader(table)] == [r.images_per_second for r in rows]
    pytest.importorskip("matplotlib")
    from rdcsym.cli.bench_deep import _print, draw

    assert draw(rows, tmp_path / "results" / "deep.png").read_bytes().startswith(b"\x89PNG")
    _print(rows, effort.repeats)
    assert "seen on: another one, 2 threads" in capsys.readouterr().out


def test_the_ratio_is_of_neighbouring_blocks():
    assert _ratio({"rdcsym": [30.0, 3.0, 20.0], "peer": [10.0, 1.0, 5.0]}) == 3.0


def test_no_images_no_benchmark():
    with pytest.raises(InputError, match="gauss-vector"):
        bench(["gauss-vector"], Effort(1), Inline())


def test_memory_is_in_megabytes():
    assert 50 < peak_memory() < 100_000
