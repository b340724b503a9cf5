"""A discrete problem and an operating point of it: the two things that `solve` is given.

The exact data of a problem are its float arrays read as rationals and normalised exactly, p / sum(p); a row of
p_S_given_X likewise. Every certificate speaks about those exact data, so no rounding hides in the statement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rdcsym.problem import FloatArray, InputError, Setting, Units, check_array, check_units, nearest, to_nats

if TYPE_CHECKING:
    from solvers.samples import SampledProblem

MASS_TOLERANCE: Final = 1e-6
"""How far the sum of given masses may be from 1 before it is bad input rather than rounding."""
ROUNDING: Final = 2.0**-52
"""How far normalised masses may sum from 1; the kernel divides by the exact sum anyway."""
LEAST_MASS: Final = 1e-140
"""Mass whose square is still a normal float; a plan's marginals may miss the exact ones by far more."""

Minimised = Literal["distortion", "rate"]


@dataclass(frozen=True, eq=False)
class DiscreteProblem:
    """Cross-domain compression of a finite source: S -- X -- Y with the laws of X and of Y given.

    p_X: (n,) masses of X; p_Y: (m,) masses of Y; cost: (n, m) finite distortions d(x, y);
    p_S_given_X: (n, k) rows P(S = . | X = x), or None where there is no label.
    Sums may be off 1 by up to 1e-6 and are then renormalised once. The arrays are copied and made read-only.
    Raises InputError on anything else.
    """

    p_X: FloatArray
    p_Y: FloatArray
    cost: FloatArray
    p_S_given_X: FloatArray | None = None

    def __post_init__(self) -> None:
        p_X, p_Y = _masses("p_X", self.p_X), _masses("p_Y", self.p_Y)
        shape = (p_X.size, p_Y.size)
        cost = check_array("cost", self.cost, 2).copy()
        if cost.shape != shape:
            raise InputError("cost", f"array of shape {cost.shape}", f"needs shape {shape}", "give one cost per (x, y)")
        if not np.isfinite(cost).all():
            raise InputError("cost", "an infinite entry", "must be finite", "use a large cost for a forbidden pair")
        object.__setattr__(self, "p_X", _frozen(p_X))
        object.__setattr__(self, "p_Y", _frozen(p_Y))
        object.__setattr__(self, "cost", _frozen(cost))
        if self.p_S_given_X is not None:
            object.__setattr__(self, "p_S_given_X", _frozen(_channel("p_S_given_X", self.p_S_given_X, p_X.size)))

    @classmethod
    def from_samples(cls, x: Any, y: Any, labels: Any = None, *, codewords: Any = 16, seed: int = 0) -> SampledProblem:
        """The discrete problem of samples x (N, ...) and y (M, ...), images or features, and of the labels (N,) of x.

        X and Y are the codewords, their masses and labels the empirical ones, the cost their squared distance summed over
        pixels. x and y need as many pixels; they may be unpaired, and then N and M may differ.
        codewords: a number for k-means on each side (needs scikit-learn; deterministic in `seed`), an array (n, pixels) of
        given codewords, None to make each distinct sample a symbol, without codebook error; or a pair of these for (x, y).
        The result goes into `solve` as it is, keeps `codebook_error_x` and `codebook_error_y` apart, bounds the images'
        own distortion by `distortion_interval`, and goes into `bootstrap`. Raises InputError on bad input.
        """
        # The vocabulary must stay light: what makes codebooks is loaded here only.
        from solvers.samples import sampled_problem

        return sampled_problem(x, y, labels, codewords=codewords, seed=seed)


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """What is asked of a problem: budgets in `units` (math.inf: no budget) and the quantity to minimise.

    With `minimised` "distortion" the rate is a budget and `distortion` is inf; with "rate" it is the other way round.
    """

    minimised: Minimised
    rate: float
    distortion: float
    classification: float
    setting: Setting
    units: Units
    classifier_sees_seed: bool = True

    @property
    def rate_nats(self) -> float:
        return to_nats(self.rate, self.units)

    @property
    def classification_nats(self) -> float:
        return to_nats(self.classification, self.units)

    @property
    def minimises_rate(self) -> bool:
        return self.minimised == "rate"

    @property
    def has_classification(self) -> bool:
        return self.classification < math.inf


@dataclass(frozen=True, eq=False)
class Support:
    """The symbols of positive mass, where the solvers work. label: rows P(s|x) on labels of positive mass, or None."""

    p: FloatArray
    q: FloatArray
    cost: FloatArray
    label: FloatArray | None
    keep_x: NDArray[np.intp]
    keep_y: NDArray[np.intp]
    full_shape: tuple[int, int]

    def full_plan(self, plan: FloatArray) -> FloatArray:
        """A plan (or channel) on the support as an (n, m) array with zeros elsewhere."""
        if plan.shape == self.full_shape:
            return plan
        full = np.zeros(self.full_shape)
        full[np.ix_(self.keep_x, self.keep_y)] = plan
        return full

    def full_g(self, g: FloatArray) -> FloatArray:
        """A potential on the support as an (m,) array; what stands at a symbol of no mass has no influence."""
        full = np.zeros(self.full_shape[1])
        full[self.keep_y] = g
        return full


def support(problem: DiscreteProblem, least: float = 0.0) -> Support:
    """`problem` restricted to the symbols of positive mass.

    least: smaller masses are raised to it, for solvers in floats, whose products of masses would else underflow; the kernel
    reads the problem itself. Pass LEAST_MASS, or 0 where the masses are read as they are.
    """
    keep_x, keep_y = np.flatnonzero(problem.p_X > 0), np.flatnonzero(problem.p_Y > 0)
    p, label = np.maximum(problem.p_X[keep_x], least), None
    if problem.p_S_given_X is not None:
        label = problem.p_S_given_X[keep_x]
        label = label[:, p @ label > 0]
    whole = (keep_x.size, keep_y.size) == problem.cost.shape
    # A large cost is not copied for nothing.
    cost = problem.cost if whole else problem.cost[np.ix_(keep_x, keep_y)]
    return Support(p, np.maximum(problem.p_Y[keep_y], least), cost, label, keep_x, keep_y, problem.cost.shape)


def operating_point(
    problem: DiscreteProblem,
    *,
    rate: float | None,
    distortion: float | None,
    classification: float | None,
    perception: object,
    setting: str,
    units: str,
    classifier_sees_seed: bool | None,
) -> OperatingPoint:
    """The validated operating point, or an InputError that names the argument."""
    if not isinstance(problem, DiscreteProblem):
        raise InputError("problem", type(problem).__name__, "is no DiscreteProblem", "build one with DiscreteProblem(...)")
    check_units(units)
    if setting not in get_args(Setting):
        raise InputError("setting", setting, "is unknown", nearest(str(setting), get_args(Setting)))
    if perception is not None:
        raise InputError("perception", perception, "is not yet supported by solve", "leave it None: p_Y is given here")
    if (rate is None) == (distortion is None):
        given = "neither" if rate is None else "both"
        raise InputError("rate", given, "one of rate and distortion is the budget", "give exactly one of the two")
    if classification is not None and problem.p_S_given_X is None:
        raise InputError("classification", classification, "needs a label", "give p_S_given_X to DiscreteProblem")
    if classifier_sees_seed is not None:
        if setting != "oneshot":
            text = "is a question of the one-shot setting only"
            raise InputError("classifier_sees_seed", classifier_sees_seed, text, "leave it None, or use setting='oneshot'")
        if not isinstance(classifier_sees_seed, bool | np.bool_):
            raise InputError("classifier_sees_seed", classifier_sees_seed, "is no truth value", "give True or False")
    limit = _budget("distortion", distortion)
    if distortion is not None and limit == math.inf:
        # The kernel wants a number; no plan costs more than the dearest pair.
        limit = max(0.0, float(problem.cost.max()))
    return OperatingPoint(
        minimised="distortion" if distortion is None else "rate",
        rate=_budget("rate", rate),
        distortion=limit,
        classification=_budget("classification", classification),
        setting=setting,  # type: ignore[arg-type]
        units=units,  # type: ignore[arg-type]
        classifier_sees_seed=classifier_sees_seed is None or bool(classifier_sees_seed),
    )


def _budget(name: str, value: float | None) -> float:
    if value is None:
        return math.inf
    array = check_array(name, value)
    if array.ndim != 0:
        raise InputError(name, f"array of shape {array.shape}", "must be one number", "call solve once per operating point")
    if array < 0:
        raise InputError(name, value, "must not be negative", "give a value of at least 0")
    return abs(float(array))


def _masses(name: str, value: Any) -> FloatArray:
    array = check_array(name, value, 1)
    if array.size == 0:
        raise InputError(name, "an empty array", "has no symbols", "give at least one mass")
    _check_nonnegative(name, array)
    return _normalised(name, array)


def _channel(name: str, value: Any, n: int) -> FloatArray:
    array = check_array(name, value, 2)
    if array.shape[0] != n or array.shape[1] == 0:
        text = f"needs {n} rows (one per symbol of X) and at least one column"
        raise InputError(name, f"array of shape {array.shape}", text, "give P(S = s | X = x) as an (n, k) array")
    _check_nonnegative(name, array)
    return np.vstack([_normalised(f"{name}[{i}]", row) for i, row in enumerate(array)])


def _check_nonnegative(name: str, array: FloatArray) -> None:
    if (array < 0).any() or np.isinf(array).any():
        bad = float(array[(array < 0) | np.isinf(array)].flat[0])
        raise InputError(name, bad, "is no probability", "give finite masses of at least 0")


def _normalised(name: str, array: FloatArray) -> FloatArray:
    try:
        total = math.fsum(array)
    except OverflowError:
        total = math.inf
    if abs(total - 1) > MASS_TOLERANCE:
        raise InputError(name, f"masses of sum {total:.9g}", "must sum to 1", f"divide {name} by its sum")
    # Masses that are normalised already stay as they are, to the bit: rounding leaves their sum within an ulp of 1.
    return np.abs(array) / total if abs(total - 1) > ROUNDING else np.abs(array)


def _frozen(array: FloatArray) -> FloatArray:
    array.setflags(write=False)
    return array
