"""The trusted kernel for the one-shot setting: exact rationals, entropies enclosed by rationals (bits).

For one map phi of X let d, h, l be its cost, H(phi(X)) and H(S|phi(X)), and P_phi its output law. With multipliers
t, lam, mu >= 0 and v free, B = <v, q> + min over maps of (t d + lam h + mu l - <v, P_phi>): any mixture of maps with
output law q obeys t D + lam R + mu C >= B, which bounds D or R from below or, for t = 0, proves infeasibility. The minimum
over all |Y|^|X| maps is a sum over the preimages of a map, so it is found by dynamic programming over subsets of X.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from flint import arb, fmpq

from solvers.certificate import CertificateError, MapDual, MapMixture, SeedBlindDual
from solvers.exact import Enclosure, conditional_entropy_bits, entropy_bits, rational, surprise, up
from solvers.exact import down as round_down
from solvers.exact_problem import ExactPoint, ExactProblem


def map_lower_end(data: ExactProblem, budgets: ExactPoint, dual: MapDual | SeedBlindDual) -> float:
    """The greatest lower end that the dual proves; inf where it proves the point infeasible."""
    if isinstance(dual, SeedBlindDual):
        return _seed_blind_lower(data, budgets, dual)
    t, _, lam, mu = _multipliers(data, dual)
    room = _map_bound(data, data.cost, dual) - _spent(budgets, fmpq(0) if budgets.minimises_rate else lam, mu)
    if budgets.minimises_rate:
        assert budgets.distortion is not None
        room -= t * budgets.distortion
        if lam == 0:
            return math.inf if room > 0 else 0.0
        bits = max(fmpq(0), room / lam)
        # No map has more entropy than X: a greater demand cannot be met.
        if bits > entropy_bits(data.p).high:
            return math.inf
        return round_down(bits if budgets.units == "bits" else arb(bits) * arb.const_log2())
    if t == 0:
        return math.inf if room > 0 else -math.inf
    return round_down(room / t)


def map_upper_end(data: ExactProblem, budgets: ExactPoint, mixture: MapMixture) -> float:
    """The value of a mixture of maps, rounded up; raises where it breaks a constraint, which are decided exactly."""
    maps = np.asarray(mixture.maps)
    if maps.ndim != 2 or maps.shape != (len(mixture.weights), data.full_shape[0]):
        raise CertificateError(f"maps have shape {maps.shape}, not (weights, symbols of X)")
    if not np.isin(maps, np.arange(data.full_shape[1])).all():
        raise CertificateError("a map has a value that is no symbol of Y")
    if not all(isinstance(w, Fraction) for w in mixture.weights):
        raise CertificateError("weights must be exact fractions")
    weights = [rational(w) for w in mixture.weights]
    if any(w < 0 for w in weights) or sum(weights, fmpq(0)) != 1:
        raise CertificateError("weights are not a law: nonnegative and of sum exactly 1")
    plan = [[fmpq(0)] * data.full_shape[1] for _ in data.p]
    rate, loss = fmpq(0), fmpq(0)
    for weight, assignment in zip(weights, maps[:, data.keep_x], strict=True):
        for x, y in enumerate(assignment):
            plan[x][int(y)] += weight * data.p[x]
        preimages = [[x for x, y in enumerate(assignment) if y == value] for value in set(assignment.tolist())]
        parts = [_subset_terms(data, subset) for subset in preimages]
        rate += weight * sum((part[0].high for part in parts), fmpq(0))
        loss += weight * sum((part[1].high for part in parts), fmpq(0))
    law = [sum(column, fmpq(0)) for column in zip(*plan, strict=True)]
    wanted = dict(zip(data.keep_y.tolist(), data.q, strict=True))
    if any(mass != wanted.get(y, 0) for y, mass in enumerate(law)):
        raise CertificateError("the mixture's output law is not p_Y")
    if budgets.rate is not None and not rate <= budgets.rate.low:
        raise CertificateError("the mixture's rate is not certainly within the budget")
    if budgets.classification is not None:
        if not budgets.sees_seed:
            loss = _seed_blind_loss(data, plan)
        if not (loss <= budgets.classification.low or data.label_entropy.high <= budgets.classification.low):
            raise CertificateError("the mixture's classification loss is not certainly within the budget")
    kept = [[row[y] for y in data.keep_y] for row in plan]
    cost = sum(
        (mass * c for row, costs in zip(kept, data.cost, strict=True) for mass, c in zip(row, costs, strict=True)),
        fmpq(0),
    )
    if budgets.minimises_rate:
        if cost > budgets.distortion:
            raise CertificateError("the mixture's cost is above the distortion budget")
        return up(rate if budgets.units == "bits" else arb(rate) * arb.const_log2())
    return up(cost)


def _seed_blind_loss(data: ExactProblem, plan: list[list[fmpq]]) -> fmpq:
    """Upper end of H(S|Y) of an exact plan."""
    kept = [[row[y] for y in data.keep_y] for row in plan]
    return _plan_loss(data, kept).high


def _plan_loss(data: ExactProblem, plan: list[list[fmpq]]) -> Enclosure:
    """H(S|Y) in bits of an exact plan on the symbols of positive mass."""
    shares = [[c / p for c, p in zip(column, data.p, strict=True)] for _, column in data.labels]
    return conditional_entropy_bits(
        [sum((mass * s for mass, s in zip(masses, share, strict=True)), fmpq(0)) for share in shares]
        for masses in zip(*plan, strict=True)
    )


def _multipliers(data: ExactProblem, dual: MapDual) -> tuple[fmpq, list[fmpq], fmpq, fmpq]:
    values = (dual.cost_multiplier, *dual.output, dual.rate_multiplier, dual.classification_multiplier)
    if not all(isinstance(x, Fraction) for x in values) or len(dual.output) != data.full_shape[1]:
        raise CertificateError(f"multipliers must be exact fractions, {data.full_shape[1]} of them for the output law")
    t, lam, mu = (rational(x) for x in (values[0], *values[-2:]))
    if t < 0 or lam < 0 or mu < 0:
        raise CertificateError("a multiplier of an inequality is negative")
    return t, [rational(dual.output[y]) for y in data.keep_y], lam, mu


def _spent(budgets: ExactPoint, lam: fmpq, mu: fmpq) -> fmpq:
    total = fmpq(0)
    for multiplier, budget, name in ((lam, budgets.rate, "rate"), (mu, budgets.classification, "classification")):
        if multiplier > 0:
            if budget is None:
                raise CertificateError(f"a multiplier is given for the {name} budget, which there is not")
            total += multiplier * budget.high
    return total


def _subset_terms(data: ExactProblem, subset: list[int]) -> tuple[Enclosure, Enclosure]:
    """-P log P and its share of H(S|Y), P(A) H(S|A), of the preimage A of one output symbol."""
    own = surprise(sum((data.p[x] for x in subset), fmpq(0)))
    return own, conditional_entropy_bits([[sum((column[x] for x in subset), fmpq(0)) for _, column in data.labels]])


def _map_bound(data: ExactProblem, cost: list[list[fmpq]], dual: MapDual) -> fmpq:
    """B: the minimum over all maps, by dynamic programming over the symbols of Y and the subsets of X still unmapped."""
    t, v, lam, mu = _multipliers(data, dual)
    n, size = len(data.p), 1 << len(data.p)
    base, mass = [fmpq(0)] * size, [fmpq(0)] * size
    for mask in range(1, size):
        subset = [x for x in range(n) if mask >> x & 1]
        mass[mask] = sum((data.p[x] for x in subset), fmpq(0))
        if lam > 0 or mu > 0:
            own, label = _subset_terms(data, subset)
            base[mask] = lam * own.low + (mu * label.low if mu > 0 else fmpq(0))
    best: list[fmpq | None] = [None] * size
    best[0] = fmpq(0)
    for y in range(len(data.q)):
        own_cost = [fmpq(0)] * size
        for mask in range(1, size):
            low = mask & -mask
            x = low.bit_length() - 1
            own_cost[mask] = own_cost[mask ^ low] + t * data.p[x] * cost[x][y]
        price = [own_cost[mask] + base[mask] - v[y] * mass[mask] for mask in range(size)]
        following = list(best)
        for mask in range(1, size):
            subset_mask = mask
            least = best[mask]
            while subset_mask:
                rest = best[mask ^ subset_mask]
                if rest is not None and (least is None or rest + price[subset_mask] < least):
                    least = rest + price[subset_mask]
                subset_mask = (subset_mask - 1) & mask
            following[mask] = least
        best = following
    final = best[size - 1]
    assert final is not None
    return final + sum((a * b for a, b in zip(v, data.q, strict=True)), fmpq(0))


def _seed_blind_lower(data: ExactProblem, budgets: ExactPoint, dual: SeedBlindDual) -> float:
    """See SeedBlindDual. `sign * (delta + p q)` takes the place of the problem's cost in the two map bounds."""
    if budgets.sees_seed or (len(data.p), len(data.q)) != (2, 2):
        raise CertificateError("a covariance range is evidence for two symbols a side and a classifier without the seed")
    p, q = data.p[1], data.q[1]
    # sign, cost multiplier, rate multiplier, B: for every mixture t sign (delta + p q) + lam rate >= B.
    supports: list[tuple[int, fmpq, fmpq, fmpq]] = []
    for sign, bound in ((1, dual.least), (-1, dual.greatest)):
        t, _, lam, mu = _multipliers(data, bound)
        if mu != 0:
            raise CertificateError("a bound on the covariance has no classification multiplier")
        supports.append((sign, t, lam, _map_bound(data, [[fmpq(0), fmpq(0)], [fmpq(0), fmpq(sign)]], bound)))
    least, greatest = -min(p * q, (1 - p) * (1 - q)), min(p * (1 - q), q * (1 - p))
    d = data.cost
    slope, product = d[0][0] + d[1][1] - d[0][1] - d[1][0], data.product_cost()
    if budgets.minimises_rate:
        assert budgets.distortion is not None
        if slope == 0 and product > budgets.distortion:
            return math.inf
        if slope < 0:
            least = max(least, (budgets.distortion - product) / slope)
        if slope > 0:
            greatest = min(greatest, (budgets.distortion - product) / slope)
    elif budgets.rate is not None:
        for sign, t, lam, bound_value in supports:
            if t > 0:
                end = sign * (bound_value - lam * budgets.rate.high) / t - p * q
                least, greatest = (max(least, end), greatest) if sign == 1 else (least, min(greatest, end))
    pieces = [(least, greatest)] if least <= greatest else []
    if dual.excluded is not None:
        left, right = _excluded(data, budgets, dual.excluded)
        # The ends of the excluded interval are excluded themselves, so a piece of one point is none.
        split = [(least, min(left, greatest)), (max(right, least), greatest)]
        pieces = [
            (a, b)
            for a, b in split
            if a < b or (a == b and not left <= a <= right)
        ]  # fmt: skip
    values: list[fmpq] = []
    for piece in pieces:
        if budgets.minimises_rate:
            ends = [min((b - t * sign * (delta + p * q)) / lam for delta in piece) for sign, t, lam, b in supports if lam > 0]
            values.append(max([fmpq(0), *ends]))
        else:
            values += [product + slope * delta for delta in piece]
    if not values:
        return math.inf
    if budgets.minimises_rate and budgets.units != "bits":
        return max(0.0, round_down(arb(min(values)) * arb.const_log2()))
    return round_down(min(values))


def _excluded(data: ExactProblem, budgets: ExactPoint, ends: tuple[Fraction, Fraction]) -> tuple[fmpq, fmpq]:
    if not all(isinstance(end, Fraction) for end in ends) or ends[0] > ends[1] or budgets.classification is None:
        raise CertificateError("the excluded interval has its ends in the wrong order, or there is no budget for it")
    left, right = rational(ends[0]), rational(ends[1])
    for end in (left, right):
        if not _loss_at(data, end).low > budgets.classification.high:
            raise CertificateError("H(S|Y) does not exceed the budget at an end of the excluded interval")
    return left, right


def _loss_at(data: ExactProblem, delta: fmpq) -> Enclosure:
    p, q = data.p[1], data.q[1]
    plan = [[(1 - p) * (1 - q) + delta, (1 - p) * q - delta], [p * (1 - q) - delta, p * q + delta]]
    if any(mass < 0 for row in plan for mass in row):
        raise CertificateError("an end of the excluded interval is no covariance of a plan")
    return _plan_loss(data, plan)
