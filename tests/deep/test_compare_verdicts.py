"""Verdicts and distances against a limit in closed form; seeds as one row."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from compare_samples import (
    GAUSSIAN,
    TAU,
    FakeLimit,
    closed_form,
    fake_limit,
    gaussian_point,
    inverse,
    least_loss,
    operating_point,
    quantity,
)

from deep.compare import Judged, Point, compare, grouped, judge, point_from_json
from deep.limits import limit

NOWHERE = Path("nowhere") / "operating_point.json"


def _point(found: dict[str, Any]) -> Point:
    return point_from_json(found, NOWHERE)


def _judged(found: dict[str, Any]) -> Judged:
    return judge(_point(found), fake_limit)


@pytest.mark.parametrize(("above", "verdict"), [(0.1, "above"), (0.01, "at"), (0.0, "at"), (-0.01, "at"), (-0.1, "beyond")])
def test_verdicts(above: float, verdict: str) -> None:
    one = _judged(gaussian_point(above, error=0.02))
    assert one.verdict == verdict
    assert one.limit is not None
    assert one.in_distortion is not None
    assert one.in_distortion.value == pytest.approx(above, abs=1e-9)
    assert one.limit.lower == pytest.approx(closed_form(1.0))


def test_beyond_needs_the_whole_error_bar() -> None:
    """The bound is taken at the high ends of the rate and the loss, and held against the high end of the distortion."""
    found = gaussian_point(-0.1, error=0.02)
    assert _judged(found).verdict == "beyond"
    wide = closed_form(1.0) - closed_form(1.2)
    found["quantities"]["rate_on_disk"] = quantity(1.0, 0.2)
    assert wide > 0.08
    assert _judged(found).verdict == "at"
    exact = gaussian_point(0.0, error=0.0)
    exact["quantities"]["distortion_input"] = quantity(closed_form(1.0) * (1 - 1e-12))
    assert _judged(exact).verdict == "at"  # rounding is no discovery
    exact["quantities"]["distortion_input"] = quantity(closed_form(1.0) * (1 - 1e-6))
    assert _judged(exact).verdict == "beyond"


def test_a_loss_that_no_code_has() -> None:
    found = gaussian_point(0.1)
    found["quantities"]["classification_loss"] = quantity(least_loss(1.0) - 0.1, 0.01)
    one = _judged(found)
    assert one.verdict == "beyond"
    assert one.limit is not None
    assert one.limit.lower == math.inf
    assert (one.in_distortion, "no code" in one.line) == (None, True)
    found["quantities"]["classification_loss"] = quantity(least_loss(1.0) - 0.1, 0.2)
    assert _judged(found).verdict == "at"  # within its error bar


@pytest.mark.parametrize("kappa", [0.0, 0.3, 0.9])
def test_the_best_code_itself_is_at_its_limit_whatever_its_label(kappa: float) -> None:
    """With all numbers exact: rate, distortion and loss of the coupling that attains the limit, in floating point."""
    source = {"kind": "gaussian", "sigma_X": 2.0, "sigma_Y": 1.5, "kappa": kappa}
    nothing = 0.5 * math.log2(2 * math.pi * math.e)
    for rho in (0.0, 0.1, 0.5, 0.9):
        loss, rate = nothing + 0.5 * math.log2(1 - (kappa * rho) ** 2), max(0.0, -0.5 * math.log2(1 - rho**2))
        numbers = {"rate_on_disk": rate, "distortion_input": 6.25 - 6.0 * rho, "classification_loss": loss}
        found = gaussian_point(source=source, quantities={name: quantity(value) for name, value in numbers.items()})
        assert judge(_point(found), limit).verdict == "at"
        found["quantities"]["classification_loss"]["value"] -= 1e-6
        assert judge(_point(found), limit).verdict == "beyond"


def test_the_line_names_point_number_and_bound() -> None:
    line = _judged(gaussian_point(-0.5, run="my codec")).line
    assert line.startswith("BEYOND THE LIMIT: my codec (toy-gauss)")
    for number in (closed_form(1.0) - 0.5, closed_form(1.0)):
        assert f"{number:.6g}" in line
    assert "one Gaussian component" in line
    assert "\n" not in line


def test_distance_in_bits() -> None:
    """The least rate for the point's distortion, by inverting the closed form."""
    found = gaussian_point(closed_form(0.7) - closed_form(1.0), rate=1.0, error=0.01)
    loss = found["quantities"].pop("classification_loss")
    one = _judged(found)
    assert one.in_bits is not None
    assert one.in_bits.value == pytest.approx(0.3, abs=2e-5)
    at = [inverse(closed_form(0.7) + d) for d in (0.01, -0.01)]
    assert one.in_bits.high == pytest.approx(1.0 - at[0], abs=2e-5)
    assert one.in_bits.low == pytest.approx(1.0 - at[1], abs=2e-5)
    assert one.in_bits.unit == "bits/dimension"
    found["quantities"]["classification_loss"] = loss  # asks for more rate than the distortion does
    bound = _judged(found).in_bits
    assert bound is not None
    assert least_loss(1.0 - bound.value) == pytest.approx(loss["value"], abs=1e-4)
    assert bound.value < 0.3


def test_bits_are_a_dimension_of_a_block() -> None:
    """A block of two dimensions whose limit, a dimension, is that of one at half the rate."""

    def of_two(
        source: Any, *, rate: float | None = None, distortion: float | None = None, classification: float | None = None
    ) -> Any:
        if rate is not None:
            return fake_limit(source, rate=rate / 2)
        assert distortion is not None
        return FakeLimit(2 * inverse(distortion), 2 * inverse(distortion))

    found = gaussian_point(0.1, rate=2.0) | {"dimensions": 2}
    found["quantities"]["distortion_input"] = quantity(closed_form(0.8), 0.0)
    one = judge(_point(found), of_two)
    assert one.in_bits is not None
    assert one.in_bits.value == pytest.approx(0.2)


def test_distortion_out_of_reach_at_any_rate() -> None:
    found = gaussian_point(0.0, error=0.01)
    found["quantities"]["distortion_input"] = quantity(0.2, 0.01)  # below (s - t)^2
    one = _judged(found)
    assert (one.verdict, one.in_bits) == ("beyond", None)


def test_the_real_limits_agree_with_the_closed_form() -> None:
    pytest.importorskip("flint", reason="the limits need the extra `solvers`")
    from deep.limits import limit

    for above, verdict in ((0.05, "above"), (0.0, "at"), (-0.05, "beyond")):
        found = gaussian_point(above, error=0.02)
        real, fake = judge(_point(found), limit), _judged(found)
        assert real.verdict == fake.verdict == verdict
        for a, b in ((real.in_distortion, fake.in_distortion), (real.in_bits, fake.in_bits)):
            assert a is not None
            assert b is not None
            assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), abs=1e-6)


def test_the_measured_law_is_held_against_its_own_limit() -> None:
    """An output of less spread than was asked for can lie below the limit for the wanted law; the line says what binds it."""
    pytest.importorskip("flint", reason="the limits need the extra `solvers`")
    from deep.limits import limit

    found = gaussian_point(-0.1, error=0.0) | {"source": {**GAUSSIAN, "output_sigma": [1.2]}}
    one = judge(_point(found), limit)
    assert one.verdict == "beyond"
    assert one.measured is not None
    assert one.measured.lower == pytest.approx(2.0**2 + 1.2**2 - 2 * 2.0 * 1.2 * math.sqrt(0.75))
    assert f"measured deviations it is {one.measured.lower:.6g}" in one.line


def test_images_have_no_limit() -> None:
    one = _judged(operating_point())
    assert (one.verdict, one.limit, one.in_distortion, one.in_bits) == ("unknown", None, None, None)


def _seeds(values: list[float], **config: Any) -> list[dict[str, Any]]:
    return [operating_point(distortion=v, run=f"seed {i}", config={"seed": i, **config}) for i, v in enumerate(values)]


def test_seeds_are_one_row_with_a_standard_error() -> None:
    values = [0.020, 0.022, 0.027]
    other = [operating_point(rate=16.0), operating_point(config={"lambda_c": 0.5}), operating_point(config={"mode": "private"})]
    groups = grouped(_judged(p) for p in [*_seeds(values), *other])
    assert sorted(g.seeds for g in groups) == [1, 1, 1, 3]
    (group,) = (g for g in groups if g.seeds == 3)
    d, error = group.point.distortion, stdev(values) / math.sqrt(3)
    assert d.value == pytest.approx(fmean(values))
    assert (d.low, d.high) == (pytest.approx(d.value - error), pytest.approx(d.value + error))
    assert "standard error over 3 seeds" in group.error_bar
    nominal = group.point.quantities["rate_nominal"]
    assert (nominal.low, nominal.high) == (None, None)
    (single,) = (g for g in groups if g.point.mode == "private")
    assert single.error_bar == "95 % interval"


def test_a_setting_that_is_newer_than_a_run_stood_at_its_default() -> None:
    values = _seeds([0.02, 0.03])
    values[1]["config"]["augment"] = False
    assert [g.seeds for g in grouped(_judged(p) for p in values)] == [2]
    values[1]["config"]["augment"] = True
    assert [g.seeds for g in grouped(_judged(p) for p in values)] == [1, 1]


def test_the_same_seed_twice_is_no_second_seed() -> None:
    groups = grouped(_judged(p) for p in _seeds([0.02, 0.03]) + _seeds([0.02]))
    assert sorted(g.seeds for g in groups) == [1, 2]


def test_one_seed_beyond_marks_its_row() -> None:
    found = [gaussian_point(above, config={"seed": i, "mode": "common"}) for i, above in enumerate((0.1, -0.5, 0.1))]
    result = compare([_point(p) for p in found], fake_limit)
    (group,) = result.tasks[0].groups
    assert (group.seeds, group.verdict, len(result.beyond)) == (3, "beyond", 1)
    assert group.in_distortion is not None
    assert group.in_distortion.value == pytest.approx(-0.1)


def test_a_comparison_has_curve_and_surface() -> None:
    ticks: list[str] = []
    points = [_point(gaussian_point(rate=r, source={**GAUSSIAN, "output_sigma": [1.5 + r]})) for r in (0.5, 1.0)]
    task = compare(points, fake_limit, lambda name: pytest.fail("no reference where the limit is known"), ticks.append).tasks[0]
    (curve,) = task.curves  # what was measured of a codec's outputs makes no second source
    assert curve.values == tuple(map(closed_form, curve.rates))
    assert curve.rates[-1] > 1.0
    assert task.surface is not None
    for loss, row in zip(task.surface.losses, task.surface.values, strict=True):
        for rate, value in zip(task.surface.rates, row, strict=True):
            assert value == (math.inf if loss < least_loss(rate) else closed_form(rate))
    assert any(math.isinf(v) for row in task.surface.values for v in row)
    assert len(ticks) == 4


def test_images_get_a_reference_or_a_word_why_not() -> None:
    task = compare([_point(operating_point())], fake_limit, lambda name: f"no data for {name}").tasks[0]
    assert task.notes[0] == "no reference for toy-images: no data for toy-images"
    assert (task.curves, task.surface, task.reference) == ((), None, None)


def test_a_codec_that_misses_the_law_of_its_limit_is_named() -> None:
    """Outputs of too small a deviation: a smaller error than a codec with the wanted law can have, or just less far above it."""
    for sigma, named in ((TAU, False), (TAU * 1.005, False), (TAU * 0.8, True)):
        found = gaussian_point(run="shrunk", source={**GAUSSIAN, "output_sigma": [sigma]}, test_images=20000)
        (task,) = compare([_point(found)], fake_limit).tasks
        assert any("shrunk: output deviations are off" in note for note in task.notes) is named
