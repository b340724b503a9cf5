"""Information measures as SymPy expressions, in bits, with the domain on which each one holds.

Two kinds live here. *Functions* (`binary_entropy`, `gaussian_information`, `squared_correlation`) are single SymPy nodes: they
print as the literature writes them, differentiate, expand with `.rewrite(log)`, and evaluate through `evaluate.py` without the
cancellation or the 0 log 0 that their expanded text has. *Builders* (`entropy`, `mutual_information`, ...) make expressions from
probability tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError
from sympy.printing.precedence import PRECEDENCE

Expr = Any  # SymPy carries no types


def log2(x: Expr) -> Expr:
    """Logarithm to base 2."""
    return sp.log(x) / sp.log(2)


def _factor(printer: Any, x: Expr) -> str:
    """An argument as a factor of a product: a sum in brackets."""
    return str(printer.parenthesize(x, PRECEDENCE["Mul"], strict=True))


class binary_entropy(sp.Function):
    """H_b(p) = -p log2 p - (1-p) log2(1-p) bits, for p in [0, 1]; 0 at both ends."""

    nargs = 1

    @classmethod
    def eval(cls, p: Expr) -> Expr:
        if p in (sp.S.Zero, sp.S.One):
            return sp.S.Zero
        if p == sp.Rational(1, 2):
            return sp.S.One
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        p = self.args[0]
        return log2((1 - p) / p)

    def _eval_rewrite_as_log(self, p: Expr, **kwargs: Any) -> Expr:
        return -p * log2(p) - (1 - p) * log2(1 - p)

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.log)._eval_evalf(prec)

    def _eval_is_nonnegative(self) -> bool | None:
        p = self.args[0]
        return True if p.is_nonnegative and (1 - p).is_nonnegative else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        return rf"H_b{power}\!\left({printer._print(self.args[0])}\right)"


class squared_correlation(sp.Function):
    """1 - 2^(-2R): the largest squared correlation of a Gaussian pair with mutual information R bits, R in [0, inf]."""

    nargs = 1

    @classmethod
    def eval(cls, rate: Expr) -> Expr:
        if rate.is_zero:
            return sp.S.Zero
        return sp.S.One if rate == sp.oo else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return 2 * sp.log(2) * 2 ** (-2 * self.args[0])

    def _eval_rewrite_as_exp(self, rate: Expr, **kwargs: Any) -> Expr:
        return 1 - 2 ** (-2 * rate)

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.exp)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\left(1 - 2^{{-2 {_factor(printer, self.args[0])}}}\right)"
        return f"{body}^{{{exp}}}" if exp else body


class gaussian_information(sp.Function):
    """-1/2 log2(1 - r): mutual information, in bits, of a Gaussian pair with squared correlation r in [0, 1]; inf at 1."""

    nargs = 1

    @classmethod
    def eval(cls, r: Expr) -> Expr:
        if r.is_zero:
            return sp.S.Zero
        return sp.oo if r == 1 else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (2 * sp.log(2) * (1 - self.args[0]))

    def _eval_rewrite_as_log(self, r: Expr, **kwargs: Any) -> Expr:
        return -log2(1 - r) / 2

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.log)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\tfrac12 \log_2 \frac{{1}}{{1 - {_factor(printer, self.args[0])}}}"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body


def gaussian_entropy(sigma: Expr) -> Expr:
    """Differential entropy 1/2 log2(2 pi e sigma^2) of N(mu, sigma^2) in bits; -inf at sigma = 0."""
    return log2(sigma) + log2(2 * sp.pi * sp.E) / 2


def entropy(masses: Sequence[Expr]) -> Expr:
    """H(p) = -sum p log2 p in bits, for masses that sum to one; atoms of mass 0 add nothing."""
    return sp.Add(*[-p * log2(p) for p in map(sp.sympify, masses) if p != 0])


def relative_entropy(p: Sequence[Expr], q: Sequence[Expr]) -> Expr:
    """KL(p || q) = sum p log2(p/q) in bits; inf where q is 0 and p is not."""
    if len(p) != len(q):
        raise ValueError(f"p and q must have the same length, got {len(p)} and {len(q)}")
    pairs = [(sp.sympify(a), sp.sympify(b)) for a, b in zip(p, q, strict=True)]
    if any(b == 0 and a != 0 for a, b in pairs):
        return sp.oo
    return sp.Add(*[a * log2(a / b) for a, b in pairs if a != 0])


def mutual_information(joint: Expr) -> Expr:
    """I(X;Y) in bits of a joint law, given as a SymPy matrix of shape (n, m) whose entries sum to one."""
    rows = [sum(joint.row(i)) for i in range(joint.rows)]
    columns = [sum(joint.col(j)) for j in range(joint.cols)]
    product = [r * c for r in rows for c in columns]
    return relative_entropy(list(joint), product)


def conditional_entropy(joint: Expr) -> Expr:
    """H(S|Y) in bits of a joint law of (S, Y), given as a SymPy matrix of shape (k, m)."""
    columns = [sum(joint.col(j)) for j in range(joint.cols)]
    return entropy(list(joint)) - entropy(columns)


def gaussian_relative_entropy(mu_Y: Expr, sigma_Y: Expr, mu_X: Expr, sigma_X: Expr) -> Expr:
    """KL(N(mu_Y, sigma_Y^2) || N(mu_X, sigma_X^2)) in bits, sigma_X and sigma_Y positive."""
    ratio = (sigma_Y / sigma_X) ** 2
    return (ratio + ((mu_Y - mu_X) / sigma_X) ** 2 - 1 - sp.log(ratio)) / (2 * sp.log(2))


class binary_equivocation(sp.Function):
    """H(S|Y) bits of two bits with P(Y=1) = p, P(S=1) = s and covariance c: p H_b(s + c/p) + (1-p) H_b(s - c/(1-p)).

    Concave in c, largest (H_b(s)) at c = 0; for p in {0, 1} only c = 0 is possible.
    """

    nargs = 3

    def fdiff(self, argindex: int = 3) -> Expr:
        if argindex != 3:
            raise ArgumentIndexError(self, argindex)
        p, s, c = self.args
        one, zero = s + c / p, s - c / (1 - p)  # P(S=1 | Y=1), P(S=1 | Y=0)
        return log2((1 - one) / one) - log2((1 - zero) / zero)

    def _eval_rewrite_as_log(self, p: Expr, s: Expr, c: Expr, **kwargs: Any) -> Expr:
        return (p * binary_entropy(s + c / p) + (1 - p) * binary_entropy(s - c / (1 - p))).rewrite(sp.log)

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.log)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        p, s, c = (printer._print(x) for x in self.args)
        return rf"H_{{S|Y}}\!\left({p}, {s}; {c}\right)"


class least_variance_ratio(sp.Function):
    """-W0(-exp(-2P - 1)): least (sigma_Y/sigma_X)^2 in the ball KL(p_Y || N(mu, sigma_X^2)) <= P nats; t - ln t = 2P + 1."""

    nargs = 1

    @classmethod
    def eval(cls, P: Expr) -> Expr:
        if P.is_zero:
            return sp.S.One
        return sp.S.Zero if sp.oo == P else None

    def _eval_rewrite_as_LambertW(self, P: Expr, **kwargs: Any) -> Expr:
        return -sp.LambertW(-sp.exp(-2 * P - 1))

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.LambertW)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\left(-W_0\!\left(-e^{{-2 {_factor(printer, self.args[0])} - 1}}\right)\right)"
        return f"{body}^{{{exp}}}" if exp else body


class label_correlation(sp.Function):
    """rho_S^2 = (theta / (sigma_S sigma_X))^2 of S and X with covariance theta; 0 where a deviation is 0, at most 1."""

    nargs = 3

    def _eval_rewrite_as_Pow(self, theta: Expr, sigma_S: Expr, sigma_X: Expr, **kwargs: Any) -> Expr:
        return (theta / (sigma_S * sigma_X)) ** 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        theta, *sigmas = (printer._print(x) for x in self.args)
        return rf"\left(\frac{{{theta}}}{{{' '.join(sigmas)}}}\right)^2"


class label_noise(sp.Function):
    """1 - rho_S^2, without the cancellation of that difference where S is nearly a function of X."""

    nargs = 3

    def _eval_rewrite_as_Pow(self, theta: Expr, sigma_S: Expr, sigma_X: Expr, **kwargs: Any) -> Expr:
        return 1 - (theta / (sigma_S * sigma_X)) ** 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return "1 - " + str(label_correlation(*self.args)._latex(printer))


class label_information(sp.Function):
    """-1/2 log2(nu + r 2^(-2R)): the most that R bits about X tell about S, with r = rho_S^2 and nu = 1 - rho_S^2; in bits."""

    nargs = 3

    def _eval_rewrite_as_log(self, r: Expr, nu: Expr, rate: Expr, **kwargs: Any) -> Expr:
        return -log2(nu + r * 2 ** (-2 * rate)) / 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        r, nu = (printer._print(x) for x in self.args[:2])
        if self.args[2] == sp.oo:
            return rf"\tfrac12 \log_2 \frac{{1}}{{{nu}}}"
        return rf"\tfrac12 \log_2 \frac{{1}}{{{nu} + {r}\, 2^{{-2 {_factor(printer, self.args[2])}}}}}"


class label_rate(sp.Function):
    """-1/2 log2((2^(-2 gain) - nu) / r): the rate that tells `gain` bits about S, the inverse of `label_information`; bits."""

    nargs = 3

    def _eval_rewrite_as_log(self, r: Expr, nu: Expr, gain: Expr, **kwargs: Any) -> Expr:
        return -log2((2 ** (-2 * gain) - nu) / r) / 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        r, nu = (printer._print(x) for x in self.args[:2])
        return rf"\tfrac12 \log_2 \frac{{{r}}}{{2^{{-2 {_factor(printer, self.args[2])}}} - {nu}}}"
