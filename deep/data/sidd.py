"""SIDD: photographs of smartphones with real noise, and clean ones of the same scene (Abdelhamed, Lin and Brown 2018).

The published folders (SIDD-Small and SIDD-Medium, sRGB only): `Data/SCENE/NOISY_SRGB_010.PNG` with `GT_SRGB_010.PNG`, where a
name may begin with the scene's number (`0001_NOISY_SRGB_010.PNG`); frames of about 12 million pixels.

`sidd_small256/` is a STAND-IN where those are not at hand: 50 pairs `SCENE_noisy.png`, `SCENE_gt.png` of 256 x 256, whose maker
had resized whole frames without antialiasing. The noise is a real sensor's, but its correlation in space is lost, and these are
not SIDD's validation patches: figures on them are not comparable with published ones.

The second field of SCENE (`0001_001_S6_00100_...`) says which of ten scenes it is. We test on scenes 007 to 010 and train on
001 to 006, so that no scene is in both: 15 and 35 pairs of the stand-in, which has none of scene 010.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from deep.data.images import Found
from deep.data.photograph import Photograph
from deep.data.picture import read_photograph
from rdcsym.problem import InputError

STAND_IN: Final = "stand-in (50 resized pairs)"
FIRST_TEST_SCENE: Final = 7
_FOLDERS: Final = ("SIDD_Small_sRGB_Only", "SIDD_Medium_Srgb", "SIDD", "sidd")
_NOISY, _CLEAN = "NOISY_SRGB_", "GT_SRGB_"


def find(folder: Path) -> Found | None:
    """The published folder before the stand-in."""
    for place in (folder / name / "Data" for name in _FOLDERS):
        if place.is_dir() and any(place.glob(f"*/*{_NOISY}*.PNG")):
            return Found("SIDD", {"all": place})
    for place in (folder / name for name in ("sidd_small256", "sidd")):
        if place.is_dir() and any(place.glob("*_noisy.png")):
            return Found(STAND_IN, {"all": place})
    return None


def read(found: Found, split: str) -> list[Photograph]:
    """The pairs of one split by name; InputError for a noisy picture without its clean one, or a name without a scene."""
    place = found.files["all"]
    if found.format == STAND_IN:
        pairs = [(file.name.removesuffix("_noisy.png"), file, _twin(file, "_noisy", "_gt")) for file in place.glob("*_noisy.png")]
    else:
        files = place.glob(f"*/*{_NOISY}*.PNG")
        pairs = [(f"{file.parent.name}-{file.stem[-3:]}", file, _twin(file, _NOISY, _CLEAN)) for file in files]
    chosen = sorted(pair for pair in pairs if (_scene(pair[0], place) >= FIRST_TEST_SCENE) == (split == "test"))
    if not chosen:
        raise InputError("data", "sidd", f"has no pairs to {split} on in {place}", "complete the folder")
    return [Photograph(name, partial(read_photograph, clean), partial(read_photograph, noisy)) for name, noisy, clean in chosen]


def _twin(file: Path, noisy: str, clean: str) -> Path:
    twin = file.with_name(file.name.replace(noisy, clean))
    if not twin.is_file():
        raise InputError("data", file.name, f"has no clean picture {twin.name} beside it", "complete the folder")
    return twin


def _scene(name: str, place: Path) -> int:
    fields = name.split("_")
    if len(fields) < 2 or not fields[1].isdigit():
        raise InputError("data", name, "does not say its scene in its second field", f"keep the published names in {place}")
    return int(fields[1])
