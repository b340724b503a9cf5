"""The certified limit of an operating point's source: what no code can do better, whoever made it.

    limit({"kind": "gauss-vector", "sigma_X": [...], "sigma_Y": [...], "kappa": [...]}, rate=8.0)

Why the single-letter limits bind block codes with a shared seed U, on files of m samples of n components: a file's expected
length is at least H(file|U), up to log2 of that for a code that is not prefix-free (less than a header), and H(file|U) >=
I(X^mn; Y^mn|U) = I(X^mn; Y^mn, U) >= I(X^mn; Y^mn) >= sum over samples and components of I(X_i; Y_i), as the X_i are
independent. The least sum of rates is convex in the distortion and the label losses, so averages obey it. What each kind takes
of the law of Y:

gauss-vector, gaussian. Second moments only, and only up to the means: any Y_i of deviation tau_i and correlation rho_i with the
    Gaussian X_i has I(X_i;Y_i) >= -1/2 log(1 - rho_i^2), since h(X_i|Y_i) is at most that of the linear residual; and the entropy
    power inequality gives 2^(2 h(S_i|Y_i)) >= 2 pi e (1 - kappa_i^2 + kappa_i^2 2^(-2 I(X_i;Y_i))), which the theorem's proof
    uses. So Y_i need not be Gaussian, as long as its deviation is the given one.
bernoulli-block. P(Y_i = 1) = q_Y. Without a label the least I(X;Y) is jointly convex in the distortion and q_Y, so an average
    over positions is enough. A label's H(S_i|Y_i) enters through the convex envelope at the given q_Y
    (`setting="asymptotic"`), which asks for q_Y at each position; for two uniform laws Mrs Gerber's lemma asks for no law of Y.

Labels are judged from Y_i alone, without the seed, over all samples of a file. A file has one seed: then the laws are those of
the average over its samples, X_i being independent of the sample's number, and the same inequalities hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from rdcsym.problem import InputError, check_interval

Numbers = tuple[float, ...]

GAUSS: Final = "rdc-gaussian-vector"
BERNOULLI: Final = "rdc-bernoulli-asymptotic"
CACHED: Final = 4096
_HAIR: Final = 1e-9  # by which the inverse of the binary entropy is rounded to the safe side
_EXACT: Final = 1e-6  # relative gap up to which both ends are one number


@dataclass(frozen=True, kw_only=True)
class Limit:
    """lower <= least value <= upper: distortion a dimension (rate given) or bits a block (distortion given); inf: out of reach.

    kind: "certified limit" (both ends agree) or "certified bound" (the lower end holds, the upper is not known to be near). what:
    one sentence.
    """

    lower: float
    upper: float
    kind: str
    what: str


def limit(
    source: Mapping[str, Any],
    *,
    rate: float | None = None,
    distortion: float | None = None,
    classification: float | None = None,
) -> Limit | None:
    """The limit of a source at a rate (bits a block) or a distortion (squared error a dimension); exactly one of them.

    classification: budget of the sum over a block of h(S_i|Y_i) or H(S_i|Y_i), in bits, or an upper estimate of it, which gives
    a weaker limit; None for no budget. None for
    {"kind": "images"}: no exact limit is known. Keys of a source that begin with `output_` are measurements and are ignored.
    Raises InputError for a source that makes no sense.
    """
    kind = source.get("kind")
    if kind == "images":
        return None
    if (rate is None) == (distortion is None):
        raise InputError("rate, distortion", f"{rate}, {distortion}", "exactly one must be given", "leave the other None")
    known = {"gauss-vector": _gauss, "gaussian": _gauss, "bernoulli-block": _bernoulli}
    if kind not in known:
        raise InputError("source.kind", kind, "is no known source", f"give one of images, {', '.join(known)}")
    if classification == math.inf:
        classification = None
    return known[kind](source, rate, distortion, classification)


def at_measured_law(source: Mapping[str, Any]) -> dict[str, Any]:
    """The source with the output's measured second moments (`output_sigma`) in the place of the given ones: a check."""
    return {**source, "sigma_Y": source["output_sigma"]} if "output_sigma" in source else dict(source)


def _gauss(source: Mapping[str, Any], rate: float | None, distortion: float | None, classification: float | None) -> Limit:
    sigma_X = _vector(source, "sigma_X", 0.0, math.inf)
    n = len(sigma_X)
    sigma_Y = _vector(source, "sigma_Y", 0.0, math.inf, n)
    kappa = _vector(source, "kappa", -1.0, 1.0, n) if source.get("kappa") is not None else None
    if classification is not None and kappa is None:
        raise InputError("source.kappa", None, "is missing beside a classification loss", "give each label's correlation")
    total = None if distortion is None else n * distortion
    lower, upper = _solved_gauss(rate, total, classification, sigma_X, sigma_Y, kappa)
    scale = n if distortion is None else 1
    return _found(lower / scale, upper / scale, f"{GAUSS}: parallel Gaussian components, output law given")


@lru_cache(maxsize=CACHED)
def _solved_gauss(
    rate: float | None,
    distortion: float | None,
    classification: float | None,
    sigma_X: Numbers,
    sigma_Y: Numbers,
    kappa: Numbers | None,
) -> tuple[float, float]:
    from solvers.gaussian_parallel import solve_gaussian_parallel

    found = solve_gaussian_parallel(
        rate=rate, distortion=distortion, classification=classification, sigma_X=sigma_X, sigma_Y=sigma_Y, kappa=kappa
    )
    return found.lower, found.upper


def _bernoulli(source: Mapping[str, Any], rate: float | None, distortion: float | None, classification: float | None) -> Limit:
    block = source.get("block", 1)
    if isinstance(block, bool) or not isinstance(block, int) or block < 1:
        raise InputError("source.block", block, "is no whole number above 0", "give the symbols of a block")
    q_X, q_Y = (_one(source, name, 1.0) for name in ("q_X", "q_Y"))
    q_S1 = _one(source, "q_S1", 1.0) if source.get("q_S1") is not None else None
    if classification is not None and q_S1 is None:
        raise InputError("source.q_S1", None, "is missing beside a classification loss", "give the label's flip probability")
    # A budget below zero is a measurement's error bar.
    budget = None if classification is None else max(0.0, classification / block)
    each = None if rate is None else rate / block
    lower, upper = _solved_bernoulli(each, distortion, budget, q_X, q_Y, q_S1)
    scale = block if rate is None else 1
    return _found(lower * scale, upper * scale, f"{BERNOULLI}: Bernoulli symbols, output law given")


@lru_cache(maxsize=CACHED)
def _solved_bernoulli(
    rate: float | None, distortion: float | None, classification: float | None, q_X: float, q_Y: float, q_S1: float | None
) -> tuple[float, float]:
    from solvers import DiscreteProblem, solve

    if classification is not None and q_S1 is not None and q_X == q_Y == 0.5:
        return _solved_uniform(rate, distortion, classification, min(q_S1, 1 - q_S1))

    label = None if q_S1 is None else np.array([[1 - q_S1, q_S1], [q_S1, 1 - q_S1]])
    hamming = np.array([[0.0, 1.0], [1.0, 0.0]])
    problem = DiscreteProblem(np.array([1 - q_X, q_X]), np.array([1 - q_Y, q_Y]), hamming, label)
    setting = "single-letter" if classification is None else "asymptotic"
    found = solve(problem, rate=rate, distortion=distortion, classification=classification, setting=setting)
    return found.lower, found.upper


def _solved_uniform(rate: float | None, distortion: float | None, classification: float, q_S1: float) -> tuple[float, float]:
    """Both laws uniform: the coupling of least distortion d at a rate also has the least H(S|Y) there, H_b(d * q_S1).

    That is Mrs Gerber's lemma (Wyner and Ziv 1973), as H(X|Y) >= 1 - rate. So the label only forbids, or asks for a lower
    distortion: both up to `_HAIR`.
    """
    from scipy.optimize import brentq

    least = _entropy(q_S1)
    if classification < least - _HAIR:
        return math.inf, math.inf
    error = 0.5 if classification >= 1 else brentq(lambda e: _entropy(e) - classification, 0.0, 0.5, xtol=1e-15)
    allowed = 0.5 if q_S1 == 0.5 else max(0.0, min(0.5, (error - q_S1) / (1 - 2 * q_S1) + _HAIR))
    if distortion is not None:
        return _solved_bernoulli(None, min(distortion, allowed), None, 0.5, 0.5, None)
    lower, upper = _solved_bernoulli(rate, None, None, 0.5, 0.5, None)
    return (lower, upper) if lower <= allowed else (math.inf, math.inf)


def _entropy(p: float) -> float:
    return 0.0 if p in (0.0, 1.0) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def _found(lower: float, upper: float, what: str) -> Limit:
    exact = lower == upper or upper - lower <= _EXACT * max(1.0, upper)
    return Limit(lower=lower, upper=upper, kind="certified limit" if exact else "certified bound", what=what)


def _vector(source: Mapping[str, Any], name: str, low: float, high: float, n: int | None = None) -> Numbers:
    if source.get(name) is None:
        raise InputError(f"source.{name}", None, "is missing", "give one number a component")
    array = np.atleast_1d(check_interval(f"source.{name}", source[name], low, high))
    if array.ndim != 1 or not array.size:
        raise InputError(f"source.{name}", source[name], "is no list of numbers", "give one number a component")
    if n is not None and array.size == 1:
        array = np.repeat(array, n)
    if n is not None and array.size != n:
        raise InputError(f"source.{name}", source[name], f"has {array.size} components", f"give {n}, as sigma_X has")
    return tuple(array.tolist())


def _one(source: Mapping[str, Any], name: str, high: float) -> float:
    if source.get(name) is None:
        raise InputError(f"source.{name}", None, "is missing", "give a probability")
    array = check_interval(f"source.{name}", source[name], 0.0, high)
    if array.ndim:
        raise InputError(f"source.{name}", source[name], "must be one number", "give a probability")
    return float(array)
