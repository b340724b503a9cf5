"""Downloads, from a server on this machine: whole files of the right digest arrive, anything else leaves nothing and says why."""

from __future__ import annotations

import hashlib
import http.server
import threading
from pathlib import Path

import data_samples as samples
import pytest

from deep.data import download, load
from deep.data.download import SOURCES, Source
from rdcsym.problem import InputError


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the files of the server's `files`; those under /short announce twice the bytes they send."""

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        data = self.server.files.get(name)
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) * (2 if self.path.startswith("/short") else 1)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server with the four files of a small MNIST, and SOURCES that point to it; the data folder is empty."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("RDCSYM_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    samples.mnist(tmp_path / "public")
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files = {p.name: p.read_bytes() for p in (tmp_path / "public").iterdir()}
        running.asked = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        point(monkeypatch, running, "whole")
        yield running
        running.shutdown()
        thread.join()


def point(monkeypatch, server, way: str) -> None:
    """Sources on the server for its files."""
    address = f"http://127.0.0.1:{server.server_address[1]}/{way}/"
    sources = [
        Source(address + n, f"mnist/{n}", "sha256", hashlib.sha256(d).hexdigest()) for n, d in sorted(server.files.items())
    ]
    monkeypatch.setitem(SOURCES, "mnist", tuple(sources))


def left(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "data").rglob("*"))


def test_a_set_arrives_and_loads(server, tmp_path):
    told = []
    paths = download("mnist", lambda name, done, total: told.append((name, done, total)))
    assert [p.read_bytes() for p in paths] == [d for _, d in sorted(server.files.items())]
    assert {(n, d) for n, d, t in told if d == t} == {(n, len(d)) for n, d in server.files.items()}
    assert left(tmp_path) == sorted(["mnist", *server.files])
    assert len(load("mnist").train) == 5


def test_what_is_there_is_kept_and_what_is_broken_is_fetched_again(server, tmp_path):
    broken = download("mnist")[0]
    broken.write_bytes(b"x")
    server.asked.clear()
    download("mnist")
    assert server.asked == [broken.name]
    assert broken.read_bytes() == server.files[broken.name]


def test_packed_files_are_known_by_what_they_pack(server, monkeypatch, tmp_path):
    import gzip

    name, data = sorted(server.files.items())[0]
    source = SOURCES["mnist"][0]
    digest = hashlib.sha256(gzip.decompress(data)).hexdigest()
    monkeypatch.setitem(SOURCES, "mnist", (Source(source.address, source.place, "sha256", digest, packed=True),))
    server.files[name] = gzip.compress(gzip.decompress(data), compresslevel=1, mtime=77)
    assert download("mnist")[0].read_bytes() == server.files[name] != data
    server.files[name] = data[:-9]
    (tmp_path / "data" / "mnist" / name).unlink()
    with pytest.raises(InputError, match="not the public original"):
        download("mnist")


@pytest.mark.parametrize("fault", ["absent", "another file", "cut short", "no server"])
def test_a_fault_leaves_nothing(server, monkeypatch, tmp_path, fault):
    name = min(server.files)
    if fault == "absent":
        del server.files[name]
    elif fault == "another file":
        server.files[name] = b"<html>moved</html>"
    elif fault == "cut short":
        point(monkeypatch, server, "short")
    else:
        free = Source("http://127.0.0.1:1/gone", f"mnist/{name}", "sha256", "")  # nothing listens on port 1
        monkeypatch.setitem(SOURCES, "mnist", (free,))
    with pytest.raises(InputError) as caught:
        download("mnist")
    said = str(caught.value)
    assert "\n" not in said
    assert "127.0.0.1" in said
    assert name in said
    assert left(tmp_path) == []


def test_sets_without_a_public_original():
    for name in ("digits", "mnits"):
        with pytest.raises(InputError, match="mnist"):
            download(name)


def test_the_sources_are_where_the_sets_look():
    places = {source.place for sources in SOURCES.values() for source in sources}
    assert len(places) == 8 + 24 + 200 + 12 + 1
    assert all(len(s.digest) == {"md5": 32, "sha256": 64}[s.algorithm] for sources in SOURCES.values() for s in sources)
    assert "svhn/train_32x32.mat" in places


def test_the_digests_are_those_of_the_real_mnist():
    import os

    from deep.data import find
    from deep.data.download import digest

    if not os.environ.get("RDCSYM_DATA") or (found := find("mnist")) is None or found.format != "idx":
        pytest.skip("mnist is not in RDCSYM_DATA")
    real = {path.name: path for path in found.files.values()}
    for source in SOURCES["mnist"]:
        path = real.get(source.place.removeprefix("mnist/"))
        if path is not None:
            assert digest(source, path) == source.digest
