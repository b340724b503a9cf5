"""The table of C helpers: the project's functions without the cancellation that their text has (see `rdcsym.numerics`)."""

from __future__ import annotations

from typing import Final

from rdcsym.export.plan import Helpers

HELPERS: Final[Helpers] = {
    "square": ((), "static double square_(double x) { return x * x; }"),
    "ln2": ((), "static const double ln2_ = 0.69314718055994530942;"),
    "clip": ((), "static double clip_(double x, double low, double high) { return x < low ? low : x > high ? high : x; }"),
    "beyond": ((), '''
/* a, raised by the rounding of a budget: what lies above it does so by more than rounding. */
static double beyond_(double a, double size, double tolerance)
{
    return a + tolerance * fmax(size, isfinite(a) ? fabs(a) : 0.0);
}
'''),
    "binary_entropy": (("ln2",), '''
/* H_b(p), bits. */
static double binary_entropy_(double p)
{
    return -((p == 0 ? 0.0 : p * log(p)) + (p == 1 ? 0.0 : (1.0 - p) * log1p(-p))) / ln2_;
}
'''),
    "squared_correlation": (("ln2",), '''
/* 1 - 2^(-2 rate). */
static double squared_correlation_(double rate) { return -expm1(-2.0 * ln2_ * rate); }
'''),
    "gaussian_information": (("ln2",), '''
/* -1/2 log2(1 - r), bits. */
static double gaussian_information_(double r) { return -log1p(-r) / (2.0 * ln2_); }
'''),
    "binary_equivocation": (("binary_entropy", "clip"), '''
/* H(S|Y), bits, of two bits with P(Y=1) = p, P(S=1) = s and covariance c. */
static double binary_equivocation_(double p, double s, double c)
{
    const double q = 1.0 - p;
    return p * binary_entropy_(clip_(p > 0 ? s + c / p : s, 0.0, 1.0))
         + q * binary_entropy_(clip_(q > 0 ? s - c / q : s, 0.0, 1.0));
}
'''),
    "least_variance_ratio": ((), '''
/* t in [0, 1] with t - ln t = 2P + 1; near P = 0 as 1 - v, with v^2 (1/2 + v/3 + v^2/4 + ...) = 2P. */
static double least_variance_ratio_(double P)
{
    int i, k;
    if (P < 1e-3) {
        double v = sqrt(4.0 * P);
        for (i = 0; i < 6 && v > 0; i++) {
            double tail = 0.0;
            for (k = 15; k >= 0; k--) tail = tail * v + 1.0 / (k + 2);
            v -= (v * v * tail - 2.0 * P) * (1.0 - v) / v;
        }
        return 1.0 - v;
    }
    if (P > 1e3) return 0.0;
    {
        double u = -(2.0 * P + 1.0);
        for (i = 0; i < 60; i++) {
            const double next = u - (exp(u) - u - (2.0 * P + 1.0)) / expm1(u);
            if (fabs(next - u) <= 1e-15 * fabs(u)) break;
            u = next;
        }
        return exp(u);
    }
}
'''),
    "label_correlation": ((), '''
/* rho_S^2, at most 1; 0 where a deviation is 0. The exponents go apart, so that nothing over- or underflows. */
static double label_correlation_(double theta, double sigma_S, double sigma_X)
{
    int i, j;
    const double product = frexp(sigma_S, &i) * frexp(sigma_X, &j);
    const double rho = product > 0 ? fmin(1.0, ldexp(fabs(theta), -(i + j)) / product) : 0.0;
    return rho * rho;
}
'''),
    "label_noise": (("clip",), '''
/* 1 - rho_S^2, without the cancellation of that difference: fma gives the product's rounding error. */
static double label_noise_(double theta, double sigma_S, double sigma_X)
{
    int i, j;
    const double s = frexp(sigma_S, &i), x = frexp(sigma_X, &j), product = s * x, error = fma(s, x, -product);
    const double covariance = ldexp(fabs(theta), -(i + j));
    if (!(product > 0)) return 1.0;
    return clip_(((product - covariance) + error) * (product + covariance) / (product * product), 0.0, 1.0);
}
'''),
    "label_information": (("squared_correlation", "gaussian_information"), '''
/* -1/2 log2(nu + r 2^(-2 rate)), bits. */
static double label_information_(double r, double nu, double rate)
{
    const double told = r * squared_correlation_(rate);
    double a, b;
    if (told < 0.5) return gaussian_information_(told);
    a = log2(nu);
    b = log2(r) - 2.0 * rate;
    if (a < b) { const double c = a; a = b; b = c; }
    return isinf(a) ? -0.5 * a : -0.5 * (a + log1p(exp2(b - a)) / 0.69314718055994530942);
}
'''),
    "label_rate": (("squared_correlation", "gaussian_information"), '''
/* -1/2 log2((2^(-2 gain) - nu) / r): the rate that tells `gain` bits of the label. */
static double label_rate_(double r, double nu, double gain)
{
    const double asked = r > 0 ? squared_correlation_(gain) / r : (gain > 0 ? INFINITY : 0.0);
    const double left = (exp2(-2.0 * gain) - nu) / (r > 0 ? r : 1.0);
    if (asked < 0.5) return gaussian_information_(asked);
    if (nu == 0 && r > 0) return gain;
    return left > 0 ? -0.5 * log2(left) : INFINITY;
}
'''),
    "excess": ((), '''
/* (1+u) log(1+u) - u, for u >= -1. */
static double excess_(double u)
{
    double series = 0.0;
    int k;
    if (u <= -1.0) return 1.0;
    if (fabs(u) > 0.25) return (1.0 + u) * log1p(u) - u;
    for (k = 26; k > 1; k--) series = 1.0 / (k * (k - 1.0)) - u * series;
    return u * u * series;
}
'''),
    "binary_information": (("excess", "ln2"), '''
static double cell_(double mass, double c) { return mass > 0 ? mass * excess_(c / mass) : 0.0; }

/* I(X;Y), bits, of two bits with P(X=1) = q, P(Y=1) = p and covariance c. */
static double binary_information_(double q, double p, double c)
{
    return (cell_(q * p, c) + cell_(q * (1.0 - p), -c) + cell_((1.0 - q) * p, -c) + cell_((1.0 - q) * (1.0 - p), c)) / ln2_;
}
'''),
    "binary_entropy_difference": (("binary_entropy", "excess", "ln2"), '''
/* H_b(p) - H_b(d), bits, exact to rounding where p and d are close. */
static double binary_entropy_difference_(double p, double d)
{
    double gap, odds;
    p = fmin(p, 1.0 - p);
    d = fmin(d, 1.0 - d);
    gap = p - d;
    if (!(fabs(gap) <= 0.2 * fmax(p, d) && d > 0)) return binary_entropy_(p) - binary_entropy_(d);
    odds = d > 0.25 ? log1p((1.0 - 2.0 * d) / d) : log1p(-d) - log(d);
    return (gap * odds - (d * excess_(gap / d) + (1.0 - d) * excess_(-gap / (1.0 - d)))) / ln2_;
}
'''),
    "inverse_and_bias": (("excess", "ln2", "clip"), '''
/* p in [0, 1/2] with H_b(p) = h bits, and *bias = 1/2 - p. */
static double inverse_and_bias_(double h, double *bias)
{
    const double target = clip_(h, 0.0, 1.0) * ln2_;
    int i;
    *bias = 0.5;
    if (target <= 1e-300) return 0.0;
    if (target < 0.32508297339144824) { /* the entropy at p = 0.1, nats: below it Newton in log p */
        double x = log(target) - log(fmax(1.0, 1.0 - log(target))), p;
        for (i = 0; i < 12; i++) {
            double entropy;
            p = fmin(exp(x), 0.5);
            entropy = -(p * x + (1.0 - p) * log1p(-p));
            x = fmin(x - log(entropy / target) * entropy / (p * (log1p(-p) - x)), -ln2_);
        }
        p = exp(x);
        p -= (-(p * log(p) + (1.0 - p) * log1p(-p)) - target) / (log1p(-p) - log(p));
        *bias = 0.5 - p;
        return p;
    }
    {
        const double deficit = (1.0 - clip_(h, 0.0, 1.0)) * ln2_;
        double z = sqrt(deficit / 2.0);
        for (i = 0; i < 12 && z > 0; i++) z -= ((excess_(2.0 * z) + excess_(-2.0 * z)) / 2.0 - deficit) / (2.0 * atanh(2.0 * z));
        *bias = z;
        return 0.5 - z;
    }
}
'''),
    "binary_entropy_inverse": (("inverse_and_bias",), '''
/* The p in [0, 1/2] with H_b(p) = h bits. */
static double binary_entropy_inverse_(double h)
{
    double bias;
    return inverse_and_bias_(h, &bias);
}
'''),
    "crossover_of_loss": (("inverse_and_bias",), '''
/* The c in [0, 1/2] with H_b(n (1-c) + (1-n) c) = h bits. */
static double crossover_of_loss_(double h, double n)
{
    double bias;
    const double inverse = inverse_and_bias_(h, &bias);
    return inverse < 0.1 ? (inverse - n) / (1.0 - 2.0 * n) : 0.5 - bias / (1.0 - 2.0 * n);
}
'''),
}  # fmt: skip
