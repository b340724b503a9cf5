"""The table of torch helpers. Where a branch of one would be undefined, its input is masked first, so that no gradient is NaN."""

from __future__ import annotations

from typing import Final

from rdcsym.export.plan import Helpers

HELPERS: Final[Helpers] = {
    "tensor": ((), '''
def _tensor(x):
    return torch.as_tensor(x, dtype=torch.float64)
'''),
    "least": (("tensor",), '''
def _least(first, *others):
    for other in others:
        first = torch.minimum(_tensor(first), _tensor(other))
    return first
'''),
    "largest": (("tensor",), '''
def _largest(first, *others):
    for other in others:
        first = torch.maximum(_tensor(first), _tensor(other))
    return first
'''),
    "beyond": (("tensor",), '''
def _beyond(a, size, tolerance):
    """a, raised by the rounding of a budget: what lies above it does so by more than rounding."""
    a = _tensor(a)
    return a + tolerance * torch.maximum(_tensor(size), torch.where(torch.isfinite(a), a.abs(), 0.0))
'''),
    "piecewise": ((), '''
def _piecewise(arguments, *cases):
    """Cases (condition, value): each sees the points that no case before it took, and its value those that it takes."""
    result = torch.full_like(arguments[0], math.nan)
    left = torch.arange(arguments[0].numel(), device=arguments[0].device)
    for condition, value in cases:
        part = [x[left] for x in arguments]
        holds = torch.as_tensor(condition(*part), device=left.device).expand(left.shape)
        taken, left = left[holds], left[~holds]
        if taken.numel():
            found = torch.as_tensor(value(*(x[taken] for x in arguments)), dtype=torch.float64, device=left.device)
            result = result.index_put((taken,), found.expand(taken.shape))
        if not left.numel():
            break
    return result
'''),
    "root": ((), '''
def _root(equation, slope, low, high):
    """The zero of a monotone equation in [low, high]; else the better end. Its gradient is that of the implicit function."""
    with torch.no_grad():
        a, b = low, high
        at_a, at_b = equation(a), equation(b)
        inside, rising = (at_a < 0) != (at_b < 0), at_b > at_a
        first = at_a.abs() <= at_b.abs()
        x, settled = a + (b - a) / 2, ~inside
        for _ in range(80):
            value = equation(x)
            before = (value < 0) == rising
            a, b = torch.where(before, x, a), torch.where(before, b, x)
            step = x - value / slope(x)
            within = (step > torch.minimum(a, b)) & (step < torch.maximum(a, b))
            following = torch.where(within, step, a + (b - a) / 2)
            following = torch.where((value == 0) | settled, x, following)
            settled = settled | ((following - x).abs() <= 4.5e-16 * following.abs())
            x = following
            if settled.all():
                break
        steep = slope(x)
        usable = inside & torch.isfinite(steep) & (steep != 0)
    at = torch.nonzero(usable, as_tuple=True)[0]
    result = torch.where(inside, x, torch.where(first, low, high))
    if at.numel():
        moved = equation(x)  # 0 up to rounding; its gradient is what counts
        change = -moved[at] / steep[at]
        result = result.index_put((at,), x[at] + (change - change.detach()))
    return result
'''),
    "binary_entropy": (("tensor",), '''
def _binary_entropy(p):
    """H_b(p), bits; its gradient at 0 and 1, which is infinite, is given as 0."""
    p = _tensor(p)
    inner = (p > 0) & (p < 1)
    q = torch.where(inner, p, 0.5)
    return torch.where(inner, -(q * torch.log(q) + (1.0 - q) * torch.log1p(-q)), 0.0) / math.log(2.0)
'''),
    "squared_correlation": (("tensor",), '''
def _squared_correlation(rate):
    """1 - 2^(-2 rate)."""
    return -torch.expm1(-2.0 * math.log(2.0) * _tensor(rate))
'''),
    "gaussian_information": (("tensor",), '''
def _gaussian_information(r):
    """-1/2 log2(1 - r), bits."""
    r = _tensor(r)
    finite = r < 1
    return torch.where(finite, -torch.log1p(-torch.where(finite, r, 0.0)) / (2.0 * math.log(2.0)), math.inf)
'''),
    "binary_equivocation": (("binary_entropy",), '''
def _binary_equivocation(p, s, c):
    """H(S|Y), bits, of two bits with P(Y=1) = p, P(S=1) = s and covariance c."""
    result = 0.0
    for mass, sign in ((_tensor(p), 1.0), (1.0 - _tensor(p), -1.0)):
        posterior = torch.where(mass > 0, s + sign * c / torch.where(mass > 0, mass, 1.0), s)
        result = result + mass * _binary_entropy(torch.clamp(posterior, 0.0, 1.0))
    return result
'''),
    "least_variance_ratio": (("tensor",), '''
def _least_variance_ratio(P):
    """t in [0, 1] with t - ln t = 2P + 1; dt/dP = -2t/(1 - t), given as 0 at P = 0, where it is infinite."""
    P = _tensor(P)
    with torch.no_grad():
        p = torch.clamp(P, max=1e3)
        u = -(2.0 * p + 1.0)
        for _ in range(60):
            following = u - (torch.exp(u) - u - (2.0 * p + 1.0)) / torch.expm1(u)
            if (((following - u).abs() <= 1e-15 * u.abs()) | (p < 1e-3)).all():
                break
            u = following
        v = torch.sqrt(4.0 * torch.clamp(p, max=1e-3))
        for _ in range(6):
            tail = sum(v**k / (k + 2) for k in range(16))
            v = torch.where(v > 0, v - (v * v * tail - 2.0 * p) * (1.0 - v) / torch.where(v > 0, v, 1.0), v)
        near = p < 1e-3
        t = torch.where(near, 1.0 - v, torch.exp(torch.clamp(u, max=0.0)))
        gap = torch.where(near, v, 1.0 - t)
        slope = torch.where((gap > 0) & (P < 1e3), -2.0 * t / torch.where(gap > 0, gap, 1.0), 0.0)
        anchor = torch.where(torch.isfinite(P), P, 0.0)
    return t + slope * (torch.where(torch.isfinite(P), P, 0.0) - anchor)
'''),
    "label_ratio": (("tensor",), '''
def _label_ratio(theta, sigma_S, sigma_X):
    """|theta|, the product of the deviations and its rounding error (Dekker's), scaled alike by powers of 2."""
    theta, sigma_S, sigma_X = _tensor(theta), _tensor(sigma_S), _tensor(sigma_X)
    with torch.no_grad():
        scale_s, scale_x = (torch.exp2(-torch.frexp(x).exponent.to(torch.float64)) for x in (sigma_S, sigma_X))
    s, x = sigma_S * scale_s, sigma_X * scale_x
    product = s * x
    with torch.no_grad():
        split = 2.0**27 + 1
        s_high, x_high = split * s - (split * s - s), split * x - (split * x - x)
        s_low, x_low = s - s_high, x - x_high
        error = ((s_high * x_high - product) + s_high * x_low + s_low * x_high) + s_low * x_low
    return theta.abs() * scale_s * scale_x, product, error
'''),
    "label_correlation": (("label_ratio",), '''
def _label_correlation(theta, sigma_S, sigma_X):
    """rho_S^2, at most 1; 0 where a deviation is 0."""
    covariance, product, _ = _label_ratio(theta, sigma_S, sigma_X)
    safe = torch.where(product > 0, product, 1.0)
    return torch.clamp(torch.where(product > 0, covariance / safe, 0.0), max=1.0) ** 2
'''),
    "label_noise": (("label_ratio",), '''
def _label_noise(theta, sigma_S, sigma_X):
    """1 - rho_S^2, without the cancellation of that difference."""
    covariance, product, error = _label_ratio(theta, sigma_S, sigma_X)
    safe = torch.where(product > 0, product, 1.0)
    noise = ((product - covariance) + error) * (product + covariance) / (safe * safe)
    return torch.where(product > 0, torch.clamp(noise, 0.0, 1.0), 1.0)
'''),
    "label_information": (("squared_correlation", "gaussian_information"), '''
def _label_information(r, nu, rate):
    """-1/2 log2(nu + r 2^(-2 rate)), bits."""
    r, nu, rate = torch.broadcast_tensors(_tensor(r), _tensor(nu), _tensor(rate))
    told = r * _squared_correlation(rate)
    little = told < 0.5
    few = _gaussian_information(torch.where(little, told, 0.0))
    left = nu + r * torch.exp2(-2.0 * rate)  # each term is exact to rounding, and neither is negative
    empty = left <= 0
    much = torch.where(empty, math.inf, -0.5 * torch.log2(torch.where(little | empty, 1.0, left)))
    return torch.where(little, few, much)
'''),
    "label_rate": (("squared_correlation", "gaussian_information"), '''
def _label_rate(r, nu, gain):
    """-1/2 log2((2^(-2 gain) - nu) / r): the rate that tells `gain` bits of the label."""
    r, nu, gain = torch.broadcast_tensors(_tensor(r), _tensor(nu), _tensor(gain))
    safe = torch.where(r > 0, r, 1.0)
    asked = torch.where(r > 0, _squared_correlation(gain) / safe, torch.where(gain > 0, math.inf, 0.0))
    little = asked < 0.5
    few = _gaussian_information(torch.where(little, asked, 0.0))
    left = (torch.exp2(-2.0 * gain) - nu) / safe
    much = torch.where(left > 0, -0.5 * torch.log2(torch.where((left > 0) & ~little, left, 1.0)), math.inf)
    return torch.where(little, few, torch.where((nu == 0) & (r > 0), gain, much))
'''),
    "excess": (("tensor",), '''
def _excess(u):
    """(1+u) log(1+u) - u, for u >= -1; its gradient at -1, which is infinite, is given as -1."""
    u = torch.clamp(_tensor(u), min=-1.0)
    near = u.abs() <= 0.25
    small = torch.where(near, u, 0.0)
    series = torch.zeros_like(small)
    for k in range(26, 1, -1):
        series = 1.0 / (k * (k - 1)) - small * series
    inner = u > -1
    far = torch.where(inner, u, 0.0)
    return torch.where(near, small * small * series, torch.where(inner, (1.0 + far) * torch.log1p(far), 0.0) - u)
'''),
    "binary_information": (("excess",), '''
def _binary_information(q, p, c):
    """I(X;Y), bits, of two bits with P(X=1) = q, P(Y=1) = p and covariance c."""
    q, p, c = torch.broadcast_tensors(_tensor(q), _tensor(p), _tensor(c))
    total = 0.0
    for mass, sign in ((q * p, 1.0), (q * (1.0 - p), -1.0), ((1.0 - q) * p, -1.0), ((1.0 - q) * (1.0 - p), 1.0)):
        total = total + mass * _excess(torch.where(mass > 0, sign * c / torch.where(mass > 0, mass, 1.0), 0.0))
    return total / math.log(2.0)
'''),
    "binary_entropy_difference": (("binary_entropy", "excess"), '''
def _binary_entropy_difference(p, d):
    """H_b(p) - H_b(d), bits, exact to rounding where p and d are close."""
    p, d = torch.broadcast_tensors(_tensor(p), _tensor(d))
    p, d = torch.minimum(p, 1.0 - p), torch.minimum(d, 1.0 - d)
    close = ((p - d).abs() <= 0.2 * torch.maximum(p, d)) & (d > 0)
    safe = torch.where(close, d, 0.25)
    gap = torch.where(close, p, 0.25) - safe
    divergence = safe * _excess(gap / safe) + (1.0 - safe) * _excess(-gap / (1.0 - safe))
    odds = torch.where(safe > 0.25, torch.log1p((1.0 - 2.0 * safe) / safe), torch.log1p(-safe) - torch.log(safe))
    return torch.where(close, (gap * odds - divergence) / math.log(2.0), _binary_entropy(p) - _binary_entropy(d))
'''),
    "inverse_and_bias": (("excess",), '''
def _inverse_and_bias(h):
    """p in [0, 1/2] with H_b(p) = h bits, and 1/2 - p; dp/dh = 1/log2((1-p)/p), given as 0 where it is infinite or 0."""
    h = _tensor(h)
    with torch.no_grad():
        target = torch.clamp(h, 0.0, 1.0) * math.log(2.0)
        none, low = target <= 1e-300, target < 0.32508297339144824  # the entropy at p = 0.1, nats
        t = torch.where(low & ~none, target, 0.3)
        x = torch.log(t) - torch.log(torch.clamp(1.0 - torch.log(t), min=1.0))
        for _ in range(12):
            p = torch.clamp(torch.exp(x), max=0.5)
            entropy = -(p * x + (1.0 - p) * torch.log1p(-p))
            x = torch.clamp(x - torch.log(entropy / t) * entropy / (p * (torch.log1p(-p) - x)), max=-math.log(2.0))
        p = torch.exp(x)
        p = p - (-(p * torch.log(p) + (1.0 - p) * torch.log1p(-p)) - t) / (torch.log1p(-p) - torch.log(p))
        deficit = (1.0 - torch.clamp(h, 0.0, 1.0)) * math.log(2.0)
        z = torch.sqrt(deficit / 2.0)
        for _ in range(12):
            value, flat = (_excess(2.0 * z) + _excess(-2.0 * z)) / 2.0, z <= 0
            steep = 2.0 * torch.atanh(torch.clamp(2.0 * z, max=1 - 1e-16))
            z = torch.where(flat, z, z - (value - deficit) / torch.where(flat, 1.0, steep))
        inverse = torch.where(none, 0.0, torch.where(low, p, 0.5 - z))
        bias = torch.where(none, 0.5, torch.where(low, 0.5 - p, z))
        steep = 2.0 * torch.atanh(torch.clamp(2.0 * bias, max=1 - 1e-16)) / math.log(2.0)
        slope = torch.where((steep > 0) & ~none, 1.0 / torch.where(steep > 0, steep, 1.0), 0.0)
    change = slope * (h - h.detach())
    return inverse + change, bias - change
'''),
    "binary_entropy_inverse": (("inverse_and_bias",), '''
def _binary_entropy_inverse(h):
    """The p in [0, 1/2] with H_b(p) = h bits."""
    return _inverse_and_bias(h)[0]
'''),
    "crossover_of_loss": (("inverse_and_bias",), '''
def _crossover_of_loss(h, n):
    """The c in [0, 1/2] with H_b(n (1-c) + (1-n) c) = h bits."""
    n = _tensor(n)
    inverse, bias = _inverse_and_bias(h)
    clear = torch.where(n < 0.5, 1.0 - 2.0 * n, 1.0)
    return torch.where(inverse < 0.1, (inverse - n) / clear, 0.5 - bias / clear)
'''),
}  # fmt: skip
