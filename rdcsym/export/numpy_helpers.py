"""The table of NumPy helpers: the project's functions without the cancellation that their text has (see `rdcsym.numerics`)."""

from __future__ import annotations

from typing import Final

from rdcsym.export.plan import Helpers

HELPERS: Final[Helpers] = {
    "beyond": ((), '''
def _beyond(a, size, tolerance):
    """a, raised by the rounding of a budget: what lies above it does so by more than rounding."""
    return a + tolerance * np.maximum(size, np.where(np.isfinite(a), np.abs(a), 0.0))
'''),
    "root": ((), '''
def _root(equation, slope, low, high):
    """The zero of a monotone equation in [low, high], by Newton steps inside a shrinking bracket; else the better end."""
    a, b = np.broadcast_arrays(low + 0.0 * equation(low), high + 0.0 * low)
    a, b = np.broadcast_arrays(np.where(np.isnan(a), low, a), np.where(np.isnan(b), high, b))
    at_a, at_b = np.broadcast_arrays(equation(a), equation(b))
    end, inside, rising = np.where(np.abs(at_a) <= np.abs(at_b), a, b), (at_a < 0) != (at_b < 0), at_b > at_a
    x, settled = a + (b - a) / 2, ~inside
    for _ in range(80):
        value = equation(x)
        before = (value < 0) == rising
        a, b = np.where(before, x, a), np.where(before, b, x)
        step = x - value / slope(x)
        following = np.where((step > np.minimum(a, b)) & (step < np.maximum(a, b)), step, a + (b - a) / 2)
        following = np.where((value == 0) | settled, x, following)
        settled = settled | (np.abs(following - x) <= 2 * np.spacing(np.abs(following)))
        x = following
        if np.all(settled):
            break
    return np.where(inside, x, end)
'''),
    "xlogy": ((), '''
def _xlogy(x, y):
    """x log y, 0 where x is 0."""
    return np.where(x == 0, 0.0, x * np.log(np.where(x == 0, 1.0, y)))
'''),
    "binary_entropy": (("xlogy",), '''
def _binary_entropy(p):
    """H_b(p), bits."""
    p = np.asarray(p, dtype=np.float64)
    return -(_xlogy(p, p) + np.where(p == 1, 0.0, (1.0 - p) * np.log1p(-np.where(p == 1, 0.0, p)))) / np.log(2.0)
'''),
    "squared_correlation": ((), '''
def _squared_correlation(rate):
    """1 - 2^(-2 rate)."""
    return -np.expm1(-2.0 * np.log(2.0) * rate)
'''),
    "gaussian_information": ((), '''
def _gaussian_information(r):
    """-1/2 log2(1 - r), bits."""
    return -np.log1p(-r) / (2.0 * np.log(2.0))
'''),
    "binary_equivocation": (("binary_entropy",), '''
def _binary_equivocation(p, s, c):
    """H(S|Y), bits, of two bits with P(Y=1) = p, P(S=1) = s and covariance c."""
    result = 0.0
    for mass, sign in ((p, 1.0), (1.0 - p, -1.0)):
        posterior = np.where(mass > 0, s + sign * c / np.where(mass > 0, mass, 1.0), s)
        result = result + mass * _binary_entropy(np.clip(posterior, 0.0, 1.0))
    return result
'''),
    "least_variance_ratio": ((), '''
def _least_variance_ratio(P):
    """t in [0, 1] with t - ln t = 2P + 1."""
    P = np.minimum(P, 1e3)  # beyond, t is 0 in float64
    u = -(2.0 * P + 1.0)  # t = e^u; Newton from the left of the root, monotone
    for _ in range(60):
        following = u - (np.exp(u) - u - (2.0 * P + 1.0)) / np.expm1(u)
        if np.all((np.abs(following - u) <= 1e-15 * np.abs(u)) | (P < 1e-3)):
            break
        u = following
    v = np.sqrt(4.0 * np.minimum(P, 1e-3))  # t = 1 - v, with v^2 (1/2 + v/3 + v^2/4 + ...) = 2P
    for _ in range(6):
        tail = sum(v**k / (k + 2) for k in range(16))
        v = np.where(v > 0, v - (v * v * tail - 2.0 * P) * (1.0 - v) / np.where(v > 0, v, 1.0), v)
    return np.where(P < 1e-3, 1.0 - v, np.exp(np.minimum(u, 0.0)))
'''),
    "label_ratio": ((), '''
def _label_ratio(theta, sigma_S, sigma_X):
    """|theta|, the product of the deviations and its rounding error (Dekker's), scaled alike."""
    s, exponent_s = np.frexp(sigma_S)
    x, exponent_x = np.frexp(sigma_X)
    split = 2.0**27 + 1
    s_high, x_high = split * s - (split * s - s), split * x - (split * x - x)
    s_low, x_low, product = s - s_high, x - x_high, s * x
    error = ((s_high * x_high - product) + s_high * x_low + s_low * x_high) + s_low * x_low
    return np.ldexp(np.abs(theta), -(exponent_s + exponent_x)), product, error
'''),
    "label_correlation": (("label_ratio",), '''
def _label_correlation(theta, sigma_S, sigma_X):
    """rho_S^2, at most 1; 0 where a deviation is 0."""
    covariance, product, _ = _label_ratio(theta, sigma_S, sigma_X)
    return np.minimum(1.0, np.where(product > 0, covariance / np.where(product > 0, product, 1.0), 0.0)) ** 2
'''),
    "label_noise": (("label_ratio",), '''
def _label_noise(theta, sigma_S, sigma_X):
    """1 - rho_S^2, without the cancellation of that difference."""
    covariance, product, error = _label_ratio(theta, sigma_S, sigma_X)
    safe = np.where(product > 0, product, 1.0)
    noise = ((product - covariance) + error) * (product + covariance) / (safe * safe)
    return np.where(product > 0, np.clip(noise, 0.0, 1.0), 1.0)
'''),
    "label_information": (("squared_correlation", "gaussian_information"), '''
def _label_information(r, nu, rate):
    """-1/2 log2(nu + r 2^(-2 rate)), bits."""
    told = r * _squared_correlation(rate)
    much = -0.5 * np.logaddexp2(np.log2(nu), np.log2(r) - 2.0 * rate)
    return np.where(told < 0.5, _gaussian_information(np.minimum(told, 0.5)), much)
'''),
    "label_rate": (("squared_correlation", "gaussian_information"), '''
def _label_rate(r, nu, gain):
    """-1/2 log2((2^(-2 gain) - nu) / r): the rate that tells `gain` bits of the label."""
    safe = np.where(r > 0, r, 1.0)
    asked = np.where(r > 0, _squared_correlation(gain) / safe, np.where(gain > 0, np.inf, 0.0))
    left = (np.exp2(-2.0 * gain) - nu) / safe
    much = np.where(left > 0, -0.5 * np.log2(np.maximum(left, 0.0)), np.inf)
    return np.where(asked < 0.5, _gaussian_information(np.minimum(asked, 0.5)), np.where((nu == 0) & (r > 0), gain, much))
'''),
    "excess": ((), '''
def _excess(u):
    """(1+u) log(1+u) - u, for u >= -1."""
    u = np.maximum(u, -1.0)
    small = np.clip(u, -0.25, 0.25)
    series = np.zeros_like(small)
    for k in range(26, 1, -1):
        series = 1.0 / (k * (k - 1)) - small * series
    much = np.where(u > -1, (1.0 + u) * np.log1p(np.where(u > -1, u, 0.0)), 0.0) - u
    return np.where(np.abs(u) <= 0.25, small * small * series, much)
'''),
    "binary_information": (("excess",), '''
def _binary_information(q, p, c):
    """I(X;Y), bits, of two bits with P(X=1) = q, P(Y=1) = p and covariance c."""
    total = 0.0
    for mass, sign in ((q * p, 1.0), (q * (1.0 - p), -1.0), ((1.0 - q) * p, -1.0), ((1.0 - q) * (1.0 - p), 1.0)):
        total = total + mass * _excess(np.where(mass > 0, sign * c / np.where(mass > 0, mass, 1.0), 0.0))
    return total / np.log(2.0)
'''),
    "binary_entropy_difference": (("binary_entropy", "excess"), '''
def _binary_entropy_difference(p, d):
    """H_b(p) - H_b(d), bits, exact to rounding where p and d are close."""
    p, d = np.minimum(p, 1.0 - p), np.minimum(d, 1.0 - d)
    close = (np.abs(p - d) <= 0.2 * np.maximum(p, d)) & (d > 0)
    safe = np.where(close, d, 0.25)
    gap = np.where(close, p, 0.25) - safe
    divergence = safe * _excess(gap / safe) + (1.0 - safe) * _excess(-gap / (1.0 - safe))
    odds = np.where(safe > 0.25, np.log1p((1.0 - 2.0 * safe) / safe), np.log1p(-safe) - np.log(safe))
    return np.where(close, (gap * odds - divergence) / np.log(2.0), _binary_entropy(p) - _binary_entropy(d))
'''),
    "inverse_and_bias": (("excess",), '''
def _inverse_and_bias(h):
    """p in [0, 1/2] with H_b(p) = h bits, and 1/2 - p: Newton in log p where p is small, in 1/2 - p where the entropy is flat."""
    target = np.clip(h, 0.0, 1.0) * np.log(2.0)
    none, low = target <= 1e-300, target < 0.32508297339144824  # the entropy at p = 0.1, nats
    t = np.where(low & ~none, target, 0.3)
    x = np.log(t) - np.log(np.maximum(1.0, 1.0 - np.log(t)))
    for _ in range(12):
        p = np.minimum(np.exp(x), 0.5)
        entropy = -(p * x + (1.0 - p) * np.log1p(-p))
        x = np.minimum(x - np.log(entropy / t) * entropy / (p * (np.log1p(-p) - x)), -np.log(2.0))
    p = np.exp(x)
    p = p - (-(p * np.log(p) + (1.0 - p) * np.log1p(-p)) - t) / (np.log1p(-p) - np.log(p))
    deficit = (1.0 - np.clip(h, 0.0, 1.0)) * np.log(2.0)
    z = np.sqrt(deficit / 2.0)
    for _ in range(12):
        value, flat = (_excess(2.0 * z) + _excess(-2.0 * z)) / 2.0, z <= 0
        z = np.where(flat, z, z - (value - deficit) / np.where(flat, 1.0, 2.0 * np.arctanh(np.minimum(2.0 * z, 1 - 1e-16))))
    return np.where(none, 0.0, np.where(low, p, 0.5 - z)), np.where(none, 0.5, np.where(low, 0.5 - p, z))
'''),
    "binary_entropy_inverse": (("inverse_and_bias",), '''
def _binary_entropy_inverse(h):
    """The p in [0, 1/2] with H_b(p) = h bits."""
    return _inverse_and_bias(h)[0]
'''),
    "crossover_of_loss": (("inverse_and_bias",), '''
def _crossover_of_loss(h, n):
    """The c in [0, 1/2] with H_b(n (1-c) + (1-n) c) = h bits."""
    inverse, bias = _inverse_and_bias(h)
    return np.where(inverse < 0.1, (inverse - n) / (1.0 - 2.0 * n), 0.5 - bias / (1.0 - 2.0 * n))
'''),
}  # fmt: skip
