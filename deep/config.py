"""One configuration for a training: task, mode, weights of the loss, sizes, steps; from a file, from flags, or from Python.

The loss, and with it the convention of each weight, in one place:

    MSE + lambda_r R + lambda_p W1 + lambda_c CE

MSE   squared error, mean over pixels (grey values in [0, 1]) and images, to the encoder's input (`pairing = "unpaired"`, the
      paper's) or to the clean image (`"supervised"`).
R     rate in bits per image (cross-entropy of the symbols under the entropy model). With `rate` set, lambda_r is the
      multiplier of the constraint R <= rate and is found during the training; the given lambda_r is the most it starts at.
W1    critic's estimate of the Wasserstein-1 distance between outputs and clean images, Euclidean norm over an image's pixels
      divided by the square root of their number, so that it has the unit of a grey value whatever the image's size.
CE    cross-entropy in bits of the classifier that is trained along with the codec, on its outputs.
"""

from __future__ import annotations

import contextlib
import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from rdcsym.problem import InputError, nearest

MODES: Final = ("common", "private", "deterministic")
PAIRINGS: Final = ("unpaired", "supervised")
DEVICES: Final = ("auto", "cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of one training; `config_for` fills in a task's own defaults. Raises InputError for a value out of range.

    mode: "common" dithers with a seed that encoder and decoder share, "private" adds noise that only the decoder has,
    "deterministic" has neither. rate: target in bits per image, or None to use lambda_r as it is. latent: symbols per image.
    levels: size of the dither grid (a power of two). augment: mirror images and move them by up to an eighth of their side, anew
    each time (for small sets of photographs; digits are not theirs mirrored). log_every, checkpoint_every: in steps. threads: of
    the CPU, 0 leaves torch's choice. options: settings of a synthetic task, or of photographs.
    """

    task: str
    mode: str = "common"
    pairing: str = "unpaired"
    rate: float | None = None
    lambda_r: float = 1e-3
    lambda_p: float = 0.02
    lambda_c: float = 0.005
    latent: int = 16
    width: int = 48
    levels: int = 32
    steps: int = 2500
    batch: int = 128
    critic_steps: int = 1
    learning_rate: float = 2e-3
    seed: int = 0
    augment: bool = False
    log_every: int = 50
    checkpoint_every: int = 500
    device: str = "auto"
    amp: bool = False
    compile: bool = False
    threads: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("mode", self.mode, MODES)
        _one_of("pairing", self.pairing, PAIRINGS)
        _one_of("device", self.device, DEVICES)
        for name in ("latent", "width", "steps", "batch", "log_every", "checkpoint_every"):
            _whole(name, getattr(self, name), 1)
        for name in ("critic_steps", "seed", "threads"):
            _whole(name, getattr(self, name), 0)
        for name in ("lambda_r", "lambda_p", "lambda_c"):
            _number(name, getattr(self, name), positive=False)
        _number("learning_rate", self.learning_rate, positive=True)
        if self.rate is not None:
            _number("rate", self.rate, positive=True)
        _whole("levels", self.levels, 1)
        if self.levels & (self.levels - 1) or self.levels > 256:
            raise InputError("levels", self.levels, "is no power of two up to 256", "use 32")
        if self.batch < 2:
            raise InputError("batch", self.batch, "is too small for an unpaired training", "use 64 or more")

    def to_json(self) -> dict[str, Any]:
        """Plain data, as written into config.json."""
        return {**asdict(self), "options": dict(self.options)}


def config_for(
    task: str, given: Mapping[str, Any] | None = None, flags: Iterable[str] = (), defaults: Mapping[str, Any] | None = None
) -> TrainConfig:
    """Settings of a task: its defaults, then `given` (from a file), then `flags` ("key=value" texts), the later ones winning.

    An option of a synthetic task may be given alone: `options.lattice=e8`.
    """
    chosen = _merged(dict(defaults or {}), _checked(given or {}))
    for flag in flags:
        name, sign, text = flag.partition("=")
        if not sign or not name:
            raise InputError("--set", flag, "is no assignment", "write NAME=VALUE, for instance steps=2000")
        chosen = _merged(chosen, _checked({name.strip(): text.strip()}))
    named = chosen.pop("task", task)
    if named != task:
        raise InputError("task", named, f"is not the task asked for, {task}", "name one task")
    return TrainConfig(task=task, **chosen)


def read_config(path: str | Path) -> dict[str, Any]:
    """Settings in a JSON or TOML file, as a mapping; InputError where it cannot be read."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError("config", str(path), f"cannot be read ({error.strerror})", "name a JSON or TOML file") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError("config", str(path), f"is no valid JSON or TOML ({error})", "mend the file") from None
    if not isinstance(found, dict):
        raise InputError("config", str(path), "holds no table of settings", 'write {"steps": 2000, ...}')
    return found


def config_from_json(found: Mapping[str, Any]) -> TrainConfig:
    """The configuration that `to_json` wrote."""
    return TrainConfig(**_checked(found))


def with_defaults(held: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a run's file holds them, with those that are newer than the run at their default, where it stood."""
    defaults = {f.name: f.default for f in fields(TrainConfig) if f.default is not MISSING}
    return {**defaults, "options": {}, **held}


def changed(config: TrainConfig, **changes: Any) -> TrainConfig:
    """The same settings with some of them changed, checked anew."""
    return replace(config, **_checked(changes))


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Known names with values of their field's type; options.NAME=VALUE goes into `options`."""
    kinds = {f.name: str(f.type) for f in fields(TrainConfig)}
    result: dict[str, Any] = {}
    for name, value in given.items():
        table, dot, option = name.partition(".")
        if dot and table == "options" and option:
            result = _merged(result, {"options": {option: _json(value)}})
            continue
        if name not in kinds:
            raise InputError("setting", name, "is unknown", nearest(name, kinds))
        result = _merged(result, {name: _typed(name, value, kinds[name])})
    return result


def _merged(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Both, the later ones winning; options one by one."""
    both = {**first, **then}
    if "options" in first and "options" in then:
        both["options"] = {**first["options"], **then["options"]}
    return both


def _json(value: Any) -> Any:
    """A flag's text as the number, list or truth value that it spells, else as text."""
    if isinstance(value, str):
        for read in (json.loads, float):  # JSON knows no .5
            with contextlib.suppress(ValueError):
                return read(value)
    return value


def _typed(name: str, value: Any, kind: str) -> Any:
    wrong = InputError(name, value, f"is no {kind.split(' ')[0]}", f"give a value of type {kind}")
    if kind.startswith("Mapping"):
        try:
            table = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise InputError(name, value, "is no table", 'write options={"lattice": "e8"}') from None
        if not isinstance(table, Mapping):
            raise wrong
        return dict(table)
    if "None" in kind and (value is None or value in ("none", "None")):
        return None
    if kind == "bool":
        if isinstance(value, bool):
            return value
        if str(value).lower() not in ("true", "false"):
            raise InputError(name, value, "is neither true nor false", "write true or false")
        return str(value).lower() == "true"
    if isinstance(value, bool):
        raise wrong
    try:
        if kind == "str":
            return str(value)
        number = float(value)
    except (TypeError, ValueError):
        raise wrong from None
    if kind == "int":
        if not math.isfinite(number) or number != int(number):
            raise wrong
        return int(number)
    return number


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(name, value, "is unknown", nearest(value, known))


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        raise InputError(name, value, f"is no whole number of at least {least}", f"give a whole number of at least {least}")


def _number(name: str, value: Any, positive: bool) -> None:
    good = isinstance(value, int | float) and math.isfinite(value) and (value > 0 if positive else value >= 0)
    if not good:
        wanted = "above 0" if positive else "of at least 0"
        raise InputError(name, value, f"is no finite number {wanted}", f"give a number {wanted}")
