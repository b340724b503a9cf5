"""Classification-aware reverse water-filling: how parallel Gaussian components share a rate, in float64, many problems at once.

Component i gets the rate r_i (nats): its correlation is rho_i = sqrt(1 - exp(-2 r_i)), it lowers the distortion by the *gain*
2 alpha_i rho_i + beta_i rho_i^2 and tells its label I_i = -1/2 log(1 - kappa_i^2 rho_i^2). Both are concave in r_i, so the
best rates for budgets on the sums solve one scalar equation each, with two multipliers:

    g_i(r_i) + w l_i(r_i) = level,   g_i = 2 (alpha_i / rho_i + beta_i) exp(-2 r_i),   l_i = dI_i / dr_i,

or r_i = 0 where the left side is below the level already at 0. Given output law: alpha = sigma_X sigma_Y, beta = 0. Output law
free: alpha = t sigma_X^2, beta = (1 - t) sigma_X^2 with t in [0, 1] from the multiplier of a W2^2 ball.

The level is carried as the rate of one component, the *reference*, which has at least an even share: so the level, and what it
exceeds w by, are both known to full relative accuracy, also where w is huge and labels are nearly functions of their components.

All arrays have shape (problems, components), budgets (problems,). A component with alpha + beta = 0 passes nothing.
"""

from __future__ import annotations

from rdcsym.water_filling.both import rates_for_gain_and_label
from rdcsym.water_filling.budgets import rates_for_gain, rates_for_rate, rates_for_rate_and_label
from rdcsym.water_filling.components import Components, components, label_information, rho_and_rest
from rdcsym.water_filling.labels import least_telling, most_told

__all__ = [
    "Components",
    "components",
    "label_information",
    "least_telling",
    "most_told",
    "rates_for_gain",
    "rates_for_gain_and_label",
    "rates_for_rate",
    "rates_for_rate_and_label",
    "rho_and_rest",
]
