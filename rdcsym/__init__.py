"""rdcsym: derive, certify and refute the limits of lossy compression under distortion, perception and classification constraints.

>>> import rdcsym
>>> rdcsym.theorem("rd-bernoulli").evaluate(D=0.11, q_X=0.5)  # bits
0.5000842...
"""

from __future__ import annotations

from rdcsym.form import Form, Parameter, Regime
from rdcsym.problem import InputError
from rdcsym.theorem import Theorem
from rdcsym.theorems import theorem, theorems

__all__ = ["Form", "InputError", "Parameter", "Regime", "Theorem", "theorem", "theorems"]
__version__ = "0.1.0"
