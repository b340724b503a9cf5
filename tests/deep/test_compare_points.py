"""Operating points are read with care: a sound file gives its numbers, a bad one names its file and field."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from compare_samples import gaussian_point, operating_point, quantity, write_run

from deep.compare import checked_source, read_csv, read_run, write_csv
from rdcsym import InputError

HEADER = "name,task,mode,kind,rate,rate_kind,distortion,distortion_low,distortion_high,classification_loss,accuracy\n"


def test_a_sound_run(tmp_path: Path) -> None:
    point = read_run(write_run(tmp_path / "run", operating_point(rate=4.0, distortion=0.03)))
    assert (point.task, point.mode, point.dimensions, point.steps) == ("toy-images", "common", 64, 3000)
    assert point.rate_name == "rate_on_disk"
    assert point.rate.value == 4.05
    assert (point.distortion.value, point.distortion.least, point.distortion.most) == (0.03, 0.0295, 0.0305)
    assert point.loss is not None
    assert point.loss.kind == "upper estimate"
    assert read_run(tmp_path / "run" / "operating_point.json") == point


def _without(name: str) -> dict[str, Any]:
    found = operating_point()
    del found["quantities"][name]
    return found


def _with(name: str, **changes: Any) -> dict[str, Any]:
    found = operating_point()
    found["quantities"][name] = found["quantities"][name] | changes
    return found


BAD = {
    "another version": (operating_point(format="rdcsym operating point 2"), "format"),
    "no version": (operating_point(format=None), "format = missing"),
    "no task": (operating_point(task=None), "task = missing"),
    "no steps": (operating_point(steps=None), "steps"),
    "steps that are text": (operating_point(steps="3000"), "steps"),
    "no dimensions": (operating_point(dimensions=0), "dimensions"),
    "an unknown source": (operating_point(source={"kind": "laplace"}), "source = laplace"),
    "a source that is no table": (operating_point(source="images"), "source = images"),
    "a nan in the source": (gaussian_point(source={"kind": "gauss-vector", "sigma_X": [math.nan]}), "source.sigma_X"),
    "no quantities": (operating_point(quantities=None), "quantities = missing"),
    "no rate at all": (operating_point(quantities={"distortion_input": quantity(0.1)}), "has no rate"),
    "no distortion": (_without("distortion_input"), "has no distortion_input"),
    "nan": (_with("distortion_input", value=math.nan), "quantities.distortion_input.value"),
    "inf": (_with("rate_payload", high=math.inf), "quantities.rate_payload.high"),
    "a number beyond floats": (_with("rate_payload", value=10**400), "quantities.rate_payload.value"),
    "true for a number": (_with("rate_payload", value=True), "quantities.rate_payload.value"),
    "a negative rate": (_with("rate_on_disk", value=-1.0, low=None), "quantities.rate_on_disk.value"),
    "an accuracy above 1": (_with("accuracy_clean", value=60.0, high=None), "quantities.accuracy_clean.value"),
    "an interval beside its value": (_with("distortion_input", low=0.5, high=0.6), "quantities.distortion_input.low"),
    "an unknown kind": (_with("distortion_input", kind="guess"), "quantities.distortion_input.kind"),
    "a bare number": (operating_point(quantities={"rate_on_disk": 8.0}), "quantities.rate_on_disk"),
    "settings that are no table": (operating_point() | {"config": [1]}, "config"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_runs(case: str, tmp_path: Path) -> None:
    found, named = BAD[case]
    folder = write_run(tmp_path / "run", found)
    with pytest.raises(InputError) as raised:
        read_run(folder)
    assert named in str(raised.value)
    assert "operating_point.json" in str(raised.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", operating_point())
    path = folder / "operating_point.json"
    for text in (path.read_text()[:200], "", "[]", "\udcff", "[" * 100000):
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(InputError, match=r"operating_point\.json"):
            read_run(folder)
    path.unlink()
    with pytest.raises(InputError, match="is not there"):
        read_run(folder)
    with pytest.raises(InputError, match="lies in no folder"):
        read_run(tmp_path / "absent")


def test_a_source_needs_its_numbers() -> None:
    assert checked_source({"kind": "gaussian", "sigma_X": 1, "sigma_Y": 2.0}, "--source")["sigma_Y"] == 2.0
    with pytest.raises(InputError, match=r"--source\.sigma_X"):
        checked_source({"kind": "gaussian", "sigma_X": math.inf}, "--source")


def _csv(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_in_the_default_units(tmp_path: Path) -> None:
    path = _csv(
        tmp_path / "p.csv",
        HEADER
        + "mine,mnist-sr,common,,8.5,,0.02,0.019,0.021,1.1,0.7\npaper,mnist-sr,common,published,8,nominal,0.0236,,,,0.683\n",
    )
    mine, paper = read_csv(path)
    assert (mine.rate_name, mine.rate.value, mine.published) == ("rate_on_disk", 8.5, False)
    assert (mine.distortion.least, mine.distortion.most) == (0.019, 0.021)
    assert mine.quantities["classification_loss_upper"].kind == "upper estimate"
    assert (paper.rate_name, paper.published, paper.loss) == ("rate_nominal", True, None)
    assert paper.quantities["accuracy_cotrained"].value == 0.683
    assert (paper.distortion.low, paper.distortion.high) == (None, None)


@pytest.mark.parametrize(
    ("units", "rate", "distortion"),
    [
        ("rate=nats", 2 / math.log(2), 0.5),
        ("rate=bytes", 16.0, 0.5),
        ("rate=bits/dimension", 20.0, 0.5),
        ("distortion=sum", 2.0, 0.05),
        ("distortion=mse255, rate=bits/image", 2.0, 0.5 / 255**2),
    ],
)
def test_csv_units(units: str, rate: float, distortion: float, tmp_path: Path) -> None:
    table = "# dimensions: 10\nrate,distortion\n2,.5\n"
    for text, option in (("# units: " + units + "\n" + table, ""), ("# units: rate=bits, distortion=mse\n" + table, units)):
        (point,) = read_csv(_csv(tmp_path / "p.csv", text), units=option)
        assert point.rate.value == pytest.approx(rate)
        assert point.distortion.value == pytest.approx(distortion)
        assert point.dimensions == 10


def test_csv_of_a_known_source(tmp_path: Path) -> None:
    path = _csv(tmp_path / "p.csv", "rate,distortion,classification_loss\n2,.5,-.3\n")
    (point,) = read_csv(path, source={"kind": "gauss-vector", "sigma_X": [1.0, 2.0], "sigma_Y": [1.0, 1.0]}, task="mine")
    assert (point.dimensions, point.task) == (2, "mine")
    assert point.quantities["classification_loss"].value == -0.3  # a differential entropy
    with pytest.raises(InputError, match="negative"):
        read_csv(path)
    # A sum over other dimensions than the source has would be another distortion.
    path = _csv(tmp_path / "q.csv", "# units: distortion=sum\n# dimensions: 4\nrate,distortion\n2,.5\n")
    with pytest.raises(InputError, match="contradicts the source, which has 1"):
        read_csv(path, source={"kind": "bernoulli-block", "q_X": 0.5, "q_Y": 0.5})


BAD_CSV = {
    "empty": ("", "header"),
    "comments only": ("# units: rate=bits\n", "header"),
    "no rate": ("name,distortion\na,1\n", "rate"),
    "no distortion": ("name,rate\na,1\n", "distortion"),
    "an unknown column": ("rate,distorsion\n1,2\n", "distortion"),
    "a column twice": ("rate,rate,distortion\n1,2,3\n", "twice"),
    "a short row": ("rate,distortion\n1\n", "line 2"),
    "text for a number": ("rate,distortion\n1,low\n", "line 2: distortion"),
    "nan": ("rate,distortion\n1,nan\n", "distortion = nan"),
    "a negative rate": ("# a comment\nrate,distortion\n1,.5\n-1,.2\n", "line 4: rate.value"),
    "an empty rate": ("rate,distortion\n,.2\n", "empty rate"),
    "an interval beside its value": ("rate,distortion,distortion_low\n1,.2,.3\n", "distortion.low"),
    "an unknown kind": ("rate,distortion,kind\n1,.2,guessed\n", "kind = guessed"),
    "an unknown kind of rate": ("rate,distortion,rate_kind\n1,.2,true\n", "rate_kind = true"),
    "an unknown unit": ("# units: rate=bit\nrate,distortion\n1,.2\n", "bits"),
    "a unit of nothing": ("# units: speed=bits\nrate,distortion\n1,.2\n", "names no unit"),
    "a sum over unknown dimensions": ("# units: distortion=sum\nrate,distortion\n1,.2\n", "dimensions"),
    "a second value": ("rate,rate_on_disk,distortion\n1,2,.2\n", "second value"),
    "dimensions that are none": ("rate,distortion,dimensions\n1,.2,many\n", "dimensions = many"),
    "a cell of two lines": ('rate,distortion,name\n1,.2,"a\nb"\n', "line"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv(case: str, tmp_path: Path) -> None:
    text, named = BAD_CSV[case]
    with pytest.raises(InputError) as raised:
        read_csv(_csv(tmp_path / "p.csv", text))
    assert named in str(raised.value)


def test_csv_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="UTF-8"):
        read_csv(tmp_path / "p.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_csv(tmp_path / "absent.csv")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    runs = [
        read_run(write_run(tmp_path / f"r{rate}", operating_point(rate=float(rate), run=f"at {rate}, twice"))) for rate in (4, 8)
    ]
    (paper,) = read_csv(_csv(tmp_path / "a.csv", HEADER + "paper,toy-images,common,published,8,nominal,0.0236,,,,0.683\n"))
    again = read_csv(_csv(tmp_path / "b.csv", write_csv([*runs, paper])))
    assert [p.name for p in again] == ["at 4, twice", "at 8, twice", "paper"]
    assert [p.published for p in again] == [False, False, True]
    for before, after in zip([*runs, paper], again, strict=True):
        assert after.quantities.keys() == before.quantities.keys()
        for name, q in before.quantities.items():
            assert (after.quantities[name].value, after.quantities[name].low, after.quantities[name].high) == (
                q.value,
                q.low,
                q.high,
            )
        assert (after.machine, after.steps) == (before.machine, before.steps)
