"""Functions of parallel Gaussian components as SymPy nodes: sums over components, and the rates that share a budget best.

A vector symbol (sigma_X, kappa, ...) stands for one number a component; arithmetic between vectors is by component, `total` adds
the components up. The rate nodes are vectors: their i-th entry is the rate of component i, in bits, at the optimum of a convex
program that the package `water_filling` solves.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from rdcsym.information import label_information, log2

Expr = Any  # SymPy carries no types

_INDEXED = {
    "sigma_X": r"\sigma_{X,i}",
    "sigma_Y": r"\sigma_{Y,i}",
    "kappa": r"\kappa_i",
    "tau": r"\tau_i",
}


def indexed(expression: Expr) -> str:
    """A component's expression as LaTeX: vector symbols carry the index i."""
    expression = sp.sympify(expression)
    names = {
        s: _INDEXED.get(s.name, rf"r_{{{s.name[2:]},i}}" if s.name.startswith("r_") else s.name) for s in expression.free_symbols
    }
    return str(sp.latex(expression, symbol_names=names))


class total(sp.Function):
    """The sum over the components of a vector expression; its argument holds vectors and numbers only."""

    nargs = 1

    @classmethod
    def eval(cls, term: Expr) -> Expr:
        return sp.S.Zero if term == 0 else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return rf"\sum_i \left[{indexed(self.args[0])}\right]"


class component_count(sp.Function):
    """The number of components of a vector."""

    nargs = 1

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return "n"


def told(kappa: Expr, rates: Expr) -> Expr:
    """What the labels learn in all, in bits: sum of -1/2 log2(1 - kappa_i^2 (1 - 2^(-2 r_i)))."""
    return total(label_information(kappa**2, (1 - kappa) * (1 + kappa), rates))


def label_entropy(kappa: Expr) -> Expr:
    """h(S) in bits of independent labels of unit variance."""
    return component_count(kappa) * log2(2 * sp.pi * sp.E) / 2


_LABEL = r"\tfrac12 \log_2 \frac{1}{1 - \kappa_i^2 \varrho_i^2}"
_GAIN = r"\sigma_{X,i} \sigma_{Y,i} \varrho_i"
_SHORT = r"2 \sigma_{X,i} \sigma_{Y,i} (1 - \varrho_i)"


def _program(goal: str, *constraints: str) -> str:
    where = r",\ ".join([*constraints, r"\varrho_i = \sqrt{1 - 2^{-2 r_i}}"])
    return rf"\left[ {goal} :\ {where} \right]_i"


class best_rates(sp.Function):
    """The rates of total R bits with the largest sum of sigma_X sigma_Y rho. Arguments: sigma_X, sigma_Y, R."""

    nargs = 3

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _program(rf"\arg\max \sum_i {_GAIN}", rf"\sum_i r_i \le {printer._print(self.args[2])}")


class best_telling_rates(sp.Function):
    """The same among the rates that tell T bits. Arguments: sigma_X, sigma_Y, kappa, R, T."""

    nargs = 5

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        rate, tell = (printer._print(x) for x in self.args[3:])
        return _program(rf"\arg\max \sum_i {_GAIN}", rf"\sum_i r_i \le {rate}", rf"\sum_i {_LABEL} \ge {tell}")


class least_rates(sp.Function):
    """The least rates with sum of 2 sigma_X sigma_Y (1 - rho) at most `left`. Arguments: sigma_X, sigma_Y, left."""

    nargs = 3

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _program(r"\arg\min \sum_i r_i", rf"\sum_i {_SHORT} \le {printer._print(self.args[2])}")


class least_telling_rates(sp.Function):
    """The same among the rates that tell T bits. Arguments: sigma_X, sigma_Y, kappa, left, T."""

    nargs = 5

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        left, tell = (printer._print(x) for x in self.args[3:])
        return _program(r"\arg\min \sum_i r_i", rf"\sum_i {_SHORT} \le {left}", rf"\sum_i {_LABEL} \ge {tell}")


class most_telling_rates(sp.Function):
    """The rates of total R bits that tell the labels most; constant components pass nothing.

    Arguments: sigma_X, sigma_Y, kappa, R.
    """

    nargs = 4

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _program(rf"\arg\max \sum_i {_LABEL}", rf"\sum_i r_i \le {printer._print(self.args[3])}")


class least_rates_telling(sp.Function):
    """The least rates that tell T bits; constant components pass nothing. Arguments: sigma_X, sigma_Y, kappa, T."""

    nargs = 4

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _program(r"\arg\min \sum_i r_i", rf"\sum_i {_LABEL} \ge {printer._print(self.args[3])}")


class water_rates(sp.Function):
    """r_i = 1/2 log2(sigma_i^2 / min(theta, sigma_i^2)) with the water level sum of min(theta, sigma_i^2) = D.

    Arguments: sigma_X, D.
    """

    nargs = 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        square = r"\sigma_{X,i}^2"
        level = rf"\sum_i \min(\vartheta, {square}) = {printer._print(self.args[1])}"
        return rf"\left[ \tfrac12 \log_2 \frac{{{square}}}{{\min(\vartheta, {square})}} :\ {level} \right]_i"


class ball_share(sp.Function):
    """t = c / (1 + c) for the multiplier c >= 0 of a W2^2 ball of radius P around a free output law; 0 where the ball is slack.

    Arguments: sigma_X, kappa, R, T, P. Then tau_i = sigma_X,i (t + (1 - t) rho_i), and a component gains
    sigma_X^2 (2 t rho + (1 - t) rho^2).
    """

    nargs = 5

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        radius = printer._print(self.args[4])
        square = r"\sigma_{X,i}^2 (1-t)^2 (1-\varrho_i)^2"
        return rf"\text{{least }} t \in [0, 1] \text{{ with }} \sum_i {square} \le {radius} \text{{ at the rates }} r_i(t)"


class ball_rates(sp.Function):
    """The rates r_i(t) of total R bits that tell T bits with the largest gain (see `ball_share`).

    Arguments: sigma_X, kappa, R, T, t. They are the best for the output law tau_i = sigma_X,i (t + (1 - t) rho_i).
    """

    nargs = 5

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        rate, tell, t = (printer._print(x) for x in self.args[2:])
        if self.args[4] == 0:
            gain = r"\sigma_{X,i}^2 \varrho_i^2"
        else:
            gain = rf"\sigma_{{X,i}}^2 \left(2 {t} \varrho_i + (1 - {t}) \varrho_i^2\right)"
        return _program(rf"\arg\max \sum_i {gain}", rf"\sum_i r_i \le {rate}", rf"\sum_i {_LABEL} \ge {tell}")
