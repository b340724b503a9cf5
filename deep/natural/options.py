"""Settings of a codec of photographs that `TrainConfig` has no name for; they stand in its `options`.

First the estimator is trained alone, by its squared error D0 to the clean photograph; then, with the estimator fixed, the codec.
Its loss, and with it the convention of each weight, in one place. At quality q (a real number from 0 to qualities - 1):

    255^2 lambda(q) (D + lambda_p realism W1) + R

D     squared error, mean over pixels and channels, grey values in [0, 1]; to which image, `distortion` says.
W1    the critic's estimate of the Wasserstein-1 distance between patches of outputs and of clean photographs, of which it sees
      what a blur takes away; in grey values, as in `deep.config`. It acts where `realism` is 1; the decoder is told which.
R     rate in bits per pixel (cross-entropy of the symbols under the entropy model).

A patch's loss is divided by sqrt(lambda(q)), up to a constant, so that no quality drowns the others in what they share.
lambda_r, lambda_c and rate of `TrainConfig` have no meaning here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

from deep.config import TrainConfig
from deep.natural.networks import STRIDE
from rdcsym.problem import InputError, nearest

Distortion = Literal["sure", "input", "clean"]
DISTORTIONS: Final[tuple[Distortion, ...]] = get_args(Distortion)
QUALITY_STEPS: Final = 16  # a quality is a multiple of 1/16: exact in binary, and one byte of a file


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `options.NAME=VALUE` sets.

    distortion: of "sure" and "clean", D0 is estimated from the noisy photograph alone (Stein 1981; needs Gaussian noise of known
    sigma; but see synthetic_share), or taken to the clean one; D is the error to the estimate, or to the clean one. "input"
    has no estimator, and D is the error to the encoder's input (the paper's).
    qualities: how many weights the model is trained for, from least_lambda to most_lambda in equal ratios. patch: side in pixels,
    a multiple of 8. critic_rate: the critic's learning rate. rate_free: no quantizer and no rate (optimal transport alone).
    estimator_width, refiner_width: channels of the estimator, and of its refiner (0: none). estimator_share: share of the steps
    that it takes (1: a run to be named in start_estimator); synthetic_share: share of these, the last ones, in which it learns
    from the clean photographs, with noise of the task's law added, in place of the noisy ones. critic_from: share of the others
    before the critic begins. spread: share of the patches whose sigma is drawn from 0..2.2 sigma instead of being the task's.
    clean_share: share of the patches that the codec, once the estimator is fixed, takes from the clean photographs. start,
    start_estimator: runs to take the first weights of the codec, and of the estimator, from; fresh_critic leaves out the critic.
    """

    distortion: str = "sure"
    qualities: int = 6
    least_lambda: float = 0.0016
    most_lambda: float = 0.32
    patch: int = 96
    critic_rate: float = 4e-4
    critic_from: float = 0.6
    rate_free: bool = False
    estimator_width: int = 48
    refiner_width: int = 64
    estimator_share: float = 0.5
    synthetic_share: float = 0.0
    start: str = ""
    start_estimator: str = ""
    fresh_critic: bool = False
    spread: float = 0.3
    clean_share: float = 0.25

    def __post_init__(self) -> None:
        if self.distortion not in DISTORTIONS:
            raise InputError("options.distortion", self.distortion, "is unknown", nearest(self.distortion, DISTORTIONS))
        if not 2 <= self.qualities <= 256 // QUALITY_STEPS:
            raise InputError("options.qualities", self.qualities, f"must be 2 to {256 // QUALITY_STEPS}", "use 6")
        if not 0 < self.least_lambda < self.most_lambda:
            raise InputError("options.least_lambda", self.least_lambda, "must be > 0 and below most_lambda", "use 0.0016")
        if self.patch < 4 * STRIDE or self.patch % STRIDE:
            raise InputError("options.patch", self.patch, f"must be a multiple of {STRIDE}, at least {4 * STRIDE}", "use 96")
        if self.critic_rate <= 0:
            raise InputError("options.critic_rate", self.critic_rate, "must be > 0", "use 0.0004")
        for name in ("estimator_width", "refiner_width"):
            if getattr(self, name) < 0:
                raise InputError(f"options.{name}", getattr(self, name), "must be >= 0", "use 48")
        if self.distortion == "input":  # it has no estimator, and no clean patches
            object.__setattr__(self, "estimator_width", 0)
            object.__setattr__(self, "refiner_width", 0)
        elif not self.estimator_width:
            raise InputError("options.estimator_width", 0, f"does not go with distortion={self.distortion}", "use 48")
        for name in ("critic_from", "estimator_share", "synthetic_share", "spread", "clean_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"options.{name}", getattr(self, name), "must lie in [0, 1]", "give a share")

    def rate_weight(self, quality: float) -> float:
        """lambda(q)."""
        ratio = self.most_lambda / self.least_lambda
        return float(self.least_lambda * ratio ** (quality / (self.qualities - 1)))


def options_of(config: TrainConfig) -> Options:
    """The options of a configuration; InputError for an unknown name or a value of the wrong kind."""
    kinds = {f.name: type(f.default) for f in fields(Options)}
    given: dict[str, Any] = {}
    for name, value in config.options.items():
        if name not in kinds:
            raise InputError(f"options.{name}", value, "is no option of a codec of photographs", nearest(name, kinds))
        given[name] = _of_kind(f"options.{name}", value, kinds[name])
    return Options(**given)


def _of_kind(name: str, value: Any, kind: type) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]
        if kind is int and float(value) != int(float(value)):
            raise ValueError
        return kind(value)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise InputError(name, value, f"is no {kind.__name__}", f"give a {kind.__name__}") from None
