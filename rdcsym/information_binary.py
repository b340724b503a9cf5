"""Information measures of two symbols as single SymPy nodes, in bits: what the asymptotic Bernoulli theorems need.

Each node has a float64 implementation in `numerics_binary` that keeps its digits where the expanded text cancels.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError

from rdcsym.information import _factor, binary_entropy, log2

Expr = Any  # SymPy carries no types


class binary_entropy_difference(sp.Function):
    """H_b(p) - H_b(d) bits, for p, d in [0, 1], exact to rounding also where p and d are close."""

    nargs = 2

    @classmethod
    def eval(cls, p: Expr, d: Expr) -> Expr:
        if p == d:
            return sp.S.Zero
        return binary_entropy(p) if d in (sp.S.Zero, sp.S.One) else None

    def fdiff(self, argindex: int = 1) -> Expr:
        sign = 1 if argindex == 1 else -1
        return sign * binary_entropy(self.args[argindex - 1]).fdiff()

    def _eval_rewrite_as_log(self, p: Expr, d: Expr, **kwargs: Any) -> Expr:
        return binary_entropy(p).rewrite(sp.log) - binary_entropy(d).rewrite(sp.log)

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.log)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        p, d = (printer._print(x) for x in self.args)
        body = rf"H_b\!\left({p}\right) - H_b\!\left({d}\right)"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body


class binary_entropy_inverse(sp.Function):
    """The p in [0, 1/2] with H_b(p) = h bits, for h in [0, 1]."""

    nargs = 1

    @classmethod
    def eval(cls, h: Expr) -> Expr:
        if h == 0:
            return sp.S.Zero
        return sp.Rational(1, 2) if h == 1 else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / log2((1 - self) / self)

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"H_b^{{-1}}\!\left({printer._print(self.args[0])}\right)"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body


class crossover_of_loss(sp.Function):
    """(H_b^{-1}(h) - n) / (1 - 2n): the c in [0, 1/2] with H_b(n (1-c) + (1-n) c) = h bits; n in [0, 1/2), H_b(n) <= h <= 1."""

    nargs = 2

    def _eval_rewrite_as_binary_entropy_inverse(self, h: Expr, n: Expr, **kwargs: Any) -> Expr:
        return (binary_entropy_inverse(h) - n) / (1 - 2 * n)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        h, n = printer._print(self.args[0]), _factor(printer, self.args[1])
        body = rf"\frac{{H_b^{{-1}}\!\left({h}\right) - {n}}}{{1 - 2 {n}}}"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body


class binary_information(sp.Function):
    """I(X;Y) bits of two bits with P(X=1) = q, P(Y=1) = p and covariance c; q p + c = P(X=1, Y=1).

    Convex in c with its least value 0 at c = 0. c lies in [-min(qp, (1-q)(1-p)), min(q(1-p), (1-q)p)].
    """

    nargs = 3

    @classmethod
    def eval(cls, q: Expr, p: Expr, c: Expr) -> Expr:
        return sp.S.Zero if c == 0 else None

    def fdiff(self, argindex: int = 1) -> Expr:
        q, p, c = self.args
        if argindex == 1 or argindex == 2:
            return sp.diff(self.rewrite(sp.log), self.args[argindex - 1])
        if argindex == 3:
            return log2((q * p + c) * ((1 - q) * (1 - p) + c)) - log2((q * (1 - p) - c) * ((1 - q) * p - c))
        raise ArgumentIndexError(self, argindex)

    def _eval_rewrite_as_log(self, q: Expr, p: Expr, c: Expr, **kwargs: Any) -> Expr:
        cells = ((q * p, 1), (q * (1 - p), -1), ((1 - q) * p, -1), ((1 - q) * (1 - p), 1))
        return sum((m + s * c) * log2((m + s * c) / m) for m, s in cells)

    def _eval_evalf(self, prec: int) -> Expr:
        return self.rewrite(sp.log)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        q, p, c = (printer._print(x) for x in self.args)
        body = rf"I\!\left({q}, {p}; {c}\right)"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body
